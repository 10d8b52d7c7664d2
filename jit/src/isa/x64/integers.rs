//! Arithmetic on tagged SmallIntegers: `8 * value + 1`, see `gc::oop`.
//!
//! Results are made in the temporaries, so that the operands are whole on the way to the label.

use super::lower::Lowering;
use super::registers::{RAX, asm};
use crate::rtl::operand::{Gpr, Label};
use dynasmrt::{DynasmApi, DynasmLabelApi};
use gc::oop::{TAG_BITS, TAG_INTEGER};
use vm::primitives::{SCRAMBLE_FACTOR, SCRAMBLE_MASK};

const TAG: i8 = TAG_INTEGER as i8;
const BITS: i8 = TAG_BITS as i8;

impl Lowering<'_> {
    /// At the start of a primitive's code; uses any register.
    pub(super) fn return_scrambled(&mut self, other: Label) {
        self.load_operand(RAX, 0);
        self.check_tag(RAX, TAG_INTEGER, other);
        asm!(self.ops
            ; sar rax, TAG_BITS as i8
            ; mov rcx, QWORD SCRAMBLE_MASK as i64
            ; xor rax, rcx
            ; mov rcx, QWORD SCRAMBLE_FACTOR as i64
            ; mul rcx
            ; xor eax, edx
            ; lea rax, [rax * 8 + TAG_INTEGER as i32]
        );
        self.return_from_method();
    }

    /// No two tags share a bit: the tag's bit is set in both where it is set in their AND.
    pub(super) fn check_both_integers(&mut self, left: Gpr, right: Gpr, other: Label) {
        let other = self.label_of(other);
        asm!(self.ops
            ; mov temp_d, Rd(left)
            ; and temp_d, Rd(right)
            ; test temp_b, TAG
            ; jz =>other
        );
    }

    pub(super) fn add_integers(&mut self, target: Gpr, left: Gpr, right: Gpr, overflow: Label) {
        let overflow = self.label_of(overflow);
        asm!(self.ops
            ; lea temp, [BYTE Rq(left) - TAG]
            ; add temp, Rq(right)
            ; jo =>overflow
            ; mov Rq(target), temp
        );
    }

    pub(super) fn add_integer_constant(
        &mut self,
        target: Gpr,
        left: Gpr,
        value: i64,
        overflow: Label,
    ) {
        let overflow = self.label_of(overflow);
        // The producer keeps the value within 28 bits.
        asm!(self.ops
            ; mov temp, Rq(left)
            ; add temp, (value << TAG_BITS) as i32
            ; jo =>overflow
            ; mov Rq(target), temp
        );
    }

    pub(super) fn subtract_integers(
        &mut self,
        target: Gpr,
        left: Gpr,
        right: Gpr,
        overflow: Label,
    ) {
        let overflow = self.label_of(overflow);
        asm!(self.ops
            ; mov temp, Rq(left)
            ; sub temp, Rq(right)
            ; jo =>overflow
            ; lea Rq(target), [BYTE temp + TAG]
        );
    }

    pub(super) fn multiply_integers(
        &mut self,
        target: Gpr,
        left: Gpr,
        right: Gpr,
        overflow: Label,
    ) {
        let overflow = self.label_of(overflow);
        asm!(self.ops
            ; mov temp, Rq(left)
            ; sar temp, BITS
            ; lea temp2, [BYTE Rq(right) - TAG]
            ; imul temp, temp2
            ; jo =>overflow
            ; lea Rq(target), [BYTE temp + TAG]
        );
    }

    /// Leaves the divisor in `temp` and the dividend in `temp2`; 0 and -1, which can overflow, go
    /// to `other`.
    fn division_operands(&mut self, left: Gpr, right: Gpr, other: Label) {
        let other = self.label_of(other);
        asm!(self.ops
            ; mov temp, Rq(right)
            ; sar temp, BITS
            ; lea temp2, [BYTE temp + 1]
            ; cmp temp2, 1
            ; jbe =>other
            ; mov temp2, Rq(left)
            ; sar temp2, BITS
        );
    }

    pub(super) fn divide_integers(&mut self, target: Gpr, left: Gpr, right: Gpr, other: Label) {
        self.division_operands(left, right, other);
        asm!(self.ops
            ; push rax
            ; push rdx
            ; mov rax, temp2
            ; cqo
            ; idiv temp
            ; lea temp, [rax * 8 + TAG as i32]
            ; pop rdx
            ; pop rax
            ; mov Rq(target), temp
        );
    }

    pub(super) fn modulo_integers(&mut self, target: Gpr, left: Gpr, right: Gpr, other: Label) {
        self.division_operands(left, right, other);
        asm!(self.ops
            ; push rax
            ; push rdx
            ; mov rax, temp2
            ; cqo
            ; idiv temp
            ; test rdx, rdx
            ; jz BYTE >same
            ; mov rax, rdx
            ; xor rax, temp
            ; jns BYTE >same
            ; add rdx, temp
            ; same:
            ; lea temp, [rdx * 8 + TAG as i32]
            ; pop rdx
            ; pop rax
            ; mov Rq(target), temp
        );
    }
}
