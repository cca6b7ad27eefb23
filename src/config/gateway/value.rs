//! Values of `gateway.yaml` that have a check of their own.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    str::FromStr,
};

use crate::config::{
    newtype::{Checked, Invalid, consists, newtype, readable},
    vertex::choice,
};

const ADDRESS: &str = "an address and a port, such as `127.0.0.1:8787` or `[::]:8443`";

/// Where a server listens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListenAddress(SocketAddr);

impl ListenAddress {
    pub fn socket(self) -> SocketAddr {
        self.0
    }

    /// Whether only this machine can reach it.
    pub fn is_loopback(self) -> bool {
        self.0.ip().is_loopback()
    }

    pub(super) fn operations() -> Self {
        Self(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8788))
    }
}

impl Default for ListenAddress {
    fn default() -> Self {
        Self(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8787))
    }
}

impl Checked for ListenAddress {
    const MUST: &'static str = ADDRESS;
}

readable!(ListenAddress, r"^(\[[0-9a-fA-F:.]+\]|[0-9.]+):[0-9]+$");

impl FromStr for ListenAddress {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let invalid = Invalid::new(ADDRESS);
        if let Ok(address) = text.parse() {
            return Ok(Self(address));
        }
        Err(match text.split_once(':') {
            Some(("localhost", port)) => invalid.did_you_mean(&format!("127.0.0.1:{port}")),
            Some(("" | "*", port)) => invalid.did_you_mean(&format!("0.0.0.0:{port}")),
            _ if text.parse::<u16>().is_ok() => invalid.did_you_mean(&format!("127.0.0.1:{text}")),
            _ => invalid,
        })
    }
}

impl fmt::Display for ListenAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

newtype! {
    /// What an upstream is called in this file and in records.
    UpstreamName,
    must: "a name of up to 64 letters, digits, `-`, `_` and `.`",
    check: |text| {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        if consists(text, 1, 64, allowed) { Ok(()) } else { Err(Invalid::new(UpstreamName::MUST)) }
    },
    pattern: "^[A-Za-z0-9._-]{1,64}$"
}

newtype! {
    /// A beta, or how the names of some begin.
    BetaName,
    must: "the name of a beta, such as `effort-2025-11-24`, or how it begins, such as `effort-*`",
    check: |text| {
        let invalid = Invalid::new(BetaName::MUST);
        let name = text.strip_suffix('*').unwrap_or(text);
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        match () {
            () if text == "*" => Err(invalid.why("it would leave out every beta")),
            () if consists(name, 1, 100, allowed) => Ok(()),
            () => Err(invalid),
        }
    },
    pattern: "^[A-Za-z0-9._-]{1,100}[*]?$"
}

newtype! {
    /// A field of a request, or one within it.
    FieldName,
    must: "the name of a field, such as `context_management` or `output_config.effort`",
    check: |text| {
        // Without these there is no request.
        const NEEDED: [&str; 4] = ["model", "messages", "max_tokens", "stream"];
        let invalid = Invalid::new(FieldName::MUST);
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        let is_name = |part: &str| consists(part, 1, 100, allowed);
        match text.split_once('.') {
            None if NEEDED.contains(&text) => Err(invalid.why("no request is without it")),
            None if is_name(text) => Ok(()),
            Some((outer, inner)) if is_name(outer) && is_name(inner) => Ok(()),
            _ => Err(invalid),
        }
    },
    pattern: "^[A-Za-z0-9_]{1,100}([.][A-Za-z0-9_]{1,100})?$"
}

const URL: &str = "a URL that begins with https:// (or with http:// on this machine)";

newtype! {
    /// The URL of a service, without a slash at its end. In the clear only on this machine.
    ServiceUrl,
    must: URL,
    check: |text| {
        let invalid = Invalid::new(URL);
        let parsed: http::Uri = text.parse().map_err(|_| invalid.clone())?;
        let host = parsed.host().unwrap_or_default();
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let here = bare == "localhost" || bare.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
        if text.contains('@') {
            return Err(invalid.why("it has a user in it"));
        }
        if parsed.query().is_some() || text.contains('#') {
            return Err(invalid.why("it has a query"));
        }
        match parsed.scheme_str() {
            _ if host.is_empty() => Err(invalid),
            Some("https") => Ok(()),
            Some("http") if here => Ok(()),
            Some("http") => Err(invalid.why("credentials do not go out in the clear")),
            _ => Err(invalid),
        }
    },
    pattern: "^https?://[^ @?#]+$"
}

impl ServiceUrl {
    pub(super) fn anthropic() -> Self {
        Self("https://api.anthropic.com".into())
    }

    /// Without a slash at its end.
    pub fn base(&self) -> &str {
        self.as_str().trim_end_matches('/')
    }
}

const HASH: &str = "the SHA-256 of a key: 64 hexadecimal digits";

