//! `groundwork status`: what is there, what is missing, what has drifted.

use clap::Args;

use super::{
    Cloud, Ending, Global,
    agreement::nothing_was_changed,
    exit_of, interrupt,
    tenant::{Opened, Tenant},
    work::Work,
};
use crate::{
    aws::{self, Aws, Handles, Orphan},
    reconcile::{self, Event, Stop, Survey},
    ui::{Exit, Ui},
};

#[derive(Args, Debug)]
pub(super) struct Status {
    /// Where the tenant is
    cloud: Cloud,
    #[command(flatten)]
    pub(super) work: Work,
}

impl Status {
    pub(super) fn run(self, global: &Global, ui: &Ui) -> Ending {
        let Cloud::Aws = self.cloud;
        let tenant = Tenant::read(global, ui)?;
        interrupt::run(ui, |stop| async move { self.look(&tenant, ui, stop).await })?
    }

    async fn look(&self, tenant: &Tenant, ui: &Ui, stop: Stop) -> Ending {
        let opened = tenant.open(ui, &stop).await.map_err(|error| vec![error])?;
        let Opened { aws, graph, handles, .. } = opened;
        let options = self.work.options(stop);
        let listener = |event: Event<'_>| ui.event(&event);
        let survey = reconcile::look(&graph, &aws, &options, &listener).await;
        ui.clear();
        if survey.interrupted {
            return Err(vec![nothing_was_changed()]);
        }
        let exit = if survey.errors().next().is_some() {
            exit_of(survey.errors())
        } else if survey.has_changes() {
            Exit::Pending
        } else {
            Exit::Done
        };
        ui.status(&survey);
        self.orphans(&aws, &handles, &survey, ui).await;
        if !ui.json() {
            for error in survey.errors() {
                ui.error(error);
            }
        }
        match exit {
            Exit::Pending => {
                ui.note(&format!("to put it right: groundwork provision aws{}", tenant.flags()));
            }
            Exit::Done => ui.note("all as it should be"),
            _ => {}
        }
        ui.end("status", exit);
        Ok(exit)
    }

    /// Tells of what was left behind, or that it could not be looked for: that is no reason to fail.
    async fn orphans(&self, aws: &Aws, handles: &Handles, survey: &Survey<'_, Aws>, ui: &Ui) {
        ui.begin("looking for what was left behind");
        // Three searches at once make a large future: it goes to the heap.
        let found = Box::pin(aws::orphans(aws, &handles.known(survey, aws))).await;
        ui.clear();
        match found {
            Ok(found) => {
                for Orphan { id, arn, removal } in found {
                    ui.orphan(&id, &arn, &removal);
                }
            }
            Err(error) => {
                let message = format!("could not look for what was left behind: {error}");
                ui.warning(&message, error.hints().first().map(String::as_str));
            }
        }
    }
}
