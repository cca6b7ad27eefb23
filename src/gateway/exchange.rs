//! A request's life, on one screen: who asks, what, whether he may, where it goes, and what comes back.

use std::{
    sync::Arc,
    time::{Instant, SystemTime},
};

use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode};
use http_body::Body;
use http_body_util::{Either, Full};
use tokio::sync::Semaphore;

use super::{
    attempt::{Errand, Events, Got, Terms},
    beta::Selection,
    body::{self, BodyLimit},
    caller::{Caller, Callers},
    clock, count,
    envelope::Envelope,
    failure::Failure,
    metrics::Metrics,
    model::{Model, Models},
    note::{Note, Receivers},
    policy::Policy,
    question::{Question, betas},
    record::{Log, Record},
    relay::{End, Meter as _, Patience, Relay},
    route::{Dialect, Operation, Route},
    translate::Asked,
    upstream::forwarded,
    usage::Usage,
};

/// What the configuration says, as it is now. A change of it makes another one; who began with this one
/// ends with it.
#[derive(Debug)]
pub(super) struct State {
    pub callers: Callers,
    pub models: Models,
    pub body: BodyLimit,
    pub patience: Patience,
    pub terms: Terms,
    /// Asked in this order: all of them must agree.
    pub policies: Vec<Box<dyn Policy>>,
}

/// What outlives a change of the configuration.
#[derive(Clone, Debug)]
pub(super) struct Lasting {
    pub log: Log,
    /// For bodies: a permit for each [`body::PIECE`].
    pub memory: Arc<Semaphore>,
    pub metrics: Arc<Metrics>,
    /// Who is told of every request that has ended.
    pub receivers: Receivers,
}

/// What goes back to a client.
pub(super) type Reply = Response<Either<Full<Bytes>, Relay<Events, Note>>>;

/// Whoever hangs up before there is an answer drops the whole exchange: it is noted all the same.
impl Drop for Exchange<'_> {
    fn drop(&mut self) {
        if let Some(mut note) = self.note.take() {
            note.end(End::HungUp, Usage::default(), 0);
        }
    }
}

/// One request.
pub(super) struct Exchange<'a> {
    pub(super) state: &'a State,
    pub(super) lasting: &'a Lasting,
    pub(super) headers: HeaderMap,
    pub(super) dialect: Dialect,
    pub(super) id: String,
    pub(super) note: Option<Note>,
}

/// Answers a request.
pub(super) async fn answer<B>(state: Arc<State>, lasting: &Lasting, request: Request<B>) -> Reply
where
    B: Body<Data = Bytes> + Unpin,
{
    let (parts, body) = request.into_parts();
    let path = parts.uri.path();
    let route = Route::of(&parts.method, path);
    let dialect = route.as_ref().map_or_else(|_| Dialect::guessed(path), |route| route.dialect);
    let mut exchange = Exchange::new(&state, lasting, parts.headers, dialect);
    let answer = match route {
        Ok(route) => exchange.pass(route, body).await,
        Err(unrouted) => Err(Failure::Unrouted(unrouted)),
    };
    answer.unwrap_or_else(|failure| exchange.refuse(&failure))
}

impl<'a> Exchange<'a> {
    fn new(state: &'a State, lasting: &'a Lasting, headers: HeaderMap, dialect: Dialect) -> Self {
        let id = format!("req_{:016x}", fastrand::u64(..));
        let text = |name: &str| Some(headers.get(name)?.to_str().ok()?.chars().take(200).collect());
        let record = Box::new(Record {
            v: 1,
            time: written(clock::now()),
            request_id: id.clone(),
            session: text("x-claude-code-session-id"),
            client: text("user-agent").unwrap_or_default(),
            dialect: dialect.name(),
            ..Record::default()
        });
        lasting.metrics.begun();
        let receivers = Arc::clone(&lasting.receivers);
        let note = Note { record, model: None, receivers, begun: Instant::now() };
        Self { state, lasting, headers, dialect, id, note: Some(note) }
    }

    pub(super) fn record(&mut self, change: impl FnOnce(&mut Record)) {
        if let Some(note) = &mut self.note {
            change(&mut note.record);
        }
    }

    async fn pass<B>(&mut self, route: Route, body: B) -> Result<Reply, Failure>
    where
        B: Body<Data = Bytes> + Unpin,
    {
        self.record(|record| record.operation = route.operation.name());
        if let Some(answer) = route.operation.open_to_all() {
            return Ok(self.whole(StatusCode::OK, answer.into(), End::Done, Usage::default()));
        }
        let caller = self.state.callers.identify(&self.headers).await.map_err(Failure::Stranger)?;
        self.record(|record| {
            record.user = Some(caller.user.clone());
            record.groups.clone_from(&caller.groups);
            record.issuer = Some(caller.by.clone());
        });
        if let Operation::Models(one) = &route.operation {
            return self.models(one.as_deref(), &caller);
        }
        let memory = &self.lasting.memory;
        let taken = body::take(&self.headers, body, self.state.body, memory).await?;
        self.record(|record| record.request_bytes = taken.bytes.len() as u64);
        self.ask(&route, &caller, &taken.bytes).await
    }

