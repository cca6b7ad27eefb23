//! How values are written: as plainly as YAML reads them back the same.

use super::Written;

/// A line with a list is not made longer than this if it can be helped.
const WIDTH: usize = 100;

/// A value on one line. Text takes the quotes of the text before it.
pub(super) fn value(value: &Written, quote: Option<char>) -> String {
    match value {
        Written::Nothing => "null".into(),
        Written::Number(number) => number.to_string(),
        Written::Text(text) => scalar(text, quote),
        Written::List { new, .. } => {
            let items: Vec<String> = new.iter().map(|item| scalar(item, None)).collect();
            format!("[{}]", items.join(", "))
        }
    }
}

/// A text as one word.
pub(super) fn scalar(text: &str, quote: Option<char>) -> String {
    // What is filled in on reading is not what is meant here.
    let text = text.replace("${", "$${");
    let printable = !text.chars().any(char::is_control);
    match quote {
        Some('\'') if printable => format!("'{}'", text.replace('\'', "''")),
        Some('"') => quoted(&text),
        _ if plain(&text) => text,
        _ => quoted(&text),
    }
}

fn quoted(text: &str) -> String {
    // A text of JSON is one of YAML.
    serde_json::Value::from(text).to_string()
}

fn plain(text: &str) -> bool {
    let word = |c: char| c.is_ascii_alphanumeric() || "_./@+=:-".contains(c);
    // What begins with a digit, and these words, are something else to some readers of YAML.
    let starts = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/');
    let truth = ["yes", "no", "on", "off"].contains(&&*text.to_ascii_lowercase());
    let same = || {
        serde_yaml::from_str::<serde_yaml::Value>(text)
            .is_ok_and(|read| read.as_str() == Some(text))
    };
    starts && !truth && !text.ends_with(':') && text.chars().all(word) && same()
}

/// Keys within each other and a value, as lines.
pub(super) fn nested(keys: &[&str], value: &Written, column: usize, newline: &str) -> String {
    let mut lines = Vec::new();
    let indent = |depth: usize| " ".repeat(column + 2 * depth);
    let Some((last, above)) = keys.split_last() else { return String::new() };
    for (depth, key) in above.iter().enumerate() {
        lines.push(format!("{}{key}:", indent(depth)));
    }
    let depth = above.len();
    let mut text: String = lines.into_iter().map(|line| line + newline).collect();
    match value {
        Written::List { new, .. } if too_long(column + 2 * depth, keys, value) => {
            text.push_str(&[indent(depth).as_str(), last, ":", newline].concat());
            text.push_str(&items(new, column + 2 * depth + 2, newline));
        }
        _ => {
            let value = self::value(value, None);
            text.push_str(&[indent(depth).as_str(), last, ": ", &value, newline].concat());
        }
    }
    text
}

/// Whether the key and its value are too long for one line.
pub(super) fn too_long(column: usize, keys: &[&str], value: &Written) -> bool {
    let key = keys.last().map_or(0, |key| key.chars().count());
    column + key + 2 + self::value(value, None).chars().count() > WIDTH
}

/// A line for each item of a list.
pub(super) fn items(items: &[String], column: usize, newline: &str) -> String {
    let indent = " ".repeat(column);
    items.iter().map(|item| [&indent, "- ", &scalar(item, None), newline].concat()).collect()
}

/// Keys within each other and a value, within braces.
pub(super) fn flow(keys: &[&str], value: &Written) -> String {
    match keys {
        [] => self::value(value, None),
        [key] => format!("{key}: {}", self::value(value, None)),
        [key, rest @ ..] => format!("{key}: {{{}}}", flow(rest, value)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_has_quotes_only_where_it_needs_them() {
        for (text, written) in [
            ("us-east-1", "us-east-1"),
            ("arn:aws:iam::123456789012:role/a", "arn:aws:iam::123456789012:role/a"),
            ("https://h/x?a=b", "\"https://h/x?a=b\""),
            ("email:a@example.com", "email:a@example.com"),
            ("123456789012", "\"123456789012\""),
            ("null", "\"null\""),
            ("Yes", "\"Yes\""),
            ("012345678901", "\"012345678901\""),
            ("*", "\"*\""),
            ("a b", "\"a b\""),
            ("${A}", "\"$${A}\""),
        ] {
            assert_eq!(scalar(text, None), written);
        }
        assert_eq!(scalar("it's", Some('\'')), "'it''s'");
        assert_eq!(scalar("a", Some('"')), "\"a\"");
    }
}
