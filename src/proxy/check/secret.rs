//! What signs in to a proxy, found again in what comes back: some proxies repeat what they were told.
//!
//! Nothing is masked in place: there are too many writings of one password, and a mask for one lets
//! the other through. An answer in which any of them may be has no words for us.

use base64::{Engine as _, prelude::BASE64_STANDARD_NO_PAD};
use percent_encoding::percent_decode;

use crate::config::ProxyUrl;

/// A password, or a user without one, which is as a rule a token. Each writing of it is folded.
pub(super) struct Secret(Vec<String>);

/// So many writings one within the other are undone.
const DEEPEST: usize = 3;

impl Secret {
    /// `user` and `password` are those of `url` as they are sent. None where all of it prints.
    pub(super) fn of(url: &ProxyUrl, user: &str, password: &str) -> Option<Self> {
        let text = url.expose();
        let text = text.split_once("://").map_or(text, |(_, rest)| rest);
        let (written, _) = text.rsplit_once('@')?;
        let (secret, written) = match written.split_once(':') {
            Some((_, written)) => (password, written),
            None => (user, written),
        };
        if secret.is_empty() {
            return None;
        }
        let sent = BASE64_STANDARD_NO_PAD.encode(format!("{user}:{password}"));
        let alone = BASE64_STANDARD_NO_PAD.encode(secret);
        let all = [secret, written, &sent, &alone];
        Some(Self(all.map(|one| fold(one.as_bytes())).into()))
    }

    /// Whether any writing of it may be in a text.
    pub(super) fn is_in(&self, text: &[u8]) -> bool {
        writings(text).iter().any(|text| {
            let text = fold(text);
            // One without a letter or a digit folds to nothing, which is in all.
            self.0.iter().any(|secret| text.contains(secret))
        })
    }
}

/// What neither a character set, nor quotes, nor a break of the line changes.
fn fold(text: &[u8]) -> String {
    let plain = text.iter().filter(|byte| byte.is_ascii_alphanumeric());
    plain.map(|byte| char::from(byte.to_ascii_lowercase())).collect()
}

/// A text, and what it is without one or more ways to write a character as others.
fn writings(text: &[u8]) -> Vec<Vec<u8>> {
    let mut all = vec![text.to_vec()];
    let mut from = 0;
    for _ in 0..DEEPEST {
        let last = all.get(from..).unwrap_or_default().to_vec();
        from = all.len();
        for text in last {
            for undone in [percent_decode(&text).collect(), entities(&text), escapes(&text)] {
                if !all.contains(&undone) {
                    all.push(undone);
                }
            }
        }
    }
    all
}

/// Without HTML's entities. Those with a name are no letter or digit of ASCII.
fn entities(text: &[u8]) -> Vec<u8> {
    replaced(text, b'&', |rest| {
        let end = rest.iter().take(12).position(|byte| *byte == b';')?;
        let name = std::str::from_utf8(rest.get(..end)?).ok()?;
        let number = match name.strip_prefix('#') {
            Some(number) => match number.strip_prefix(['x', 'X']) {
                Some(number) => u32::from_str_radix(number, 16).ok()?,
                None => number.parse().ok()?,
            },
            None if name.bytes().all(|byte| byte.is_ascii_alphanumeric()) => 0,
            None => return None,
        };
        Some((number, end + 1))
    })
}

/// Without JSON's and scripts' `\u0041` and `\x41`.
fn escapes(text: &[u8]) -> Vec<u8> {
    replaced(text, b'\\', |rest| {
        let end = match rest.first()? {
            b'u' => 5,
            b'x' => 3,
            _ => return None,
        };
        let number = std::str::from_utf8(rest.get(1..end)?).ok()?;
        Some((u32::from_str_radix(number, 16).ok()?, end))
    })
}

/// `read` says of what follows a `mark` which character it is, and how long it is written.
fn replaced(text: &[u8], mark: u8, read: impl Fn(&[u8]) -> Option<(u32, usize)>) -> Vec<u8> {
    let mut all = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        match read(after).filter(|_| *first == mark) {
            Some((number, length)) => {
                // Others are of no account once they are folded.
                all.extend(u8::try_from(number).ok());
                rest = after.get(length..).unwrap_or_default();
            }
            None => all.push(*first),
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proxy::check::route::Gateway;

    fn secret(url: &str) -> Secret {
        Gateway::of(&url.parse().unwrap()).unwrap().secret.unwrap()
    }

    #[test]
    fn a_password_is_found_in_whatever_writing() {
        let secret = secret("http://ada:s3c%40r<%C3%A9&%25T@proxy.test:1");
        for text in [
            "hello s3c@r<é&%T.",
            "http://ada:s3c%40r<%C3%A9&%25T@x",
            "s3c%40r%3c%c3%a9%26%25t",
            "s3c%2540r%253C%25C3%25A9%2526%2525T",
            "s3c&#64;r&lt;&eacute;&amp;%T",
            "s3c&#x40;r&#60;&#xe9;&#38;&#37;&#84;",
            "{\"password\":\"s3c\\u0040r\\u003c\\u00e9\\x26%T\"}",
            "s3c@r<\nÃ©&%T",
            "Basic YWRhOnMzY0ByPMOpJiVU",
            "s 3 c @ r < é & % T",
        ] {
            assert!(secret.is_in(text.as_bytes()), "{text}");
        }
        assert!(secret.is_in(b"s3c@r<\xe9&%T"));
        assert!(!secret.is_in(b"<html><title>Access denied</title>ada, s3c is not allowed"));
    }

    #[test]
    fn a_user_without_a_password_is_one_and_a_user_with_one_is_not() {
        assert!(secret("http://t0ken@proxy.test").is_in(b"hello t0ken"));
        assert!(secret("t0ken@proxy.test").is_in(b"dDBrZW46"));
        assert!(!secret("http://ada:s3cret@proxy.test").is_in(b"hello ada"));
        for open in ["http://proxy.test", "http://ada:@proxy.test"] {
            assert!(Gateway::of(&open.parse().unwrap()).unwrap().secret.is_none(), "{open}");
        }
        // Nothing is left of it to look for.
        assert!(secret("http://ada:%21%21@proxy.test").is_in(b"anything"));
    }
}
