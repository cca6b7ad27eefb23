//! Changes single values in the text of a configuration, and leaves every other byte as it is.
//!
//! A file belongs to whom wrote it: comments, order and quotes stay. Where a value is comes from
//! the parser; how far it reaches is read here, for the ways in which people write these files.
//! Whoever calls this reads the result back and compares, so that what is not understood is
//! refused and never written.

mod list;
mod scan;
mod write;

use std::ops::Range;

use self::scan::{Kind, Spot};

/// What a key is to hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Written {
    Nothing,
    Text(String),
    Number(i32),
    /// `old` is what the list holds now, with all variables filled in.
    List {
        old: Vec<String>,
        new: Vec<String>,
    },
}

/// One value to change. The keys are divided by dots.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Edit {
    pub key: &'static str,
    pub value: Written,
}

/// A key whose value is written in a way that is not changed here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unclear {
    pub key: &'static str,
}

/// Pieces of a text and what is to be there instead.
type Splices = Vec<(Range<usize>, String)>;

/// The text with the values changed.
pub(super) fn edit(text: &str, edits: &[Edit]) -> Result<String, Unclear> {
    let mut text = text.to_owned();
    for edit in edits {
        let splices = splices(&text, edit).ok_or(Unclear { key: edit.key })?;
        text = spliced(&text, splices);
    }
    Ok(text)
}

fn spliced(text: &str, mut splices: Splices) -> String {
    let mut text = text.to_owned();
    splices.sort_by_key(|(range, _)| (range.start, range.end));
    for (range, new) in splices.into_iter().rev() {
        text.replace_range(range, &new);
    }
    text
}

/// How the text changes; `None` if that is not clear.
fn splices(text: &str, edit: &Edit) -> Option<Splices> {
    let keys: Vec<&str> = edit.key.split('.').collect();
    for depth in (1..=keys.len()).rev() {
        let (there, missing) = keys.split_at_checked(depth)?;
        if let Some(spot) = scan::spot(text, there)? {
            return match missing {
                [] => replace(text, &spot, &edit.value),
                missing => insert(text, &spot, missing, &edit.value),
            };
        }
    }
    let newline = scan::newline(text);
    let end = if text.is_empty() || text.ends_with('\n') { "" } else { newline };
    let lines = write::nested(&keys, &edit.value, 0, newline);
    Some(vec![(text.len()..text.len(), format!("{end}{lines}"))])
}

/// Puts a value in the place of another.
fn replace(text: &str, spot: &Spot, value: &Written) -> Option<Splices> {
    if let (Written::List { old, new }, Kind::List) = (value, spot.kind)
        && !old.is_empty()
    {
        return list::splices(text, spot, old, new);
    }
    match spot.inline {
        Some(start) => {
            let end = scan::inline_end(text, start, spot.flow)?;
            if let (Written::List { new, .. }, false) = (value, spot.flow)
                && write::too_long(spot.column, spot.keys, value)
            {
                let line = scan::line_end(text, end);
                let ended = text.get(..line).is_some_and(|before| before.ends_with('\n'));
                let lines = write::items(new, spot.column + 2, scan::newline(text));
                let before = if ended { "" } else { scan::newline(text) };
                return Some(vec![
                    (spot.colon..end, String::new()),
                    (line..line, format!("{before}{lines}")),
                ]);
            }
            let quote = text.get(start..).and_then(|rest| rest.chars().next());
            Some(vec![(start..end, write::value(value, quote))])
        }
        None if spot.kind == Kind::Nothing => {
            Some(vec![(spot.colon..spot.colon, format!(" {}", write::value(value, None)))])
        }
        None => {
            let (first, last) = scan::block(text, spot)?;
            let value = format!(" {}", write::value(value, None));
            Some(vec![(spot.colon..spot.colon, value), (first..last, String::new())])
        }
    }
}

/// Puts keys and a value into the mapping at `spot`.
fn insert(text: &str, spot: &Spot, keys: &[&str], value: &Written) -> Option<Splices> {
    let newline = scan::newline(text);
    let empty = matches!(spot.kind, Kind::Nothing | Kind::EmptyMapping);
    if !empty && spot.kind != Kind::Mapping {
        return None;
    }
    match spot.inline {
        Some(start) if empty => {
            let end = scan::inline_end(text, start, spot.flow)?;
            if spot.flow {
                return Some(vec![(start..end, format!("{{{}}}", write::flow(keys, value)))]);
            }
            let line = scan::line_end(text, end);
            Some(vec![
                (spot.colon..end, String::new()),
                (line..line, after_line(text, line, keys, value, spot.column + 2)),
            ])
        }
        Some(start) => {
            let end = scan::inline_end(text, start, spot.flow)?;
            let inside = text.get(start..end)?.strip_suffix('}')?.trim_end();
            let at = start + inside.len();
            let comma = if inside.ends_with(',') { " " } else { ", " };
            Some(vec![(at..at, format!("{comma}{}", write::flow(keys, value)))])
        }
        None if empty => {
            let line = scan::line_end(text, spot.colon);
            Some(vec![(line..line, after_line(text, line, keys, value, spot.column + 2))])
        }
        None => {
            let column = scan::child_column(text, spot)?;
            let at = scan::block_with_remarks(text, spot)?;
            let end = if text.get(..at)?.ends_with('\n') { "" } else { newline };
            let lines = write::nested(keys, value, column, newline);
            Some(vec![(at..at, format!("{end}{lines}"))])
        }
    }
}

