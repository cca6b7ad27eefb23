//! Parses, runs, and ends with the exit code.

use std::process::ExitCode;

use groundwork::cli::Cli;

/// The gateway makes and drops small things with each request, and musl's own has one lock for all
/// threads. glibc's takes less memory when idle.
#[cfg(target_env = "musl")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    Cli::of_command_line().run().into()
}
