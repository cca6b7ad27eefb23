//! Variables as text for a shell or a program to read.
//!
//! What is written is evaluated: a value that could end its quotes would be a command. So every
//! value is quoted, whatever it holds, in the form in which the reader gives nothing a meaning.

use std::fmt::Write as _;

use super::Environment;
use crate::error::{Error, Kind, Result};

/// A shell that evaluates what is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shell {
    /// Also `sh`.
    Bash,
    Zsh,
    Fish,
}

/// What is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A command a line.
    Shell(Shell),
    /// `NAME=VALUE` lines, for Docker Compose, systemd and the dotenv libraries.
    Dotenv,
    /// One JSON object.
    Json,
}

impl Environment {
    /// The variables as text that ends with a line break.
    pub fn export(&self, format: Format) -> Result<String> {
        if let Some((name, _)) = self.iter().find(|(_, value)| value.contains('\0')) {
            let message = format!("could not write `{name}`: no variable can hold a NUL character");
            return Err(Error::new(Kind::Config, message));
        }
        let mut text = self.unset_text(format);
        for (name, value) in self.iter() {
            // Writing to a string cannot fail.
            let _ = match format {
                Format::Shell(Shell::Bash | Shell::Zsh) => {
                    writeln!(text, "export {name}={}", posix(value))
                }
                Format::Shell(Shell::Fish) => writeln!(text, "set -gx {name} {}", fish(value)),
                Format::Dotenv => writeln!(text, "{name}={}", dotenv(name, value)?),
                Format::Json => continue,
            };
        }
        if format == Format::Json {
            let mut all = self.json();
            if let Some(object) = all.as_object_mut() {
                object.extend(self.unset().map(|name| (name.to_owned(), "".into())));
            }
            let _ = writeln!(text, "{all:#}");
        }
        Ok(text)
    }

    /// What takes back the variables that must not be set. Where a name can only be given a value,
    /// an empty one does (facts 1).
    fn unset_text(&self, format: Format) -> String {
        let names: Vec<&str> = self.unset().collect();
        match format {
            _ if names.is_empty() => String::new(),
            Format::Shell(Shell::Bash | Shell::Zsh) => format!("unset {}\n", names.join(" ")),
            Format::Shell(Shell::Fish) => format!("set -e {}\n", names.join(" ")),
            Format::Dotenv => format!("{}=\n", names.join("=\n")),
            Format::Json => String::new(),
        }
    }
}

/// In single quotes nothing has a meaning but the quote, which is put outside of them.
fn posix(value: &str) -> String {
    format!("'{}'", value.replace('\'', r"'\''"))
}

/// As in other shells, but a backslash before a backslash or a quote has a meaning.
fn fish(value: &str) -> String {
    format!("'{}'", value.replace('\\', r"\\").replace('\'', r"\'"))
}

/// Bare where there is nothing to quote, which `docker --env-file` needs; otherwise in single
/// quotes, in which no common reader gives anything a meaning. They agree on no way to write a
/// quote, a line break or a backslash there, so these are refused.
fn dotenv(name: &str, value: &str) -> Result<String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./:@%+,".contains(c);
    if value.chars().all(plain) {
        return Ok(value.to_owned());
    }
    let Some(odd) = value.chars().find(|c| "'\\".contains(*c) || c.is_control()) else {
        return Ok(format!("'{value}'"));
    };
    let what = match odd {
        '\'' => "a single quote".to_owned(),
        '\\' => "a backslash".to_owned(),
        '\n' | '\r' => "a line break".to_owned(),
        other => format!("the character U+{:04X}", u32::from(other)),
    };
    let message = format!("could not write `{name}` as dotenv: it holds {what}");
    Err(Error::new(Kind::Config, message)
        .hint("readers of such files do not agree on it; use `--format shell` or `--format json`"))
}

#[cfg(test)]
mod tests {
    use std::{
        env, fs,
        path::Path,
        process::{Command, Output},
    };

    use super::*;

    /// Values that try to be more than a value.
    const NASTY: [&str; 17] = [
        "",
        " ",
        "plain",
        "a b",
        "it's",
        "''",
        "'; touch broken; '",
        "$(touch broken)",
        "`touch broken`",
        "${HOME} $HOME !! ~ * ? [a] {b,c}",
        "\\",
        "a\\'b\\\\",
        "a\nb\n",
        "\t\r\u{1b}[31m",
        "#no comment",
        "é 日本 \u{1f600}",
        "\"quoted\" & | ; < > ( )",
    ];

    fn environment(value: &str) -> Environment {
        let mut all = Environment::default();
        all.set_named("GROUNDWORK_VALUE", value, false);
        all.set_named("GROUNDWORK_LAST", "1", false);
        all
    }

