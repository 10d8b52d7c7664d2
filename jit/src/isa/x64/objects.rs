//! Templates that know the representation of objects, see `gc::oop` and `gc::layout`.
//!
//! What is taken apart is taken apart in the temporaries, so that the operand is whole on the
//! way to the label.

use super::calls::ForeignCall;
use super::lower::Lowering;
use super::registers::{TEMP, asm};
use super::stubs::NIL;
use crate::rtl::Visitor;
use crate::rtl::operand::{Fpr, Gpr, Label};
use dynasmrt::{DynamicLabel, DynasmApi, DynasmLabelApi};
use gc::layout::{
    CLASS_INDEX_MASK, FLAG_WITHOUT_NUL, FORMAT_SHIFT, Format, HEADER_BYTES, WORD_BYTES,
};
use gc::oop::{FLOAT_EXPONENT_OFFSET, TAG_BITS, TAG_CHARACTER, TAG_FLOAT, TAG_INTEGER, TAG_MASK};
use vm::known::alien;

/// The byte of the header that tells whether an object is a byte object, and its bit there.
const BYTES_BIT: u32 = FORMAT_SHIFT + Format::BYTES_BASE.trailing_zeros();
const BYTES_PLACE: i8 = (BYTES_BIT / 8) as i8;
const BYTES_MASK: i8 = 1 << (BYTES_BIT % 8);

/// The bit of a String without a NUL among its bytes in that byte, and with it the one of byte objects.
const FLAG_BYTE: i8 = (FLAG_WITHOUT_NUL >> (BYTES_PLACE * 8)) as i8;
const TEXT_MASK: i8 = BYTES_MASK | FLAG_BYTE;
const _: () = assert!(FLAG_WITHOUT_NUL >> (BYTES_PLACE * 8) < 0x80);

/// The rest of an argument that is text, in the registers of the operation.
pub(super) struct TextOfC {
    target: Gpr,
    source: Gpr,
    look: DynamicLabel,
    ready: DynamicLabel,
    refused: DynamicLabel,
    foreign: Option<ForeignCall>,
}

/// The rest of an Alien's address, for one that has no bytes of its own: `temp` is its data.
pub(super) struct AddressOfC {
    target: Gpr,
    source: Gpr,
    begin: DynamicLabel,
    ready: DynamicLabel,
    other: DynamicLabel,
}

/// An integer's bit is the lowest, and no other immediate has it.
const _: () = assert!(TAG_INTEGER == 1 && (TAG_CHARACTER | TAG_FLOAT) & 1 == 0);

/// Where a slot is in its object.
const fn slot_offset(index: usize) -> i8 {
    (HEADER_BYTES + index * WORD_BYTES) as i8
}

