//! Commands for PowerShell, the one of Windows (5.1) and the one of all systems (7).
//!
//! PowerShell takes the output of a program apart at its line breaks, and reads its bytes in the
//! code page of the console, in which a character of UTF-8 may look like one of the five quotes that
//! PowerShell knows. So all is in ASCII, and a command is one line. Only casts and operators are
//! used, which the constrained language mode of a locked machine allows as well.

use std::fmt::Write as _;

use super::Change;

pub(super) fn write(change: &Change<'_>) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    for name in change.cleared() {
        let _ = writeln!(text, "$env:{name} = $null");
    }
    for entry in &change.set {
        let _ = writeln!(text, "$env:{} = {}", entry.name, expression(entry.value));
    }
    text
}

/// Single-quoted pieces, in which only the quote has a meaning, and between them the UTF-16 units of
/// all that is not plain ASCII; joined, rather than added, so that a long value is no deep expression.
fn expression(value: &str) -> String {
    let plain = |c: char| matches!(c, ' '..='~');
    let mut parts = Vec::new();
    let mut rest = value;
    while !rest.is_empty() {
        let (piece, others) = rest.split_at(rest.find(|c| !plain(c)).unwrap_or(rest.len()));
        if !piece.is_empty() {
            parts.push(format!("'{}'", piece.replace('\'', "''")));
        }
        let (odd, others) = others.split_at(others.find(plain).unwrap_or(others.len()));
        parts.extend(odd.encode_utf16().map(|unit| format!("[char]0x{unit:X}")));
        rest = others;
    }
    match parts.as_slice() {
        [] => "''".to_owned(),
        [only] if only.starts_with('\'') => only.clone(),
        parts => format!("-join ({})", parts.join(",")),
    }
}