    #[test]
    fn what_is_left_over_from_another_provider_is_taken_back() {
        let config = crate::config::VertexConfig::default();
        let (project, location) = ("my-project".parse().unwrap(), "us".parse().unwrap());
        let all = Environment::vertex(&config, &project, &location, None);
        let text = |format| all.export(format).unwrap();
        assert!(text(Format::Dotenv).contains("CLAUDE_CODE_USE_BEDROCK=\n"));
        let json: serde_json::Value = serde_json::from_str(&text(Format::Json)).unwrap();
        assert_eq!(json["CLAUDE_CODE_USE_BEDROCK"], "");
        let folder = tempfile::tempdir().unwrap();
        for (shell, program) in
            [(Shell::Bash, "bash"), (Shell::Bash, "sh"), (Shell::Zsh, "zsh"), (Shell::Fish, "fish")]
        {
            if !is_there(program) {
                continue;
            }
            let before = match shell {
                Shell::Fish => "set -gx CLAUDE_CODE_USE_BEDROCK 1",
                _ => "set -eu; export CLAUDE_CODE_USE_BEDROCK=1",
            };
            let script = format!("{before}\n{}env", text(Format::Shell(shell)));
            let output = run(program, &["-c", &script], folder.path());
            let output = String::from_utf8_lossy(&output.stdout);
            assert!(!output.contains("USE_BEDROCK"), "{program}: {output}");
            assert!(output.contains("CLAUDE_CODE_USE_VERTEX=1\n"), "{program}");
        }
    }

    fn is_there(program: &str) -> bool {
        let path = env::var_os("PATH").unwrap_or_default();
        env::split_paths(&path).any(|folder| folder.join(program).is_file())
    }

    fn run(program: &str, arguments: &[&str], folder: &Path) -> Output {
        let output = Command::new(program).args(arguments).current_dir(folder).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        output
    }

    /// What a shell understands when it evaluates the export, as the user does.
    fn understood(shell: Shell, program: &str, folder: &Path) {
        for value in NASTY {
            let text = environment(value).export(Format::Shell(shell)).unwrap();
            fs::write(folder.join("export"), text).unwrap();
            let script = match shell {
                Shell::Fish => {
                    "source ./export; printf '%s' $GROUNDWORK_VALUE; printf '|%s' $GROUNDWORK_LAST"
                }
                _ => {
                    "eval \"$(cat export)\"; printf '%s|%s' \"$GROUNDWORK_VALUE\" \"$GROUNDWORK_LAST\""
                }
            };
            let output = run(program, &["-c", script], folder);
            assert_eq!(String::from_utf8_lossy(&output.stdout), format!("{value}|1"), "{program}");
        }
        assert!(!folder.join("broken").exists(), "{program} ran what a value held");
    }

    #[test]
    fn real_shells_understand_nasty_values_as_values() {
        let folder = tempfile::tempdir().unwrap();
        let shells = [
            (Shell::Bash, "bash"),
            (Shell::Bash, "sh"),
            (Shell::Zsh, "zsh"),
            (Shell::Fish, "fish"),
        ];
        let mut tried = 0;
        for (shell, program) in shells.into_iter().filter(|(_, program)| is_there(program)) {
            understood(shell, program, folder.path());
            tried += 1;
        }
        assert!(tried > 0, "there is no shell on this machine");
    }

    #[test]
    fn fish_is_quoted_by_its_own_rules() {
        let text = environment(r"it's \ $x").export(Format::Shell(Shell::Fish)).unwrap();
        assert_eq!(
            text,
            "set -gx GROUNDWORK_VALUE 'it\\'s \\\\ $x'\nset -gx GROUNDWORK_LAST '1'\n"
        );
    }

    #[test]
    fn dotenv_is_what_a_shell_reads_too_or_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let mut written = 0;
        for value in NASTY {
            let Ok(text) = environment(value).export(Format::Dotenv) else {
                assert!(value.contains(['\'', '\\', '\n', '\t', '\r']), "{value} was refused");
                continue;
            };
            written += 1;
            fs::write(folder.path().join("env"), &text).unwrap();
            let script = ". ./env; printf '%s' \"$GROUNDWORK_VALUE\"";
            let output = run("sh", &["-c", script], folder.path());
            assert_eq!(String::from_utf8_lossy(&output.stdout), value, "{text}");
        }
        assert!(written > 8);
        assert!(!folder.path().join("broken").exists());
        let error = environment("it's").export(Format::Dotenv).unwrap_err();
        assert_eq!(
            error.to_string(),
            "could not write `GROUNDWORK_VALUE` as dotenv: it holds a single quote"
        );
        let plain = environment("us.anthropic.x-v1:0").export(Format::Dotenv).unwrap();
        assert!(plain.starts_with("GROUNDWORK_VALUE=us.anthropic.x-v1:0\n"));
    }

    #[test]
    fn json_keeps_every_value() {
        for value in NASTY {
            let text = environment(value).export(Format::Json).unwrap();
            let back: serde_json::Value = serde_json::from_str(&text).unwrap();
            assert_eq!(back["GROUNDWORK_VALUE"], value);
        }
    }

    #[test]
    fn a_nul_character_is_refused_in_every_format() {
        for format in [Format::Shell(Shell::Bash), Format::Dotenv, Format::Json] {
            environment("a\0b").export(format).unwrap_err();
        }
    }
}
