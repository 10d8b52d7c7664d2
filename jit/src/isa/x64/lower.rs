//! RTL to x86-64: one method per operation, each a small fixed template.
//!
//! On entry the VM stack holds what the caller pushed; no frame is built:
//!
//! ```text
//!   rsp + 8 * (n + 1)   receiver
//!   rsp + 8 * n         argument 1
//!   …
//!   rsp + 8             argument n
//!   rsp                 return address
//! ```
//!
//! Templates of more than a few lines are in `moves`, `objects` and `calls`.

use super::callbacks::{Convention, build_callback_frame, return_to_c};
use super::calls::ForeignCall;
use super::faults::Landing;
use super::frames::ValueSend;
use super::objects::{AddressOfC, TextOfC};
use super::registers::{CSTACK, FTEMP, RESULT, TEMP, asm};
use super::stubs::{C_SP, FAILURE, FAILURE_ARGUMENT};
use crate::lowering::{Fixup, Lowered, Request};
use crate::rtl::operand::{Condition, Fpr, Gpr, Label, Precision, Width};
use crate::rtl::{Op, Visitor};
use dynasmrt::x64::X64Relocation;
use dynasmrt::{DynamicLabel, DynasmApi, DynasmLabelApi, VecAssembler};
use gc::layout::{HEADER_BYTES, WORD_BYTES};
use gc::oop::{Oop, TAG_BITS, TAG_CHARACTER, TAG_INTEGER};
use std::collections::HashMap;
use vm::entry::Entry;

/// The assembler with what the templates need to know.
pub(super) struct Lowering<'a> {
    pub(super) ops: VecAssembler<X64Relocation>,
    pub(super) request: &'a Request<'a>,
    pub(super) fixups: Vec<Fixup>,
    pub(super) checked_entry: Option<u32>,
    /// How many argument registers of either kind a leaf keeps a copy of.
    pub(super) leaf_registers: (usize, usize),
    /// The foreign call in the place of a send, while its operations are lowered.
    pub(super) foreign: Option<ForeignCall>,
    /// Where a method, the one that has failed last, leaves to its failure code.
    failing: Option<(Oop, DynamicLabel)>,
    /// Where foreign calls land, as far as there is no code yet.
    pub(super) landings: Vec<Landing>,
    /// All foreign calls in the place of sends so far.
    pub(super) foreign_calls: Vec<ForeignCall>,
    /// The operation after the one that is being lowered.
    pub(super) next_op: Option<&'a Op>,
    /// Addresses of Aliens, as far as there is no code yet.
    pub(super) addresses: Vec<AddressOfC>,
    /// Texts for C, as far as there is no code yet.
    pub(super) texts: Vec<TextOfC>,
    /// Sends to Blocks, as far as there is no code yet.
    pub(super) values: Vec<ValueSend>,
    /// Bytes below `c_sp` that the latest `reserve` has made the sequence's own.
    pub(super) reserved: u32,
    labels: HashMap<Label, DynamicLabel>,
}

/// Lowers a checked sequence.
pub fn lower(request: &Request<'_>) -> Lowered {
    let mut lowering = Lowering {
        ops: VecAssembler::new(0),
        request,
        fixups: Vec::new(),
        checked_entry: None,
        leaf_registers: (0, 0),
        foreign: None,
        failing: None,
        reserved: 0,
        landings: Vec::new(),
        foreign_calls: Vec::new(),
        next_op: None,
        addresses: Vec::new(),
        texts: Vec::new(),
        values: Vec::new(),
        labels: HashMap::new(),
    };
    lowering.prologue();
    let mut op_offsets = Vec::with_capacity(request.ops.len() + 1);
    for (index, op) in request.ops.iter().enumerate() {
        op_offsets.push(lowering.offset());
        lowering.next_op = request.ops.get(index + 1);
        op.accept(&mut lowering);
    }
    op_offsets.push(lowering.offset());
    lowering.finish_alien_addresses();
    lowering.finish_c_strings();
    lowering.finish_value_sends();
    let foreign_calls = lowering.land();
    let bytes = lowering
        .ops
        .finalize()
        .expect("the check has found every label marked once");
    Lowered {
        bytes,
        fixups: lowering.fixups,
        op_offsets,
        checked_entry: lowering.checked_entry,
        foreign_calls,
    }
}

