//! A cloud in memory, whose objects can be told to fail, to wait and to be somebody else's.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, MutexGuard},
};

use groundwork::{
    error::{Error, Kind, Result},
    reconcile::{
        Action, Context, Deletion, Given, Graph, Known, Observed, Options, Outcome, Owner, Pace,
        Ref, Report, Resource, ResourceId, Stop, StopHandle, Survey, apply, look,
    },
};
use serde::Serialize;

#[derive(Default)]
pub struct Memory {
    pub things: Mutex<BTreeMap<String, i32>>,
    /// Every change, in order: `+a`, `~a`, `-a`.
    pub log: Mutex<Vec<String>>,
    pub broken: BTreeSet<&'static str>,
    pub denied: BTreeSet<&'static str>,
    /// Of which the cloud itself cannot say yet whether they are there.
    pub off: BTreeSet<&'static str>,
    /// Every look, in order.
    pub looks: Mutex<Vec<&'static str>>,
    pub foreign: Mutex<BTreeSet<&'static str>>,
    /// Objects of which the first look sees nothing, though they are there.
    pub late: Mutex<BTreeSet<&'static str>>,
    /// Most creations under way at the same time.
    pub busiest: Mutex<(usize, usize)>,
    /// Deleted objects that can be restored.
    pub bin: Mutex<BTreeSet<&'static str>>,
    /// Asked to stop when this object is created.
    pub stop_at: Mutex<Option<(&'static str, StopHandle)>>,
}

impl Memory {
    pub fn log(&self) -> Vec<String> {
        lock(&self.log).clone()
    }
    pub fn forget_log(&self) {
        lock(&self.log).clear();
    }
    fn note(&self, what: &str, name: &str) {
        lock(&self.log).push(format!("{what}{name}"));
    }
}

pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap()
}

pub struct Thing {
    pub name: &'static str,
    pub size: i32,
    pub on: Option<Ref<i32>>,
    /// Reads `on` without declaring it.
    pub forgets: bool,
    /// Looks only once `on` exists.
    pub looks_late: bool,
}

pub fn thing(name: &'static str, size: i32, on: Option<&Ref<i32>>) -> Thing {
    Thing { name, size, on: on.cloned(), forgets: false, looks_late: false }
}

#[derive(Serialize)]
pub struct State {
    size: Known<i32>,
    base: Known<i32>,
}

impl Resource for Thing {
    type Cloud = Memory;
    type State = State;
    type Output = i32;
    const KIND: &'static str = "memory.thing";

    fn name(&self) -> &str {
        self.name
    }
    fn needs(&self) -> Vec<ResourceId> {
        if self.forgets { vec![] } else { self.on.iter().map(Ref::id).collect() }
    }
    fn desired(&self, context: &Context<'_, Memory>) -> Result<State> {
        let base = match &self.on {
            Some(on) => context.known(on, |size| size)?,
            None => Known::Now(0),
        };
        Ok(State { size: Known::Now(self.size), base })
    }
    async fn observe(&self, context: &Context<'_, Memory>) -> Result<Option<Observed<Self>>> {
        if self.looks_late {
            context.get(self.on.as_ref().unwrap())?;
        }
        let cloud = context.cloud;
        lock(&cloud.looks).push(self.name);
        if cloud.off.contains(self.name) {
            return Err(Error::new(Kind::NotYet, "off"));
        }
        if cloud.denied.contains(self.name) {
            return Err(Error::new(Kind::Denied, "AccessDenied"));
        }
        tokio::task::yield_now().await;
        if lock(&cloud.late).remove(self.name) {
            return Ok(None);
        }
        let found = lock(&cloud.things).get(self.name).copied();
        let foreign = lock(&cloud.foreign).contains(self.name);
        let owner = if foreign { Owner::Other("somebody".into()) } else { Owner::Us };
        let state = |n: i32| State { size: Known::Now(n % 1000), base: Known::Now(n / 1000) };
        Ok(found.map(|n| Observed { state: state(n), output: n % 1000, owner }))
    }
    async fn create(&self, context: &Context<'_, Memory>, want: &State) -> Result<i32> {
        let cloud = context.cloud;
        if cloud.broken.contains(self.name) {
            return Err(Error::new(Kind::Cloud, "broken"));
        }
        if lock(&cloud.things).contains_key(self.name) {
            return Err(Error::new(Kind::Exists, "exists"));
        }
        {
            let (now, most) = &mut *lock(&cloud.busiest);
            *now += 1;
            *most = (*most).max(*now);
        }
        if let Some((at, handle)) = &*lock(&cloud.stop_at)
            && *at == self.name
        {
            handle.stop();
        }
        for _ in 0..3 {
            tokio::task::yield_now().await;
        }
        cloud.note("+", self.name);
        lock(&cloud.things).insert(self.name.into(), want.size.now()? + 1000 * want.base.now()?);
        lock(&cloud.busiest).0 -= 1;
        Ok(*want.size.now()?)
    }
    async fn update(
        &self,
        context: &Context<'_, Memory>,
        want: &State,
        _: &Observed<Self>,
    ) -> Result<()> {
        context.cloud.note("~", self.name);
        lock(&context.cloud.foreign).remove(self.name);
        let stored = want.size.now()? + 1000 * want.base.now()?;
        lock(&context.cloud.things).insert(self.name.into(), stored);
        Ok(())
    }
    async fn delete(&self, context: &Context<'_, Memory>, _: &Observed<Self>) -> Result<Deletion> {
        if context.cloud.broken.contains(self.name) {
            return Err(Error::new(Kind::Cloud, "broken"));
        }
        context.cloud.note("-", self.name);
        lock(&context.cloud.things).remove(self.name);
        Ok(Deletion::Done)
    }
}

