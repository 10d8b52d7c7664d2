//! Templates of callbacks: from C into a Block's code and back.
//!
//! ```text
//!  high   stack arguments
//!         return address into C       <- rsp on entry
//!         rbp rbx r12 r13 r14 r15
//!         rdi rsi xmm6 … xmm15        Microsoft x64 only
//!         padding
//!         CallbackFrame               <- r12 (cstack), c_sp
//! ```
//!
//! The thunk that C calls leaves the address of the callback's slot in r11, which no convention
//! passes anything in.

use super::lower::Lowering;
use super::registers::{R8, R9, RCX, RDI, RDX, RSI, asm};
use super::stubs::{C_SP, FAILURE, FP, SP, pop_saved_registers, push_saved_registers};
use crate::rtl::operand::{Fpr, Gpr, Label};
use dynasmrt::x64::X64Relocation;
use dynasmrt::{DynasmApi, DynasmLabelApi, VecAssembler};
use gc::Heap;
use gc::layout::HEADER_BYTES;
use gc::oop::TAG_BITS;
use std::mem::offset_of;
use vm::callback::{
    CallbackFrame, CallbackFunctions, CallbackSlot, FLOAT_REGISTERS, ResultRegisters,
};
use vm::context::{HOLDS_ADDRESSES, VmContext};
use vm::known::{block, method};
use vm::stack::SuspendedRun;

const OUTER_C_SP: i32 = offset_of!(CallbackFrame, outer_c_sp) as i32;
const EXIT: i32 = offset_of!(CallbackFrame, exit) as i32;
const SLOT: i32 = offset_of!(CallbackFrame, slot) as i32;
const RUN: i32 = offset_of!(CallbackFrame, run) as i32;
/// From the frame to the VM stack pointer of the run that made the external call.
pub(super) const RUN_SP: i32 = RUN + offset_of!(SuspendedRun, sp) as i32;
const RUN_FP: i32 = RUN + offset_of!(SuspendedRun, fp) as i32;
const RUN_OUTER: i32 = RUN + offset_of!(SuspendedRun, outer) as i32;
const RUN_IS_CALLBACK: i32 = RUN + offset_of!(SuspendedRun, is_callback) as i32;
const INTEGERS: i32 = offset_of!(CallbackFrame, integer_registers) as i32;
const FLOATS: i32 = offset_of!(CallbackFrame, float_registers) as i32;
const RESULTS: i32 = offset_of!(CallbackFrame, results) as i32;
const GENERAL_RESULTS: i32 = RESULTS + offset_of!(ResultRegisters, general) as i32;
const FLOAT_RESULTS: i32 = RESULTS + offset_of!(ResultRegisters, float) as i32;
const X87_RESULTS: i32 = RESULTS + offset_of!(ResultRegisters, x87) as i32;
const X87_COUNT: i32 = RESULTS + offset_of!(ResultRegisters, x87_count) as i32;
// Code that leaves to its driver pops these two, see `assemble_enter`.
const _: () = assert!(OUTER_C_SP == 0 && EXIT == 8);

const SLOT_CONTEXT: i8 = offset_of!(CallbackSlot, context) as i8;
const SLOT_CELL: i8 = offset_of!(CallbackSlot, cell) as i8;

const SUSPENDED: i32 = offset_of!(VmContext, suspended) as i32;
const C_LIMIT: i32 = offset_of!(VmContext, c_limit) as i32;
const FUNCTIONS: i32 = offset_of!(VmContext, callback) as i32;
/// From the context to the function that goes on where code has left to its driver.
pub(super) const DRIVE: i32 = FUNCTIONS + offset_of!(CallbackFunctions, drive) as i32;
const REFUSE: i32 = FUNCTIONS + offset_of!(CallbackFunctions, refuse) as i32;
const FAIL: i32 = FUNCTIONS + offset_of!(CallbackFunctions, fail) as i32;
const FROM_ELSEWHERE: i32 = FUNCTIONS + offset_of!(CallbackFunctions, from_elsewhere) as i32;

const CALLER_HOLDING: i32 = offset_of!(CallbackFrame, holding) as i32;
const HELD: i32 = (offset_of!(VmContext, heap) + Heap::OFFSET_HELD) as i32;
const HELD_FLOOR: i32 = (offset_of!(VmContext, heap) + Heap::OFFSET_HELD_FLOOR) as i32;

/// rbp, rbx, r12 to r15.
const SAVED_BYTES: i32 = 6 * 8;
const FRAME_BYTES: i32 = size_of::<CallbackFrame>() as i32 + 8;
/// xmm6 to xmm15.
const SAVED_FLOATS: std::ops::Range<u8> = 6..16;
const SAVED_FLOAT_BYTES: i32 = 16 * (SAVED_FLOATS.end - SAVED_FLOATS.start) as i32;
/// rdi, rsi and the saved float registers.
const MICROSOFT_BYTES: i32 = 2 * 8 + SAVED_FLOAT_BYTES;
// The frame lies at a multiple of 16: the return address is the odd word.
const _: () = assert!((FRAME_BYTES + SAVED_BYTES + 8) % 16 == 0 && MICROSOFT_BYTES % 16 == 0);

