//! From text to values: the one kind of mistake behind which nothing else can be said.
//!
//! The parser's own words are for someone who knows its grammar. Here they are turned into what a
//! person sees in the file; what is not known here is passed on as it is.

use super::{
    place::Place,
    quote::quote,
    tree::{self, Fault, Tree},
};
use crate::error::{Error, Kind};

/// More than this many `[` and `{` take the parser longer than anyone waits: its time grows with
/// the square of their depth.
const MOST_BRACKETS: usize = 10_000;

/// Reads the values of a text.
pub(super) fn parse(text: &str, label: &str) -> Result<Tree, Error> {
    if let Some((at, _)) = text.match_indices(['[', '{']).nth(MOST_BRACKETS) {
        let place = Place::after(label, text.get(..at).unwrap_or_default());
        let message = format!("{place}: the file has more than {MOST_BRACKETS} `[` and `{{`");
        return Err(Error::new(Kind::Config, message));
    }
    tree::build(text).map_err(|(error, fault)| {
        let place = error.location().map(|location| Place::at(label, &location));
        let (place, message, hint) = match fault {
            Some(fault) => of_fault(place, fault),
            None => of_parser(text, label, place, &error.to_string()),
        };
        let message = match place {
            Some(place) => format!("{place}: {message}"),
            None => format!("{label}: {message}"),
        };
        let error = Error::new(Kind::Config, message);
        match hint {
            Some(hint) => error.hint(hint),
            None => error,
        }
    })
}

/// Where, what, and what to do.
type Said = (Option<Place>, String, Option<String>);

fn of_fault(place: Option<Place>, fault: Fault) -> Said {
    let (message, hint) = match fault {
        Fault::TooMuch => (
            "the file holds more values than a configuration can have".into(),
            Some("an alias (`*name`) counts for all that it repeats".into()),
        ),
        Fault::Tag(tag) => (
            format!("`!{}` is a YAML tag, and a configuration has none", quote(&tag)),
            Some("text that begins with `!` needs quotes".into()),
        ),
        Fault::DuplicateKey(key) => {
            (format!("the key `{}` is here twice", quote(&key)), Some("keep one of them".into()))
        }
        Fault::KeyNotText => ("a key must be text".into(), Some("put it in quotes".into())),
        Fault::Merge => ("`<<` takes a mapping or a list of mappings".into(), None),
    };
    (place, message, hint)
}

fn of_parser(text: &str, label: &str, place: Option<Place>, words: &str) -> Said {
    let said = |message: &str, hint: &str| {
        let hint = (!hint.is_empty()).then(|| hint.to_owned());
        (place.clone(), message.to_owned(), hint)
    };
    let begun = || context(label, words);
    let quotes = "put the text in quotes";
    match words {
        _ if words.contains("more than one document") => {
            let hint = "keep each document in a file of its own";
            (
                second_document(text, label),
                "the file holds more than one document".into(),
                Some(hint.into()),
            )
        }
        _ if words.contains("recursion limit") => {
            said("lists and mappings are nested more than 128 deep", "")
        }
        _ if words.contains("repetition limit") => said("aliases repeat too much", ""),
        _ if words.contains("unknown anchor") => said(
            "this alias names an anchor that is not there",
            "text that begins with `*` needs quotes",
        ),
        _ if words.contains("tab character") => of_tab(place),
        _ if words.contains("cannot start any token") => {
            match place.as_ref().and_then(|at| character(text, at)) {
                Some('\t') => of_tab(place),
                Some(char) => {
                    said(&format!("text cannot begin with `{}`", quote(&char.to_string())), quotes)
                }
                None => said("this cannot begin a value", quotes),
            }
        }
        _ if words.contains("mapping values are not allowed") => said(
            "a second `:` on this line, or a wrong indentation",
            "put text with `: ` in it in quotes, and give keys of one mapping one indentation",
        ),
        _ if words.contains("quoted scalar") && words.contains("end of stream") => {
            (begun().or(place), "this quote is never closed".into(), None)
        }
        _ if words.contains("unknown escape") => {
            said("there is no such escape", "in single quotes a backslash is only a backslash")
        }
        _ if words.contains("parsing a flow") => (
            begun().or(place),
            "this bracket is never closed, or a comma is missing in it".into(),
            None,
        ),
        _ if words.contains("could not find expected ':'") => {
            (begun().or(place), "this line has no `:` after its key".into(), None)
        }
        _ if words.contains("did not find expected") => {
            said("the indentation of this line does not fit the lines above", "")
        }
        _ => said(&format!("this is not YAML: {}", quote(first_clause(words))), ""),
    }
}

