//! Templates of leaves: callbacks whose Block calls nothing, run on the C stack as a C function would be.
//!
//! The frame is that of `crate::leaf`; see there for the drawing.

use super::callbacks::Convention;
use super::lower::Lowering;
use super::registers::{TEMP, asm};
use crate::leaf::LeafFrame;
use crate::rtl::operand::{Fpr, Label};
use dynasmrt::{DynasmApi, DynasmLabelApi};
use std::mem::offset_of;
use vm::callback::CallbackSlot;
use vm::context::VmContext;

const SLOT_CONTEXT: i8 = offset_of!(CallbackSlot, context) as i8;
const C_LIMIT: i32 = offset_of!(VmContext, c_limit) as i32;
const EPOCH: i32 = offset_of!(VmContext, epoch) as i32;

const SAVED_RBX: i8 = LeafFrame::saved(0) as i8;
const SAVED_R14: i8 = LeafFrame::saved(1) as i8;
const SAVED_R15: i8 = LeafFrame::saved(2) as i8;
const SLOT: i8 = LeafFrame::SLOT as i8;

impl Lowering<'_> {
    pub(super) fn build_leaf_frame(&mut self, words: i64, epoch: i64, other: Label) {
        let (integers, floats) = self.leaf_registers;
        let other = self.label_of(other);
        asm!(self.ops
            ; push rbp
            ; mov rbp, rsp
            ; sub rsp, words as i32 * 8
            ; mov [BYTE rbp + SAVED_RBX], rbx
            ; mov [BYTE rbp + SAVED_R14], r14
            ; mov [BYTE rbp + SAVED_R15], r15
            ; mov [BYTE rbp + SLOT], r11
            ; mov context, [BYTE r11 + SLOT_CONTEXT]
        );
        let registers = Convention::SystemV.integers();
        for (place, &register) in registers.iter().enumerate().take(integers) {
            let offset = LeafFrame::integer(place) as i32;
            asm!(self.ops; mov [rbp + offset], Rq(register));
        }
        for place in 0..floats {
            let offset = LeafFrame::float(integers, place) as i32;
            asm!(self.ops; movsd [rbp + offset], Rx(Fpr::new(place as u8)));
        }
        asm!(self.ops
            ; cmp rsp, [context + C_LIMIT]
            ; jb =>other
            ; cmp DWORD [context + EPOCH], DWORD epoch as i32
            ; jne =>other
        );
    }

    fn restore_saved(&mut self) {
        asm!(self.ops
            ; mov rbx, [BYTE rbp + SAVED_RBX]
            ; mov r14, [BYTE rbp + SAVED_R14]
            ; mov r15, [BYTE rbp + SAVED_R15]
        );
    }

    pub(super) fn return_from_leaf(&mut self) {
        self.restore_saved();
        asm!(self.ops; leave; ret);
    }

    /// `request.function` is the general entry.
    pub(super) fn go_to_general_entry(&mut self) {
        let (integers, floats) = self.leaf_registers;
        let registers = Convention::SystemV.integers();
        for (place, &register) in registers.iter().enumerate().take(integers) {
            let offset = LeafFrame::integer(place) as i32;
            asm!(self.ops; mov Rq(register), [rbp + offset]);
        }
        for place in 0..floats {
            let offset = LeafFrame::float(integers, place) as i32;
            asm!(self.ops; movsd Rx(Fpr::new(place as u8)), [rbp + offset]);
        }
        self.restore_saved();
        asm!(self.ops
            ; mov r11, [BYTE rbp + SLOT]
            ; leave
        );
        self.load_constant(TEMP, self.request.function as i64);
        asm!(self.ops; jmp temp);
    }
}
