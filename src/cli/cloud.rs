//! The clouds, and what each must be able to do for the commands, which know none of them.

use std::ops::ControlFlow;

use clap::ValueEnum;

use super::{Ending, Global, aws::AwsTenant, configured::Configured, gcp::GcpTenant, network};
use crate::{
    claude::Environment,
    config,
    error::{Error, Kind, Result},
    proxy::{Network, check::Target},
    reconcile::{Graph, Orphan, Phase, Report, Stop, Survey},
    ui::{Exit, Ui},
};

/// The clouds. Without help of their own, which would make every page of help three times as long.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Cloud {
    #[default]
    Aws,
    Gcp,
}

impl Cloud {
    /// Whose configuration is named, or else is nearest. Without any it is the default: then the
    /// error is the one of the file that is asked for first. `command` is what is to be typed with a
    /// cloud where there is more than one.
    pub(super) fn of_configuration(global: &Global, command: &str) -> Result<Self> {
        let named = global.config.as_ref().filter(|path| !path.as_os_str().is_empty());
        if let Some(path) = named {
            return Ok(match config::cloud_of(path) {
                Some(config::Cloud::Gcp) => Self::Gcp,
                // A gateway's is refused by its keys, as is every file that is none of this cloud.
                Some(config::Cloud::Aws | config::Cloud::Gateway) | None => Self::Aws,
            });
        }
        let here = std::env::current_dir().unwrap_or_default();
        let clouds = [config::Cloud::Aws, config::Cloud::Gcp];
        match config::nearest(&here, &clouds).as_slice() {
            [config::Cloud::Gcp] => Ok(Self::Gcp),
            [] | [config::Cloud::Aws] => Ok(Self::Aws),
            _ => {
                let message = "there is a configuration for each cloud here";
                Err(Error::new(Kind::Config, message).hint(format!(
                    "say which is meant: groundwork {command} aws, or groundwork {command} gcp"
                )))
            }
        }
    }

    /// Runs a command with the kind of tenant that this cloud has.
    pub(super) fn run(self, command: &impl OfTenant, global: &Global, ui: &Ui) -> Ending {
        match self {
            Self::Aws => command.run_for::<AwsTenant>(global, ui),
            Self::Gcp => command.run_for::<GcpTenant>(global, ui),
        }
    }
}

/// A command that works on a tenant, whichever cloud it is in.
pub(super) trait OfTenant {
    fn run_for<T: Tenant>(&self, global: &Global, ui: &Ui) -> Ending;
}

/// A tenant in one cloud: a configuration that was read, and what the command line adds to it.
pub(super) trait Tenant: Configured + Sized {
    /// What the cloud calls the full name of an object, as JSON lines tell it.
    const FULL_NAME: &'static str;

    /// The client bundle.
    type Cloud: Send + Sync;
    /// What is read from a look or a report.
    type Handles;
    /// Who signed in, and what he must be allowed.
    type Caller;

    /// Reads the configuration; every mistake in it is an error.
    fn read_silently(global: &Global) -> Result<Self, Vec<Error>>;

    /// The way to the cloud.
    fn network(&self) -> &Network;

    /// What the configuration says of the corporate proxy.
    fn proxy(&self) -> &config::Proxy;

    /// The hosts that the tenant needs. Reads files, and makes no call.
    async fn hosts(&self) -> Vec<Target>;

    /// Signs in and draws the graph.
    async fn open(&self, ui: &Ui, stop: &Stop) -> Result<Opened<Self>>;

    /// Says which rights to provision the caller lacks, or that this could not be asked. Looks only:
    /// whatever comes of it, the dry run goes on.
    async fn tell_lacking(opened: &Opened<Self>, ui: &Ui);

    /// Prints what the caller must be allowed.
    async fn print_policy(&self, phase: Phase, ui: &Ui, stop: &Stop) -> Result<()>;

    /// What is ours and not in the graph that was looked at. Says what could not be searched.
    async fn orphans(
        cloud: &Self::Cloud,
        handles: &Self::Handles,
        survey: &Survey<'_, Self::Cloud>,
        ui: &Ui,
    ) -> Result<Vec<Orphan>>;

    /// What Claude Code needs of a tenant that was just provisioned.
    fn environment_after(&self, handles: &Self::Handles, report: &Report) -> Environment;

    /// Says what developers do once the tenant is provisioned.
    fn tell_next(&self, handles: &Self::Handles, report: &Report, ui: &Ui);

    /// The same as [`Self::read`], for what is about to call the cloud. Breaks where another start of
    /// the program has done all that there was to do.
    fn read_to_call(global: &Global, ui: &Ui) -> Result<ControlFlow<Exit, Self>, Vec<Error>> {
        let tenant = Self::read_silently(global)?;
        let handed = network::hand_on(tenant.network()).map_err(|error| vec![error])?;
        if let ControlFlow::Break(exit) = handed {
            return Ok(ControlFlow::Break(exit));
        }
        tenant.tell_warnings(ui);
        tenant.tell_network(ui);
        Ok(ControlFlow::Continue(tenant))
    }

    /// Reads the configuration, and prints what there is to know about it.
    fn read(global: &Global, ui: &Ui) -> Result<Self, Vec<Error>> {
        let tenant = Self::read_silently(global)?;
        tenant.tell_warnings(ui);
        Ok(tenant)
    }

    /// Says what of the network is not as the environment has it, to who is about to call.
    fn tell_network(&self, ui: &Ui) {
        if let Some((message, hint)) = self.network().warning() {
            ui.warning(&message, Some(&hint));
        }
    }
}

/// A tenant that was signed in to: ready to be looked at.
pub(super) struct Opened<T: Tenant> {
    pub cloud: T::Cloud,
    pub graph: Graph<T::Cloud>,
    pub handles: T::Handles,
    pub caller: T::Caller,
}
