//! What is reached without the proxy, in every form in which a list of it is written.
//!
//! Claude Code heeds `*` for addresses too, and `host:port` for that port (facts 3). The library that
//! matches hosts knows neither, so that both are looked at before it.

use http::Uri;
use hyper_util::client::proxy::matcher::Matcher;

/// This machine itself. The client exempts nothing by itself (facts 3).
pub(super) const LOOPBACK: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

const ALL: &str = "*";

pub(super) struct Exempt {
    all: bool,
    /// Those that name a port.
    ports: Vec<(u16, Matcher)>,
    rest: Matcher,
}

impl Exempt {
    pub(super) fn of<'a>(entries: impl IntoIterator<Item = &'a str>) -> Self {
        let (mut all, mut ports, mut rest) = (false, Vec::new(), Vec::new());
        for entry in entries {
            all |= entry == ALL;
            match with_port(entry) {
                Some((host, port)) => ports.push((port, matcher(&bare(host)))),
                None => rest.push(bare(entry)),
            }
        }
        Self { all, ports, rest: matcher(&rest.join(",")) }
    }

    pub(super) fn covers(&self, uri: &Uri) -> bool {
        let encrypted = uri.scheme_str() != Some("http");
        let port = uri.port_u16().unwrap_or(if encrypted { 443 } else { 80 });
        let is_of = |matcher: &Matcher| matcher.intercept(uri).is_none();
        let mut ports = self.ports.iter();
        self.all || is_of(&self.rest) || ports.any(|(its, matcher)| *its == port && is_of(matcher))
    }
}

fn matcher(list: &str) -> Matcher {
    Matcher::builder().all("http://proxy.invalid").no(list).build()
}

/// An entry's host and port. `::1` has colons of its own.
fn with_port(entry: &str) -> Option<(&str, u16)> {
    let (host, port) = entry.rsplit_once(':')?;
    let whole = !host.contains(':') || (host.starts_with('[') && host.ends_with(']'));
    Some((host, port.parse().ok()?)).filter(|_| whole && !host.is_empty())
}

fn bare(host: &str) -> String {
    let inner = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    plain(inner.unwrap_or(host))
}

/// An entry in the one form that all tools know: `.x` for `x` and what is below it, where only some
/// know `*.x`.
pub(super) fn plain(entry: &str) -> String {
    entry.strip_prefix("*.").map_or_else(|| entry.to_owned(), |domain| format!(".{domain}"))
}

/// The list as most tools read it. `*` is one only where it stands alone.
pub(super) fn list<'a>(entries: impl IntoIterator<Item = &'a str>) -> String {
    let mut all: Vec<String> = Vec::new();
    for entry in entries.into_iter().map(plain) {
        if !all.contains(&entry) {
            all.push(entry);
        }
    }
    if all.iter().any(|entry| entry == ALL) { ALL.to_owned() } else { all.join(",") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn covers(entries: &[&str], uri: &str) -> bool {
        Exempt::of(entries.iter().copied()).covers(&uri.parse().unwrap())
    }

    #[test]
    fn a_star_is_everything_and_addresses_too() {
        for uri in ["https://x.test", "http://127.0.0.1:1", "https://[fd00::1]", "https://10.1.2.3"]
        {
            assert!(covers(&["a.test", "*"], uri), "{uri}");
            assert!(!covers(&["a.test"], uri), "{uri}");
        }
    }

    #[test]
    fn an_entry_with_a_port_is_of_that_port_alone() {
        let entries = ["gw.test:8443", "*.corp.test:443", "10.1.2.3:80", "[::1]:4318"];
        for uri in [
            "https://gw.test:8443/x",
            "https://a.corp.test",
            "http://10.1.2.3",
            "http://[::1]:4318",
        ] {
            assert!(covers(&entries, uri), "{uri}");
        }
        for uri in ["https://gw.test", "http://a.corp.test", "http://10.1.2.3:81", "http://[::1]"] {
            assert!(!covers(&entries, uri), "{uri}");
        }
        assert!(covers(&["[::1]"], "http://[::1]:9"));
        assert!(covers(&["::1"], "http://[::1]:9"));
    }

    #[test]
    fn a_list_that_is_written_is_read_again_as_it_was() {
        for (given, written) in [
            (&["*.x.test", "a.test", ".x.test"][..], ".x.test,a.test"),
            (&["*******.x.test", "a*.b"], "*******.x.test,a*.b"),
            (&["a.test", "*"], "*"),
        ] {
            let once = list(given.iter().copied());
            assert_eq!(once, written);
            assert_eq!(list(once.split(',')), once);
        }
    }
}
