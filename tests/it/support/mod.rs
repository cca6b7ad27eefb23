//! What the tests stand on: a cloud in memory, the emulator, and the program itself.

pub mod authority;
pub mod behind;
pub mod census;
pub mod corporate;
pub mod developer;
pub mod emulator;
pub mod gateway;
pub mod google;
pub mod hostile;
pub mod memory;
pub mod messages;
pub mod mitmproxy;
pub mod program;
pub mod reader;
pub mod room;
pub mod screen;
pub mod sdk;
pub mod shell;
pub mod tenant;
pub mod upstream;
pub mod vertex;
