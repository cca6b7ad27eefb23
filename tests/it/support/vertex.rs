//! A tenant on Vertex AI driven through the library, in a project of its own.

use std::{collections::BTreeSet, path::PathBuf, time::Duration};

use groundwork::{
    config::{self, VertexConfig},
    gcp::{Gcp, Place, Project, Rest, Retry, Search, TokenSource, Wanted, mark, orphans, wanted},
    proxy::{Client, Network},
    reconcile::{Graph, Options, Pace, Phase, Report, Stop, Survey, apply, look},
};
use tempfile::TempDir;

use super::google::fake::{Google, caller::OWNER, service::compute};

pub const PROJECT: &str = "acme-ai";

/// The smallest configuration.
pub const SMALL: &str = "vertex_ai:\n  project_id: acme-ai\n  location: us\n";

/// With everything on.
pub const EVERYTHING: &str = r#"
vertex_ai:
  project_id: acme-ai
  location: us-east5
  model_name: claude-sonnet-4-5
  small_fast_model_name: claude-haiku-4-5
  network: projects/acme-ai/global/networks/corp
  subnet: projects/acme-ai/regions/us-east5/subnetworks/corp
  private_service_connect: { address: 10.250.0.2, target: all-apis }
  service_account: { key: file, impersonators: ["group:devs@example.com"] }
  workload_identity_federation:
    issuer: https://token.actions.githubusercontent.com
    attribute_mapping: { google.subject: assertion.sub, attribute.repository: assertion.repository }
    attribute_condition: assertion.repository_owner == 'acme'
    attributes: { repository: [acme/app] }
  access: { members: ["group:devs@example.com"] }
  logging:
    request_response: { enabled: true }
    inference_events: true
  monitoring:
    alarms: { tokens_per_hour: 1000000, no_traffic_hours: 4 }
    notify: ["email:devops@example.com", "https://hooks.example.com/s3cret"]
    budget: { billing_account: 0123AB-4567CD-89EF01, monthly_amount: 1000 }
labels: { team: platform }
"#;

/// Puts the network of [`EVERYTHING`] into the project.
pub fn network(google: &Google) {
    google.world(|world| {
        let project = world.first_project();
        compute::add_network(world, &project, "corp", false);
        compute::add_subnet(world, &project, "corp", "us-east5", "corp", "10.0.0.0/24");
    });
}

pub fn config(text: &str) -> VertexConfig {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("vertex-config.yaml");
    std::fs::write(&path, text).unwrap();
    let loaded = config::load(&path, &|_| None);
    loaded.unwrap_or_else(|errors| panic!("{errors:?}")).config
}

/// A caller is known by his token: what each may do is what the printed role says.
const PHASES: [(Phase, &str); 3] =
    [(Phase::Plan, "plan-token"), (Phase::Apply, "apply-token"), (Phase::Destroy, "destroy-token")];

/// Our own HTTP client, straight to where it is sent.
pub fn client() -> Client {
    Client::new(&Network::default()).unwrap()
}

pub struct Tenant {
    pub google: Google,
    pub config: VertexConfig,
    /// Where a key would be written.
    folder: TempDir,
    tries: u32,
}

impl Tenant {
    /// A tenant in a project of its own; each call is tried so many times.
    pub fn new(text: &str, tries: u32) -> Self {
        let google = Google::start(PROJECT);
        let folder = TempDir::new().unwrap();
        let tenant = Self { google, config: config(text), folder, tries };
        tenant.bind();
        tenant
    }

    /// Lets the callers do what the configuration takes, and no more.
    pub fn bind(&self) {
        let rights = self.wanted().rights;
        for (phase, token) in PHASES {
            let permissions: Vec<&str> = rights.permissions(phase).into_iter().collect();
            self.google.bind(token, &permissions);
        }
    }

    /// Another configuration, and callers with the roles that it prints.
    pub fn reconfigure(&mut self, text: &str) {
        self.config = config(text);
        self.bind();
    }

    pub fn project() -> Project {
        Project { id: PROJECT.into(), number: "123456789012".into() }
    }

    pub fn folder(&self) -> PathBuf {
        self.folder.path().to_owned()
    }

    pub fn wanted(&self) -> Wanted {
        let location = self.config.vertex_ai.location.clone().unwrap();
        let (project, folder) = (Self::project(), self.folder());
        wanted(&self.config, &Place { project: &project, location: &location, folder: &folder })
    }

    pub fn graph(&self) -> Graph<Gcp> {
        self.wanted().graph
    }

    /// The way there as who bears this token.
    pub fn gcp(&self, token: &str) -> Gcp {
        let (_, stop) = Stop::new();
        let retry = Retry { tries: self.tries, first: Duration::from_millis(1) };
        let token = TokenSource::given(token, Some(PROJECT)).unwrap();
        let rest = Rest::new(client(), Some(self.google.url()), token, retry, stop);
        Gcp::new(rest, Self::project(), mark(&self.config))
    }

    fn options(adopt: &[&str], delete_data: bool) -> Options {
        let (_, stop) = Stop::new();
        let adopt: BTreeSet<String> = adopt.iter().map(ToString::to_string).collect();
        Options { width: 48, adopt, delete_data, stop, pace: Pace(Duration::from_millis(1)) }
    }

    async fn run(&self, token: &str, graph: &Graph<Gcp>, options: &Options) -> Report {
        let gcp = self.gcp(token);
        let survey = look(graph, &gcp, options, &|_| {}).await;
        apply(survey, &gcp, options, &|_| {}).await
    }

    /// Looks, as one who may only look.
    pub async fn look<T>(&self, read: impl FnOnce(&Survey<'_, Gcp>) -> T) -> T {
        let (graph, gcp) = (self.graph(), self.gcp("plan-token"));
        read(&look(&graph, &gcp, &Self::options(&[], false), &|_| {}).await)
    }

    /// Searches for what was left behind, as one who may only look.
    pub async fn search(&self) -> Search {
        let Wanted { graph, handles, .. } = self.wanted();
        let gcp = self.gcp("plan-token");
        let survey = look(&graph, &gcp, &Self::options(&[], false), &|_| {}).await;
        let known = survey.plan().map(|(id, _)| id.to_string()).collect();
        orphans(&gcp, &known, &handles.data_location).await.unwrap()
    }

    /// Looks at what there is to destroy, as one who may only look.
    pub async fn look_to_destroy<T>(&self, read: impl FnOnce(&Survey<'_, Gcp>) -> T) -> T {
        let (graph, gcp) = (self.graph().emptied(), self.gcp("plan-token"));
        read(&look(&graph, &gcp, &Self::options(&[], true), &|_| {}).await)
    }

    pub async fn provision(&self) -> Report {
        self.run("apply-token", &self.graph(), &Self::options(&[], false)).await
    }

    /// As the owner: to adopt may take more than the role has.
    pub async fn adopt(&self, ids: &[&str]) -> Report {
        self.run(OWNER, &self.graph(), &Self::options(ids, false)).await
    }

    /// Removes everything that can be removed, data too.
    pub async fn destroy(&self) -> Report {
        let options = Self::options(&[], true);
        self.run("destroy-token", &self.graph().emptied(), &options).await
    }

    pub async fn destroy_but_data(&self) -> Report {
        let options = Self::options(&[], false);
        self.run("destroy-token", &self.graph().emptied(), &options).await
    }
}
