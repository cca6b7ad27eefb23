//! Where a value begins and ends in a text.

use crate::config::{
    path::{Path, Step},
    place::{self, Part},
};

/// What a key holds, as far as it matters here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Nothing,
    Word,
    List,
    Mapping,
    EmptyMapping,
}

/// A key that is written in the text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spot<'a> {
    pub keys: &'a [&'a str],
    /// How far its line is indented.
    pub column: usize,
    /// Behind its colon.
    pub colon: usize,
    /// Where its value begins, if on the same line.
    pub inline: Option<usize>,
    pub kind: Kind,
    /// Within braces.
    pub flow: bool,
}

/// The key at the end of `keys`; `Some(None)` if it is not written, `None` if it is not clear.
#[expect(clippy::option_option, reason = "not there and not clear are two answers")]
pub(super) fn spot<'a>(text: &str, keys: &'a [&'a str]) -> Option<Option<Spot<'a>>> {
    let path = Path::from_steps(keys.iter().map(|key| Step::Key((*key).to_owned())).collect());
    let Some(start) = offset(text, &path, Part::Key) else { return Some(None) };
    let name = keys.last()?;
    let rest = text.get(start..)?;
    let after = [(*name).to_owned(), format!("\"{name}\""), format!("'{name}'")]
        .iter()
        .find_map(|written| rest.strip_prefix(written.as_str()))?
        .trim_start_matches([' ', '\t'])
        .strip_prefix(':')?;
    let colon = text.len() - after.len();
    let value = after.trim_start_matches([' ', '\t']);
    let inline = (!value.is_empty() && !value.starts_with(['#', '\n', '\r']))
        .then_some(text.len() - value.len());
    if inline.is_some() && value.starts_with(['&', '*', '!', '|', '>', '%', '@', '`']) {
        return None;
    }
    let (_, above) = keys.split_last()?;
    let flow = (1..=above.len()).any(|depth| {
        let Some(Some(Some(spot))) = above.get(..depth).map(|keys| spot(text, keys)) else {
            return false;
        };
        spot.inline.and_then(|at| text.get(at..)).is_some_and(|value| value.starts_with('{'))
    });
    let column = column(text, start);
    Some(Some(Spot { keys, column, colon, inline, kind: kind(text, keys)?, flow }))
}

fn kind(text: &str, keys: &[&str]) -> Option<Kind> {
    let whole: serde_yaml::Value = serde_yaml::from_str(text).ok()?;
    let value = keys.iter().try_fold(&whole, |value, key| value.get(*key))?;
    Some(match value {
        serde_yaml::Value::Null => Kind::Nothing,
        serde_yaml::Value::Sequence(_) => Kind::List,
        serde_yaml::Value::Mapping(mapping) if mapping.is_empty() => Kind::EmptyMapping,
        serde_yaml::Value::Mapping(_) => Kind::Mapping,
        _ => Kind::Word,
    })
}

/// Where the items of a list begin.
pub(super) fn items(text: &str, spot: &Spot<'_>, count: usize) -> Option<Vec<usize>> {
    let steps = spot.keys.iter().map(|key| Step::Key((*key).to_owned())).collect();
    let path = Path::from_steps(steps);
    (0..count).map(|index| offset(text, &path.clone().index(index), Part::Value)).collect()
}

fn offset(text: &str, path: &Path, part: Part) -> Option<usize> {
    let place = place::locate_exactly(text, path, part)?;
    let line: usize = text.split_inclusive('\n').take(place.line - 1).map(str::len).sum();
    let rest = text.get(line..)?;
    let column = rest.char_indices().map(|(at, _)| at).chain([rest.len()]);
    Some(line + column.clone().nth(place.column - 1)?)
}

pub(super) fn newline(text: &str) -> &'static str {
    if text.contains("\r\n") { "\r\n" } else { "\n" }
}

pub(super) fn line_start(text: &str, at: usize) -> usize {
    text.get(..at).and_then(|before| before.rfind('\n')).map_or(0, |newline| newline + 1)
}

/// Behind the newline of the line.
pub(super) fn line_end(text: &str, at: usize) -> usize {
    text.get(at..).and_then(|rest| rest.find('\n')).map_or(text.len(), |found| at + found + 1)
}

