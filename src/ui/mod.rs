//! The only place that writes to the terminal: progress, plans, reports, errors, questions.
//!
//! Standard output is data only: exports, the status table, JSON lines. Everything else goes to
//! standard error. With `--json` there is no text at all.

mod json;
mod plan;
mod probe;
mod progress;
mod question;
mod style;

use std::{
    io::{IsTerminal as _, Write},
    process::ExitCode,
    sync::{Mutex, PoisonError},
};

use progress::Progress;
use serde_json::{Map, Value};
use style::Style;

use crate::{
    error::{Error, Kind, Result},
    proxy::check::Look,
    reconcile::{Event, Orphan, Report, Survey},
};

/// When to colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Color {
    /// On a terminal, unless `NO_COLOR` is set.
    #[default]
    Auto,
    Always,
    Never,
}

/// What a run of the program ends with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    Done,
    Failed,
    Usage,
    /// Changes are pending.
    Pending,
    Interrupted,
    /// As a command did that was run.
    Command(u8),
}

impl Exit {
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Pending => 3,
            Self::Interrupted => 130,
            Self::Command(code) => code,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// How the user wants to be spoken to.
#[derive(Clone, Copy, Debug, Default)]
pub struct Manner {
    pub color: Color,
    pub quiet: bool,
    pub verbose: bool,
    pub json: bool,
}

pub struct Ui {
    manner: Manner,
    out: Style,
    err: Style,
    progress: Progress,
    /// Why standard output could not be written, if so.
    unwritten: Mutex<Option<std::io::Error>>,
}

/// How a run did, for the summary.
pub struct Summary<'a> {
    pub command: &'static str,
    pub report: &'a Report,
    pub exit: Exit,
    /// What Claude Code needs, if the tenant is complete.
    pub environment: Option<Value>,
}

impl Ui {
    pub fn new(manner: Manner) -> Self {
        let out =
            Style::new(manner.color, &console::Term::stdout(), std::io::stdout().is_terminal());
        let err =
            Style::new(manner.color, &console::Term::stderr(), std::io::stderr().is_terminal());
        let watched = std::io::stderr().is_terminal() && !manner.json && !manner.quiet;
        let progress = Progress::new(watched, err);
        Self { manner, out, err, progress, unwritten: Mutex::default() }
    }

    pub fn json(&self) -> bool {
        self.manner.json
    }

    /// Whether a question can be asked and answered.
    pub fn can_ask(&self) -> bool {
        !self.manner.json && std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
    }

    /// Data: one text to standard output.
    pub fn data(&self, text: &str) {
        let mut out = std::io::stdout().lock();
        let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
        // A reader that has gone away wants no more, which is no error.
        if let Err(error) = written
            && error.kind() != std::io::ErrorKind::BrokenPipe
        {
            *self.unwritten.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
        }
    }

    /// The same for what has to arrive: a reader that has gone away, or was never there, is an error.
    pub fn deliver(&self, text: &str) -> Result<()> {
        let mut out = std::io::stdout().lock();
        let written = if leads_nowhere(&out) {
            Err(std::io::Error::other("it is closed, or thrown away"))
        } else {
            out.write_all(text.as_bytes()).and_then(|()| out.flush())
        };
        written.map_err(|error| {
            Error::new(Kind::Cloud, "could not write to standard output").caused_by(error)
        })
    }

    /// Where lines go that a program reads: beside what people are told, and nothing of theirs.
    pub fn records(&self) -> Box<dyn Write + Send> {
        Box::new(std::io::stderr())
    }

    /// Whether all data could be written.
    pub fn written(&self) -> Result<()> {
        match self.unwritten.lock().unwrap_or_else(PoisonError::into_inner).take() {
            None => Ok(()),
            Some(error) => {
                let message = "could not write to standard output";
                Err(Error::new(Kind::Cloud, message).caused_by(error))
            }
        }
    }

    fn say(&self, text: &str) {
        self.progress.print(text);
    }

    fn line(&self, event: &str, fields: Map<String, Value>) {
        self.data(&json::line(event, fields));
    }

    /// Something the user should know but need not act on; hidden by `--quiet`.
    pub fn note(&self, text: &str) {
        if !self.manner.quiet && !self.manner.json {
            self.say(text);
        }
    }

    pub fn warning(&self, message: &str, hint: Option<&str>) {
        if self.manner.json {
            return self.line("warning", json::warning(message, hint));
        }
        if self.manner.quiet {
            return;
        }
        self.say(&format!("{} {message}", self.err.warning("warning:")));
        if let Some(hint) = hint {
            self.say(&format!("  {} {hint}", self.err.hint("hint:")));
        }
    }

    pub fn error(&self, error: &Error) {
        if self.manner.json {
            return self.line("error", json::error(error));
        }
        self.say(&format!("{} {error}", self.err.error("error:")));
        for cause in error.causes() {
            self.say(&format!("  caused by: {cause}"));
        }
        for hint in error.hints() {
            self.say(&format!("  {} {hint}", self.err.hint("hint:")));
        }
    }

