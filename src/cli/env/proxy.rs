//! `groundwork proxy env`: what every tool needs of the corporate proxy, written as `env` writes.

use std::{ffi::OsString, path::PathBuf};

use clap::{Args, ValueEnum, builder::BoolishValueParser};

use super::{
    super::{
        Cloud, Ending, Global,
        cloud::{OfTenant, Tenant},
        flags, variable,
    },
    Env, Format, Shell, check_file,
};
use crate::{
    claude::{Environment, ObjectName, variable as v},
    error::{Error, Kind, Result},
    proxy::{self, Variables, authority},
    ui::{Exit, Ui},
};

#[derive(Args, Debug)]
#[expect(clippy::option_option, reason = "a flag without a value is not one with an empty value")]
pub(in crate::cli) struct ProxyEnv {
    /// Whose configuration to read [default: the nearest]
    cloud: Option<Cloud>,
    /// Write the authorities of this system and of `ca_bundle` to FILE, and name it to the tools that
    /// can trust only one file
    #[arg(long, env = "GROUNDWORK_BUNDLE", value_name = "FILE")]
    bundle: Option<PathBuf>,
    /// The shell that reads the commands; bash also for sh, dash and ksh; for cmd a batch file to call
    #[arg(long, env = "GROUNDWORK_SHELL", default_value = "bash")]
    shell: Shell,
    /// What to write, as for groundwork env, whose settings have the proxy, too [default: shell]
    #[arg(long, env = "GROUNDWORK_FORMAT")]
    format: Option<ProxyFormat>,
    /// Write what undoes the rest: takes back all that is set without this flag
    #[arg(long, env = "GROUNDWORK_UNSET", value_parser = BoolishValueParser::new())]
    unset: bool,
    /// Write to a file, as groundwork env does
    #[arg(long, env = "GROUNDWORK_WRITE", value_name = "FILE")]
    #[arg(num_args = 0..=1, require_equals = true)]
    write: Option<Option<OsString>>,
    /// The name of the config map and the secret for Kubernetes [default: the tenant's, with
    /// -proxy]
    #[arg(long, env = "GROUNDWORK_NAME")]
    name: Option<ObjectName>,
}

/// The formats of variables. In a file of settings there is more, which this would not keep.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum ProxyFormat {
    Shell,
    Dotenv,
    Json,
    Github,
    Docker,
    Kubernetes,
}

impl From<ProxyFormat> for Format {
    fn from(format: ProxyFormat) -> Self {
        match format {
            ProxyFormat::Shell => Self::Shell,
            ProxyFormat::Dotenv => Self::Dotenv,
            ProxyFormat::Json => Self::Json,
            ProxyFormat::Github => Self::Github,
            ProxyFormat::Docker => Self::Docker,
            ProxyFormat::Kubernetes => Self::Kubernetes,
        }
    }
}

impl ProxyEnv {
    pub(in crate::cli) fn run(self, global: &Global, ui: &Ui) -> Ending {
        check_file(self.write.as_ref()).map_err(|error| vec![error])?;
        let cloud = match self.cloud {
            Some(cloud) => cloud,
            None => Cloud::of_configuration(global, "proxy env").map_err(|error| vec![error])?,
        };
        cloud.run(&self, global, ui)
    }

    fn written<T: Tenant>(&self, tenant: &T, ui: &Ui) -> Result<()> {
        let variables = flags::network_variables(tenant.proxy(), tenant.path());
        let mut all = Environment::default();
        variables.tell(&mut all);
        let bundle = self.bundle(&variables, ui)?;
        variables.tell_tools(&mut all, bundle.as_deref());
        if all == Environment::default() {
            ui.note("nothing to set: the configuration says nothing below `proxy:`");
        }
        let env = Env {
            whose: None,
            url: None,
            dialect: None,
            shell: self.shell,
            format: self.format.map(Format::from),
            unset: self.unset,
            write: self.write.clone(),
            name: self.name.clone(),
            platform: None,
            force: false,
            inference_profile: Vec::new(),
            exec: false,
            command: Vec::new(),
        };
        // Another name than that of the objects with all that Claude Code needs.
        let format = env.format(&format!("{}-proxy", tenant.name()))?;
        env.put(&all, &format, "groundwork proxy env", ui)
    }

    /// The file with all authorities, if one was asked for; says where one is needed.
    fn bundle(&self, variables: &Variables, ui: &Ui) -> Result<Option<PathBuf>> {
        let file = self.bundle.as_ref().filter(|path| !path.as_os_str().is_empty());
        match (file, variables.ca_bundle()) {
            (None, None) => Ok(None),
            (Some(_), None) => {
                let message = "--bundle: the configuration names no `ca_bundle` below `proxy:`";
                Err(Error::new(Kind::Config, message)
                    .hint("without one every tool trusts what it brings: leave --bundle out"))
            }
            (Some(path), Some(company)) => {
                let path = std::path::absolute(path).unwrap_or_else(|_| path.clone());
                if !self.unset {
                    let of_shell = variable(v::SSL_CERT_FILE.name).map(PathBuf::from);
                    proxy::write_bundle(&path, company, of_shell.as_deref())?;
                }
                Ok(Some(path))
            }
            (None, Some(company)) => {
                if !self.unset && !authority::has_public(&authority::of_bundle(company)?) {
                    let names: Vec<&str> = proxy::REPLACING.iter().map(|it| it.name).collect();
                    let message = format!(
                        "`ca_bundle` has no public authority: tools that trust it alone ({}) refuse \
                         every host that is not intercepted",
                        names.join(", ")
                    );
                    ui.warning(
                        &message,
                        Some("have one file written that has all: groundwork proxy env --bundle FILE"),
                    );
                }
                Ok(None)
            }
        }
    }
}

impl OfTenant for ProxyEnv {
    fn run_for<T: Tenant>(&self, global: &Global, ui: &Ui) -> Ending {
        let tenant = T::read_silently(global)?;
        self.written(&tenant, ui).map_err(|error| vec![error])?;
        Ok(Exit::Done)
    }
}
