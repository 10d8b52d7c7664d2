//! Templates that reach into objects with pointers: elements, slots, the write barrier, allocation.

use super::frames::slot_offset;
use super::lower::Lowering;
use super::registers::{RAX, RCX, TEMP, TEMP2, asm};
use super::stubs::{C_SP, NIL};
use crate::rtl::Visitor;
use crate::rtl::operand::{Gpr, Label};
use dynasmrt::{DynasmApi, DynasmLabelApi};
use gc::Heap;
use gc::layout::{
    CLASS_INDEX_MASK, FLAG_REMEMBERED, FORMAT_SHIFT, Format, HEADER_BYTES, OVERFLOW_COUNT_MASK,
    SLOTS_OVERFLOW, SLOTS_SHIFT, WORD_BYTES,
};
use gc::oop::{Oop, TAG_BITS, TAG_INTEGER, TAG_MASK};
use std::mem::offset_of;
use vm::context::VmContext;
use vm::entry::Entry;
use vm::known::{alien, class, index};

const HEAP: usize = offset_of!(VmContext, heap);
const NEXT: i32 = (HEAP + Heap::OFFSET_WINDOW_NEXT) as i32;
const LIMIT: i32 = (HEAP + Heap::OFFSET_WINDOW_LIMIT) as i32;
const NURSERY_START: i32 = (HEAP + Heap::OFFSET_NURSERY_START) as i32;
const NURSERY_SIZE: i32 = (HEAP + Heap::OFFSET_NURSERY_SIZE) as i32;
const BARRIER_START: i32 = (HEAP + Heap::OFFSET_BARRIER_START) as i32;
const BARRIER_SIZE: i32 = (HEAP + Heap::OFFSET_BARRIER_SIZE) as i32;
/// Brings an overflow word's count to the top and back.
const COUNT_SHIFT: i8 = OVERFLOW_COUNT_MASK.leading_zeros() as i8;
/// Most slots of an object without an overflow word.
const SLOTS_MAX: i32 = SLOTS_OVERFLOW as i32 - 1;

/// Which slot was stored into.
enum Stored {
    Slot(i64),
    /// The offset is in the cell.
    SlotOfCell(i64),
    Element(Gpr),
}

