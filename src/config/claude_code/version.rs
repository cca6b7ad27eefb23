//! The versions of Claude Code that may start.
//!
//! The client passes over a bound that it cannot read (facts 8), so that a slip of the pen would let
//! every version in. Here it is an error.

use schemars::JsonSchema;
use serde::Deserialize;

use super::choice;
use crate::config::newtype::{Invalid, newtype};

/// The versions of Claude Code that may start.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Version {
    /// An older one does not start
    pub minimum: Option<ClientVersion>,
    /// A newer one does not start
    pub maximum: Option<ClientVersion>,
    /// Which releases it updates itself to: `stable` or `latest`
    pub channel: Option<Channel>,
}

choice! {
    /// The releases that the client updates itself to.
    Channel, must: "`stable` or `latest`",
    Stable = "stable",
    Latest = "latest",
}

const VERSION: &str = "a version such as `2.1.330`";

newtype! {
    /// A version of Claude Code.
    ClientVersion, must: VERSION, check: check, pattern: "^[0-9]+\\.[0-9]+\\.[0-9]+$"
}

fn check(text: &str) -> Result<(), Invalid> {
    numbers(text).map(|_| ()).ok_or_else(|| Invalid::new(VERSION))
}

fn numbers(text: &str) -> Option<[u32; 3]> {
    // A zero before other digits makes it no version to the client.
    let digits = |part: &str| {
        part.bytes().all(|byte| byte.is_ascii_digit()) && (part == "0" || !part.starts_with('0'))
    };
    let number = |part: &str| part.parse().ok().filter(|_| digits(part));
    let numbers: Option<Vec<u32>> = text.split('.').map(number).collect();
    numbers?.try_into().ok()
}

impl ClientVersion {
    /// Whether this one is later than the other.
    pub(super) fn is_after(&self, other: &Self) -> bool {
        numbers(self.as_str()) > numbers(other.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_has_three_numbers_and_they_are_compared_as_numbers() {
        let of = |text: &str| text.parse::<ClientVersion>().unwrap();
        assert!(of("2.1.330").is_after(&of("2.1.99")));
        assert!(!of("2.1.330").is_after(&of("2.1.330")));
        for bad in
            ["", "2", "2.1", "2.1.3.4", "2.1.x", "v2.1.3", "2.1.+3", "2.1.3-rc", "2..3", "02.1.3"]
        {
            bad.parse::<ClientVersion>().unwrap_err();
        }
    }
}
