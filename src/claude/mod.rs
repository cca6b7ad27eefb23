//! What Claude Code must be told: the models it may call, the variables it reads, and the shells
//! and files through which it reads them.
//!
//! All from the configuration and the region alone, without a network: `groundwork env` runs in
//! every new shell.

mod available;
mod environment;
mod export;
mod gateway;
mod managed;
pub mod model;
mod section;
pub mod settings;
pub mod variable;
pub mod vertex;

pub use self::{
    environment::{Environment, StandIns},
    export::{Format, ObjectName, Shell},
    gateway::{add_token_command, gateway_models},
    managed::{bedrock_models, managed, user, vertex_models},
    model::Models,
    vertex::VertexModels,
};
