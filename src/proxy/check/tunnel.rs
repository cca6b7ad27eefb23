//! The fourth step: the proxy opens a way to the host, or says why not.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use http::{
    HeaderMap, Method, Request, StatusCode,
    header::{HOST, PROXY_AUTHENTICATE, PROXY_AUTHORIZATION, USER_AGENT},
};
use http_body_util::Empty;
use hyper::body::Bytes;

use super::{
    exchange::{self, Answer, Tunnel, Wire},
    fault::{Fault, plain},
    page,
    route::Gateway,
    target::Target,
};
use crate::config::ProxyUrl;

pub(super) const AGENT: &str = concat!("groundwork/", env!("CARGO_PKG_VERSION"));

pub(super) async fn open(
    wire: Wire,
    proxy: (&ProxyUrl, &Gateway),
    target: &Target,
) -> Result<Wire, Fault> {
    let (url, gateway) = proxy;
    let authority = target.authority();
    let request = request(Method::CONNECT, &authority, &authority, gateway)?;
    match exchange::tunnel(wire, request).await {
        Ok(Tunnel::Open(wire)) => Ok(wire),
        Ok(Tunnel::Refused(answer)) => Err(refused(url, gateway, &answer)),
        Err(error) if error.is_parse() => Err(not_http(url)),
        Err(_) => {
            let message = format!("the proxy {url} ended the connection without an answer");
            Err(Fault::new("proxy_ended", message).remedy(ASK))
        }
    }
}

const ASK: &str = "ask who runs the proxy why, and show them the time of this check";

/// A request to the proxy, with its credentials.
pub(super) fn request(
    method: Method,
    uri: &str,
    host: &str,
    gateway: &Gateway,
) -> Result<Request<Empty<Bytes>>, Fault> {
    let mut request =
        Request::builder().method(method).uri(uri).header(HOST, host).header(USER_AGENT, AGENT);
    if let Some(credentials) = &gateway.credentials {
        let basic = format!("Basic {}", BASE64_STANDARD.encode(credentials));
        request = request.header(PROXY_AUTHORIZATION, basic);
    }
    request.body(Empty::new()).map_err(|_| {
        Fault::new("no_such_address", "the host's name cannot be asked for")
            .remedy("correct the name")
    })
}

/// What an answer of the proxy's own means.
pub(super) fn refused(url: &ProxyUrl, gateway: &Gateway, answer: &Answer) -> Fault {
    let status = answer.head.status;
    if status == StatusCode::PROXY_AUTHENTICATION_REQUIRED {
        return credentials(url, gateway, &answer.head.headers);
    }
    let text = said(answer, gateway);
    match status {
        StatusCode::BAD_GATEWAY | StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT => {
            let message = format!("the proxy {url} could not reach the host: {text}");
            Fault::new("proxy_cannot_reach", message).remedy(
                "ask who runs the proxy to resolve and reach these hosts from there; they may be \
                 closed to it by a firewall",
            )
        }
        _ => {
            let message = format!("the proxy {url} does not let it through: {text}");
            Fault::new("proxy_forbids", message)
                .remedy("ask who runs the proxy to allow CONNECT to these hosts")
        }
    }
}

/// Status and text, or the status alone where the text may repeat what we sent.
fn said(answer: &Answer, gateway: &Gateway) -> String {
    let status = answer.head.status;
    let text = Some(page::text(&answer.body)).filter(|_| gateway.lets_tell(answer));
    match text.map(|text| plain(&text)).filter(|text| !text.is_empty()) {
        Some(text) => format!("{status}: {text}"),
        None => status.to_string(),
    }
}

