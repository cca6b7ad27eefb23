//! What is wrong with the way to a host, and what to do about it.
//!
//! The faults of a step are made in the step's own file. What each says names no host: many hosts
//! have the same fault, and then it is said once.

use std::fmt;

use crate::config::ProxyUrl;

/// A verdict that is not «ok». `Display` says what is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Fault {
    code: &'static str,
    message: String,
    remedies: Vec<String>,
}

impl Fault {
    /// The code of a password that a proxy does not take.
    pub(super) const CREDENTIALS_WRONG: &str = "proxy_credentials_wrong";

    pub(super) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), remedies: Vec::new() }
    }

    /// Adds what to do: a line of configuration or a command where there is one.
    #[must_use]
    pub(super) fn remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedies.push(remedy.into());
        self
    }

    /// The same of the way to the proxy.
    pub(super) fn of_proxy(self, proxy: &ProxyUrl) -> Self {
        let message = format!("TLS to the proxy {proxy}: {}", self.message);
        Self { code: "proxy_tls", message, ..self }
    }

    /// One word for programs. It stays the same.
    pub fn code(&self) -> &'static str {
        self.code
    }

    pub fn remedies(&self) -> &[String] {
        &self.remedies
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// The longest text of somebody else's that is repeated, in characters.
const LONGEST: usize = 160;

/// What somebody else wrote, as one line of plain text: nothing in it moves a cursor.
pub(super) fn plain(text: &str) -> String {
    let hides = |c: char| c.is_control() || ('\u{200b}'..='\u{202e}').contains(&c);
    let spaced: String = text.chars().map(|c| if hides(c) { ' ' } else { c }).collect();
    let line = spaced.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= LONGEST {
        return line;
    }
    let cut: String = line.chars().take(LONGEST - 1).collect();
    format!("{}…", cut.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_wrote_is_one_short_line() {
        let text = "a\u{1b}[31m  red\r\nline\u{202e}";
        assert_eq!(plain(text), "a [31m red line");
        assert_eq!(plain(&"long ".repeat(90)).chars().count(), LONGEST);
    }
}