/// How C calls.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Convention {
    /// System V AMD64 psABI, 3.2.
    SystemV,
    /// Microsoft x64.
    Microsoft,
}

impl Convention {
    /// The convention of an `enterCallback`.
    pub fn from_number(number: i64) -> Convention {
        match number {
            0 => Convention::SystemV,
            _ => Convention::Microsoft,
        }
    }

    /// The general argument registers.
    pub const fn integers(self) -> &'static [Gpr] {
        match self {
            Convention::SystemV => &[RDI, RSI, RDX, RCX, R8, R9],
            Convention::Microsoft => &[RCX, RDX, R8, R9],
        }
    }

    /// From the frame to what is above the return address: the stack arguments, or Microsoft's home
    /// space.
    pub const fn stack_offset(self) -> usize {
        let common = (FRAME_BYTES + SAVED_BYTES + 8) as usize;
        match self {
            Convention::SystemV => common,
            Convention::Microsoft => common + MICROSOFT_BYTES as usize,
        }
    }
}

type Assembler = VecAssembler<X64Relocation>;

/// Saves what is C's. r11 has the address of the callback's slot.
pub(super) fn build_callback_frame(ops: &mut Assembler, convention: Convention) {
    push_saved_registers(ops);
    if convention == Convention::Microsoft {
        asm!(ops
            ; push rdi
            ; push rsi
            ; sub rsp, DWORD SAVED_FLOAT_BYTES
        );
        for (place, number) in SAVED_FLOATS.enumerate() {
            asm!(ops; movups [rsp + place as i32 * 16], Rx(Fpr::new(number)));
        }
    }
    asm!(ops
        ; sub rsp, DWORD FRAME_BYTES
        ; mov cstack, rsp
        ; mov context, [BYTE r11 + SLOT_CONTEXT]
        ; mov [cstack + SLOT], r11
    );
}

/// Lets the VM's thread run a callback that another thread makes, and returns what it has left in the frame. This
/// is code of the thunks' pages, which are never written again: those of the code space may be
/// written, and cannot be executed meanwhile.
pub(super) fn call_from_elsewhere(ops: &mut Assembler, convention: Convention) {
    build_callback_frame(ops, convention);
    save_integer_registers(ops, convention);
    for number in 0..FLOAT_REGISTERS as u8 {
        asm!(ops; movups [cstack + FLOATS + number as i32 * 16], Rx(Fpr::new(number)));
    }
    asm!(ops
        ; mov rdi, context
        ; mov rsi, cstack
        ; call QWORD [context + FROM_ELSEWHERE]
    );
    load_results(ops);
    return_to_c(ops, convention);
}

fn save_integer_registers(ops: &mut Assembler, convention: Convention) {
    for (place, &register) in convention.integers().iter().enumerate() {
        asm!(ops; mov [cstack + INTEGERS + place as i32 * 8], Rq(register));
    }
}

/// What is left in the frame goes to the registers.
fn load_results(ops: &mut Assembler) {
    asm!(ops
        ; mov rax, [cstack + X87_COUNT]
        ; cmp rax, BYTE 2
        ; jb >one
        ; fld TWORD [cstack + X87_RESULTS + 16]
        ; one:
        ; test rax, rax
        ; jz >none
        ; fld TWORD [cstack + X87_RESULTS]
        ; none:
        ; mov rax, [cstack + GENERAL_RESULTS]
        ; mov rdx, [cstack + GENERAL_RESULTS + 8]
        ; movups xmm0, [cstack + FLOAT_RESULTS]
        ; movups xmm1, [cstack + FLOAT_RESULTS + 16]
    );
}

pub(super) fn return_to_c(ops: &mut Assembler, convention: Convention) {
    asm!(ops; add rsp, DWORD FRAME_BYTES);
    if convention == Convention::Microsoft {
        for (place, number) in SAVED_FLOATS.enumerate() {
            asm!(ops; movups Rx(Fpr::new(number)), [rsp + place as i32 * 16]);
        }
        asm!(ops
            ; add rsp, DWORD SAVED_FLOAT_BYTES
            ; pop rsi
            ; pop rdi
        );
    }
    pop_saved_registers(ops);
    asm!(ops; ret);
}

