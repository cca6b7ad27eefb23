//! The rules of the engine, on a cloud in memory.

use std::{collections::BTreeSet, sync::Mutex};

use groundwork::reconcile::{Action, Event, Graph, Outcome, look};

use crate::support::memory::{
    Found, Kept, Memory, Part, Shelf, Vault, brief, lock, options, planned, run, run_with, thing,
};

fn chain(c_wanted: bool, size: i32) -> Graph<Memory> {
    let mut graph = Graph::default();
    let a = graph.add(thing("a", size, None));
    let b = graph.add(thing("b", 10, Some(&a)));
    graph.add_if(c_wanted, thing("c", 100, Some(&b)));
    graph.add(thing("d", 7, None));
    graph
}

#[tokio::test]
async fn a_plan_changes_nothing_and_knows_what_comes_later() {
    let cloud = Memory::default();
    let graph = chain(true, 1);
    let (_, options) = options();
    let survey = look(&graph, &cloud, &options, &|_| {}).await;
    assert_eq!(planned(&survey), "a:create b:create c:create d:create");
    let b = survey.plan().nth(1).unwrap().1.as_ref().unwrap();
    let Action::Create(state) = b else { panic!("{b:?}") };
    assert_eq!(state["base"]["$later"], "memory.thing/a");
    assert!(cloud.log().is_empty());
}

#[tokio::test]
async fn a_second_run_changes_nothing() {
    let cloud = Memory::default();
    assert_eq!(brief(&run(&chain(true, 1), &cloud).await), "a=create b=create c=create d=create");
    cloud.forget_log();
    let report = run(&chain(true, 1), &cloud).await;
    assert_eq!(brief(&report), "a=keep b=keep c=keep d=keep");
    assert!(report.complete() && report.changed() == 0);
    assert!(cloud.log().is_empty());
}

#[tokio::test]
async fn what_is_needed_comes_first_and_goes_last() {
    let cloud = Memory::default();
    run(&chain(true, 1), &cloud).await;
    let at = |log: &[String], what: &str| log.iter().position(|line| line == what).unwrap();
    let log = cloud.log();
    assert!(at(&log, "+a") < at(&log, "+b") && at(&log, "+b") < at(&log, "+c"), "{log:?}");
    cloud.forget_log();
    let report = run(&chain(true, 1).emptied(), &cloud).await;
    assert_eq!(brief(&report), "a=delete b=delete c=delete d=delete");
    let log = cloud.log();
    assert!(at(&log, "-c") < at(&log, "-b") && at(&log, "-b") < at(&log, "-a"), "{log:?}");
    assert_eq!(
        brief(&run(&chain(true, 1).emptied(), &cloud).await),
        "a=absent b=absent c=absent d=absent"
    );
}

#[tokio::test]
async fn a_feature_switched_off_is_cleaned_up() {
    let cloud = Memory::default();
    run(&chain(true, 1), &cloud).await;
    assert_eq!(brief(&run(&chain(false, 1), &cloud).await), "a=keep b=keep c=delete d=keep");
    assert_eq!(brief(&run(&chain(false, 1), &cloud).await), "a=keep b=keep c=absent d=keep");
}

#[tokio::test]
async fn an_update_lists_old_and_new() {
    let cloud = Memory::default();
    run(&chain(true, 1), &cloud).await;
    lock(&cloud.things).insert("d".into(), 9);
    let report = run(&chain(true, 1), &cloud).await;
    let Outcome::Done(Action::Update(changes)) = &report.steps[3].outcome else { panic!() };
    assert_eq!(changes.len(), 1);
    assert_eq!((changes[0].path.as_str(), &changes[0].from), ("size", &serde_json::json!(9)));
    assert_eq!(changes[0].to, 7);
}

#[tokio::test]
async fn a_failure_stops_only_what_leans_on_it() {
    let cloud = Memory { broken: BTreeSet::from(["b"]), ..Memory::default() };
    let report = run(&chain(true, 1), &cloud).await;
    assert_eq!(brief(&report), "a=create b!broken c<b d=create");
    assert!(!report.complete());
}

#[tokio::test]
async fn nothing_is_removed_when_something_could_not_be_made() {
    let cloud = Memory::default();
    lock(&cloud.things).insert("old".into(), 1);
    let mut graph = Graph::default();
    graph.add_if(false, thing("old", 1, None));
    graph.add(thing("new", 1, None));
    let cloud = Memory { broken: BTreeSet::from(["new"]), ..cloud };
    assert_eq!(brief(&run(&graph, &cloud).await), "old?delete new!broken");
}

