//! Callbacks as machine code and the VM see them: what C's call leaves in memory, and the functions
//! that a callback's machine code calls where its straight path ends.
//!
//! ```text
//!   C ──call──> thunk ──> entry of the signature ──> the block's code ──┐
//!                          │  ^                                          │ leaves to the driver
//!                          │  └──────────── drive ───────────────────────┘
//!                          ├── from_elsewhere   another thread called
//!                          ├── refuse           freed, no room, or the call-out is being left
//!                          └── fail             an argument or the result cannot be converted
//! ```
//!
//! C frames are never jumped over. What wants to leave a callback (an error, a return from a home that
//! lies outside of it, `System exit:`) ends it with a zero result, and goes on where the external
//! call returns: the return address of the method that made the call is replaced, so that nothing is to be
//! tested on the way that is always taken. Where the call stands in the place of a send, C's return address is
//! replaced besides ([`crate::foreign::Foreign::leave_call`]).
#![expect(
    unsafe_code,
    reason = "is called by machine code with addresses of its frames"
)]

use crate::context::{Outcome, VmContext};
use crate::interpreter::RunEnd;
use crate::known::{block, method};
use crate::stack::{self, SuspendedRun};
use crate::vm::Vm;
use gc::oop::Oop;
use std::mem::offset_of;

/// General argument registers that a callback's frame has room for.
pub const INTEGER_REGISTERS: usize = 6;
/// Float argument registers that a callback's frame has room for.
pub const FLOAT_REGISTERS: usize = 8;
/// Bytes of the area in which values are put together or taken apart.
pub const AREA_BYTES: usize = 96;

/// What a callback returns in.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C)]
pub struct ResultRegisters {
    /// rax and rdx.
    pub general: [u64; 2],
    /// xmm0 and xmm1.
    pub float: [[u64; 2]; 2],
    /// st0 and st1, 10 bytes each.
    pub x87: [[u64; 2]; 2],
    /// How many of `x87` are returned.
    pub x87_count: u64,
}

/// The C frame of a callback, on the C stack.
///
/// ```text
///  high   stack arguments
///         return address into C
///         C's callee-saved registers
///         CallbackFrame               <- c_sp while the callback's Smalltalk code runs
///  low    runtime entries, foreign functions that the callback calls
/// ```
///
/// Its first two words are what [`VmContext::c_sp`] asks for.
#[derive(Debug)]
#[repr(C, align(16))]
pub struct CallbackFrame {
    /// `c_sp` of the run outside.
    pub outer_c_sp: u64,
    /// Where code that leaves to its driver goes.
    pub exit: u64,
    /// Where values are put together or taken apart.
    pub area: [u64; AREA_BYTES / 8],
    /// The run that made the external call.
    pub run: SuspendedRun,
    /// The callback.
    pub slot: *mut CallbackSlot,
    /// [`crate::context::HOLDS_ADDRESSES`] where the call that made the callback was given addresses of objects, or 0.
    pub holding: u64,
    /// The oop that the block answered.
    pub result: u64,
    /// The register struct: general argument registers in the order of the convention.
    pub integer_registers: [u64; INTEGER_REGISTERS],
    /// The register struct: float argument registers in the order of the convention.
    pub float_registers: [[u64; 2]; FLOAT_REGISTERS],
    /// What is returned, where the entry does not compute it in the registers themselves.
    pub results: ResultRegisters,
}

// Together they are a register save area (System V psABI, 3.5.7).
const _: () = assert!(
    offset_of!(CallbackFrame, float_registers)
        == offset_of!(CallbackFrame, integer_registers) + 8 * INTEGER_REGISTERS
);

/// What a call from another thread has outside of registers.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[repr(C)]
pub struct CallShape {
    /// 1 for the Microsoft x64 convention, 0 for System V.
    pub microsoft: u32,
    /// Bytes of stack arguments.
    pub stack_bytes: u32,
    /// Bytes of the result that the caller has provided memory for, 0 where it has not; the address is in the first
    /// argument register.
    pub result_bytes: u32,
    /// Numbers that are returned on the x87 stack.
    pub x87_count: u32,
}