/// A thing whose loss is a loss of data, and whose size cannot change.
pub struct Vault(pub Thing);

impl Resource for Vault {
    type Cloud = Memory;
    type State = State;
    type Output = i32;
    const KIND: &'static str = "memory.vault";
    const FIXED: &'static [&'static str] = &["size"];
    const HOLDS: Option<&'static str> = Some("gold");

    fn name(&self) -> &str {
        self.0.name
    }
    fn needs(&self) -> Vec<ResourceId> {
        self.0.needs()
    }
    fn desired(&self, context: &Context<'_, Memory>) -> Result<State> {
        self.0.desired(context)
    }
    async fn observe(&self, context: &Context<'_, Memory>) -> Result<Option<Observed<Self>>> {
        let seen = self.0.observe(context).await?;
        Ok(seen.map(|s| Observed { state: s.state, output: s.output, owner: s.owner }))
    }
    async fn create(&self, context: &Context<'_, Memory>, want: &State) -> Result<i32> {
        self.0.create(context, want).await
    }
    async fn update(&self, _: &Context<'_, Memory>, _: &State, _: &Observed<Self>) -> Result<()> {
        Ok(())
    }
    async fn delete(&self, context: &Context<'_, Memory>, _: &Observed<Self>) -> Result<Deletion> {
        context.cloud.note("-", self.0.name);
        lock(&context.cloud.things).remove(self.0.name);
        Ok(Deletion::Scheduled("for good".into()))
    }
}

/// A thing without a mark of its own.
pub struct Part(pub Thing);

impl Resource for Part {
    type Cloud = Memory;
    type State = State;
    type Output = i32;
    const KIND: &'static str = "memory.part";

    fn name(&self) -> &str {
        self.0.name
    }
    fn needs(&self) -> Vec<ResourceId> {
        self.0.needs()
    }
    fn desired(&self, context: &Context<'_, Memory>) -> Result<State> {
        self.0.desired(context)
    }
    async fn observe(&self, context: &Context<'_, Memory>) -> Result<Option<Observed<Self>>> {
        let seen = self.0.observe(context).await?;
        Ok(seen.map(|s| Observed { state: s.state, output: s.output, owner: Owner::Parent }))
    }
    async fn create(&self, context: &Context<'_, Memory>, want: &State) -> Result<i32> {
        self.0.create(context, want).await
    }
    async fn update(&self, _: &Context<'_, Memory>, _: &State, _: &Observed<Self>) -> Result<()> {
        Ok(())
    }
    async fn delete(&self, context: &Context<'_, Memory>, _: &Observed<Self>) -> Result<Deletion> {
        context.cloud.note("-", self.0.name);
        lock(&context.cloud.things).remove(self.0.name);
        Ok(Deletion::Done)
    }
}

/// A thing that always stays.
pub struct Shelf(pub Thing);

impl Resource for Shelf {
    type Cloud = Memory;
    type State = State;
    type Output = i32;
    const KIND: &'static str = "memory.shelf";
    const HOLDS: Option<&'static str> = Some("books");
    const STAYS: Option<&'static str> = Some("costs nothing");

    fn name(&self) -> &str {
        self.0.name
    }
    fn needs(&self) -> Vec<ResourceId> {
        self.0.needs()
    }
    fn desired(&self, context: &Context<'_, Memory>) -> Result<State> {
        self.0.desired(context)
    }
    async fn observe(&self, context: &Context<'_, Memory>) -> Result<Option<Observed<Self>>> {
        let seen = self.0.observe(context).await?;
        Ok(seen.map(|s| Observed { state: s.state, output: s.output, owner: s.owner }))
    }
    async fn create(&self, context: &Context<'_, Memory>, want: &State) -> Result<i32> {
        self.0.create(context, want).await
    }
    async fn update(&self, _: &Context<'_, Memory>, _: &State, _: &Observed<Self>) -> Result<()> {
        Ok(())
    }
    async fn delete(&self, context: &Context<'_, Memory>, _: &Observed<Self>) -> Result<Deletion> {
        context.cloud.note("-", self.0.name);
        Ok(Deletion::Done)
    }
}