#[tokio::test]
async fn what_is_not_ours_stops_the_run_before_anything_is_changed() {
    let cloud = Memory::default();
    lock(&cloud.things).insert("d".into(), 7);
    lock(&cloud.foreign).insert("d");
    let report = run(&chain(true, 1), &cloud).await;
    assert_eq!(
        brief(&report),
        "a?create b?create c?create d!`memory.thing/d` exists and belongs to somebody"
    );
    assert!(cloud.log().is_empty());
    let (_, error) = report.failed().next().unwrap();
    assert!(error.hints()[1].contains("--adopt memory.thing/d"), "{:?}", error.hints());
}

#[tokio::test]
async fn what_is_adopted_becomes_ours() {
    let cloud = Memory::default();
    lock(&cloud.things).insert("d".into(), 5);
    lock(&cloud.foreign).insert("d");
    let (_, mut options) = options();
    options.adopt = BTreeSet::from(["memory.thing/d".to_owned()]);
    let report = run_with(&chain(true, 1), &cloud, &options).await;
    assert!(brief(&report).ends_with("d=update"), "{}", brief(&report));
    assert_eq!(brief(&run(&chain(true, 1), &cloud).await), "a=keep b=keep c=keep d=keep");
}

#[tokio::test]
async fn destroy_leaves_what_is_not_ours() {
    let cloud = Memory::default();
    run(&chain(true, 1), &cloud).await;
    lock(&cloud.foreign).insert("d");
    let report = run(&chain(true, 1).emptied(), &cloud).await;
    assert_eq!(brief(&report), "a=delete b=delete c=delete d=leave");
}

#[tokio::test]
async fn what_has_no_mark_of_its_own_is_whose_its_parent_is() {
    let graph = || {
        let mut graph = Graph::default();
        let a = graph.add(thing("a", 1, None));
        graph.add(Part(thing("p", 2, Some(&a))));
        graph
    };
    let cloud = Memory::default();
    run(&graph(), &cloud).await;
    lock(&cloud.foreign).insert("a");
    assert_eq!(brief(&run(&graph().emptied(), &cloud).await), "a=leave p=leave");
    lock(&cloud.foreign).clear();
    assert_eq!(brief(&run(&graph().emptied(), &cloud).await), "a=delete p=delete");
}

#[tokio::test]
async fn being_refused_a_look_is_not_absence() {
    let cloud = Memory { denied: BTreeSet::from(["c"]), ..Memory::default() };
    let report = run(&chain(true, 1), &cloud).await;
    assert_eq!(brief(&report), "a?create b?create c!AccessDenied d?create");
    assert!(cloud.log().is_empty());
}

#[tokio::test]
async fn an_object_that_appears_meanwhile_is_gone_on_with() {
    let cloud = Memory::default();
    lock(&cloud.things).insert("d".into(), 7);
    lock(&cloud.late).insert("d");
    let report = run(&chain(true, 1), &cloud).await;
    assert_eq!(brief(&report), "a=create b=create c=create d=keep");
    assert!(!cloud.log().contains(&"+d".to_owned()));
}

#[tokio::test]
async fn looking_that_needs_an_output_waits_for_it_and_for_nothing_else() {
    let late = || {
        let mut graph = Graph::default();
        let a = graph.add(thing("a", 1, None));
        let mut b = thing("b", 2, Some(&a));
        b.looks_late = true;
        graph.add(b);
        graph
    };
    let cloud = Memory::default();
    assert_eq!(brief(&run(&late(), &cloud).await), "a=create b=create");
    assert_eq!(brief(&run(&late(), &cloud).await), "a=keep b=keep");
    assert_eq!(brief(&run(&late().emptied(), &cloud).await), "a=delete b=delete");
}

#[tokio::test]
async fn what_the_cloud_cannot_say_yet_is_asked_once_while_looking() {
    let cloud = Memory { off: BTreeSet::from(["b"]), ..Memory::default() };
    lock(&cloud.things).insert("a".into(), 1);
    let graph = chain(true, 1);
    let survey = look(&graph, &cloud, &options().1, &|_| {}).await;
    assert_eq!(planned(&survey), "a:keep b:create c:create d:create");
    let looks = lock(&cloud.looks).clone();
    assert_eq!(looks.iter().filter(|name| **name == "b").count(), 1, "{looks:?}");
}

