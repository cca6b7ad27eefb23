//! The way to the network for our own calls, and the new start with which others are told of it.
//!
//! Google's library, `gcloud` and credential processes read the environment alone, and no running
//! program may change its own: other threads read it. So the program starts itself once more, before
//! it has done or said anything, with the variables that they read.

use std::{collections::BTreeMap, ops::ControlFlow, path::Path, process::Command};

use super::{flags::folder, variable};
use crate::{
    claude::variable as v,
    config::Proxy,
    error::{Error, Kind, Result},
    proxy::Network,
    ui::Exit,
};

/// Variables, with what they held before they were handed on, if they were set.
type Before = BTreeMap<String, Option<String>>;

/// What the configuration at `path` says, and where it says nothing, the environment.
pub(super) fn of(proxy: &Proxy, path: &Path) -> Result<Network> {
    Network::of(proxy, &folder(path), &variable)
}

/// Goes on, if the environment says all that `network` does. Else the program starts anew, which on
/// Unix ends this one, and elsewhere breaks with what the other ended with.
pub(super) fn hand_on(network: &Network) -> Result<ControlFlow<Exit>> {
    let handover = network.handover(&|name| std::env::var_os(name));
    if handover.is_empty() {
        return Ok(ControlFlow::Continue(()));
    }
    let not_anew = |why| {
        let message = "could not start anew with the proxy's variables";
        Error::new(Kind::Internal, message).caused_by(why)
    };
    let mut before = handed_on();
    for (name, _) in &handover {
        before.entry((*name).to_owned()).or_insert_with(|| variable(name));
    }
    let mark = serde_json::to_string(&(std::process::id(), before)).map_err(|error| {
        Error::new(Kind::Internal, "could not tell what was handed on").caused_by(error)
    })?;
    let mut command = Command::new(std::env::current_exe().map_err(not_anew)?);
    command.args(std::env::args_os().skip(1)).envs(handover);
    command.env(v::GROUNDWORK_HANDED_ON.name, mark);
    anew(command).map(ControlFlow::Break).map_err(not_anew)
}

/// Takes from a command what was handed on to this process for its own calls alone.
pub(super) fn take_back(command: &mut Command) {
    for (name, before) in handed_on() {
        match before {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command.env_remove(v::GROUNDWORK_HANDED_ON.name);
}

/// What this very process was started anew with: on Unix its number stays. What one above it was is
/// as much its environment as anything else.
fn handed_on() -> Before {
    let mark = variable(v::GROUNDWORK_HANDED_ON.name).unwrap_or_default();
    match serde_json::from_str::<(u32, Before)>(&mark) {
        Ok((process, before)) if process == std::process::id() => before,
        _ => Before::new(),
    }
}

#[cfg(unix)]
fn anew(mut command: Command) -> std::io::Result<Exit> {
    use std::os::unix::process::CommandExt as _;
    Err(command.exec())
}

#[cfg(not(unix))]
fn anew(mut command: Command) -> std::io::Result<Exit> {
    let code = command.status()?.code();
    let all = [Exit::Done, Exit::Usage, Exit::Pending, Exit::Interrupted];
    let same = all.into_iter().find(|exit| code == Some(exit.code().into()));
    Ok(same.unwrap_or(Exit::Failed))
}
