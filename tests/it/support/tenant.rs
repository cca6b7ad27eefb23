//! A tenant driven through the library, where a test needs to set how calls are repeated.

use std::{
    collections::BTreeSet,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use groundwork::{
    aws::{Aws, Identity, Place, Wanted, mark, orphans, wanted},
    config::{self, Config, Region},
    reconcile::{Graph, Options, Outcome, Pace, Phase, Report, Stop, apply, look},
};
use serde_json::Value;

use super::{emulator::Account, program::example};

pub const SMALL: &str = "bedrock:\n  region: us-east-1\n";

pub fn config(text: &str) -> Config {
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().join("claude-config.yaml");
    std::fs::write(&path, text).unwrap();
    config::load(&path, &|_| None).unwrap().config
}

pub fn example_config(name: &str) -> Config {
    config::load(&example(name), &|_| None).unwrap().config
}

fn identity(account: &Account, region: &Region) -> Identity {
    let partition = region.partition().to_owned();
    let arn = format!("arn:{partition}:iam::{}:user/test", account.id);
    Identity { account: account.id.clone(), arn, partition }
}

pub struct Tenant {
    pub account: Account,
    pub config: Config,
    /// The administrator's way to the account.
    pub aws: Aws,
    bound: [Aws; 3],
}

/// What the caller may do: as much as the configuration's policy says, by the name under which the
/// emulator knows it.
const PHASES: [(Phase, &str); 3] =
    [(Phase::Plan, "plan"), (Phase::Apply, "apply"), (Phase::Destroy, "destroy")];

impl Tenant {
    /// A tenant in an account of its own; each call is tried so many times.
    pub async fn new(config: Config, attempts: u32) -> Self {
        Self::in_account(Account::new(), config, attempts).await
    }

    pub async fn in_account(account: Account, config: Config, attempts: u32) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        let region = config.bedrock.region.clone().unwrap();
        let identity = identity(&account, &region);
        let mark = mark(&config, &region);
        let aws = Aws::new(&account.sdk(attempts).await, &identity, mark.clone());
        let rights = wanted(&config, &Place { region: &region, identity: &identity }).rights;
        let mut bound = [aws.clone(), aws.clone(), aws.clone()];
        for (aws, (phase, name)) in bound.iter_mut().zip(PHASES) {
            // Tenants may share an account.
            let name = format!("{}-{}-{name}", mark.tenant, NEXT.fetch_add(1, Ordering::Relaxed));
            account.bind(&name, &rights.policy(phase));
            *aws = Aws::new(&account.sdk_of(Some(&name), attempts).await, &identity, mark.clone());
        }
        Self { account, config, aws, bound }
    }

    fn wanted(&self) -> Wanted {
        let region: Region = self.config.bedrock.region.clone().unwrap();
        let identity = identity(&self.account, &region);
        wanted(&self.config, &Place { region: &region, identity: &identity })
    }

    pub fn graph(&self) -> Graph<Aws> {
        self.wanted().graph
    }

    pub fn policy(&self, phase: Phase) -> Value {
        self.wanted().rights.policy(phase)
    }

    /// Provisions as one who may do what the policy says.
    pub async fn provision_within(&self, policy: &Value) -> Report {
        let region: Region = self.config.bedrock.region.clone().unwrap();
        let identity = identity(&self.account, &region);
        self.account.bind("other", policy);
        let sdk = self.account.sdk_of(Some("other"), 1).await;
        let aws = Aws::new(&sdk, &identity, mark(&self.config, &region));
        Self::run(&aws, &self.graph(), &Self::options(&[], false)).await
    }

    fn options(adopt: &[&str], delete_data: bool) -> Options {
        let (_, stop) = Stop::new();
        let adopt: BTreeSet<String> = adopt.iter().map(ToString::to_string).collect();
        Options { width: 16, adopt, delete_data, stop, pace: Pace(Duration::from_millis(1)) }
    }

    async fn run(aws: &Aws, graph: &Graph<Aws>, options: &Options) -> Report {
        let survey = look(graph, aws, options, &|_| {}).await;
        apply(survey, aws, options, &|_| {}).await
    }

    /// What a look finds wrong, by one who may only look.
    pub async fn look_errors(&self) -> Vec<String> {
        let [plan, ..] = &self.bound;
        let (graph, options) = (self.graph(), Self::options(&[], false));
        let survey = look(&graph, plan, &options, &|_| {}).await;
        survey.errors().map(ToString::to_string).collect()
    }

    /// What `status` finds that nothing speaks of, within the policy for planning.
    pub async fn orphans(&self) -> Vec<String> {
        let [plan, ..] = &self.bound;
        let Wanted { graph, handles, .. } = self.wanted();
        let survey = look(&graph, plan, &Self::options(&[], false), &|_| {}).await;
        let found = orphans(plan, &handles.known(&survey, plan)).await.unwrap();
        found.into_iter().map(|orphan| orphan.id).collect()
    }

    pub async fn provision(&self) -> Report {
        let [_, apply, _] = &self.bound;
        Self::run(apply, &self.graph(), &Self::options(&[], false)).await
    }

    /// As the administrator: what has no mark of ours is in none of our policies.
    pub async fn adopt(&self, ids: &[&str]) -> Report {
        Self::run(&self.aws, &self.graph(), &Self::options(ids, false)).await
    }

    /// Removes everything, data too.
    pub async fn destroy(&self) -> Report {
        let [.., destroy] = &self.bound;
        Self::run(destroy, &self.graph().emptied(), &Self::options(&[], true)).await
    }

    pub async fn destroy_but_data(&self) -> Report {
        let [.., destroy] = &self.bound;
        Self::run(destroy, &self.graph().emptied(), &Self::options(&[], false)).await
    }
}