/// A thing that the cloud keeps for a while after it was deleted, name and all.
pub struct Kept(pub &'static str);

#[derive(Serialize)]
pub struct KeptState {
    deleted: bool,
}

impl Resource for Kept {
    type Cloud = Memory;
    type State = KeptState;
    type Output = ();
    const KIND: &'static str = "memory.kept";

    fn name(&self) -> &str {
        self.0
    }
    fn desired(&self, _: &Context<'_, Memory>) -> Result<KeptState> {
        Ok(KeptState { deleted: false })
    }
    async fn observe(&self, context: &Context<'_, Memory>) -> Result<Option<Observed<Self>>> {
        let deleted = lock(&context.cloud.bin).contains(self.0);
        let there = lock(&context.cloud.things).contains_key(self.0);
        let counts = there && (!deleted || context.wanted());
        let state = KeptState { deleted };
        Ok(counts.then_some(Observed { state, output: (), owner: Owner::Us }))
    }
    async fn create(&self, context: &Context<'_, Memory>, _: &KeptState) -> Result<()> {
        if lock(&context.cloud.things).insert(self.0.into(), 0).is_some() {
            return Err(Error::new(Kind::Exists, "exists"));
        }
        context.cloud.note("+", self.0);
        Ok(())
    }
    async fn update(
        &self,
        context: &Context<'_, Memory>,
        _: &KeptState,
        have: &Observed<Self>,
    ) -> Result<()> {
        if have.state.deleted {
            context.cloud.note("^", self.0);
            lock(&context.cloud.bin).remove(self.0);
        }
        Ok(())
    }
    async fn delete(&self, context: &Context<'_, Memory>, _: &Observed<Self>) -> Result<Deletion> {
        context.cloud.note("-", self.0);
        lock(&context.cloud.bin).insert(self.0);
        Ok(Deletion::Scheduled("can be restored".into()))
    }
}

/// Somebody else's thing.
pub struct Found(pub &'static str);

impl Given for Found {
    type Cloud = Memory;
    type Output = i32;
    const KIND: &'static str = "memory.found";

    fn name(&self) -> &str {
        self.0
    }
    async fn find(&self, context: &Context<'_, Memory>) -> Result<i32> {
        let found = lock(&context.cloud.things).get(self.0).copied();
        found.ok_or_else(|| Error::new(Kind::Config, format!("there is no {}", self.0)))
    }
}

pub fn options() -> (StopHandle, Options) {
    let (handle, stop) = Stop::new();
    let options = Options {
        width: 4,
        adopt: BTreeSet::new(),
        delete_data: false,
        stop,
        pace: Pace(std::time::Duration::from_millis(1)),
    };
    (handle, options)
}

pub async fn run_with(graph: &Graph<Memory>, cloud: &Memory, options: &Options) -> Report {
    let survey = look(graph, cloud, options, &|_| {}).await;
    apply(survey, cloud, options, &|_| {}).await
}

pub async fn run(graph: &Graph<Memory>, cloud: &Memory) -> Report {
    run_with(graph, cloud, &options().1).await
}

fn word(action: &Action) -> &'static str {
    match action {
        Action::Keep => "keep",
        Action::Absent => "absent",
        Action::Leave(_) => "leave",
        Action::Create(_) => "create",
        Action::Update(_) => "update",
        Action::Replace(_) => "replace",
        Action::Delete => "delete",
    }
}

/// A report in one line: `a=create b!broken c<b`.
pub fn brief(report: &Report) -> String {
    let step = |step: &groundwork::reconcile::Step| {
        let name = &step.id.name;
        match &step.outcome {
            Outcome::Done(action) => format!("{name}={}", word(action)),
            Outcome::NotStarted(action) => format!("{name}?{}", word(action)),
            Outcome::Failed(error) => {
                format!("{name}!{}", error.causes().pop().unwrap_or(error.to_string()))
            }
            Outcome::Blocked(by) => format!("{name}<{}", by.name),
        }
    };
    report.steps.iter().map(step).collect::<Vec<_>>().join(" ")
}

/// A plan in one line: `a:create b!AccessDenied`.
pub fn planned(survey: &Survey<'_, Memory>) -> String {
    let one = |(id, planned): (&ResourceId, &Result<Action>)| match planned {
        Ok(action) => format!("{}:{}", id.name, word(action)),
        Err(error) => format!("{}!{}", id.name, error.causes().pop().unwrap_or(error.to_string())),
    };
    survey.plan().map(one).collect::<Vec<_>>().join(" ")
}
