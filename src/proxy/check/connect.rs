//! The second and third step: the addresses of a name, and a connection to one of them.

use std::{
    io::{Error, ErrorKind},
    net::SocketAddr,
};

use futures::future::select_ok;
use tokio::net::{TcpStream, lookup_host};

use super::{fault::Fault, route::Route};

/// Whom a connection goes to: the host, or the proxy before it.
pub(super) struct Hop<'a> {
    pub(super) host: &'a str,
    pub(super) port: u16,
    pub(super) route: &'a Route,
}

/// So many addresses of a name are tried, all at once.
const ADDRESSES: usize = 8;

pub(super) async fn resolve(hop: &Hop<'_>) -> Result<Vec<SocketAddr>, Fault> {
    match lookup_host((hop.host, hop.port)).await {
        Ok(found) => {
            let found: Vec<SocketAddr> = found.take(ADDRESSES).collect();
            if found.is_empty() { Err(hop.not_found()) } else { Ok(found) }
        }
        // What it is called differs from system to system, and with whether there is a network.
        Err(_) => Err(hop.not_found()),
    }
}

/// To whichever address answers first.
pub(super) async fn connect(hop: &Hop<'_>, addresses: &[SocketAddr]) -> Result<TcpStream, Fault> {
    let all = addresses.iter().map(|address| Box::pin(TcpStream::connect(*address)));
    match select_ok(all).await {
        Ok((stream, _)) => {
            // The answers are small and waited for.
            drop(stream.set_nodelay(true));
            Ok(stream)
        }
        Err(error) => Err(hop.unreachable(&error)),
    }
}

impl Hop<'_> {
    /// It is none, or nobody tells.
    pub(super) fn not_found(&self) -> Fault {
        match self.route {
            Route::Proxy(_) => {
                let message = format!("the proxy's name `{}` is not found", self.host);
                proxy_is_elsewhere(Fault::new("proxy_name_not_found", message))
            }
            Route::Direct { exempt } => {
                let fault = Fault::new("name_not_found", "the name is not found");
                direct(fault, exempt.as_deref())
                    .remedy("else ask who runs the network's DNS to resolve it")
            }
        }
    }

    fn unreachable(&self, error: &Error) -> Fault {
        let refused = error.kind() == ErrorKind::ConnectionRefused;
        let words = if refused { "refuses connections".to_owned() } else { in_words(error) };
        match self.route {
            Route::Proxy(url) => {
                let code = if refused { "proxy_refuses_connection" } else { "proxy_unreachable" };
                let message = format!("the proxy {url} {words}");
                proxy_is_elsewhere(Fault::new(code, message))
            }
            Route::Direct { exempt } => {
                let code = if refused { "connection_refused" } else { "unreachable" };
                let fault = Fault::new(code, format!("the host {words}"));
                direct(fault, exempt.as_deref())
            }
        }
    }

    /// Nobody answered in time.
    pub(super) fn silent(&self) -> Fault {
        match self.route {
            Route::Proxy(url) => {
                let message = format!("the proxy {url} does not answer");
                proxy_is_elsewhere(Fault::new("proxy_no_answer", message))
            }
            Route::Direct { exempt } => {
                let message = "the host does not answer: something on the way drops what is sent";
                direct(Fault::new("no_answer", message), exempt.as_deref())
            }
        }
    }
}

fn in_words(error: &Error) -> String {
    match error.kind() {
        ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable => {
            "is in a network that cannot be reached from here".to_owned()
        }
        ErrorKind::PermissionDenied => "may not be called: a firewall of this machine".to_owned(),
        _ => format!("cannot be reached: {error}"),
    }
}

fn proxy_is_elsewhere(fault: Fault) -> Fault {
    fault
        .remedy("correct `https_proxy` below `proxy:` in the configuration")
        .remedy("if it is right: connect to the company's network (VPN)")
}

fn direct(fault: Fault, exempt: Option<&str>) -> Fault {
    match exempt {
        Some(entry) => fault.remedy(format!(
            "`{entry}` in `no_proxy` keeps it from the proxy: take that out, or open this way"
        )),
        None => fault.remedy(
            "if a proxy leads out of this network: name it as `https_proxy` below `proxy:` in the \
             configuration",
        ),
    }
}