/// What a report says of one resource, and of which kind of outcome.
pub fn said(report: &Report) -> String {
    let line = |step: &groundwork::reconcile::Step| match &step.outcome {
        Outcome::Failed(error) => format!("{}: {error}: {:?}", step.id, error.causes()),
        other => format!("{}: {other:?}", step.id),
    };
    report.steps.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// How many there are of each kind; keys only those that can be used.
pub fn census(inventory: &Value) -> Census {
    let count = |kind: &str| inventory[kind].as_array().map_or(0, Vec::len);
    let usable = |key: &&Value| key["state"] != "PendingDeletion";
    let alive = |endpoint: &&Value| endpoint["state"] != "deleting";
    Census {
        oidc_providers: count("oidc_providers"),
        endpoints: inventory["vpc_endpoints"].as_array().unwrap().iter().filter(alive).count(),
        profiles: count("inference_profiles"),
        topics: count("topics"),
        alarms: count("alarms"),
        dashboards: count("dashboards"),
        budgets: count("budgets"),
        keys: inventory["keys"].as_array().unwrap().iter().filter(usable).count(),
        aliases: count("aliases"),
        roles: count("roles"),
        log_groups: count("log_groups"),
        buckets: count("buckets"),
        logging: usize::from(!inventory["invocation_logging"].is_null()),
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Census {
    pub keys: usize,
    pub aliases: usize,
    pub roles: usize,
    pub log_groups: usize,
    pub buckets: usize,
    pub logging: usize,
    pub oidc_providers: usize,
    pub endpoints: usize,
    pub profiles: usize,
    pub topics: usize,
    pub alarms: usize,
    pub dashboards: usize,
    pub budgets: usize,
}

pub const NOTHING: Census = Census {
    keys: 0,
    aliases: 0,
    roles: 0,
    log_groups: 0,
    buckets: 0,
    logging: 0,
    oidc_providers: 0,
    endpoints: 0,
    profiles: 0,
    topics: 0,
    alarms: 0,
    dashboards: 0,
    budgets: 0,
};

/// Of a tenant with [`SMALL`].
pub const WHOLE: Census = Census {
    keys: 1,
    aliases: 1,
    roles: 2,
    log_groups: 1,
    buckets: 1,
    logging: 1,
    alarms: 6,
    dashboards: 1,
    ..NOTHING
};

/// A tenant with everything on.
pub const EVERYTHING: &str = r#"
bedrock:
  region: us-east-1
  inference_profiles:
    - { name: team-a, model_id: us.anthropic.claude-opus-5-5, tags: { team: a } }
    - { name: team-b, model_id: us.anthropic.claude-haiku-5-5 }
  vpc_config:
    subnet_ids: [subnet-12345678, subnet-87654321]
    security_group_ids: [sg-abcdef12]
    additional_services: [sts, logs]
  access:
    oidc: { issuer: "https://idp.example.com", client_ids: [claude-code], groups: [engineering] }
  monitoring:
    alarms: { no_traffic_hours: 4 }
    notify: ["email:devops@example.com", "https://hooks.example.com/s3cret"]
    budget: { monthly_usd: 1000 }
"#;

/// Of a tenant with [`EVERYTHING`].
pub const ALL: Census = Census {
    oidc_providers: 1,
    endpoints: 4,
    profiles: 2,
    topics: 1,
    alarms: 7,
    budgets: 1,
    ..WHOLE
};

/// Puts the network of [`EVERYTHING`] into an account.
pub fn network(account: &Account) {
    account.vpc(&["subnet-12345678", "subnet-87654321"], &["sg-abcdef12"]);
}
