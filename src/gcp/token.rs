//! How calls are signed: the one seam behind which every kind of Google credential is.
//!
//! Google's own library knows service-account files, user credentials, the metadata server,
//! federation and impersonation; `gcp_auth` knows the gcloud command line's sign-in, which the
//! former lacks. Which one is taken depends on what is there and is never guessed by a network
//! call: a look for a metadata server that does not exist takes seconds.

use std::{
    fmt, fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use gcp_auth::{GCloudAuthorizedUser, TokenProvider as _};
use google_cloud_auth::credentials::{
    CacheableResource, Credentials, external_account, impersonated, mds, service_account,
    user_account,
};
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use serde_json::Value;

use super::error::Refusal;
use crate::{
    claude::variable as v,
    error::{Error, Kind, Result},
};

/// Names the project that pays.
const PAYS: &str = "x-goog-user-project";
const SCOPE: &str = "https://www.googleapis.com/auth/cloud-platform";
const LOGIN: &str = "sign in: gcloud auth application-default login";
const MACHINE: &str = "this machine's own account";
const NAME_A_FILE: &str = "or name a file with credentials: GOOGLE_APPLICATION_CREDENTIALS";

/// What the environment says of sign-in. Read once, by the command line.
#[derive(Clone, Default)]
pub struct SignIn {
    /// `GOOGLE_OAUTH_ACCESS_TOKEN`: a token that somebody else has got.
    pub access_token: Option<String>,
    /// `GOOGLE_APPLICATION_CREDENTIALS`, or where gcloud puts the file.
    pub credentials_file: Option<PathBuf>,
    pub machine: Machine,
    /// Whether the gcloud command line is there.
    pub gcloud: bool,
    /// `GOOGLE_CLOUD_QUOTA_PROJECT`: who pays, if not the project itself.
    pub quota_project: Option<String>,
}

/// Whether this machine has an account of its own, which its metadata server knows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Machine {
    /// It is Google's, or `GCE_METADATA_HOST` names the server.
    Google,
    /// Nothing tells. Only the server's answer would, and to look for it may take seconds.
    #[default]
    Unknown,
    /// `NO_GCE_CHECK`: it is not to be looked for.
    Elsewhere,
}

impl fmt::Debug for SignIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignIn")
            .field("access_token", &self.access_token.as_ref().map(|_| "***"))
            .field("credentials_file", &self.credentials_file)
            .field("machine", &self.machine)
            .field("gcloud", &self.gcloud)
            .field("quota_project", &self.quota_project)
            .finish()
    }
}

/// Gives the headers that sign a call.
#[derive(Clone)]
pub struct TokenSource {
    source: Arc<Source>,
    /// What it is, for messages.
    name: Arc<str>,
}

enum Source {
    Given(HeaderMap),
    Google(Credentials),
    Gcloud(GCloudAuthorizedUser, HeaderValue),
}

impl fmt::Debug for TokenSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl TokenSource {
    /// Chooses by what is there. `project` pays for the calls of a person.
    pub async fn find(sign_in: &SignIn, project: &str) -> Result<Self> {
        let payer = sign_in.quota_project.as_deref();
        let person_pays = payer.unwrap_or(project);
        if let Some(token) = &sign_in.access_token {
            return Self::given(token, Some(person_pays));
        }
        if let Some(path) = &sign_in.credentials_file {
            return Self::of_file(path, payer, project);
        }
        match sign_in.machine {
            Machine::Google => Self::of_machine(payer),
            _ if sign_in.gcloud => Self::of_gcloud(person_pays).await,
            Machine::Unknown => Self::of_machine(payer),
            Machine::Elsewhere => {
                let message = "there is nothing to sign in to Google Cloud with";
                Err(Error::new(Kind::Denied, message).hint(LOGIN).hint(NAME_A_FILE))
            }
        }
    }