impl Lowering<'_> {
    /// Goes elsewhere where the callback was freed, and where the C stack has no room. This way out stands in
    /// line, but is jumped over.
    pub(super) fn check_callback(&mut self, convention: Convention, refused: Label) {
        let refused = self.label_of(refused);
        asm!(self.ops
            ; cmp rsp, [context + C_LIMIT]
            ; jb >refuse
            ; mov temp, [BYTE r11 + SLOT_CELL]
            ; test temp, temp
            ; jnz >run
            ; refuse:
        );
        // The address of the room for a result may be among them.
        save_integer_registers(&mut self.ops, convention);
        asm!(self.ops
            ; mov rdi, context
            ; mov rsi, cstack
            ; call QWORD [context + REFUSE]
            ; jmp =>refused
            ; run:
        );
    }

    /// The run that called C is suspended; `temp` is the callback's cell. The argument registers stay.
    pub(super) fn suspend_caller(&mut self) {
        let room = (self.request.argument_count as i32 + 1) * 8;
        asm!(self.ops
            ; mov rax, [BYTE context + C_SP]
            ; mov [cstack + OUTER_C_SP], rax
            ; lea rax, [rip + 0]
        );
        self.fix_up(self.request.stubs.callback_exit());
        asm!(self.ops
            ; mov [cstack + EXIT], rax
            ; mov [BYTE context + C_SP], cstack
            ; mov temp2, [BYTE context + FP]
            ; mov [cstack + RUN_FP], temp2
            ; mov rax, [context + SUSPENDED]
            ; mov [cstack + RUN_OUTER], rax
            ; mov QWORD [cstack + RUN_IS_CALLBACK], 1
            ; lea temp2, [cstack + RUN]
            ; mov [context + SUSPENDED], temp2
            ; mov stack, [BYTE context + SP]
            ; mov eax, esp
            ; and eax, BYTE HOLDS_ADDRESSES as i8
            ; mov [cstack + CALLER_HOLDING], rax
            ; add [context + HELD], eax
            ; sub stack, rax
            ; mov [cstack + RUN_SP], stack
            ; sub stack, DWORD room
            ; mov rax, [temp + HEADER_BYTES as i32]
            ; mov [stack + room - 8], rax
            ; xor ebp, ebp
        );
    }

    pub(super) fn push_callback_argument(&mut self, index: usize, source: Gpr) {
        let offset = (self.request.argument_count - index) as i32 * 8;
        asm!(self.ops; mov [stack + offset], Rq(source));
    }

    /// The Block's code returns here; so does the driver, after it has run what the code left to it.
    pub(super) fn call_callback_block(&mut self, ended: Label) {
        let ended = self.label_of(ended);
        let receiver = self.request.argument_count as i32 * 8;
        let slot = |index: usize| (HEADER_BYTES + index * 8) as i32;
        asm!(self.ops
            ; mov rax, [stack + receiver]
            ; mov temp, [rax + slot(block::METHOD)]
            ; mov temp, [temp + slot(method::CODE)]
            ; sar temp, TAG_BITS as i8
            ; jle >uncompiled
            ; call temp
            ; jmp >back
            ; uncompiled:
        );
        self.call_stub(self.request.stubs.exit_unlinked());
        asm!(self.ops
            ; back:
            ; mov cstack, [BYTE context + C_SP]
            ; test rax, rax
            ; jz =>ended
        );
    }

    /// In the midst of converting: the VM stack is of no use any more.
    pub(super) fn note_failed_callback(&mut self, argument: i64, reason: i64) {
        if reason != 0 {
            asm!(self.ops; mov QWORD [BYTE context + FAILURE], DWORD reason as i32);
        }
        asm!(self.ops
            ; mov rdi, context
            ; mov rsi, cstack
            ; mov edx, DWORD argument as i32
            ; mov rsp, cstack
            ; call QWORD [context + FAIL]
        );
    }

    /// `result` and its fellows hold the result.
    pub(super) fn go_back_to_caller(&mut self) {
        asm!(self.ops
            ; mov rsp, cstack
            ; mov temp, [cstack + RUN_FP]
            ; mov [BYTE context + FP], temp
            ; mov temp, [cstack + RUN_OUTER]
            ; mov [context + SUSPENDED], temp
            ; mov temp, [cstack + OUTER_C_SP]
            ; mov [BYTE context + C_SP], temp
            ; mov temp, [cstack + CALLER_HOLDING]
            ; test temp_d, temp_d
            ; jz >kept
            ; mov temp2_d, [context + HELD]
            ; dec temp2_d
            ; mov [context + HELD], temp2_d
            ; cmp temp2_d, [context + HELD_FLOOR]
            ; jae >kept
            // The nursery was tenured meanwhile: what C has addresses of is old now, and stays.
            ; mov [context + HELD_FLOOR], temp2_d
            ; xor temp_d, temp_d
            ; kept:
            ; add temp, [cstack + RUN_SP]
            ; mov [BYTE context + SP], temp
        );
    }
}
