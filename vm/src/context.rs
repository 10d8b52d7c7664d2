//! The VM's registers: what interpreter, runtime entries and machine code share.
//!
//! Machine code holds the address of the [`VmContext`] in a register for as long as it runs and
//! reads the fields at their `offset_of!`.

use crate::entry::ENTRY_COUNT;
use gc::Heap;
use gc::oop::Oop;

/// What a run of machine code ended with, the result of the `enter` stub.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u64)]
pub enum Outcome {
    /// It returned; `value` is the result, and receiver and arguments are popped.
    Returned = 0,
    /// It gave up before it began: the method that was entered is to be activated by the
    /// interpreter, receiver and arguments being still on the stack. `failure` tells why.
    Failed = 1,
}

/// State shared with machine code. One per VM, at a fixed address.
#[repr(C)]
pub struct VmContext {
    /// VM stack pointer while C or Rust code runs: the address of the topmost word.
    pub sp: u64,
    /// Frame pointer while C or Rust code runs.
    pub fp: u64,
    /// C stack pointer that machine code switches to for runtime entries and foreign calls;
    /// a multiple of 16.
    pub c_sp: u64,
    /// Below this address the VM stack is used up.
    pub stack_limit: u64,
    /// Result of an entry, or of a run of machine code: an oop or the raw bits asked for.
    pub value: u64,
    /// Code of the [`crate::failure::Failure`] of the last failed entry, primitive or call.
    pub failure: u64,
    /// Number of the argument at fault, from 1; 0 for the receiver or none.
    pub failure_argument: u64,
    /// The oop of nil.
    pub nil: Oop,
    /// The oop of true.
    pub true_object: Oop,
    /// The oop of false.
    pub false_object: Oop,
    /// Address of this thread's `errno`.
    pub errno_location: u64,
    /// `errno` as it was right after the last external call.
    pub errno: u64,
    /// Addresses of the runtime entries, indexed by `Entry as usize`.
    pub entries: [u64; ENTRY_COUNT],
    /// Address of the owning `Vm`, for the entries.
    pub vm: u64,
    /// The object memory; its first fields are the allocation window and the nursery bounds.
    pub heap: Heap,
}
