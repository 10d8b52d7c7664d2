//! Templates of activations: entries, frames, sends, and the ways out to the driver.
//!
//! The frame is that of `vm::frame`; see there for the drawing.

use super::caches;
use super::errno::{keep_errno, restore_errno};
use super::lower::Lowering;
use super::registers::{TEMP, asm};
use super::stubs::{C_SP, ENTRIES, FP, NIL, RESUME_PC, SP, STACK_LIMIT, VALUE};
use crate::methods::Line;
use crate::rtl::Visitor;
use crate::rtl::operand::{Gpr, Label, Width};
use dynasmrt::{DynamicLabel, DynasmApi, DynasmLabelApi};
use gc::layout::{CLASS_INDEX_MASK, HEADER_BYTES, WORD_BYTES};
use gc::oop::{Oop, TAG_BITS, TAG_INTEGER, TAG_MASK};
use vm::entry::Entry;
use vm::frame;
use vm::known::{block, index, method};

/// Frames of up to so many words are built without asking whether they fit exactly: the stack's
/// slack is greater.
const SMALL_FRAME_WORDS: i64 = 256;
const _: () = assert!(8 * SMALL_FRAME_WORDS < vm::stack::SLACK_BYTES as i64 / 2);

/// Offset of a slot from an object's oop.
pub(super) const fn slot_offset(index: usize) -> i32 {
    (HEADER_BYTES + index * WORD_BYTES) as i32
}

/// The rest of a send to what is most likely a Block.
pub(super) struct ValueSend {
    other: DynamicLabel,
    ready: DynamicLabel,
    cell: i64,
}

