//! Colour and width: what a stream can show.

use console::Term;

use super::Color;

/// The look of one stream.
#[derive(Clone, Copy, Debug)]
pub(super) struct Style {
    color: bool,
    /// `None` where lines are not cut: a pipe or a file.
    width: Option<usize>,
}

/// A line is never cut shorter than this, however narrow the terminal says it is.
const LEAST_WIDTH: usize = 20;

impl Style {
    pub(super) fn new(color: Color, term: &Term, terminal: bool) -> Self {
        let color = match color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => terminal && term.features().colors_supported(),
        };
        let width = terminal.then(|| usize::from(term.size().1).max(LEAST_WIDTH));
        Self { color, width }
    }

    #[cfg(test)]
    pub(super) fn plain(width: Option<usize>) -> Self {
        Self { color: false, width }
    }

    pub(super) fn colored(self) -> bool {
        self.color
    }

    fn paint(self, style: console::Style, text: &str) -> String {
        style.force_styling(self.color).apply_to(text).to_string()
    }

    pub(super) fn error(self, text: &str) -> String {
        self.paint(console::Style::new().red().bold(), text)
    }
    pub(super) fn warning(self, text: &str) -> String {
        self.paint(console::Style::new().yellow().bold(), text)
    }
    pub(super) fn hint(self, text: &str) -> String {
        self.paint(console::Style::new().cyan(), text)
    }
    pub(super) fn good(self, text: &str) -> String {
        self.paint(console::Style::new().green(), text)
    }
    pub(super) fn changed(self, text: &str) -> String {
        self.paint(console::Style::new().yellow(), text)
    }
    pub(super) fn bad(self, text: &str) -> String {
        self.paint(console::Style::new().red(), text)
    }
    pub(super) fn faint(self, text: &str) -> String {
        self.paint(console::Style::new().dim(), text)
    }

    /// One line that fits: the end gives way to `…`.
    pub(super) fn fit(self, line: &str) -> String {
        match self.width {
            Some(width) => console::truncate_str(line, width, "…").into_owned(),
            None => line.to_owned(),
        }
    }
}
