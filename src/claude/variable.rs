//! Every variable of the environment that we set, take back or read: one constant each, from whose
//! documentation the reference page is made.
//!
//! «facts» is the sheet on the client 2.1.330. A variable that the client ignores is not here, unless
//! another tool reads it.

/// A variable of the environment.
#[derive(Debug, PartialEq, Eq)]
pub struct Variable {
    pub name: &'static str,
    pub group: Group,
    /// Markdown, as it stands in the source.
    pub about: &'static [&'static str],
    /// Whether its value is always a secret.
    pub secret: bool,
    /// Whether any value but an empty one counts, even `0`. It is never set to be off.
    pub presence: bool,
    /// Whether it is the developer's: he has it for other tools, too, it says who he is, or he tells
    /// his own client something by it. It may be set, and is taken back only where it would bring
    /// another's credential to a gateway.
    pub personal: bool,
}

/// What a variable is about. The groups are the chapters of the reference page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    /// Which provider is called.
    Provider,
    Bedrock,
    Vertex,
    /// The Anthropic API and gateways that speak it.
    Anthropic,
    Model,
    /// Traffic that is not needed to work.
    Traffic,
    Telemetry,
    /// Proxy and certificates, for Claude Code and most tools.
    Network,
    /// Proxy and certificates, for tools that have their own variables.
    Tool,
    /// Read by Groundwork alone.
    Groundwork,
}