fn of_tab(place: Option<Place>) -> Said {
    (place, "a tab cannot indent".into(), Some("indent with spaces".into()))
}

/// What the parser says, without its places.
fn first_clause(words: &str) -> &str {
    let end = words.find(" at line ").or_else(|| words.find(", while ")).unwrap_or(words.len());
    words.get(..end).unwrap_or(words)
}

/// Where that began which the parser was reading, if it says so.
fn context(label: &str, words: &str) -> Option<Place> {
    let (_, rest) = words.rsplit_once("while ")?;
    let (_, rest) = rest.split_once(" at line ")?;
    let (line, rest) = rest.split_once(" column ")?;
    let digits = rest.split(|c: char| !c.is_ascii_digit()).next()?;
    Some(Place { path: label.to_owned(), line: line.parse().ok()?, column: digits.parse().ok()? })
}

fn character(text: &str, place: &Place) -> Option<char> {
    text.lines().nth(place.line.checked_sub(1)?)?.chars().nth(place.column.checked_sub(1)?)
}

/// Where the second document begins.
fn second_document(text: &str, label: &str) -> Option<Place> {
    let mut begun = false;
    for (number, line) in text.lines().enumerate() {
        let divides = line.starts_with("---");
        if divides && begun {
            return Some(Place { path: label.to_owned(), line: number + 1, column: 1 });
        }
        let blank = line.trim().is_empty() || line.starts_with('#') || line.starts_with('%');
        begun = begun || divides || !blank;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> String {
        let error = parse(text, "c.yaml").unwrap_err();
        let hints =
            error.hints().iter().map(|hint| format!(" ({hint})")).collect::<Vec<_>>().concat();
        format!("{error}{hints}")
    }

    #[test]
    fn mistakes_of_syntax_are_said_with_their_place() {
        for (text, wanted) in [
            ("a:\n\tb: 1\n", "c.yaml:2:1: a tab cannot indent (indent with spaces)"),
            ("a: 1\n\tb: 1\n", "c.yaml:2:1: a tab cannot indent (indent with spaces)"),
            ("a: \"x\nb: 1\n", "c.yaml:1:4: this quote is never closed"),
            ("a: @x\n", "c.yaml:1:4: text cannot begin with `@` (put the text in quotes)"),
            (
                "a:\n    b: 1\n  c: 2\n",
                "c.yaml:3:3: the indentation of this line does not fit the lines above",
            ),
            ("a: 1\nb\nc: 1\n", "c.yaml:2:1: this line has no `:` after its key"),
            (
                "a: [1, 2\nb: 3\n",
                "c.yaml:1:4: this bracket is never closed, or a comma is missing in it",
            ),
            ("a: 1\nb: 2\na: 3\n", "c.yaml:3:1: the key `a` is here twice (keep one of them)"),
            (
                "a: *x\n",
                "c.yaml:1:4: this alias names an anchor that is not there \
                 (text that begins with `*` needs quotes)",
            ),
            ("1: a\n", "c.yaml:1:1: a key must be text (put it in quotes)"),
            (
                "a:\n  b: !x c\n",
                "c.yaml:2:6: `!x` is a YAML tag, and a configuration has none \
                 (text that begins with `!` needs quotes)",
            ),
            (
                "# x\n---\na: 1\n---\nb: 2\n",
                "c.yaml:4:1: the file holds more than one document \
                 (keep each document in a file of its own)",
            ),
            (
                "a: \"\\q\"\n",
                "c.yaml:1:5: there is no such escape \
                 (in single quotes a backslash is only a backslash)",
            ),
        ] {
            assert_eq!(said(text), wanted, "{text}");
        }
        assert!(said("a: b: c\n").starts_with("c.yaml:1:5: a second `:` on this line"));
    }

    #[test]
    fn a_hundred_thousand_nested_lists_end_as_an_error() {
        for open in ["[", "{a: ", "? [", "- ["] {
            assert!(said(&open.repeat(100_000)).contains("more than 10000 `[` and `{`"));
        }
        for open in ["[", "{a: ", "- "] {
            let text = open.repeat(5_000);
            assert!(said(&text).contains("nested more than 128 deep"), "{open}");
        }
        assert!(said("a: &a [*a]").contains("nested more than 128 deep"));
    }

    #[test]
    fn a_text_that_stands_for_too_much_ends_as_an_error() {
        let list = format!("a: [{}]", "x, ".repeat(60_000));
        assert!(said(&list).contains("holds more values than a configuration can have"));
    }
}
