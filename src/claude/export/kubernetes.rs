//! Manifests for Kubernetes: a `ConfigMap`, and a `Secret` of the same name with what is secret, both
//! for `envFrom` of a container.
//!
//! The secret is there even if it is empty, so that what is a secret no more leaves the cluster, too.
//! Its values are in `data` rather than `stringData`, from which `kubectl apply` takes nothing back.

use std::{fmt, fmt::Write as _, str::FromStr};

use base64::{Engine as _, prelude::BASE64_STANDARD};

use super::{Change, Entry};
use crate::error::{Error, Kind};

/// The name of an object: of lower-case letters, digits, `-` and `.`, as a DNS name is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectName(String);

impl FromStr for ObjectName {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let label = |label: &str| {
            label.bytes().all(|byte| inner(byte) || byte == b'-')
                && !label.starts_with('-')
                && !label.ends_with('-')
                && !label.is_empty()
        };
        if text.len() <= 253 && text.split('.').all(label) {
            return Ok(Self(text.to_owned()));
        }
        let message = "must be lower-case letters, digits, `-` and `.`, and begin and end with a \
                       letter or digit";
        Err(Error::new(Kind::Config, message))
    }
}

impl fmt::Display for ObjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

pub(super) fn write(change: &Change<'_>, name: &ObjectName) -> String {
    let (secret, public): (Vec<&Entry<'_>>, Vec<&Entry<'_>>) =
        change.set.iter().partition(|entry| entry.secret);
    let cleared = change.cleared().map(|name| (name, ""));
    let public = public.into_iter().map(|entry| (entry.name, entry.value)).chain(cleared);
    let mut text = head("ConfigMap", name);
    pairs(&mut text, public.map(|(name, value)| (name, quoted(value))));
    text.push_str("---\n");
    text.push_str(&head("Secret", name));
    text.push_str("type: Opaque\n");
    let encoded = |entry: &Entry<'_>| format!("\"{}\"", BASE64_STANDARD.encode(entry.value));
    pairs(&mut text, secret.into_iter().map(|entry| (entry.name, encoded(entry))));
    text
}

fn head(kind: &str, name: &ObjectName) -> String {
    format!(
        "apiVersion: v1\nkind: {kind}\nmetadata:\n  name: \"{name}\"\n  labels:\n    \
         app.kubernetes.io/managed-by: groundwork\n"
    )
}

fn pairs<'a>(text: &mut String, pairs: impl Iterator<Item = (&'a str, String)>) {
    let mut pairs = pairs.peekable();
    if pairs.peek().is_none() {
        return text.push_str("data: {}\n");
    }
    text.push_str("data:\n");
    for (name, value) in pairs {
        // Short names may be words that YAML has a meaning for: `NO`, `ON`, `Y`.
        let quote = if name.contains('_') { "" } else { "\"" };
        // Writing to a string cannot fail.
        let _ = writeln!(text, "  {quote}{name}{quote}: {value}");
    }
}

/// In double quotes, with all but plain ASCII escaped, as every version of YAML reads it.
fn quoted(value: &str) -> String {
    let mut quoted = "\"".to_owned();
    for c in value.chars() {
        // Writing to a string cannot fail.
        let _ = match (c, u32::from(c)) {
            ('"' | '\\', _) => write!(quoted, "\\{c}"),
            (' '..='~', _) => write!(quoted, "{c}"),
            (_, code @ ..=0xff) => write!(quoted, "\\x{code:02X}"),
            (_, code @ ..=0xffff) => write!(quoted, "\\u{code:04X}"),
            (_, code) => write!(quoted, "\\U{code:08X}"),
        };
    }
    quoted.push('"');
    quoted
}
