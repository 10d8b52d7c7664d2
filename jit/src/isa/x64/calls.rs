//! Templates that leave the method's code: stubs, runtime entries, foreign functions.

use super::lower::Lowering;
use super::registers::{R13, RESULT, asm};
use super::stubs::{C_SP, ERRNO, FP, SP, UNWINDING};
use crate::lowering::Fixup;
use crate::rtl::Visitor;
use crate::rtl::operand::{Gpr, Label};
use dynasmrt::{DynasmApi, DynasmLabelApi};
use gc::oop::Oop;
use std::mem::offset_of;
use vm::context::VmContext;
use vm::entry::Entry;

const HOLDING: i32 = offset_of!(VmContext, holding) as i32;

/// Keeps the VM stack pointer while C runs, beside the context: what comes next need not wait for memory. Callee-saved
/// in C; whoever calls a method has nothing in it.
const KEPT_STACK: Gpr = R13;

/// Where `errno` lies from the thread pointer: the same in all threads, since it is in the C library's static part
/// (ELF Handling For Thread-Local Storage, 4.3.2).
fn errno_offset() -> i32 {
    let thread: u64;
    // SAFETY: reads the thread pointer, which the psABI (3.4.6) puts where fs points to; `errno` is always there.
    let errno = unsafe {
        std::arch::asm!("mov {}, fs:0", out(reg) thread, options(nostack, readonly));
        libc::__errno_location() as u64
    };
    i32::try_from(errno.wrapping_sub(thread) as i64).expect("errno is near the thread pointer")
}

/// What `VmContext::unwinding` is while no call is being left.
const NOTHING: i32 = Oop::ZERO.bits() as i32;

/// A foreign call in the place of a send.
#[derive(Clone, Copy)]
pub(super) struct ForeignCall {
    /// C gets addresses of objects.
    pub(super) holds: bool,
    /// `cstack` is the call's own.
    pub(super) reserves: bool,
}

impl Lowering<'_> {
    /// The stack becomes that of an external-call method's code. `cstack` must be right for slow paths that stand
    /// behind `reserve`.
    pub(super) fn begin_foreign_call(&mut self, back: Label, holds: bool, reserves: bool) {
        let back = self.label_of(back);
        asm!(self.ops
            ; lea temp, [=>back]
            ; push temp
        );
        if reserves {
            asm!(self.ops; mov cstack, [BYTE context + C_SP]);
        }
        self.foreign = Some(ForeignCall { holds, reserves });
    }

    /// Where a callback has left the call, its return address is another one by now: see
    /// `vm::callback`.
    pub(super) fn end_foreign_call(&mut self, source: Gpr, words: i64, done: Option<Label>) {
        self.move_(RESULT, source);
        let leaving = self.ops.new_dynamic_label();
        asm!(self.ops
            ; cmp QWORD [context + UNWINDING], DWORD NOTHING
            ; jne =>leaving
            ; add rsp, DWORD words as i32 * 8
        );
        if let Some(done) = done {
            let done = self.label_of(done);
            asm!(self.ops; jmp =>done);
        }
        self.leavings.push((leaving, (words as i16 - 1) * 8));
    }

    /// The last four bytes of the code are a distance to `target`.
    pub(super) fn fix_up(&mut self, target: u64) {
        let offset = self.offset() - 4;
        self.fixups.push(Fixup { offset, target });
    }

    pub(super) fn call_stub(&mut self, stub: u64) {
        asm!(self.ops; call DWORD 0);
        self.fix_up(stub);
    }

    pub(super) fn jump_to_stub(&mut self, stub: u64) {
        asm!(self.ops; jmp DWORD 0);
        self.fix_up(stub);
    }

    /// Calls a runtime entry with the value in `temp`, and leaves its result there.
    pub(super) fn call_entry(&mut self, entry: Entry, extra: Option<Oop>, failed: Label) {
        let failed = self.label_of(failed);
        let extra = extra.map_or(0, |object| object.bits() as i64);
        self.load_constant(super::registers::TEMP2, extra);
        if !self.reserves() {
            asm!(self.ops; mov cstack, [BYTE context + C_SP]);
        }
        self.call_stub(self.request.stubs.entry(entry));
        asm!(self.ops; jnz =>failed);
    }

    pub(super) fn call_linked_function(&mut self) {
        self.call_function_at(self.request.function);
    }

    pub(super) fn call_function_at(&mut self, function: u64) {
        self.switch_to_c_stack();
        if self.is_near(function) {
            asm!(self.ops; call DWORD 0);
            self.fix_up(function);
        } else {
            asm!(self.ops
                ; mov temp2, QWORD function as i64
                ; call temp2
            );
        }
        self.mark_call();
        self.switch_back();
    }

    pub(super) fn call_address(&mut self, function: Gpr) {
        self.switch_to_c_stack();
        asm!(self.ops; call Rq(function));
        self.mark_call();
        self.switch_back();
    }

    /// True where every place in the code space reaches `target` with 32 bits.
    fn is_near(&self, target: u64) -> bool {
        let space = &self.request.code_space;
        let reaches = |from: u64| i32::try_from(target.wrapping_sub(from) as i64).is_ok();
        reaches(space.start) && reaches(space.end)
    }

    /// The VM's registers go to the context, for callbacks; the arguments' registers stay. From
    /// here on objects whose addresses C gets do not move: a callback, without which there is no collection, finds
    /// `holding` and calls `Heap::hold_addresses` in its way.
    fn switch_to_c_stack(&mut self) {
        if self.holds() {
            asm!(self.ops; mov DWORD [context + HOLDING], 1);
        }
        asm!(self.ops
            ; mov [BYTE context + SP], stack
            ; mov [BYTE context + FP], frame
            ; mov Rq(KEPT_STACK), stack
        );
        if self.reserves() {
            asm!(self.ops; mov rsp, cstack);
        } else {
            asm!(self.ops; mov rsp, [BYTE context + C_SP]);
        }
    }

    /// `errno` is kept before anything else can change it; the results' registers stay. The frame
    /// register is callee-saved in C.
    fn switch_back(&mut self) {
        asm!(self.ops
            ; mov stack, Rq(KEPT_STACK)
            // mov temp_d, fs:[offset]
            ; .bytes [0x64, 0x44, 0x8B, 0x14, 0x25]
            ; .i32 errno_offset()
            ; mov [BYTE context + ERRNO], temp
        );
        self.release_addresses();
    }

    /// Undoes what `switch_to_c_stack` did for addresses.
    pub(super) fn release_addresses(&mut self) {
        if self.holds() {
            asm!(self.ops; mov DWORD [context + HOLDING], 0);
        }
    }
}
