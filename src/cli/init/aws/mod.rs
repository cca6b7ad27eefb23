//! What is AWS's own about beginning a file: its region, its look at the account, its questions.

mod given;
mod questions;

use self::{given::Given, questions::Known};
use super::{
    super::{Ending, Global, flags::endpoint_url, interrupt, network, variable},
    Session,
    answers::{Answers, AwsAnswers},
    draft::Draft,
};
use crate::{
    aws::{self, Connection},
    claude::{model, variable as v},
    config::{Config, NotifyTarget, Region},
    error::{Error, Kind, Result},
    proxy::Network,
    ui::Ui,
};

pub(super) fn run(session: Session<'_>, answers: &Answers, own: &AwsAnswers) -> Ending {
    let Session { global, ui, .. } = session;
    let given = Given::read(global.region.as_deref(), answers, own)?;
    let draft: Draft<Config> = Draft::open(session)?;
    let Draft { found, there, asking } = &draft;
    let region = region(global, &given, &found.config, asking.then_some(ui))?;
    let known = if *there && !asking {
        Known::nothing(&region)
    } else {
        let network = network::of(&found.config.proxy, &found.path).map_err(|error| vec![error])?;
        look(session, &region, network, *asking)?
    };
    let mut wished = found.config.clone();
    // A file that leaves it to flags and the environment is to go on doing so, unless asked.
    if !there || *asking || given.region.is_some() {
        wished.bedrock.region = Some(region.clone());
    }
    given.take(&mut wished);
    if let Some(account) = &known.account
        && !there
        && given.account.is_none()
    {
        wished.account_id = Some(account.clone());
    }
    if *asking {
        questions::ask(ui, &given, &known, &mut wished).map_err(|error| vec![error])?;
    }
    if !there {
        models_of(&mut wished, &region);
    }
    draft.close(session, ("aws", &wished), notified, |new| model::warn(new, &region))
}

fn notified(config: &Config) -> Vec<&NotifyTarget> {
    config.bedrock.monitoring.notify.iter().collect()
}

/// Signs in and looks around, as far as that is needed and allowed. What is refused is said.
fn look(
    session: Session<'_>,
    region: &Region,
    network: Network,
    asking: bool,
) -> Result<Known, Vec<Error>> {
    let Session { global, ui, offline, .. } = session;
    if offline {
        return Ok(Known::nothing(region));
    }
    let connection = Connection {
        profile: global.profile.clone().filter(|profile| !profile.is_empty()),
        region: region.to_string(),
        endpoint_url: endpoint_url(global).map_err(|error| vec![error])?,
        network,
    };
    let mut known = Known::nothing(region);
    ui.begin("looking at the account");
    let looked = interrupt::run(ui, |stop| async move {
        let look = async {
            let sdk = aws::configure(&connection).await?;
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
                known.models = session.unless_refused(offer.models);
                known.networks = session.unless_refused(offer.networks);
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
    let of_environment =
        || [v::AWS_REGION, v::AWS_DEFAULT_REGION].iter().find_map(|it| variable(it.name));
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
