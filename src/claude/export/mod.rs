//! Variables as text for a shell, a program or a cluster to read: one file for each family of
//! readers, which says by what rules it reads.
//!
//! What is written is evaluated: a value that could end its quotes would be a command. So every
//! value is quoted, whatever it holds, in the form in which the reader gives nothing a meaning, and
//! what a form cannot carry is refused. No message holds a value, nor a part of one.

mod cmd;
mod docker;
mod dotenv;
mod fish;
mod github;
mod kubernetes;
mod posix;
mod powershell;

use serde_json::{Map, Value};

pub use self::kubernetes::ObjectName;
use super::Environment;
use crate::error::{Error, Kind, Result};

/// A shell that evaluates what is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shell {
    /// Also `sh`, `dash` and `ksh`.
    Bash,
    Zsh,
    Fish,
    /// Windows PowerShell 5.1 and PowerShell 7.
    PowerShell,
    /// A batch file.
    Cmd,
}

/// What is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Format {
    /// A command a line.
    Shell(Shell),
    /// `NAME=VALUE` lines, for Docker Compose, systemd and the dotenv libraries.
    Dotenv,
    /// One JSON object.
    Json,
    /// Lines of the file that `GITHUB_ENV` names in a job of GitHub Actions.
    Github,
    /// Lines of a file for `docker run --env-file`.
    Docker,
    /// A `ConfigMap` and a `Secret` of this name.
    Kubernetes(ObjectName),
}

/// What a text does to its reader's environment. Names and values are right for any process.
struct Change<'a> {
    set: Vec<Entry<'a>>,
    /// What must not be set.
    take_back: Vec<&'a str>,
    /// What was set by us, and is to be so no more. What lay beneath may show again.
    undo: Vec<&'a str>,
}

#[derive(Clone, Copy)]
struct Entry<'a> {
    name: &'a str,
    value: &'a str,
    secret: bool,
}

impl Change<'_> {
    /// What is to hold nothing, for whatever reason.
    fn cleared(&self) -> impl Iterator<Item = &str> {
        self.take_back.iter().chain(&self.undo).copied()
    }
}

impl Environment {
    /// The variables as text that ends with a line break.
    pub fn export(&self, format: &Format) -> Result<String> {
        self.check()?;
        let entry = |(name, value)| Entry { name, value, secret: self.is_secret(name) };
        write(
            format,
            &Change {
                set: self.iter().map(entry).collect(),
                take_back: self.unset().collect(),
                undo: Vec::new(),
            },
        )
    }

    /// What undoes [`Environment::export`]: everything that is set there is so no more. What is only
    /// taken back there stays as it is.
    pub fn export_undone(&self, format: &Format) -> Result<String> {
        self.check()?;
        let undo = self.iter().map(|(name, _)| name).collect();
        write(format, &Change { set: Vec::new(), take_back: Vec::new(), undo })
    }

    /// The lines that have GitHub Actions hide the secrets in a job's log, from then on.
    pub fn github_masks(&self) -> String {
        let secrets = self.iter().filter(|(name, value)| self.is_secret(name) && !value.is_empty());
        let mut masks: Vec<String> = Vec::new();
        for value in secrets.flat_map(|(_, value)| github::hidden(value)) {
            let mask = github::mask(&value);
            if !masks.contains(&mask) {
                masks.push(mask);
            }
        }
        masks.concat()
    }

    /// Whether a process can be given all of it.
    pub fn check(&self) -> Result<()> {
        for (name, value) in self.iter() {
            let letter = |byte: u8| byte.is_ascii_alphabetic() || byte == b'_';
            let good = name.bytes().all(|byte| letter(byte) || byte.is_ascii_digit());
            if !good || !name.bytes().next().is_some_and(letter) {
                let message = format!("could not write the variable `{}`", name.escape_debug());
                return Err(Error::new(Kind::Config, message).caused_by(
                    "a name is of letters, digits and underscores, and begins with no digit",
                ));
            }
            if value.contains('\0') {
                let message = format!("could not write `{name}`: no variable can hold a NUL");
                return Err(Error::new(Kind::Config, message));
            }
        }
        Ok(())
    }
}

fn write(format: &Format, change: &Change<'_>) -> Result<String> {
    match format {
        Format::Shell(Shell::Bash | Shell::Zsh) => Ok(posix::write(change)),
        Format::Shell(Shell::Fish) => Ok(fish::write(change)),
        Format::Shell(Shell::PowerShell) => Ok(powershell::write(change)),
        Format::Shell(Shell::Cmd) => cmd::write(change),
        Format::Dotenv => dotenv::write(change),
        Format::Json => Ok(json(change)),
        Format::Github => github::write(change),
        Format::Docker => docker::write(change),
        Format::Kubernetes(name) => Ok(kubernetes::write(change, name)),
    }
}

/// Whatever a reader makes of it, an empty value is as good as none to the client (facts 1).
fn json(change: &Change<'_>) -> String {
    let set = change.set.iter().map(|entry| (entry.name, entry.value));
    let all = set.chain(change.cleared().map(|name| (name, "")));
    let object: Map<String, Value> =
        all.map(|(name, value)| (name.to_owned(), value.into())).collect();
    format!("{:#}\n", Value::Object(object))
}

