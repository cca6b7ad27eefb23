//! The last step: whether what answers is the host itself.
//!
//! Behind a public certificate it is, whatever it answers: clouds refuse a question without
//! credentials. Behind an interceptor it may be a page of the interceptor's own.

use http::{
    HeaderMap, Method, Request, StatusCode,
    header::{HOST, LOCATION, USER_AGENT},
};
use http_body_util::Empty;
use hyper::body::Bytes;

use super::{
    exchange::{self, Answer, Wire},
    fault::{Fault, plain},
    handshake::{Seen, own_certificate},
    page,
    route::Gateway,
    target::{Purpose, Scheme, Target, bare},
    tunnel,
};
use crate::config::ProxyUrl;

/// Within these a cloud redirects from one of its hosts to another.
const FAMILIES: [&str; 8] = [
    "amazonaws.com",
    "amazonaws.com.cn",
    "amazon.com",
    "api.aws",
    "googleapis.com",
    "google.com",
    "anthropic.com",
    "claude.com",
];

/// What a host's own answers have and no other's.
const MARKS: [&str; 5] =
    ["x-amzn-requestid", "x-amz-request-id", "x-amz-id-2", "x-guploader-uploadid", "request-id"];

/// Sends `GET /` over a connection to the host. `proxy` forwards it, where there is no TLS.
pub(super) async fn ask(
    wire: Wire,
    target: &Target,
    proxy: Option<(&ProxyUrl, &Gateway)>,
) -> Result<Answer, Option<Fault>> {
    let host = target.authority();
    let usual = target.port == target.scheme.port();
    let host =
        if usual { host.rsplit_once(':').map_or(host.as_str(), |(it, _)| it) } else { &host };
    let forwarded = proxy.filter(|_| target.scheme == Scheme::Http);
    let request = match forwarded {
        Some((_, gateway)) => {
            let uri = format!("http://{}/", target.authority());
            tunnel::request(Method::GET, &uri, host, gateway).map_err(Some)?
        }
        None => plain_request(host).ok_or(None)?,
    };
    let answer = exchange::ask(wire, request).await.map_err(|error| {
        error.is_parse().then(|| {
            Fault::new("not_http", "what answers does not speak HTTP")
                .remedy("ask who runs the network what answers in place of these hosts")
        })
    })?;
    // A proxy's own answers cannot be told from the host's but by what only proxies say.
    match forwarded {
        Some((url, gateway)) if is_proxys(&answer) => {
            Err(Some(tunnel::refused(url, gateway, &answer)))
        }
        _ => Ok(answer),
    }
}

fn plain_request(host: &str) -> Option<Request<Empty<Bytes>>> {
    let request = Request::get("/").header(HOST, host).header(USER_AGENT, tunnel::AGENT);
    request.body(Empty::new()).ok()
}

fn is_proxys(answer: &Answer) -> bool {
    let by_proxy = ["via", "x-squid-error", "proxy-status", "proxy-connection"];
    let failed =
        answer.head.status.is_server_error() || answer.head.status == StatusCode::FORBIDDEN;
    answer.head.status == StatusCode::PROXY_AUTHENTICATION_REQUIRED
        || (failed && by_proxy.iter().any(|name| answer.head.headers.contains_key(*name)))
}

/// Nothing came back.
pub(super) fn none(seen: Option<&Seen>, has_own: bool) -> Fault {
    // In TLS 1.3 a certificate that is missing is told behind the handshake.
    if seen.is_some_and(Seen::asked) {
        return own_certificate(has_own);
    }
    Fault::new("no_http_answer", "the connection ends without an answer")
        .remedy("ask who runs the network what ends connections to these hosts")
}

pub(super) fn silent() -> Fault {
    Fault::new("no_http_answer", "the host takes the question and never answers")
        .remedy("ask who runs the network what holds up the answers of these hosts")
}

