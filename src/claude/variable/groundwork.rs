//! The variables that Groundwork alone reads, each as the tools do that it is from.

use super::{Group, Variable};

pub(super) const GROUNDWORK: &[&Variable] = HERE;

variables! {
    /// Any value but an empty one: no colours.
    Groundwork NO_COLOR;

    /// Where Google's API `{api}` is, in place of its own host. What `AWS_ENDPOINT_URL` is for AWS.
    Groundwork GROUNDWORK_GCP_ENDPOINT_URL;

    /// A token of Google's that is there already, in place of a sign-in.
    Groundwork GOOGLE_OAUTH_ACCESS_TOKEN, secret;

    /// The project that a person's calls are counted against.
    Groundwork GOOGLE_CLOUD_QUOTA_PROJECT;

    /// Where Claude is called, if `init gcp` is not told.
    Groundwork GOOGLE_CLOUD_LOCATION;

    /// Where a machine asks who it is, in place of the metadata server of Google Cloud.
    Groundwork GCE_METADATA_HOST;

    /// `true`: this is no machine of Google's, so that none is looked for.
    Groundwork NO_GCE_CHECK;

    /// The project of gcloud, if `init gcp` is not told.
    Groundwork CLOUDSDK_CORE_PROJECT;

    /// The folder of gcloud's configurations.
    Groundwork CLOUDSDK_CONFIG;

    /// Which of gcloud's configurations counts.
    Groundwork CLOUDSDK_ACTIVE_CONFIG_NAME;

    /// `true` in a job of GitHub Actions, whose log hides what it is told to.
    Groundwork GITHUB_ACTIONS;

    /// The file of a job of GitHub Actions that sets variables for its later steps.
    Groundwork GITHUB_ENV;

    /// The user's folder, in which gcloud keeps what it knows.
    Groundwork HOME;

    /// The same on Windows.
    Groundwork APPDATA;

    /// The folder of a user's settings of Claude Code, in place of `.claude` in his own. The client
    /// reads it, too.
    Groundwork CLAUDE_CONFIG_DIR;

    /// The folders in which gcloud is looked for, and what `env --exec` runs.
    Groundwork PATH;

    /// What stood before in the variables with which Groundwork started itself anew, for
    /// `env --exec` to put back.
    Groundwork GROUNDWORK_HANDED_ON, secret;
}