impl Lowering<'_> {
    pub(super) fn offset(&self) -> u32 {
        self.ops.offset().0 as u32
    }

    pub(super) fn label_of(&mut self, label: Label) -> DynamicLabel {
        let ops = &mut self.ops;
        *self
            .labels
            .entry(label)
            .or_insert_with(|| ops.new_dynamic_label())
    }

    /// True where `cstack` is the sequence's own, so that calls go below it.
    pub(super) fn reserves(&self) -> bool {
        match &self.foreign {
            Some(foreign) => foreign.reserves,
            None => self.request.facts.reserve.is_some(),
        }
    }

    /// True where C gets addresses of objects.
    pub(super) fn holds(&self) -> bool {
        match &self.foreign {
            Some(foreign) => foreign.holds,
            None => self.request.facts.takes_addresses,
        }
    }

    /// `cstack` must be right from the start, since slow paths that stand behind `reserve` may run
    /// before it.
    fn prologue(&mut self) {
        let first = self
            .request
            .ops
            .iter()
            .position(|op| !matches!(op, Op::Note { .. }));
        if self.reserves() && self.request.facts.reserve != first {
            asm!(self.ops; mov cstack, [BYTE context + C_SP]);
        }
    }

    /// Leaves with the reason to the method's failure code; 0 keeps the reason that is there.
    pub(super) fn give_up(&mut self, argument: i64, reason: i64) {
        asm!(self.ops; mov QWORD [BYTE context + FAILURE_ARGUMENT], DWORD argument as i32);
        if reason != 0 {
            asm!(self.ops; mov QWORD [BYTE context + FAILURE], DWORD reason as i32);
        }
        self.stack_below_operands();
        let method = self.foreign.map_or(self.request.method, |call| call.method);
        if let Some((failing, leaving)) = self.failing
            && failing == method
        {
            asm!(self.ops; jmp =>leaving);
            return;
        }
        let leaving = self.ops.new_dynamic_label();
        asm!(self.ops; =>leaving; mov temp2, QWORD method.bits() as i64);
        self.jump_to_stub(self.request.stubs.exit_failed());
        self.failing = Some((method, leaving));
    }

    /// `target := left op right` for an `op` that takes its operands in any order.
    fn commutative(&mut self, target: Gpr, left: Gpr, right: Gpr, op: fn(&mut Self, Gpr, Gpr)) {
        if target == right {
            op(self, target, left);
        } else {
            self.move_(target, left);
            op(self, target, right);
        }
    }

    /// `target := left op right` for an `op` between doubles.
    fn double(&mut self, target: Fpr, left: Fpr, right: Fpr, op: fn(&mut Self, Fpr, Fpr)) {
        if target == right && target != left {
            asm!(self.ops; movaps ftemp, Rx(right));
            self.move_f(target, left);
            op(self, target, super::registers::FTEMP);
        } else {
            self.move_f(target, left);
            op(self, target, right);
        }
    }
}

/// One instruction between two registers, as a function.
macro_rules! two {
    ($mnemonic:ident $kind:ident) => {
        |lowering, target, source| {
            asm!(lowering.ops; $mnemonic $kind(target), $kind(source));
        }
    };
}

