//! `groundwork gateway check`: the configuration, and whether what it names can be had.

use std::time::Duration;

use clap::{Args, builder::BoolishValueParser};

use super::{
    super::{Ending, Global, interrupt},
    Read, path,
};
use crate::{
    config::gateway::UpstreamName,
    error::{Error, Kind},
    gateway::{self, Finding},
    ui::{Exit, Ui},
};

#[derive(Args, Debug)]
pub(super) struct Check {
    /// Look at the file alone, and call nobody
    #[arg(long, env = "GROUNDWORK_OFFLINE", value_parser = BoolishValueParser::new())]
    offline: bool,
}

impl Check {
    pub(super) fn run(self, global: &Global, ui: &Ui) -> Ending {
        let path = path(global).map_err(|error| vec![error])?;
        let read = Read::of(&path)?;
        for warning in &read.loaded.warnings {
            ui.warning(&warning.to_string(), warning.hint.as_deref());
        }
        if self.offline {
            ui.note(&format!("{} is right", path.display()));
            return Ok(Exit::Done);
        }
        let findings = interrupt::run(ui, |stop| async move {
            let (opened, failed) = read.open_what_can_be().await?;
            let found = tokio::select! {
                found = gateway::probe(&opened) => found,
                () = stop.wait() => return Err(Error::new(Kind::Interrupted, "stopped")),
            };
            let failed = failed.iter().map(|(name, error)| not_signed_in(name, error));
            Ok(failed.chain(found).collect::<Vec<_>>())
        })?;
        let findings = findings.map_err(|error| vec![error])?;
        for finding in &findings {
            ui.data(&line(finding));
        }
        let failed = findings.iter().any(|finding| finding.verdict.is_err());
        Ok(if failed { Exit::Failed } else { Exit::Done })
    }
}

fn not_signed_in(name: &UpstreamName, error: &Error) -> Finding {
    let first = ["could not sign in".to_owned(), error.to_string()];
    let told = [first.as_slice(), &error.causes()].concat().join(": ");
    let why = [&[told], error.hints()].concat().join("; ");
    Finding { what: format!("upstreams.{name}"), verdict: Err(why), took: Duration::ZERO }
}

fn line(finding: &Finding) -> String {
    let Finding { what, verdict, took } = finding;
    let (word, why) = match verdict {
        Ok(found) => ("ok    ", found),
        Err(why) => ("failed", why),
    };
    format!("{word}  {what}: {why} ({} ms)\n", took.as_millis())
}
