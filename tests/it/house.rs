//! The rules of the house, held by reading the source.

use std::{
    fs,
    path::{Path, PathBuf},
};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const FILE_LINES: usize = 400;
const FUNCTION_LINES: usize = 60;

fn files(folder: &str) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut folders = vec![Path::new(ROOT).join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                found.push((path.strip_prefix(ROOT).unwrap().to_owned(), text));
            }
        }
    }
    assert!(found.len() > 5);
    found
}

/// The text before a file's unit tests.
fn code(text: &str) -> &str {
    text.split("#[cfg(test)]\nmod tests").next().unwrap()
}

#[test]
fn every_file_says_first_what_it_owns() {
    for (path, text) in files("src").into_iter().chain(files("tests/it")) {
        assert!(text.starts_with("//! "), "{} does not open with `//!`", path.display());
    }
}

#[test]
fn files_are_small() {
    for (path, text) in files("src") {
        let lines = code(&text).lines().count();
        assert!(lines <= FILE_LINES, "{} has {lines} lines before its tests", path.display());
    }
}

#[test]
fn functions_are_small() {
    for (path, text) in files("src") {
        let mut begun: Option<(usize, usize, String)> = None;
        for (number, line) in code(&text).lines().enumerate() {
            let indent = line.len() - line.trim_start().len();
            let head = line.trim_start();
            let is_fn = [
                "fn ",
                "pub fn ",
                "async fn ",
                "pub async fn ",
                "pub(super) fn ",
                "pub(super) async fn ",
                "pub(crate) fn ",
                "const fn ",
                "pub const fn ",
            ]
            .iter()
            .any(|start| head.starts_with(start));
            match &begun {
                None if is_fn && !head.ends_with(';') => {
                    begun = Some((number, indent, head.to_owned()));
                }
                Some((from, at, name)) if indent == *at && head.starts_with('}') => {
                    let length = number - from + 1;
                    assert!(
                        length <= FUNCTION_LINES,
                        "{}:{}: {length} lines: {name}",
                        path.display(),
                        from + 1
                    );
                    begun = None;
                }
                // A signature without a body, in a trait.
                Some((_, at, _)) if indent == *at && head.ends_with(';') => begun = None,
                Some((from, ..)) if number == *from + 1 && is_fn => {
                    begun = Some((number, indent, head.to_owned()));
                }
                _ => {}
            }
        }
    }
}

#[test]
fn each_room_uses_only_what_it_may() {
    let forbidden: &[(&str, &[&str])] = &[
        ("src/gateway", &["claude", "cli", "reconcile", "ui"]),
        ("src/reconcile", &["aws", "claude", "cli", "config", "gcp", "ui"]),
        ("src/config", &["aws", "claude", "cli", "gcp", "proxy", "reconcile", "ui"]),
        ("src/claude", &["aws", "cli", "gcp", "proxy", "reconcile", "ui"]),
        ("src/proxy", &["aws", "cli", "gcp", "reconcile", "ui"]),
        ("src/aws", &["cli", "gcp", "ui"]),
        ("src/gcp", &["aws", "cli", "ui"]),
        ("src/ui", &["aws", "claude", "cli", "config", "gcp"]),
        ("src/error.rs", &["aws", "claude", "cli", "config", "gcp", "reconcile", "ui"]),
    ];
    let all = files("src");
    for (room, rooms) in forbidden {
        for (path, text) in all.iter().filter(|(path, _)| path.starts_with(room)) {
            // `use crate::{a::b, c}` and `crate::a` alike.
            let text = code(text);
            let uses = text
                .split("use crate::{")
                .skip(1)
                .map(|rest| rest.split("};").next().unwrap_or_default());
            let grouped: Vec<&str> = uses.flat_map(|list| list.lines()).map(str::trim).collect();
            for other in *rooms {
                let direct = text.contains(&format!("crate::{other}::"))
                    || text.contains(&format!("crate::{other};"));
                let listed = grouped
                    .iter()
                    .any(|item| item.split(['{', ',', ' ', ':']).next() == Some(other));
                assert!(!direct && !listed, "{} uses {other}", path.display());
            }
        }
    }
}

#[test]
fn only_the_terminals_room_prints() {
    for (path, text) in files("src") {
        if path.starts_with("src/ui") {
            continue;
        }
        for call in ["print!(", "println!(", "eprint!(", "eprintln!(", "stdout()", "stderr()"] {
            assert!(!code(&text).contains(call), "{} uses {call}", path.display());
        }
    }
}

#[test]
fn names_say_what_a_thing_is() {
    let vague = ["util", "helper", "common", "manager", "handler", "processor", "misc"];
    for (path, _) in files("src") {
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let parts: Vec<&str> = name.split('_').collect();
        assert!(!vague.iter().any(|word| parts.contains(word)), "{}", path.display());
    }
}

#[test]
fn nothing_silences_a_lint_without_a_reason() {
    for (path, text) in files("src") {
        assert!(!text.contains("#[allow("), "{} allows instead of expecting", path.display());
    }
}
