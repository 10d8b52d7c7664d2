//! x86-64, in the calling conventions of System V where C is called.

pub mod disassembly;
pub(crate) mod leaves;
pub mod lower;
pub mod registers;
pub mod stubs;
pub mod thunks;

pub(crate) mod caches;

mod arrays;
pub mod callbacks;
mod calls;
#[expect(unsafe_code, reason = "asks where errno is")]
mod errno;
mod faults;
mod frames;
mod integers;
mod moves;
mod objects;
mod texts;
