//! The fake of the Google APIs as a process, for a try of `provision gcp` without a cloud.
//!
//! `cargo run --example google_cloud -- --port 8085 --project my-project`, then point the base URL at
//! `http://127.0.0.1:8085/{api}`; `/_fake/...` tells and changes what exists (`control.rs`).
#![expect(unreachable_pub, reason = "the fake is the tests' too")]
#![expect(clippy::indexing_slicing, clippy::panic, reason = "a fake that is not right may end")]
#![expect(
    clippy::disallowed_methods,
    reason = "the folder of the documents may be told by environment"
)]
#![expect(clippy::print_stdout, reason = "the address is its output")]

use std::{
    fs,
    io::{self, Read as _},
    path::PathBuf,
};

use anyhow::{Result, bail};
use clap::Parser;

#[expect(dead_code, reason = "tests use the rest")]
#[path = "../tests/support/google/mod.rs"]
mod google;

/// Serves a fake of the Google APIs.
#[derive(Parser)]
struct Arguments {
    /// The port; 0 is any.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// Where to write the port.
    #[arg(long)]
    port_file: Option<PathBuf>,
    /// The folder with Google's discovery documents.
    #[arg(long)]
    discovery: Option<PathBuf>,
    /// The id of the project that exists.
    #[arg(long, default_value = "example-project")]
    project: String,
    /// Ends when standard input closes.
    #[arg(long)]
    until_stdin_closes: bool,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let discovery = arguments
        .discovery
        .as_deref()
        .map_or_else(google::discovery::Discovery::installed, google::discovery::Discovery::load);
    let fake = google::Google::start_at(&arguments.project, arguments.port, discovery);
    let origin = fake.origin();
    println!("listening on {origin}");
    if let Some(file) = arguments.port_file {
        let Some((_, port)) = origin.rsplit_once(':') else { bail!("no port in {origin}") };
        fs::write(file, port)?;
    }
    if arguments.until_stdin_closes {
        io::stdin().read_to_end(&mut Vec::new())?;
        return Ok(());
    }
    loop {
        std::thread::park();
    }
}