    /// A token that is there already, and the project that pays if it is a person's.
    pub fn given(token: &str, project: Option<&str>) -> Result<Self> {
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, bearer(token)?);
        if let Some(project) = project {
            headers.insert(PAYS, header(project)?);
        }
        Ok(Self::new(Source::Given(headers), v::GOOGLE_OAUTH_ACCESS_TOKEN.name))
    }

    fn of_file(path: &Path, payer: Option<&str>, project: &str) -> Result<Self> {
        let name = format!("`{}`", path.display());
        let wrong = |why: String| {
            let message = format!("there are no credentials for Google Cloud in {name}");
            let error = Error::new(Kind::Denied, message).caused_by(why);
            error.hint("make it anew: gcloud auth application-default login").hint(NAME_A_FILE)
        };
        let text = fs::read_to_string(path).map_err(|why| wrong(why.to_string()));
        let json: Value = serde_json::from_str(&text?).map_err(|why| wrong(why.to_string()))?;
        // Without it some APIs refuse a person's call; a file that names one itself is heeded.
        let payer = payer.or_else(|| person(&json).then_some(project));
        let credentials = credentials(json, payer).map_err(wrong)?;
        Ok(Self::new(Source::Google(credentials), name.as_str()))
    }

    fn of_machine(payer: Option<&str>) -> Result<Self> {
        let builder = mds::Builder::default().with_scopes([SCOPE]);
        let builder = payer.into_iter().fold(builder, mds::Builder::with_quota_project_id);
        let credentials = builder.build().map_err(|error| not_signed_in(MACHINE, &error))?;
        Ok(Self::new(Source::Google(credentials), MACHINE))
    }

    async fn of_gcloud(payer: &str) -> Result<Self> {
        let name = "the gcloud command line";
        let gcloud = GCloudAuthorizedUser::new().await;
        let gcloud = gcloud.map_err(|error| not_signed_in(name, &error))?;
        Ok(Self::new(Source::Gcloud(gcloud, header(payer)?), name))
    }

    fn new(source: Source, name: impl Into<Arc<str>>) -> Self {
        Self { source: Arc::new(source), name: name.into() }
    }

    pub(crate) async fn headers(&self) -> Result<HeaderMap> {
        match &*self.source {
            Source::Given(headers) => Ok(headers.clone()),
            Source::Google(credentials) => {
                let headers = credentials.headers(http::Extensions::new()).await;
                match headers.map_err(|error| not_signed_in(&self.name, &error))? {
                    CacheableResource::New { data, .. } => Ok(data),
                    CacheableResource::NotModified => Ok(HeaderMap::new()),
                }
            }
            Source::Gcloud(gcloud, pays) => {
                let token = gcloud.token(&[SCOPE]).await;
                let token = token.map_err(|error| not_signed_in(&self.name, &error))?;
                let mut headers = HeaderMap::new();
                headers.insert(AUTHORIZATION, bearer(token.as_str())?);
                headers.insert(PAYS, pays.clone());
                Ok(headers)
            }
        }
    }

    /// That Google has refused what this gave.
    pub(super) fn refused(&self, error: Error) -> Error {
        let given = matches!(&*self.source, Source::Given(_));
        let error = error.while_doing(could_not_sign_in(&self.name));
        if given {
            let fresh = "$(gcloud auth print-access-token)";
            error.hint(format!("then: export GOOGLE_OAUTH_ACCESS_TOKEN=\"{fresh}\""))
        } else {
            error
        }
    }
}

/// What a file's `type` stands for. By hand: Google's own choice reads the environment again, and
/// takes an empty `GOOGLE_APPLICATION_CREDENTIALS` for a file's name.
fn credentials(json: Value, payer: Option<&str>) -> Result<Credentials, String> {
    let payer = payer.into_iter();
    let kind = json.get("type").and_then(Value::as_str).unwrap_or_default().to_owned();
    let built = match kind.as_str() {
        "authorized_user" => {
            let builder = user_account::Builder::new(json).with_scopes([SCOPE]);
            payer.fold(builder, user_account::Builder::with_quota_project_id).build()
        }
        "service_account" => {
            let scopes = service_account::AccessSpecifier::from_scopes([SCOPE]);
            let builder = service_account::Builder::new(json).with_access_specifier(scopes);
            payer.fold(builder, service_account::Builder::with_quota_project_id).build()
        }
        "external_account" => {
            let builder = external_account::Builder::new(json).with_scopes([SCOPE]);
            payer.fold(builder, external_account::Builder::with_quota_project_id).build()
        }
        "impersonated_service_account" => {
            let builder = impersonated::Builder::new(json).with_scopes([SCOPE]);
            payer.fold(builder, impersonated::Builder::with_quota_project_id).build()
        }
        "" => return Err("it has no `type`".into()),
        _ => return Err(format!("its `type` is `{kind}`, which is not supported")),
    };
    built.map_err(|error| innermost(&error))
}

