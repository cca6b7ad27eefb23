//! The fake of the Google APIs, the same that `examples/google_cloud.rs` serves.

#[expect(dead_code, reason = "services to come take the rest")]
#[path = "../../support/google/mod.rs"]
pub mod fake;
