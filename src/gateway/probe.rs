//! Whether what a configuration names can be had: credentials, the hosts of upstreams, issuers' keys.
//!
//! Asks nothing of a model: a look costs no token.

use std::time::{Duration, Instant};

use futures::future::join_all;

use super::open::Opened;

/// Longer than any healthy network takes.
const TIMEOUT: Duration = Duration::from_secs(20);

/// What came of one look.
#[derive(Clone, Debug)]
pub struct Finding {
    /// What was looked at, as the configuration names it.
    pub what: String,
    /// What was found, or what is wrong with it.
    pub verdict: Result<String, String>,
    pub took: Duration,
}

/// Looks at everything at once.
pub async fn probe(opened: &Opened) -> Vec<Finding> {
    let state = &opened.state;
    let upstreams = state.models.upstreams();
    let upstreams = upstreams.into_iter().map(|upstream| async move {
        let begun = Instant::now();
        let verdict = within(upstream.probe()).await;
        Finding { what: format!("upstreams.{}", upstream.name), verdict, took: begun.elapsed() }
    });
    let issuers = state.callers.issuers().map(|issuer| async move {
        let begun = Instant::now();
        let verdict = within(issuer.probe()).await;
        Finding {
            what: format!("access.issuers {}", issuer.name()),
            verdict,
            took: begun.elapsed(),
        }
    });
    let (mut all, issuers) = futures::join!(join_all(upstreams), join_all(issuers));
    all.extend(issuers);
    all
}

async fn within(look: impl Future<Output = Result<String, String>>) -> Result<String, String> {
    let late = || Err(format!("no answer within {} s", TIMEOUT.as_secs()));
    tokio::time::timeout(TIMEOUT, look).await.unwrap_or_else(|_| late())
}
