//! Parses, runs, and ends with the exit code.

use std::process::ExitCode;

use groundwork::cli::Cli;
use mimalloc::MiMalloc;

/// The gateway makes and drops small things with each request, which the system's own takes longer for.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    Cli::of_command_line().run().into()
}
