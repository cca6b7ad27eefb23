//! `groundwork destroy`: the same graph, emptied.

use std::ops::ControlFlow;

use clap::{Args, builder::BoolishValueParser};

use super::{
    Cloud, Ending, Global,
    agreement::Agreement,
    cloud::{OfTenant, Opened, Tenant},
    interrupt,
    provision::exit_of_report,
    work::{Change, Work, named},
};
use crate::{
    reconcile::{self, Event, Options, Stop},
    ui::{Exit, Summary, Ui},
};

#[derive(Args, Debug)]
pub(super) struct Destroy {
    /// Where the tenant is
    cloud: Cloud,
    /// Delete also what holds data: logs, recorded requests, and, in a month, the key
    #[arg(long, env = "GROUNDWORK_DELETE_DATA", value_parser = BoolishValueParser::new())]
    delete_data: bool,
    #[command(flatten)]
    change: Change,
    #[command(flatten)]
    pub(super) work: Work,
}

impl Destroy {
    pub(super) fn run(self, global: &Global, ui: &Ui) -> Ending {
        self.cloud.run(&self, global, ui)
    }

    async fn destroy<T: Tenant>(&self, tenant: &T, ui: &Ui, stop: Stop) -> Ending {
        let opened = tenant.open(ui, &stop).await.map_err(|error| vec![error])?;
        let Opened { cloud, graph, .. } = opened;
        let graph = graph.emptied();
        let only: Vec<_> = named(&self.change.only).cloned().collect();
        let graph = if only.is_empty() {
            graph
        } else {
            graph.only_with_dependents(&only).map_err(|error| vec![error])?
        };
        let options = Options { delete_data: self.delete_data, ..self.work.options(stop) };
        let agreement = self.agreement(tenant.name(), ui);
        let Some(survey) = agreement.reach(&graph, &cloud, &options).await? else {
            ui.end("destroy", Exit::Pending);
            return Ok(Exit::Pending);
        };
        let listener = |event: Event<'_>| ui.event(&event);
        let report = reconcile::apply(survey, &cloud, &options, &listener).await;
        ui.clear();
        let exit = exit_of_report(&report);
        ui.summary(&Summary { command: "destroy", report: &report, exit, environment: None });
        if report.holding() > 0 && !self.delete_data {
            ui.note("to delete also what holds data: --delete-data");
        }
        Ok(exit)
    }

    /// Data is not lost by one key press: then the tenant's name has to be typed.
    fn agreement<'a>(&self, name: &str, ui: &'a Ui) -> Agreement<'a> {
        let (question, agree) = if self.delete_data {
            let question =
                format!("type the tenant's name ({name}) to delete these with their data:");
            (question, vec![name.to_owned()])
        } else {
            ("delete these? [y/N]".into(), vec!["y".into(), "yes".into()])
        };
        let Change { dry_run, yes, .. } = self.change;
        Agreement { ui, only_look: dry_run, yes, question, agree }
    }
}

impl OfTenant for Destroy {
    fn run_for<T: Tenant>(&self, global: &Global, ui: &Ui) -> Ending {
        let tenant = match T::read_to_call(global, ui)? {
            ControlFlow::Continue(tenant) => tenant,
            ControlFlow::Break(exit) => return Ok(exit),
        };
        interrupt::run(ui, |stop| async move { self.destroy(&tenant, ui, stop).await })?
    }
}