impl Visitor for Lowering<'_> {
    type Output = ();

    fn move_(&mut self, target: Gpr, source: Gpr) {
        if target != source {
            asm!(self.ops; mov Rq(target), Rq(source));
        }
    }

    fn move_f(&mut self, target: Fpr, source: Fpr) {
        if target != source {
            asm!(self.ops; movaps Rx(target), Rx(source));
        }
    }

    fn constant(&mut self, target: Gpr, value: i64) {
        self.load_constant(target, value);
    }

    fn literal(&mut self, target: Gpr, object: Oop) {
        self.load_constant(target, object.bits() as i64);
    }

    fn bits_to_float(&mut self, target: Fpr, source: Gpr) {
        asm!(self.ops; movq Rx(target), Rq(source));
    }

    fn bits_from_float(&mut self, target: Gpr, source: Fpr) {
        asm!(self.ops; movq Rq(target), Rx(source));
    }

    fn load(&mut self, target: Gpr, width: Width, base: Gpr, offset: i64) {
        self.load_integer(target, width, base, offset as i32);
    }

    fn store(&mut self, width: Width, base: Gpr, offset: i64, source: Gpr) {
        self.store_integer(width, base, offset as i32, source);
    }

    fn store_constant(&mut self, width: Width, base: Gpr, offset: i64, value: i64) {
        self.store_integer_constant(width, base, offset as i32, value);
    }

    fn load_f(&mut self, target: Fpr, precision: Precision, base: Gpr, offset: i64) {
        self.load_float(target, precision, base, offset as i32);
    }

    fn store_f(&mut self, precision: Precision, base: Gpr, offset: i64, source: Fpr) {
        self.store_float(precision, base, offset as i32, source);
    }

    fn copy_bytes(&mut self, base: Gpr, offset: i64, source: Gpr, from: i64, bytes: i64) {
        self.copy_block((base, offset as i32), (source, from as i32), bytes as i32);
    }

    fn extend(&mut self, target: Gpr, width: Width, source: Gpr) {
        self.extend_integer(target, width, source);
    }

    fn add(&mut self, target: Gpr, left: Gpr, right: Gpr) {
        self.commutative(target, left, right, two!(add Rq));
    }

    fn subtract(&mut self, target: Gpr, left: Gpr, right: Gpr) {
        if target == right && target != left {
            asm!(self.ops
                ; neg Rq(target)
                ; add Rq(target), Rq(left)
            );
        } else {
            self.move_(target, left);
            asm!(self.ops; sub Rq(target), Rq(right));
        }
    }

    fn multiply(&mut self, target: Gpr, left: Gpr, right: Gpr) {
        self.commutative(target, left, right, two!(imul Rq));
    }

    fn and(&mut self, target: Gpr, left: Gpr, right: Gpr) {
        self.commutative(target, left, right, two!(and Rq));
    }

    fn or(&mut self, target: Gpr, left: Gpr, right: Gpr) {
        self.commutative(target, left, right, two!(or Rq));
    }

    fn xor(&mut self, target: Gpr, left: Gpr, right: Gpr) {
        self.commutative(target, left, right, two!(xor Rq));
    }

    fn add_i(&mut self, target: Gpr, left: Gpr, value: i64) {
        self.move_(target, left);
        if let Ok(value) = i8::try_from(value) {
            asm!(self.ops; add Rq(target), BYTE value);
        } else if let Ok(value) = i32::try_from(value) {
            asm!(self.ops; add Rq(target), DWORD value);
        } else {
            self.load_constant(TEMP, value);
            asm!(self.ops; add Rq(target), temp);
        }
    }

    fn and_i(&mut self, target: Gpr, left: Gpr, value: i64) {
        self.move_(target, left);
        if let Ok(value) = i8::try_from(value) {
            asm!(self.ops; and Rq(target), BYTE value);
        } else if let Ok(value) = i32::try_from(value) {
            asm!(self.ops; and Rq(target), DWORD value);
        } else {
            self.load_constant(TEMP, value);
            asm!(self.ops; and Rq(target), temp);
        }
    }

    fn shift_left_i(&mut self, target: Gpr, left: Gpr, count: i64) {
        self.move_(target, left);
        asm!(self.ops; shl Rq(target), BYTE count as i8);
    }

    fn shift_right_i(&mut self, target: Gpr, left: Gpr, count: i64) {
        self.move_(target, left);
        asm!(self.ops; sar Rq(target), BYTE count as i8);
    }

    fn shift_right_unsigned_i(&mut self, target: Gpr, left: Gpr, count: i64) {
        self.move_(target, left);
        asm!(self.ops; shr Rq(target), BYTE count as i8);
    }

    fn add_f(&mut self, target: Fpr, left: Fpr, right: Fpr) {
        self.double(target, left, right, two!(addsd Rx));
    }

    fn subtract_f(&mut self, target: Fpr, left: Fpr, right: Fpr) {
        self.double(target, left, right, two!(subsd Rx));
    }

    fn multiply_f(&mut self, target: Fpr, left: Fpr, right: Fpr) {
        self.double(target, left, right, two!(mulsd Rx));
    }

    fn divide_f(&mut self, target: Fpr, left: Fpr, right: Fpr) {
        self.double(target, left, right, two!(divsd Rx));
    }

    fn integer_to_float(&mut self, target: Fpr, source: Gpr) {
        // Cleared first: the conversion keeps the upper half and would wait for it.
        asm!(self.ops
            ; xorps Rx(target), Rx(target)
            ; cvtsi2sd Rx(target), Rq(source)
        );
    }

    fn float_to_integer(&mut self, target: Gpr, source: Fpr) {
        asm!(self.ops; cvttsd2si Rq(target), Rx(source));
    }

    fn widen(&mut self, target: Fpr, source: Fpr) {
        asm!(self.ops; cvtss2sd Rx(target), Rx(source));
    }

    fn narrow(&mut self, target: Fpr, source: Fpr) {
        asm!(self.ops; cvtsd2ss Rx(target), Rx(source));
    }

    fn label(&mut self, label: Label) {
        let label = self.label_of(label);
        asm!(self.ops; =>label);
    }

    fn jump(&mut self, label: Label) {
        let label = self.label_of(label);
        asm!(self.ops; jmp =>label);
    }

    fn branch(&mut self, condition: Condition, left: Gpr, right: Gpr, label: Label) {
        asm!(self.ops; cmp Rq(left), Rq(right));
        self.jump_if(condition, label);
    }

    fn branch_i(&mut self, condition: Condition, left: Gpr, value: i64, label: Label) {
        self.compare_constant(left, value);
        self.jump_if(condition, label);
    }

    fn branch_f(&mut self, condition: Condition, left: Fpr, right: Fpr, label: Label) {
        self.jump_if_doubles(condition, left, right, label);
    }

    fn argument(&mut self, target: Gpr, index: i64) {
        let words = self.request.argument_count as i64 + 1 - index;
        self.load_integer(
            target,
            Width::W64,
            super::registers::STACK,
            words as i32 * 8,
        );
    }

    fn untag_integer(&mut self, target: Gpr, source: Gpr, other: Label) {
        self.check_tag(source, TAG_INTEGER, other);
        self.shift_right_i(target, source, TAG_BITS as i64);
    }

    fn tag_integer(&mut self, target: Gpr, source: Gpr, overflow: Label) {
        let overflow = self.label_of(overflow);
        // Multiplying by 8 is a shift that tells whether bits were lost.
        asm!(self.ops
            ; imul temp, Rq(source), BYTE 1 << TAG_BITS
            ; jo =>overflow
            ; lea Rq(target), [BYTE temp + TAG_INTEGER as i8]
        );
    }

    fn tag_small(&mut self, target: Gpr, source: Gpr) {
        asm!(self.ops
            ; lea Rq(target), [Rq(source) * 8 + TAG_INTEGER as i32]
        );
    }

    fn untag_character(&mut self, target: Gpr, source: Gpr, other: Label) {
        self.check_tag(source, TAG_CHARACTER, other);
        self.shift_right_unsigned_i(target, source, TAG_BITS as i64);
    }

    fn tag_character(&mut self, target: Gpr, source: Gpr) {
        asm!(self.ops
            ; lea Rq(target), [Rq(source) * 8 + TAG_CHARACTER as i32]
        );
    }

    fn unbox_float(&mut self, target: Fpr, source: Gpr, other: Label) {
        self.unbox_immediate_float(target, source, other);
    }

    fn box_float(&mut self, target: Gpr, source: Fpr, other: Label) {
        self.box_immediate_float(target, source, other);
    }

    fn class_index(&mut self, target: Gpr, source: Gpr) {
        self.load_class_index(target, source);
    }

    fn check_bytes(&mut self, source: Gpr, other: Label) {
        self.check_byte_object(source, other);
    }

    fn c_string(&mut self, target: Gpr, source: Gpr, other: Label) {
        self.load_c_string(target, source, other);
    }

    fn body_address(&mut self, target: Gpr, source: Gpr) {
        self.load_body_address(target, source);
    }

    fn alien_address(&mut self, target: Gpr, source: Gpr, other: Label) {
        self.load_alien_address(target, source, other);
    }

    fn alien_data(&mut self, target: Gpr, source: Gpr, other: Label) {
        self.load_alien_address(target, source, other);
    }

    fn slot(&mut self, target: Gpr, source: Gpr, index: i64) {
        let offset = HEADER_BYTES as i64 + index * WORD_BYTES as i64;
        self.load_integer(target, Width::W64, source, offset as i32);
    }

    fn reserve(&mut self, bytes: i64) {
        let aligned = (bytes + 15) & !15;
        self.reserved = aligned as u32;
        // Loaded again, so that a loop around the reservation reserves once.
        asm!(self.ops; mov cstack, [BYTE context + C_SP]);
        if aligned != 0 {
            self.add_i(CSTACK, CSTACK, -aligned);
        }
    }

    fn describe_call(&mut self, _description: Oop) {}

    fn call_foreign(&mut self) {
        self.call_linked_function();
    }

    fn call_register(&mut self, function: Gpr) {
        self.call_address(function);
    }

    fn store_x87(&mut self, base: Gpr, offset: i64) {
        self.store_x87_top(base, offset as i32);
    }

    fn runtime(&mut self, target: Gpr, entry: Entry, source: Gpr, failed: Label) {
        self.move_(TEMP, source);
        self.call_entry(entry, None, failed);
        self.move_(target, TEMP);
    }

    fn runtime_with(&mut self, target: Gpr, entry: Entry, source: Gpr, object: Oop, failed: Label) {
        self.move_(TEMP, source);
        self.call_entry(entry, Some(object), failed);
        self.move_(target, TEMP);
    }

    fn runtime_to_float(&mut self, target: Fpr, entry: Entry, source: Gpr, failed: Label) {
        self.move_(TEMP, source);
        self.call_entry(entry, None, failed);
        self.bits_to_float(target, TEMP);
    }

    fn runtime_from_float(&mut self, target: Gpr, entry: Entry, source: Fpr, failed: Label) {
        self.bits_from_float(TEMP, source);
        self.call_entry(entry, None, failed);
        self.move_(target, TEMP);
    }

    fn return_(&mut self, source: Gpr) {
        self.move_(RESULT, source);
        self.return_from_method();
    }

    fn fail(&mut self, argument: i64, reason: i64) {
        self.give_up(argument, reason);
    }

    fn enter_callback(&mut self, convention: i64, refused: Label) {
        let convention = Convention::from_number(convention);
        build_callback_frame(&mut self.ops, convention);
        self.check_callback(convention, refused);
        self.suspend_caller();
    }

    fn store_argument(&mut self, index: i64, source: Gpr) {
        self.push_callback_argument(index as usize, source);
    }

    fn evaluate_block(&mut self, ended: Label) {
        self.call_callback_block(ended);
    }

    fn fail_callback(&mut self, argument: i64, reason: i64) {
        self.note_failed_callback(argument, reason);
    }

    fn resume_caller(&mut self) {
        self.go_back_to_caller();
    }

    fn load_x87(&mut self, base: Gpr, offset: i64) {
        asm!(self.ops; fld TWORD [DWORD Rq(base) + offset as i32]);
    }

    fn leave_callback(&mut self, convention: i64) {
        return_to_c(&mut self.ops, Convention::from_number(convention));
    }

    fn enter_leaf(&mut self, integers: i64, floats: i64, words: i64, epoch: i64, other: Label) {
        self.leaf_registers = (integers as usize, floats as usize);
        self.build_leaf_frame(words, epoch, other);
    }

    fn evaluate_leaf(&mut self) {
        unreachable!("the Block's operations were put in its place");
    }

    fn leave_leaf(&mut self) {
        self.return_from_leaf();
    }

    fn abandon_leaf(&mut self) {
        self.go_to_general_entry();
    }

    fn activate(&mut self, method: Oop) {
        self.leave_to_activate(method);
    }

    fn class_check(&mut self) {
        self.check_receiver_class();
    }

    fn enter_frame(&mut self, method: Oop, temporaries: i64, words: i64, overflow: Label) {
        self.build_method_frame(method, temporaries, words, overflow);
    }

    fn enter_block(&mut self, method: Oop, copied: i64, nils: i64, words: i64, overflow: Label) {
        self.build_block_frame(method, copied, nils, words, overflow);
    }

    fn leave_frame(&mut self, source: Gpr) {
        self.move_(RESULT, source);
        asm!(self.ops; leave);
        self.return_from_method();
    }

    fn interpret(&mut self, pc: i64, speculation: i64) {
        self.leave_to_interpret(pc, speculation);
    }

    fn branch_due(&mut self, label: Label) {
        let label = self.label_of(label);
        asm!(self.ops
            ; cmp rsp, [BYTE context + super::stubs::STACK_LIMIT]
            ; jb =>label
        );
    }

    fn send(&mut self, cell: i64) {
        self.send_through_cell(cell);
    }

    fn send_value(&mut self, source: Gpr, guard: i64, cell: i64) {
        self.send_value_through_cells(source, guard, cell);
    }

    fn load_cell(&mut self, target: Fpr, cell: i64) {
        let cell = self.request.cells[cell as usize];
        // The displacement is filled in like those of calls: it is the instruction's end.
        asm!(self.ops; movsd Rx(target), [rip + 0]);
        self.fix_up(cell);
    }

    fn store_cell(&mut self, base: Gpr, offset: i64, cell: i64) {
        let cell = self.request.cells[cell as usize];
        asm!(self.ops; movups ftemp, [rip + 0]);
        self.fix_up(cell);
        self.store_words(base, offset as i32, FTEMP);
    }

    fn check_cell(&mut self, source: Gpr, cell: i64, other: Label) {
        self.check_class_of_cell(source, cell, other);
    }

    fn enter_foreign(
        &mut self,
        back: Label,
        depth: i64,
        words: i64,
        pushed: i64,
        holds: i64,
        reserves: i64,
        method: Oop,
    ) {
        let call = ForeignCall {
            back: self.label_of(back),
            depth: depth as i32,
            operand_bytes: words as i16 * WORD_BYTES as i16,
            is_pushed: pushed != 0,
            holds: holds != 0,
            reserves: reserves != 0,
            method,
        };
        self.begin_foreign_call(call);
    }

    fn call_function(&mut self, function: i64) {
        self.call_function_at(function as u64);
    }

    fn return_foreign(&mut self, source: Gpr, done: Label, falls: i64) {
        self.end_foreign_call(source, (falls == 0).then_some(done));
    }

    fn resume_foreign(&mut self, call: i64) {
        self.foreign = Some(self.foreign_calls[call as usize]);
    }

    fn leave_foreign(&mut self) {
        self.foreign = None;
        self.reserved = 0;
    }

    fn getter(&mut self, target: Gpr, source: Gpr, cell: i64, other: Label) {
        self.load_slot_through_cell(target, source, cell, other);
    }

    fn setter(&mut self, holder: Gpr, source: Gpr, cell: i64, other: Label) {
        self.store_slot_through_cell(holder, source, cell, other);
    }

    fn answer_of_cell(&mut self, target: Gpr, source: Gpr, cell: i64, other: Label) {
        self.load_object_of_cell(target, source, cell, other);
    }

    fn branch_nil_tests(&mut self, label: Label) {
        let label = self.label_of(label);
        asm!(self.ops
            ; cmp DWORD [context + super::stubs::UNUSUAL_NIL_TESTS], BYTE 0
            ; jne =>label
        );
    }

    fn call_primitive(&mut self, number: i64, failed: Label) {
        self.call_plain_primitive(number, failed);
    }

    fn call_block(&mut self, other: Label) {
        self.go_to_block(other);
    }

    fn perform_selector(&mut self, other: Label) {
        self.go_to_performed(other);
    }

    fn new_instance(&mut self, other: Label) {
        self.return_new_instance(other);
    }

    fn new_sized(&mut self, other: Label) {
        self.return_new_sized(other);
    }

    fn scrambled(&mut self, other: Label) {
        self.return_scrambled(other);
    }

    fn string_size(&mut self, other: Label) {
        self.return_string_size(other);
    }

    fn strings_equal(&mut self, other: Label) {
        self.return_strings_equal(other);
    }

    fn byte_string(&mut self, other: Label) {
        self.return_byte_string(other);
    }

    fn push(&mut self, source: Gpr) {
        asm!(self.ops; push Rq(source));
    }

    fn push_frame(&mut self, offset: i64) {
        asm!(self.ops; push QWORD [rbp + offset as i32]);
    }

    fn push_literal(&mut self, object: Oop) {
        let bits = object.bits() as i64;
        if let Ok(bits) = i32::try_from(bits) {
            asm!(self.ops; push DWORD bits);
        } else {
            self.load_constant(TEMP, bits);
            asm!(self.ops; push temp);
        }
    }

    fn push_known(&mut self, which: i64) {
        asm!(self.ops; push QWORD [BYTE context + super::stubs::NIL + 8 * which as i8]);
    }

    fn pop(&mut self, target: Gpr) {
        asm!(self.ops; pop Rq(target));
    }

    fn drop_(&mut self, words: i64) {
        asm!(self.ops; add rsp, words as i32 * 8);
    }

    fn known(&mut self, target: Gpr, which: i64) {
        asm!(self.ops; mov Rq(target), [BYTE context + super::stubs::NIL + 8 * which as i8]);
    }

    fn branch_known(&mut self, condition: Condition, source: Gpr, which: i64, label: Label) {
        asm!(self.ops; cmp Rq(source), [BYTE context + super::stubs::NIL + 8 * which as i8]);
        self.jump_if(condition, label);
    }

    fn check_integer(&mut self, source: Gpr, other: Label) {
        let other = self.label_of(other);
        asm!(self.ops; test Rb(source), TAG_INTEGER as i8; jz =>other);
    }

    fn check_integers(&mut self, left: Gpr, right: Gpr, other: Label) {
        self.check_both_integers(left, right, other);
    }

    fn add_tagged(&mut self, target: Gpr, left: Gpr, right: Gpr, overflow: Label) {
        self.add_integers(target, left, right, overflow);
    }

    fn add_tagged_i(&mut self, target: Gpr, left: Gpr, value: i64, overflow: Label) {
        self.add_integer_constant(target, left, value, overflow);
    }

    fn subtract_tagged(&mut self, target: Gpr, left: Gpr, right: Gpr, overflow: Label) {
        self.subtract_integers(target, left, right, overflow);
    }

    fn multiply_tagged(&mut self, target: Gpr, left: Gpr, right: Gpr, overflow: Label) {
        self.multiply_integers(target, left, right, overflow);
    }

    fn divide_tagged(&mut self, target: Gpr, left: Gpr, right: Gpr, other: Label) {
        self.divide_integers(target, left, right, other);
    }

    fn modulo_tagged(&mut self, target: Gpr, left: Gpr, right: Gpr, other: Label) {
        self.modulo_integers(target, left, right, other);
    }

    fn check_class(&mut self, source: Gpr, class: i64, other: Label) {
        self.check_object_class(source, class, other);
    }

    fn element(&mut self, target: Gpr, array: Gpr, index: Gpr, other: Label) {
        self.load_element(target, array, index, other);
    }

    fn store_element(&mut self, array: Gpr, index: Gpr, source: Gpr, barrier: i64, other: Label) {
        self.store_into_element(array, index, source, barrier, other);
    }

    fn array_size(&mut self, target: Gpr, array: Gpr, other: Label) {
        self.load_array_size(target, array, other);
    }

    fn store_slot(&mut self, holder: Gpr, index: i64, source: Gpr) {
        self.store_into_slot(holder, index, source);
    }

    fn store_immediate(&mut self, holder: Gpr, index: i64, source: Gpr) {
        let offset = HEADER_BYTES as i64 + index * WORD_BYTES as i64;
        self.store_integer(Width::W64, holder, offset as i32, source);
    }

    fn allocate(&mut self, target: Gpr, class: i64, format: i64, slots: i64, other: Label) {
        self.allocate_object(target, class, format, slots, other);
    }

    fn allocate_struct(
        &mut self,
        target: Gpr,
        data: Gpr,
        class: i64,
        slots: i64,
        bytes: i64,
        other: Label,
    ) {
        self.allocate_alien((target, data), class, slots as usize, bytes as usize, other);
    }

    fn square_root(&mut self, target: Fpr, source: Fpr) {
        asm!(self.ops; sqrtsd Rx(target), Rx(source));
    }

    fn note(&mut self, _text: &str) {}
}
