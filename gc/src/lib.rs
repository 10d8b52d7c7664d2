//! The object memory: tagged words, headers, spaces and the collector.
//!
//! This crate never knows Smalltalk, bytecodes or machine code. Start reading at [`layout`], then
//! [`Heap`].
//!
//! # Spaces
//!
//! ```text
//!  nursery (one mapping; "young" is one unsigned compare)     old space (never moves)
//! +--------------------+------------+------------+           +---------+---------+-----
//! | eden               | survivors  | survivors  |  promote  | segment | segment | ...
//! | bump allocation    | from       | to         | --------> | free lists by size
//! +--------------------+------------+------------+           +---------+---------+-----
//!            | C holds addresses: the mapping itself           large objects: a mapping each
//!            +--------------- becomes an old segment ------->
//! ```
//!
//! # Safe points
//!
//! Allocation never collects and never moves anything. When eden is full, [`Heap::collection_due`]
//! becomes true and allocation goes on, at last in old space; the VM polls it where every live oop
//! stands in a root and calls [`Heap::collect`]. So between two safe points a raw [`Oop`] in a Rust
//! variable is good.
//!
//! # What the safe functions trust
//!
//! An [`Oop`] that is a pointer is the address of a live object of the heap it is used with. Oops
//! come from this heap; making one from bits is `unsafe` ([`Oop::from_bits`]), and so is collecting,
//! whose caller promises that every oop it goes on using was in a root. Under these two promises
//! the accessors are safe: they check kind and bounds, and panic with a message otherwise.

mod access;
mod allocation;
mod free_lists;
mod heap;
mod large;
pub mod layout;
mod limit;
mod mark;
mod memory;
mod nursery;
mod object;
mod old_space;
pub mod oop;
mod pin;
mod remembered;
mod roots;
mod scavenge;
mod snapshot;
mod stats;
mod sweep;
mod tenure;
mod trace;
mod verify;
mod weak;

pub use heap::{
    AllocationWindow, CollectionKind, Heap, HeapError, HeapOptions, NurseryBounds, OutOfMemory,
};
pub use layout::{ClassIndex, Format, Header};
pub use oop::Oop;
pub use roots::Roots;
pub use snapshot::AdoptError;
pub use stats::{GcStats, Pauses};
pub use verify::VerifyError;
