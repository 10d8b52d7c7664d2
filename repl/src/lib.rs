//! The `ripley` program: command line, REPL and inspector commands.
//!
//! Start reading at [`run`]; [`session`] puts the crates together.

pub mod commands;
pub mod complete;
pub mod interactive;
pub mod options;
pub mod run;
pub mod session;
pub mod statistics;