/// New lines behind the line that ends at `line`.
fn after_line(text: &str, line: usize, keys: &[&str], value: &Written, column: usize) -> String {
    let newline = scan::newline(text);
    let lines = write::nested(keys, value, column, newline);
    let ended = text.get(..line).is_some_and(|before| before.ends_with('\n'));
    if ended { lines } else { format!("{newline}{lines}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(value: &str) -> Written {
        Written::Text(value.into())
    }

    fn list(old: &[&str], new: &[&str]) -> Written {
        let owned = |list: &[&str]| list.iter().map(|item| (*item).to_owned()).collect();
        Written::List { old: owned(old), new: owned(new) }
    }

    fn edited(before: &str, key: &'static str, value: Written) -> String {
        edit(before, &[Edit { key, value }]).unwrap_or_else(|unclear| format!("{unclear:?}"))
    }

    #[test]
    fn a_word_is_replaced_and_its_remark_and_quotes_stay() {
        for (before, after) in [
            ("a:\n  b: x   # why\nc: 1\n", "a:\n  b: y   # why\nc: 1\n"),
            ("a:\n  b: 'x' # why\n", "a:\n  b: 'y' # why\n"),
            ("a:\r\n  b: \"x\"\r\n", "a:\r\n  b: \"y\"\r\n"),
            ("a: {b: x, c: d}", "a: {b: y, c: d}"),
            ("a: {c: d, \"b\": null}\n", "a: {c: d, \"b\": y}\n"),
            ("a:\n  b:   # nothing\n  c: d\n", "a:\n  b: y   # nothing\n  c: d\n"),
            ("a: { b: ~ }", "a: { b: y }"),
        ] {
            assert_eq!(edited(before, "a.b", text("y")), after);
        }
        assert_eq!(edited("é: ü\na: x # ö\n", "a", Written::Nothing), "é: ü\na: null # ö\n");
    }

    #[test]
    fn a_key_that_is_missing_comes_to_the_end_of_the_mapping_around_it() {
        for (before, after) in [
            ("", "a:\n  b: y\n"),
            ("c: d", "c: d\na:\n  b: y\n"),
            (
                "a:\n    c: d\n    # more\n\n# end\ne: f\n",
                "a:\n    c: d\n    # more\n    b: y\n\n# end\ne: f\n",
            ),
            ("a: null # why\ne: f\n", "a: # why\n  b: y\ne: f\n"),
            ("a:", "a:\n  b: y\n"),
            ("a: {}\n", "a:\n  b: y\n"),
            ("a: {c: d}\n", "a: {c: d, b: y}\n"),
            ("a: {c: d,}\n", "a: {c: d, b: y}\n"),
            ("a:\n  c: d", "a:\n  c: d\n  b: y\n"),
        ] {
            assert_eq!(edited(before, "a.b", text("y")), after, "{before}");
        }
        let deep = edited("x: {a: {}}", "x.a.b.c", text("y"));
        assert_eq!(deep, "x: {a: {b: {c: y}}}");
    }

    #[test]
    fn of_a_list_each_item_comes_and_goes_alone() {
        let value = || list(&["x", "y"], &["y", "z"]);
        for (before, after) in [
            (
                "a:\n  - 'x' # one\n  # two\n  - 'y' # 2\nb: 1\n",
                "a:\n  # two\n  - 'y' # 2\n  - z\nb: 1\n",
            ),
            ("a:\n- x\n- y", "a:\n- y\n- z"),
            ("a: [x, 'y'] # why\n", "a: ['y', z] # why\n"),
            ("a: [x,\n  y]\n", "a: [y, z]\n"),
            ("{a: [x, y], c: d}", "{a: [y, z], c: d}"),
        ] {
            assert_eq!(edited(before, "a", value()), after, "{before}");
        }
        let more = || list(&["x"], &["x", "y"]);
        assert_eq!(edited("a: [\n  x, # one\n]\n", "a", more()), "a: [\n  x, y, # one\n]\n");
        assert_eq!(edited("a: []\n", "a", list(&[], &["x"])), "a: [x]\n");
        let (x, y) = ("x".repeat(60), "y".repeat(60));
        let long = edited("a: [] # why\nb: c\n", "a", list(&[], &[&x, &y]));
        assert_eq!(long, format!("a: # why\n  - {x}\n  - {y}\nb: c\n"));
        assert_eq!(
            edited("a:\n- x\n# end\nb: 1\n", "a", list(&["x"], &[])),
            "a: []\n# end\nb: 1\n"
        );
    }

    #[test]
    fn a_whole_block_can_go() {
        let before = "a:\n  b:\n    c: d\n\n    # e\n    f: |\n      # g\n  # h\n  i: j\n";
        assert_eq!(
            edited(before, "a.b", Written::Nothing),
            "a:\n  b: null\n      # g\n  # h\n  i: j\n"
        );
    }

    #[test]
    fn what_is_written_in_a_rare_way_is_not_touched() {
        for before in ["a: &x y\nb: *x\n", "a: !!str y\n", "a: >\n  y\n", "a: [x, # one\n y]\n"] {
            assert_eq!(edited(before, "a", list(&["x", "y"], &["y"])), "Unclear { key: \"a\" }");
        }
    }
}