impl Lowering<'_> {
    pub(super) fn check_object_class(&mut self, source: Gpr, class: i64, other: Label) {
        let other = self.label_of(other);
        if class <= TAG_MASK as i64 {
            asm!(self.ops
                ; mov temp_d, Rd(source)
                ; and temp_d, BYTE TAG_MASK as i8
                ; cmp temp_d, DWORD class as i32
                ; jne =>other
            );
            return;
        }
        asm!(self.ops
            ; test Rb(source), TAG_MASK as i8
            ; jnz =>other
            ; mov temp_d, [Rq(source)]
            ; and temp_d, DWORD CLASS_INDEX_MASK as i32
            ; cmp temp_d, DWORD class as i32
            ; jne =>other
        );
    }

    /// Leaves the number of elements of an Array in `temp`.
    fn count_elements(&mut self, array: Gpr, other: Label) {
        let other = self.label_of(other);
        asm!(self.ops
            ; test Rb(array), TAG_MASK as i8
            ; jnz =>other
            ; mov temp, [Rq(array)]
            ; mov temp2_d, temp_d
            ; and temp2_d, DWORD CLASS_INDEX_MASK as i32
            ; cmp temp2_d, DWORD index::ARRAY.index() as i32
            ; jne =>other
            ; shr temp, SLOTS_SHIFT as i8
            ; cmp temp_d, DWORD SLOTS_OVERFLOW as i32
            ; jne BYTE >small
            ; mov temp, [BYTE Rq(array) - 8]
            ; shl temp, COUNT_SHIFT
            ; shr temp, COUNT_SHIFT
            ; small:
        );
    }

    fn check_element(&mut self, array: Gpr, index: Gpr, other: Label) {
        self.count_elements(array, other);
        let other = self.label_of(other);
        asm!(self.ops
            ; mov temp2, Rq(index)
            ; sar temp2, TAG_BITS as i8
            ; dec temp2
            ; cmp temp2, temp
            ; jae =>other
        );
    }

    /// Element i lies at 8 * i, which is the tagged index less the tag.
    pub(super) fn load_element(&mut self, target: Gpr, array: Gpr, index: Gpr, other: Label) {
        self.check_element(array, index, other);
        asm!(self.ops; mov Rq(target), [Rq(array) + Rq(index) - TAG_INTEGER as i32]);
    }

    pub(super) fn store_into_element(
        &mut self,
        array: Gpr,
        index: Gpr,
        source: Gpr,
        barrier: i64,
        other: Label,
    ) {
        self.check_element(array, index, other);
        asm!(self.ops; mov [Rq(array) + Rq(index) - TAG_INTEGER as i32], Rq(source));
        if barrier != 0 {
            self.write_barrier(array, source, Stored::Element(index));
        }
    }

    pub(super) fn load_array_size(&mut self, target: Gpr, array: Gpr, other: Label) {
        self.count_elements(array, other);
        asm!(self.ops; lea Rq(target), [temp * 8 + TAG_INTEGER as i32]);
    }

    pub(super) fn store_into_slot(&mut self, holder: Gpr, index: i64, source: Gpr) {
        asm!(self.ops; mov [Rq(holder) + slot_offset(index as usize)], Rq(source));
        self.write_barrier(holder, source, Stored::Slot(index));
    }

    pub(super) fn store_slot_through_cell(
        &mut self,
        holder: Gpr,
        source: Gpr,
        cell: i64,
        other: Label,
    ) {
        self.check_class_of_cell(holder, cell, other);
        self.load_target_of_cell(cell);
        asm!(self.ops; mov [Rq(holder) + temp], Rq(source));
        self.write_barrier(holder, source, Stored::SlotOfCell(cell));
    }

    /// See `gc::Heap::write_barrier`.
    fn write_barrier(&mut self, holder: Gpr, source: Gpr, stored: Stored) {
        let done = self.ops.new_dynamic_label();
        asm!(self.ops
            ; test Rb(source), TAG_MASK as i8
            ; jnz =>done
            ; mov temp, Rq(holder)
            ; sub temp, [context + NURSERY_START]
            ; cmp temp, [context + NURSERY_SIZE]
            ; jb =>done
            ; mov temp, Rq(source)
            ; sub temp, [context + BARRIER_START]
            ; cmp temp, [context + BARRIER_SIZE]
            ; jae =>done
            ; test DWORD [Rq(holder)], DWORD FLAG_REMEMBERED as i32
            ; jnz =>done
        );
        match stored {
            Stored::Slot(index) => self.load_constant(TEMP2, index),
            Stored::SlotOfCell(cell) => {
                self.load_target_of_cell(cell);
                asm!(self.ops
                    ; lea temp2, [temp - HEADER_BYTES as i32]
                    ; shr temp2, WORD_BYTES.trailing_zeros() as i8
                );
            }
            Stored::Element(index) => asm!(self.ops
                ; mov temp2, Rq(index)
                ; sar temp2, TAG_BITS as i8
                ; dec temp2
            ),
        }
        self.move_(TEMP, holder);
        asm!(self.ops; mov cstack, [BYTE context + C_SP]);
        self.call_stub(self.request.stubs.entry(Entry::RememberSlot));
        asm!(self.ops; =>done);
    }

    pub(super) fn allocate_object(
        &mut self,
        target: Gpr,
        class: i64,
        format: i64,
        slots: i64,
        other: Label,
    ) {
        let full = self.label_of(other);
        let header = class as u64 | (format as u64) << FORMAT_SHIFT | (slots as u64) << SLOTS_SHIFT;
        let bytes = (slots as i32 + 1) * WORD_BYTES as i32;
        asm!(self.ops
            ; mov temp, [context + NEXT]
            ; lea temp2, [temp + bytes]
            ; cmp temp2, [context + LIMIT]
            ; ja =>full
            ; mov [context + NEXT], temp2
        );
        self.load_constant(TEMP2, header as i64);
        asm!(self.ops; mov [temp], temp2);
        if slots > 0 {
            asm!(self.ops; mov temp2, [BYTE context + NIL]);
        }
        for slot in 0..slots as usize {
            asm!(self.ops; mov [temp + slot_offset(slot)], temp2);
        }
        self.move_(target, TEMP);
    }

    /// The Alien and right behind it its ByteArray, see `Alien` in the image: the address counts from the first byte
    /// there. The last word is cleared: what it has behind the last byte stays zero.
    pub(super) fn allocate_alien(
        &mut self,
        (target, data): (Gpr, Gpr),
        class: i64,
        slots: usize,
        bytes: usize,
        other: Label,
    ) {
        let full = self.label_of(other);
        let alien_bytes = (slots + 1) * WORD_BYTES;
        let words = bytes / WORD_BYTES + 1;
        let whole = (alien_bytes + (words + 1) * WORD_BYTES) as i32;
        asm!(self.ops
            ; mov temp, [context + NEXT]
            ; lea temp2, [temp + whole]
            ; cmp temp2, [context + LIMIT]
            ; ja =>full
            ; mov [context + NEXT], temp2
        );
        let fixed = u64::from(Format::FIXED.bits()) << FORMAT_SHIFT;
        let header = class as u64 | fixed | (slots as u64) << SLOTS_SHIFT;
        self.load_constant(TEMP2, header as i64);
        asm!(self.ops
            ; mov [temp], temp2
            ; mov QWORD [temp + slot_offset(alien::ADDRESS)], DWORD Oop::ZERO.bits() as i32
            ; mov QWORD [temp + slot_offset(alien::SIZE)], DWORD Oop::small(bytes as i64).bits() as i32
            ; lea Rq(data), [temp + alien_bytes as i32]
            ; mov [temp + slot_offset(alien::DATA)], Rq(data)
        );
        if slots > alien::COUNT {
            asm!(self.ops; mov temp2, [BYTE context + NIL]);
        }
        for slot in alien::COUNT..slots {
            asm!(self.ops; mov [temp + slot_offset(slot)], temp2);
        }
        let format = u64::from(Format::bytes(bytes).bits()) << FORMAT_SHIFT;
        let class = u64::from(index::BYTE_ARRAY.index());
        self.load_constant(
            TEMP2,
            (class | format | (words as u64) << SLOTS_SHIFT) as i64,
        );
        asm!(self.ops
            ; mov [temp + alien_bytes as i32], temp2
            ; mov QWORD [temp + whole - WORD_BYTES as i32], 0
        );
        self.move_(target, TEMP);
    }

    pub(super) fn return_new_instance(&mut self, other: Label) {
        let refused = self.label_of(other);
        self.load_operand(RAX, 0);
        // Pointer slots, all strong, and not sealed: of the bits from 16 on only the lowest.
        asm!(self.ops
            ; mov rcx, [rax + slot_offset(class::FORMAT)]
            ; sar rcx, TAG_BITS as i8
            ; test ecx, DWORD 0x3E_0000
            ; jnz =>refused
            ; movzx edx, cx
        );
        self.return_allocated(other);
    }

    pub(super) fn return_new_sized(&mut self, other: Label) {
        let refused = self.label_of(other);
        self.load_operand(RAX, 0);
        self.load_operand(TEMP2, 1);
        asm!(self.ops
            ; mov rcx, [rax + slot_offset(class::FORMAT)]
            ; sar rcx, TAG_BITS as i8
            ; mov edx, ecx
            ; shr edx, 16
            ; cmp edx, DWORD Format::INDEXABLE.bits() as i32
            ; jne =>refused
            ; test r11b, TAG_INTEGER as i8
            ; jz =>refused
            ; sar temp2, TAG_BITS as i8
            ; cmp temp2, SLOTS_MAX
            ; ja =>refused
            ; movzx edx, cx
            ; add edx, temp2_d
        );
        self.return_allocated(other);
    }

    /// Class in rax, its instance format in rcx, number of slots in rdx.
    fn return_allocated(&mut self, other: Label) {
        let refused = self.label_of(other);
        asm!(self.ops
            ; cmp edx, DWORD SLOTS_MAX
            ; ja =>refused
            ; mov temp, [context + NEXT]
            ; lea temp2, [temp + rdx * 8 + WORD_BYTES as i32]
            ; cmp temp2, [context + LIMIT]
            ; ja =>refused
            ; mov [context + NEXT], temp2
            ; shr ecx, 16
            ; shl ecx, FORMAT_SHIFT as i8
            ; mov rsi, [rax + slot_offset(class::INDEX)]
            ; sar rsi, TAG_BITS as i8
            ; or rcx, rsi
            ; mov rsi, rdx
            ; shl rsi, SLOTS_SHIFT as i8
            ; or rcx, rsi
            ; mov [temp], rcx
            ; mov rsi, [BYTE context + NIL]
            ; test edx, edx
            ; jz BYTE >filled
            ; fill:
            ; mov [temp + rdx * 8], rsi
            ; dec edx
            ; jnz BYTE <fill
            ; filled:
            ; mov rax, temp
        );
        let _ = RCX;
        self.return_from_method();
    }
}
