//! `env --exec`: a command with exactly this environment.
//!
//! On Unix it takes the place of this process, so that signals, terminal and exit code are its own.
//! Elsewhere it is waited for. What the environment does not speak of is inherited.

use std::{
    ffi::{OsStr, OsString},
    io,
    path::Path,
    process::Command,
};

use super::write::one_line;
use crate::{
    claude::{Environment, variable as v},
    cli::network,
    error::{Error, Kind, Result},
    ui::{Exit, Ui},
};

/// What shells end with if there is no such command, and if it cannot be run.
const ABSENT: u8 = 127;
const UNRUNNABLE: u8 = 126;

/// Does not come back on Unix, if the command can be run.
pub(super) fn run(environment: &Environment, command: &[OsString], ui: &Ui) -> Result<Exit> {
    environment.check()?;
    let Some((program, arguments)) = command.split_first() else {
        return Err(Error::new(Kind::Internal, "there is no command to run"));
    };
    let mut process = Command::new(program);
    process.args(arguments);
    // What our own calls needed is not the command's.
    network::take_back(&mut process);
    // First what is taken back: on Windows a name is the same in capitals and in small letters.
    for name in environment.unset() {
        process.env_remove(name);
    }
    for (name, value) in environment.iter() {
        process.env(name, value);
    }
    let failure = match replace(process) {
        Ok(exit) => return Ok(exit),
        Err(failure) => failure,
    };
    let (exit, hint) = match failure.kind() {
        io::ErrorKind::NotFound if is_there(program) => {
            (UNRUNNABLE, "what is to interpret it is missing; its first line names it: head -n 1")
        }
        io::ErrorKind::NotFound => {
            (ABSENT, "install it, or give its path: groundwork env --exec -- /path/to/command")
        }
        io::ErrorKind::ArgumentListTooLong => {
            (UNRUNNABLE, "a variable or an argument is too long for this system: make it shorter")
        }
        _ => (UNRUNNABLE, "look at its rights and what it is: ls -l, file"),
    };
    let message = format!("could not run `{}`", one_line(&program.display().to_string()));
    ui.error(&Error::new(Kind::Config, message).caused_by(failure).hint(hint));
    Ok(Exit::Command(exit))
}

/// Whether a program that was not found is there, so that something that it needs is not.
fn is_there(program: &OsStr) -> bool {
    let path = Path::new(program);
    if path.components().count() > 1 || path.is_absolute() {
        return path.is_file();
    }
    let folders = std::env::var_os(v::PATH.name).unwrap_or_default();
    std::env::split_paths(&folders).any(|folder| folder.join(path).is_file())
}

#[cfg(unix)]
fn replace(mut process: Command) -> io::Result<Exit> {
    use std::os::unix::process::CommandExt as _;
    Err(process.exec())
}

#[cfg(not(unix))]
fn replace(mut process: Command) -> io::Result<Exit> {
    let code = process.status()?.code();
    Ok(Exit::Command(code.and_then(|code| u8::try_from(code).ok()).unwrap_or(1)))
}
