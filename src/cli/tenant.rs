//! Opening a tenant: its configuration, and the way to its cloud.

use std::{collections::BTreeMap, path::PathBuf};

use aws_config::SdkConfig;

use super::{Global, agreement::nothing_was_changed, variable};
use crate::{
    aws::{self, Aws, Connection, Handles, Identity, Place, Rights, Wanted},
    claude::model,
    config::{self, Config, Loaded, Region, Warning},
    error::{Error, Kind, Result},
    reconcile::{Graph, Stop},
    ui::Ui,
};

pub(super) const FILE_NAME: &str = "claude-config.yaml";

/// A configuration that was read, and what the command line adds to it.
pub(super) struct Tenant {
    pub config: Config,
    pub region: Region,
    /// As the user typed it, or where it was found.
    pub path: PathBuf,
    connection: Connection,
    profile: Option<String>,
    /// What was typed to find the file and the region.
    flags: String,
    warnings: Vec<Warning>,
}

/// A tenant with its account: ready to be looked at.
pub(super) struct Opened {
    pub aws: Aws,
    pub graph: Graph<Aws>,
    pub handles: Handles,
    pub rights: Rights,
    pub identity: Identity,
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
        let region = region(global, &loaded).map_err(|error| vec![error])?;
        model::warn(&mut loaded, &region);
        let set = |value: &String| !value.is_empty();
        let chosen = global.profile.clone().filter(set);
        let profile = chosen.clone().or_else(|| variable("AWS_PROFILE").filter(set));
        let connection = Connection {
            profile: chosen,
            region: region.to_string(),
            endpoint_url: endpoint_url(global).map_err(|error| vec![error])?,
        };
        let Loaded { config, warnings, .. } = loaded;
        let flags = flags(global);
        Ok(Self { config, region, path, connection, profile, flags, warnings })
    }

    /// The profile that Claude Code should sign in with, if one is chosen.
    pub(super) fn profile(&self) -> Option<&str> {
        self.profile.as_deref()
    }

    /// The flags that a next command needs to speak of the same tenant, each after a space.
    pub(super) fn flags(&self) -> &str {
        &self.flags
    }

    /// The ARNs of application inference profiles, by name.
    pub(super) async fn find_inference_profiles(
        &self,
        names: &[String],
        stop: &Stop,
    ) -> Result<BTreeMap<String, String>> {
        let sdk = aws::configure(&self.connection).await;
        tokio::select! {
            found = aws::find_inference_profiles(&sdk, names) => found,
            () = stop.wait() => Err(nothing_was_changed()),
        }
    }

    /// What provisioning takes. No call where the configuration names the account, else one.
    pub(super) async fn rights(&self, ui: &Ui, stop: &Stop) -> Result<Rights> {
        let identity = if let Some(account) = &self.config.account_id {
            let (account, partition) = (account.to_string(), self.region.partition());
            let arn = format!("arn:{partition}:iam::{account}:root");
            Identity { account, arn, partition: partition.to_owned() }
        } else {
            let sdk = aws::configure(&self.connection).await;
            self.identify(&sdk, ui, stop).await?
        };
        let place = Place { region: &self.region, identity: &identity };
        aws::guard(&self.config, &place)?;
        Ok(aws::wanted(&self.config, &place).rights)
    }

    async fn identify(&self, sdk: &SdkConfig, ui: &Ui, stop: &Stop) -> Result<Identity> {
        ui.begin("signing in to AWS");
        let identity = tokio::select! {
            identity = aws::identify(sdk, self.profile()) => identity,
            () = stop.wait() => Err(nothing_was_changed()),
        };
        ui.clear();
        identity
    }

    /// Signs in and draws the graph. One call.
    pub(super) async fn open(&self, ui: &Ui, stop: &Stop) -> Result<Opened> {
        let sdk = aws::configure(&self.connection).await;
        let identity = self.identify(&sdk, ui, stop).await?;
        let place = Place { region: &self.region, identity: &identity };
        aws::guard(&self.config, &place)?;
        let mark = aws::mark(&self.config, &self.region);
        let aws = Aws::new(&sdk, &identity, mark);
        let Wanted { graph, handles, rights } = aws::wanted(&self.config, &place);
        Ok(Opened { aws, graph, handles, rights, identity })
    }
}

fn flags(global: &Global) -> String {
    [file_flag(global), typed("--region", global.region.as_deref())].concat()
}

/// The flag that names the file, if it was typed.
pub(super) fn file_flag(global: &Global) -> String {
    let config = global.config.as_ref().map(|path| path.display().to_string());
    typed("-c", config.as_deref())
}

fn typed(flag: &str, value: Option<&str>) -> String {
    let Some(value) = value.filter(|value| !value.is_empty()) else { return String::new() };
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-".contains(c);
    if value.chars().all(plain) {
        return format!(" {flag} {value}");
    }
    format!(" {flag} '{}'", value.replace('\'', r"'\''"))
}

/// Where calls go, if it was said.
pub(super) fn endpoint_url(global: &Global) -> Result<Option<String>> {
    let Some(url) = global.endpoint_url.clone().filter(|url| !url.is_empty()) else {
        return Ok(None);
    };
    if url.starts_with("http://") || url.starts_with("https://") {
        return Ok(Some(url));
    }
    Err(Error::new(
        Kind::Config,
        format!("--endpoint-url {url}: must begin with http:// or https://"),
    ))
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
            .hint("or write one: groundwork init aws")
    })
}

fn region(global: &Global, loaded: &Loaded) -> Result<Region> {
    if let Some(region) = global.region.as_ref().filter(|region| !region.is_empty()) {
        return region
            .parse()
            .map_err(|problem| Error::new(Kind::Config, format!("--region {region}: {problem}")));
    }
    loaded.config.bedrock.region.clone().ok_or_else(|| {
        let path = loaded.path.display();
        Error::new(Kind::Config, format!("{path}: the configuration names no region"))
            .hint("add `region: us-east-1` (yours) below `bedrock:`")
            .hint("or name it: --region REGION")
    })
}
