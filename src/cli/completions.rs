//! `groundwork completions`: a completion script for a shell.

use clap::{Args, CommandFactory as _};

use super::{Cli, Ending};
use crate::{
    error::{Error, Kind},
    ui::{Exit, Ui},
};

#[derive(Args, Debug)]
pub(super) struct Completions {
    shell: clap_complete::Shell,
}

impl Completions {
    pub(super) fn run(self, ui: &Ui) -> Ending {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "groundwork", &mut script);
        let script = String::from_utf8(script).map_err(|error| {
            vec![Error::new(Kind::Internal, "the completion script is no text").caused_by(error)]
        })?;
        ui.data(&script);
        Ok(Exit::Done)
    }
}