#[tokio::test]
async fn a_forgotten_need_is_told_even_where_it_happens_to_exist() {
    let cloud = Memory::default();
    let graph = || {
        let mut graph = Graph::default();
        let a = graph.add(thing("a", 1, None));
        let mut b = thing("b", 1, Some(&a));
        b.forgets = true;
        graph.add(b);
        graph
    };
    for _ in 0..2 {
        let told = brief(&run(&graph(), &cloud).await);
        assert!(
            told.contains("`memory.thing/b` reads `memory.thing/a` but does not list it"),
            "{told}"
        );
    }
}

#[tokio::test]
async fn no_more_than_the_width_is_worked_on_at_once() {
    for width in [1, 3] {
        let cloud = Memory::default();
        let mut graph = Graph::default();
        for name in ["a", "b", "c", "d", "e", "f", "g"] {
            graph.add(thing(name, 1, None));
        }
        let (_, mut options) = options();
        options.width = width;
        run_with(&graph, &cloud, &options).await;
        assert_eq!(lock(&cloud.busiest).1, width);
    }
}

#[tokio::test]
async fn a_stop_lets_finish_what_has_begun_and_begins_nothing_else() {
    let cloud = Memory::default();
    let (handle, mut options) = options();
    options.width = 1;
    *lock(&cloud.stop_at) = Some(("b", handle));
    let report = run_with(&chain(true, 1), &cloud, &options).await;
    assert_eq!(brief(&report), "a=create b=create c?create d?create");
    assert!(report.interrupted && !report.complete());
    *lock(&cloud.stop_at) = None;
    assert_eq!(brief(&run(&chain(true, 1), &cloud).await), "a=keep b=keep c=create d=create");
}

#[tokio::test]
async fn a_stop_while_looking_changes_nothing() {
    let cloud = Memory::default();
    let (handle, options) = options();
    handle.stop();
    let report = run_with(&chain(true, 1), &cloud, &options).await;
    assert!(report.interrupted && cloud.log().is_empty(), "{}", brief(&report));
}

#[tokio::test]
async fn what_holds_data_goes_only_when_asked_and_keeps_what_it_leans_on() {
    let graph = || {
        let mut graph = Graph::default();
        let a = graph.add(thing("a", 1, None));
        graph.add(Vault(thing("v", 2, Some(&a))));
        graph.add(thing("z", 3, None));
        graph.emptied()
    };
    let cloud = Memory::default();
    lock(&cloud.things).extend([("a".into(), 1), ("v".into(), 1002), ("z".into(), 3)]);
    assert_eq!(brief(&run(&graph(), &cloud).await), "a=leave v=leave z=delete");
    let (_, mut options) = options();
    options.delete_data = true;
    let report = run_with(&graph(), &cloud, &options).await;
    assert_eq!(brief(&report), "a=delete v=delete z=absent");
    assert_eq!(report.steps[1].remark.as_deref(), Some("for good"));
}

/// What always stays, with a part that has no mark of its own.
fn shelf() -> Graph<Memory> {
    let mut graph = Graph::default();
    let a = graph.add(Shelf(thing("a", 1, None)));
    graph.add(Part(thing("p", 2, Some(&a))));
    graph
}

#[tokio::test]
async fn what_always_stays_is_said_with_its_reason_and_what_hangs_on_it_goes() {
    for delete_data in [false, true] {
        let cloud = Memory::default();
        run(&shelf(), &cloud).await;
        cloud.forget_log();
        let (_, mut options) = options();
        options.delete_data = delete_data;
        let report = run_with(&shelf().emptied(), &cloud, &options).await;
        assert_eq!(brief(&report), "a=leave p=delete");
        let Outcome::Done(Action::Leave(why)) = &report.steps[0].outcome else { panic!() };
        assert_eq!(why, "costs nothing");
        assert_eq!((report.left(), report.holding()), (1, 0), "no data keeps it");
        assert_eq!(cloud.log(), ["-p"]);
        let again = run_with(&shelf().emptied(), &cloud, &options).await;
        assert_eq!((brief(&again).as_str(), again.changed()), ("a=leave p=absent", 0));
    }
}

