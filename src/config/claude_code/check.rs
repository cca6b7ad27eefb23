//! Whether the values of `claude_code:` fit each other and the cloud of their file.

use super::ClaudeCode;
use crate::config::{
    Cloud, Proxy,
    shaped::{Notes, Told},
};

/// Notes everything that does not fit.
pub(in crate::config) fn check(_: &ClaudeCode, _: Cloud, _: &mut Notes<'_>) {}

/// Tells what is not wrong, but not what its writer may think.
pub(in crate::config) fn warn(_: &ClaudeCode, _: &Proxy, _: &mut Told<'_>) {}
