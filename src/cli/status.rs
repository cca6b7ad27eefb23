//! `groundwork status`: what is there, what is missing, what has drifted.

use std::ops::ControlFlow;

use clap::Args;

use super::{
    Cloud, Ending, Global,
    agreement::nothing_was_changed,
    cloud::{OfTenant, Opened, Tenant},
    exit_of, interrupt,
    work::Work,
};
use crate::{
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
        self.cloud.run(&self, global, ui)
    }

    async fn look<T: Tenant>(&self, tenant: &T, ui: &Ui, stop: Stop) -> Ending {
        let opened = tenant.open(ui, &stop).await.map_err(|error| vec![error])?;
        let Opened { cloud, graph, handles, .. } = opened;
        let options = self.work.options(stop);
        let listener = |event: Event<'_>| ui.event(&event);
        let survey = reconcile::look(&graph, &cloud, &options, &listener).await;
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
        tell_orphans::<T>(&cloud, &handles, &survey, ui).await;
        if !ui.json() {
            for error in survey.errors() {
                ui.error(error);
            }
        }
        match exit {
            Exit::Pending => {
                let (cloud, flags) = (T::CLOUD, tenant.flags());
                ui.note(&format!("to put it right: groundwork provision {cloud}{flags}"));
            }
            Exit::Done => ui.note("all as it should be"),
            _ => {}
        }
        ui.end("status", exit);
        Ok(exit)
    }
}

impl OfTenant for Status {
    fn run_for<T: Tenant>(&self, global: &Global, ui: &Ui) -> Ending {
        let tenant = match T::read_to_call(global, ui)? {
            ControlFlow::Continue(tenant) => tenant,
            ControlFlow::Break(exit) => return Ok(exit),
        };
        interrupt::run(ui, |stop| async move { self.look(&tenant, ui, stop).await })?
    }
}

/// Tells of what was left behind, or that it could not be looked for: that is no reason to fail.
async fn tell_orphans<T: Tenant>(
    cloud: &T::Cloud,
    handles: &T::Handles,
    survey: &Survey<'_, T::Cloud>,
    ui: &Ui,
) {
    ui.begin("looking for what was left behind");
    let found = T::orphans(cloud, handles, survey, ui).await;
    ui.clear();
    match found {
        Ok(found) => found.iter().for_each(|orphan| ui.orphan(orphan, T::FULL_NAME)),
        Err(error) => {
            let message = format!("could not look for what was left behind: {error}");
            ui.warning(&message, error.hints().first().map(String::as_str));
        }
    }
}
