//! Who is told when an alarm rings.

use std::{fmt, str::FromStr};

use super::newtype::{Checked, Invalid, readable};

const TARGET: &str = "`email:NAME@HOST` or `https://HOST/...`";

/// A subscriber of the alarm topic.
#[derive(Clone, PartialEq, Eq)]
pub enum NotifyTarget {
    /// The address alone.
    Email(String),
    /// The whole URL. Whoever knows a webhook's URL may use it, so it does not print.
    Https(String),
}

impl Checked for NotifyTarget {
    const MUST: &'static str = TARGET;
}

readable!(
    NotifyTarget,
    "^(email:[^@ ]+@[^@ ]+|https://(?!hooks[.]slack[.]com)[^ /?#@]+([/?#][^ ]*)?)$"
);

impl FromStr for NotifyTarget {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let invalid = Invalid::new(TARGET);
        let clean =
            text.len() <= 2048 && !text.contains(|c: char| c.is_whitespace() || c.is_control());
        if text.starts_with("slack:") || text.starts_with("https://hooks.slack.com") {
            return Err(invalid
                .why("SNS has no way to Slack, and a Slack webhook cannot confirm a subscription")
                .hint("use the e-mail address of the Slack channel: `email:...@....slack.com`"));
        }
        if let Some(address) = text.strip_prefix("email:") {
            let sides = address.split_once('@');
            let is_address = sides.is_some_and(|(name, host)| {
                !name.is_empty() && !host.is_empty() && !host.contains('@')
            });
            return if clean && is_address {
                Ok(Self::Email(address.to_owned()))
            } else {
                Err(invalid)
            };
        }
        if let Some(rest) = text.strip_prefix("https://") {
            let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
            return if clean && !host.is_empty() && !host.contains('@') {
                Ok(Self::Https(text.to_owned()))
            } else {
                Err(invalid)
            };
        }
        Err(match text {
            _ if text.starts_with("http://") => invalid.why("alarms do not go out in the clear"),
            _ if text.contains('@') && !text.contains([':', '/']) => {
                invalid.did_you_mean(&format!("email:{text}"))
            }
            _ => invalid,
        })
    }
}

impl NotifyTarget {
    /// What SNS sends to. A webhook's may hold a secret.
    pub fn address(&self) -> String {
        match self {
            Self::Email(address) | Self::Https(address) => address.clone(),
        }
    }

    /// As in a configuration. A webhook's may hold a secret.
    pub fn written(&self) -> String {
        format!("{}{}", if matches!(self, Self::Email(_)) { "email:" } else { "" }, self.address())
    }

    /// As SNS calls it.
    pub fn protocol(&self) -> &'static str {
        match self {
            Self::Email(_) => "email",
            Self::Https(_) => "https",
        }
    }
}

impl fmt::Display for NotifyTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Email(address) => write!(f, "email:{address}"),
            Self::Https(url) => {
                let rest = url.strip_prefix("https://").unwrap_or_default();
                let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
                write!(f, "https://{host}/***")
            }
        }
    }
}

impl fmt::Debug for NotifyTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mail_and_webhooks_are_told_and_a_webhook_keeps_its_secret() {
        let mail: NotifyTarget = "email:devops@example.com".parse().unwrap();
        assert_eq!(mail, NotifyTarget::Email("devops@example.com".into()));
        let hook: NotifyTarget = "https://hooks.example.com/T0/s3cret".parse().unwrap();
        assert_eq!(
            format!("{hook} {hook:?}"),
            "https://hooks.example.com/*** https://hooks.example.com/***"
        );
        for bad in ["", "email:", "email:x", "email:a@b@c", "https://", "https://u:p@h/", "sms:1"] {
            bad.parse::<NotifyTarget>().unwrap_err();
        }
    }

    #[test]
    fn slack_is_refused_with_what_can_be_done() {
        for slack in ["slack:#ops", "https://hooks.slack.com/services/T0/B0/x"] {
            let error = slack.parse::<NotifyTarget>().unwrap_err();
            assert!(error.hint.unwrap().contains("e-mail address of the Slack channel"));
        }
        let error = "a@example.com".parse::<NotifyTarget>().unwrap_err();
        assert_eq!(error.hint.unwrap(), "did you mean `email:a@example.com`?");
    }
}
