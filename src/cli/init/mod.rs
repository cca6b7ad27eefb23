//! `groundwork init`: asks, or takes flags, looks at the account or the project, and writes the
//! configuration.
//!
//! A file that is there already is read, and only what is answered differently is changed in it.
//! `draft` is the way of the file, `answers` the flags, `typed` what questions have in common; each
//! cloud has its own answers and questions.

mod answers;
mod aws;
mod draft;
mod file;
mod gcp;
mod typed;

use clap::{Args, builder::BoolishValueParser};

use self::answers::{Answers, AwsAnswers, GcpAnswers};
use super::{Cloud, Ending, Global};
use crate::{
    error::{Error, Kind, Result},
    ui::Ui,
};

#[derive(Args, Debug)]
pub(super) struct Init {
    /// Where the tenant is to be [default: aws]
    cloud: Option<Cloud>,
    /// Do not ask: take the flags, what the file has, and defaults
    #[arg(short, long, env = "GROUNDWORK_YES", value_parser = BoolishValueParser::new())]
    yes: bool,
    /// Make no call: offer what is known without looking at the account or the project
    #[arg(long, env = "GROUNDWORK_OFFLINE", value_parser = BoolishValueParser::new())]
    offline: bool,
    #[command(flatten)]
    answers: Answers,
    #[command(flatten)]
    aws: AwsAnswers,
    #[command(flatten)]
    gcp: GcpAnswers,
}

/// How a file is begun, whichever cloud it is of.
#[derive(Clone, Copy)]
struct Session<'a> {
    global: &'a Global,
    ui: &'a Ui,
    yes: bool,
    offline: bool,
}

impl Init {
    pub(super) fn run(self, global: &Global, ui: &Ui) -> Ending {
        let session = Session { global, ui, yes: self.yes, offline: self.offline };
        match self.cloud.unwrap_or_default() {
            Cloud::Aws => {
                refuse(&self.gcp.given(), "gcp")?;
                aws::run(session, &self.answers, &self.aws)
            }
            Cloud::Gcp => {
                refuse(&self.aws.given(), "aws")?;
                gcp::run(session, &self.answers, &self.gcp)
            }
        }
    }
}

impl Session<'_> {
    /// Says what was refused, and goes on without it. What is not there yet is no refusal.
    fn unless_refused<T>(self, looked: Result<Vec<T>>) -> Option<Vec<T>> {
        let found = looked.map_err(|error| {
            if error.kind() == Kind::NotYet {
                return;
            }
            let message = format!("{error}: what there is cannot be offered");
            self.ui.warning(&message, error.hints().first().map(String::as_str));
        });
        found.ok().filter(|found| !found.is_empty())
    }
}

/// Refuses answers to questions that only the other cloud has.
fn refuse(given: &[&str], cloud: &str) -> Result<(), Vec<Error>> {
    let refused = |flag: &&str| {
        let message = format!("--{flag} is an answer for `init {cloud}` alone");
        let twin = flag.to_uppercase().replace('-', "_");
        let hint = format!("leave it out; it may be set in the environment: GROUNDWORK_{twin}");
        Error::new(Kind::Config, message).hint(hint)
    };
    let errors: Vec<Error> = given.iter().map(refused).collect();
    if errors.is_empty() { Ok(()) } else { Err(errors) }
}
