//! Managed settings: a file that is ours alone, for all users of a machine.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use clap::ValueEnum as _;
use serde_json::Value;

use super::{file, make_folder, read, secrets, tell_other};
use crate::{
    claude::{self, Environment, settings, variable as v},
    cli::{
        Ending,
        configured::Configured,
        env::{
            Env,
            write::{self, Rights, shown},
        },
        flags::quoted,
        work::named,
    },
    error::{Error, Kind, Result},
    ui::{Exit, Ui},
};

/// Prints managed settings, or writes them to their file.
pub(in crate::cli::env) fn managed<T: Configured>(
    env: &Env,
    tenant: &T,
    environment: &Environment,
    ui: &Ui,
) -> Ending {
    let chosen: Vec<String> = named(&env.inference_profile).cloned().collect();
    let models = tenant.models(&chosen, ui)?;
    let mut wanted = claude::managed(environment, T::KIND, &models, tenant.section());
    if let Some(command) = tenant.token_command() {
        claude::add_token_command(&mut wanted, command);
    }
    let here = settings::Platform::here();
    let platform = env.platform.map_or(here, settings::Platform::from);
    let belongs = format!("on {} it belongs at {}", platform.name(), platform.drop_in());
    let run = || {
        environment.check()?;
        if env.write.is_none() {
            tell_secrets(environment, &wanted, ui);
            ui.data(&settings::managed_text(&wanted));
            if env.platform.is_some() {
                ui.note(&belongs);
            }
            return Ok(());
        }
        let path = match file(env) {
            Some(path) => path,
            None if platform == here => PathBuf::from(platform.drop_in()),
            None => {
                let message = format!("--write: {} is not this platform", platform.name());
                return Err(Error::new(Kind::Config, message)
                    .hint(format!("name a file: --write=FILE; {belongs}")));
            }
        };
        let tenant = [T::CLOUD, tenant.flags()].concat();
        let command = command(env, &tenant, environment);
        let with_sudo = |error: Error| refused(error, &command);
        if env.unset {
            return remove_managed(&path, env.force, ui).map_err(with_sudo);
        }
        write_managed(&path, &wanted, env.force, ui).map_err(with_sudo)?;
        tell_secrets(environment, &wanted, ui);
        if platform == here {
            tell_others(&path, &wanted, ui);
        } else {
            ui.note(&belongs);
        }
        Ok(())
    };
    run().map_err(|error| vec![error])?;
    Ok(Exit::Done)
}

fn write_managed(path: &Path, wanted: &Value, force: bool, ui: &Ui) -> Result<()> {
    let text = settings::managed_text(wanted);
    let old = read(path)?;
    if old.as_deref() == Some(text.as_bytes()) && is_for_all(path) {
        ui.note(&format!("{}: nothing to change", shown(path)));
        return Ok(());
    }
    if !force && old.is_some_and(|old| !settings::is_ours(&old)) {
        return Err(foreign(path));
    }
    make_folder(path, true)?;
    write::checked(path, &text, Rights::All, |new, _| {
        // A file that is not whole would keep every client on this machine from starting.
        let written = read(new)?.unwrap_or_default();
        match serde_json::from_slice::<Value>(&written) {
            Ok(value) if value.is_object() && written == text.as_bytes() => Ok(()),
            _ => {
                Err(Error::new(Kind::Internal, format!("could not write `{}` whole", shown(path))))
            }
        }
    })?;
    ui.note(&format!("{}: written", shown(path)));
    Ok(())
}

fn remove_managed(path: &Path, force: bool, ui: &Ui) -> Result<()> {
    let Some(old) = read(path)? else {
        ui.note(&format!("{}: nothing to remove", shown(path)));
        return Ok(());
    };
    if !force && !settings::is_ours(&old) {
        return Err(foreign(path));
    }
    // The same file that is written: at the end of all links.
    write::target(path).and_then(fs::remove_file).map_err(|error| {
        Error::new(Kind::Config, format!("could not remove `{}`", shown(path))).caused_by(error)
    })?;
    ui.note(&format!("{}: removed", shown(path)));
    Ok(())
}

/// Whether everybody can read a file; where that cannot be told, everybody can.
#[cfg(unix)]
fn is_for_all(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    fs::metadata(path).is_ok_and(|file| file.permissions().mode() & 0o444 == 0o444)
}

#[cfg(not(unix))]
fn is_for_all(_: &Path) -> bool {
    true
}

fn foreign(path: &Path) -> Error {
    let message = format!("`{}` is there, and was not written by Groundwork", shown(path));
    Error::new(Kind::Conflict, message).hint("look at it, and add --force if it is to go")
}

/// This very command, as root, to whom no variable of the environment comes.
fn command(env: &Env, tenant: &str, environment: &Environment) -> String {
    let mut words = vec![format!("sudo groundwork env {tenant}")];
    if let Some((_, profile)) = environment.iter().find(|(name, _)| *name == v::AWS_PROFILE.name) {
        words.push(format!("--profile {}", quoted(profile)));
    }
    for name in named(&env.inference_profile) {
        words.push(format!("--inference-profile {}", quoted(name)));
    }
    words.push("--format managed-settings".to_owned());
    if let Some(platform) = env.platform.and_then(|it| it.to_possible_value()) {
        words.push(format!("--platform {}", platform.get_name()));
    }
    for (flag, given) in [("--unset", env.unset), ("--force", env.force)] {
        words.extend(given.then(|| flag.to_owned()));
    }
    let path = file(env).map(|path| format!("={}", quoted(&path.display().to_string())));
    words.push(format!("--write{}", path.unwrap_or_default()));
    write::one_line(&words.join(" "))
}

/// Says what to do if it was a matter of rights.
fn refused(error: Error, command: &str) -> Error {
    use std::error::Error as _;

    let cause = error.source().and_then(|source| source.downcast_ref::<io::Error>());
    if cause.is_none_or(|cause| cause.kind() != io::ErrorKind::PermissionDenied) {
        return error;
    }
    error.hint(if cfg!(windows) { "run this as an administrator" } else { command })
}

/// Every user of a machine reads its managed settings.
fn tell_secrets(environment: &Environment, wanted: &Value, ui: &Ui) {
    let secrets = secrets(environment, wanted);
    if secrets.is_empty() {
        return;
    }
    let message =
        format!("every user of the machine can read what is secret here: {}", secrets.join(", "));
    let hint = "give commands that print them instead, as claude_code.telemetry.headers_helper does \
                (otelHeadersHelper)";
    ui.warning(&message, Some(hint));
}

fn tell_others(path: &Path, wanted: &Value, ui: &Ui) {
    if let Some(source) = settings::device_management() {
        let message = format!("device management hides this file: {source}");
        ui.warning(&message, Some("hand these settings out by it instead"));
    }
    for other in settings::beside(path, wanted) {
        let hint = "of single values the last file's wins, lists are joined";
        tell_other(&other, "is read with it", Some(hint), ui);
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        env: Env,
    }

    #[test]
    fn as_root_the_very_same_is_done() {
        let line = Line::parse_from([
            "env",
            "--unset",
            "--force",
            "--platform=linux",
            "--inference-profile=team a",
            "--format=managed-settings",
            "--write=own/a b;c.json",
        ]);
        let mut all = Environment::default();
        all.set_named(v::AWS_PROFILE.name, "dev", false);
        let wanted = "sudo groundwork env aws -c x.yaml --profile dev --inference-profile team \
                      --inference-profile a --format managed-settings --platform linux --unset \
                      --force --write='own/a b;c.json'";
        assert_eq!(command(&line.env, "aws -c x.yaml", &all), wanted);
    }
}
