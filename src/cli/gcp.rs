//! A tenant in Google Cloud.

use std::path::{Path, PathBuf};

use super::{
    Global,
    agreement::nothing_was_changed,
    cloud::{Opened, Tenant},
    configured::{Configured, without_inference_profiles},
    flags::{checked_url, endpoint_url, find, network_variables, tenant_flags, told_hosts},
    network, variable,
};
use crate::{
    claude::{
        self, Environment,
        variable::{self as v, Variable},
        vertex,
    },
    config::{
        self, ClaudeCode, Loaded, ProjectId, Shape as _, VertexConfig, VertexLocation, Warning,
    },
    error::{Error, Kind, Result},
    gcp::{self, Connection, Gcp, Handles, Machine, Project, Rights, SignIn, Wanted},
    proxy::{Network, check::Target},
    reconcile::{Orphan, Phase, Report, Stop, Survey},
    ui::Ui,
};

/// As `AWS_ENDPOINT_URL` for AWS; `{api}` in it stands for the API's name.
const ENDPOINT_URL: &str = v::GROUNDWORK_GCP_ENDPOINT_URL.name;

pub(super) struct GcpTenant {
    config: VertexConfig,
    project: ProjectId,
    location: VertexLocation,
    path: PathBuf,
    connection: Connection,
    flags: String,
    warnings: Vec<Warning>,
}

pub(super) struct Caller {
    rights: Rights,
}

impl Configured for GcpTenant {
    const KIND: config::Cloud = config::Cloud::Gcp;
    const CLOUD: &'static str = "gcp";

    fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    fn path(&self) -> &Path {
        &self.path
    }

    fn name(&self) -> &str {
        self.config.tenant.as_str()
    }

    fn flags(&self) -> &str {
        &self.flags
    }

    fn environment(
        &self,
        inference_profiles: &[String],
        _: &Ui,
    ) -> Result<Environment, Vec<Error>> {
        without_inference_profiles(inference_profiles)?;
        Ok(self.told())
    }

    fn section(&self) -> &ClaudeCode {
        &self.config.claude_code
    }

    fn models(&self, _: &[String], _: &Ui) -> Result<Vec<String>, Vec<Error>> {
        Ok(claude::vertex_models(&self.config, &self.location))
    }
}

impl Tenant for GcpTenant {
    const FULL_NAME: &'static str = "name";

    type Cloud = Gcp;
    type Handles = Handles;
    type Caller = Caller;

    fn read_silently(global: &Global) -> Result<Self, Vec<Error>> {
        let one = |error| vec![error];
        let path = find(global, VertexConfig::FILE_NAME, Self::CLOUD).map_err(one)?;
        let mut loaded: Loaded<VertexConfig> = config::load(&path, &variable)?;
        let project = project(&loaded).map_err(one)?;
        let location = location(global, &loaded).map_err(one)?;
        vertex::warn(&mut loaded, &location);
        let network = network::of(&loaded.config.proxy, &path).map_err(one)?;
        let connection = connection(global, network).map_err(one)?;
        let Loaded { config, warnings, .. } = loaded;
        let flags = tenant_flags(global);
        Ok(Self { config, project, location, path, connection, flags, warnings })
    }

    fn network(&self) -> &Network {
        &self.connection.network
    }

    fn proxy(&self) -> &config::Proxy {
        &self.config.proxy
    }

    async fn hosts(&self) -> Vec<Target> {
        let mut all = gcp::hosts(&self.config, &self.location);
        all.extend(told_hosts(&self.told()));
        all
    }

    /// One call, besides those that signing in takes.
    async fn open(&self, ui: &Ui, stop: &Stop) -> Result<Opened<Self>> {
        ui.begin("signing in to Google Cloud");
        let look = async {
            let rest = gcp::connect(&self.connection, self.project.as_str(), stop).await?;
            let project = gcp::identify(&rest, self.project.as_str()).await?;
            Ok::<_, Error>((rest, project))
        };
        let looked = tokio::select! {
            looked = look => looked,
            () = stop.wait() => Err(nothing_was_changed()),
        };
        ui.clear();
        let (rest, project) = looked?;
        let Wanted { graph, handles, rights } = self.wanted(&project);
        let cloud = Gcp::new(rest, project, gcp::mark(&self.config));
        Ok(Opened { cloud, graph, handles, caller: Caller { rights } })
    }

    async fn tell_lacking(opened: &Opened<Self>, ui: &Ui) {
        let Opened { cloud, caller: Caller { rights }, .. } = opened;
        ui.begin("asking what this identity may do");
        let lacking = gcp::lacking(cloud, &rights.of_project(Phase::Apply)).await;
        ui.clear();
        match lacking {
            Ok(lacking) if lacking.is_empty() => {}
            Ok(lacking) => {
                let message = format!("this identity lacks {}", lacking.join(", "));
                let hint = "all that it takes, as a role: groundwork provision gcp --print-policy";
                ui.warning(&message, Some(hint));
            }
            // In a new project.
            Err(error) if error.kind() == Kind::NotYet => {
                let message = "whether this identity may do all this can be asked once \
                    cloudresourcemanager.googleapis.com is switched on, which provisioning does";
                ui.warning(message, None);
            }
            Err(error) => {
                let message = format!("whether this identity may do all this is unknown: {error}");
                ui.warning(&message, error.hints().first().map(String::as_str));
            }
        }
    }

