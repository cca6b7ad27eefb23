//! The developer's own credential, from the command that the gateway's configuration names.

use std::process::{Command, Stdio};

use crate::{
    cli::network,
    error::{Error, Kind, Result},
};

/// Runs the command as Claude Code runs it, and gives what it prints.
pub(super) fn ask(command: &str) -> Result<String> {
    let failed = || Error::new(Kind::Denied, format!("could not get a token from `{command}`"));
    let hint = "it is `client.token_command`; run it by itself to see what is wrong";
    let mut process = shell(command);
    network::take_back(&mut process);
    let output = process
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| failed().caused_by(error).hint(hint))?;
    if !output.status.success() {
        return Err(failed().caused_by(output.status.to_string()).hint(hint));
    }
    let text = String::from_utf8_lossy(&output.stdout);
    let token = text.trim();
    // It goes into a header: whatever else was printed would be sent with it.
    if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        let why = "it must print the token, and nothing else";
        return Err(failed().caused_by(why).hint(hint));
    }
    Ok(token.to_owned())
}

#[cfg(unix)]
fn shell(command: &str) -> Command {
    let mut process = Command::new("sh");
    process.args(["-c", command]);
    process
}

#[cfg(not(unix))]
fn shell(command: &str) -> Command {
    let mut process = Command::new("cmd");
    process.args(["/C", command]);
    process
}
