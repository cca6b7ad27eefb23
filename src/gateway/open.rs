//! What a configuration stands for: callers, models, upstreams with their credentials, and terms.

use std::{collections::BTreeMap, path::Path, sync::Arc, time::Duration};

use aws_credential_types::provider::SharedCredentialsProvider;
use jsonwebtoken::jwk::JwkSet;

use super::{
    attempt::Terms,
    beta::LeftOut,
    body::BodyLimit,
    caller::{Caller, Callers, Claims, Issuer, KeySet, Keys, Source, Terms as TokenTerms},
    exchange::State,
    model::{Model, Models, Target},
    policy::{self, Allowed},
    relay::Patience,
    target::RestTerms,
    upstream::{Address, Credential, Kind as AddressKind, Secret, Upstream},
};
use crate::{
    config::gateway::{
        AnthropicUpstream, BedrockInterface, BedrockUpstream, CredentialHeader, GatewayConfig,
        Issuer as TrustedIssuer, LeaveOut, ModelAccess, Order, Target as ConfiguredTarget,
        Upstream as Configured, UpstreamName, VertexUpstream,
    },
    error::{Error, Kind, Result},
    gcp::TokenSource,
};

/// What signs the gateway in to the clouds, by the names of upstreams.
#[derive(Debug, Default)]
pub struct SignedIn {
    pub aws: BTreeMap<UpstreamName, SharedCredentialsProvider>,
    pub google: BTreeMap<UpstreamName, TokenSource>,
}

/// All that a request needs, and what it was made of.
#[derive(Debug)]
pub struct Opened {
    pub(super) state: State,
}

/// Makes it. A relative path is meant from `folder`, the configuration's. Makes no call.
pub fn open(
    config: &GatewayConfig,
    folder: &Path,
    signed_in: &SignedIn,
    client: &reqwest::Client,
) -> Result<Opened> {
    let mut upstreams = BTreeMap::new();
    for (name, upstream) in &config.upstreams {
        let (address, credential) = reached(name, upstream, signed_in)?;
        let upstream = Upstream::new(name.to_string(), address, credential, client.clone());
        upstreams.insert(name, Arc::new(upstream));
    }
    let models = config.models.iter().map(|(name, model)| {
        let targets = model.targets.iter().filter_map(|target| {
            let configured = config.upstreams.get(&target.upstream)?;
            Some(self::target(target, configured, upstreams.get(&target.upstream)?))
        });
        let weighted = model.order == Order::Weighted;
        let model_of = Model { name: name.clone(), targets: targets.collect(), weighted };
        (model_of, model.aliases.clone())
    });
    let access = config.models.iter().filter_map(|(name, model)| {
        let ModelAccess { groups, roles } = model.access.clone()?;
        Some((name.clone(), Allowed { groups, roles }))
    });
    let access = policy::ModelAccess::new(access);
    let seconds = |seconds: u32| Duration::from_secs(seconds.into());
    let failover = &config.failover;
    let limits = &config.listen.limits;
    let silence = seconds(failover.silence_seconds);
    let rest = RestTerms { failures: failover.failures, rest: seconds(failover.rest_seconds) };
    let state = State {
        callers: callers(config, folder, client)?,
        models: Models::new(models),
        body: BodyLimit {
            length: u64::from(limits.body_mib) << 20,
            silence: seconds(limits.body_seconds),
        },
        patience: Patience { ping: seconds(config.listen.ping_seconds), silence },
        terms: Terms { silence, rest },
        policies: vec![Box::new(access)],
    };
    Ok(Opened { state })
}

fn target(target: &ConfiguredTarget, configured: &Configured, upstream: &Arc<Upstream>) -> Target {
    let mut left_out = match configured.anthropic {
        Some(_) => LeftOut::default(),
        None => LeftOut::of_clouds(),
    };
    for LeaveOut { betas, fields } in [&configured.leave_out, &target.leave_out] {
        left_out.betas.extend(betas.iter().map(ToString::to_string));
        left_out.fields.extend(fields.iter().map(ToString::to_string));
    }
    let mut not_counted = left_out.clone();
    if upstream.address().is_vertex() {
        not_counted = not_counted.and_not_counted_by_vertex();
    }
    Target {
        upstream: Arc::clone(upstream),
        model: target.model.clone(),
        weight: target.weight,
        left_out,
        not_counted,
        experience: Arc::default(),
    }
}