    /// Makes no call.
    async fn print_policy(&self, phase: Phase, ui: &Ui, _: &Stop) -> Result<()> {
        let id = self.project.to_string();
        // What is printed names no project number.
        let rights = self.wanted(&Project { id, number: "0".into() }).rights;
        ui.data(&format!("{:#}\n", rights.role(self.name(), phase)));
        let billing = rights.of_billing_account(phase);
        if !billing.is_empty() {
            ui.note(&format!(
                "besides, on the billing account: {}; roles/billing.costsManager holds them",
                billing.join(", ")
            ));
        }
        Ok(())
    }

    async fn orphans(
        cloud: &Gcp,
        handles: &Handles,
        survey: &Survey<'_, Gcp>,
        ui: &Ui,
    ) -> Result<Vec<Orphan>> {
        let known = survey.plan().map(|(id, _)| id.to_string()).collect();
        // Many lists at once make a large future: it goes to the heap.
        let searched = Box::pin(gcp::orphans(cloud, &known, &handles.data_location)).await?;
        if !searched.refused.is_empty() {
            let refused = Vec::from_iter(searched.refused).join(", ");
            ui.clear();
            ui.warning(
                &format!("could not look for what was left behind of: {refused}"),
                Some(
                    "this identity may not list them; what looking takes, as a role: \
                      groundwork provision gcp --print-policy=plan",
                ),
            );
        }
        Ok(searched.orphans)
    }

    fn environment_after(&self, _: &Handles, _: &Report) -> Environment {
        self.told()
    }

    fn tell_next(&self, handles: &Handles, report: &Report, ui: &Ui) {
        if let Some(account) = report.get(&handles.service_account) {
            ui.note(&format!("\nworkloads call Claude as {}", account.email));
        }
        let flags = self.flags();
        ui.note("developers sign in (gcloud auth application-default login), and then:");
        ui.note(&format!("  eval \"$(groundwork env gcp{flags})\" && claude\n"));
    }
}

impl GcpTenant {
    fn wanted(&self, project: &Project) -> Wanted {
        let folder = self.path.parent().unwrap_or(Path::new(""));
        gcp::wanted(&self.config, &gcp::Place { project, location: &self.location, folder })
    }

    fn told(&self) -> Environment {
        let folder = self.path.parent().unwrap_or(Path::new(""));
        let key_file = self.config.key_file(folder);
        let key_file = std::path::absolute(&key_file).unwrap_or(key_file);
        let key_file = key_file.display().to_string();
        let key_file = Some(key_file.as_str());
        let mut all = Environment::vertex(&self.config, &self.project, &self.location, key_file);
        network_variables(&self.config.proxy, &self.path).tell(&mut all);
        all
    }
}

fn project(loaded: &Loaded<VertexConfig>) -> Result<ProjectId> {
    loaded.config.vertex_ai.project_id.clone().ok_or_else(|| {
        let path = loaded.path.display();
        Error::new(Kind::Config, format!("{path}: the configuration names no project"))
            .hint("add `project_id: your-project-id` (yours) below `vertex_ai:`")
    })
}

fn location(global: &Global, loaded: &Loaded<VertexConfig>) -> Result<VertexLocation> {
    if let Some(region) = global.region.as_ref().filter(|region| !region.is_empty()) {
        return region
            .parse()
            .map_err(|problem| Error::new(Kind::Config, format!("--region {region}: {problem}")));
    }
    loaded.config.vertex_ai.location.clone().ok_or_else(|| {
        let path = loaded.path.display();
        Error::new(Kind::Config, format!("{path}: the configuration names no location"))
            .hint("add `location: us` (or `eu`, `global`, a region) below `vertex_ai:`")
            .hint("or name it: --region LOCATION")
    })
}

/// The way there, as flags and environment say it.
pub(super) fn connection(global: &Global, network: Network) -> Result<Connection> {
    let given = endpoint_url(global)?;
    let of_cloud = || checked_url(ENDPOINT_URL, variable(ENDPOINT_URL));
    let endpoint_url = given.map_or_else(of_cloud, |url| Ok(Some(url)))?;
    Ok(Connection { endpoint_url, sign_in: sign_in(), network, ..Connection::default() })
}

/// What there is to sign in with. Makes no call.
pub(super) fn sign_in() -> SignIn {
    let set = |it: &Variable| variable(it.name).filter(|value| !value.is_empty());
    let named = set(v::GOOGLE_APPLICATION_CREDENTIALS).map(PathBuf::from);
    let gcloud = || {
        let folder = if cfg!(windows) {
            PathBuf::from(set(v::APPDATA)?)
        } else {
            PathBuf::from(set(v::HOME)?).join(".config")
        };
        Some(folder.join("gcloud/application_default_credentials.json"))
    };
    let product = std::fs::read_to_string("/sys/class/dmi/id/product_name").unwrap_or_default();
    let is_named = set(v::GCE_METADATA_HOST).is_some();
    // Google's other libraries know this variable; it is `true` where it is set.
    let machine = if set(v::NO_GCE_CHECK).is_some_and(|set| set.eq_ignore_ascii_case("true")) {
        Machine::Elsewhere
    } else if is_named || product.starts_with("Google") {
        Machine::Google
    } else {
        Machine::Unknown
    };
    let folders = set(v::PATH).unwrap_or_default();
    SignIn {
        access_token: set(v::GOOGLE_OAUTH_ACCESS_TOKEN),
        credentials_file: named.or_else(|| gcloud().filter(|path| path.exists())),
        machine,
        gcloud: std::env::split_paths(&folders).any(|folder| folder.join("gcloud").exists()),
        quota_project: set(v::GOOGLE_CLOUD_QUOTA_PROJECT),
    }
}
