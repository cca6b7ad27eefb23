//! Parses, runs, and ends with the exit code.

use std::process::ExitCode;

use clap::Parser as _;
use groundwork::cli::Cli;

fn main() -> ExitCode {
    Cli::parse().run().into()
}
