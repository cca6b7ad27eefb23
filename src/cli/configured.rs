//! What a configuration tells Claude Code: a cloud's, or the gateway's. The commands that only pass that
//! on know neither.

use std::path::Path;

use clap::ValueEnum;

use super::{Global, cloud::Cloud};
use crate::{
    claude::Environment,
    config::{self, ClaudeCode, Warning},
    error::{Error, Kind, Result},
    ui::Ui,
};

/// Where Claude Code calls models. Without help of their own, as the clouds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Whose {
    Aws,
    Gcp,
    Gateway,
}

impl Whose {
    /// Whose configuration is named, or else is nearest. `command` is what is to be typed with one of
    /// them where there are several.
    pub(super) fn of_configuration(global: &Global, command: &str) -> Result<Self> {
        use config::Cloud::{Aws, Gateway, Gcp};
        let named = global.config.as_ref().filter(|path| !path.as_os_str().is_empty());
        if let Some(path) = named
            && config::cloud_of(path) == Some(Gateway)
        {
            return Ok(Self::Gateway);
        }
        let here = std::env::current_dir().unwrap_or_default();
        let found =
            if named.is_some() { Vec::new() } else { config::nearest(&here, &[Aws, Gcp, Gateway]) };
        match found.as_slice() {
            [Gateway] => Ok(Self::Gateway),
            [one, other @ ..] if other.contains(&Gateway) => {
                let name = |cloud: &config::Cloud| match cloud {
                    Aws => "aws",
                    Gcp => "gcp",
                    Gateway => "gateway",
                };
                let all = [one].into_iter().chain(other);
                let all: Vec<String> =
                    all.map(|cloud| format!("groundwork {command} {}", name(cloud))).collect();
                let message = "there is a configuration for the gateway here, and one for a cloud";
                Err(Error::new(Kind::Config, message)
                    .hint(format!("say which is meant: {}", all.join(", or "))))
            }
            _ => Cloud::of_configuration(global, command).map(Self::from),
        }
    }
}

impl From<Cloud> for Whose {
    fn from(cloud: Cloud) -> Self {
        match cloud {
            Cloud::Aws => Self::Aws,
            Cloud::Gcp => Self::Gcp,
        }
    }
}

/// A configuration that was read, and what the command line adds to it.
pub(super) trait Configured {
    /// Whose configuration it is.
    const KIND: config::Cloud;
    /// The same, as users type it.
    const CLOUD: &'static str;

    /// What there is to know about a configuration without mistakes.
    fn warnings(&self) -> &[Warning];

    /// The configuration, as the user typed it, or where it was found.
    fn path(&self) -> &Path;

    /// The tenant's name, which the user types where data is to be deleted.
    fn name(&self) -> &str;

    /// The flags that a next command needs to speak of the same, each after a space.
    fn flags(&self) -> &str;

    /// What Claude Code needs, from the configuration alone where that is enough. It runs in every
    /// new shell. `inference_profiles` are those that the user chose; none where there are none.
    fn environment(
        &self,
        inference_profiles: &[String],
        ui: &Ui,
    ) -> Result<Environment, Vec<Error>>;

    /// What else Claude Code is told.
    fn section(&self) -> &ClaudeCode;

    /// The models that it may call, as managed settings name them. `inference_profiles` as above.
    fn models(&self, inference_profiles: &[String], ui: &Ui) -> Result<Vec<String>, Vec<Error>>;

    /// A command that prints the developer's credential, where Claude Code can be told one.
    fn token_command(&self) -> Option<&str> {
        None
    }

    fn tell_warnings(&self, ui: &Ui) {
        for warning in self.warnings() {
            ui.warning(&warning.to_string(), warning.hint.as_deref());
        }
    }
}

/// Where there are no inference profiles, none can be chosen.
pub(super) fn without_inference_profiles(chosen: &[String]) -> Result<(), Vec<Error>> {
    if chosen.is_empty() {
        return Ok(());
    }
    let message = "--inference-profile: only Amazon Bedrock has inference profiles";
    Err(vec![Error::new(Kind::Config, message)])
}
