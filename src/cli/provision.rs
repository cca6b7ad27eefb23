//! `groundwork provision`: look, show what would change, ask, do it, print the exports.

use std::ops::ControlFlow;

use clap::{Args, builder::BoolishValueParser};

use super::{
    Cloud, Ending, Global,
    agreement::Agreement,
    cloud::{OfTenant, Opened, Tenant},
    exit_of, interrupt,
    policy::PolicyFor,
    work::{Change, Work, named},
};
use crate::{
    claude::{Format, Shell},
    reconcile::{self, Event, Options, Report, Stop},
    ui::{Exit, Summary, Ui},
};

#[derive(Args, Debug)]
pub(super) struct Provision {
    /// Where the tenant is
    cloud: Cloud,
    #[command(flatten)]
    change: Change,
    #[command(flatten)]
    pub(super) work: Work,
    /// Take over an object that exists and is not ours; more than one as with --only
    #[arg(long, env = "GROUNDWORK_ADOPT", value_name = "ID", value_delimiter = ' ')]
    adopt: Vec<String>,
    /// Change nothing; exit with 3 if anything would change
    #[arg(long, env = "GROUNDWORK_EXPECT_NO_CHANGES", value_parser = BoolishValueParser::new())]
    expect_no_changes: bool,
    /// Print the IAM policy, or the custom role, that this configuration takes, and change nothing.
    /// Adopting may take more: what has no mark of ours yet is not in an IAM policy
    #[arg(long, env = "GROUNDWORK_PRINT_POLICY", value_name = "FOR", value_enum)]
    #[arg(num_args = 0..=1, require_equals = true, default_missing_value = "apply")]
    print_policy: Option<PolicyFor>,
}

impl Provision {
    pub(super) fn run(self, global: &Global, ui: &Ui) -> Ending {
        self.cloud.run(&self, global, ui)
    }

    async fn provision<T: Tenant>(&self, tenant: &T, ui: &Ui, stop: Stop) -> Ending {
        let opened = tenant.open(ui, &stop).await.map_err(|error| vec![error])?;
        if self.change.dry_run {
            T::tell_lacking(&opened, ui).await;
        }
        let Opened { cloud, graph, handles, .. } = opened;
        graph.check_ids(named(&self.adopt)).map_err(|error| vec![error])?;
        let only: Vec<_> = named(&self.change.only).cloned().collect();
        let graph = if only.is_empty() {
            graph
        } else {
            graph.only_with_needs(&only).map_err(|error| vec![error])?
        };
        let adopt = named(&self.adopt).cloned().collect();
        let options = Options { adopt, ..self.work.options(stop) };
        let agreement = Agreement {
            ui,
            only_look: self.change.dry_run || self.expect_no_changes,
            yes: self.change.yes,
            question: "make these changes? [y/N]".into(),
            agree: vec!["y".into(), "yes".into()],
        };
        let Some(survey) = agreement.reach(&graph, &cloud, &options).await? else {
            ui.end("provision", Exit::Pending);
            return Ok(Exit::Pending);
        };
        let listener = |event: Event<'_>| ui.event(&event);
        let report = reconcile::apply(survey, &cloud, &options, &listener).await;
        ui.clear();

        let exit = exit_of_report(&report);
        // What a run prints is kept by whoever runs it every day: no password goes there.
        let (environment, secret) = tenant.environment_after(&handles, &report).without_secrets();
        // A part of a tenant is nothing that Claude Code could use.
        let complete = exit == Exit::Done && only.is_empty();
        ui.summary(&Summary {
            command: "provision",
            report: &report,
            exit,
            environment: complete.then(|| environment.json()),
        });
        if complete && !ui.json() {
            tenant.tell_next(&handles, &report, ui);
            if !secret.is_empty() {
                let names = secret.join(", ");
                ui.note(&format!("not printed here, since they are secret: {names}"));
            }
            let exports = environment.export(&Format::Shell(Shell::Bash));
            ui.data(&exports.map_err(|error| vec![error])?);
        }
        Ok(exit)
    }
}

impl OfTenant for Provision {
    fn run_for<T: Tenant>(&self, global: &Global, ui: &Ui) -> Ending {
        let tenant = match T::read_to_call(global, ui)? {
            ControlFlow::Continue(tenant) => tenant,
            ControlFlow::Break(exit) => return Ok(exit),
        };
        let Some(policy) = self.print_policy else {
            return interrupt::run(
                ui,
                |stop| async move { self.provision(&tenant, ui, stop).await },
            )?;
        };
        let printed = interrupt::run(ui, |stop| async move {
            tenant.print_policy(policy.into(), ui, &stop).await
        })?;
        printed.map(|()| Exit::Done).map_err(|error| vec![error])
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
