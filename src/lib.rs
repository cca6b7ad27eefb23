//! Groundwork lays the ground for Claude Code in a company's own cloud.

pub mod aws;
pub mod error;
pub mod reconcile;
