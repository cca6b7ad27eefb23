//! Nothing of a tenant on Vertex AI is lost or doubled: every call of a run, one at a time, goes
//! wrong in every way; the next run converges, there is one of each, a third writes nothing, and
//! destroy leaves nothing that could not be brought back.

use std::{collections::BTreeMap, process::Stdio};

use groundwork::reconcile::Report;
use serde_json::{Value, json};
use tokio::process::{Child, Command};

use crate::support::{
    census::{ALL, Census, WHOLE, census, counted},
    google::fake::{
        journal::{Fault, Record},
        world::World,
    },
    tenant::said,
    vertex::{EVERYTHING, SMALL, Tenant, network},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cut {
    Provision,
    Destroy,
}

/// A way in which a call goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wrong {
    Lost,
    Internal,
    Unavailable,
    Throttled,
    Reset,
}

impl Wrong {
    /// In which the call is not done.
    const REFUSED: [Self; 4] = [Self::Internal, Self::Unavailable, Self::Throttled, Self::Reset];

    fn fault(self) -> Fault {
        match self {
            Self::Lost => Fault::Lost,
            Self::Internal => Fault::Status(500, None),
            Self::Unavailable => Fault::Status(503, None),
            Self::Throttled => Fault::Status(429, None),
            Self::Reset => Fault::Reset,
        }
    }
}

/// A call of a run, by its method and which of the method's calls it is: the order of calls differs
/// from run to run, but what is called does not.
type Nth = (String, u32);

async fn tenant(text: &str, tries: u32, cut: Cut) -> Tenant {
    let tenant = Tenant::new(text, tries);
    network(&tenant.google);
    // How many pages a list has would depend on who else was how far.
    tenant.google.page_cap(100);
    if cut == Cut::Destroy {
        let report = tenant.provision().await;
        assert!(report.complete(), "{}", said(&report));
    }
    tenant.google.reset();
    tenant
}

async fn run(tenant: &Tenant, cut: Cut) -> Report {
    match cut {
        Cut::Provision => tenant.provision().await,
        Cut::Destroy => tenant.destroy().await,
    }
}

fn whole(text: &str) -> Census {
    counted(if text == EVERYTHING { ALL } else { WHOLE })
}

const KILLED: &str = "killed";

/// After a run that was cut: the same again, then nothing to do, then nothing left, or all again.
async fn heals(tenant: &Tenant, cut: Cut, whole: &Census, what: &str) {
    // That operations take a while has been seen by then.
    tenant.google.polls(0);
    let again = run(tenant, cut).await;
    assert!(again.complete(), "{what}: the next run:\n{}", said(&again));
    if cut == Cut::Destroy {
        assert_eq!(census(&tenant.google.inventory()), Census::new(), "{what}: is left");
        assert!(!key(tenant).exists(), "{what}: the key's file is left");
        let back = tenant.provision().await;
        assert!(back.complete(), "{what}: provisioned again:\n{}", said(&back));
    }
    let inventory = tenant.google.inventory();
    let mut there = census(&inventory);
    if what.starts_with(KILLED) && there.get("iam.keys") == Some(&2) {
        // Whose private half the killed program did not write down: nobody can know that it is not
        // in a file elsewhere, so that it stays until the account goes.
        there.insert("iam.keys".into(), 1);
    }
    assert_eq!(there, *whole, "{what}: {inventory:#}");
    tenant.google.reset();
    let third = tenant.provision().await;
    assert_eq!(third.changed(), 0, "{what}: the third run:\n{}", said(&third));
    assert!(third.complete(), "{what}: the third run:\n{}", said(&third));
    assert_eq!(tenant.google.count().1, 0, "{what}: the third run wrote");
    if cut == Cut::Provision {
        let gone = tenant.destroy().await;
        assert!(gone.complete(), "{what}: destroy:\n{}", said(&gone));
        assert_eq!(census(&tenant.google.inventory()), Census::new(), "{what}: is left");
    }
    assert_eq!(tenant.google.violations(), [""; 0], "{what}");
}

fn key(tenant: &Tenant) -> std::path::PathBuf {
    tenant.config.key_file(&tenant.folder())
}

