//! The flags that commands share which look at a tenant or change it.

use std::collections::BTreeSet;

use clap::{Args, builder::BoolishValueParser};

use crate::reconcile::{Options, Pace, Stop};

/// How to work, and how to tell of it.
#[derive(Args, Debug)]
pub(super) struct Work {
    /// Write JSON lines to standard output, and no text
    #[arg(long, env = "GROUNDWORK_JSON", value_parser = BoolishValueParser::new())]
    pub(super) json: bool,
    /// How many resources to work on at the same time, 1 to 64
    #[arg(long, env = "GROUNDWORK_WIDTH", value_name = "N", default_value_t = 48)]
    #[arg(value_parser = clap::value_parser!(u8).range(1..=64))]
    width: u8,
}

impl Work {
    /// The options of a run that adopts nothing and deletes no data.
    pub(super) fn options(&self, stop: Stop) -> Options {
        Options {
            width: self.width.into(),
            adopt: BTreeSet::new(),
            delete_data: false,
            stop,
            pace: Pace::default(),
        }
    }
}

/// What was really named: an empty environment twin names nothing.
pub(super) fn named(ids: &[String]) -> impl Iterator<Item = &String> {
    ids.iter().filter(|id| !id.is_empty())
}

/// Whether and what to change.
#[derive(Args, Debug)]
pub(super) struct Change {
    /// Show what would be done, and do nothing; exit with 3 if there is anything
    #[arg(long, env = "GROUNDWORK_DRY_RUN", value_parser = BoolishValueParser::new())]
    pub(super) dry_run: bool,
    /// Do not ask
    #[arg(short, long, env = "GROUNDWORK_YES", value_parser = BoolishValueParser::new())]
    pub(super) yes: bool,
    /// Only this resource and what must go with it; more than one: separated by spaces, or repeated
    #[arg(long, env = "GROUNDWORK_ONLY", value_name = "ID", value_delimiter = ' ')]
    pub(super) only: Vec<String>,
}
