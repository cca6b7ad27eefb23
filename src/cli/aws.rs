//! A tenant in AWS.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use aws_config::SdkConfig;

use super::{
    Global,
    agreement::nothing_was_changed,
    cloud::{Opened, Tenant},
    configured::Configured,
    flags::{endpoint_url, find, network_variables, tenant_flags, told_hosts},
    interrupt, network, variable,
};
use crate::{
    aws::{self, Aws, Connection, Handles, Identity, Place, Rights, Wanted},
    claude::{self, Environment, StandIns, model, variable as v},
    config::{self, ClaudeCode, Config, Loaded, Region, Warning},
    error::{Error, Kind, Result},
    proxy::{Network, check::Target},
    reconcile::{Orphan, Phase, Report, Stop, Survey},
    ui::Ui,
};

pub(super) const FILE_NAME: &str = "claude-config.yaml";

pub(super) struct AwsTenant {
    config: Config,
    region: Region,
    path: PathBuf,
    connection: Connection,
    /// The profile that Claude Code should sign in with, if one is chosen.
    profile: Option<String>,
    flags: String,
    warnings: Vec<Warning>,
}

pub(super) struct Caller {
    rights: Rights,
    identity: Identity,
}

impl Configured for AwsTenant {
    const KIND: config::Cloud = config::Cloud::Aws;
    const CLOUD: &'static str = "aws";

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
        ui: &Ui,
    ) -> Result<Environment, Vec<Error>> {
        let called = self.stand_ins(inference_profiles, ui)?;
        let profile = self.profile.as_deref();
        Ok(self.told(profile, &called))
    }

    fn section(&self) -> &ClaudeCode {
        &self.config.claude_code
    }

    fn models(&self, inference_profiles: &[String], ui: &Ui) -> Result<Vec<String>, Vec<Error>> {
        let called = self.stand_ins(inference_profiles, ui)?;
        Ok(claude::bedrock_models(&self.config, &self.region, &called))
    }
}

impl Tenant for AwsTenant {
    const FULL_NAME: &'static str = "arn";

    type Cloud = Aws;
    type Handles = Handles;
    type Caller = Caller;

    fn read_silently(global: &Global) -> Result<Self, Vec<Error>> {
        let path = find(global, FILE_NAME, Self::CLOUD).map_err(|error| vec![error])?;
        let mut loaded = config::load(&path, &variable)?;
        let region = region(global, &loaded).map_err(|error| vec![error])?;
        model::warn(&mut loaded, &region);
        let set = |value: &String| !value.is_empty();
        let chosen = global.profile.clone().filter(set);
        let profile = chosen.clone().or_else(|| variable(v::AWS_PROFILE.name).filter(set));
        let network = network::of(&loaded.config.proxy, &path).map_err(|error| vec![error])?;
        let connection = Connection {
            profile: chosen,
            region: region.to_string(),
            endpoint_url: endpoint_url(global).map_err(|error| vec![error])?,
            network,
        };
        let Loaded { config, warnings, .. } = loaded;
        let flags = tenant_flags(global);
        Ok(Self { config, region, path, connection, profile, flags, warnings })
    }

    fn network(&self) -> &Network {
        &self.connection.network
    }

    fn proxy(&self) -> &config::Proxy {
        &self.config.proxy
    }

    async fn hosts(&self) -> Vec<Target> {
        let mut all = aws::hosts(&self.region);
        all.extend(aws::sign_in_hosts(self.profile.as_deref()).await);
        all.extend(told_hosts(&self.told(None, &StandIns::new())));
        all
    }

    /// One call.
    async fn open(&self, ui: &Ui, stop: &Stop) -> Result<Opened<Self>> {
        let sdk = aws::configure(&self.connection).await?;
        let identity = self.identify(&sdk, ui, stop).await?;
        let place = Place { region: &self.region, identity: &identity };
        aws::guard(&self.config, &place)?;
        let mark = aws::mark(&self.config, &self.region);
        let cloud = Aws::new(&sdk, &identity, mark);
        let Wanted { graph, handles, rights } = aws::wanted(&self.config, &place);
        Ok(Opened { cloud, graph, handles, caller: Caller { rights, identity } })
    }

    async fn tell_lacking(opened: &Opened<Self>, ui: &Ui) {
        let Opened { cloud, caller: Caller { rights, identity }, .. } = opened;
        ui.begin("asking what this identity may do");
        let lacking = aws::lacking(cloud, identity, &rights.policy(Phase::Apply)).await;
        ui.clear();
        let arn = &identity.arn;
        match lacking {
            Ok(lacking) if lacking.is_empty() => {}
            Ok(lacking) => {
                let message = format!("`{arn}` lacks the rights {}", lacking.join(", "));
                let hint = "the whole policy: groundwork provision aws --print-policy";
                ui.warning(&message, Some(hint));
            }
            Err(error) => {
                let message = format!("whether `{arn}` may do all this is unknown: {error}");
                let hint = "allow it iam:SimulatePrincipalPolicy on itself to be told";
                ui.warning(&message, Some(hint));
            }
        }
    }

    /// Says so if the policy is too long for a managed one.
    async fn print_policy(&self, phase: Phase, ui: &Ui, stop: &Stop) -> Result<()> {
        let policy = self.rights(ui, stop).await?.policy(phase);
        ui.data(&format!("{policy:#}\n"));
        let (length, limit) = (aws::length(&policy), aws::LONGEST_MANAGED_POLICY);
        if length > limit {
            ui.note(&format!(
                "{length} characters: more than a managed policy holds ({limit}); as an inline \
                 policy of a role it may have 10240"
            ));
        }
        Ok(())
    }