macro_rules! variables {
    ($($(#[doc = $about:literal])+ $group:ident $constant:ident $(= $name:literal)? $(, $flag:ident)*;)+) => {
        $($(#[doc = $about])+ pub const $constant: &Variable = &Variable {
            name: name!($constant $($name)?),
            group: Group::$group,
            about: &[$($about),+],
            secret: false $(|| flag!(secret $flag))*,
            presence: false $(|| flag!(presence $flag))*,
            personal: false $(|| flag!(personal $flag))*,
        };)+

        /// Those of this file, in its order.
        const HERE: &[&Variable] = &[$($constant),+];
    };
}

macro_rules! name {
    ($constant:ident) => {
        stringify!($constant)
    };
    ($constant:ident $name:literal) => {
        $name
    };
}

macro_rules! flag {
    (secret secret) => {
        true
    };
    (presence presence) => {
        true
    };
    (personal personal) => {
        true
    };
    ($wanted:ident $other:ident) => {
        false
    };
}

mod groundwork;
mod model;
mod telemetry;

pub use self::{groundwork::*, model::*, telemetry::*};

const PARTS: [&[&Variable]; 4] = [HERE, MODELS, TELEMETRY, GROUNDWORK];

/// All of them, in the order of the source.
pub const ALL: &[&Variable] = &joined();

#[expect(clippy::indexing_slicing, reason = "it is done by the compiler")]
const fn joined() -> [&'static Variable; count()] {
    let mut all = [HERE[0]; count()];
    let (mut part, mut next) = (0, 0);
    while part < PARTS.len() {
        let mut at = 0;
        while at < PARTS[part].len() {
            all[next] = PARTS[part][at];
            at += 1;
            next += 1;
        }
        part += 1;
    }
    all
}

#[expect(clippy::indexing_slicing, reason = "it is done by the compiler")]
const fn count() -> usize {
    let (mut count, mut part) = (0, 0);
    while part < PARTS.len() {
        count += PARTS[part].len();
        part += 1;
    }
    count
}

variables! {
    /// Any true value chooses Bedrock before every provider but a stored gateway login (facts 1).
    Provider CLAUDE_CODE_USE_BEDROCK;

    /// Any true value chooses Vertex AI, if no other provider is chosen (facts 1).
    Provider CLAUDE_CODE_USE_VERTEX;

    /// Chooses Microsoft Foundry, before Vertex AI (facts 1).
    Provider CLAUDE_CODE_USE_FOUNDRY;

    /// Chooses Claude Platform on AWS, before Vertex AI (facts 1).
    Provider CLAUDE_CODE_USE_ANTHROPIC_AWS;

    /// Chooses Claude on Google Cloud, before Vertex AI (facts 1).
    Provider CLAUDE_CODE_USE_ANTHROPIC_GOOGLE_CLOUD;

    /// Chooses Bedrock's native Messages endpoint, before Vertex AI; beside Bedrock it takes some
    /// of its models (facts 1).
    Provider CLAUDE_CODE_USE_MANTLE;

    /// Chooses a gateway that speaks the Anthropic API, with a token that is given (facts 1).
    Provider CLAUDE_CODE_USE_GATEWAY;

    /// The region that is called, before `AWS_DEFAULT_REGION` and the profile's (facts 2.1).
    Bedrock AWS_REGION, personal;

    /// The region where `AWS_REGION` is not set (facts 2.1).
    Bedrock AWS_DEFAULT_REGION, personal;

    /// A key of Bedrock's API, in place of signatures (facts 2.1).
    Bedrock AWS_BEARER_TOKEN_BEDROCK, secret, personal;

    /// In place of the hosts of all of AWS, for every tool. Managed settings cancel it: with a list of
    /// allowed providers the client would refuse to start, and without one call models there (facts
    /// 2.1, 8).
    Bedrock AWS_ENDPOINT_URL, personal;

    /// In place of the host of Bedrock's control plane (facts 2.1).
    Bedrock AWS_ENDPOINT_URL_BEDROCK;

    /// In place of the host on which Bedrock's models are called (facts 2.1).
    Bedrock AWS_ENDPOINT_URL_BEDROCK_RUNTIME;

    /// The profile that credentials are taken from, by the ordinary chain of the AWS SDK. In managed
    /// settings only if `claude_code.environment` names it (facts 2.1).
    Bedrock AWS_PROFILE, personal;

    /// The first choice among the prefixes of inference profiles: `us`, `eu`, `apac`, `jp`, `au` or
    /// `global`; ignored in `GovCloud` (facts 2.1, 9.3).
    Bedrock ANTHROPIC_BEDROCK_REGION_PREFIX;

    /// In place of Bedrock's hosts, of both the runtime and the control plane. Without a slash at
    /// its end: with one, a path begins with two (facts 2.1).
    Bedrock ANTHROPIC_BEDROCK_BASE_URL;

    /// Requests are not signed: a gateway does it (facts 2.1).
    Bedrock CLAUDE_CODE_SKIP_BEDROCK_AUTH;

    /// In place of Mantle's host (facts 2.1).
    Bedrock ANTHROPIC_BEDROCK_MANTLE_BASE_URL;

    /// Requests to Mantle are not signed (facts 2.1).
    Bedrock CLAUDE_CODE_SKIP_MANTLE_AUTH;

    /// A region of its own for the model of background tasks (facts 2.1).
    Bedrock ANTHROPIC_SMALL_FAST_MODEL_AWS_REGION;

    /// Where models are called: `global`, `us`, `eu` or a region (facts 2.2).
    Vertex CLOUD_ML_REGION;

    /// The project that is called. The client 2.1.330 takes it before `GOOGLE_CLOUD_PROJECT`, which
    /// is not set: in a developer's shell it would move every other tool to this project, too
    /// (facts 2.2).
    Vertex ANTHROPIC_VERTEX_PROJECT_ID;

    /// The project that Google's tools and libraries speak of (facts 2.2).
    Vertex GOOGLE_CLOUD_PROJECT, personal;

    /// A file of credentials, in place of a person's own (facts 2.2).
    Vertex GOOGLE_APPLICATION_CREDENTIALS, personal;

    /// In place of Vertex AI's hosts, with its `/v1`, which the client does not add (facts 2.2).
    Vertex ANTHROPIC_VERTEX_BASE_URL;

    /// Requests have no token of Google's: a gateway adds it (facts 2.2).
    Vertex CLAUDE_CODE_SKIP_VERTEX_AUTH;

    /// Where the Anthropic API is, or a gateway that speaks it. No model is called there while a
    /// cloud is chosen (facts 1, 2.5).
    Anthropic ANTHROPIC_BASE_URL;

    /// The models that a gateway tells are offered, too. Only beside `ANTHROPIC_BASE_URL`, and with
    /// traffic that is not needed to work (facts 7.6).
    Anthropic CLAUDE_CODE_ENABLE_GATEWAY_MODEL_DISCOVERY;

    /// Goes out as `Authorization: Bearer` (facts 2.5).
    Anthropic ANTHROPIC_AUTH_TOKEN, secret, personal;

    /// Goes out as `x-api-key` (facts 2.5).
    Anthropic ANTHROPIC_API_KEY, secret, personal;

    /// `Name: Value` lines that go out with every request, to every provider: guardrails, routes,
    /// credentials (facts 2.5).
    Anthropic ANTHROPIC_CUSTOM_HEADERS, secret, personal;

    /// The proxy for `https` addresses; the client takes the first of the six names for all
    /// addresses (facts 3).
    Network HTTPS_PROXY;

    /// The same, which the client and most tools take before the upper case (facts 3).
    Network HTTPS_PROXY_LOWER = "https_proxy";

    /// The proxy for `http` addresses (facts 3).
    Network HTTP_PROXY;

    /// The same; curl reads no other for `http` (facts 3).
    Network HTTP_PROXY_LOWER = "http_proxy";

    /// The proxy where no other is told (facts 3).
    Network ALL_PROXY;

    /// The same, before the upper case (facts 3).
    Network ALL_PROXY_LOWER = "all_proxy";

    /// What is reached without the proxy. The client exempts nothing by itself, not even this
    /// machine (facts 3).
    Network NO_PROXY;

    /// The same, which wins (facts 3).
    Network NO_PROXY_LOWER = "no_proxy";

    /// A PEM file of authorities that are trusted beside those that the client brings and the
    /// system's. The one that works from the shell and from a settings file (facts 4).
    Network NODE_EXTRA_CA_CERTS;

    /// `0` switches off all checks of certificates (facts 4).
    Network NODE_TLS_REJECT_UNAUTHORIZED;

    /// A PEM file of the certificate with which the client identifies itself (facts 4).
    Network CLAUDE_CODE_CLIENT_CERT;

    /// A PEM file of that certificate's key (facts 4).
    Network CLAUDE_CODE_CLIENT_KEY;

    /// git: a PEM file of the authorities that it trusts in place of the system's.
    Tool GIT_SSL_CAINFO;

    /// git: a PEM file of the certificate with which it identifies itself.
    Tool GIT_SSL_CERT;

    /// git: a PEM file of that certificate's key.
    Tool GIT_SSL_KEY;

    /// curl, and Python's requests where `REQUESTS_CA_BUNDLE` is not set: a PEM file of the
    /// authorities that are trusted in place of the system's.
    Tool CURL_CA_BUNDLE;

    /// Python's requests: a PEM file of the authorities that are trusted in place of those that it
    /// brings.
    Tool REQUESTS_CA_BUNDLE;

    /// pip: a PEM file of the authorities that it trusts in place of its own and the system's.
    Tool PIP_CERT;

    /// pip: one PEM file of the certificate with which it identifies itself and of its key.
    Tool PIP_CLIENT_CERT;

    /// npm: a PEM file of the authorities that it trusts in place of Node's. Debian's has it set.
    Tool NPM_CONFIG_CAFILE;

    /// The AWS command line and boto3: a PEM file of the authorities that they trust in place of those
    /// that they bring.
    Tool AWS_CA_BUNDLE;

    /// gcloud: a PEM file of the authorities that it trusts in place of those that it brings. The
    /// proxy it takes from `https_proxy`, if it has none of its own.
    Tool CLOUDSDK_CORE_CUSTOM_CA_CERTS_FILE;

    /// gRPC, as in Google's libraries for Python: a PEM file of the authorities that it trusts in
    /// place of those that it brings.
    Tool GRPC_DEFAULT_SSL_ROOTS_FILE_PATH;

    /// OpenSSL, Go and Rust: a PEM file of the authorities that are trusted in place of the system's.
    /// Claude Code heeds it from the shell and not from a settings file (facts 4).
    Tool SSL_CERT_FILE;

    /// The same: folders of such files, divided by colons. With one of both set, nothing else is read.
    Tool SSL_CERT_DIR;
}
