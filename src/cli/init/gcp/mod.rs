//! What is Google Cloud's own about beginning a file: its project and location, its look at the
//! project, its questions.

mod given;
mod project;
mod questions;

use self::{given::Given, project::Likely, questions::Known};
use super::{
    super::{Ending, gcp::connection, interrupt, network, variable},
    Session,
    answers::{Answers, GcpAnswers},
    draft::Draft,
};
use crate::{
    claude::{variable as v, vertex},
    config::{
        NotificationChannel, NotifyTarget, ProjectId, VertexConfig, VertexLocation,
        vertex::DataLocation,
    },
    error::{Error, Kind, Result},
    gcp::{self, Connection, Offer},
    ui::Ui,
};

pub(super) fn run(session: Session<'_>, answers: &Answers, own: &GcpAnswers) -> Ending {
    let one = |error| vec![error];
    let Session { global, ui, .. } = session;
    let given = Given::read(global.region.as_deref(), answers, own)?;
    let draft: Draft<VertexConfig> = Draft::open(session)?;
    let Draft { found, there, asking } = &draft;
    let network = network::of(&found.config.proxy, &found.path).map_err(one)?;
    let connection = connection(global, network).map_err(one)?;
    let project = project(&given, &found.config, &connection, (ui, *asking)).map_err(one)?;
    let location = location(&given, &found.config, asking.then_some(ui)).map_err(one)?;
    let mut wished = found.config.clone();
    // A file that leaves it to flags and the environment is to go on doing so, unless asked.
    if !there || *asking || given.project.is_some() {
        wished.vertex_ai.project_id = Some(project.clone());
    }
    if !there || *asking || given.location.is_some() {
        wished.vertex_ai.location = Some(location.clone());
    }
    given.take(&mut wished);
    if *asking && given.data_location.is_none() {
        questions::data_location(ui, &location, *there, &mut wished).map_err(one)?;
    }
    let look = Look {
        project: &project,
        data_location: &wished.data_location(&location),
        all: *asking,
        who_pays: given.asks_who_pays(&wished),
    };
    let known = if *there && !look.all && !look.who_pays {
        Known::default()
    } else {
        look.run(session, &connection)?
    };
    let budget = &mut wished.vertex_ai.monitoring.budget;
    given.take_budget(budget, known.billing_account.as_ref()).map_err(one)?;
    if *asking {
        questions::ask(ui, &given, &known, &mut wished).map_err(one)?;
    }
    draft.close(session, ("gcp", &wished), notified, |new| vertex::warn(new, &location))
}

fn notified(config: &VertexConfig) -> Vec<&NotifyTarget> {
    config.vertex_ai.monitoring.notify.iter().map(NotificationChannel::target).collect()
}

/// The project: given, or of the file, the environment, the credentials or gcloud.
fn project(
    given: &Given,
    config: &VertexConfig,
    connection: &Connection,
    (ui, asking): (&Ui, bool),
) -> Result<ProjectId> {
    if let Some(project) = &given.project {
        return Ok(project.clone());
    }
    let of_file = config.vertex_ai.project_id.clone();
    if asking {
        let found = || project::likely(&connection.sign_in).map(|likely| likely.project);
        return questions::project(ui, of_file.or_else(found).as_ref());
    }
    if let Some(project) = of_file {
        return Ok(project);
    }
    let Some(Likely { project, named_by }) = project::likely(&connection.sign_in) else {
        let message = "no project is named, neither here nor by gcloud or the credentials";
        return Err(Error::new(Kind::Config, message)
            .hint("name one: --project ID")
            .hint("see which there are: gcloud projects list"));
    };
    ui.note(&format!("the project is `{project}`, which {named_by} names"));
    Ok(project)
}

/// The location: given, or of the file or the environment.
fn location(given: &Given, config: &VertexConfig, ask: Option<&Ui>) -> Result<VertexLocation> {
    if let Some(location) = &given.location {
        return Ok(location.clone());
    }
    // As gcloud's libraries and Claude Code call it.
    let variables = [v::GOOGLE_CLOUD_LOCATION.name, v::CLOUD_ML_REGION.name];
    let of_environment =
        || variables.into_iter().filter_map(variable).find_map(|text| text.parse().ok());
    let likely = config.vertex_ai.location.clone().or_else(of_environment);
    if let Some(ui) = ask {
        return questions::location(ui, likely.as_ref());
    }
    likely.ok_or_else(|| {
        let message = "no location is named, and where Claude Code may answer is not to be guessed";
        Error::new(Kind::Config, message)
            .hint("name one: --location us (or `eu`, `global`, a region)")
    })
}

/// What is to be looked at, besides whether the project is there.
struct Look<'a> {
    project: &'a ProjectId,
    data_location: &'a DataLocation,
    /// Everything there is to choose from.
    all: bool,
    /// Which billing account pays.
    who_pays: bool,
}

/// What was found.
enum Found {
    Nothing,
    WhoPays(Result<Vec<String>>),
    All(Box<Offer>),
}

impl Look<'_> {
    /// Signs in and looks around, as far as that is needed and allowed. What is refused is said.
    fn run(&self, session: Session<'_>, connection: &Connection) -> Result<Known, Vec<Error>> {
        let Session { ui, offline, .. } = session;
        if offline {
            return Ok(Known::default());
        }
        ui.begin("looking at the project");
        let looked = interrupt::run(ui, |stop| async move {
            let look = self.find(connection, &stop);
            tokio::select! {
                looked = look => looked,
                () = stop.wait() => Err(Error::new(Kind::Interrupted, "interrupted: nothing was written")),
            }
        });
        ui.clear();
        match looked? {
            Ok(Found::Nothing) => Ok(Known::default()),
            Ok(Found::WhoPays(account)) => {
                let account = session.unless_refused(account);
                Ok(Known { billing_account: first(account), ..Known::default() })
            }
            Ok(Found::All(offer)) => Ok(tell(session, *offer)),
            Err(error) if error.kind() == Kind::Interrupted => Err(vec![error]),
            Err(error) => {
                let cause = error.causes().into_iter().next();
                let cause = cause.map(|cause| format!(": {cause}")).unwrap_or_default();
                let message = format!("{error}, so nothing of it can be offered{cause}");
                ui.warning(&message, error.hints().first().map(String::as_str));
                Ok(Known::default())
            }
        }
    }

    async fn find(&self, connection: &Connection, stop: &crate::reconcile::Stop) -> Result<Found> {
        let rest = gcp::connect(connection, self.project.as_str(), stop).await?;
        let project = gcp::identify(&rest, self.project.as_str()).await?;
        Ok(match self {
            Self { all: true, data_location, .. } => {
                let offer = gcp::look_around(&rest, &project, data_location.as_str()).await;
                Found::All(Box::new(offer))
            }
            Self { who_pays: true, .. } => {
                Found::WhoPays(gcp::billing_account(&rest, &project.id).await)
            }
            _ => Found::Nothing,
        })
    }
}

/// Says what could not be looked at.
fn tell(session: Session<'_>, offer: Offer) -> Known {
    let off = offer.off();
    if !off.is_empty() {
        let off = off.join(", ");
        session.ui.note(&format!("not switched on in the project yet, so not looked at: {off}"));
    }
    Known {
        models: session.unless_refused(offer.models),
        subnets: session.unless_refused(offer.subnets),
        keys: session.unless_refused(offer.keys),
        billing_account: first(session.unless_refused(offer.billing_account)),
    }
}

fn first<T: std::str::FromStr>(found: Option<Vec<String>>) -> Option<T> {
    found?.first()?.parse().ok()
}
