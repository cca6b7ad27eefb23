//! Which project is meant, if nobody says: the one of the environment, the credentials or gcloud.
//! Makes no call.

use std::{fs, path::PathBuf};

use serde_json::Value;

use super::super::super::variable;
use crate::{
    claude::variable::{self as v, Variable},
    config::ProjectId,
    gcp::SignIn,
};

/// A project, and what names it.
pub(super) struct Likely {
    pub project: ProjectId,
    pub named_by: String,
}

/// The first project that is named.
pub(super) fn likely(sign_in: &SignIn) -> Option<Likely> {
    let of_variable = |name: &str| Some((variable(name)?, name.to_owned()));
    let variables = [v::GOOGLE_CLOUD_PROJECT.name, v::CLOUDSDK_CORE_PROJECT.name];
    let variables = variables.into_iter().filter_map(of_variable);
    // Lazily, as these read files.
    let files = [of_credentials, of_gcloud].into_iter().filter_map(|read| read(sign_in));
    variables.chain(files).find_map(|(text, named_by)| {
        let project = text.trim().parse().ok()?;
        Some(Likely { project, named_by })
    })
}

/// A service account is of a project; a person names one that pays.
fn of_credentials(sign_in: &SignIn) -> Option<(String, String)> {
    let path = sign_in.credentials_file.as_ref()?;
    let json: Value = serde_json::from_str(&fs::read_to_string(path).ok()?).ok()?;
    let text = |key: &str| json.get(key).and_then(Value::as_str).map(ToOwned::to_owned);
    Some((text("project_id").or_else(|| text("quota_project_id"))?, path.display().to_string()))
}

/// `gcloud config get project`, without gcloud.
fn of_gcloud(_: &SignIn) -> Option<(String, String)> {
    let set =
        |it: &Variable| variable(it.name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let folder = set(v::CLOUDSDK_CONFIG).or_else(|| {
        if cfg!(windows) {
            set(v::APPDATA).map(|folder| folder.join("gcloud"))
        } else {
            set(v::HOME).map(|folder| folder.join(".config/gcloud"))
        }
    })?;
    let active = variable(v::CLOUDSDK_ACTIVE_CONFIG_NAME.name).filter(|name| !name.is_empty());
    let active = active.or_else(|| fs::read_to_string(folder.join("active_config")).ok());
    let active = active.as_deref().map_or("default", str::trim);
    let text = fs::read_to_string(folder.join(format!("configurations/config_{active}"))).ok()?;
    Some((core_project(&text)?, format!("gcloud's configuration `{active}`")))
}

/// `project` in the section `core`.
fn core_project(text: &str) -> Option<String> {
    let lines = text.lines().map(str::trim);
    let core = lines.skip_while(|line| *line != "[core]").skip(1);
    core.take_while(|line| !line.starts_with('[')).find_map(|line| {
        let (key, value) = line.split_once('=')?;
        (key.trim() == "project").then(|| value.trim().to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gclouds_project_is_the_one_of_its_core() {
        let text = "[compute]\nproject = not-this\n[core]\naccount = a@b.c\nproject = acme-ai\n";
        assert_eq!(core_project(text).as_deref(), Some("acme-ai"));
        assert_eq!(core_project("[core]\naccount = a\n[x]\nproject = no\n"), None);
        assert_eq!(core_project(""), None);
    }
}
