//! From a look to a plan that was agreed to: shows, asks, and looks again, so that what is done is
//! what was seen.

use super::interrupt::answer;
use crate::{
    error::{Error, Kind},
    reconcile::{self, Action, Event, Graph, Options, Survey},
    ui::Ui,
};

/// How a plan comes to be agreed to.
pub(super) struct Agreement<'a> {
    pub ui: &'a Ui,
    /// Show, and do nothing.
    pub only_look: bool,
    /// Do not ask.
    pub yes: bool,
    pub question: String,
    /// The answers that agree, in lower case.
    pub agree: Vec<String>,
}

impl Agreement<'_> {
    /// Looks, shows and asks, until what was agreed to is what is needed. `None` if nothing is to
    /// be done now, though something would change. A survey with errors is given back as it is:
    /// carrying it out changes nothing and reports them.
    pub(super) async fn reach<'g, C: Send + Sync>(
        &self,
        graph: &'g Graph<C>,
        cloud: &C,
        options: &Options,
    ) -> Result<Option<Survey<'g, C>>, Vec<Error>> {
        let listener = |event: Event<'_>| self.ui.event(&event);
        let mut agreed: Option<Vec<Action>> = None;
        loop {
            let survey = reconcile::look(graph, cloud, options, &listener).await;
            self.ui.clear();
            if survey.interrupted {
                return Err(vec![nothing_was_changed()]);
            }
            let wrong = survey.errors().next().is_some();
            if self.only_look && (wrong || survey.has_changes()) {
                self.ui.plan(&survey);
            }
            if wrong || !survey.has_changes() {
                return Ok(Some(survey));
            }
            if self.only_look {
                return Ok(None);
            }
            let actions = survey.plan().filter_map(|(_, planned)| planned.as_ref().ok().cloned());
            let actions = Some(actions.collect());
            if self.yes || agreed == actions {
                return Ok(Some(survey));
            }
            if agreed.is_some() {
                self.ui.note("meanwhile something else has changed");
            }
            self.ui.plan(&survey);
            if !self.ask(options).await? {
                return Ok(None);
            }
            agreed = actions;
        }
    }

    async fn ask(&self, options: &Options) -> Result<bool, Vec<Error>> {
        if !self.ui.can_ask() {
            let message = "there are changes to agree to, and nobody to ask";
            return Err(vec![
                Error::new(Kind::Config, message)
                    .hint("make them without asking: --yes")
                    .hint("only show them: --dry-run"),
            ]);
        }
        self.ui.ask(&self.question);
        match answer(&options.stop).await {
            Some(answer) if self.agree.contains(&answer.to_lowercase()) => Ok(true),
            Some(_) => {
                self.ui.note("nothing was changed");
                Ok(false)
            }
            None => Err(vec![nothing_was_changed()]),
        }
    }
}

pub(super) fn nothing_was_changed() -> Error {
    Error::new(Kind::Interrupted, "interrupted: nothing was changed")
}