    async fn orphans(
        cloud: &Aws,
        handles: &Handles,
        survey: &Survey<'_, Aws>,
        _: &Ui,
    ) -> Result<Vec<Orphan>> {
        // Three searches at once make a large future: it goes to the heap.
        Box::pin(aws::orphans(cloud, &handles.known(survey, cloud))).await
    }

    fn environment_after(&self, handles: &Handles, report: &Report) -> Environment {
        // Without a profile: the one that provisions is not one for developers.
        let arn = |name: &str| {
            let (_, profile) = handles.profiles.iter().find(|(its, _)| its == name)?;
            report.get(profile).map(|profile| profile.arn)
        };
        let called = Environment::stand_ins(&self.config, &self.region, &[], arn);
        self.told(None, &called)
    }

    fn tell_next(&self, handles: &Handles, report: &Report, ui: &Ui) {
        if let Some(role) = report.get(&handles.developer) {
            ui.note(&format!("\ndevelopers assume {}, and then:", role.arn));
            let flags = self.flags();
            ui.note(&format!("  eval \"$(groundwork env{flags})\" && claude\n"));
        }
    }
}

impl AwsTenant {
    /// What Claude Code needs, and what it needs of the network.
    fn told(&self, profile: Option<&str>, called: &StandIns) -> Environment {
        let mut all = Environment::bedrock(&self.config, &self.region, profile, called);
        network_variables(&self.config.proxy, &self.path).tell(&mut all);
        all
    }

    async fn identify(&self, sdk: &SdkConfig, ui: &Ui, stop: &Stop) -> Result<Identity> {
        ui.begin("signing in to AWS");
        let identity = tokio::select! {
            identity = aws::identify(sdk, self.profile.as_deref()) => identity,
            () = stop.wait() => Err(nothing_was_changed()),
        };
        ui.clear();
        identity
    }

    /// What provisioning takes. No call where the configuration names the account, else one.
    async fn rights(&self, ui: &Ui, stop: &Stop) -> Result<Rights> {
        let identity = if let Some(account) = &self.config.account_id {
            let (account, partition) = (account.to_string(), self.region.partition());
            let arn = format!("arn:{partition}:iam::{account}:root");
            Identity { account, arn, partition: partition.to_owned() }
        } else {
            let sdk = aws::configure(&self.connection).await?;
            self.identify(&sdk, ui, stop).await?
        };
        let place = Place { region: &self.region, identity: &identity };
        aws::guard(&self.config, &place)?;
        Ok(aws::wanted(&self.config, &place).rights)
    }

    /// The application inference profiles to call. Only where the file does not say their ARNs is
    /// AWS asked.
    fn stand_ins(&self, chosen: &[String], ui: &Ui) -> Result<StandIns, Vec<Error>> {
        let profiles = &self.config.bedrock.inference_profiles;
        if let Some(unknown) =
            chosen.iter().find(|name| !profiles.iter().any(|profile| profile.name == **name))
        {
            let message = format!("there is no `{unknown}` in `bedrock.inference_profiles`");
            return Err(vec![Error::new(Kind::Config, message)]);
        }
        let mut arns: BTreeMap<String, String> = profiles
            .iter()
            .filter_map(|profile| Some((profile.name.clone(), profile.arn.as_ref()?.to_string())))
            .collect();
        let asked = profiles.iter().map(|profile| &profile.name);
        let asked: Vec<String> = asked
            .filter(|name| !arns.contains_key(*name))
            .filter(|name| chosen.is_empty() || chosen.contains(name))
            .cloned()
            .collect();
        if !asked.is_empty() {
            // On Unix alone: elsewhere the other start would print all this once more.
            if cfg!(unix) {
                let _continues = network::hand_on(self.network()).map_err(|error| vec![error])?;
            }
            let found = interrupt::run(ui, |stop| async move {
                self.find_inference_profiles(&asked, &stop).await
            })?;
            arns.extend(found.map_err(|error| vec![error])?);
        }
        let arn = |name: &str| arns.get(name).cloned();
        Ok(Environment::stand_ins(&self.config, &self.region, chosen, arn))
    }

    /// The ARNs of application inference profiles, by name.
    async fn find_inference_profiles(
        &self,
        names: &[String],
        stop: &Stop,
    ) -> Result<BTreeMap<String, String>> {
        let sdk = aws::configure(&self.connection).await?;
        tokio::select! {
            found = aws::find_inference_profiles(&sdk, names) => found,
            () = stop.wait() => Err(nothing_was_changed()),
        }
    }
}

fn region(global: &Global, loaded: &Loaded) -> Result<Region> {
    if let Some(region) = global.region.as_ref().filter(|region| !region.is_empty()) {
        return region
            .parse()
            .map_err(|problem| Error::new(Kind::Config, format!("--region {region}: {problem}")));
    }
    loaded.config.bedrock.region.clone().ok_or_else(|| {
        let path = loaded.path.display();
        Error::new(Kind::Config, format!("{path}: the configuration names no region"))
            .hint("add `region: us-east-1` (yours) below `bedrock:`")
            .hint("or name it: --region REGION")
    })
}
