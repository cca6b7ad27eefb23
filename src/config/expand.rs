//! `${NAME}` and `${file:PATH}` in values.
//!
//! Done on the values and not on the text, so that what a variable or a file holds can neither end
//! a value nor begin another, and is not itself expanded.

use std::path::{Path as FilePath, PathBuf};

use super::{
    path::{Path, Step},
    problem::{Problem, What},
    quote::quote,
    source::{self, Unreadable},
    tree::Tree,
};

const MOST_FILE_BYTES: u64 = 64 * 1024;
const MOST_TEXT_BYTES: usize = 1024 * 1024;

/// From where values are filled in, and what came of it.
pub(super) struct Expansion<'a> {
    folder: PathBuf,
    environment: &'a dyn Fn(&str) -> Option<String>,
    bytes_left: usize,
    at: Vec<Step>,
    pub(super) problems: Vec<Problem>,
    /// The values that were filled in, and from what. What they hold is not shown in a message.
    pub(super) filled: Vec<(Path, String)>,
}

impl<'a> Expansion<'a> {
    /// Relative paths start at `folder`.
    pub(super) fn new(folder: &FilePath, environment: &'a dyn Fn(&str) -> Option<String>) -> Self {
        Self {
            folder: folder.to_owned(),
            environment,
            bytes_left: MOST_TEXT_BYTES,
            at: Vec::new(),
            problems: Vec::new(),
            filled: Vec::new(),
        }
    }

    /// Fills in everything within `tree`.
    pub(super) fn expand(&mut self, tree: &mut Tree) {
        match tree {
            Tree::Text(text) if text.contains("${") => match self.text(text) {
                Ok(expanded) => *text = expanded,
                Err(what) => {
                    let path = Path::from_steps(self.at.clone());
                    self.problems.push(Problem::new(&path, what));
                }
            },
            Tree::List(items) => {
                for (index, item) in items.iter_mut().enumerate() {
                    self.at.push(Step::Index(index));
                    self.expand(item);
                    self.at.pop();
                }
            }
            Tree::Map(entries) => {
                for (key, value) in entries {
                    self.at.push(Step::Key(key.clone()));
                    self.expand(value);
                    self.at.pop();
                }
            }
            _ => {}
        }
    }

    fn text(&mut self, text: &str) -> Result<String, What> {
        let (mut expanded, mut rest) = (String::new(), text);
        while let Some((before, after)) = rest.split_once("${") {
            if let Some(literal) = before.strip_suffix('$') {
                expanded.push_str(literal);
                expanded.push_str("${");
                rest = after;
                continue;
            }
            expanded.push_str(before);
            let Some((name, after)) = after.split_once('}') else {
                return Err(What::said(format!("`${{{}` is never closed", quote(after)))
                    .hint("write `$${` for the characters `${`"));
            };
            let found = self.value(name)?;
            self.bytes_left = self.bytes_left.checked_sub(found.len()).ok_or_else(|| {
                What::said("filled in, the values of this file would be larger than 1 MiB")
            })?;
            expanded.push_str(&found);
            rest = after;
        }
        expanded.push_str(rest);
        Ok(expanded)
    }

    fn value(&mut self, name: &str) -> Result<String, What> {
        let shown = format!("`${{{}}}`", quote(name));
        let found = match name.strip_prefix("file:") {
            Some(path) => self.file(path).map_err(|why| What::said(format!("{shown}: {why}")))?,
            None if is_variable(name) => (self.environment)(name).ok_or_else(|| {
                What::said(format!("{shown}: the environment variable `{name}` is not set"))
                    .hint(format!("export {name}=... before"))
            })?,
            None => {
                return Err(What::said(format!(
                    "{shown} is neither `${{NAME}}` nor `${{file:PATH}}`"
                ))
                .hint("write `$${` for the characters `${`"));
            }
        };
        self.filled.push((Path::from_steps(self.at.clone()), shown));
        Ok(found)
    }

    fn file(&self, path: &str) -> Result<String, String> {
        let bytes =
            source::bytes(&self.folder.join(path), MOST_FILE_BYTES).map_err(|why| match why {
                Unreadable::Folder => "it is a folder".to_owned(),
                Unreadable::TooLarge => "the file is larger than 64 KiB".to_owned(),
                Unreadable::Io(error) => match error.kind() {
                    std::io::ErrorKind::NotFound => "there is no such file".to_owned(),
                    std::io::ErrorKind::PermissionDenied => "this user may not read it".to_owned(),
                    _ => error.to_string(),
                },
            })?;
        let mut text = String::from_utf8(bytes).map_err(|_| "the file is not UTF-8".to_owned())?;
        if text.ends_with('\n') {
            text.pop();
            if text.ends_with('\r') {
                text.pop();
            }
        }
        if text.contains('\0') {
            return Err("the file holds a NUL character".to_owned());
        }
        Ok(text)
    }
}

fn is_variable(name: &str) -> bool {
    let first = |c: char| c.is_ascii_alphabetic() || c == '_';
    name.starts_with(first) && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn variable(name: &str) -> Option<String> {
        match name {
            "NAME" => Some("value".into()),
            "NESTED" => Some("${NAME}".into()),
            "LONG" => Some("x".repeat(300_000)),
            _ => None,
        }
    }

    fn expanded(text: &str) -> Result<String, String> {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("plain"), "content\n").unwrap();
        fs::write(folder.path().join("two"), "content\n\n").unwrap();
        fs::write(folder.path().join("large"), "x".repeat(64 * 1024 + 1)).unwrap();
        fs::write(folder.path().join("latin"), b"\xe9").unwrap();
        let mut expansion = Expansion::new(folder.path(), &variable);
        let mut tree = Tree::Text(text.to_owned());
        expansion.expand(&mut tree);
        match (expansion.problems.pop(), tree) {
            (None, Tree::Text(text)) => Ok(text),
            (problem, _) => {
                Err(problem.map(|problem| problem.what.to_string()).unwrap_or_default())
            }
        }
    }

    #[test]
    fn variables_and_files_are_filled_in_once() {
        for (text, wanted) in [
            ("a${NAME}b${NAME}", "avaluebvalue"),
            ("${NESTED}", "${NAME}"),
            ("$${NAME} $NAME $", "${NAME} $NAME $"),
            ("${file:plain}", "content"),
            ("${file:two}", "content\n"),
        ] {
            assert_eq!(expanded(text).as_deref(), Ok(wanted), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_filled_in_is_said() {
        for (text, wanted) in [
            ("${NONE}", "`${NONE}`: the environment variable `NONE` is not set"),
            ("${NAME", "`${NAME` is never closed"),
            ("${}", "`${}` is neither `${NAME}` nor `${file:PATH}`"),
            ("${NAME:-x}", "`${NAME:-x}` is neither `${NAME}` nor `${file:PATH}`"),
            ("${file:none}", "`${file:none}`: there is no such file"),
            ("${file:large}", "`${file:large}`: the file is larger than 64 KiB"),
            ("${file:latin}", "`${file:latin}`: the file is not UTF-8"),
            ("${file:.}", "`${file:.}`: it is a folder"),
            (
                "${LONG}${LONG}${LONG}${LONG}",
                "filled in, the values of this file would be larger than 1 MiB",
            ),
        ] {
            assert_eq!(expanded(text).unwrap_err(), wanted, "{text}");
        }
    }
}
