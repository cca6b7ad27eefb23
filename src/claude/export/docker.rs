//! Lines of a file for `docker run --env-file`: all that follows the first `=` is the value, as it
//! stands. `NAME` alone would hand on what the caller's own shell has, so every line has its `=`.

use std::fmt::Write as _;

use super::{Change, unwritable};
use crate::error::Result;

/// Bytes of a line, with its end, from which on the Docker command line gives up.
const LINE: usize = 64 * 1024;

pub(super) fn write(change: &Change<'_>) -> Result<String> {
    let mut text = String::new();
    // Writing to a string cannot fail.
    for name in change.cleared() {
        let _ = writeln!(text, "{name}=");
    }
    for entry in &change.set {
        let line = format!("{}={}\n", entry.name, entry.value);
        if let Some(why) = obstacle(entry.value, line.len()) {
            return Err(unwritable(entry.name, "for Docker", why)
                .hint("give this one by name: docker run --env NAME, in a shell that has it"));
        }
        text.push_str(&line);
    }
    Ok(text)
}

fn obstacle(value: &str, line: usize) -> Option<&'static str> {
    // Some versions take such quotes off, and some do not.
    let quoted = ['\'', '"']
        .iter()
        .any(|quote| value.len() > 1 && value.starts_with(*quote) && value.ends_with(*quote));
    if value.contains(['\n', '\r']) {
        Some("it holds a line break")
    } else if quoted {
        Some("it begins and ends with a quote")
    } else if line >= LINE {
        Some("it is too long for a line of such a file")
    } else {
        None
    }
}
