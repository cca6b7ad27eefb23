//! The way to a project: sign-in, and the one object that all resources work with.

use std::sync::Arc;

use serde::Deserialize;
use tokio::sync::Mutex;

use super::{
    Mark,
    error::Failure,
    rest::{Rest, Retry},
    token::{SignIn, TokenSource},
};
use crate::{
    error::{Error, Kind, Result},
    proxy::{Client, Network},
    reconcile::Stop,
};

/// What the command line and the environment say of the way there.
#[derive(Clone, Debug, Default)]
pub struct Connection {
    /// In place of `https://{api}.googleapis.com`.
    pub endpoint_url: Option<String>,
    pub network: Network,
    pub sign_in: SignIn,
    pub retry: Retry,
}

/// The project, by both of its names: which of them an answer has, differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Project {
    pub id: String,
    /// Digits.
    pub number: String,
}

impl Project {
    /// The name of an object, where an answer may have the project's number in it.
    pub(super) fn by_id(&self, name: &str) -> String {
        name.replace(&format!("projects/{}/", self.number), &format!("projects/{}/", self.id))
    }
}

/// What every resource works with.
#[derive(Clone, Debug)]
pub struct Gcp {
    pub rest: Rest,
    pub project: Project,
    pub mark: Mark,
    /// Held by who changes Cloud Monitoring, which takes one change of a project at a time.
    pub(super) monitoring: Arc<Mutex<()>>,
}

impl Gcp {
    pub fn new(rest: Rest, project: Project, mark: Mark) -> Self {
        let rest = rest.for_project(&project);
        Self { rest, project, mark, monitoring: Arc::default() }
    }
}

/// Chooses how to sign in. Makes no call to Google Cloud.
pub async fn connect(connection: &Connection, project: &str, stop: &Stop) -> Result<Rest> {
    let client = Client::new(&connection.network.clone().passable()?)?;
    let token = TokenSource::find(&connection.sign_in, project).await?;
    let endpoint = connection.endpoint_url.clone();
    Ok(Rest::new(client, endpoint, token, connection.retry, stop.clone()))
}

/// Signs in: asks for the project's number. By an API that is on in every project, so that this
/// works in a new one.
pub async fn identify(rest: &Rest, project: &str) -> Result<Project> {
    #[derive(Deserialize)]
    struct Service {
        #[serde(default)]
        parent: String,
    }
    let path = format!("v1/projects/{project}/services/cloudresourcemanager.googleapis.com");
    let answer = rest.get("serviceusage.services.get", path).send().await;
    let service: Service = answer.map_err(|failure| {
        if let Failure::NotSignedIn(error) = failure {
            return error;
        }
        let (signed_out, denied) = (failure.code_is(&[401]), failure.code_is(&[403]));
        let error = failure.into_error();
        if signed_out {
            return rest.token().refused(error);
        }
        let error = error.while_doing(format!("could not look at the project `{project}`"));
        if denied {
            error.hint(format!("see whether it is there: gcloud projects describe {project}"))
        } else {
            error
        }
    })?;
    let number = service.parent.trim_start_matches("projects/").to_owned();
    if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) {
        let message = format!("serviceusage.services.get gave no number of `{project}`");
        return Err(Error::new(Kind::Cloud, message));
    }
    Ok(Project { id: project.to_owned(), number })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_the_projects_id_in_it_whatever_the_answer_had() {
        let project = Project { id: "p".into(), number: "12".into() };
        assert_eq!(project.by_id("x.com/projects/12/sinks/12"), "x.com/projects/p/sinks/12");
        assert_eq!(project.by_id("projects/123/sinks/s"), "projects/123/sinks/s");
    }
}
