//! What a configuration wants of an AWS account, as a graph. Pure: the same file and account give
//! the same graph.

use std::collections::BTreeSet;

use super::{
    Aws, Identity, Mark, Tags,
    monitoring::{monitoring, sender},
    network::network,
    policy::{self, Access, Delivery, Invocable, Sender},
    resource::{
        Bucket, Datum, EndpointOutput, GivenKey, InferenceProfile, InferenceProfileOutput,
        InvocationLogging, Key, KeyOutput, LogGroup, OidcProvider, Role, RoleOutput, RolePolicy,
    },
    right::{Draft, Rights, Site},
};
use crate::{
    claude::model,
    config::{self, Config, ModelId, Region},
    error::{Error, Kind, Result},
    reconcile::{Graph, Ref, Survey},
};

/// Where a tenant lives.
#[derive(Clone, Debug)]
pub struct Place<'a> {
    pub region: &'a Region,
    pub identity: &'a Identity,
}

/// The mark that everything of this tenant carries.
pub fn mark(config: &Config, region: &Region) -> Mark {
    Mark { tenant: config.tenant.to_string(), region: region.to_string() }
}

/// Refuses an account or partition other than the configuration's.
pub fn guard(config: &Config, place: &Place<'_>) -> Result<()> {
    let Identity { account, arn, partition } = place.identity;
    if let Some(wanted) = &config.account_id
        && wanted.as_str() != account
    {
        let message =
            format!("the configuration is for the account {wanted}, but `{arn}` is of {account}");
        return Err(Error::new(Kind::Config, message)
            .hint("choose that account's profile: --profile NAME")
            .hint("or correct `account_id` in the configuration"));
    }
    let region = place.region;
    if region.partition() != partition {
        let message =
            format!("the region {region} is not of the partition `{partition}` of `{arn}`");
        return Err(Error::new(Kind::Config, message)
            .hint("choose a profile of that partition, or another `bedrock.region`"));
    }
    // The file was checked with its own region, which --region may have replaced.
    if config.bedrock.access.role_name.as_str() == delivery_role_name(config, region) {
        let name = &config.bedrock.access.role_name;
        let message = format!("`bedrock.access.role_name`: `{name}` is the logging role's name");
        return Err(Error::new(Kind::Config, message).hint("choose another `role_name`"));
    }
    Ok(())
}

/// What the caller reads from the report.
#[derive(Clone)]
pub struct Handles {
    /// The role that developers take.
    pub developer: Ref<RoleOutput>,
    /// The application inference profiles.
    pub profiles: Profiles,
    /// The tenant's own key, also where another is used and it only stays.
    pub own_key: Ref<KeyOutput>,
    pub endpoints: Vec<Ref<EndpointOutput>>,
}

impl Handles {
    /// Every id of the graph, and the ARNs of what AWS names itself, as [`super::orphans`] wants them.
    pub fn known(&self, survey: &Survey<'_, Aws>, aws: &Aws) -> BTreeSet<String> {
        let Aws { partition, region, account, .. } = aws;
        let mut known: BTreeSet<String> = survey.plan().map(|(id, _)| id.to_string()).collect();
        known.extend(survey.get(&self.own_key).map(|key| key.arn));
        let profiles = self.profiles.iter().filter_map(|(_, profile)| survey.get(profile));
        known.extend(profiles.map(|profile| profile.arn));
        let endpoints = self.endpoints.iter().filter_map(|endpoint| survey.get(endpoint));
        known.extend(endpoints.map(|endpoint| {
            format!("arn:{partition}:ec2:{region}:{account}:vpc-endpoint/{}", endpoint.id)
        }));
        known
    }
}

/// Application inference profiles by name, in the order of the configuration.
pub type Profiles = Vec<(String, Ref<InferenceProfileOutput>)>;

/// What a tenant consists of, and what making it takes.
pub struct Wanted {
    pub graph: Graph<Aws>,
    pub handles: Handles,
    pub rights: Rights,
}

/// Everything that the tenant consists of.
pub fn wanted(config: &Config, place: &Place<'_>) -> Wanted {
    let delivery = delivery(config, place);
    let tags: Tags = config.tags.clone();
    let site = Site::new(place.identity, mark(config, place.region));
    let mut graph = Draft::new(site);
    let profiles = profiles(&mut graph, config, place.region);
    let models = invocable(config, place, &profiles);
    let developer = developer(&mut graph, config, place, &profiles, &models);
    let sender = sender(config, place);
    let (key, own_key) = key(&mut graph, config, &delivery, sender.as_ref());
    let log_group = graph.add(LogGroup {
        name: delivery.log_group.clone(),
        retention_days: config.bedrock.logging.retention_days.days(),
        key: key.clone(),
        tags: tags.clone(),
    });
    let bucket = graph.add(Bucket {
        name: delivery.bucket.clone(),
        key: key.clone(),
        statements: policy::bucket_statements(&delivery),
        folder: delivery.log_folder(),
        expire_days: config.bedrock.logging.s3.expire_days,
        tags: tags.clone(),
    });
    let role = graph.add(Role {
        name: delivery_role_name(config, place.region),
        path: config.bedrock.access.path.to_string(),
        trust: policy::delivery_trust(&delivery),
        max_session_duration_seconds: 3600,
        permissions_boundary: boundary(config),
        provider: None,
        tags,
    });
    let role_policy = graph.add(RolePolicy {
        name: format!("{}-deliver", config.tenant),
        role: role.clone(),
        role_path: config.bedrock.access.path.to_string(),
        document: policy::delivery_role_policy(&delivery),
        profiles: Vec::new(),
    });
    let logging = &config.bedrock.logging;
    graph.add(InvocationLogging {
        region: place.region.to_string(),
        role,
        role_path: config.bedrock.access.path.to_string(),
        role_policy,
        log_group,
        bucket,
        key_prefix: delivery.key_prefix.clone(),
        deliver: Datum {
            text: logging.text_data_delivery_enabled,
            image: logging.image_data_delivery_enabled,
            embedding: logging.embedding_data_delivery_enabled,
        },
    });
    let endpoints = network(&mut graph, config, place, (&models, &profiles));
    monitoring(&mut graph, config, place, (&key, &profiles));
    let (graph, rights) = graph.finish();
    Wanted { graph, handles: Handles { developer, profiles, own_key, endpoints }, rights }
}

