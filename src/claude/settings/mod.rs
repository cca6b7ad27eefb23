//! Claude Code's settings files: the user's own, into which our part is merged, and the company's,
//! which is written whole.
//!
//! A settings file belongs to whom wrote it: unknown keys, order, remarks and the way in which it is
//! written stay, byte for byte. `jsonc-parser` says where everything is, and single pieces of the
//! text are exchanged. Its own tree for edits is not used: it moves blank lines and breaks lines
//! that are not touched. Whatever was exchanged is read back and compared before it is handed on.

mod change;
mod document;
mod insert;
mod managed;
mod memory;
mod merge;
mod other;
mod place;
mod remove;

use std::{fmt, ops::Range};

pub use self::{
    change::{Changes, put, undo},
    managed::{is_ours, managed_text},
    merge::{merge, unread, value},
    other::{Other, What, above, beside, device_management},
    place::{Platform, USER_FILE},
};

/// What in a text is not as it must be, and where: both are counted from 1, in characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    pub line: usize,
    pub column: usize,
    what: String,
}

impl Fault {
    /// At a byte of a text, or behind all of it.
    pub fn at(text: &str, at: usize, what: impl Into<String>) -> Self {
        let before = text.get(..at).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |line_break| line_break + 1);
        let column = before.get(line_start..).unwrap_or_default().chars().count() + 1;
        Self { line: before.matches('\n').count() + 1, column, what: what.into() }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The parser begins with a capital.
        let mut letters = self.what.chars();
        match letters.next() {
            Some(first) => write!(f, "{}{}", first.to_lowercase(), letters.as_str()),
            None => Ok(()),
        }
    }
}

/// Pieces of a text and what is to be there instead.
type Splices = Vec<(Range<usize>, String)>;
