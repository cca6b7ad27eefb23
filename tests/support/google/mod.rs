//! A stateful fake of the Google APIs: one instance per test, in-process, on a thread of its own.
//!
//! # For tests
//!
//! `Google::start("project")` begins one; `url()` is the base with `{api}` in it, `caller::OWNER` a token
//! that may do all. The project's number is 123456789012, and no API but serviceusage (and those for
//! tokens) is on. Every request is held against Google's discovery documents; what they do not allow is
//! refused, and kept in `violations()`, which a test asserts to be empty.
//! `OWNER` is a user: orgpolicy, billingbudgets and cloudquotas want `X-Goog-User-Project` of it, and who
//! sends that header needs `serviceusage.services.use`.
//! `model()`, `served()` and `quota()` say what Vertex AI does with models.
//!
//! # For authors of services
//!
//! A service is a file under `service/` with `pub const METHODS: &[Method]`, listed in `service::ALL`:
//!
//! ```ignore
//! Method::read("logging.projects.sinks.get", &["logging.sinks.get"], get)
//! fn get(world: &mut World, call: &Call) -> Answer
//! ```
//!
//! * `id` is the method's in the discovery document; the same id in two versions is one method
//!   (`call.version` tells). By then the request has been checked: types are right, unknown fields are
//!   not there, the API is on, the caller has `permissions`.
//! * `call.path("name")`, `.query("x")`, `.queries("x")`, `.text("/json/pointer")`, `.body`, `.project`
//!   (a number), `.host` (`us-east5-aiplatform`), `.identity`, `.if_match`; `call.demand(world, permission, resource)?` asks for more.
//! * Resources lie in `world.store("kind")`, by name: `insert`, `get`, `remove`. What is in a store is in
//!   the inventory. Fields with `_` are left out by `World::shown(&value)`, which answers must go through.
//!   `world.find(kind, name)` and `world.all(kind)` only read.
//! * `world.by_number(name)` and `by_id(name)` rewrite `projects/...`: take one of them for keys.
//! * `world.etag()`, `.now()` (advances with each use), `.unique_id()`, `.serial()`.
//! * Errors: `Failure::invalid|precondition|permission|missing|exists|concurrent|new`, with `.reason()`
//!   (`ErrorInfo`) and `.detail()`; the older form of compute, storage, BigQuery and DNS is made of it, its
//!   reason from the code, unless `older` is set. Return `Value::Null` for 204.
//! * Policies: `Ok(policy::answer_get(world, call, resource))`, `policy::answer_set(..)`, or `get` and `set`.
//! * Lists: `page::page(world, call, "items", values)`. Masks: `mask::merge(&mut old, new, mask, allowed)`.
//!   Filters: `filter::chosen(values, call.query("filter"), fields)`. Ids of 64 bits: `world.numeric_id()`.
//! * Operations: `operation::begin(world, name, metadata, &response)` answers the first look, register
//!   `operation::get` for the API's `operations.get`; `begin_compute`, `get_compute` for Compute Engine.

pub mod call;
pub mod caller;
pub mod contract;
pub mod control;
pub mod discovery;
pub mod failure;
pub mod filter;
pub mod journal;
pub mod mask;
pub mod operation;
pub mod page;
pub mod policy;
pub mod route;
pub mod service;
pub mod state;
pub mod token;
pub mod wire;
pub mod world;

use std::{
    net::SocketAddr,
    sync::{Arc, Condvar, Mutex, PoisonError, mpsc},
    thread::JoinHandle,
    time::Duration,
};

use serde_json::Value;
use tokio::{
    net::TcpListener,
    sync::{oneshot, watch},
};

use self::{
    discovery::Discovery,
    journal::{Fault, Record},
    state::State,
    wire::Shared,
    world::World,
};