/// The data of one callback, beside its thunk's code, which is the same for all.
#[derive(Debug)]
#[repr(C)]
pub struct CallbackSlot {
    /// Machine code that runs the callback: a leaf made for the Block, or `general`.
    pub entry: u64,
    /// The `VmContext`.
    pub context: u64,
    /// The oop of an old Array of the Block and of what the Block has answered last, where C got an address of
    /// that; 0 once the callback is freed.
    pub cell: u64,
    /// The address that C calls.
    pub thunk: u64,
    /// Machine code made for the signature.
    pub general: u64,
    /// How other threads call.
    pub shape: CallShape,
}

/// The functions that a callback's machine code calls, in the context.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct CallbackFunctions {
    /// `fn(context, frame, outcome) -> resume address`: goes on where machine code left to its driver, until the
    /// callback's block has answered. `context.value` is the answer, or 0 where the callback ended without one.
    pub drive: unsafe extern "C" fn(*mut VmContext, *mut CallbackFrame, u64) -> u64,
    /// `fn(context, frame)`: notes why a callback is not run.
    pub refuse: unsafe extern "C" fn(*mut VmContext, *mut CallbackFrame, u64) -> u64,
    /// `fn(context, frame, argument)`: notes that an argument, or the result (0), cannot be converted,
    /// for the reason in `context.failure`.
    pub fail: unsafe extern "C" fn(*mut VmContext, *mut CallbackFrame, u64) -> u64,
    /// `fn(context, frame)`: lets the VM's thread run the callback of another thread; the frame then has the results.
    pub from_elsewhere: unsafe extern "C" fn(*mut VmContext, *mut CallbackFrame),
}

impl CallbackFunctions {
    /// The functions of this module.
    pub const fn new() -> CallbackFunctions {
        CallbackFunctions {
            drive,
            refuse,
            fail,
            from_elsewhere: crate::visitors::from_elsewhere,
        }
    }
}

impl Default for CallbackFunctions {
    fn default() -> CallbackFunctions {
        CallbackFunctions::new()
    }
}

/// Why the VM ended a callback by itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Refusal {
    /// It was freed, or collected.
    Freed,
    /// The C stack has no room for it.
    TooDeep,
    /// An argument or the result cannot be converted.
    Conversion,
}

impl Refusal {
    const fn name(self) -> &'static str {
        match self {
            Refusal::Freed => "freed",
            Refusal::TooDeep => "tooDeep",
            Refusal::Conversion => "conversion",
        }
    }
}

/// The VM of a context.
///
/// # Safety
/// The context belongs to a live VM that is suspended in a foreign call on this thread.
unsafe fn vm_of<'a>(context: *mut VmContext) -> &'a mut Vm {
    // SAFETY: the caller promises a live VM. Whoever made the foreign call uses no reference into
    // the VM before the call is back.
    unsafe { &mut *((*context).vm as *mut Vm) }
}

/// See [`CallbackFunctions::drive`].
unsafe extern "C" fn drive(
    context: *mut VmContext,
    frame: *mut CallbackFrame,
    outcome: u64,
) -> u64 {
    // SAFETY: machine code calls this with its context and the frame that it has built.
    let (vm, frame) = unsafe { (vm_of(context), &mut *frame) };
    vm.drive_callback(frame, Outcome::from_number(outcome))
}

/// See [`CallbackFunctions::refuse`]. A signal handler may call in the midst of Smalltalk code, on the VM
/// stack.
unsafe extern "C" fn refuse(context: *mut VmContext, frame: *mut CallbackFrame, _: u64) -> u64 {
    // SAFETY: as for `drive`.
    let (vm, frame) = unsafe { (vm_of(context), &*frame) };
    if vm.is_unwinding() {
        // The call-out ends with what the first callback ended with.
        return 0;
    }
    // SAFETY: the slot of a thunk lives as long as the code space.
    let slot = unsafe { &*frame.slot };
    if vm.stack.contains(std::ptr::from_ref(frame) as u64) {
        // Nothing is in order for an error of Smalltalk's.
        let signature = vm.callback_signature(slot.general);
        eprintln!("ripley: a callback came in the midst of Smalltalk code: {signature}");
        return 0;
    }
    let reason = if slot.cell == 0 {
        Refusal::Freed
    } else {
        Refusal::TooDeep
    };
    vm.refuse_callback(frame, reason, 0);
    0
}

