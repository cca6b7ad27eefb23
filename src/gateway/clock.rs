//! The time of day, from one place.

use std::time::{SystemTime, UNIX_EPOCH};

#[expect(clippy::disallowed_methods, reason = "everybody else takes it from here")]
pub(super) fn now() -> SystemTime {
    SystemTime::now()
}

/// Seconds since 1970, as tokens tell time.
pub(super) fn seconds() -> u64 {
    now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
