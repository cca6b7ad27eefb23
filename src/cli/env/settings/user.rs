//! A user's own settings: our part is merged into his file.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;

use super::{file, make_folder, read, secrets, tell_other};
use crate::{
    claude::{
        self, Environment,
        settings::{self, Changes, Fault},
        variable as v,
    },
    cli::{
        Ending,
        cloud::Tenant,
        env::{
            Env,
            write::{self, Rights},
        },
        variable,
    },
    error::{Error, Kind, Result},
    ui::{Exit, Ui},
};

/// Prints a user's settings, or merges them into his file.
pub(in crate::cli::env) fn user<T: Tenant>(
    env: &Env,
    tenant: &T,
    environment: &Environment,
    ui: &Ui,
) -> Ending {
    let settings = claude::user(environment, T::KIND, tenant.section());
    if env.write.is_none() {
        ui.data(&format!("{settings:#}\n"));
        return Ok(Exit::Done);
    }
    let merge = || {
        environment.check()?;
        let path = file(env).map_or_else(users_file, Ok)?;
        merge_into(&path, &settings, environment, (env.unset, ui))
    };
    merge().map_err(|error| vec![error])?;
    Ok(Exit::Done)
}

fn users_file() -> Result<PathBuf> {
    let named = variable(v::CLAUDE_CONFIG_DIR.name).filter(|folder| !folder.is_empty());
    let folder = named.map(PathBuf::from).or_else(|| Some(std::env::home_dir()?.join(".claude")));
    let folder = folder.filter(|folder| !folder.as_os_str().is_empty());
    folder.map(|folder| folder.join(settings::USER_FILE)).ok_or_else(|| {
        Error::new(Kind::Config, "could not find the home folder")
            .hint("name the file: --write=FILE")
    })
}

fn merge_into(
    path: &Path,
    wanted: &Value,
    environment: &Environment,
    (unset, ui): (bool, &Ui),
) -> Result<()> {
    let old = read(path)?;
    let text = old.as_deref().unwrap_or_default();
    let text = std::str::from_utf8(text).map_err(|error| {
        let valid = text.get(..error.valid_up_to()).unwrap_or_default();
        let valid = String::from_utf8_lossy(valid);
        place(path, &Fault::at(&valid, valid.len(), "this is not UTF-8"))
    })?;
    let held = settings::value(text).map_err(|fault| place(path, &fault))?;
    let change = if unset {
        settings::undo(wanted, &held)
    } else {
        settings::put(wanted, environment.unset())
    };
    let changes = Changes::of(&held, &change);
    if changes.is_empty() {
        ui.note(&format!("{}: nothing to change", path.display()));
    } else {
        let text = settings::merge(text, &change).map_err(|fault| place(path, &fault))?;
        if fs::metadata(path).is_ok_and(|file| file.permissions().readonly()) {
            let message = format!("could not write `{}`: it is read-only", path.display());
            return Err(Error::new(Kind::Config, message).hint(
                "allow it to be written, or write \
                to another file: --write=FILE",
            ));
        }
        make_folder(path, false)?;
        write::checked(path, &text, Rights::Kept, |_, target| {
            // Claude Code itself writes this file, too.
            if read(target)? == old { Ok(()) } else { Err(changed_meanwhile(path)) }
        })?;
        ui.note(&format!("{}: {changes}", path.display()));
    }
    tell_about(path, wanted, environment, (unset, ui));
    Ok(())
}

/// What keeps a user's file from counting, or its secrets from being kept.
fn tell_about(path: &Path, wanted: &Value, environment: &Environment, (unset, ui): (bool, &Ui)) {
    let text = fs::read_to_string(path).unwrap_or_default();
    if let Some(fault) = settings::unread(&text) {
        let message = format!(
            "{}:{}:{}: Claude Code ignores the whole file: it reads no comments, and no commas at \
             the end of a list",
            path.display(),
            fault.line,
            fault.column
        );
        ui.warning(&message, Some("take them out"));
    }
    if unset {
        return;
    }
    let secrets = secrets(environment, wanted);
    if !secrets.is_empty() && is_for_others(path) {
        let message = format!("others can read what is secret here: {}", secrets.join(", "));
        ui.warning(&message, Some(&format!("chmod 600 {}", path.display())));
    }
    let managed = settings::Platform::here().managed_folder();
    for other in settings::above(Path::new(managed), wanted) {
        tell_other(&other, "wins over it", None, ui);
    }
}

#[cfg(unix)]
fn is_for_others(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    fs::metadata(path).is_ok_and(|file| file.permissions().mode() & 0o044 != 0)
}

#[cfg(not(unix))]
fn is_for_others(_: &Path) -> bool {
    false
}

fn place(path: &Path, fault: &Fault) -> Error {
    let message = format!("{}:{}:{}: {fault}", path.display(), fault.line, fault.column);
    Error::new(Kind::Config, message)
        .hint("nothing was written; mend it, or write to another file: --write=FILE")
}

fn changed_meanwhile(path: &Path) -> Error {
    let message = format!("`{}` was changed by somebody else meanwhile", path.display());
    Error::new(Kind::Conflict, message).hint("nothing was written; run this again")
}
