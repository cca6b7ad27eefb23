//! Where tokens come from: OAuth's and STS's token endpoints, the metadata server, self-signed JWTs.
//!
//! Signatures are not looked at; who is meant, and whether the account and its key still exist, is.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

use super::{caller::OWNER, failure::Failure, world::World};

/// Whose token the metadata server gives.
pub const MACHINE: &str = "machine@example.iam.gserviceaccount.com";
/// Whose every refresh token is, but the one that is revoked.
pub const USER: &str = "user@example.com";
pub const REVOKED: &str = "1//revoked";

/// Status and body; `None`: no token endpoint.
pub type Given = Option<(u16, Value)>;

/// `POST /oauth2/token` and `POST /sts/v1/token`, form or JSON.
pub fn exchange(world: &mut World, path: &str, json_body: bool, body: &[u8]) -> Given {
    let body = String::from_utf8_lossy(body);
    let fields =
        if json_body { serde_json::from_str(&body).unwrap_or(Value::Null) } else { form(&body) };
    let field = |snake: &str, camel: &str| {
        let value = fields.get(snake).or_else(|| fields.get(camel));
        value.and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    let identity = match path {
        "sts/v1/token" => federated(
            world,
            &field("audience", "audience"),
            &field("subject_token", "subjectToken"),
        ),
        "oauth2/token" => match field("grant_type", "grantType").as_str() {
            "refresh_token" if field("refresh_token", "refreshToken") == REVOKED => {
                Err("Token has been expired or revoked.")
            }
            "refresh_token" => Ok(USER.to_owned()),
            "urn:ietf:params:oauth:grant-type:jwt-bearer" => {
                jwt(world, &field("assertion", "assertion"))
                    .ok_or("Invalid JWT: unknown issuer or key.")
            }
            _ => Err("Unsupported grant type."),
        },
        _ => return None,
    };
    Some(match identity {
        Ok(identity) => (
            200,
            json!({
                "access_token": world.callers.mint(&identity),
                "expires_in": 3599,
                "token_type": "Bearer",
                "issued_token_type": "urn:ietf:params:oauth:token-type:access_token",
            }),
        ),
        Err(text) => (400, json!({"error": "invalid_grant", "error_description": text})),
    })
}

/// The principal behind a foreign token; its provider must exist where the pool is of a known project.
fn federated(world: &World, audience: &str, subject: &str) -> Result<String, &'static str> {
    if subject.is_empty() {
        return Err("The subject token is missing.");
    }
    let provider = audience.trim_start_matches("//iam.googleapis.com/");
    let known = world.find("iam.workloadIdentityPoolProviders", provider);
    let foreign = world.by_id(provider) == provider;
    if !foreign && known.is_none_or(|provider| provider["state"] != "ACTIVE") {
        return Err("The target service indicated by the \"audience\" parameters is invalid.");
    }
    let claims = claims(subject);
    let subject = claims.as_ref().and_then(|claims| claims["sub"].as_str()).unwrap_or("subject");
    let pool = provider.split("/providers/").next().unwrap_or(provider);
    Ok(format!("principal://iam.googleapis.com/{pool}/subject/{subject}"))
}

fn claims(token: &str) -> Option<Value> {
    part(token, 1)
}

fn part(token: &str, index: usize) -> Option<Value> {
    let parts: Vec<&str> = token.split('.').collect();
    if parts.len() != 3 {
        return None;
    }
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(parts[index]).ok()?).ok()
}

/// The service account that a JWT is of: one without keys here, or one that has this key.
fn jwt(world: &World, token: &str) -> Option<String> {
    let header = part(token, 0)?;
    let issuer = claims(token)?["iss"].as_str()?.to_owned();
    let account = world.find("iam.serviceAccounts", &issuer);
    let (project, _) = issuer.split_once('@').and_then(|(_, domain)| domain.split_once('.'))?;
    if account.is_none() {
        let own = world.project_id(project).is_some();
        return (!own).then_some(issuer);
    }
    let key = header["kid"].as_str().unwrap_or_default();
    let suffix = format!("/serviceAccounts/{issuer}/keys/{key}");
    let known = world.all("iam.keys").any(|(name, _)| name.ends_with(&suffix));
    known.then_some(issuer)
}

/// Who bears `token`.
pub fn bearer(world: &World, token: &str) -> Option<String> {
    world.callers.identity(token).or_else(|| jwt(world, token))
}

/// `GET /metadata/computeMetadata/v1/...`.
pub fn metadata(world: &mut World, path: &str) -> Option<String> {
    let project = world.first_project();
    let account = path.strip_prefix("instance/service-accounts/default/");
    Some(match (path.trim_end_matches('/'), account) {
        ("project/project-id", _) => world.project_id(&project)?,
        ("project/numeric-project-id", _) => project,
        ("universe/universe-domain" | "universe/universe_domain", _) => "googleapis.com".to_owned(),
        (_, Some("email")) => MACHINE.to_owned(),
        (_, Some("scopes")) => "https://www.googleapis.com/auth/cloud-platform\n".to_owned(),
        (_, Some("token")) => json!({
            "access_token": world.callers.mint(MACHINE),
            "expires_in": 3599,
            "token_type": "Bearer",
        })
        .to_string(),
        (_, Some("")) => {
            json!({"aliases": ["default"], "email": MACHINE, "scopes": []}).to_string()
        }
        _ => return None,
    })
}

/// The caller behind the `Authorization` header.
pub fn identify(world: &World, header: Option<&str>) -> Result<String, Failure> {
    let token = header.and_then(|header| header.strip_prefix("Bearer "));
    let identity = token.and_then(|token| bearer(world, token));
    identity.ok_or_else(|| {
        let (message, reason) = match token {
            None => ("Request is missing required authentication credential. Expected OAuth 2 access token, login cookie or other valid authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project.", "CREDENTIALS_MISSING"),
            Some(_) => ("Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project.", "ACCESS_TOKEN_EXPIRED"),
        };
        Failure::new(401, "UNAUTHENTICATED", message).reason(reason, "googleapis.com", &json!({}))
    })
}

/// Lets the first caller in.
pub fn prepare(world: &mut World) {
    world.callers.admit(OWNER, "owner@example.com");
}

fn form(body: &str) -> Value {
    pairs(body)
        .into_iter()
        .map(|(name, value)| (name, json!(value)))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

/// The pairs of a query, or of a form.
pub fn pairs(text: &str) -> Vec<(String, String)> {
    let decode =
        |text: &str| percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned();
    text.split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (decode(name), decode(value)))
        .collect()
}
