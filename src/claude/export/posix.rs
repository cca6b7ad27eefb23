//! Commands for bash, zsh, and all that read as POSIX has it: sh, dash, ksh.

use std::fmt::Write as _;

use super::Change;

pub(super) fn write(change: &Change<'_>) -> String {
    let mut text = String::new();
    let cleared: Vec<&str> = change.cleared().collect();
    // Writing to a string cannot fail.
    if !cleared.is_empty() {
        let _ = writeln!(text, "unset {}", cleared.join(" "));
    }
    for entry in &change.set {
        let _ = writeln!(text, "export {}={}", entry.name, quoted(entry.value));
    }
    text
}

/// In single quotes nothing has a meaning but the quote, which is put outside of them. Two quotes
/// never follow each other inside, which zsh with `RC_QUOTES` would take for one.
fn quoted(value: &str) -> String {
    format!("'{}'", value.replace('\'', r"'\''"))
}
