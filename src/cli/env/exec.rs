//! `env --exec`: a command with exactly this environment.
//!
//! On Unix it takes the place of this process, so that signals, terminal and exit code are its own.
//! Elsewhere it is waited for. What the environment does not speak of is inherited.

use std::{ffi::OsString, io, process::Command};

use crate::{
    claude::Environment,
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
        io::ErrorKind::NotFound => {
            (ABSENT, "install it, or give its path: groundwork env --exec -- /path/to/command")
        }
        _ => (UNRUNNABLE, "look at its rights and what it is: ls -l, file"),
    };
    let message = format!("could not run `{}`", program.display());
    ui.error(&Error::new(Kind::Config, message).caused_by(failure).hint(hint));
    Ok(Exit::Command(exit))
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
