//! Questions with answers to choose or to type, on standard error.

use dialoguer::{
    Confirm, Input, MultiSelect, Select,
    theme::{ColorfulTheme, SimpleTheme, Theme},
};

use super::Ui;
use crate::error::{Error, Kind, Result};

impl Ui {
    /// One of several; the number of the one that is chosen.
    pub fn choose(&self, question: &str, items: &[String], default: usize) -> Result<usize> {
        let theme = self.theme();
        let select = Select::with_theme(&*theme).with_prompt(question).items(items);
        select.default(default).max_length(LINES).interact().map_err(unanswered)
    }

    /// Any of several; the numbers of those that are chosen.
    pub fn choose_any(&self, question: &str, items: &[(String, bool)]) -> Result<Vec<usize>> {
        let theme = self.theme();
        let question = format!("{question} (space to choose, enter to go on)");
        let select = MultiSelect::with_theme(&*theme).with_prompt(question);
        let items = items.iter().map(|(item, chosen)| (item, *chosen));
        select.items_checked(items).max_length(LINES).interact().map_err(unanswered)
    }

    /// A line of text that `check` accepts. An empty line is `default`.
    pub fn type_in(
        &self,
        question: &str,
        default: &str,
        check: &dyn Fn(&str) -> Result<(), String>,
    ) -> Result<String> {
        let theme = self.theme();
        let checked = |text: &String| match text.trim() {
            "" if !default.is_empty() => Ok(()),
            text => check(text),
        };
        let input =
            Input::<String>::with_theme(&*theme).with_prompt(question).validate_with(checked);
        let input = if default.is_empty() {
            input.allow_empty(true)
        } else {
            input.default(default.into())
        };
        let typed = input.interact_text().map_err(unanswered)?;
        let typed = typed.trim();
        Ok(if typed.is_empty() { default } else { typed }.to_owned())
    }

    /// Yes or no.
    pub fn agree(&self, question: &str, default: bool) -> Result<bool> {
        let theme = self.theme();
        let confirm = Confirm::with_theme(&*theme).with_prompt(question).default(default);
        confirm.interact().map_err(unanswered)
    }

    /// Lines that go and lines that come, among those that stay.
    pub fn difference(&self, old: &str, new: &str) {
        let lines = similar::TextDiff::from_lines(old, new);
        for (number, group) in lines.grouped_ops(1).iter().enumerate() {
            if number > 0 {
                self.note(&self.err.faint("  ..."));
            }
            for change in group.iter().flat_map(|operation| lines.iter_changes(operation)) {
                let line = change.value().trim_end();
                self.note(&match change.tag() {
                    similar::ChangeTag::Delete => self.err.bad(&format!("- {line}")),
                    similar::ChangeTag::Insert => self.err.good(&format!("+ {line}")),
                    similar::ChangeTag::Equal => self.err.faint(&format!("  {line}")),
                });
            }
        }
    }

    fn theme(&self) -> Box<dyn Theme> {
        if self.err.colored() { Box::new(ColorfulTheme::default()) } else { Box::new(SimpleTheme) }
    }
}

/// How many answers are shown at once.
const LINES: usize = 12;

fn unanswered(error: dialoguer::Error) -> Error {
    let dialoguer::Error::IO(error) = error;
    // Ctrl-C leaves the cursor hidden.
    drop(console::Term::stderr().show_cursor());
    match error.kind() {
        std::io::ErrorKind::Interrupted | std::io::ErrorKind::UnexpectedEof => {
            Error::new(Kind::Interrupted, "interrupted: nothing was written")
        }
        _ => Error::new(Kind::Config, "could not ask").caused_by(error),
    }
}
