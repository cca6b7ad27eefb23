//! The probe: every host that a tenant needs, one step after the other, each with a verdict.
//!
//! A network fails in layers, and a client that fails in one says as a rule something about
//! another. So each layer is asked by itself: the way there, the name, the connection, the tunnel
//! through the proxy, TLS, and what answers. One file a step; what can be wrong with it, and what
//! then helps, is in the step's own file. No credential of a cloud is sent.

mod answer;
mod chain;
mod connect;
mod exchange;
mod fault;
mod gate;
mod handshake;
mod identity;
mod page;
mod route;
mod secret;
mod target;
mod tunnel;

use std::{sync::Arc, time::Duration};

use futures::{Stream, StreamExt as _, stream};
use rustls::{crypto::aws_lc_rs, pki_types::UnixTime};
use tokio::time::{Instant, timeout};

use self::{
    chain::Stores,
    connect::Hop,
    exchange::Wire,
    gate::{Gate, Turn},
    handshake::{Seen, Tls},
    route::Gateway,
};
pub use self::{
    chain::{Authority, Trust, product},
    fault::Fault,
    route::Route,
    target::{Purpose, Scheme, Target},
};
use super::{Network, authority, authority::Places};
use crate::{config::ProxyUrl, error::Result};

/// So many hosts are looked at side by side.
const WIDTH: usize = 16;

/// What looks, through one network.
pub struct Probe {
    network: Network,
    stores: Stores,
    tls: Tls,
    /// Of the proxies that are told credentials.
    gates: Vec<(ProxyUrl, Gate)>,
    /// Of each step.
    timeout: Duration,
}

/// What was found of one host.
#[derive(Clone, Debug)]
pub struct Look {
    pub target: Target,
    pub route: Route,
    /// As far as it got. The last one is that of the fault.
    pub steps: Vec<Step>,
    pub authority: Option<Authority>,
    /// `None`: all is well.
    pub fault: Option<Fault>,
}

/// One step, and how long it took.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    /// `resolve`, `connect`, `proxy_tls`, `tunnel`, `tls` or `http`.
    pub name: &'static str,
    pub took: Duration,
}

impl Look {
    /// How long all steps took.
    pub fn took(&self) -> Duration {
        self.steps.iter().map(|step| step.took).sum()
    }

    /// Whether somebody reads what goes to the host: its name is a cloud's, and who signed is none
    /// of the public authorities.
    pub fn intercepted(&self) -> bool {
        let own = matches!(self.target.purpose, Purpose::Asked | Purpose::Telemetry);
        !own && self.authority.as_ref().is_some_and(|authority| !authority.public)
    }

    async fn step<T>(
        &mut self,
        name: &'static str,
        limit: Duration,
        silent: impl FnOnce() -> Fault,
        work: impl Future<Output = Result<T, Fault>>,
    ) -> Result<T, Fault> {
        let begun = Instant::now();
        let done = timeout(limit, work).await.unwrap_or_else(|_| Err(silent()));
        self.steps.push(Step { name, took: begun.elapsed() });
        done
    }
}