/// The schemes that a proxy takes, each once. One line may name several, with what belongs to each.
fn offered(headers: &HeaderMap) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for value in headers.get_all(PROXY_AUTHENTICATE).iter().filter_map(|it| it.to_str().ok()) {
        for part in unquoted(value).split(',') {
            let part = part.trim();
            let (scheme, rest) = part.split_once(char::is_whitespace).unwrap_or((part, ""));
            let is_token = |c: char| c.is_ascii_alphanumeric() || "-_.+".contains(c);
            // The others are `name=value`.
            if scheme.is_empty() || !scheme.chars().all(is_token) || rest.trim().starts_with('=') {
                continue;
            }
            if !all.iter().any(|it| it.eq_ignore_ascii_case(scheme)) {
                all.push(plain(scheme));
            }
        }
    }
    all
}

/// Without what is in quotes, in which a comma separates nothing.
fn unquoted(value: &str) -> String {
    let (mut quoted, mut escaped) = (false, false);
    let mut outside = |c: char| {
        let was = quoted;
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = quoted,
            '"' => quoted = !quoted,
            _ => {}
        }
        !was
    };
    value.chars().filter(|c| outside(*c)).collect()
}

fn credentials(url: &ProxyUrl, gateway: &Gateway, headers: &HeaderMap) -> Fault {
    let mut offered = offered(headers);
    offered.retain(|scheme| gateway.lets_tell_word(scheme));
    let basic = offered.is_empty() || offered.iter().any(|it| it.eq_ignore_ascii_case("basic"));
    let listed = if offered.is_empty() { "no scheme".to_owned() } else { offered.join(", ") };
    let fault = if gateway.credentials.is_some() {
        let message = format!("the proxy {url} refuses its credentials; it offers {listed}");
        Fault::new(Fault::CREDENTIALS_WRONG, message)
    } else {
        let message = format!("the proxy {url} asks for credentials; it offers {listed}");
        Fault::new("proxy_credentials_missing", message)
    };
    match (basic, gateway.credentials.is_some()) {
        (true, true) => fault.remedy(
            "correct user and password in `https_proxy` below `proxy:`; in a password write `%40` \
             for `@`, `%2F` for `/`, `%25` for `%`",
        ),
        (true, false) => fault.remedy(
            "write them into `https_proxy` below `proxy:`, the password from elsewhere: \
             `http://USER:${PROXY_PASSWORD}@HOST:PORT`",
        ),
        // What Claude Code can do by itself: facts 3.
        (false, _) => fault
            .remedy(format!(
                "nothing here speaks {listed}: run a proxy on this machine that signs in to it \
                 (px, cntlm) and name that as `https_proxy` below `proxy:`"
            ))
            .remedy(
                "Claude Code alone can do it with a command that prints the header: its setting \
                 `proxyAuthHelper`, with CLAUDE_CODE_ENABLE_PROXY_AUTH_HELPER=1",
            ),
    }
}

pub(super) fn silent(url: &ProxyUrl) -> Fault {
    let message = format!("the proxy {url} takes the question and never answers");
    Fault::new("proxy_no_answer", message).remedy(ASK)
}

pub(super) fn not_http(url: &ProxyUrl) -> Fault {
    let message = format!("what answers at {url} is no HTTP proxy");
    Fault::new("proxy_not_http", message).remedy(
        "correct `https_proxy` below `proxy:`: its port, and `https://` if the proxy itself speaks \
         TLS; SOCKS is not spoken by Claude Code",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scheme_of_a_line_is_an_offer() {
        for (lines, schemes) in [
            (&["Negotiate, NTLM, Basic realm=\"x\""][..], &["Negotiate", "NTLM", "Basic"][..]),
            (&["Basic realm=\"a, NTLM \\\" b\", charset=\"UTF-8\""], &["Basic"]),
            (&["Digest realm=x, nonce = \"y\", qop=auth", "basic", "Basic"], &["Digest", "basic"]),
            (&["Negotiate YII==, ,NTLM"], &["Negotiate", "NTLM"]),
            (&["\"", ""], &[]),
        ] {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append(PROXY_AUTHENTICATE, line.parse().unwrap());
            }
            assert_eq!(offered(&headers), schemes, "{lines:?}");
        }
    }
}