fn numbered(tenant: &Tenant, only_writes: bool) -> Vec<Nth> {
    let mut seen: BTreeMap<String, u32> = BTreeMap::new();
    let calls = tenant.google.calls().into_iter().filter(|call| call.write || !only_writes);
    let of = |method: String| {
        let nth = seen.entry(method.clone()).or_default();
        *nth += 1;
        (method, *nth)
    };
    calls.map(|call| call.method).map(of).collect()
}

/// The calls of a whole run.
async fn calls(text: &str, cut: Cut, only_writes: bool) -> Vec<Nth> {
    let tenant = tenant(text, 1, cut).await;
    let report = run(&tenant, cut).await;
    assert!(report.complete(), "{}", said(&report));
    numbered(&tenant, only_writes)
}

fn struck(tenant: &Tenant) -> usize {
    tenant.google.calls().iter().filter(|call| call.fault.is_some()).count()
}

/// Has one call of a run go wrong. Says whether the run failed by it.
async fn fails(text: &str, (wrong, tries): (Wrong, u32), cut: Cut, (method, nth): &Nth) -> bool {
    let what = format!("{wrong:?} at {method} {nth} of {cut:?}, {tries} tries");
    let tenant = tenant(text, tries, cut).await;
    tenant.google.fault(method, *nth, wrong.fault());
    let first = run(&tenant, cut).await;
    assert_eq!(struck(&tenant), 1, "{what}: did not happen:\n{}", said(&first));
    // What has written nothing has left nothing behind.
    if tenant.google.count().1 > 0 {
        heals(&tenant, cut, &whole(text), &what).await;
    }
    !first.complete()
}

/// Cuts each call in turn, in one way or the other.
async fn series(ways: &[Wrong], cut: Cut) {
    let calls = calls(EVERYTHING, cut, false).await;
    let mut failed = 0;
    for (nth, wrong) in calls.iter().zip(ways.iter().cycle()) {
        failed += usize::from(fails(EVERYTHING, (*wrong, 1), cut, nth).await);
    }
    let count = calls.len();
    println!("{ways:?}, {cut:?}: {count} calls cut, {failed} runs failed by it; all healed");
    assert!(count > 50 && failed > 50, "{failed} of {count}");
}

/// What is not repeated, since the cloud would make a second one: the next run looks.
const ONCE: [&str; 3] = [
    "billingbudgets.billingAccounts.budgets.create",
    "monitoring.projects.alertPolicies.create",
    "monitoring.projects.notificationChannels.create",
];

/// Cuts each write in turn, of runs that try again.
async fn repeated(text: &str, wrong: Wrong, cut: Cut) {
    let calls = calls(text, cut, true).await;
    let mut failed = Vec::new();
    for nth in &calls {
        if fails(text, (wrong, 3), cut, nth).await {
            failed.push(nth.0.as_str());
        }
    }
    println!(
        "{wrong:?}, {cut:?}, repeated: {} writes cut, {} runs failed by it; all healed",
        calls.len(),
        failed.len()
    );
    assert!(calls.len() > 10, "{calls:?}");
    failed.retain(|method| !ONCE.contains(method));
    assert_eq!(failed, [""; 0], "failed although they were repeated");
}

#[tokio::test]
async fn a_lost_answer_of_provision_heals() {
    series(&[Wrong::Lost], Cut::Provision).await;
}

#[tokio::test]
async fn a_lost_answer_of_destroy_heals() {
    series(&[Wrong::Lost], Cut::Destroy).await;
}

#[tokio::test]
async fn whatever_is_refused_in_provision_heals() {
    series(&Wrong::REFUSED, Cut::Provision).await;
}

#[tokio::test]
async fn whatever_is_refused_in_destroy_heals() {
    series(&Wrong::REFUSED, Cut::Destroy).await;
}

#[tokio::test]
async fn a_lost_answer_of_what_is_repeated_is_none() {
    for cut in [Cut::Provision, Cut::Destroy] {
        repeated(EVERYTHING, Wrong::Lost, cut).await;
    }
}