impl Probe {
    /// Reads the files that the network is made of; a broken one is an error. `places` are where
    /// an authority is looked for that nobody trusts yet.
    pub fn new(network: Network, places: Places, timeout: Duration) -> Result<Self> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let bundle = network.ca_bundle().map(authority::of_bundle).transpose()?;
        let own = network.client_certificate();
        let own = own.map(|files| identity::read(files, &provider)).transpose()?;
        let algorithms = provider.signature_verification_algorithms;
        let stores = Stores::new(bundle.as_deref(), places, algorithms, UnixTime::now());
        let mut gates: Vec<(ProxyUrl, Gate)> = Vec::new();
        for url in [network.https_proxy(), network.http_proxy()].into_iter().flatten() {
            let signs_in = Gateway::of(url).is_some_and(|it| it.credentials.is_some());
            if signs_in && !gates.iter().any(|(its, _)| its == url) {
                gates.push((url.clone(), Gate::default()));
            }
        }
        Ok(Self { network, stores, tls: Tls { provider, own }, gates, timeout })
    }

    /// Looks at all, some at a time, and tells them in their order.
    pub fn look(&self, targets: Vec<Target>) -> impl Stream<Item = Look> + '_ {
        stream::iter(targets).map(|target| self.look_at(target)).buffered(WIDTH)
    }

    async fn look_at(&self, target: Target) -> Look {
        let route = route::of(&target, &self.network);
        let mut look = Look { target, route, steps: Vec::new(), authority: None, fault: None };
        look.fault = Box::pin(self.walk(&mut look)).await.err();
        look
    }

    async fn walk(&self, look: &mut Look) -> Result<(), Fault> {
        let (target, route) = (look.target.clone(), look.route.clone());
        let gateway = match &route {
            Route::Proxy(url) => {
                Some((url, Gateway::of(url).ok_or_else(|| tunnel::not_http(url))?))
            }
            Route::Direct { .. } => None,
        };
        let proxy = gateway.as_ref().map(|(url, gateway)| (*url, gateway));
        let (host, port) = proxy.map_or((&target.host, target.port), |(_, it)| (&it.host, it.port));
        let hop = Hop { host, port, route: &route };
        let limit = self.timeout;
        let addresses =
            look.step("resolve", limit, || hop.not_found(), connect::resolve(&hop)).await?;
        let connected = connect::connect(&hop, &addresses);
        let mut wire: Wire =
            Box::new(look.step("connect", limit, || hop.silent(), connected).await?);
        if let Some(proxy) = proxy {
            wire = self.through(look, wire, proxy).await?;
        }
        let mut seen = None;
        if target.scheme == Scheme::Https {
            let (shown, shaken) = self.shake(look, wire).await?;
            (wire, seen) = (shaken, Some(shown));
        }
        let has_own = self.tls.own.is_some();
        let asked = async {
            let asked = answer::ask(wire, &target, proxy).await;
            asked.map_err(|fault| fault.unwrap_or_else(|| answer::none(seen.as_deref(), has_own)))
        };
        // Only a question that a proxy forwards has credentials in it.
        let turn = match target.scheme {
            Scheme::Http => self.turn(look, "http").await?,
            Scheme::Https => Turn::free(),
        };
        let answer = look.step("http", limit, answer::silent, asked).await;
        turn.end(&answer);
        let public = look.authority.as_ref().is_some_and(|authority| authority.public);
        let gateway = proxy.map(|(_, gateway)| gateway);
        answer::judge(&answer?, &target, public, gateway).map_or(Ok(()), Err)
    }

    /// Before a step in which the proxy is told credentials.
    async fn turn(&self, look: &mut Look, step: &'static str) -> Result<Turn<'_>, Fault> {
        let gate = match &look.route {
            Route::Proxy(url) => self.gates.iter().find(|(its, _)| its == url),
            Route::Direct { .. } => None,
        };
        let Some((_, gate)) = gate else { return Ok(Turn::free()) };
        let turn = gate.enter().await;
        turn.inspect_err(|_| look.steps.push(Step { name: step, took: Duration::ZERO }))
    }

    /// To the proxy, and for TLS through it.
    async fn through(
        &self,
        look: &mut Look,
        mut wire: Wire,
        proxy: (&ProxyUrl, &Gateway),
    ) -> Result<Wire, Fault> {
        let (url, gateway) = proxy;
        if gateway.scheme == Scheme::Https {
            let about = |fault: Fault| fault.of_proxy(url);
            let stalled = || about(handshake::stalled());
            let shaken = async {
                let (seen, shaken) = handshake::shake(wire, &gateway.host, &self.tls).await;
                let target = Target::https(gateway.host.clone(), Purpose::Asked);
                match self.stores.judge(&seen.chain(), &target).1.filter(|_| shaken.is_ok()) {
                    Some(fault) => Err(about(fault)),
                    None => shaken.map_err(about),
                }
            };
            wire = look.step("proxy_tls", self.timeout, stalled, shaken).await?;
        }
        if look.target.scheme == Scheme::Http {
            return Ok(wire);
        }
        let target = look.target.clone();
        let silent = || tunnel::silent(url);
        let turn = self.turn(look, "tunnel").await?;
        let work = tunnel::open(wire, proxy, &target);
        let opened = look.step("tunnel", self.timeout, silent, work).await;
        turn.end(&opened);
        opened
    }

    async fn shake(&self, look: &mut Look, wire: Wire) -> Result<(Arc<Seen>, Wire), Fault> {
        let target = look.target.clone();
        let shaken = async { Ok(handshake::shake(wire, &target.host, &self.tls).await) };
        let (seen, shaken) = look.step("tls", self.timeout, handshake::stalled, shaken).await?;
        let chain = seen.chain();
        if chain.is_empty() {
            return shaken.map(|wire| (seen, wire));
        }
        let (authority, fault) = self.stores.judge(&chain, &target);
        look.authority = authority;
        match fault {
            Some(fault) => Err(fault),
            None => shaken.map(|wire| (seen, wire)),
        }
    }
}