fn delivery(config: &Config, place: &Place<'_>) -> Delivery {
    let Identity { account, partition, .. } = place.identity;
    let logging = &config.bedrock.logging;
    let bucket = logging.s3.bucket.as_ref().map_or_else(
        || format!("{}-logs-{account}-{}", config.tenant, place.region),
        ToString::to_string,
    );
    Delivery {
        partition: partition.clone(),
        region: place.region.to_string(),
        account: account.clone(),
        log_group: logging.cloudwatch_log_group.to_string(),
        bucket,
        key_prefix: logging.s3.key_prefix.trim_matches('/').to_owned(),
    }
}

fn delivery_role_name(config: &Config, region: &Region) -> String {
    format!("{}-bedrock-logging-{region}", config.tenant)
}

fn boundary(config: &Config) -> Option<String> {
    config.bedrock.access.permissions_boundary.as_ref().map(ToString::to_string)
}

/// The role that developers take, and what it may do.
fn developer(
    graph: &mut Draft,
    config: &Config,
    place: &Place<'_>,
    profiles: &Profiles,
    models: &[Invocable],
) -> Ref<RoleOutput> {
    let Identity { account, partition, .. } = place.identity;
    let access = &config.bedrock.access;
    let provider = access.oidc.as_ref().map(|oidc| {
        graph.add(OidcProvider {
            name: policy::issuer_name(oidc),
            client_ids: oidc.client_ids.clone(),
            tags: config.tags.clone(),
        })
    });
    let role = graph.add(Role {
        name: access.role_name.to_string(),
        path: access.path.to_string(),
        trust: policy::developer_trust(partition, account, access),
        max_session_duration_seconds: access.max_session_duration_seconds,
        permissions_boundary: boundary(config),
        provider,
        tags: config.tags.clone(),
    });
    graph.add(RolePolicy {
        name: format!("{}-invoke", config.tenant),
        role: role.clone(),
        role_path: access.path.to_string(),
        document: policy::invoke(models),
        profiles: profiles.iter().map(|(_, profile)| profile.clone()).collect(),
    });
    role
}

/// The application inference profiles, by their names in the configuration.
fn profiles(graph: &mut Draft, config: &Config, region: &Region) -> Profiles {
    let (models, _) = model::resolve(config, region);
    let all = config.bedrock.inference_profiles.iter().zip(models.profiles);
    let add = |(profile, source): (&config::InferenceProfile, ModelId)| {
        let mut tags = config.tags.clone();
        tags.extend(profile.tags.clone());
        let made = graph.add(InferenceProfile {
            name: profile.name.clone(),
            source,
            pinned: profile.arn.as_ref().map(ToString::to_string),
            tags,
        });
        (profile.name.clone(), made)
    };
    all.map(add).collect()
}

/// The models that the configuration names, each once, by themselves and by their profiles.
fn invocable(config: &Config, place: &Place<'_>, profiles: &Profiles) -> Vec<Invocable> {
    let Identity { account, partition, .. } = place.identity;
    let access = Access { partition, region: place.region.as_str(), account };
    let (models, _) = model::resolve(config, place.region);
    let mut all = vec![access.invocable(&models.main), access.invocable(&models.small)];
    all.dedup();
    let through = profiles.iter().zip(&models.profiles).map(|((_, profile), source)| {
        access.invocable_through(policy::promise(&profile.id()), source)
    });
    all.extend(through);
    all
}

/// The key that is used, and the tenant's own: the same, unless the configuration names one. It stays in the
/// graph either way, so that it is not forgotten when another is named later.
fn key(
    graph: &mut Draft,
    config: &Config,
    delivery: &Delivery,
    sender: Option<&Sender>,
) -> (Ref<KeyOutput>, Ref<KeyOutput>) {
    let given = config.bedrock.encryption.kms_key_id.as_ref();
    let own = graph.add_if(
        given.is_none(),
        Key {
            name: config.tenant.to_string(),
            policy: policy::key_policy(delivery, sender),
            description: format!("Claude Code invocation log of the tenant {}", config.tenant),
            search: given.is_none(),
            tags: config.tags.clone(),
        },
    );
    let used = given.map(|key| {
        graph.require(GivenKey {
            key: key.to_string(),
            delivery: delivery.clone(),
            sender: sender.cloned(),
        })
    });
    (used.unwrap_or_else(|| own.clone()), own)
}
