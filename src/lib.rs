//! Groundwork lays the ground for Claude Code in a company's own cloud.
//!
//! The map of the house, and who may use whom:
//!
//! - [`cli`] owns the command line. It uses everything, and nobody but `main` uses it.
//! - [`ui`] owns the terminal. Only `cli` uses it.
//! - [`config`] owns the files that people write. It uses [`error`] alone.
//! - [`claude`] owns what Claude Code must be told: variables, models, shells. It uses `config`.
//! - [`proxy`] owns the way to the network, and the probe of it. It uses `config` and `claude`.
//! - [`aws`] owns what we keep in an AWS account. It uses `reconcile`, `config`, `claude` and `proxy`.
//! - [`gcp`] owns what we keep in a project of Google Cloud. It uses what `aws` does.
//! - [`gateway`] owns what goes on between developers and the models. It uses `config`, `proxy` and the
//!   sign-in of the clouds.
//! - [`reconcile`] owns the engine that brings a cloud to where it should be. It knows no cloud.
//! - [`error`] owns the one error type.

pub mod aws;
pub mod claude;
pub mod cli;
pub mod config;
pub mod error;
pub mod gateway;
pub mod gcp;
pub mod proxy;
pub mod reconcile;
pub mod ui;
