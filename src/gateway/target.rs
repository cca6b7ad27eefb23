//! Which target of a model is tried first, which next, and which rests.
//!
//! A target that fails several times in a row rests, so that not every request begins with a wait for
//! it. When its rest is over one request goes to it first: if it works again, all do.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// When a target rests, and for how long.
#[derive(Clone, Copy, Debug)]
pub(super) struct RestTerms {
    /// So many failures in a row.
    pub failures: u32,
    pub rest: Duration,
}

/// How well a target has worked of late.
#[derive(Debug, Default)]
pub(super) struct Health(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    failures: u32,
    rests_until: Option<Instant>,
    /// Whether a request is on its way to see if it works again.
    tried: bool,
}

/// How likely it is that a target works.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Standing {
    /// As far as is known.
    Works,
    /// It has rested, and may be tried.
    Rested,
    /// So much longer.
    Rests(Duration),
}

impl Health {
    pub(super) fn standing(&self) -> Standing {
        let state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(until) = state.rests_until else { return Standing::Works };
        let left = until.saturating_duration_since(Instant::now());
        match (left.is_zero(), state.tried) {
            (true, false) => Standing::Rested,
            // Another request is trying it: whoever comes meanwhile had better go elsewhere.
            (true, true) => Standing::Rests(Duration::ZERO),
            (false, _) => Standing::Rests(left),
        }
    }

    /// A request goes to it.
    pub(super) fn try_it(&self) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.tried = state.rests_until.is_some();
    }

    pub(super) fn worked(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = State::default();
    }

    /// A request could not be made, or was answered as by one that is not well. `asked` is how long it
    /// wants to be left alone, if it says.
    pub(super) fn failed(&self, terms: RestTerms, asked: Option<Duration>) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.failures = state.failures.saturating_add(1);
        let again = state.rests_until.is_some();
        state.tried = false;
        if state.failures >= terms.failures || again || asked.is_some() {
            let rest = asked.map_or(terms.rest, |asked| asked.min(terms.rest));
            state.rests_until = Some(Instant::now() + rest);
        }
    }
}

/// The order in which targets are tried, by their places: those that work, in the order of the
/// configuration or, if it is by weight, drawn; then those that have rested; and those that rest last,
/// since a request that nobody else takes is better tried than refused.
///
/// `drawn` is a number below the sum of the weights, or none if the order is the configuration's.
pub(super) fn order(standings: &[Standing], weights: &[u32], drawn: Option<u32>) -> Vec<usize> {
    let mut places: Vec<usize> = (0..standings.len()).collect();
    if let Some(mut drawn) = drawn {
        let first = weights.iter().position(|weight| {
            let here = drawn < *weight;
            drawn = drawn.saturating_sub(*weight);
            here
        });
        if let Some(first) = first {
            places.rotate_left(first);
        }
    }
    let rank = |place: &usize| match standings.get(*place) {
        // It goes first: somebody has to try it, and a failure goes on to the next.
        Some(Standing::Rested) => (0, Duration::ZERO),
        Some(Standing::Works) | None => (1, Duration::ZERO),
        Some(Standing::Rests(left)) => (2, *left),
    };
    places.sort_by_key(rank);
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    const TERMS: RestTerms = RestTerms { failures: 3, rest: Duration::from_secs(30) };

    #[test]
    fn a_target_rests_after_failures_in_a_row() {
        let health = Health::default();
        health.failed(TERMS, None);
        health.failed(TERMS, None);
        health.worked();
        health.failed(TERMS, None);
        health.failed(TERMS, None);
        assert_eq!(health.standing(), Standing::Works);
        health.failed(TERMS, None);
        assert!(matches!(health.standing(), Standing::Rests(_)));
        health.worked();
        assert_eq!(health.standing(), Standing::Works);
    }

    #[test]
    fn one_that_asks_to_be_left_alone_is_and_none_longer_than_is_allowed() {
        let health = Health::default();
        health.failed(TERMS, Some(Duration::from_hours(1)));
        let Standing::Rests(left) = health.standing() else { panic!("it does not rest") };
        assert!(left <= TERMS.rest);
    }

    #[test]
    fn one_that_has_rested_is_tried_by_one_request_at_a_time() {
        let health = Health::default();
        let terms = RestTerms { failures: 1, rest: Duration::ZERO };
        health.failed(terms, None);
        assert_eq!(health.standing(), Standing::Rested);
        health.try_it();
        assert_eq!(health.standing(), Standing::Rests(Duration::ZERO));
        health.failed(terms, None);
        assert_eq!(health.standing(), Standing::Rested);
        health.try_it();
        health.worked();
        assert_eq!(health.standing(), Standing::Works);
    }

    #[test]
    fn targets_are_tried_in_order_or_by_weight_and_those_that_rest_last() {
        use Standing::{Rested, Rests, Works};
        let rests = |seconds| Rests(Duration::from_secs(seconds));
        assert_eq!(order(&[Works, Works, Works], &[1, 1, 1], None), [0, 1, 2]);
        assert_eq!(order(&[rests(9), Works, rests(3)], &[1, 1, 1], None), [1, 2, 0]);
        assert_eq!(order(&[Works, Rested], &[1, 1], None), [1, 0]);
        let all = [Works, Works, Works];
        for (drawn, first) in [(0, 0), (1, 1), (3, 1), (4, 2)] {
            assert_eq!(order(&all, &[1, 3, 2], Some(drawn))[0], first, "{drawn}");
        }
    }
}
