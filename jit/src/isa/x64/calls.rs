//! Templates that leave the method's code: stubs, runtime entries, foreign functions.

use super::lower::Lowering;
use super::registers::asm;
use super::stubs::{C_SP, ERRNO, ERRNO_LOCATION, FP, SP};
use crate::lowering::Fixup;
use crate::rtl::operand::{Gpr, Label};
use dynasmrt::{DynasmApi, DynasmLabelApi};
use gc::Heap;
use gc::oop::Oop;
use std::mem::offset_of;
use vm::context::VmContext;
use vm::entry::Entry;

const HELD: i32 = (offset_of!(VmContext, heap) + Heap::OFFSET_HELD) as i32;
const HELD_FLOOR: i32 = (offset_of!(VmContext, heap) + Heap::OFFSET_HELD_FLOOR) as i32;

impl Lowering<'_> {
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
        let function = self.request.function;
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
    /// here on objects whose addresses C gets do not move, see `Heap::hold_addresses`.
    fn switch_to_c_stack(&mut self) {
        if self.request.facts.takes_addresses {
            asm!(self.ops; inc DWORD [context + HELD]);
        }
        asm!(self.ops
            ; mov [BYTE context + SP], stack
            ; mov [BYTE context + FP], frame
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
            ; mov stack, [BYTE context + SP]
            ; mov temp, [BYTE context + ERRNO_LOCATION]
            ; mov temp_d, [temp]
            ; mov [BYTE context + ERRNO], temp
        );
        self.release_addresses();
    }

    /// Undoes what `switch_to_c_stack` did for addresses.
    pub(super) fn release_addresses(&mut self) {
        if self.request.facts.takes_addresses {
            asm!(self.ops
                ; dec DWORD [context + HELD]
                ; mov temp_d, [context + HELD]
                ; cmp temp_d, [context + HELD_FLOOR]
                ; jae BYTE >kept
                ; mov [context + HELD_FLOOR], temp_d
                ; kept:
            );
        }
    }
}
