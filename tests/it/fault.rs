//! Nothing is lost or doubled: every call of a run, one at a time, goes wrong in every way; the
//! next run converges, there is one of each, a third writes nothing, and destroy leaves nothing.

use std::collections::BTreeMap;

use groundwork::reconcile::Report;

use crate::support::{
    program::Desk,
    tenant::{ALL, EVERYTHING, NOTHING, SMALL, Tenant, WHOLE, census, config, network, said},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cut {
    Provision,
    Destroy,
}

async fn tenant(text: &str, attempts: u32, cut: Cut) -> Tenant {
    let tenant = Tenant::new(config(text), attempts).await;
    network(&tenant.account);
    tenant.account.reset();
    if cut == Cut::Destroy {
        let report = Box::pin(tenant.provision()).await;
        assert!(report.complete(), "{}", said(&report));
        tenant.account.reset();
    }
    tenant
}

async fn run(tenant: &Tenant, cut: Cut) -> Report {
    match cut {
        Cut::Provision => Box::pin(tenant.provision()).await,
        Cut::Destroy => Box::pin(tenant.destroy()).await,
    }
}

/// After a run that was cut: the same again, then nothing to do, then nothing left.
async fn heals(tenant: &Tenant, cut: Cut, what: &str) {
    let again = run(tenant, cut).await;
    assert!(again.complete(), "{what}: the next run:\n{}", said(&again));
    if cut == Cut::Provision {
        let inventory = tenant.account.inventory();
        let whole = if tenant.config.bedrock.vpc_config.is_some() { ALL } else { WHOLE };
        assert_eq!(census(&inventory), whole, "{what}: {inventory}");
        tenant.account.reset();
        let third = run(tenant, cut).await;
        assert_eq!(third.changed(), 0, "{what}: the third run:\n{}", said(&third));
        assert_eq!(tenant.account.count().1, 0, "{what}: the third run wrote");
        let gone = Box::pin(tenant.destroy()).await;
        assert!(gone.complete(), "{what}: destroy:\n{}", said(&gone));
    }
    assert_eq!(census(&tenant.account.inventory()), NOTHING, "{what}");
}

/// Every call of a whole run, as an operation and which of its calls it is: the order of calls
/// differs from run to run, but what is called does not.
async fn calls(text: &str, cut: Cut) -> Vec<(String, usize)> {
    let tenant = tenant(text, 1, cut).await;
    assert!(run(&tenant, cut).await.complete());
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let mut calls = Vec::new();
    for operation in tenant.account.calls() {
        let nth = seen.entry(operation.clone()).or_default();
        *nth += 1;
        calls.push((operation, *nth));
    }
    calls
}

/// Cuts each call in turn. Returns how many calls there were, and how many runs failed by it.
async fn series(text: &str, kind: &str, attempts: u32, cut: Cut) -> (usize, usize) {
    let calls = calls(text, cut).await;
    let mut failed = 0;
    for (operation, nth) in &calls {
        let what = format!("{kind} at {operation} {nth} of {cut:?}, {attempts} attempts");
        let tenant = tenant(text, attempts, cut).await;
        tenant.account.fault(operation, *nth, kind);
        let first = run(&tenant, cut).await;
        assert_eq!(tenant.account.faults(), 1, "{what}: did not happen:\n{}", said(&first));
        tenant.account.reset();
        failed += usize::from(!first.complete());
        heals(&tenant, cut, &what).await;
    }
    (calls.len(), failed)
}

async fn all(kind: &str, cut: Cut) {
    let (calls, failed) = series(EVERYTHING, kind, 1, cut).await;
    // What the SDK repeats is the same call whatever is wrong with its answer; but only a lost one
    // has had its effect. So the other kinds are repeated with the core of a tenant.
    let text = if kind == "lost" { EVERYTHING } else { SMALL };
    let (again, failed_again) = series(text, kind, 3, cut).await;
    println!(
        "{kind}, {cut:?}: {calls} calls cut without retries ({failed} runs failed), \
         {again} with ({failed_again} failed); all healed"
    );
    assert!(calls > 5 && failed > 0 && failed_again <= failed);
}

#[tokio::test]
async fn a_lost_answer_of_provision_heals() {
    all("lost", Cut::Provision).await;
}

#[tokio::test]
async fn a_lost_answer_of_destroy_heals() {
    all("lost", Cut::Destroy).await;
}

#[tokio::test]
async fn a_server_error_in_provision_heals() {
    all("internal", Cut::Provision).await;
}

#[tokio::test]
async fn a_server_error_in_destroy_heals() {
    all("internal", Cut::Destroy).await;
}

#[tokio::test]
async fn throttling_in_provision_heals() {
    all("throttle", Cut::Provision).await;
}

#[tokio::test]
async fn throttling_in_destroy_heals() {
    all("throttle", Cut::Destroy).await;
}

#[tokio::test]
async fn a_reset_connection_in_provision_heals() {
    all("reset", Cut::Provision).await;
}

#[tokio::test]
async fn a_reset_connection_in_destroy_heals() {
    all("reset", Cut::Destroy).await;
}

/// Kills the program behind each call in turn, when the call has taken effect.
async fn kills(cut: Cut) {
    let arguments: &[&str] = match cut {
        Cut::Provision => &["provision", "aws", "--yes"],
        Cut::Destroy => &["destroy", "aws", "--yes", "--delete-data"],
    };
    let mut calls = calls(EVERYTHING, cut).await;
    calls.push(("sts.GetCallerIdentity".into(), 1));
    for (operation, nth) in &calls {
        let tenant = tenant(EVERYTHING, 1, cut).await;
        let desk = Desk::with(&tenant.account, EVERYTHING);
        tenant.account.fault(operation, *nth, "hold");
        let mut child = desk.spawn(arguments);
        tenant.account.held().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        tenant.account.release();
        tenant.account.reset();
        heals(&tenant, cut, &format!("killed behind {operation} {nth} of {cut:?}")).await;
    }
    println!("killed, {cut:?}: behind each of {} calls; all healed", calls.len());
}

#[tokio::test]
async fn a_killed_provision_heals() {
    kills(Cut::Provision).await;
}

#[tokio::test]
async fn a_killed_destroy_heals() {
    kills(Cut::Destroy).await;
}
