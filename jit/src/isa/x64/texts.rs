//! Templates for methods of Strings: what programs that read text do at every byte.
//!
//! They stand at the start of a primitive's code, without a frame, and use any register.

use super::frames::slot_offset;
use super::lower::Lowering;
use super::registers::{RAX, TEMP2, asm};
use super::stubs::NIL;
use crate::rtl::operand::Label;
use dynasmrt::{DynasmApi, DynasmLabelApi};
use gc::Heap;
use gc::layout::{
    CLASS_INDEX_MASK, FORMAT_MASK, FORMAT_SHIFT, Format, OVERFLOW_COUNT_MASK, SLOTS_OVERFLOW,
    SLOTS_SHIFT, WORD_BYTES,
};
use gc::oop::{TAG_BITS, TAG_INTEGER, TAG_MASK};
use std::mem::offset_of;
use vm::context::VmContext;
use vm::known::index;

const HEAP: usize = offset_of!(VmContext, heap);
const NEXT: i32 = (HEAP + Heap::OFFSET_WINDOW_NEXT) as i32;
const LIMIT: i32 = (HEAP + Heap::OFFSET_WINDOW_LIMIT) as i32;
/// Brings an overflow word's count to the top and back.
const COUNT_SHIFT: i8 = OVERFLOW_COUNT_MASK.leading_zeros() as i8;
/// Format of a byte object whose last word has `FORMAT - FULL` unused bytes.
const FULL: u64 = Format::BYTES_BASE as u64 - 1;
/// The header's bits that tell how many bytes there are.
const LENGTH_BITS: u64 = FORMAT_MASK << FORMAT_SHIFT | SLOTS_OVERFLOW << SLOTS_SHIFT;
/// The header of a String of one byte.
const ONE_BYTE: u64 = index::STRING.index() as u64
    | (FULL + WORD_BYTES as u64 - 1) << FORMAT_SHIFT
    | 1 << SLOTS_SHIFT;

impl Lowering<'_> {
    /// Receiver in rax; goes to `other` unless it is a String. Leaves its header in rcx.
    fn load_string(&mut self, other: Label) {
        self.load_operand(RAX, 0);
        let other = self.label_of(other);
        asm!(self.ops
            ; test al, TAG_MASK as i8
            ; jnz =>other
            ; mov rcx, [rax]
            ; mov edx, ecx
            ; and edx, DWORD CLASS_INDEX_MASK as i32
            ; cmp edx, DWORD index::STRING.index() as i32
            ; jne =>other
        );
    }

    /// A byte object in rax, its header in rcx; leaves the number of its bytes there. Uses rdx.
    fn count_bytes(&mut self) {
        asm!(self.ops
            ; mov edx, ecx
            ; shr edx, FORMAT_SHIFT as i8
            ; and edx, DWORD FORMAT_MASK as i32
            ; shr rcx, SLOTS_SHIFT as i8
            ; cmp ecx, DWORD SLOTS_OVERFLOW as i32
            ; jne BYTE >small
            ; mov rcx, [rax - WORD_BYTES as i32]
            ; shl rcx, COUNT_SHIFT
            ; shr rcx, COUNT_SHIFT
            ; small:
            ; lea rcx, [rcx * 8 + FULL as i32]
            ; sub rcx, rdx
        );
    }

    pub(super) fn return_string_size(&mut self, other: Label) {
        self.load_string(other);
        self.count_bytes();
        asm!(self.ops; lea rax, [rcx * 8 + TAG_INTEGER as i32]);
        self.return_from_method();
    }

    /// Strings with unlike lengths or unlike first words differ; if they have but one word and it
    /// is the same, they are equal: unused bytes are zero.
    pub(super) fn return_strings_equal(&mut self, other: Label) {
        self.load_string(other);
        self.load_operand(TEMP2, 1);
        let other = self.label_of(other);
        asm!(self.ops
            ; test r11b, TAG_MASK as i8
            ; jnz =>other
            ; mov rsi, [r11]
            ; mov edx, esi
            ; and edx, DWORD CLASS_INDEX_MASK as i32
            ; cmp edx, DWORD index::STRING.index() as i32
            ; jne =>other
            ; xor rsi, rcx
            ; mov rdx, QWORD LENGTH_BITS as i64
            ; test rsi, rdx
            ; jnz BYTE >differ
            ; mov rdx, [rax + slot_offset(0)]
            ; cmp rdx, [r11 + slot_offset(0)]
            ; jne BYTE >differ
            ; shr rcx, SLOTS_SHIFT as i8
            ; cmp ecx, 1
            ; jne =>other
            ; mov rax, [BYTE context + NIL + 8]
            ; jmp BYTE >done
            ; differ:
            ; mov rax, [BYTE context + NIL + 16]
            ; done:
        );
        self.return_from_method();
    }

    pub(super) fn return_byte_string(&mut self, other: Label) {
        self.load_string(other);
        self.count_bytes();
        self.load_operand(TEMP2, 1);
        let other = self.label_of(other);
        asm!(self.ops
            ; lea rdx, [BYTE r11 - TAG_INTEGER as i8]
            ; test dl, TAG_MASK as i8
            ; jnz =>other
            ; sar rdx, TAG_BITS as i8
            ; dec rdx
            ; cmp rdx, rcx
            ; jae =>other
            ; movzx esi, BYTE [rax + rdx + slot_offset(0)]
            ; mov rax, [context + NEXT]
            ; lea rdx, [rax + 2 * WORD_BYTES as i32]
            ; cmp rdx, [context + LIMIT]
            ; ja =>other
            ; mov [context + NEXT], rdx
            ; mov rcx, QWORD ONE_BYTE as i64
            ; mov [rax], rcx
            ; mov [rax + slot_offset(0)], rsi
        );
        self.return_from_method();
    }
}