impl Lowering<'_> {
    /// Offset from rsp to the receiver while the return address is on top.
    pub(super) fn receiver_from_stack(&self) -> i32 {
        ((self.request.argument_count + 1) * WORD_BYTES) as i32
    }

    pub(super) fn return_from_method(&mut self) {
        let popped = (self.request.argument_count + 1) * WORD_BYTES;
        asm!(self.ops; ret popped as i16);
    }

    pub(super) fn leave_to_activate(&mut self, method: Oop) {
        self.load_constant(TEMP, method.bits() as i64);
        self.jump_to_stub(self.request.stubs.exit_activate());
    }

    pub(super) fn leave_to_interpret(&mut self, pc: i64, speculation: i64) {
        let pc = pc << TAG_BITS | TAG_INTEGER as i64;
        asm!(self.ops
            ; mov QWORD [BYTE rbp + frame::PC as i8], DWORD pc as i32
            ; mov QWORD [BYTE context + VALUE], DWORD speculation as i32
        );
        self.jump_to_stub(self.request.stubs.exit_interpret());
    }

    /// An immediate's class index is its tag; that case stands in front of the entry.
    pub(super) fn check_receiver_class(&mut self) {
        let receiver = self.receiver_from_stack();
        asm!(self.ops
            ; immediate:
            ; and eax, BYTE TAG_MASK as i8
            ; cmp eax, edx
            ; je >entry
            ; miss:
        );
        self.jump_to_stub(self.request.stubs.exit_unlinked());
        asm!(self.ops; .align 16, 0xCC);
        self.checked_entry = Some(self.offset());
        asm!(self.ops
            ; mov rax, [rsp + receiver]
            ; test al, TAG_MASK as i8
            ; jnz <immediate
            ; mov ecx, [rax]
            ; and ecx, DWORD CLASS_INDEX_MASK as i32
            ; cmp ecx, edx
            ; jne <miss
            ; entry:
        );
    }

    fn check_stack(&mut self, words: i64, overflow: Label) {
        let overflow = self.label_of(overflow);
        if words <= SMALL_FRAME_WORDS {
            asm!(self.ops; cmp rsp, [BYTE context + STACK_LIMIT]);
        } else {
            asm!(self.ops
                ; lea temp, [rsp - words as i32 * 8]
                ; cmp temp, [BYTE context + STACK_LIMIT]
            );
        }
        asm!(self.ops; jb =>overflow);
    }

    fn push_nils(&mut self, count: i64) {
        if count > 0 {
            asm!(self.ops; mov temp, [BYTE context + NIL]);
        }
        for _ in 0..count {
            asm!(self.ops; push temp);
        }
    }

    pub(super) fn build_method_frame(
        &mut self,
        method: Oop,
        temporaries: i64,
        words: i64,
        overflow: Label,
    ) {
        self.check_stack(words, overflow);
        let receiver = frame::receiver(self.request.argument_count) as i32;
        asm!(self.ops
            ; push rbp
            ; mov rbp, rsp
        );
        self.push_literal(method);
        asm!(self.ops
            ; push QWORD [BYTE context + NIL]
            ; push QWORD [rbp + receiver]
            ; push BYTE TAG_INTEGER as i8
        );
        self.push_nils(temporaries);
    }

    pub(super) fn build_block_frame(
        &mut self,
        method: Oop,
        copied: i64,
        nils: i64,
        words: i64,
        overflow: Label,
    ) {
        self.check_stack(words, overflow);
        let receiver = frame::receiver(self.request.argument_count) as i32;
        asm!(self.ops
            ; mov rax, [rsp + receiver - 8]
            ; push rbp
            ; mov rbp, rsp
        );
        self.push_literal(method);
        asm!(self.ops
            ; push rax
            ; push QWORD [rax + slot_offset(block::RECEIVER)]
            ; push BYTE TAG_INTEGER as i8
        );
        for index in 0..copied as usize {
            asm!(self.ops; push QWORD [rax + slot_offset(block::COUNT + index)]);
        }
        self.push_nils(nils);
    }

    /// `mov edx, [cell]; call [cell + 8]`, relative to rip.
    pub(super) fn send_through_cell(&mut self, cell: i64) {
        let cell = self.request.cells[cell as usize];
        self.ops.extend([0x8B, 0x15, 0, 0, 0, 0]);
        self.fix_up(cell);
        self.ops.extend([0xFF, 0x15, 0, 0, 0, 0]);
        self.fix_up(cell + 8);
    }

    /// The code's address goes to `temp`, so that there is one call, and one address that it returns to.
    pub(super) fn send_value_through_cells(&mut self, source: Gpr, guard: i64, cell: i64) {
        let other = self.ops.new_dynamic_label();
        let ready = self.ops.new_dynamic_label();
        let guard = self.request.cells[guard as usize];
        asm!(self.ops
            ; test Rb(source), BYTE TAG_MASK as i8
            ; jnz =>other
            ; mov temp_d, [Rq(source)]
            ; and temp_d, DWORD CLASS_INDEX_MASK as i32
            ; cmp temp_d, [rip + 0]
        );
        self.fix_up(guard);
        asm!(self.ops
            ; jne =>other
            ; mov temp, [BYTE Rq(source) + slot_offset(block::METHOD) as i8]
            ; mov temp, [temp + slot_offset(method::CODE)]
            ; sar temp, TAG_BITS as i8
            ; jle =>other
            ; =>ready
            ; call temp
        );
        self.values.push(ValueSend { other, ready, cell });
    }

    /// What stands behind the code: receivers that are no Blocks, and Blocks without code.
    pub(super) fn finish_value_sends(&mut self) {
        for send in std::mem::take(&mut self.values) {
            let cell = self.request.cells[send.cell as usize];
            asm!(self.ops
                ; =>send.other
                ; mov edx, [rip + 0]
            );
            self.fix_up(cell);
            asm!(self.ops; mov temp, [rip + 0]);
            self.fix_up(cell + 8);
            asm!(self.ops; jmp =>send.ready);
        }
    }

    /// A cell's class is none of immediates.
    pub(super) fn check_class_of_cell(&mut self, source: Gpr, cell: i64, other: Label) {
        let cell = self.request.cells[cell as usize];
        let other = self.label_of(other);
        asm!(self.ops
            ; test Rb(source), BYTE TAG_MASK as i8
            ; jnz =>other
            ; mov temp_d, [Rq(source)]
            ; and temp_d, DWORD CLASS_INDEX_MASK as i32
        );
        // cmp temp_d, [cell], relative to rip
        self.ops.extend([0x44, 0x3B, 0x15, 0, 0, 0, 0]);
        self.fix_up(cell);
        asm!(self.ops; jne =>other);
    }

    /// Leaves what a cell has beside the class in temp.
    pub(super) fn load_target_of_cell(&mut self, cell: i64) {
        // mov temp, [cell + 8], relative to rip
        self.ops.extend([0x4C, 0x8B, 0x15, 0, 0, 0, 0]);
        self.fix_up(self.request.cells[cell as usize] + 8);
    }

    pub(super) fn load_slot_through_cell(
        &mut self,
        target: Gpr,
        source: Gpr,
        cell: i64,
        other: Label,
    ) {
        self.check_class_of_cell(source, cell, other);
        self.load_target_of_cell(cell);
        asm!(self.ops; mov Rq(target), [Rq(source) + temp]);
    }

    pub(super) fn load_object_of_cell(
        &mut self,
        target: Gpr,
        source: Gpr,
        cell: i64,
        other: Label,
    ) {
        self.check_class_of_cell(source, cell, other);
        self.load_target_of_cell(cell);
        asm!(self.ops; mov Rq(target), temp);
    }

    pub(super) fn call_plain_primitive(&mut self, number: i64, failed: Label) {
        let failed = self.label_of(failed);
        let entry = ENTRIES + 8 * Entry::Primitive as i32;
        asm!(self.ops
            ; mov temp, [rsp]
            ; mov [BYTE context + SP], rsp
            ; mov [BYTE context + FP], rbp
            ; mov [BYTE context + RESUME_PC], temp
            ; mov rdi, context
            ; mov esi, DWORD number as i32
            ; mov edx, DWORD self.request.argument_count as i32
            ; mov rsp, [BYTE context + C_SP]
        );
        keep_errno(&mut self.ops);
        asm!(self.ops; call QWORD [context + entry]);
        restore_errno(&mut self.ops);
        asm!(self.ops
            ; mov rsp, [BYTE context + SP]
            ; test rax, rax
            ; jnz =>failed
            ; mov rax, [BYTE context + VALUE]
        );
        self.return_from_method();
    }

    pub(super) fn go_to_block(&mut self, other: Label) {
        let other = self.label_of(other);
        let receiver = self.receiver_from_stack();
        let kinds = (index::BLOCK_N.index() - index::BLOCK.index()) as i32;
        asm!(self.ops
            ; mov rax, [rsp + receiver]
            ; test al, TAG_MASK as i8
            ; jnz =>other
            ; mov ecx, [rax]
            ; and ecx, DWORD CLASS_INDEX_MASK as i32
            ; sub ecx, DWORD index::BLOCK.index() as i32
            ; cmp ecx, DWORD kinds
            ; ja =>other
            ; mov temp, [rax + slot_offset(block::METHOD)]
            ; mov temp2, [temp + slot_offset(method::HEADER)]
            ; shr temp2, TAG_BITS as i8
            ; cmp r11b, BYTE self.request.argument_count as i8
            ; jne =>other
            ; mov temp, [temp + slot_offset(method::CODE)]
            ; sar temp, TAG_BITS as i8
            ; test temp, temp
            ; jle =>other
            ; jmp temp
        );
    }

    /// ```text
    ///   receiver        receiver
    ///   selector        argument 1
    ///   argument 1  ->  ...
    ///   ...             argument n
    ///   argument n      return address  <- rsp
    ///   return address  <- rsp
    /// ```
    pub(super) fn go_to_performed(&mut self, other: Label) {
        let other = self.label_of(other);
        let (count, table) = (self.request.argument_count - 1, self.request.lines);
        let receiver = self.receiver_from_stack();
        caches::load_class(&mut self.ops, count + 1);
        asm!(self.ops
            ; mov temp, [rsp + (receiver - WORD_BYTES as i32)]
            ; test r10b, TAG_MASK as i8
            ; jnz =>other
            ; mov temp2, QWORD table.address as i64
        );
        caches::find_line(&mut self.ops, table.count);
        asm!(self.ops
            ; cmp [temp2], rcx
            ; jne =>other
            ; add temp, BYTE Line::of_performed(0, count) as i8
            ; cmp [temp2 + 8], temp
            ; jne =>other
            ; mov temp, [temp2 + 16]
        );
        for word in (0..=count as i32).rev() {
            asm!(self.ops
                ; mov rdx, [rsp + word * 8]
                ; mov [rsp + word * 8 + 8], rdx
            );
        }
        asm!(self.ops; add rsp, 8; jmp temp);
    }

    /// Reads an argument of the method that has no frame, 0 being the receiver.
    pub(super) fn load_operand(&mut self, target: Gpr, index: usize) {
        let offset = self.receiver_from_stack() - (index * WORD_BYTES) as i32;
        self.load_integer(target, Width::W64, super::registers::STACK, offset);
    }
}