/// Whether somebody else answered. `public`: the host has shown that it is itself. `gateway` is what
/// the way leads through.
pub(super) fn judge(
    answer: &Answer,
    target: &Target,
    public: bool,
    gateway: Option<&Gateway>,
) -> Option<Fault> {
    // What a company's own hosts answer, only the company knows.
    if public || matches!(target.purpose, Purpose::Asked | Purpose::Telemetry) {
        return None;
    }
    let headers = &answer.head.headers;
    if let Some(to) = elsewhere(headers, answer.head.status, target) {
        let shown = gateway.is_none_or(|gateway| gateway.lets_tell_word(&to));
        let to = if shown { &to } else { "an address that is not shown" };
        let message = format!("another one answers, and leads to {to}");
        return Some(Fault::new("redirected", message).remedy(
            "sign in to the network at that address with a browser, or ask who runs the proxy not \
             to hold these hosts up",
        ));
    }
    if MARKS.iter().any(|mark| headers.contains_key(*mark)) {
        return None;
    }
    let title = page::title(&answer.body)?;
    // Google's own error pages.
    if title.starts_with("Error ") && title.ends_with("!!1") {
        return None;
    }
    let words = if title.is_empty() { page::text(&answer.body) } else { title };
    let shown = gateway.is_none_or(|gateway| gateway.lets_tell(answer));
    let (status, words) = (answer.head.status.as_u16(), plain(&words));
    let words = if shown && !words.is_empty() { format!(": {words}") } else { String::new() };
    let message = format!("another one answers with a page ({status}){words}");
    Some(
        Fault::new("block_page", message)
            .remedy("ask who runs the proxy to allow these hosts, and not to answer for them"),
    )
}

/// The host that an answer leads to, if the cloud itself would not lead there.
fn elsewhere(headers: &HeaderMap, status: StatusCode, target: &Target) -> Option<String> {
    let location = headers.get(LOCATION).filter(|_| status.is_redirection())?;
    let location: http::Uri = location.to_str().ok()?.parse().ok()?;
    let host = bare(location.host()?).to_ascii_lowercase();
    let of = |family: &str| host == family || host.ends_with(&format!(".{family}"));
    (host != target.host && !FAMILIES.iter().any(|family| of(family))).then(|| plain(&host))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(status: u16, headers: &[(&str, &str)], body: &str) -> Option<&'static str> {
        let mut response = http::Response::builder().status(status);
        for (name, value) in headers {
            response = response.header(*name, *value);
        }
        let (head, ()) = response.body(()).unwrap().into_parts();
        let answer = Answer { head, body: body.into(), whole: true };
        let target = Target::https("sts.us-east-1.amazonaws.com", Purpose::SignIn);
        assert_eq!(judge(&answer, &target, true, None), None);
        judge(&answer, &target, false, None).map(|fault| fault.code())
    }

    #[test]
    fn what_the_clouds_answer_behind_an_interceptor_passes() {
        for (status, headers, body) in [
            (302, &[("location", "https://aws.amazon.com/iam")][..], ""),
            (307, &[("location", "https://aws.amazon.com/s3/")], ""),
            (403, &[("x-amzn-requestid", "1")], "<html>Missing Authentication Token"),
            (404, &[], "<UnknownOperationException/>\n"),
            (404, &[], "<!DOCTYPE html><title>Error 404 (Not Found)!!1</title>"),
            (404, &[], "{\"error\": {\"code\": 404}}"),
        ] {
            assert_eq!(verdict(status, headers, body), None, "{status} {body}");
        }
    }

    #[test]
    fn what_another_one_answers_does_not() {
        let portal = [("location", "https://portal.corp.test/login?u=x")];
        assert_eq!(verdict(302, &portal, ""), Some("redirected"));
        let evil = [("location", "https://evilamazonaws.com/")];
        assert_eq!(verdict(302, &evil, ""), Some("redirected"));
        assert_eq!(verdict(403, &[], "<html><title>Blocked</title>"), Some("block_page"));
        assert_eq!(verdict(200, &[], "<!doctype html><p>Hello"), Some("block_page"));
    }
}