#[tokio::test]
async fn whatever_is_refused_is_repeated() {
    for wrong in Wrong::REFUSED {
        for cut in [Cut::Provision, Cut::Destroy] {
            repeated(SMALL, wrong, cut).await;
        }
    }
}

const OTHERS: &str = "user:other@example.com";

/// Whoever else writes policies gives somebody a role in every policy that there is.
fn meanwhile(world: &mut World) {
    for policy in world.policies.values_mut() {
        let bindings = policy.as_object_mut().unwrap().entry("bindings").or_insert(json!([]));
        bindings.as_array_mut().unwrap().push(json!({"role": "roles/other", "members": [OTHERS]}));
    }
    let resources: Vec<String> = world.policies.keys().cloned().collect();
    for resource in resources {
        crate::support::google::fake::policy::touch(world, &resource);
    }
}

/// How many policies have what the other writer gave; each once.
fn kept(inventory: &Value) -> usize {
    let of = |policy: &Value| policy.to_string().matches(OTHERS).count();
    inventory["policies"].as_object().unwrap().values().map(of).sum()
}

#[tokio::test]
async fn who_else_writes_a_policy_before_each_of_our_writes_loses_nothing() {
    let mut cuts = 0;
    for cut in [Cut::Provision, Cut::Destroy] {
        let writes = calls(EVERYTHING, cut, true).await;
        let writes = writes.into_iter().filter(|(method, _)| method.ends_with(".setIamPolicy"));
        for (method, nth) in writes {
            let what = format!("a stale etag at {method} {nth} of {cut:?}");
            let tenant = tenant(EVERYTHING, 1, cut).await;
            tenant.google.fault(&method, nth, Fault::Stale(Box::new(meanwhile)));
            let policies = |inventory: &Value| inventory["policies"].as_object().unwrap().len();
            let first = run(&tenant, cut).await;
            assert_eq!(struck(&tenant), 1, "{what}: did not happen");
            assert!(first.complete(), "{what}: {}", said(&first));
            let inventory = tenant.google.inventory();
            let there = kept(&inventory);
            assert!(there > 0 && there <= policies(&inventory), "{what}: {inventory:#}");
            tenant.google.reset();
            let again = run(&tenant, cut).await;
            assert_eq!(again.changed(), 0, "{what}: the next run:\n{}", said(&again));
            assert_eq!(kept(&tenant.google.inventory()), there, "{what}");
            assert_eq!(tenant.google.violations(), [""; 0], "{what}");
            cuts += 1;
        }
    }
    println!("stale: before each of {cuts} writes of policies; all healed");
    assert!(cuts >= 5, "{cuts}");
}

#[tokio::test]
async fn who_else_changes_the_dataset_before_our_change_keeps_his() {
    let tenant = tenant(EVERYTHING, 1, Cut::Destroy).await;
    tenant.google.world(|world| {
        let dataset = world.store("bigquery.datasets").values_mut().next().unwrap();
        dataset["labels"].as_object_mut().unwrap().remove("team");
    });
    let relabel = |world: &mut World| {
        let etag = world.etag();
        let dataset = world.store("bigquery.datasets").values_mut().next().unwrap();
        dataset["labels"]["theirs"] = json!("kept");
        dataset["etag"] = json!(etag);
    };
    tenant.google.fault("bigquery.datasets.patch", 1, Fault::Stale(Box::new(relabel)));
    let report = tenant.provision().await;
    assert_eq!((report.complete(), report.changed()), (true, 1), "{}", said(&report));
    let refused = |call: &Record| call.fault.is_some() && call.status == Some(412);
    assert!(tenant.google.calls().iter().any(refused), "the write does not say what was read");
    let inventory = tenant.google.inventory();
    let dataset = inventory["bigquery.datasets"].as_object().unwrap().values().next().unwrap();
    assert_eq!(
        (&dataset["labels"]["team"], &dataset["labels"]["theirs"]),
        (&json!("platform"), &json!("kept"))
    );
    heals(&tenant, Cut::Provision, &whole(EVERYTHING), "a stale dataset").await;
}

