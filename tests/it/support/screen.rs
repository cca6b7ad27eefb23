//! A person at a terminal. The terminal is a pseudo-terminal, made by `script`.

use std::{
    io::{Read as _, Write as _},
    process::{Child, Command, Stdio},
};

use super::program::Desk;

pub struct Screen {
    pub code: Option<i32>,
    pub text: String,
}

/// Runs the program on a terminal of so many columns and types `input` when it asks.
pub fn at_terminal(desk: &Desk, columns: u16, arguments: &str, input: &str) -> Screen {
    let mut child = spawn(desk, columns, arguments);
    let mut keyboard = child.stdin.take().unwrap();
    keyboard.write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    drop(keyboard);
    Screen {
        code: output.status.code(),
        text: String::from_utf8_lossy(&output.stdout).into_owned(),
    }
}

/// Runs the program and types each answer as soon as its question is on the screen.
pub fn answering(desk: &Desk, arguments: &str, answers: &[(&str, &str)]) -> Screen {
    let mut child = spawn(desk, 100, arguments);
    let mut keyboard = child.stdin.take().unwrap();
    let mut screen = child.stdout.take().unwrap();
    let (mut shown, mut answered, mut read_to) = (Vec::new(), 0, 0);
    let mut piece = [0; 4096];
    loop {
        let count = screen.read(&mut piece).unwrap();
        if count == 0 {
            break;
        }
        shown.extend_from_slice(&piece[..count]);
        let text = plain(&String::from_utf8_lossy(&shown));
        while let Some((question, answer)) = answers.get(answered) {
            let Some(at) = text[read_to..].find(question) else { break };
            read_to += at + question.len();
            if answer.contains('\u{3}') {
                await_keys(child.id());
            }
            keyboard.write_all(answer.as_bytes()).unwrap();
            answered += 1;
        }
    }
    let code = child.wait().unwrap().code();
    let text = plain(&String::from_utf8_lossy(&shown));
    assert_eq!(answered, answers.len(), "not asked: {:?}\n{text}", answers.get(answered));
    Screen { code, text }
}

/// Comes back when the program reads single keys, as a person is slower than that. `script` is the
/// process whose child the program is; where it has ended, there is nothing to wait for.
fn await_keys(script: u32) {
    for _ in 0..10_000 {
        let children = format!("/proc/{script}/task/{script}/children");
        let Ok(children) = std::fs::read_to_string(children) else { return };
        let Some(program) = children.split_whitespace().next() else { return };
        let Ok(terminal) = std::fs::read_link(format!("/proc/{program}/fd/0")) else { return };
        let state = Command::new("stty").arg("-aF").arg(terminal).output().unwrap();
        if String::from_utf8_lossy(&state.stdout).contains("-icanon") {
            return;
        }
    }
    panic!("the program never read a key");
}

fn spawn(desk: &Desk, columns: u16, arguments: &str) -> Child {
    let program = env!("CARGO_BIN_EXE_groundwork");
    let plain = desk.command(&[]);
    let line = format!("stty rows 50 cols {columns} -echo; exec {program} {arguments}");
    let mut command = Command::new("script");
    command.args(["-qec", &line, "/dev/null"]).current_dir(desk.path()).env_clear();
    for (name, value) in plain.get_envs() {
        command.env(name, value.unwrap_or_default());
    }
    command.env("PATH", "/usr/bin:/bin").env("TERM", "xterm").env("SHELL", "/bin/sh");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().unwrap()
}

/// The text without escape sequences.
pub fn plain(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        if c == '\u{1b}' {
            for c in rest.by_ref() {
                if c.is_ascii_alphabetic() {
                    break;
                }
            }
        } else {
            plain.push(c);
        }
    }
    plain
}
