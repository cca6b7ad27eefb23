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
        configured::Configured,
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
pub(in crate::cli::env) fn user<T: Configured>(
    env: &Env,
    tenant: &T,
    environment: &Environment,
    ui: &Ui,
) -> Ending {
    let mut settings = claude::user(environment, T::KIND, tenant.section());
    if let Some(command) = tenant.token_command() {
        claude::add_token_command(&mut settings, command);
    }
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
    let folder = named.map(PathBuf::from).or_else(|| Some(home()?.join(".claude")));
    let folder = folder.filter(|folder| !folder.as_os_str().is_empty());
    folder.map(|folder| folder.join(settings::USER_FILE)).ok_or_else(|| {
        Error::new(Kind::Config, "could not find the home folder")
            .hint("name the file: --write=FILE")
    })
}

/// The user's folder. One that is set to nothing is not looked up: neither would the client look there.
fn home() -> Option<PathBuf> {
    let nothing = variable(v::HOME.name).is_some_and(|home| home.is_empty());
    if nothing { None } else { std::env::home_dir() }
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
    let (change, left) = if unset {
        settings::undo(wanted, &held)
    } else {
        (settings::put(wanted, &held, environment.unset()), Vec::new())
    };
    let changes = Changes::of(&held, &change);
    let text = settings::merge(text, &change).map_err(|fault| place(path, &fault))?;
    let secrets = if unset { Vec::new() } else { secrets(environment, wanted) };
    if changes.is_empty() {
        keep_from_others(path, &secrets, ui)?;
        ui.note(&format!("{}: nothing to change", path.display()));
    } else {
        if fs::metadata(path).is_ok_and(|file| file.permissions().readonly()) {
            let message = format!("could not write `{}`: it is read-only", path.display());
            return Err(Error::new(Kind::Config, message).hint(
                "allow it to be written, or write \
                to another file: --write=FILE",
            ));
        }
        keep_from_others(path, &secrets, ui)?;
        make_folder(path, false)?;
        write::checked(path, &text, Rights::Kept, |_, target| {
            // Claude Code itself writes this file, too.
            if read(target)? == old { Ok(()) } else { Err(changed_meanwhile(path)) }
        })?;
        ui.note(&format!("{}: {changes}", path.display()));
    }
    if !left.is_empty() {
        let names = left.join(", ");
        ui.note(&format!("{}: not what was written, and left: {names}", path.display()));
    }
    tell_about(path, wanted, (unset, ui));
    Ok(())
}

/// What keeps a user's file from counting.
fn tell_about(path: &Path, wanted: &Value, (unset, ui): (bool, &Ui)) {
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
    let managed = settings::Platform::here().managed_folder();
    for other in settings::above(Path::new(managed), wanted) {
        tell_other(&other, "wins over it", None, ui);
    }
}

/// Takes a file that gets secrets away from others, before it has them.
#[cfg(unix)]
fn keep_from_others(path: &Path, secrets: &[&str], ui: &Ui) -> Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    let Ok(file) = fs::metadata(path) else { return Ok(()) };
    let mode = file.permissions().mode() & 0o777;
    if secrets.is_empty() || mode == mode & 0o700 {
        return Ok(());
    }
    let names = secrets.join(", ");
    let own = fs::Permissions::from_mode(mode & 0o700);
    fs::set_permissions(path, own).map_err(|error| {
        let message =
            format!("could not keep from others what is secret in `{}`: {names}", path.display());
        Error::new(Kind::Config, message)
            .caused_by(error)
            .hint("have its owner run this, or write to another file: --write=FILE")
    })?;
    ui.note(&format!("{}: now for its owner alone, since it has {names}", path.display()));
    Ok(())
}

#[cfg(not(unix))]
fn keep_from_others(_: &Path, _: &[&str], _: &Ui) -> Result<()> {
    Ok(())
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
