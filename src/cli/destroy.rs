//! `groundwork destroy`: the same graph, emptied.

use clap::{Args, builder::BoolishValueParser};

use super::{
    Cloud, Ending, Global, interrupt,
    provision::{ask, exit_of_report},
    tenant::{Opened, Tenant},
    work::{Change, Work},
};
use crate::{
    error::Error,
    reconcile::{self, Event, Options, Stop},
    ui::{Exit, Summary, Ui},
};

#[derive(Args, Debug)]
pub(super) struct Destroy {
    cloud: Cloud,
    /// Delete also what holds data: the log group, the bucket with all its objects, and the key
    #[arg(long, env = "GROUNDWORK_DELETE_DATA", value_parser = BoolishValueParser::new())]
    delete_data: bool,
    #[command(flatten)]
    change: Change,
    #[command(flatten)]
    pub(super) work: Work,
}

impl Destroy {
    pub(super) fn run(self, global: &Global, ui: &Ui) -> Ending {
        let Cloud::Aws = self.cloud;
        let tenant = Tenant::read(global, ui)?;
        interrupt::run(ui, |stop| async move { self.destroy(&tenant, ui, stop).await })?
    }

    async fn destroy(&self, tenant: &Tenant, ui: &Ui, stop: Stop) -> Ending {
        let progress = ui.progress();
        let opened = tenant.open(&progress, &stop).await.map_err(|error| vec![error])?;
        let Opened { aws, graph, .. } = opened;
        let graph = graph.emptied();
        let graph = match self.change.only.as_slice() {
            [] => graph,
            only => graph.only_with_dependents(only).map_err(|error| vec![error])?,
        };
        let options = Options { delete_data: self.delete_data, ..self.work.options(stop) };
        let listener = |event: Event<'_>| ui.event(&progress, &event);
        let survey = reconcile::look(&graph, &aws, &options, &listener).await;
        progress.clear();
        let wrong = survey.errors().next().is_some();
        if survey.has_changes() && !wrong {
            if self.change.dry_run || !self.change.yes {
                ui.plan(&survey);
            }
            if self.change.dry_run || !self.agreed(tenant, ui, &options.stop).await? {
                ui.end("destroy", Exit::Pending);
                return Ok(Exit::Pending);
            }
        }
        let report = reconcile::apply(survey, &aws, &options, &listener).await;
        progress.clear();
        let exit = exit_of_report(&report);
        ui.summary(&Summary { command: "destroy", report: &report, exit, environment: None });
        Ok(exit)
    }

    /// Data is not lost by one key press: then the tenant's name has to be typed.
    async fn agreed(&self, tenant: &Tenant, ui: &Ui, stop: &Stop) -> Result<bool, Vec<Error>> {
        if self.change.yes {
            return Ok(true);
        }
        if !self.delete_data {
            return ask(ui, "delete these? [y/N]", &["y", "yes"], stop).await;
        }
        let name = tenant.config.tenant.to_string();
        let question = format!("type the tenant's name ({name}) to delete these with their data:");
        ask(ui, &question, &[&name], stop).await
    }
}