fn column(text: &str, at: usize) -> usize {
    at - line_start(text, at)
}

/// Where the value ends that begins at `start`. `None` where it goes on in a way unknown here.
pub(super) fn inline_end(text: &str, start: usize, flow: bool) -> Option<usize> {
    let value = text.get(start..)?;
    let length = match value.chars().next()? {
        '"' | '\'' => quoted_length(value)?,
        '[' | '{' => bracket_length(value)?,
        _ => word_length(value, flow),
    };
    Some(start + length)
}

fn quoted_length(value: &str) -> Option<usize> {
    let quote = value.chars().next()?;
    let mut chars = value.char_indices().skip(1).peekable();
    while let Some((at, c)) = chars.next() {
        if c == '\\' && quote == '"' {
            chars.next();
        } else if c == quote {
            if quote == '\'' && chars.peek().is_some_and(|(_, next)| *next == '\'') {
                chars.next();
                continue;
            }
            return Some(at + 1);
        }
    }
    None
}

fn bracket_length(value: &str) -> Option<usize> {
    let (mut depth, mut at, mut before) = (0_usize, 0, ' ');
    while let Some(c) = value.get(at..)?.chars().next() {
        let begins = before.is_whitespace() || "[{,:".contains(before);
        match c {
            '[' | '{' => depth += 1,
            ']' | '}' => {
                depth -= 1;
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            '"' | '\'' if begins => at += quoted_length(value.get(at..)?)? - 1,
            '#' if before.is_whitespace() => at = line_end(value, at) - 1,
            _ => {}
        }
        let c = value.get(at..)?.chars().next()?;
        at += c.len_utf8();
        before = c;
    }
    None
}

fn word_length(value: &str, flow: bool) -> usize {
    let line = value.split(['\n', '\r']).next().unwrap_or_default();
    let line = line.split(" #").next().unwrap_or_default();
    let line = line.split("\t#").next().unwrap_or_default();
    let line = if flow { line.split([',', ']', '}']).next().unwrap_or_default() } else { line };
    line.trim_end().len()
}

/// A line that belongs to the block below a key.
struct Line<'a> {
    end: usize,
    text: &'a str,
}

impl Line<'_> {
    fn indent(&self) -> usize {
        self.text.len() - self.text.trim_start_matches(' ').len()
    }

    fn blank(&self) -> bool {
        self.text.trim().is_empty()
    }

    fn remark(&self) -> bool {
        self.text.trim_start().starts_with('#')
    }
}

/// The lines below a key that are indented deeper, with blank ones and remarks among and behind.
fn lines<'t>(text: &'t str, spot: &Spot<'_>) -> Vec<Line<'t>> {
    let mut at = line_end(text, spot.colon);
    let mut lines = Vec::new();
    for piece in text.get(at..).unwrap_or_default().split_inclusive('\n') {
        at += piece.len();
        let line = Line { end: at, text: piece };
        let item = line.indent() == spot.column
            && spot.kind == Kind::List
            && (piece.trim_start().starts_with("- ") || piece.trim() == "-");
        if !line.blank() && !line.remark() && line.indent() <= spot.column && !item {
            break;
        }
        lines.push(line);
    }
    lines
}

/// From behind the key's line to behind the last line with a value.
pub(super) fn block(text: &str, spot: &Spot<'_>) -> Option<(usize, usize)> {
    let last = lines(text, spot).into_iter().rfind(|line| !line.blank() && !line.remark())?;
    Some((line_end(text, spot.colon), last.end))
}

/// Behind the last value of the block, and the remarks that directly follow it and are as deep.
pub(super) fn block_with_remarks(text: &str, spot: &Spot<'_>) -> Option<usize> {
    let (_, mut end) = block(text, spot)?;
    let behind = lines(text, spot).into_iter().skip_while(|line| line.end <= end);
    for line in behind.collect::<Vec<_>>() {
        if line.blank() || line.indent() <= spot.column {
            break;
        }
        end = line.end;
    }
    Some(end)
}

/// How far the keys of the block are indented.
pub(super) fn child_column(text: &str, spot: &Spot<'_>) -> Option<usize> {
    let lines = lines(text, spot);
    let first = lines.iter().find(|line| !line.blank() && !line.remark())?;
    Some(first.indent())
}