impl Lowering<'_> {
    /// Goes to `other` unless `source` has the tag; leaves `source - tag` in `temp`.
    pub(super) fn check_tag(&mut self, source: Gpr, tag: u64, other: Label) {
        let other = self.label_of(other);
        asm!(self.ops
            ; lea temp, [BYTE Rq(source) - tag as i8]
            ; test temp_b, TAG_MASK as i8
            ; jnz =>other
        );
    }

    pub(super) fn unbox_immediate_float(&mut self, target: Fpr, source: Gpr, other: Label) {
        self.check_tag(source, TAG_FLOAT, other);
        asm!(self.ops; shr temp, TAG_BITS as i8);
        // 0 and 1 are the zeros.
        self.compare_byte(TEMP, 1);
        asm!(self.ops
            ; jbe BYTE >zero
            ; mov temp2, QWORD FLOAT_EXPONENT_OFFSET as i64
            ; add temp, temp2
            ; zero:
            ; ror temp, 1
            ; movq Rx(target), temp
        );
    }

    pub(super) fn box_immediate_float(&mut self, target: Gpr, source: Fpr, other: Label) {
        let other = self.label_of(other);
        asm!(self.ops
            ; movq temp, Rx(source)
            ; rol temp, 1
        );
        self.compare_byte(TEMP, 1);
        asm!(self.ops
            ; jbe BYTE >zero
            ; mov temp2, QWORD FLOAT_EXPONENT_OFFSET as i64
            ; sub temp, temp2
        );
        // What would read as a zero needs a box.
        self.compare_byte(TEMP, 1);
        asm!(self.ops
            ; jbe =>other
            ; mov temp2, temp
            ; shr temp2, (u64::BITS - TAG_BITS) as i8
            ; jnz =>other
            ; zero:
            ; lea Rq(target), [temp * 8 + TAG_FLOAT as i32]
        );
    }

    /// C may write there: whether there is a NUL among the bytes is unknown from here on.
    pub(super) fn load_body_address(&mut self, target: Gpr, source: Gpr) {
        asm!(self.ops
            ; and BYTE [BYTE Rq(source) + BYTES_PLACE], !FLAG_BYTE
            ; lea Rq(target), [BYTE Rq(source) + HEADER_BYTES as i8]
        );
    }

    /// Most Strings that C gets it has got before: then their header tells that there is no NUL among their bytes. The stub
    /// looks at the others.
    pub(super) fn load_c_string(&mut self, target: Gpr, source: Gpr, other: Label) {
        let refused = self.label_of(other);
        let look = self.ops.new_dynamic_label();
        let ready = self.ops.new_dynamic_label();
        asm!(self.ops
            ; test Rb(source), TAG_MASK as i8
            ; jnz =>refused
            ; movzx temp_d, BYTE [BYTE Rq(source) + BYTES_PLACE]
            ; and temp_d, BYTE TEXT_MASK
            ; cmp temp_b, TEXT_MASK
            ; jne =>look
            ; lea Rq(target), [BYTE Rq(source) + HEADER_BYTES as i8]
            ; =>ready
        );
        self.texts.push(TextOfC {
            target,
            source,
            look,
            ready,
            refused,
            foreign: self.foreign,
        });
    }

    /// What stands behind the code: texts that C gets for the first time.
    pub(super) fn finish_c_strings(&mut self) {
        for text in std::mem::take(&mut self.texts) {
            self.foreign = text.foreign;
            asm!(self.ops; =>text.look);
            self.move_(TEMP, text.source);
            self.call_stub(self.request.stubs.c_string());
            asm!(self.ops; jnz =>text.refused);
            self.move_(text.target, TEMP);
            asm!(self.ops; jmp =>text.ready);
        }
    }

    /// An immediate's class index is its tag.
    pub(super) fn load_class_index(&mut self, target: Gpr, source: Gpr) {
        asm!(self.ops
            ; mov temp_d, Rd(source)
            ; and temp_d, BYTE TAG_MASK as i8
            ; jnz BYTE >immediate
            ; mov temp_d, DWORD [BYTE Rq(source) + 0]
            ; and temp_d, DWORD CLASS_INDEX_MASK as i32
            ; immediate:
        );
        self.move_(target, TEMP);
    }

    /// An Alien's address counts from the first byte of its data, where it has any: see `Alien` in
    /// the image. What has data is not freed.
    pub(super) fn load_alien_address(&mut self, target: Gpr, source: Gpr, other: Label) {
        let other = self.label_of(other);
        let no_bytes = self.ops.new_dynamic_label();
        let ready = self.ops.new_dynamic_label();
        asm!(self.ops
            ; mov temp, [BYTE Rq(source) + slot_offset(alien::DATA)]
            ; test BYTE [BYTE temp + BYTES_PLACE], BYTES_MASK
            ; jz =>no_bytes
            ; mov temp2, [BYTE Rq(source) + slot_offset(alien::ADDRESS)]
            ; sar temp2, TAG_BITS as i8
            ; lea Rq(target), [BYTE temp2 + temp + HEADER_BYTES as i8]
            ; =>ready
        );
        self.addresses.push(AddressOfC {
            target,
            source,
            begin: no_bytes,
            ready,
            other,
        });
    }

    /// What stands behind the code: Aliens without data are to C memory.
    pub(super) fn finish_alien_addresses(&mut self) {
        for address in std::mem::take(&mut self.addresses) {
            let AddressOfC {
                target,
                source,
                begin,
                ready,
                other,
            } = address;
            asm!(self.ops
                ; =>begin
                ; cmp temp, [BYTE context + NIL]
                ; jne =>other
                ; mov temp2, [BYTE Rq(source) + slot_offset(alien::ADDRESS)]
                ; sar temp2, 1                          // the carry is the SmallInteger's bit
                ; jnc =>other
                ; sar temp2, (TAG_BITS - 1) as i8
                ; mov Rq(target), temp2
                ; jmp =>ready
            );
        }
    }

    pub(super) fn check_byte_object(&mut self, source: Gpr, other: Label) {
        let other = self.label_of(other);
        asm!(self.ops
            ; test Rb(source), TAG_MASK as i8
            ; jnz =>other
            ; test BYTE [BYTE Rq(source) + BYTES_PLACE], BYTES_MASK
            ; jz =>other
        );
    }
}