#[tokio::test]
async fn what_hangs_on_somebody_elses_is_left_even_if_that_always_stays() {
    let cloud = Memory::default();
    run(&shelf(), &cloud).await;
    lock(&cloud.foreign).insert("a");
    let report = run(&shelf().emptied(), &cloud).await;
    assert_eq!(brief(&report), "a=leave p=leave");
    let Outcome::Done(Action::Leave(why)) = &report.steps[1].outcome else { panic!() };
    assert_eq!(why, "belongs to somebody");
}

#[tokio::test]
async fn what_can_be_restored_is_there_to_one_who_wants_it_and_gone_to_one_who_does_not() {
    let graph = |wanted| {
        let mut graph = Graph::default();
        graph.add_if(wanted, Kept("k"));
        graph
    };
    let cloud = Memory::default();
    assert_eq!(brief(&run(&graph(true), &cloud).await), "k=create");
    assert_eq!(brief(&run(&graph(false), &cloud).await), "k=delete");
    assert_eq!(brief(&run(&graph(false), &cloud).await), "k=absent");
    assert_eq!(brief(&run(&graph(true).emptied(), &cloud).await), "k=absent");
    let (_, options) = options();
    let wanted = graph(true);
    assert_eq!(planned(&look(&wanted, &cloud, &options, &|_| {}).await), "k:update");
    assert_eq!(brief(&run(&wanted, &cloud).await), "k=update");
    assert_eq!(brief(&run(&wanted, &cloud).await), "k=keep");
    assert_eq!(cloud.log(), ["+k", "-k", "^k"]);
}

#[tokio::test]
async fn what_cannot_change_says_so_and_how_to_replace_it() {
    let cloud = Memory::default();
    lock(&cloud.things).insert("v".into(), 5);
    let mut graph = Graph::default();
    graph.add(Vault(thing("v", 2, None)));
    let report = run(&graph, &cloud).await;
    let (_, error) = report.failed().next().unwrap();
    assert_eq!(
        error.to_string(),
        "`size` of `memory.vault/v` cannot change from 5 to 2 while it exists"
    );
    assert!(error.hints()[0].contains("groundwork destroy memory --only memory.vault/v"));
}

#[tokio::test]
async fn somebody_elses_object_is_looked_up_and_never_removed() {
    let graph = || {
        let mut graph = Graph::default();
        let given = graph.require(Found("theirs"));
        graph.add(thing("a", 1, Some(&given)));
        graph
    };
    let cloud = Memory::default();
    assert_eq!(brief(&run(&graph(), &cloud).await), "theirs!there is no theirs a?create");
    lock(&cloud.things).insert("theirs".into(), 4);
    assert_eq!(brief(&run(&graph(), &cloud).await), "theirs=keep a=create");
    assert_eq!(brief(&run(&graph().emptied(), &cloud).await), "theirs=absent a=delete");
    assert_eq!(cloud.log(), ["+a", "-a"]);
}

#[tokio::test]
async fn only_takes_along_what_it_needs_or_what_needs_it() {
    let cloud = Memory::default();
    let only = |ids: &[&str]| ids.iter().map(|id| format!("memory.thing/{id}")).collect::<Vec<_>>();
    let graph = chain(true, 1).only_with_needs(&only(&["b"])).unwrap();
    assert_eq!(brief(&run(&graph, &cloud).await), "a=create b=create");
    run(&chain(true, 1), &cloud).await;
    let graph = chain(true, 1).emptied().only_with_dependents(&only(&["b"])).unwrap();
    assert_eq!(brief(&run(&graph, &cloud).await), "b=delete c=delete");
    let unknown = chain(true, 1).only_with_needs(&only(&["x"])).err().unwrap();
    assert!(unknown.hints()[0].contains("`memory.thing/a`"), "{:?}", unknown.hints());
}

#[tokio::test]
async fn a_listener_hears_every_step_once() {
    let cloud = Memory::default();
    let heard = Mutex::new(Vec::new());
    let listener = |event: Event<'_>| {
        if let Event::Finished(step) = event {
            lock(&heard).push(step.id.name.to_string());
        }
    };
    let (_, options) = options();
    let graph = chain(true, 1);
    let survey = look(&graph, &cloud, &options, &listener).await;
    groundwork::reconcile::apply(survey, &cloud, &options, &listener).await;
    let mut heard = heard.into_inner().unwrap();
    heard.sort();
    assert_eq!(heard, ["a", "b", "c", "d"]);
}
