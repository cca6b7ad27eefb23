//! Lines of the file that `GITHUB_ENV` names in a job of GitHub Actions, and of the job's log.
//!
//! The runner reads the file after the step, and shows the variables in the log of every later one.
//! So the runner must know what is secret before the file has it.

use std::fmt::Write as _;

use percent_encoding::percent_decode_str;

use super::{Change, unwritable};
use crate::error::Result;

pub(super) fn write(change: &Change<'_>) -> Result<String> {
    let mut text = String::new();
    let cleared = change.cleared().map(|name| (name, ""));
    for (name, value) in cleared.chain(change.set.iter().map(|entry| (entry.name, entry.value))) {
        let upper = name.to_ascii_uppercase();
        let reserved = ["GITHUB_", "RUNNER_"].iter().any(|start| upper.starts_with(start));
        if reserved || upper == "NODE_OPTIONS" {
            return Err(unwritable(name, "for GitHub", "it lets no step set this variable")
                .hint("set it for the one step: groundwork env --exec -- COMMAND"));
        }
        // A runner on Windows takes it for a part of the line's end.
        if value.ends_with('\r') {
            return Err(unwritable(name, "for GitHub", "it ends with a carriage return"));
        }
        // Writing to a string cannot fail.
        let _ = if value.contains(['\n', '\r']) {
            let end = delimiter(value);
            writeln!(text, "{name}<<{end}\n{value}\n{end}")
        } else {
            writeln!(text, "{name}={value}")
        };
    }
    Ok(text)
}

/// A line that is not in the value.
fn delimiter(value: &str) -> String {
    let mut delimiter = "GROUNDWORK_END".to_owned();
    while value.contains(&delimiter) {
        delimiter.push('_');
    }
    delimiter
}

/// What of a secret must not be seen: all of it, and of a URL the password, or the user alone, which
/// is a token then. A proxy's answer or a tool's message may have it without the rest.
pub(super) fn hidden(value: &str) -> Vec<String> {
    let mut hidden = vec![value.to_owned()];
    let authority =
        value.split_once("://").and_then(|(_, rest)| rest.split(['/', '?', '#']).next());
    if let Some((user, _)) = authority.and_then(|authority| authority.rsplit_once('@')) {
        let secret = user.split_once(':').map_or(user, |(_, password)| password);
        hidden.push(secret.to_owned());
        hidden.push(percent_decode_str(secret).decode_utf8_lossy().into_owned());
    }
    hidden.retain(|secret| !secret.is_empty());
    hidden
}

/// The workflow command that hides a value, and each of its lines, in what is logged from then on.
pub(super) fn mask(value: &str) -> String {
    let value = value.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A");
    format!("::add-mask::{value}\n")
}
