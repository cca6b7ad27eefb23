//! `groundwork init`: asks, or takes flags, looks at the account, and writes `claude-config.yaml`.
//!
//! A file that is there already is read, and only what is answered differently is changed in it.

mod answers;
mod file;
mod questions;

use std::path::PathBuf;

use clap::{Args, builder::BoolishValueParser};

use self::{
    answers::{Answers, Given},
    questions::Known,
};
use super::{
    Cloud, Ending, Global,
    aws::FILE_NAME,
    flags::{endpoint_url, file_flag},
    interrupt, variable,
};
use crate::{
    aws::{self, Connection},
    claude::model,
    config::{self, Config, Loaded, NotifyTarget, Region},
    error::{Error, Kind, Result},
    ui::{Exit, Ui},
};

#[derive(Args, Debug)]
pub(super) struct Init {
    /// Where the tenant is to be [default: aws]
    cloud: Option<Cloud>,
    /// Do not ask: take the flags, what the file has, and defaults
    #[arg(short, long, env = "GROUNDWORK_YES", value_parser = BoolishValueParser::new())]
    yes: bool,
    /// Make no call: offer what is known without looking at the account
    #[arg(long, env = "GROUNDWORK_OFFLINE", value_parser = BoolishValueParser::new())]
    offline: bool,
    #[command(flatten)]
    answers: Answers,
}

impl Init {
    pub(super) fn run(self, global: &Global, ui: &Ui) -> Ending {
        if self.cloud == Some(Cloud::Gcp) {
            let message = "a `vertex-config.yaml` has to be written by hand";
            return Err(vec![Error::new(Kind::Config, message).hint(
                "begin with examples/vertex-config.yaml; check it: groundwork config check",
            )]);
        }
        let given = self.answers.read(global.region.as_deref())?;
        let path = path(global);
        let there = path.symlink_metadata().is_ok();
        let found = if there { config::load(&path, &variable)? } else { config::new(&path)? };
        let asking = ui.can_ask() && !self.yes;
        let one = |error| vec![error];
        if asking {
            interrupt::hold().map_err(one)?;
            let what = if there { "here already: its values are offered" } else { "new" };
            ui.note(&format!("{} is {what}", path.display()));
        }
        let region = region(global, &given, &found.config, asking.then_some(ui))?;
        let known = if there && !asking {
            Known::nothing(&region)
        } else {
            self.look(global, ui, &region, asking)?
        };
        let mut wished = found.config.clone();
        // A file that leaves it to flags and the environment is to go on doing so, unless asked.
        if !there || asking || given.region.is_some() {
            wished.bedrock.region = Some(region.clone());
        }
        given.take(&mut wished);
        if let Some(account) = &known.account
            && !there
            && given.account.is_none()
        {
            wished.account_id = Some(account.clone());
        }
        if asking {
            questions::ask(ui, &given, &known, &mut wished).map_err(one)?;
        }
        if !there {
            models_of(&mut wished, &region);
        }
        let mut new = config::rewritten(&found, &wished, &variable)?;
        self.write(ui, there.then_some(&found), &new, asking)?.map_or(Ok(Exit::Pending), |()| {
            model::warn(&mut new, &region);
            for warning in &new.warnings {
                ui.warning(&warning.to_string(), warning.hint.as_deref());
            }
            ui.note(&format!("next: groundwork provision aws --dry-run{}", file_flag(global)));
            Ok(Exit::Done)
        })
    }

    /// Signs in and looks around, as far as that is needed and allowed. What is refused is said.
    fn look(
        &self,
        global: &Global,
        ui: &Ui,
        region: &Region,
        asking: bool,
    ) -> Result<Known, Vec<Error>> {
        if self.offline {
            return Ok(Known::nothing(region));
        }
        let connection = Connection {
            profile: global.profile.clone().filter(|profile| !profile.is_empty()),
            region: region.to_string(),
            endpoint_url: endpoint_url(global).map_err(|error| vec![error])?,
        };
        let mut known = Known::nothing(region);
        ui.begin("looking at the account");
        let looked = interrupt::run(ui, |stop| async move {
            let look = async {
                let sdk = aws::configure(&connection).await;
                let identity = aws::identify(&sdk, connection.profile.as_deref()).await?;
                let offer = if asking { Some(aws::look_around(&sdk).await) } else { None };
                Ok::<_, Error>((identity, offer))
            };
            tokio::select! {
                looked = look => looked,
                () = stop.wait() => Err(Error::new(Kind::Interrupted, "interrupted: nothing was written")),
            }
        });
        ui.clear();
        match looked? {
            Ok((identity, offer)) => {
                known.account = identity.account.parse().ok();
                if let Some(offer) = offer {
                    known.models = unless_refused(ui, offer.models);
                    known.networks = unless_refused(ui, offer.networks);
                }
            }
            Err(error) if error.kind() == Kind::Interrupted => return Err(vec![error]),
            Err(error) => {
                let cause = error.causes().into_iter().next().unwrap_or_default();
                let message = format!("{error}, so `account_id` is not filled in: {cause}");
                ui.warning(&message, error.hints().first().map(String::as_str));
            }
        }
        Ok(known)
    }

