//! `groundwork provision`: look, show what would change, ask, do it, print the exports.

use clap::{Args, builder::BoolishValueParser};

use super::{
    Cloud, Ending, Global, exit_of,
    interrupt::{self, answer},
    tenant::{Opened, Tenant},
    work::{Change, Work},
};
use crate::{
    aws::Aws,
    claude::{Environment, Format, Shell},
    error::{Error, Kind},
    reconcile::{self, Action, Event, Options, Report, Stop, Survey},
    ui::{Exit, Progress, Summary, Ui},
};

#[derive(Args, Debug)]
pub(super) struct Provision {
    cloud: Cloud,
    #[command(flatten)]
    change: Change,
    #[command(flatten)]
    pub(super) work: Work,
    /// Take over an object that exists and is not ours; can be given more than once
    #[arg(long, env = "GROUNDWORK_ADOPT", value_name = "ID", value_delimiter = ',')]
    adopt: Vec<String>,
    /// Change nothing; exit with 3 if anything would change
    #[arg(long, env = "GROUNDWORK_EXPECT_NO_CHANGES", value_parser = BoolishValueParser::new())]
    expect_no_changes: bool,
}

impl Provision {
    pub(super) fn run(self, global: &Global, ui: &Ui) -> Ending {
        let Cloud::Aws = self.cloud;
        let tenant = Tenant::read(global, ui)?;
        interrupt::run(ui, |stop| async move { self.provision(&tenant, ui, stop).await })?
    }

    async fn provision(&self, tenant: &Tenant, ui: &Ui, stop: Stop) -> Ending {
        let progress = ui.progress();
        let opened = tenant.open(&progress, &stop).await.map_err(|error| vec![error])?;
        let Opened { aws, graph, handles } = opened;
        graph.check_ids(&self.adopt).map_err(|error| vec![error])?;
        let graph = match self.change.only.as_slice() {
            [] => graph,
            only => graph.only_with_needs(only).map_err(|error| vec![error])?,
        };
        let adopt = self.adopt.iter().cloned().collect();
        let options = Options { adopt, ..self.work.options(stop) };
        let listener = |event: Event<'_>| ui.event(&progress, &event);
        let Some(survey) = self.agree(&graph, &aws, &options, (ui, &progress)).await? else {
            ui.end("provision", Exit::Pending);
            return Ok(Exit::Pending);
        };
        let report = reconcile::apply(survey, &aws, &options, &listener).await;
        progress.clear();

        let exit = exit_of_report(&report);
        let environment = Environment::bedrock(&tenant.config, &tenant.region, tenant.profile());
        let complete = exit == Exit::Done;
        ui.summary(&Summary {
            command: "provision",
            report: &report,
            exit,
            environment: complete.then(|| environment.json()),
        });
        if complete && !ui.json() {
            if let Some(role) = report.get(&handles.developer) {
                ui.note(&format!("\ndevelopers assume {}, and then:", role.arn));
                ui.note("  eval \"$(groundwork env)\" && claude\n");
            }
            let exports = environment.export(Format::Shell(Shell::Bash));
            ui.data(&exports.map_err(|error| vec![error])?);
        }
        Ok(exit)
    }

    /// Looks, shows and asks, until what was agreed to is what is needed. `None` if nothing is to
    /// be done now, though something would change.
    async fn agree<'g>(
        &self,
        graph: &'g reconcile::Graph<Aws>,
        aws: &Aws,
        options: &Options,
        (ui, progress): (&Ui, &Progress),
    ) -> Result<Option<Survey<'g, Aws>>, Vec<Error>> {
        let listener = |event: Event<'_>| ui.event(progress, &event);
        let mut agreed: Option<Vec<Action>> = None;
        loop {
            let survey = reconcile::look(graph, aws, options, &listener).await;
            progress.clear();
            let only_look = self.change.dry_run || self.expect_no_changes;
            if only_look || (survey.errors().next().is_some() && !survey.interrupted) {
                ui.plan(&survey);
            }
            if survey.errors().next().is_some() || !survey.has_changes() {
                return Ok(Some(survey));
            }
            if only_look {
                return Ok(None);
            }
            let actions = survey.plan().filter_map(|(_, planned)| planned.as_ref().ok().cloned());
            let actions = Some(actions.collect());
            if self.change.yes || agreed == actions {
                return Ok(Some(survey));
            }
            if agreed.is_some() {
                ui.note("meanwhile something else has changed");
            }
            ui.plan(&survey);
            if !ask(ui, "make these changes? [y/N]", &["y", "yes"], &options.stop).await? {
                return Ok(None);
            }
            agreed = actions;
        }
    }
}

/// Asks a question that only a person can answer.
pub(super) async fn ask(
    ui: &Ui,
    question: &str,
    yes: &[&str],
    stop: &Stop,
) -> Result<bool, Vec<Error>> {
    if !ui.can_ask() {
        let message = "there are changes to agree to, and nobody to ask";
        return Err(vec![
            Error::new(Kind::Config, message)
                .hint("make them without asking: --yes")
                .hint("only show them: --dry-run"),
        ]);
    }
    ui.ask(question);
    match answer(stop).await {
        Some(answer) if yes.contains(&answer.to_lowercase().as_str()) => Ok(true),
        Some(_) => {
            ui.note("nothing was changed");
            Ok(false)
        }
        None => Err(vec![Error::new(Kind::Interrupted, "interrupted: nothing was changed")]),
    }
}

/// What a report ends with.
pub(super) fn exit_of_report(report: &Report) -> Exit {
    if report.complete() {
        return Exit::Done;
    }
    if report.interrupted {
        return Exit::Interrupted;
    }
    exit_of(report.failed().map(|(_, error)| error))
}
