//! Real shells: those of the machine, and else those that `tests/support/shells.sh` fetches.

use std::{
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    sync::OnceLock,
};

use groundwork::claude::Shell;

/// The shells, by the programs' names.
pub const ALL: [(&str, Shell); 4] =
    [("bash", Shell::Bash), ("dash", Shell::Bash), ("zsh", Shell::Zsh), ("fish", Shell::Fish)];

/// The program. Without it there is no test of it, which is a failure.
pub fn program(name: &str) -> PathBuf {
    static GATHERED: OnceLock<()> = OnceLock::new();
    GATHERED.get_or_init(|| {
        prepare("tests/support/shells.sh");
    });
    let program = repository(".cache/shells/bin").join(name);
    assert!(program.is_file(), "there is no {name}: tests/support/shells.sh says why");
    program
}

/// Evaluates a script in a folder, with no variables but these, and gives what it writes.
pub fn evaluate(name: &str, script: &str, folder: &Path, variables: &[(&str, &str)]) -> Vec<u8> {
    let mut command = Command::new(program(name));
    // fish has its configuration in `HOME`, and needs it for variables that outlive a session.
    if name == "zsh" {
        command.arg("-f");
    }
    command.args(["-c", script]).current_dir(folder).env_clear();
    command.env("HOME", folder).env("PATH", "/usr/bin:/bin").env("LC_ALL", "C.UTF-8");
    run(command.envs(variables.iter().copied())).stdout
}

/// Python with the packages of the tests.
pub fn python() -> Command {
    static INSTALLED: OnceLock<()> = OnceLock::new();
    INSTALLED.get_or_init(|| {
        prepare("tests/support/packages.sh");
    });
    Command::new(repository(".venv/bin/python"))
}

pub fn run(command: &mut Command) -> Output {
    let output = command.stdin(Stdio::null()).output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    let program = command.get_program().display();
    assert!(output.status.success(), "{program}: {error}");
    assert!(error.is_empty(), "{program}: {error}");
    output
}

/// The variables that a child sees, of the output of `env -0`.
pub fn variables(output: &[u8]) -> Vec<(String, String)> {
    let mut all: Vec<(String, String)> = String::from_utf8_lossy(output)
        .split_terminator('\0')
        .map(|pair| pair.split_once('=').unwrap_or_else(|| panic!("{}", pair.escape_default())))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    all.sort();
    all
}

/// Runs a script that fetches what is lacking. The first time it says what it does.
fn prepare(script: &str) {
    let output = Command::new(repository(script)).stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "{script}: {}", String::from_utf8_lossy(&output.stderr));
}

fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}
