//! `groundwork gateway`: the gateway between developers and the models.

mod check;
mod developer;
mod serve;
mod token;

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use clap::{Args, Subcommand};

pub(super) use self::developer::Developer;
use super::{Ending, Global, network, variable};
use crate::{
    aws, config,
    config::{
        Loaded, Shape as _,
        gateway::{
            GatewayConfig, Upstream, UpstreamName, is_developers, load_client, load_gateway,
        },
    },
    error::{Error, Kind, Result},
    gateway::{self, Opened, SignedIn},
    gcp::TokenSource,
    proxy::{Client, Network},
    ui::Ui,
};

#[derive(Args, Debug)]
pub(super) struct Gateway {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Answer developers' Claude Code, until it is stopped
    Serve(serve::Serve),
    /// Check the configuration, and whether upstreams and issuers can be reached
    Check(check::Check),
    /// Make a key for a machine, or a token to try the gateway with
    Token(token::Token),
}

impl Gateway {
    pub(super) fn run(self, global: &Global, ui: &Ui) -> Ending {
        match self.command {
            Command::Serve(serve) => serve.run(global, ui),
            Command::Check(check) => check.run(global, ui),
            Command::Token(token) => token.run(global, ui),
        }
    }
}

/// A configuration, and what of it is the same for every command.
struct Read {
    loaded: Loaded<GatewayConfig>,
    network: Network,
}

impl Read {
    /// Reads it; every mistake in it is an error.
    fn of(path: &Path) -> Result<Self, Vec<Error>> {
        let loaded = load_gateway(path, &variable)?;
        let network = network::of(&loaded.config.proxy, path);
        let network = network.and_then(Network::passable).map_err(|error| vec![error])?;
        Ok(Self { loaded, network })
    }

    /// Signs in to the clouds and makes what requests need.
    async fn open(&self) -> Result<Opened> {
        let (opened, failed) = self.open_what_can_be().await?;
        match failed.into_iter().next() {
            Some((name, error)) => {
                let doing = format!("could not sign in for the upstream `{name}`");
                Err(error.while_doing(doing))
            }
            None => Ok(opened),
        }
    }

    /// The same without the upstreams for which nobody could sign in: their names, and why not.
    async fn open_what_can_be(&self) -> Result<(Opened, Vec<(UpstreamName, Error)>)> {
        let mut config = self.loaded.config.clone();
        let connect = Duration::from_secs(config.failover.connect_seconds.into());
        let client = Client::with(&self.network, connect)?.bare();
        let (signed_in, failed) = signed_in(&config, &self.network).await;
        for (name, _) in &failed {
            config.upstreams.remove(name);
        }
        let opened = gateway::open(&config, folder(&self.loaded.path), &signed_in, &client)?;
        Ok((opened, failed))
    }
}

/// Checks the whole file, calls nobody, and signs in nowhere. A developer's copy is checked as such.
pub(super) fn check_file(global: &Global, ui: &Ui) -> Result<(), Vec<Error>> {
    let path = path(global).map_err(|error| vec![error])?;
    let warnings = if is_developers(&path) {
        load_client(&path, &variable)?.warnings
    } else {
        config::load::<GatewayConfig>(&path, &variable)?.warnings
    };
    for warning in &warnings {
        ui.warning(&warning.to_string(), warning.hint.as_deref());
    }
    ui.note(&format!("{} is right", path.display()));
    Ok(())
}

/// The configuration that was named, or the nearest.
fn path(global: &Global) -> Result<PathBuf> {
    if let Some(path) = global.config.as_ref().filter(|path| !path.as_os_str().is_empty()) {
        return Ok(path.clone());
    }
    let name = GatewayConfig::FILE_NAME;
    config::find(&std::env::current_dir().unwrap_or_default(), name).ok_or_else(|| {
        let message = format!("there is no `{name}` here or in a parent folder");
        Error::new(Kind::Config, message).hint("name one: --config FILE")
    })
}

fn folder(path: &Path) -> &Path {
    path.parent().unwrap_or(Path::new(""))
}

/// What signs for each upstream, and for which nobody could sign in. Makes no call.
async fn signed_in(
    config: &GatewayConfig,
    network: &Network,
) -> (SignedIn, Vec<(UpstreamName, Error)>) {
    let (mut signed_in, mut failed) = (SignedIn::default(), Vec::new());
    for (name, upstream) in &config.upstreams {
        if let Err(error) = add(&mut signed_in, name, upstream, network).await {
            failed.push((name.clone(), error));
        }
    }
    (signed_in, failed)
}

async fn add(
    signed_in: &mut SignedIn,
    name: &UpstreamName,
    upstream: &Upstream,
    network: &Network,
) -> Result<()> {
    if let Some(bedrock) = &upstream.bedrock {
        let connection = aws::Connection {
            profile: bedrock.profile.clone(),
            region: bedrock.region.to_string(),
            network: network.clone(),
            ..aws::Connection::default()
        };
        let role = bedrock.role_arn.as_ref().map(AsRef::as_ref);
        signed_in.aws.insert(name.clone(), aws::credentials(&connection, role).await?);
    }
    if let Some(vertex) = &upstream.vertex {
        let source = TokenSource::find(&super::gcp::sign_in(), vertex.project_id.as_str()).await?;
        signed_in.google.insert(name.clone(), source);
    }
    Ok(())
}
