//! x86-64, in the calling conventions of System V where C is called.

pub mod disassembly;
pub mod lower;
pub mod registers;
pub mod stubs;

mod calls;
mod moves;
mod objects;
