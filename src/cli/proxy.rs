//! `groundwork proxy`: the corporate proxy and its authorities, for other tools, and a probe of the
//! way to every host that the tenant needs.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use clap::{Args, Subcommand, builder::BoolishValueParser};
use futures::StreamExt as _;

use super::{
    Cloud, Ending, Global,
    cloud::{OfTenant, Tenant},
    env::proxy::ProxyEnv,
    interrupt, variable,
    work::named,
};
use crate::{
    claude::variable as v,
    config,
    error::{Error, Kind, Result},
    proxy::{
        Network,
        authority::Places,
        check::{Look, Probe, Purpose, Target},
    },
    reconcile::Stop,
    ui::{Exit, Ui},
};

#[derive(Args, Debug)]
pub(super) struct Proxy {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Print what Claude Code, git, pip, npm, curl and the cloud command lines need of the proxy:
    /// eval "$(groundwork proxy env)"
    Env(ProxyEnv),
    /// Try every host that the tenant needs, step by step, and say what is in the way
    Check(Check),
}

#[derive(Args, Debug)]
struct Check {
    /// Whose configuration to read [default: the nearest]
    cloud: Option<Cloud>,
    /// Write JSON lines to standard output, and no text
    #[arg(long, env = "GROUNDWORK_JSON", value_parser = BoolishValueParser::new())]
    json: bool,
    /// Try only this host; more than one: separated by spaces, or repeated
    #[arg(long, env = "GROUNDWORK_HOST", value_name = "HOST[:PORT]", value_delimiter = ' ')]
    host: Vec<String>,
    /// How long to wait in each step
    #[arg(long, env = "GROUNDWORK_TIMEOUT", value_name = "SECONDS", default_value = "10")]
    #[arg(value_parser = clap::value_parser!(u16).range(1..=600))]
    timeout: u16,
}

impl Proxy {
    pub(super) fn json(&self) -> bool {
        matches!(&self.action, Action::Check(Check { json: true, .. }))
    }

    pub(super) fn run(self, global: &Global, ui: &Ui) -> Ending {
        match self.action {
            Action::Env(env) => env.run(global, ui),
            Action::Check(check) => check.run(global, ui),
        }
    }
}

impl Check {
    fn run(self, global: &Global, ui: &Ui) -> Ending {
        let cloud = match self.cloud {
            Some(cloud) => cloud,
            // A host can be tried without a tenant, as the environment says.
            None if self.asks() && !is_there(global) => {
                let here = std::env::current_dir().unwrap_or_default();
                let network = Network::of(&config::Proxy::default(), &here, &variable);
                let network = network.map_err(|error| vec![error])?;
                return interrupt::run(ui, |stop| self.probe(network, Vec::new(), ui, stop))?;
            }
            None => Cloud::of_configuration(global, "proxy check").map_err(|error| vec![error])?,
        };
        cloud.run(&self, global, ui)
    }

    fn asks(&self) -> bool {
        named(&self.host).next().is_some()
    }

    async fn probe(&self, network: Network, needed: Vec<Target>, ui: &Ui, stop: Stop) -> Ending {
        let one = |error| vec![error];
        let targets = self.targets(needed).map_err(one)?;
        let timeout = Duration::from_secs(self.timeout.into());
        let network = network.passable().map_err(one)?;
        let probe = Probe::new(network, places(), timeout).map_err(one)?;
        let hosts: Vec<String> = targets.iter().map(ToString::to_string).collect();
        ui.begin("trying the hosts");
        let mut looks: Vec<Look> = Vec::new();
        let mut found = std::pin::pin!(probe.look(targets));
        loop {
            tokio::select! {
                look = found.next() => match look {
                    Some(look) => {
                        ui.clear();
                        ui.look(&look, &hosts);
                        looks.push(look);
                    }
                    None => break,
                },
                () = stop.wait() => {
                    let message = "stopped: not all hosts were tried";
                    return Err(vec![Error::new(Kind::Interrupted, message)]);
                }
            }
        }
        let passed = looks.iter().all(|look| look.fault.is_none() || !look.target.needed());
        let exit = if passed { Exit::Done } else { Exit::Failed };
        ui.clear();
        ui.looked(&looks, exit);
        Ok(exit)
    }

    /// What to try, each once, for its first purpose.
    fn targets(&self, needed: Vec<Target>) -> Result<Vec<Target>> {
        let all = if self.asks() {
            named(&self.host).map(|text| text.parse()).collect::<Result<Vec<Target>>>()?
        } else {
            needed
        };
        let mut targets: Vec<Target> = Vec::new();
        for target in all {
            let same = |it: &Target| (&it.host, it.port) == (&target.host, target.port);
            if !targets.iter().any(same) {
                targets.push(target);
            }
        }
        targets.sort_by_key(|target| target.purpose);
        Ok(targets)
    }
}

impl OfTenant for Check {
    fn run_for<T: Tenant>(&self, global: &Global, ui: &Ui) -> Ending {
        let tenant = T::read(global, ui)?;
        tenant.tell_network(ui);
        let network = tenant.network().clone();
        interrupt::run(ui, |stop| async move {
            let mut needed = tenant.hosts().await;
            // Before it fetches a page, Claude Code asks whether it may (facts 2.9, 4).
            needed.push(Target::https("api.anthropic.com", Purpose::Optional));
            self.probe(network, needed, ui, stop).await
        })?
    }
}

/// Whether there is a configuration at all.
fn is_there(global: &Global) -> bool {
    let named = global.config.as_ref().is_some_and(|path| !path.as_os_str().is_empty());
    let clouds = [config::Cloud::Aws, config::Cloud::Gcp];
    named || !config::nearest(&std::env::current_dir().unwrap_or_default(), &clouds).is_empty()
}

/// Where an authority may lie that nobody trusts yet.
fn places() -> Places {
    let names = [
        v::NODE_EXTRA_CA_CERTS,
        v::SSL_CERT_FILE,
        v::AWS_CA_BUNDLE,
        v::REQUESTS_CA_BUNDLE,
        v::CURL_CA_BUNDLE,
        v::GIT_SSL_CAINFO,
        v::PIP_CERT,
        v::CLOUDSDK_CORE_CUSTOM_CA_CERTS_FILE,
    ];
    let set = names.iter().filter_map(|it| variable(it.name)).filter(|path| !path.is_empty());
    let folders = [
        "/usr/local/share/ca-certificates",
        "/etc/pki/ca-trust/source/anchors",
        "/etc/ca-certificates/trust-source/anchors",
    ];
    Places {
        files: set.map(|path| std::path::absolute(&path).unwrap_or(PathBuf::from(path))).collect(),
        folders: folders.map(|folder| Path::new(folder).to_owned()).into(),
    }
}
