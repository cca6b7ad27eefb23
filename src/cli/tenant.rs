//! Opening a tenant: its configuration, and the way to its cloud.

use std::path::PathBuf;

use super::{Global, agreement::nothing_was_changed, variable};
use crate::{
    aws::{self, Aws, Connection, Handles, Place},
    claude::model,
    config::{self, Config, Loaded, Region, Warning},
    error::{Error, Kind, Result},
    reconcile::{Graph, Stop},
    ui::Ui,
};

const FILE_NAME: &str = "claude-config.yaml";

/// A configuration that was read, and what the command line adds to it.
pub(super) struct Tenant {
    pub config: Config,
    pub region: Region,
    /// As the user typed it, or where it was found.
    pub path: PathBuf,
    connection: Connection,
    profile: Option<String>,
    warnings: Vec<Warning>,
}

/// A tenant with its account: ready to be looked at.
pub(super) struct Opened {
    pub aws: Aws,
    pub graph: Graph<Aws>,
    pub handles: Handles,
}

impl Tenant {
    /// Reads the configuration, and prints what there is to know about it.
    pub(super) fn read(global: &Global, ui: &Ui) -> Result<Self, Vec<Error>> {
        let tenant = Self::read_silently(global)?;
        for warning in &tenant.warnings {
            ui.warning(&warning.to_string(), warning.hint.as_deref());
        }
        Ok(tenant)
    }

    /// Reads the configuration; every mistake in it is an error.
    pub(super) fn read_silently(global: &Global) -> Result<Self, Vec<Error>> {
        let path = find(global).map_err(|error| vec![error])?;
        let mut loaded = config::load(&path, &variable)?;
        let region = region(global, &loaded.config).map_err(|error| vec![error])?;
        model::warn(&mut loaded, &region);
        let set = |value: &String| !value.is_empty();
        let chosen = global.profile.clone().filter(set);
        let profile = chosen.clone().or_else(|| variable("AWS_PROFILE").filter(set));
        let connection = Connection {
            profile: chosen,
            region: region.to_string(),
            endpoint_url: global.endpoint_url.clone().filter(set),
        };
        let Loaded { config, warnings, .. } = loaded;
        Ok(Self { config, region, path, connection, profile, warnings })
    }

    /// The profile that Claude Code should sign in with, if one is chosen.
    pub(super) fn profile(&self) -> Option<&str> {
        self.profile.as_deref()
    }

    /// Signs in and draws the graph. One call.
    pub(super) async fn open(&self, ui: &Ui, stop: &Stop) -> Result<Opened> {
        ui.begin("signing in to AWS");
        let sdk = aws::configure(&self.connection).await;
        let identity = tokio::select! {
            identity = aws::identify(&sdk, self.profile()) => identity,
            () = stop.wait() => Err(nothing_was_changed()),
        };
        ui.clear();
        let identity = identity?;
        let place = Place { region: &self.region, identity: &identity };
        aws::guard(&self.config, &place)?;
        let mark = aws::mark(&self.config, &self.region);
        let aws = Aws::new(&sdk, &identity, mark);
        let (graph, handles) = aws::wanted(&self.config, &place);
        Ok(Opened { aws, graph, handles })
    }
}

pub(super) fn find(global: &Global) -> Result<PathBuf> {
    if let Some(path) = global.config.as_ref().filter(|path| !path.as_os_str().is_empty()) {
        return Ok(path.clone());
    }
    let here = std::env::current_dir().map_err(|error| {
        Error::new(Kind::Config, "could not tell the current folder").caused_by(error)
    })?;
    config::find(&here, FILE_NAME).ok_or_else(|| {
        let message = format!("there is no `{FILE_NAME}` here or in a parent folder");
        Error::new(Kind::Config, message)
            .hint("name one: --config FILE")
            .hint("the smallest one is two lines: `bedrock:` and below it `  region: us-east-1`")
    })
}

fn region(global: &Global, config: &Config) -> Result<Region> {
    if let Some(region) = global.region.as_ref().filter(|region| !region.is_empty()) {
        return region
            .parse()
            .map_err(|problem| Error::new(Kind::Config, format!("--region {region}: {problem}")));
    }
    config.bedrock.region.clone().ok_or_else(|| {
        Error::new(Kind::Config, "the configuration names no region")
            .hint("add `region: us-east-1` (yours) below `bedrock:`")
            .hint("or name it: --region REGION")
    })
}