    /// Writes the file if there is anything to write and nobody minds. `None` if somebody does.
    fn write(
        &self,
        ui: &Ui,
        old: Option<&Loaded>,
        new: &Loaded,
        asking: bool,
    ) -> Result<Option<()>, Vec<Error>> {
        let one = |error| vec![error];
        let path = new.path.display();
        let Some(old) = old else {
            file::create(&new.path, new.text()).map_err(one)?;
            ui.note(&format!("wrote {path}"));
            return Ok(Some(()));
        };
        if old.text() == new.text() {
            ui.note(&format!("{path} is as it should be: nothing to change"));
            return Ok(Some(()));
        }
        ui.difference(&shown(old, old, new), &shown(new, old, new));
        if !asking && !self.yes {
            let message = format!("{path} is there already, and nobody to ask about these changes");
            let error = Error::new(Kind::Config, message);
            return Err(vec![error.hint("make them without asking: --yes")]);
        }
        if asking && !ui.agree(&format!("change {path} like this?"), true).map_err(one)? {
            ui.note("nothing was written");
            return Ok(None);
        }
        file::replace(&new.path, old.text(), new.text()).map_err(one)?;
        ui.note(&format!("changed {path}"));
        Ok(Some(()))
    }
}

/// The file that is meant: named, or found as every other command does, or to be made here.
fn path(global: &Global) -> PathBuf {
    let named = global.config.as_ref().filter(|path| !path.as_os_str().is_empty());
    let found = || config::find(&std::env::current_dir().ok()?, FILE_NAME);
    named.cloned().or_else(found).unwrap_or_else(|| FILE_NAME.into())
}

/// The region: given, or of the file, the environment or the profile.
fn region(
    global: &Global,
    given: &Given,
    config: &Config,
    ask: Option<&Ui>,
) -> Result<Region, Vec<Error>> {
    if let Some(region) = &given.region {
        return Ok(region.clone());
    }
    let of_environment = || ["AWS_REGION", "AWS_DEFAULT_REGION"].into_iter().find_map(variable);
    let set = |text: &String| !text.is_empty();
    let mut likely = config.bedrock.region.as_ref().map(ToString::to_string);
    likely = likely.or_else(of_environment).filter(set);
    if likely.is_none() {
        let profile = global.profile.clone().filter(set);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        likely = runtime
            .ok()
            .and_then(|runtime| runtime.block_on(aws::profile_region(profile.as_deref())));
    }
    if let Some(ui) = ask {
        let likely = likely.filter(|likely| likely.parse::<Region>().is_ok());
        let region = questions::region(ui, likely.as_deref().unwrap_or("us-east-1"));
        return region.map_err(|error| vec![error]);
    }
    let Some(likely) = likely else {
        let message = "no region is named, and where Claude Code may answer is not to be guessed";
        return Err(vec![Error::new(Kind::Config, message).hint("name one: --region REGION")]);
    };
    likely.parse().map_err(|problem| {
        vec![Error::new(Kind::Config, format!("the region `{likely}` {problem}"))]
    })
}

/// Writes down the models that are used by default.
fn models_of(wished: &mut Config, region: &Region) {
    let (models, _) = model::resolve(wished, region);
    wished.bedrock.model_id.get_or_insert(models.main);
    wished.bedrock.small_fast_model_id.get_or_insert(models.small);
}

fn unless_refused<T>(ui: &Ui, looked: Result<Vec<T>>) -> Option<Vec<T>> {
    let found = looked.map_err(|error| {
        let message = format!("{error}: what there is cannot be offered");
        ui.warning(&message, error.hints().first().map(String::as_str));
    });
    found.ok().filter(|found| !found.is_empty())
}

/// The text of one of the two, without the secrets that a webhook's address holds in either.
fn shown(text: &Loaded, old: &Loaded, new: &Loaded) -> String {
    let targets =
        [old, new].into_iter().flat_map(|loaded| &loaded.config.bedrock.monitoring.notify);
    targets.fold(text.text().to_owned(), |text, target| match target {
        NotifyTarget::Https(url) => text.replace(url.as_str(), &target.to_string()),
        NotifyTarget::Email(_) => text,
    })
}