/// That a variable cannot be written in this form, and what in its value is in the way.
fn unwritable(name: &str, form: &str, why: &str) -> Error {
    Error::new(Kind::Config, format!("could not write `{name}` {form}: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(name: &str, value: &str, secret: bool) -> Environment {
        let mut all = Environment::default();
        all.set_named(name, value, secret);
        all
    }

    fn formats() -> Vec<Format> {
        use Shell::{Bash, Cmd, Fish, PowerShell, Zsh};
        let mut all: Vec<Format> =
            [Bash, Zsh, Fish, PowerShell, Cmd].into_iter().map(Format::Shell).collect();
        all.extend([Format::Dotenv, Format::Json, Format::Github, Format::Docker]);
        all.push(Format::Kubernetes("x".parse().unwrap()));
        all
    }

    #[test]
    fn a_name_that_would_be_more_than_a_name_is_refused_in_every_format() {
        for format in formats() {
            for name in ["", "1A", "A B", "A=B", "A;touch broken", "A\nB", "A-B", "Ä", "A$(x)"] {
                let all = environment(name, "x", false);
                all.export(&format).unwrap_err();
                all.export_undone(&format).unwrap_err();
            }
        }
    }

    #[test]
    fn a_nul_is_refused_in_every_format_and_its_value_not_told() {
        for format in formats() {
            let error = environment("A", "s3cret\0", true).export(&format).unwrap_err();
            assert_eq!(error.to_string(), "could not write `A`: no variable can hold a NUL");
        }
    }

    #[test]
    fn what_is_to_hold_nothing_is_so_in_the_form_that_each_has() {
        let mut all = Environment::default();
        all.take_back(crate::claude::variable::AWS_REGION);
        for (format, wanted) in formats().iter().zip([
            "unset AWS_REGION\n",
            "unset AWS_REGION\n",
            "begin; set -l name; for name in AWS_REGION; set -eg $name; set -qU $name; \
             and set -gx $name ''; end; end\n",
            "$env:AWS_REGION = $null\n",
            "@set \"AWS_REGION=\"\r\n",
            "AWS_REGION=\n",
            "{\n  \"AWS_REGION\": \"\"\n}\n",
            "AWS_REGION=\n",
            "AWS_REGION=\n",
        ]) {
            assert_eq!(all.export(format).unwrap(), wanted, "{format:?}");
        }
    }

    #[test]
    fn github_is_told_nothing_that_it_refuses() {
        for name in ["GITHUB_TOKEN", "RUNNER_OS", "node_options", "Github_x"] {
            let error = environment(name, "x", false).export(&Format::Github).unwrap_err();
            let wanted = format!("could not write `{name}` for GitHub: it lets no step set");
            assert!(error.to_string().starts_with(&wanted), "{error}");
        }
        let value = "a\nGROUNDWORK_END\nGROUNDWORK_END_\nb";
        let text = environment("A", value, false).export(&Format::Github).unwrap();
        assert_eq!(text, format!("A<<GROUNDWORK_END__\n{value}\nGROUNDWORK_END__\n"));
    }

    #[test]
    fn secrets_alone_are_hidden_in_a_log_with_what_would_end_the_command_escaped() {
        let mut all = environment("A", "100%\r\nB", true);
        all.set_named("B", "x", false);
        all.set_named("C", "", true);
        assert_eq!(all.github_masks(), "::add-mask::100%25%0D%0AB\n");
    }

    #[test]
    fn the_password_of_a_url_is_hidden_by_itself_as_it_is_written_and_as_it_is_meant() {
        let all = environment("HTTPS_PROXY", "http://ada:s3c%40r@et@proxy:3128/x@y", true);
        assert_eq!(
            all.github_masks(),
            "::add-mask::http://ada:s3c%2540r@et@proxy:3128/x@y\n::add-mask::s3c%2540r@et\n\
             ::add-mask::s3c@r@et\n"
        );
        let token = environment("A", "https://t0ken@proxy", true).github_masks();
        assert!(token.ends_with("::add-mask::t0ken\n"), "{token}");
        let plain = environment("A", "https://proxy/a@b", true).github_masks();
        assert_eq!(plain.lines().count(), 1, "{plain}");
    }

    #[test]
    fn each_shell_has_its_own_quotes() {
        let text = |shell, value: &str| {
            environment("A", value, false).export(&Format::Shell(shell)).unwrap()
        };
        assert_eq!(text(Shell::Bash, r"it's \ $x"), "export A='it'\\''s \\ $x'\n");
        assert_eq!(text(Shell::Fish, r"it's \ $x"), "set -gx A 'it\\'s \\\\ $x'\n");
        assert_eq!(
            text(Shell::PowerShell, "it's é\u{1f600}\nx"),
            "$env:A = -join ('it''s ',[char]0xE9,[char]0xD83D,[char]0xDE00,[char]0xA,'x')\n"
        );
        assert_eq!(text(Shell::PowerShell, "é"), "$env:A = -join ([char]0xE9)\n");
        assert_eq!(text(Shell::Cmd, "50% & ^x"), "@set \"A=50%% & ^x\"\r\n");
        assert_eq!(text(Shell::Cmd, "a\" & ^x"), "@set ^\"A=a^\" ^& ^^x^\"\r\n");
        assert!(text(Shell::Cmd, "a!").starts_with("@if \"!!\"==\"\" echo error: "));
    }

    #[test]
    fn what_cmd_cannot_carry_names_the_variable_and_what_can() {
        for (value, why) in [
            ("a\nb", "it holds a line break"),
            ("\u{1b}", "it holds a control character"),
            (&"x".repeat(8200), "it is too long for a line of cmd"),
        ] {
            let error = environment("A", value, true).export(&Format::Shell(Shell::Cmd));
            let error = error.unwrap_err();
            assert_eq!(error.to_string(), format!("could not write `A` for cmd: {why}"));
            assert_eq!(error.hints(), ["PowerShell can take it: --shell powershell"]);
        }
    }
}