newtype! {
    /// The SHA-256 of a key.
    KeyHash,
    must: HASH,
    check: |text| {
        if consists(text, 64, 64, |byte| byte.is_ascii_hexdigit()) {
            return Ok(());
        }
        let invalid = Invalid::new(HASH);
        Err(if text.starts_with("gwk_") {
            invalid.why("this is the key itself, which nobody may see")
                .hint("make another one: groundwork gateway token --key")
        } else {
            invalid
        })
    },
    pattern: "^[0-9a-fA-F]{64}$"
}

impl KeyHash {
    pub fn bytes(&self) -> [u8; 32] {
        let mut bytes = [0; 32];
        let digit = |at: usize| {
            let digit = self.as_str().as_bytes().get(at).copied().map(char::from);
            digit.and_then(|digit| digit.to_digit(16)).unwrap_or_default()
        };
        for (index, byte) in bytes.iter_mut().enumerate() {
            // Both are below 16.
            *byte = u8::try_from(digit(2 * index) * 16 + digit(2 * index + 1)).unwrap_or_default();
        }
        bytes
    }
}

const SECRET: &str = "a credential, without spaces";

/// A credential. It does not print.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// For a request, never for a message.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl Checked for Secret {
    const MUST: &'static str = SECRET;
}

readable!(Secret, "^[^ ]+$");

impl FromStr for Secret {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let plain = text.bytes().all(|byte| byte.is_ascii_graphic());
        if plain && !text.is_empty() {
            Ok(Self(text.to_owned()))
        } else {
            Err(Invalid::new(SECRET))
        }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

choice! {
    /// How a token may be signed: with a key that only its issuer has.
    Algorithm, must: "`RS256`, `RS384`, `RS512`, `PS256`, `PS384`, `PS512`, `ES256`, `ES384` or `EdDSA`",
    Rs256 = "RS256", Rs384 = "RS384", Rs512 = "RS512",
    Ps256 = "PS256", Ps384 = "PS384", Ps512 = "PS512",
    Es256 = "ES256", Es384 = "ES384", EdDsa = "EdDSA",
}

choice! {
    /// What of Bedrock is called.
    #[derive(Default)]
    BedrockInterface, must: "`invoke`, `messages` or `mantle`",
    /// `InvokeModel`.
    #[default]
    Invoke = "invoke",
    /// The Messages API of `bedrock-runtime`.
    Messages = "messages",
    /// The Messages API of `bedrock-mantle`.
    Mantle = "mantle",
}

choice! {
    /// The header that carries a credential.
    #[derive(Default)]
    CredentialHeader, must: "`x-api-key` or `authorization`",
    #[default]
    ApiKey = "x-api-key",
    /// As a bearer token.
    Authorization = "authorization",
}

choice! {
    /// Which of a model's targets is called.
    #[derive(Default)]
    Order, must: "`ordered` or `weighted`",
    /// The first one that works.
    #[default]
    Ordered = "ordered",
    /// Each by its weight.
    Weighted = "weighted",
}

#[cfg(test)]
mod tests {
    use super::*;

    fn why<T: FromStr<Err = Invalid>>(text: &str) -> String {
        text.parse::<T>().map(|_| ()).unwrap_err().to_string()
    }

    #[test]
    fn an_address_is_a_number_and_what_was_meant_is_said() {
        for good in ["127.0.0.1:1", "[::1]:8443", "0.0.0.0:80"] {
            assert_eq!(good.parse::<ListenAddress>().unwrap().to_string(), good);
        }
        assert!(why::<ListenAddress>("localhost:80").contains("`127.0.0.1:80`"));
        assert!(why::<ListenAddress>(":80").contains("`0.0.0.0:80`"));
        assert!(why::<ListenAddress>("8080").contains("`127.0.0.1:8080`"));
    }

    #[test]
    fn credentials_leave_the_machine_only_in_secret() {
        for good in ["https://a.test", "https://a.test/b/", "http://127.0.0.1:1", "http://[::1]:1"]
        {
            good.parse::<ServiceUrl>().unwrap();
        }
        for bad in ["http://a.test", "http://127.0.0.1.a.test", "https://u@a.test", "a", "ftp://a"]
        {
            why::<ServiceUrl>(bad);
        }
        assert_eq!("https://a.test/b/".parse::<ServiceUrl>().unwrap().base(), "https://a.test/b");
    }

    #[test]
    fn a_hash_is_its_bytes_and_a_key_is_none() {
        let hash: KeyHash = "00ff".repeat(16).parse().unwrap();
        assert_eq!(hash.bytes()[..4], [0, 255, 0, 255]);
        assert!(why::<KeyHash>("gwk_abc").contains("the key itself"));
    }

    #[test]
    fn a_secret_does_not_print() {
        let secret: Secret = "sk-1".parse().unwrap();
        assert_eq!((format!("{secret:?}").as_str(), secret.expose()), ("***", "sk-1"));
        why::<Secret>("a b");
    }
}