    /// What would change: lines on standard error, or JSON.
    pub fn plan<C>(&self, survey: &Survey<'_, C>) {
        let mut cut = false;
        for ((id, planned), remark) in survey.plan().zip(survey.remarks()) {
            if self.manner.json {
                self.line("plan", json::plan(id, planned, remark));
            } else if let Ok(action) = planned {
                for line in plan::lines(&self.err, id, action, self.manner.verbose) {
                    cut |= line.ends_with('…');
                    self.say(&line);
                }
            }
        }
        if !self.manner.json {
            self.say(&plan::total(survey));
            if cut {
                self.say("cut to fit; -v shows all of it");
            }
        }
    }

    /// What is there: a table on standard output, or JSON.
    pub fn status<C>(&self, survey: &Survey<'_, C>) {
        for ((id, planned), remark) in survey.plan().zip(survey.remarks()) {
            if self.manner.json {
                self.line("status", json::plan(id, planned, remark));
            } else {
                let mut lines = plan::status(&self.out, id, planned, self.manner.verbose);
                lines.extend(plan::remark(&self.out, remark, self.manner.verbose));
                for line in lines {
                    self.data(&format!("{line}\n"));
                }
            }
        }
    }

    /// What is ours and no longer in the configuration: a line of the table, or JSON
    /// with the full name as its cloud calls that: `arn`.
    pub fn orphan(&self, orphan: &Orphan, full_name: &str) {
        if self.manner.json {
            return self.line("orphan", json::orphan(orphan, full_name));
        }
        for line in plan::orphan(&self.out, orphan, self.manner.verbose) {
            self.data(&format!("{line}\n"));
        }
    }

    /// One host of the probe: rows of the table, or JSON. `targets` are all that the table has.
    pub fn look(&self, look: &Look, targets: &[String]) {
        if self.manner.json {
            return self.line("host", probe::json(look));
        }
        let width = probe::width(targets.iter().map(String::as_str));
        for row in probe::rows(self.out, look, width, self.manner.verbose) {
            self.data(&format!("{}\n", row.trim_end()));
        }
    }

    /// What the probe found, each fault once with what helps, and one line of all.
    pub fn looked(&self, looks: &[Look], exit: Exit) {
        if self.manner.json {
            return self.line("summary", probe::json_summary(looks, exit));
        }
        for group in probe::groups(looks) {
            let hints = group.fault.remedies();
            if group.needed {
                let error = Error::new(Kind::Cloud, group.message());
                self.error(&hints.iter().fold(error, Error::hint));
            } else {
                self.warning(&group.message(), hints.first().map(String::as_str));
            }
        }
        for told in probe::interceptors(looks) {
            self.note(&told);
        }
        self.note(&probe::summary(looks));
    }

    /// Shows what is being done, where somebody watches, until [`Ui::clear`].
    pub fn begin(&self, doing: &'static str) {
        self.progress.begin(doing);
    }

    /// Takes everything that moves off the terminal.
    pub fn clear(&self) {
        self.progress.clear();
    }

    /// Tells of an event as it happens.
    pub fn event(&self, event: &Event<'_>) {
        if !self.manner.json {
            return self.progress.event(event, self.manner.quiet);
        }
        if let Some((name, fields)) = json::event(event) {
            self.line(name, fields);
        }
    }

    /// The errors of a report and one line of what was done.
    pub fn summary(&self, summary: &Summary<'_>) {
        if self.manner.json {
            return self.line("summary", json::summary(summary));
        }
        for (_, error) in summary.report.failed() {
            self.error(error);
        }
        self.note(&plan::summary(summary.report));
        if summary.report.begun() && !summary.report.complete() {
            self.note("what was done stays; running again is safe and goes on from there");
        }
    }

    /// The last JSON line of a command that has no report.
    pub fn end(&self, command: &'static str, exit: Exit) {
        if self.manner.json {
            self.line("summary", json::end(command, exit));
        }
    }

    /// Puts a question; the caller reads the answer.
    pub fn ask(&self, question: &str) {
        let question = self.err.hint(question);
        let mut err = std::io::stderr().lock();
        drop(write!(err, "{question} ").and_then(|()| err.flush()));
    }
}

/// Whether what is written is thrown away, as it is, too, where there was no standard output.
#[cfg(unix)]
fn leads_nowhere(out: &std::io::StdoutLock<'_>) -> bool {
    use std::os::{fd::AsFd as _, unix::fs::MetadataExt as _};
    let device = |file: std::fs::Metadata| (file.dev(), file.ino(), file.rdev());
    let own = out.as_fd().try_clone_to_owned().and_then(|fd| std::fs::File::from(fd).metadata());
    let nowhere = std::fs::metadata("/dev/null");
    own.is_ok_and(|own| nowhere.is_ok_and(|nowhere| device(own) == device(nowhere)))
}

#[cfg(not(unix))]
fn leads_nowhere(_: &std::io::StdoutLock<'_>) -> bool {
    false
}