/// See [`CallbackFunctions::fail`].
unsafe extern "C" fn fail(
    context: *mut VmContext,
    frame: *mut CallbackFrame,
    argument: u64,
) -> u64 {
    // SAFETY: as for `drive`.
    let (vm, frame) = unsafe { (vm_of(context), &*frame) };
    vm.context.sp = frame.run.sp;
    vm.context.fp = frame.run.fp;
    vm.refuse_callback(frame, Refusal::Conversion, argument);
    0
}

impl Vm {
    /// Runs the callback's block to its end, from where its machine code has left to the driver.
    /// Answers where the callback's code goes on.
    fn drive_callback(&mut self, frame: &mut CallbackFrame, outcome: Outcome) -> u64 {
        // SAFETY: as in `refuse`.
        let slot = unsafe { &*frame.slot };
        let count = self.callback_arguments(slot);
        // The base activation returns to the driver instead of the entry's code. The block and its
        // arguments were pushed, and then the address to return to.
        let base = frame.run.sp - 8 * (count as u64 + 2);
        // SAFETY: the entry has pushed that word.
        let resume = unsafe { stack::word(base) };
        let returns_here = self.context.interpreter_return.max(Oop::ZERO.bits());
        // SAFETY: as above.
        unsafe { stack::set_word(base, returns_here) };
        let stack_end = self.stack_end;
        let result = self.run_callback(outcome, count);
        self.set_stack_end(stack_end);
        self.context.sp = frame.run.sp;
        self.context.fp = frame.run.fp;
        match result {
            Ok(answer) => self.context.value = answer.bits(),
            Err(end) => {
                if end != RunEnd::Unwinding {
                    self.ending = Some(end);
                }
                let object = match end {
                    RunEnd::Unwinding => self.context.unwinding,
                    RunEnd::Terminated | RunEnd::Exit(_) => self.boolean(true),
                };
                self.begin_unwinding(object, frame);
                self.context.value = 0;
            }
        }
        resume
    }

    /// Number of arguments of a callback's block.
    fn callback_arguments(&self, slot: &CallbackSlot) -> usize {
        // SAFETY: the cell is an old Array, which whoever frees the callback keeps alive until then.
        let cell = unsafe { Oop::from_bits(slot.cell) };
        let compiled = self.heap().slot(self.heap().slot(cell, 0), block::METHOD);
        debug_assert!(self.heap().slot_count(compiled) >= method::COUNT);
        crate::lookup::header_of(self.heap(), compiled).arguments()
    }

    /// C gets the address of what the block of the innermost callback has answered: it lives until
    /// the block answers again.
    pub(crate) fn keep_answer(&mut self, object: Oop) {
        let frame = self.context.c_sp as *const CallbackFrame;
        // SAFETY: the code of a callback's entry calls this, while its frame is at `c_sp`.
        let cell = unsafe { (*(*frame).slot).cell };
        if cell != 0 {
            // SAFETY: as in `callback_arguments`.
            let cell = unsafe { Oop::from_bits(cell) };
            self.heap_mut().set_slot(cell, 1, object);
        }
    }

    /// True while C runs on to the end of an external call that is to be left.
    pub(crate) fn is_unwinding(&self) -> bool {
        self.context.unwinding != Oop::ZERO
    }

    /// Lets what `object` stands for go on where the external call returns that the current run
    /// is suspended in; the callback with this frame has ended. Until then no callback is run.
    fn begin_unwinding(&mut self, object: Oop, frame: &CallbackFrame) {
        self.context.unwinding = object;
        self.context.c_limit = u64::MAX;
        self.context.unwinding_return = 0;
        let sp = self.context.suspended_sp();
        if !self.stack.contains(sp) {
            return;
        }
        // SAFETY: the run is suspended in a foreign call: the topmost word is a return address, or what
        // stands for one.
        let word = unsafe { stack::word(sp) };
        if self.context.is_in_code(word) {
            self.context.unwinding_return = word;
            // SAFETY: as above.
            unsafe { stack::set_word(sp, self.context.unwinding_stub) };
            let has_begun = self.context.c_sp == std::ptr::from_ref(frame) as u64;
            let c_sp = if has_begun {
                frame.outer_c_sp
            } else {
                self.context.c_sp
            };
            if let Some(foreign) = &self.foreign {
                // SAFETY: as above; C has called the callback, on this thread.
                unsafe { foreign.leave_call(word, c_sp) };
            }
        }
    }

