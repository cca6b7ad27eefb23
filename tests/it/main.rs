//! All integration tests, in one binary: linking it is what takes the time.
#![expect(unreachable_pub, reason = "what the tests share is public to them")]
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test may panic"
)]
#![expect(clippy::disallowed_methods, reason = "the tests read what run.sh tells them")]
#![expect(clippy::large_futures, reason = "each test has a stack of its own")]
#![expect(clippy::print_stdout, reason = "the fault series tells its numbers")]

mod client;
mod client_gateway;
mod command;
mod conflict;
mod contract;
mod engine;
mod environment;
mod export_file;
mod export_shell;
mod fault;
mod gateway;
mod gateway_access;
mod gateway_bytes;
mod gateway_caller;
mod gateway_cloud;
mod gateway_connection;
mod gateway_detail;
mod gateway_env;
mod gateway_fault;
mod gateway_hostile;
mod gateway_load;
mod gateway_oidc;
mod gateway_sdk;
mod google_fake;
mod google_fake_c;
mod google_fake_data;
mod guide;
mod house;
mod init;
mod licence;
mod proxy;
mod proxy_check;
mod proxy_env;
mod rights;
mod settings;
mod support;
mod terminal;
mod variable;
mod vertex;
mod vertex_chain;
mod vertex_command;
mod vertex_config;
mod vertex_conflict;
mod vertex_drift;
mod vertex_fault;
mod vertex_guide;
mod vertex_init;
mod vertex_key;
mod vertex_orphan;
mod vertex_others;
mod vertex_owner;
mod vertex_rights;
mod vertex_sign_in;
mod vertex_wanted;
mod wanted;
mod whole;