#[tokio::test]
async fn who_else_changes_the_budget_before_our_change_keeps_his() {
    let tenant = tenant(EVERYTHING, 1, Cut::Destroy).await;
    let budget = |world: &mut World, change: fn(&mut Value)| {
        let etag = world.etag();
        let budget = world.store("billingbudgets.budgets").values_mut().next().unwrap();
        change(budget);
        budget["etag"] = json!(etag);
    };
    tenant.google.world(|world| {
        budget(world, |budget| budget["amount"]["specifiedAmount"]["units"] = json!("5"));
    });
    let silence = move |world: &mut World| {
        budget(world, |budget| {
            budget["notificationsRule"]["disableDefaultIamRecipients"] = json!(true);
        });
    };
    let method = "billingbudgets.billingAccounts.budgets.patch";
    tenant.google.fault(method, 1, Fault::Stale(Box::new(silence)));
    let first = tenant.provision().await;
    assert_eq!(struck(&tenant), 1, "{}", said(&first));
    let again = tenant.provision().await;
    assert!(again.complete(), "{}", said(&again));
    let inventory = tenant.google.inventory();
    let budget = inventory["billingbudgets.budgets"].as_object().unwrap().values().next().unwrap();
    assert_eq!(budget["notificationsRule"]["disableDefaultIamRecipients"], true, "{budget:#}");
    assert_eq!(budget["amount"]["specifiedAmount"]["units"], "1000");
    heals(&tenant, Cut::Provision, &whole(EVERYTHING), "a stale budget").await;
}

/// The program, where the tenant's configuration lies, as the one who may do what the role says.
fn program(tenant: &Tenant, cut: Cut) -> Child {
    std::fs::write(tenant.folder().join("vertex-config.yaml"), EVERYTHING).unwrap();
    let (arguments, token): (&[&str], _) = match cut {
        Cut::Provision => (&["provision", "gcp", "--yes"], "apply-token"),
        Cut::Destroy => (&["destroy", "gcp", "--yes", "--delete-data"], "destroy-token"),
    };
    // Nobody waits for an operation: the program's own pace is that of the real world.
    tenant.google.polls(0);
    let mut command = Command::new(env!("CARGO_BIN_EXE_groundwork"));
    command.args(arguments).current_dir(tenant.folder()).env_clear();
    command.env("HOME", tenant.folder()).env("GROUNDWORK_GCP_ENDPOINT_URL", tenant.google.url());
    command.env("GOOGLE_OAUTH_ACCESS_TOKEN", token).stdin(Stdio::null());
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

/// Kills the program behind each call in turn, when the call has taken effect.
async fn kills(cut: Cut) {
    let calls = {
        let tenant = tenant(EVERYTHING, 1, cut).await;
        assert!(program(&tenant, cut).wait().await.unwrap().success());
        numbered(&tenant, false)
    };
    let mut unmade = Vec::new();
    for (method, nth) in &calls {
        let what = format!("{KILLED} behind {method} {nth} of {cut:?}");
        println!("{what}");
        let tenant = tenant(EVERYTHING, 1, cut).await;
        tenant.google.fault(method, *nth, Fault::Behind);
        let mut child = program(&tenant, cut);
        tokio::select! {
            () = tenant.google.behind() => child.kill().await.unwrap(),
            // Who writes a policy at the same time as another writes it again; how often that is
            // differs from run to run.
            ended = child.wait() => {
                assert!(ended.unwrap().success(), "{what}: ended otherwise");
                unmade.push(what.clone());
            }
        }
        if tenant.google.count().1 > 0 {
            heals(&tenant, cut, &whole(EVERYTHING), &what).await;
        }
    }
    let count = calls.len();
    println!("killed, {cut:?}: behind each of {count} calls, all healed; but for {unmade:?}");
    assert!(count > 50 && unmade.len() * 10 < count, "of {count} not made: {unmade:?}");
}

#[tokio::test]
async fn a_killed_provision_heals() {
    kills(Cut::Provision).await;
}

#[tokio::test]
async fn a_killed_destroy_heals() {
    kills(Cut::Destroy).await;
}
