//! How a user's own text is put into a message: on one line, short, and unable to move the cursor.

use std::{borrow::Cow, fmt::Write as _};

const MOST: usize = 100;

/// `text` with its control characters escaped, cut after 100 characters. What a URL in it has
/// before its host is a password more often than not, wherever it was put by mistake.
pub(super) fn quote(text: &str) -> String {
    let text = &without_user(text);
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}...", escape(text.get(..end).unwrap_or_default())),
        None => escape(text),
    }
}

fn without_user(text: &str) -> Cow<'_, str> {
    let parts = text.split_once("://").and_then(|(scheme, rest)| {
        let (_, host) = rest.rsplit_once('@')?;
        Some((scheme, host))
    });
    match parts {
        Some((scheme, host)) => format!("{scheme}://***@{host}").into(),
        None => text.into(),
    }
}

/// `text` with its control characters escaped.
pub(super) fn escape(text: &str) -> String {
    let mut quoted = String::new();
    for char in text.chars() {
        // Characters that turn the direction of text make a message read as something else.
        let turns = matches!(
            char,
            '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2066}'..='\u{2069}'
                | '\u{feff}'
        );
        if char.is_control() || turns {
            // Writing to a string cannot fail.
            let _ = match char {
                '\n' => quoted.write_str("\\n"),
                '\r' => quoted.write_str("\\r"),
                '\t' => quoted.write_str("\\t"),
                other => write!(quoted, "{}", other.escape_unicode()),
            };
        } else {
            quoted.push(char);
        }
    }
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_cannot_move_the_cursor_or_turn_the_line() {
        assert_eq!(quote("a\u{1b}[2J\n\u{202e}b"), "a\\u{1b}[2J\\n\\u{202e}b");
        assert_eq!(quote("x 'http://a:b@c@h:1', y"), "x 'http://***@h:1', y");
        assert_eq!(quote(&"é".repeat(200)), format!("{}...", "é".repeat(100)));
    }
}
