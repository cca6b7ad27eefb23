//! What `env` writes for a shell, read by the shell itself: a thousand hostile values at once.

use std::{collections::BTreeSet, fs, path::Path};

use groundwork::claude::{Environment, Format, Shell, variable as v};
use tempfile::TempDir;

use crate::support::{
    hostile::{self, assert_same},
    shell::{self, evaluate},
};

/// As users have it read, in the shell's own way.
fn source(program: &str, file: &str) -> String {
    match program {
        "fish" => format!("cat {file} | source"),
        _ => format!("eval \"$(cat {file})\""),
    }
}

/// What a child of the shell sees, of the names with this beginning, and what is in the folder.
fn read_back(
    program: &str,
    script: &str,
    folder: &Path,
    before: &[(&str, &str)],
) -> Vec<(String, String)> {
    let output = evaluate(program, &format!("{script}\nexec env -0"), folder, before);
    let all = shell::variables(&output);
    all.into_iter().filter(|(name, _)| name.starts_with("V_") || name.contains("CLAUDE")).collect()
}

fn files(folder: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
    entries.map(|name| name.into_string().unwrap()).collect()
}

fn a_thousand_values_stay_values(program: &str, shell: Shell) {
    let values = hostile::values();
    let text = hostile::environment(&values).export(&Format::Shell(shell)).unwrap();
    let written: Vec<(String, String)> = values
        .iter()
        .enumerate()
        .map(|(number, value)| (hostile::name(number), value.clone()))
        .collect();
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("export"), &text).unwrap();
    for locale in ["C.UTF-8", "C"] {
        let script = source(program, "export");
        let read = read_back(program, &script, folder.path(), &[("LC_ALL", locale)]);
        assert_same(&format!("{program}, {locale}"), &read, &written);
    }
    let left: BTreeSet<String> =
        files(folder.path()).into_iter().filter(|name| !name.starts_with('.')).collect();
    assert_eq!(left, ["export".to_owned()].into(), "{program} ran what a value held");
    let places: Vec<usize> = (0..values.len())
        .map(|number| text.find(&format!("{}{}", hostile::name(number), after(shell))).unwrap())
        .collect();
    assert!(places.is_sorted(), "not in order");
}

fn after(shell: Shell) -> &'static str {
    if shell == Shell::Fish { " '" } else { "='" }
}

#[test]
fn bash_reads_a_thousand_hostile_values_as_values() {
    a_thousand_values_stay_values("bash", Shell::Bash);
}

#[test]
fn dash_reads_a_thousand_hostile_values_as_values() {
    a_thousand_values_stay_values("dash", Shell::Bash);
}

#[test]
fn zsh_reads_a_thousand_hostile_values_as_values() {
    a_thousand_values_stay_values("zsh", Shell::Zsh);
}

#[test]
fn fish_reads_a_thousand_hostile_values_as_values() {
    a_thousand_values_stay_values("fish", Shell::Fish);
}

#[test]
fn zsh_reads_the_same_with_quotes_that_are_doubled() {
    let values = ["it's", "''", "'a''b'", "'"].map(str::to_owned);
    let text = hostile::environment(&values).export(&Format::Shell(Shell::Zsh)).unwrap();
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("export"), text).unwrap();
    let script = format!("setopt RC_QUOTES\n{}", source("zsh", "export"));
    let read: Vec<String> =
        read_back("zsh", &script, folder.path(), &[]).into_iter().map(|(_, value)| value).collect();
    assert_eq!(read, values);
}

fn environment() -> Environment {
    let mut all = Environment::default();
    all.set(v::CLAUDE_CODE_USE_VERTEX, "1");
    all.take_back(v::CLAUDE_CODE_USE_BEDROCK);
    all.take_back(v::CLAUDE_CODE_USE_FOUNDRY);
    all
}

#[test]
fn what_is_left_over_is_taken_back_and_an_undoing_leaves_it_alone() {
    let folder = TempDir::new().unwrap();
    for (program, shell) in shell::ALL {
        let format = Format::Shell(shell);
        let put = |name, text| fs::write(folder.path().join(name), text).unwrap();
        put("export", environment().export(&format).unwrap());
        put("undo", environment().export_undone(&format).unwrap());
        let strict = if program == "fish" { "" } else { "set -eu\n" };
        let before = [("CLAUDE_CODE_USE_BEDROCK", "1"), ("V_OTHER", "x")];
        let script = format!("{strict}{}", source(program, "export"));
        let read = read_back(program, &script, folder.path(), &before);
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let other = pair("V_OTHER", "x");
        assert_eq!(read, [pair("CLAUDE_CODE_USE_VERTEX", "1"), other.clone()], "{program}");
        let again = "CLAUDE_CODE_USE_BEDROCK=2";
        let set = if program == "fish" { "set -gx CLAUDE_CODE_USE_BEDROCK 2" } else { again };
        let export = if program == "fish" { "true" } else { "export CLAUDE_CODE_USE_BEDROCK" };
        let script = format!("{script}\n{set}\n{export}\n{}", source(program, "undo"));
        let read = read_back(program, &script, folder.path(), &before);
        assert_eq!(read, [pair("CLAUDE_CODE_USE_BEDROCK", "2"), other], "{program}");
    }
}

#[test]
fn fish_keeps_what_a_developer_set_for_good_and_hides_it_in_this_session() {
    let folder = TempDir::new().unwrap();
    let put = |name: &str, text: String| fs::write(folder.path().join(name), text).unwrap();
    put("export", environment().export(&Format::Shell(Shell::Fish)).unwrap());
    let script = format!(
        "set -Ux CLAUDE_CODE_USE_BEDROCK 1\n{}\nset -q -U CLAUDE_CODE_USE_BEDROCK; or exit 3",
        source("fish", "export")
    );
    let read = read_back("fish", &script, folder.path(), &[]);
    assert_eq!(
        read,
        [
            ("CLAUDE_CODE_USE_BEDROCK".to_owned(), String::new()),
            ("CLAUDE_CODE_USE_VERTEX".to_owned(), "1".to_owned()),
        ]
    );
}
