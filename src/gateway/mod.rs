//! The gateway between developers and the models: it knows who calls, passes on what is asked byte for
//! byte, and notes what it took.
//!
//! The way of a request is `exchange`. Around it: `server` has the connections, `caller` knows
//! who it is, `policy` whether they may, `envelope`, `translate` and `beta` edit what must differ in
//! another dialect, `attempt` asks one `upstream` after the other, `relay` brings the answer back, and
//! `note` tells `record` and `metrics` what there is to know. `open` makes all of it from a
//! configuration.

mod answer_body;
mod attempt;
mod begin;
mod beta;
mod body;
mod caller;
mod clock;
mod connection;
mod count;
mod envelope;
mod exchange;
mod failure;
mod frame;
mod metrics;
mod model;
mod name;
mod note;
mod open;
mod operations;
mod policy;
mod probe;
mod question;
mod record;
mod refusal;
mod relay;
mod reply;
mod request_body;
mod route;
mod serve;
mod server;
mod socket;
mod sse;
mod target;
mod task;
mod tls;
mod token;
mod translate;
mod upstream;
mod usage;
mod watch;

pub use self::{
    open::{Opened, SignedIn, open},
    probe::{Finding, probe},
    serve::{Gateway, Running, files},
    token::{LOCAL_ISSUER, Local, NewKey, Subject},
    watch::Watch,
};
