//! Parses, runs, and ends with the exit code.

use std::process::ExitCode;

use groundwork::cli::Cli;

fn main() -> ExitCode {
    Cli::of_command_line().run().into()
}