/// A fake that runs; it ends when dropped.
pub struct Google {
    address: SocketAddr,
    shared: Arc<Shared>,
    end: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Google {
    /// Starts one with one project, on any port, with the installed documents.
    pub fn start(project: &str) -> Self {
        Self::start_at(project, 0, Discovery::installed())
    }

    pub fn start_at(project: &str, port: u16, discovery: Discovery) -> Self {
        let state = Mutex::new(State::new(project, discovery));
        let shared = Arc::new(Shared {
            state,
            released: watch::Sender::new(0),
            behind: watch::Sender::new(0),
            held: Condvar::new(),
        });
        let (end, ended) = oneshot::channel();
        let (tell, told) = mpsc::channel();
        let served = Arc::clone(&shared);
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let tasks = tokio::task::LocalSet::new();
            tasks.block_on(&runtime.expect("a runtime"), async {
                let listener = TcpListener::bind(("127.0.0.1", port)).await.expect("a port");
                tell.send(listener.local_addr().expect("an address")).ok();
                tokio::select! {
                    () = wire::serve(listener, served) => {}
                    _ = ended => {}
                }
            });
        });
        let address = told.recv().expect("the fake listens");
        Self { address, shared, end: Some(end), thread: Some(thread) }
    }

    /// `http://127.0.0.1:PORT`.
    pub fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The base URL of all APIs, in which `{api}` stands for the API's name.
    pub fn url(&self) -> String {
        format!("{}/{{api}}", self.origin())
    }

    /// Limits a token, or an identity such as an e-mail address, to these permissions.
    pub fn bind(&self, who: &str, permissions: &[&str]) {
        self.world(|world| world.callers.bind(who, permissions));
    }

    /// What a token or identity was asked for and had.
    pub fn used_permissions(&self, who: &str) -> Vec<String> {
        self.world(|world| world.callers.used(who))
    }

    /// Turns APIs of the first project on, at once.
    pub fn enable(&self, services: &[&str]) {
        self.world(|world| {
            let project = world.first_project();
            for service in services {
                world.enable(&project, service);
            }
        });
    }

    /// Lets `fault` strike the `nth` (from 1) call of a method from now on; `*` is any.
    pub fn fault(&self, method: &str, nth: u32, fault: Fault) {
        self.shared.state().journal.plan(method, nth, fault);
    }

    /// Lets another writer change the etag of `resource`'s policy just before a call.
    pub fn stale(&self, method: &str, nth: u32, resource: &str) {
        let resource = resource.to_owned();
        let write = move |world: &mut World| policy::touch(world, &resource);
        self.fault(method, nth, Fault::Stale(Box::new(write)));
    }

    /// Waits until a call is held; a minute at most.
    pub fn held(&self) {
        let most = Duration::from_mins(1);
        let waits = |state: &mut State| !state.journal.holds();
        let waited = self.shared.held.wait_timeout_while(self.shared.state(), most, waits);
        let (_state, waited) = waited.unwrap_or_else(PoisonError::into_inner);
        assert!(!waited.timed_out(), "no call was held");
    }

    /// Lets the calls go on that are held now.
    pub fn release(&self) {
        self.shared.released.send_modify(|count| *count += 1);
    }

    /// Waits until a call is done and held (`Fault::Behind`).
    pub async fn behind(&self) {
        let mut behind = self.shared.behind.subscribe();
        behind.wait_for(|count| *count > 0).await.expect("the fake runs");
    }

    /// Takes this long for each call.
    pub fn delay(&self, delay: Duration) {
        self.shared.state().delay = delay;
    }

    /// Polls for which an operation is not done; 1 unless set.
    pub fn polls(&self, polls: u32) {
        self.world(|world| world.polls = polls);
    }

    /// The most that a list gives at once; 2 unless set.
    pub fn page_cap(&self, items: usize) {
        self.world(|world| world.page_cap = items);
    }

    /// New service accounts are unknown for their first uses.
    pub fn slow_identity(&self, uses: u32) {
        self.world(|world| world.slow_identity = uses);
    }

    /// APIs are refused for the first calls after they were enabled.
    pub fn propagation(&self, calls: u32) {
        self.world(|world| world.propagation = calls);
    }

    pub fn calls(&self) -> Vec<Record> {
        self.shared.state().journal.records()
    }

    /// All calls, and the writes among them.
    pub fn count(&self) -> (usize, usize) {
        let calls = self.calls();
        (calls.len(), calls.iter().filter(|call| call.write).count())
    }

    /// The longest sequence of calls each of which began after the one before had ended.
    pub fn chain(&self) -> usize {
        self.shared.state().journal.chain()
    }

    /// Forgets calls and faults; what exists stays.
    pub fn reset(&self) {
        self.shared.state().journal.reset();
    }

    /// What the documents did not allow, so far.
    pub fn violations(&self) -> Vec<String> {
        self.shared.state().violations.clone()
    }

    pub fn inventory(&self) -> Value {
        self.shared.state().world.inventory()
    }

    /// Looks at what exists, or changes it behind everyone's back.
    pub fn world<T>(&self, look: impl FnOnce(&mut World) -> T) -> T {
        look(&mut self.shared.state().world)
    }
}

impl Drop for Google {
    fn drop(&mut self) {
        self.end.take().map(|end| end.send(()).ok());
        if let Some(thread) = self.thread.take() {
            thread.join().ok();
        }
    }
}