/// Whether the file is a person's who names no project that pays.
fn person(json: &Value) -> bool {
    let of_user =
        |json: &Value| json.get("type").and_then(Value::as_str) == Some("authorized_user");
    of_user(json) && json.get("quota_project_id").is_none()
}

fn bearer(token: &str) -> Result<HeaderValue> {
    let mut value = header(&format!("Bearer {token}"))?;
    value.set_sensitive(true);
    Ok(value)
}

fn header(text: &str) -> Result<HeaderValue> {
    HeaderValue::from_str(text).map_err(|_| {
        let message = "the access token has characters that no token has";
        Error::new(Kind::Denied, message).hint(LOGIN)
    })
}

fn could_not_sign_in(name: &str) -> String {
    format!("could not sign in to Google Cloud with {name}")
}

fn not_signed_in(name: &str, error: &(dyn std::error::Error + 'static)) -> Error {
    // Off Google's machines nobody answers for one.
    if name != MACHINE
        && let Some(why) = unreached(error)
    {
        let error = Error::new(Kind::Cloud, could_not_sign_in(name)).caused_by(why);
        return error.hint("see where the way ends: groundwork proxy check");
    }
    let why = answered(error).unwrap_or_else(|| innermost(error));
    let why = why.trim_end_matches(" and future attempts will not succeed").to_owned();
    Error::new(Kind::Denied, could_not_sign_in(name)).caused_by(why).hint(LOGIN).hint(NAME_A_FILE)
}

/// Where the way to a token endpoint ended, if it did: to sign in anew does not help then.
fn unreached(error: &(dyn std::error::Error + 'static)) -> Option<String> {
    let mut cause = error;
    let call = loop {
        match cause.downcast_ref::<reqwest::Error>() {
            Some(call) => break call,
            None => cause = cause.source()?,
        }
    };
    if !call.is_request() && !call.is_timeout() {
        return None;
    }
    let host = call.url().and_then(|url| url.host_str()).unwrap_or("the token endpoint");
    let why = innermost(call);
    let why = why.split(" (os error").next().unwrap_or_default().to_lowercase();
    Some(match why.strip_prefix("tunnel error: ") {
        Some("unsuccessful") => format!("the proxy does not let `{host}` through"),
        Some("proxy authorization required") => {
            "the proxy asks for a user and a password, or refuses those of its URL (407)".to_owned()
        }
        _ => format!("no answer of `{host}`: {why}"),
    })
}

/// What a token endpoint said, which Google's library has in one of its messages only.
fn answered(error: &dyn std::error::Error) -> Option<String> {
    let mut cause = Some(error);
    while let Some(this) = cause {
        if let Some((_, body)) = this.to_string().split_once("body=<") {
            let body = body.rsplit_once('>').map_or(body, |(body, _)| body);
            let Refusal { status, message, .. } = Refusal::read("", 0, body.as_bytes());
            return (!status.is_empty()).then(|| format!("{status}: {message}"));
        }
        cause = this.source();
    }
    None
}

/// The innermost message. The outer ones of Google's library say that something failed, some of them
/// twice and with advice, and hold the URL.
pub(super) fn innermost(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause.to_string()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_token_does_not_print() {
        let sign_in = SignIn { access_token: Some("ya29.secret".into()), ..SignIn::default() };
        assert!(!format!("{sign_in:?}").contains("secret"));
        let source = TokenSource::given("ya29.secret", None).unwrap();
        assert!(!format!("{source:?}").contains("secret"));
        assert!(TokenSource::given("a\nb", None).is_err());
    }

    #[tokio::test]
    async fn who_does_not_get_there_is_not_told_to_sign_in() {
        let nobody = reqwest::Proxy::all("http://127.0.0.1:1").unwrap();
        let client = reqwest::Client::builder().proxy(nobody).build().unwrap();
        let why = client.get("https://oauth2.googleapis.com/token").send().await.unwrap_err();
        let error = not_signed_in("`adc.json`", &why);
        assert_eq!(error.hints(), ["see where the way ends: groundwork proxy check"]);
        assert!(error.causes().concat().contains("no answer of `oauth2.googleapis.com`: "));
        assert_eq!(not_signed_in(MACHINE, &why).hints(), [LOGIN, NAME_A_FILE]);
    }

    #[test]
    fn only_a_person_without_a_project_needs_one() {
        assert!(person(&json!({"type": "authorized_user"})));
        assert!(!person(&json!({"type": "authorized_user", "quota_project_id": "p"})));
        assert!(!person(&json!({"type": "service_account"})));
    }
}