    /// The external call is back: callbacks run again. Answers what is to go on, and the return
    /// address that was replaced, 0 where none was.
    pub(crate) fn end_unwinding(&mut self) -> (Oop, u64) {
        self.context.c_limit = self.c_limit;
        let object = std::mem::replace(&mut self.context.unwinding, Oop::ZERO);
        (object, std::mem::take(&mut self.context.unwinding_return))
    }

    /// Ends a callback with an error of the VM's own: an Array of the reason, the signature,
    /// the argument's number and the reason why it cannot be converted.
    fn refuse_callback(&mut self, frame: &CallbackFrame, reason: Refusal, argument: u64) {
        // SAFETY: as in `refuse`.
        let slot = unsafe { &*frame.slot };
        let signature = self.callback_signature(slot.general);
        let failure = crate::failure::Failure::from_code(self.context.failure);
        let failure = failure.map_or("unsupported", crate::failure::Failure::name);
        let mut parts = || -> Result<Oop, gc::OutOfMemory> {
            let parts = [
                self.symbol(reason.name())?,
                self.string(signature.as_bytes())?,
                Oop::small(argument as i64),
                self.symbol(failure)?,
            ];
            self.array(&parts)
        };
        // Without memory for the words the error is still one.
        let object = parts().unwrap_or(self.context.true_object);
        if self.context.suspended.is_null() && self.context.fp == 0 {
            // No external call is under way: C calls as the process ends.
            eprintln!("ripley: a callback is {}: {signature}", reason.name());
            return;
        }
        self.begin_unwinding(object, frame);
    }

    /// The C signature of callbacks with an entry, as declared.
    pub(crate) fn callback_signature(&self, entry: u64) -> String {
        let foreign = self.foreign.as_ref();
        let name = foreign.and_then(|foreign| foreign.name_of(entry));
        name.unwrap_or_else(|| "a callback".into())
    }
}

/// The thread pointer, which tells threads apart.
#[inline(always)]
pub fn thread_pointer() -> u64 {
    let pointer: u64;
    #[cfg(target_arch = "x86_64")]
    // SAFETY: reads the word at fs:0, the thread's own address (ELF handling for thread-local
    // storage, 3.4.6).
    unsafe {
        std::arch::asm!("mov {}, fs:0", out(reg) pointer, options(nostack, readonly, preserves_flags));
    }
    #[cfg(target_arch = "aarch64")]
    // SAFETY: reads the thread pointer register.
    unsafe {
        std::arch::asm!("mrs {}, tpidr_el0", out(reg) pointer, options(nostack, nomem, preserves_flags));
    }
    pointer
}

/// Bytes of the C stack that callbacks leave to runtime entries, foreign functions and signal handlers.
const C_STACK_RESERVE: u64 = 256 * 1024;

/// Where this thread's C stack begins, its highest address, and the address that its pointer must not get below
/// when a callback begins; zeros where the system does not tell.
pub(crate) fn c_stack() -> (u64, u64) {
    // SAFETY: the attributes are initialised by the first call and destroyed after use.
    unsafe {
        let mut attributes = std::mem::zeroed::<libc::pthread_attr_t>();
        if libc::pthread_getattr_np(libc::pthread_self(), &mut attributes) != 0 {
            return (0, 0);
        }
        let (mut base, mut size) = (std::ptr::null_mut(), 0);
        let known = libc::pthread_attr_getstack(&attributes, &mut base, &mut size) == 0;
        libc::pthread_attr_destroy(&mut attributes);
        if known {
            let (low, size) = (base as u64, size as u64);
            (low + size, low + C_STACK_RESERVE.min(size / 2))
        } else {
            (0, 0)
        }
    }
}
