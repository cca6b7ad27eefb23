//! What signs a request to an upstream: a key, an account of AWS's or one of Google's.

use std::{
    fmt,
    time::{Duration, SystemTime},
};

use aws_credential_types::provider::{ProvideCredentials as _, SharedCredentialsProvider};
use aws_sigv4::{
    http_request::{
        SignableBody, SignableRequest, SigningSettings, UriPathNormalizationMode, sign,
    },
    sign::v4,
};
use http::{HeaderMap, HeaderName, HeaderValue, header};
use tokio::sync::RwLock;

use super::super::clock;
use crate::gcp::TokenSource;

/// A secret. It does not print.
#[derive(Clone)]
pub(crate) struct Secret(pub String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// What signs.
#[derive(Debug)]
pub(crate) enum Credential {
    /// `x-api-key`.
    Key(Secret),
    /// `Authorization: Bearer`.
    Bearer(Secret),
    Aws(Box<Aws>),
    Google(TokenSource),
}

/// Credentials of AWS's, got again before they expire.
#[derive(Debug)]
pub(crate) struct Aws {
    region: String,
    /// The service's name in a signature.
    service: &'static str,
    provider: SharedCredentialsProvider,
    current: RwLock<Option<(aws_credential_types::Credentials, SystemTime)>>,
}

/// So long before they expire credentials are got again: an answer takes minutes, but it is signed once.
const EARLY: Duration = Duration::from_mins(5);
/// Credentials without an end are looked at again, since a file may have others.
const LONGEST: Duration = Duration::from_hours(1);

impl Credential {
    pub(crate) fn aws(
        region: String,
        service: &'static str,
        provider: SharedCredentialsProvider,
    ) -> Self {
        Self::Aws(Box::new(Aws { region, service, provider, current: RwLock::default() }))
    }

    /// Whether there is one.
    pub(super) async fn probe(&self) -> Result<(), String> {
        match self {
            Self::Key(_) | Self::Bearer(_) => Ok(()),
            Self::Aws(aws) => aws.credentials().await.map(drop),
            Self::Google(source) => {
                source.headers().await.map(drop).map_err(|error| super::innermost(&error))
            }
        }
    }

    /// Adds the credential to the headers. `Err`: why there is none.
    pub(super) async fn add(
        &self,
        url: &str,
        headers: &mut HeaderMap,
        body: &[u8],
    ) -> Result<(), String> {
        match self {
            Self::Key(Secret(key)) => {
                headers.insert("x-api-key", secret(key)?);
            }
            Self::Bearer(Secret(token)) => {
                headers.insert(header::AUTHORIZATION, secret(&format!("Bearer {token}"))?);
            }
            Self::Aws(aws) => aws.sign(url, headers, body).await?,
            Self::Google(source) => {
                let signed = source.headers().await.map_err(|error| super::innermost(&error))?;
                headers.extend(signed);
            }
        }
        Ok(())
    }
}

impl Aws {
    async fn credentials(&self) -> Result<aws_credential_types::Credentials, String> {
        let fresh = |until: &SystemTime| clock::now() + EARLY < *until;
        if let Some((credentials, _)) = self.current.read().await.as_ref().filter(|it| fresh(&it.1))
        {
            return Ok(credentials.clone());
        }
        let mut current = self.current.write().await;
        // Whoever waited finds what the first one has got.
        if let Some((credentials, _)) = current.as_ref().filter(|it| fresh(&it.1)) {
            return Ok(credentials.clone());
        }
        match self.provider.provide_credentials().await {
            Ok(credentials) => {
                let until = credentials.expiry().unwrap_or_else(|| clock::now() + LONGEST);
                *current = Some((credentials.clone(), until));
                Ok(credentials)
            }
            // Those at hand may still be valid for some minutes.
            Err(error) => {
                let current = current.as_ref().map(|(credentials, _)| credentials.clone());
                current.ok_or_else(|| super::innermost(&error))
            }
        }
    }

    async fn sign(&self, url: &str, headers: &mut HeaderMap, body: &[u8]) -> Result<(), String> {
        let identity = self.credentials().await?.into();
        let mut settings = SigningSettings::default();
        // What is encoded in the path is encoded a second time in what is signed, and nothing of it is
        // taken for a way upwards.
        settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
        let wrong = |error: &dyn fmt::Display| format!("could not sign: {error}");
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name(self.service)
            .time(clock::now())
            .settings(settings)
            .build()
            .map_err(|error| wrong(&error))?
            .into();
        // Only the type of what is sent is signed: proxies may change the rest.
        let signed = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let signed = signed.map(|value| ("content-type", value));
        let request =
            SignableRequest::new("POST", url, signed.into_iter(), SignableBody::Bytes(body))
                .map_err(|error| wrong(&error))?;
        let (instructions, _) =
            sign(request, &parameters).map_err(|error| wrong(&error))?.into_parts();
        let (new, _) = instructions.into_parts();
        for header in new {
            let mut value = HeaderValue::from_str(header.value()).map_err(|error| wrong(&error))?;
            value.set_sensitive(header.sensitive());
            headers.insert(HeaderName::from_static(header.name()), value);
        }
        Ok(())
    }
}

fn secret(text: &str) -> Result<HeaderValue, String> {
    let mut value = HeaderValue::from_str(text)
        .map_err(|_| "the credential has characters that no header can have".to_owned())?;
    value.set_sensitive(true);
    Ok(value)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use aws_credential_types::{
        Credentials,
        provider::{
            ProvideCredentials, error::CredentialsError,
            future::ProvideCredentials as ProvideFuture,
        },
    };

    use super::*;

    #[tokio::test]
    async fn a_request_is_signed_for_its_service_and_a_secret_does_not_print() {
        let keys = Credentials::new("AKIDEXAMPLE", "s3cret", Some("session".into()), None, "test");
        let credential =
            Credential::aws("us-east-1".into(), "bedrock", SharedCredentialsProvider::new(keys));
        let mut headers = HeaderMap::new();
        headers.insert("content-type", HeaderValue::from_static("application/json"));
        credential.add("https://h/model/a%3A0/invoke", &mut headers, b"{}").await.unwrap();
        let signature = headers["authorization"].to_str().unwrap();
        assert!(signature.contains("/us-east-1/bedrock/aws4_request, SignedHeaders=content-type;host;x-amz-date;x-amz-security-token,"), "{signature}");
        assert_eq!(headers["x-amz-security-token"], "session");
        let shown =
            format!("{headers:?} {:?} {credential:?}", Credential::Key(Secret("s3cret".into())));
        assert!(!shown.contains("s3cret"), "{shown}");
    }

    /// Gives credentials that are valid for so long, each with the number of the time it was asked; from
    /// the third time on none.
    #[derive(Debug, Default)]
    struct Counting(AtomicU32, Duration);

    impl ProvideCredentials for Counting {
        fn provide_credentials<'a>(&'a self) -> ProvideFuture<'a>
        where
            Self: 'a,
        {
            let number = self.0.fetch_add(1, Ordering::Relaxed) + 1;
            let until = Some(clock::now() + self.1);
            let given = Credentials::new(format!("AKID{number}"), "s3cret", None, until, "test");
            let none = || CredentialsError::not_loaded("none left");
            ProvideFuture::ready(if number < 3 { Ok(given) } else { Err(none()) })
        }
    }

    #[tokio::test]
    async fn credentials_are_got_again_before_they_expire_and_kept_while_none_can_be_had() {
        let [hour, minute] = [Duration::from_hours(1), Duration::from_mins(1)];
        for (lasting, keys) in
            [(hour, ["AKID1", "AKID1", "AKID1"]), (minute, ["AKID1", "AKID2", "AKID2"])]
        {
            let provider = SharedCredentialsProvider::new(Counting(AtomicU32::new(0), lasting));
            let credential = Credential::aws("us-east-1".into(), "bedrock", provider);
            for key in keys {
                let mut headers = HeaderMap::new();
                credential.add("https://h/model/a/invoke", &mut headers, b"{}").await.unwrap();
                let signature = headers["authorization"].to_str().unwrap();
                assert!(signature.contains(&format!("Credential={key}/")), "{signature}");
            }
        }
    }
}
