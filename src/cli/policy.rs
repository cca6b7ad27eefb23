//! `groundwork provision --print-policy`: what the one who provisions must be allowed.

use clap::ValueEnum;

use super::{
    Ending,
    tenant::{Opened, Tenant},
};
use crate::{
    aws::{self, Phase},
    reconcile::Stop,
    ui::{Exit, Ui},
};

/// What the policy is for. Without help of their own, as the clouds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum PolicyFor {
    Plan,
    Apply,
    Destroy,
}

/// Prints the policy, and says so if it is too long for a managed one.
pub(super) async fn print(what: PolicyFor, tenant: &Tenant, ui: &Ui, stop: Stop) -> Ending {
    let rights = tenant.rights(ui, &stop).await.map_err(|error| vec![error])?;
    let phase = match what {
        PolicyFor::Plan => Phase::Plan,
        PolicyFor::Apply => Phase::Apply,
        PolicyFor::Destroy => Phase::Destroy,
    };
    let policy = rights.policy(phase);
    ui.data(&format!("{policy:#}\n"));
    let (length, limit) = (aws::length(&policy), aws::LONGEST_MANAGED_POLICY);
    if length > limit {
        ui.note(&format!(
            "{length} characters: more than a managed policy holds ({limit}); as an inline policy \
             of a role it may have 10240"
        ));
    }
    Ok(Exit::Done)
}

/// Says which rights to provision the present identity lacks, or that this could not be asked. Looks
/// only: whatever comes of it, the dry run goes on.
pub(super) async fn tell_lacking(opened: &Opened, ui: &Ui) {
    let Opened { aws, rights, identity, .. } = opened;
    ui.begin("asking what this identity may do");
    let lacking = aws::lacking(aws, identity, &rights.policy(Phase::Apply)).await;
    ui.clear();
    match lacking {
        Ok(lacking) if lacking.is_empty() => {}
        Ok(lacking) => {
            let message = format!("`{}` lacks the rights {}", identity.arn, lacking.join(", "));
            let hint = "the whole policy: groundwork provision aws --print-policy";
            ui.warning(&message, Some(hint));
        }
        Err(error) => {
            let message = format!("whether `{}` may do all this is unknown: {error}", identity.arn);
            ui.warning(&message, Some("allow it iam:SimulatePrincipalPolicy on itself to be told"));
        }
    }
}
