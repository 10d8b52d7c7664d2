//! The VM's registers: what interpreter, runtime entries and machine code share.
//!
//! Machine code holds the address of the [`VmContext`] in a register for as long as it runs and
//! reads the fields at their `offset_of!`.

use crate::callback::CallbackFunctions;
use crate::entry::ENTRY_COUNT;
use crate::fault::Fault;
use crate::stack::SuspendedRun;
use crate::visitors::Visitors;
use gc::Heap;
use gc::oop::Oop;
use std::sync::atomic::AtomicU8;

/// What a run of machine code ended with, the result of the `enter` stub.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u64)]
pub enum Outcome {
    /// It returned; `value` is the result, and receiver and arguments are popped.
    Returned = 0,
    /// It gave up before it began: the method that was entered is to be activated by the
    /// interpreter, receiver and arguments being still on the stack. `failure` tells why.
    Failed = 1,
    /// A send found no code for its receiver's class: its return address is the topmost word of
    /// the VM stack, receiver and arguments lie behind it.
    Unlinked = 2,
    /// The current frame goes on in the interpreter, at the pc it has stored.
    Interpret = 3,
    /// The method in `value` is to be activated by the interpreter: the return address is the
    /// topmost word of the VM stack, receiver and arguments lie behind it.
    Activate = 4,
    /// An external call returned that is to be left, see [`crate::callback`]; receiver and arguments
    /// are popped.
    Unwinding = 5,
}

impl Outcome {
    /// The outcome that the `enter` stubs answered.
    ///
    /// # Panics
    /// Where the number is none of an outcome.
    pub fn from_number(number: u64) -> Outcome {
        const ALL: [Outcome; 6] = [
            Outcome::Returned,
            Outcome::Failed,
            Outcome::Unlinked,
            Outcome::Interpret,
            Outcome::Activate,
            Outcome::Unwinding,
        ];
        ALL[number as usize]
    }
}

/// Added to the stack pointer of a run that is suspended in a foreign function which was given addresses of objects. A
/// callback counts such a call among those that the heap knows of, and no longer at its end.
pub const HOLDS_ADDRESSES: u64 = 1;

/// State shared with machine code. One per VM, at a fixed address.
#[repr(C)]
pub struct VmContext {
    /// VM stack pointer while C or Rust code runs: the address of the topmost word. While a foreign function runs that was
    /// given addresses of objects, [`HOLDS_ADDRESSES`] is added to it.
    pub sp: u64,
    /// Frame pointer while C or Rust code runs.
    pub fp: u64,
    /// C stack pointer that machine code switches to for runtime entries and foreign calls; a
    /// multiple of 16. There lie the `c_sp` of the run outside and the address that code which leaves
    /// to its driver goes to.
    pub c_sp: u64,
    /// Below this address the VM stack is used up, or machine code is to come to a safe point:
    /// then it is the greatest address.
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
    /// `errno` as it was right after the last external call, while Rust code runs; machine code leaves it where C has it.
    pub errno: u64,
    /// Return address of the newest frame's callee while a primitive runs: machine code, or
    /// `interpreter_return` where the frame is interpreted.
    pub resume_pc: u64,
    /// The return address that leads back to the driver; 0 where there is no machine code.
    pub interpreter_return: u64,
    /// Where machine code may lie: first address and size in bytes.
    pub code_start: u64,
    /// Size of the stretch that machine code may lie in.
    pub code_size: u64,
    /// The innermost suspended run, or null: what the current run stands on.
    pub suspended: *const SuspendedRun,
    /// Where a callback finds less of the C stack than down to here it is refused; the greatest address
    /// while an external call is being left.
    pub c_limit: u64,
    /// The thread pointer of the VM's thread.
    pub thread: u64,
    /// What the processor refused in the last external call that failed by it.
    pub fault: Fault,
    /// The external-call method whose machine code failed last: its class may have another by now.
    pub failed_method: Oop,
    /// Counts the changes of methods that leaves rely on.
    pub epoch: u32,
    /// Not 0 where a class answers `isNil` or `notNil` in a way of its own.
    pub unusual_nil_tests: u32,
    /// What goes on where the external call returns that a callback has left; 0 for nothing.
    pub unwinding: Oop,
    /// The return address that was replaced by `unwinding_stub`, or 0.
    pub unwinding_return: u64,
    /// The return address that leads to the driver with [`Outcome::Unwinding`].
    pub unwinding_stub: u64,
    /// What the machine code of callbacks calls.
    pub callback: CallbackFunctions,
    /// Callbacks from other threads.
    pub visitors: *const Visitors,
    /// The VM's flags of what its next safe point is to look after.
    pub interrupt: *const AtomicU8,
    /// Addresses of the runtime entries, indexed by `Entry as usize`.
    pub entries: [u64; ENTRY_COUNT],
    /// Address of the owning `Vm`, for the entries.
    pub vm: u64,
    /// The object memory; its first fields are the allocation window and the nursery bounds.
    pub heap: Heap,
}

impl VmContext {
    /// A context without classes, machine code or anything under way.
    pub fn new(heap: Heap, sp: u64, stack_limit: u64, entries: [u64; ENTRY_COUNT]) -> VmContext {
        VmContext {
            sp,
            fp: 0,
            c_sp: 0,
            stack_limit,
            value: 0,
            failure: 0,
            failure_argument: 0,
            nil: Oop::ZERO,
            true_object: Oop::ZERO,
            false_object: Oop::ZERO,
            errno_location: crate::entry::errno_location(),
            errno: 0,
            resume_pc: 0,
            interpreter_return: 0,
            code_start: 0,
            code_size: 0,
            suspended: std::ptr::null(),
            c_limit: 0,
            thread: crate::callback::thread_pointer(),
            fault: Fault::default(),
            failed_method: Oop::ZERO,
            epoch: 0,
            unusual_nil_tests: 1,
            unwinding: Oop::ZERO,
            unwinding_return: 0,
            unwinding_stub: 0,
            callback: CallbackFunctions::new(),
            visitors: std::ptr::null(),
            interrupt: std::ptr::null(),
            entries,
            vm: 0,
            heap,
        }
    }

    /// The stack pointer of a run that is suspended in a foreign function.
    pub fn suspended_sp(&self) -> u64 {
        self.sp & !HOLDS_ADDRESSES
    }

    /// True for an address in the code space.
    #[inline(always)]
    pub fn is_in_code(&self, address: u64) -> bool {
        address.wrapping_sub(self.code_start) < self.code_size
    }

    /// True for a return address that leads into a compiled frame.
    #[inline(always)]
    pub fn is_machine_pc(&self, return_pc: u64) -> bool {
        return_pc != self.interpreter_return && self.is_in_code(return_pc)
    }

    /// Makes machine code come to a safe point soon.
    pub fn request_safe_point(&mut self) {
        self.stack_limit = u64::MAX;
    }
}

/// Makes machine code come to a safe point soon; `stack_limit` is the address of that field.
#[expect(
    unsafe_code,
    reason = "writes a field of the context from a signal handler"
)]
pub(crate) fn request_safe_point_at(stack_limit: usize) {
    // SAFETY: whoever holds the address keeps the VM alive; the word is written whole.
    unsafe { &*(stack_limit as *const std::sync::atomic::AtomicU64) }
        .store(u64::MAX, std::sync::atomic::Ordering::Relaxed);
}
