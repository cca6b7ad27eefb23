//! How calls are signed: the one seam behind which every kind of Google credential is.
//!
//! Google's own library knows service-account files, user credentials, the metadata server,
//! federation and impersonation; `gcp_auth` knows the gcloud command line's sign-in, which the
//! former lacks. Which one is taken depends on what is there and is never guessed by a network
//! call: a look for a metadata server that does not exist takes seconds.

use std::{fmt, fs, path::PathBuf, sync::Arc};

use gcp_auth::{GCloudAuthorizedUser, TokenProvider as _};
use google_cloud_auth::credentials::{Builder, CacheableResource, Credentials};
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use serde_json::Value;

use crate::error::{Error, Kind, Result};

/// Names the project that pays.
const PAYS: &str = "x-goog-user-project";
const SCOPE: &str = "https://www.googleapis.com/auth/cloud-platform";

/// What the environment says of sign-in. Read once, by the command line.
#[derive(Clone, Default)]
pub struct SignIn {
    /// `GOOGLE_OAUTH_ACCESS_TOKEN`: a token that somebody else has got.
    pub access_token: Option<String>,
    /// `GOOGLE_APPLICATION_CREDENTIALS`, or where gcloud puts the file.
    pub credentials_file: Option<PathBuf>,
    /// Whether there is a metadata server: `GCE_METADATA_HOST`, or a machine of Google's.
    pub metadata: bool,
    /// Whether the gcloud command line is there.
    pub gcloud: bool,
}

impl fmt::Debug for SignIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignIn")
            .field("access_token", &self.access_token.as_ref().map(|_| "***"))
            .field("credentials_file", &self.credentials_file)
            .field("metadata", &self.metadata)
            .field("gcloud", &self.gcloud)
            .finish()
    }
}

/// Gives the headers that sign a call.
#[derive(Clone)]
pub struct TokenSource {
    source: Arc<Source>,
    /// What it is, for messages.
    name: &'static str,
}

enum Source {
    Given(HeaderMap),
    Google(Credentials),
    Gcloud(GCloudAuthorizedUser, HeaderValue),
}

impl fmt::Debug for TokenSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl TokenSource {
    /// Chooses by what is there. `project` pays for the calls of a person.
    pub async fn find(sign_in: &SignIn, project: &str) -> Result<Self> {
        if let Some(token) = &sign_in.access_token {
            return Self::given(token, Some(project));
        }
        if let Some(path) = &sign_in.credentials_file {
            let text = fs::read_to_string(path).map_err(|error| {
                let message = format!("could not read the credentials in `{}`", path.display());
                Error::new(Kind::Denied, message)
                    .caused_by(error)
                    .hint("GOOGLE_APPLICATION_CREDENTIALS names this file")
            })?;
            let json: Value = serde_json::from_str(&text).map_err(|error| {
                let message = format!("`{}` holds no credentials", path.display());
                Error::new(Kind::Denied, message).caused_by(error)
            })?;
            return Self::google(project, person(&json));
        }
        if sign_in.metadata || !sign_in.gcloud {
            return Self::google(project, false);
        }
        let gcloud = GCloudAuthorizedUser::new().await.map_err(|error| {
            Error::new(Kind::Denied, "could not sign in with the gcloud command line")
                .caused_by(error)
                .hint("sign in: gcloud auth application-default login")
        })?;
        let pays = header(project)?;
        Ok(Self { source: Arc::new(Source::Gcloud(gcloud, pays)), name: "the gcloud command line" })
    }

    /// A token that is there already, and the project that pays if it is a person's.
    pub fn given(token: &str, project: Option<&str>) -> Result<Self> {
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, bearer(token)?);
        if let Some(project) = project {
            headers.insert(PAYS, header(project)?);
        }
        Ok(Self { source: Arc::new(Source::Given(headers)), name: "GOOGLE_OAUTH_ACCESS_TOKEN" })
    }

    fn google(project: &str, person: bool) -> Result<Self> {
        let mut builder = Builder::default().with_scopes([SCOPE]);
        if person {
            // Without it some APIs refuse a person's call; a file that names one itself is heeded.
            builder = builder.with_quota_project_id(project);
        }
        let credentials = builder.build().map_err(not_signed_in)?;
        Ok(Self {
            source: Arc::new(Source::Google(credentials)),
            name: "application default credentials",
        })
    }

    pub(super) async fn headers(&self) -> Result<HeaderMap> {
        match &*self.source {
            Source::Given(headers) => Ok(headers.clone()),
            Source::Google(credentials) => {
                match credentials.headers(http_extensions()).await.map_err(not_signed_in)? {
                    CacheableResource::New { data, .. } => Ok(data),
                    CacheableResource::NotModified => Ok(HeaderMap::new()),
                }
            }
            Source::Gcloud(gcloud, pays) => {
                let token = gcloud.token(&[SCOPE]).await.map_err(not_signed_in)?;
                let mut headers = HeaderMap::new();
                headers.insert(AUTHORIZATION, bearer(token.as_str())?);
                headers.insert(PAYS, pays.clone());
                Ok(headers)
            }
        }
    }
}

fn http_extensions() -> http::Extensions {
    http::Extensions::new()
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
    HeaderValue::from_str(text)
        .map_err(|_| Error::new(Kind::Denied, "the access token has characters that no token has"))
}

fn not_signed_in(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::new(Kind::Denied, "could not sign in to Google Cloud")
        .caused_by(error)
        .hint("sign in: gcloud auth application-default login")
        .hint("or name a file with credentials: GOOGLE_APPLICATION_CREDENTIALS")
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

    #[test]
    fn only_a_person_without_a_project_needs_one() {
        assert!(person(&json!({"type": "authorized_user"})));
        assert!(!person(&json!({"type": "authorized_user", "quota_project_id": "p"})));
        assert!(!person(&json!({"type": "service_account"})));
    }
}
