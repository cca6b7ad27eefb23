//! `NAME=VALUE` lines, for Docker Compose, systemd and the dotenv libraries.
//!
//! There is no one grammar. What is written is what they all read alike, shells included, and what
//! they do not agree on is refused.

use std::fmt::Write as _;

use super::{Change, Entry, unwritable};
use crate::error::Result;

pub(super) fn write(change: &Change<'_>) -> Result<String> {
    let mut text = String::new();
    // Writing to a string cannot fail.
    for name in change.cleared() {
        let _ = writeln!(text, "{name}=");
    }
    for entry in &change.set {
        let _ = writeln!(text, "{}={}", entry.name, quoted(*entry)?);
    }
    Ok(text)
}

/// Bare where there is nothing to quote; otherwise in single quotes. There is no way to write a
/// quote, a line break or a backslash there that all know, and some look for variables even there.
fn quoted(entry: Entry<'_>) -> Result<String> {
    let Entry { name, value, .. } = entry;
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./:@%+,".contains(c);
    if value.chars().all(plain) {
        return Ok(value.to_owned());
    }
    let Some(odd) = value.chars().find(|c| "'\\$".contains(*c) || c.is_control()) else {
        return Ok(format!("'{value}'"));
    };
    let why = match odd {
        '\'' => "it holds a single quote",
        '\\' => "it holds a backslash",
        '$' => "it holds a dollar sign",
        '\n' | '\r' => "it holds a line break",
        _ => "it holds a control character",
    };
    Err(unwritable(name, "as dotenv", why)
        .hint("readers of such files do not agree on it; use `--format shell` or `--format json`"))
}
