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
        secrets.map(|(_, value)| github::mask(value)).collect()
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