fn callers(config: &GatewayConfig, folder: &Path, client: &reqwest::Client) -> Result<Callers> {
    let access = &config.access;
    let keys = access.keys.iter().map(|key| {
        let caller = Caller {
            user: key.user.clone().unwrap_or_else(|| key.name.clone()),
            groups: key.groups.clone(),
            role: key.role.clone(),
            by: format!("key {}", key.name),
        };
        (key.sha256.bytes(), caller)
    });
    let issuers: Result<Vec<Issuer>> =
        access.issuers.iter().map(|trusted| issuer(trusted, folder, client)).collect();
    Ok(Callers::new(issuers?, Keys::new(keys)))
}

fn issuer(trusted: &TrustedIssuer, folder: &Path, client: &reqwest::Client) -> Result<Issuer> {
    let TrustedIssuer { issuer, claims, .. } = trusted;
    let source = match (&trusted.jwks_file, &trusted.jwks_url) {
        (Some(file), _) => Source::Fixed(Box::new(key_set(&folder.join(file))?)),
        (None, Some(url)) => Source::Url(url.to_string()),
        (None, None) => Source::Discovery(issuer.to_string()),
    };
    let algorithms =
        trusted.algorithms.iter().filter_map(|algorithm| algorithm.as_str().parse().ok());
    let terms = TokenTerms {
        issuer: issuer.to_string(),
        audiences: trusted.audiences.clone(),
        algorithms: algorithms.collect(),
        clock_skew: trusted.clock_skew_seconds.into(),
        claims: Claims {
            user: claims.user.clone(),
            groups: claims.groups.clone(),
            role: claims.role.clone(),
        },
    };
    Ok(Issuer::new(terms, KeySet::new(source, client.clone())))
}

fn key_set(path: &Path) -> Result<JwkSet> {
    let unread = || format!("could not read the keys in `{}`", path.display());
    let text =
        std::fs::read(path).map_err(|error| Error::new(Kind::Config, unread()).caused_by(error))?;
    serde_json::from_slice(&text).map_err(|error| {
        Error::new(Kind::Config, unread())
            .caused_by(error)
            .hint("it must be a JSON Web Key Set: {\"keys\": [...]}")
    })
}

/// Where an upstream is, and what signs.
fn reached(
    name: &UpstreamName,
    upstream: &Configured,
    signed_in: &SignedIn,
) -> Result<(Address, Credential)> {
    match upstream {
        Configured { bedrock: Some(bedrock), .. } => of_bedrock(name, bedrock, signed_in),
        Configured { vertex: Some(vertex), .. } => of_vertex(name, vertex, signed_in),
        Configured { anthropic: Some(anthropic), .. } => Ok(of_anthropic(anthropic)),
        Configured { bedrock: None, vertex: None, anthropic: None, .. } => {
            Err(Error::new(Kind::Config, format!("the upstream `{name}` is of no kind")))
        }
    }
}

fn of_bedrock(
    name: &UpstreamName,
    upstream: &BedrockUpstream,
    signed_in: &SignedIn,
) -> Result<(Address, Credential)> {
    let region = upstream.region.as_str();
    let (address, service) = match upstream.interface {
        BedrockInterface::Invoke => (Address::bedrock(region), "bedrock"),
        BedrockInterface::Messages => (Address::bedrock_messages(region), "bedrock"),
        BedrockInterface::Mantle => (Address::bedrock_mantle(region), "bedrock-mantle"),
    };
    let address = match &upstream.endpoint_url {
        // The Messages API is below the same host.
        Some(url) if upstream.interface == BedrockInterface::Invoke => address.at(url.base()),
        Some(url) => address.at(&format!("{}/anthropic", url.base())),
        None => address,
    };
    let provider = signed_in.aws.get(name).cloned().ok_or_else(|| lacks(name))?;
    Ok((address, Credential::aws(region.to_owned(), service, provider)))
}

fn of_vertex(
    name: &UpstreamName,
    upstream: &VertexUpstream,
    signed_in: &SignedIn,
) -> Result<(Address, Credential)> {
    let address = Address::vertex(upstream.project_id.as_str(), upstream.location.as_str());
    let address = match &upstream.endpoint_url {
        Some(url) => address.at(url.base()),
        None => address,
    };
    let source = signed_in.google.get(name).cloned().ok_or_else(|| lacks(name))?;
    Ok((address, Credential::Google(source)))
}

fn of_anthropic(upstream: &AnthropicUpstream) -> (Address, Credential) {
    let key = Secret(upstream.api_key.expose().to_owned());
    let credential = match upstream.header {
        CredentialHeader::ApiKey => Credential::Key(key),
        CredentialHeader::Authorization => Credential::Bearer(key),
    };
    (Address::new(upstream.base_url.base(), AddressKind::Messages), credential)
}

fn lacks(name: &UpstreamName) -> Error {
    Error::new(Kind::Internal, format!("nothing signs for the upstream `{name}`"))
}
