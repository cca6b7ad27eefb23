//! `env --format settings` and `managed-settings`: files that Claude Code reads by itself, wherever
//! it is started from.
//!
//! A user's file is his: our part is merged into it, and nothing else in it changes. A managed one is
//! ours alone, and written whole. What becomes of either is told by names, never by values.

mod managed;
mod user;

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use clap::ValueEnum;
use serde_json::Value;

pub(super) use self::{managed::managed, user::user};
use super::{
    Env, Format,
    write::{self, shown},
};
use crate::{
    claude::{
        Environment,
        settings::{self, Other, What},
    },
    error::{Error, Kind, Result},
    ui::Ui,
};

/// What `--platform` takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Platform {
    Linux,
    #[value(name = "macos")]
    MacOs,
    Windows,
}

impl From<Platform> for settings::Platform {
    fn from(platform: Platform) -> Self {
        match platform {
            Platform::Linux => Self::Linux,
            Platform::MacOs => Self::MacOs,
            Platform::Windows => Self::Windows,
        }
    }
}

/// Refuses flags of settings files that do not go together, or with another format.
pub(super) fn check(env: &Env) -> Result<()> {
    let usage = |message: &str, hint: &str| Err(Error::new(Kind::Config, message).hint(hint));
    let managed = matches!(env.format, Some(Format::ManagedSettings));
    let settings = managed || matches!(env.format, Some(Format::Settings));
    let for_managed = "groundwork env --format managed-settings --write";
    if env.platform.is_some() && !managed {
        return usage("--platform is for managed settings", "add --format managed-settings");
    }
    if env.force && !(managed && env.write.is_some()) {
        return usage("--force is for writing managed settings", for_managed);
    }
    if settings && env.unset && env.write.is_none() {
        let message = "--unset: settings are taken out of a file";
        return usage(message, "say which: --write for the usual one, or --write=FILE");
    }
    Ok(())
}

/// The file that `--write` names.
fn file(env: &Env) -> Option<PathBuf> {
    env.write.clone().flatten().map(PathBuf::from)
}

/// What a file holds, if it is there.
fn read(path: &Path) -> Result<Option<Vec<u8>>> {
    // Opening a pipe would wait for whoever writes to it.
    let text = match fs::metadata(path) {
        Ok(found) if !found.is_file() => Err(write::no_file()),
        _ => fs::read(path),
    };
    match text {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => {
            let message = format!("could not read `{}`", shown(path));
            Err(Error::new(Kind::Config, message).caused_by(error))
        }
    }
}

/// Makes the folder of a file, `for_all` to enter, whatever files are usually made with.
fn make_folder(path: &Path, for_all: bool) -> Result<()> {
    let folder = path.parent().unwrap_or(Path::new(""));
    let missing = folder.ancestors().take_while(|folder| {
        !folder.as_os_str().is_empty() && fs::symlink_metadata(folder).is_err()
    });
    let missing: Vec<&Path> = missing.collect();
    for folder in missing.into_iter().rev() {
        let made = fs::create_dir(folder).and_then(|()| open_to_all(folder, for_all));
        made.map_err(|error| {
            let message = format!("could not make the folder `{}`", shown(folder));
            Error::new(Kind::Config, message).caused_by(error)
        })?;
    }
    Ok(())
}

#[cfg(unix)]
fn open_to_all(folder: &Path, for_all: bool) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = fs::Permissions::from_mode(0o755);
    if for_all { fs::set_permissions(folder, mode) } else { Ok(()) }
}

#[cfg(not(unix))]
fn open_to_all(_: &Path, _: bool) -> io::Result<()> {
    Ok(())
}

/// The names of what is secret in settings.
fn secrets<'w>(environment: &Environment, wanted: &'w Value) -> Vec<&'w str> {
    let variables = wanted.get("env").and_then(Value::as_object).into_iter().flatten();
    let secrets = variables.filter(|(name, value)| environment.is_secret(name) && *value != "");
    secrets.map(|(name, _)| name.as_str()).collect()
}

fn tell_other(other: &Other, how: &str, hint: Option<&str>, ui: &Ui) {
    let path = shown(&other.path);
    match &other.what {
        What::Broken => {
            let message = format!("{path} is no JSON object: Claude Code does not start");
            ui.warning(&message, Some("mend it, or remove it"));
        }
        What::Differs(keys) => {
            let message = format!("{path} {how}, and says otherwise: {}", keys.join(", "));
            ui.warning(&message, hint);
        }
    }
}