    /// Finds the model, and asks its targets.
    async fn ask(&mut self, route: &Route, caller: &Caller, body: &[u8]) -> Result<Reply, Failure> {
        let unwrapped = match (self.dialect, &route.operation) {
            (Dialect::Bedrock, Operation::CountTokens) => {
                Some(count::unwrapped(body).ok_or_else(|| {
                    Failure::Unsupported("tokens are counted here only for `invokeModel`".into())
                })?)
            }
            _ => None,
        };
        let body = unwrapped.as_deref().unwrap_or(body);
        let envelope = Envelope::read(body).map_err(Failure::Malformed)?;
        let asked = route.model.clone().or_else(|| envelope.read_as("model"));
        let asked = asked.ok_or(Failure::Lacks("model"))?;
        let streamed = match &route.operation {
            Operation::Message { streamed: Some(streamed) } | Operation::Converse { streamed } => {
                *streamed
            }
            Operation::Message { streamed: None } => envelope.read_as("stream") == Some(true),
            _ => false,
        };
        self.record(|record| record.streamed = streamed);
        let model = self.model(&asked, caller)?;
        let question =
            Question { operation: &route.operation, envelope: &envelope, body, streamed };
        self.tried(&model, question).await
    }

    /// The model that is meant, if it is offered to this caller.
    fn model(&mut self, asked: &str, caller: &Caller) -> Result<Arc<Model>, Failure> {
        self.record(|record| record.model = Some(asked.to_owned()));
        let found = self.state.models.find(asked).cloned();
        if let (Some(note), Some(model)) = (&mut self.note, &found) {
            note.model = Some(model.name.clone());
        }
        let unknown = || format!("`{asked}` is not offered here");
        let decided = found.ok_or_else(unknown).and_then(|model| {
            self.decide(caller, &model.name)?;
            Ok(model)
        });
        decided.map_err(|why| {
            let offered = self.offered(caller).join(", ");
            let offered = if offered.is_empty() { "nothing" } else { &offered };
            Failure::Forbidden(format!("{why}; there is {offered}"))
        })
    }

    /// Whether all policies agree. `Err`: why one does not.
    fn decide(&self, caller: &Caller, model: &str) -> Result<(), String> {
        let note = self.note.as_ref().ok_or("the request has ended")?;
        let mut policies = self.state.policies.iter();
        policies.try_for_each(|policy| policy.decide(caller, model, &note.record))
    }

    /// The names of the models that this caller may ask.
    pub(super) fn offered(&self, caller: &Caller) -> Vec<&'a str> {
        let names = self.state.models.iter().map(|model| model.name.as_str());
        names.filter(|name| self.decide(caller, name).is_ok()).collect()
    }

    /// Asks one target after the other.
    async fn tried(&mut self, model: &Model, question: Question<'_>) -> Result<Reply, Failure> {
        let (mut last, mut unsupported) = (None, None);
        let mut why = "there is no upstream for it".to_owned();
        let forwarded = forwarded(&self.headers);
        let betas = betas(&self.headers);
        let version = self.headers.get("anthropic-version").and_then(|value| value.to_str().ok());
        let asked = Asked {
            dialect: self.dialect,
            envelope: question.envelope,
            betas: &betas,
            version,
            streamed: question.streamed,
            counted: *question.operation == Operation::CountTokens,
        };
        for target in model.in_order() {
            let place = match question.url(target) {
                Ok(place) => place,
                Err(reason) => {
                    unsupported = Some(reason);
                    continue;
                }
            };
            let note = self.note.as_mut();
            if let Some(Note { record, .. }) = note {
                record.tries += 1;
                record.upstream = Some(target.upstream.name.clone());
                record.upstream_model = Some(target.model.clone());
            }
            let ready = |selection: &Selection<'_>| {
                question.ready(target, &place, &asked, &forwarded, selection)
            };
            let (streamed, counted) = (asked.streamed, asked.counted);
            let errand = Errand { target, terms: self.state.terms, streamed, counted };
            match errand.run(&ready).await {
                Got::Answer(answer) => return Ok(self.reply(answer, question.operation)),
                Got::Failed { why: said, answer } => {
                    why = said;
                    last = answer.or(last);
                }
            }
        }
        match (last, unsupported) {
            (Some(answer), _) => Ok(self.reply(answer, question.operation)),
            (None, Some(reason)) if self.tries() == 0 => Err(Failure::Unsupported(reason.into())),
            (None, _) => {
                let model = &model.name;
                self.record(|record| record.why = Some(why));
                let why = format!("no upstream for `{model}` can be reached at the moment");
                Err(Failure::Unreachable { why, retry_after: 5 })
            }
        }
    }

    fn tries(&self) -> u32 {
        self.note.as_ref().map_or(0, |note| note.record.tries)
    }
}

fn written(time: SystemTime) -> String {
    let time = time::OffsetDateTime::from(time);
    time.format(&time::format_description::well_known::Rfc3339).unwrap_or_default()
}
