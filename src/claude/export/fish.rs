//! Commands for fish.
//!
//! fish has variables that outlive the session, and a developer may have put one of ours there. It
//! is his: it is hidden by an empty value for this session, not erased for good.

use std::fmt::Write as _;

use super::Change;

pub(super) fn write(change: &Change<'_>) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    if !change.undo.is_empty() {
        let _ = writeln!(text, "set -eg {}", change.undo.join(" "));
    }
    if !change.take_back.is_empty() {
        let names = change.take_back.join(" ");
        let _ = writeln!(
            text,
            "begin; set -l name; for name in {names}; \
             set -eg $name; set -qU $name; and set -gx $name ''; end; end"
        );
    }
    for entry in &change.set {
        let _ = writeln!(text, "set -gx {} {}", entry.name, quoted(entry.value));
    }
    text
}

/// As in other shells, but a backslash before a backslash or a quote has a meaning.
fn quoted(value: &str) -> String {
    format!("'{}'", value.replace('\\', r"\\").replace('\'', r"\'"))
}
