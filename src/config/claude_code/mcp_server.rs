//! A server of the Model Context Protocol, as a rule names it.

use std::str::FromStr;

use crate::config::newtype::{Checked, Invalid, readable};

const SERVER: &str =
    "a server: `NAME`, `https://HOST/...` with `*` for anything, or `command:PROGRAM ARGUMENT...`";

/// A server of the Model Context Protocol, as a rule names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum McpServer {
    Name(String),
    /// An address; `*` stands for anything.
    Url(String),
    /// A program and its arguments.
    Command(Vec<String>),
}

impl Checked for McpServer {
    const MUST: &'static str = SERVER;
}

readable!(McpServer, "^([A-Za-z0-9_-]+|https?://.+|command:.+)$");

impl FromStr for McpServer {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let invalid = Invalid::new(SERVER);
        if text.contains(char::is_control) {
            return Err(invalid.why("it has a character that does not print"));
        }
        if let Some(line) = text.strip_prefix("command:") {
            let words: Vec<String> = line.split_whitespace().map(ToOwned::to_owned).collect();
            return if words.is_empty() { Err(invalid) } else { Ok(Self::Command(words)) };
        }
        if text.starts_with("https://") || text.starts_with("http://") {
            let host = text.split_once("://").is_some_and(|(_, rest)| !rest.is_empty());
            let right = host && !text.contains(char::is_whitespace);
            return if right { Ok(Self::Url(text.to_owned())) } else { Err(invalid) };
        }
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        if !text.is_empty() && text.bytes().all(allowed) {
            return Ok(Self::Name(text.to_owned()));
        }
        Err(invalid)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_a_name_an_address_or_a_command() {
        assert_eq!("git-hub_1".parse(), Ok(McpServer::Name("git-hub_1".into())));
        let url = "https://*.example.com/*";
        assert_eq!(url.parse(), Ok(McpServer::Url(url.into())));
        let words = vec!["npx".to_owned(), "-y".to_owned(), "@a/b".to_owned()];
        assert_eq!("command:npx -y @a/b".parse(), Ok(McpServer::Command(words)));
        for bad in ["", "a b", "a.b", "command:", "command: ", "https://", "https://a b", "a\u{1b}"]
        {
            bad.parse::<McpServer>().unwrap_err();
        }
    }
}
