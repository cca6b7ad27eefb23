//! `groundwork gateway token`: a key for a machine, or a token to try the gateway with.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use clap::{Args, builder::BoolishValueParser};
use serde_json::{Value, json};

use super::super::{Ending, Global};
use crate::{
    claude::variable as v,
    error::{Error, Kind, Result},
    gateway::{LOCAL_ISSUER, Local, NewKey, Subject},
    ui::{Exit, Ui},
};

#[derive(Args, Debug)]
pub(super) struct Token {
    /// Make a key for a machine: printed once, with the hash of it that belongs into the configuration
    #[arg(long, env = "GROUNDWORK_KEY", value_parser = BoolishValueParser::new())]
    key: bool,
    /// Sign a token with the key in this file, which is made if it is not there, to try the gateway with
    #[arg(long, env = "GROUNDWORK_SIGNING_KEY", value_name = "FILE")]
    signing_key: Option<PathBuf>,
    /// What the key is called, or whom the token names
    #[arg(long, env = "GROUNDWORK_USER", value_name = "NAME", default_value = "me@example.com")]
    user: String,
    /// A group of that user; repeat it for more
    #[arg(long, env = "GROUNDWORK_GROUP", value_name = "NAME", value_delimiter = ' ')]
    group: Vec<String>,
    /// Whom the token is for: one of the issuer's `audiences`
    #[arg(long, env = "GROUNDWORK_AUDIENCE", value_name = "NAME", default_value = "claude-code")]
    audience: String,
    /// How long the token is valid
    #[arg(long, env = "GROUNDWORK_MINUTES", value_name = "N", default_value = "60")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=1440))]
    minutes: u32,
}

impl Token {
    pub(super) fn run(self, _: &Global, ui: &Ui) -> Ending {
        let made = match (self.key, &self.signing_key) {
            (true, None) => self.key(ui),
            (false, Some(file)) => self.token(file, ui),
            _ => Err(Error::new(Kind::Config, "say what to make: --key or --signing-key FILE")
                .hint("for a machine: groundwork gateway token --key --user ci")
                .hint("to try it out: groundwork gateway token --signing-key gateway-key.pem")),
        };
        made.map(|()| Exit::Done).map_err(|error| vec![error])
    }

    fn key(&self, ui: &Ui) -> Result<()> {
        let key = NewKey::generate()?;
        ui.data(&format!("{}\n", key.expose()));
        ui.note("this is the only time that it is shown; the configuration has its hash:\n");
        ui.note(&format!(
            "access:\n  keys:\n    - name: {}\n      sha256: {}\n      groups: {}",
            quoted(&self.user),
            quoted(&key.sha256),
            json!(self.group)
        ));
        ui.note(&how_to_use("key"));
        Ok(())
    }

    fn token(&self, file: &Path, ui: &Ui) -> Result<()> {
        let local = Local::open(file)?;
        let public = file.with_extension("jwks.json");
        fs::write(&public, local.key_set()?).map_err(|error| {
            let message = format!("could not write `{}`", public.display());
            Error::new(Kind::Config, message).caused_by(error)
        })?;
        let subject = Subject {
            user: self.user.clone(),
            groups: self.group.clone(),
            audience: self.audience.clone(),
            valid: Duration::from_mins(self.minutes.into()),
        };
        ui.data(&format!("{}\n", local.token(&subject)?));
        ui.note("the configuration trusts it with:\n");
        ui.note(&format!(
            "access:\n  issuers:\n    - issuer: {LOCAL_ISSUER}\n      audiences: {}\n      jwks_file: {}",
            json!([self.audience]),
            quoted(&public.display().to_string())
        ));
        ui.note(&how_to_use("token"));
        Ok(())
    }
}

/// What becomes of a credential once the gateway knows it.
fn how_to_use(credential: &str) -> String {
    let variable = v::ANTHROPIC_AUTH_TOKEN.name;
    format!(
        "\nClaude Code takes it from {variable}:\n  \
         export {variable}=... # the {credential}\n  \
         eval \"$(groundwork env gateway)\" && claude\n"
    )
}

/// As JSON has it, which YAML reads.
fn quoted(text: &str) -> Value {
    text.into()
}
