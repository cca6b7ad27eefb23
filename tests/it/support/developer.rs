//! A developer's machine in a room: the program and Claude Code's own client on its path, a
//! configuration, and what the clouds' own sign-ins leave there.

use std::{
    fs,
    os::unix::fs::symlink,
    path::Path,
    process::{Command, Stdio},
};

use serde_json::json;

use super::{
    messages::{Call, Clouds},
    program::{Desk, Run},
    room::client,
};

/// Where a company lays its managed settings. Here it is the room's own.
const MANAGED: &str = "/etc/claude-code";

/// The client asks nobody but the model. See facts 2.9.
const QUIET: [&str; 5] = [
    "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC",
    "DISABLE_TELEMETRY",
    "DISABLE_ERROR_REPORTING",
    "DISABLE_AUTOUPDATER",
    "CLAUDE_CODE_DISABLE_OFFICIAL_MARKETPLACE_AUTOINSTALL",
];

/// A run of the client ends after so many seconds.
const SECONDS: &str = "60";

pub struct Developer<'a> {
    desk: Desk,
    clouds: &'a Clouds,
}

/// What a script printed, and what the clouds were asked in the meantime.
#[derive(Debug)]
pub struct Session {
    pub run: Run,
    pub calls: Vec<Call>,
}

impl Session {
    /// The models that were asked, in their order, but for the client's look at its start.
    pub fn models(&self) -> Vec<String> {
        self.calls.iter().filter(|call| !call.is_probe()).filter_map(Call::model).collect()
    }

    /// The hosts that were asked, each once, in the order of their names.
    pub fn hosts(&self) -> Vec<String> {
        let mut hosts: Vec<String> = self.calls.iter().map(|call| call.host.clone()).collect();
        hosts.sort_unstable();
        hosts.dedup();
        hosts
    }
}

impl<'a> Developer<'a> {
    /// With these configurations, by their names, on a machine that no company has laid settings on.
    pub fn new(clouds: &'a Clouds, configurations: [(&str, &str); 2]) -> Self {
        fs::remove_dir_all(MANAGED).unwrap();
        fs::create_dir(MANAGED).unwrap();
        let developer = Self { desk: Desk::new(""), clouds };
        let desk = &developer.desk;
        for (name, text) in configurations {
            desk.put(name, text);
        }
        let keys = "[default]\naws_access_key_id = AKIADEVELOPER\naws_secret_access_key = secret\n";
        desk.put(".aws/credentials", keys);
        let google = json!({
            "type": "authorized_user", "client_id": "id", "client_secret": "secret",
            "refresh_token": "token",
        });
        desk.put(".config/gcloud/application_default_credentials.json", &google.to_string());
        // A hook that a model decides is the one background task of a client without a terminal.
        let hook = json!({"type": "prompt", "prompt": "Is this fine? $ARGUMENTS"});
        let settings = json!({"hooks": {"UserPromptSubmit": [{"hooks": [hook]}]}});
        desk.put(".claude/settings.json", &settings.to_string());
        install(developer.home());
        developer
    }

    pub fn home(&self) -> &Path {
        self.desk.path()
    }

    /// Has bash run a script where `environment` is all that is set, besides what every login has.
    pub fn bash(&self, script: &str, environment: &[(&str, &str)]) -> Session {
        self.clouds.take();
        let run = Run::from(bash(self.home(), script, environment).output().unwrap());
        Session { run, calls: self.clouds.take() }
    }
}

/// Puts both programs on the path of a developer who is at home there.
pub fn install(home: &Path) {
    for folder in ["bin", "work"] {
        fs::create_dir(home.join(folder)).unwrap();
    }
    let bin = home.join("bin");
    symlink(env!("CARGO_BIN_EXE_groundwork"), bin.join("groundwork")).unwrap();
    symlink(client(), bin.join("claude")).unwrap();
}

/// Bash with a script, where `environment` is all that is set, besides what every login has.
pub fn bash(home: &Path, script: &str, environment: &[(&str, &str)]) -> Command {
    let mut command = Command::new("timeout");
    command
        .args(["--signal=KILL", SECONDS, "bash", "-c", script])
        .current_dir(home.join("work"))
        .env_clear()
        .env("HOME", home)
        .env("TMPDIR", home)
        .env("PATH", format!("{}/bin:/usr/bin:/bin", home.display()))
        .env("TERM", "dumb")
        .envs(QUIET.map(|name| (name, "1")))
        .envs(environment.iter().copied())
        .stdin(Stdio::null());
    command
}
