//! What each bytecode becomes.

use super::stack::{Operand, Place, Value};
use super::{CacheKind, Front, Generator};
use crate::isa::host::registers::{FRAME, RESULT};
use crate::rtl::Op;
use crate::rtl::operand::{Condition, Label, Width};
use gc::layout::Format;
use gc::oop::Oop;
use vm::bytecode::{Bytecode, SpecialSend, Visitor};
use vm::frame;
use vm::header;
use vm::known::{block, block_class, global, index};

/// Larger Arrays, vectors and Blocks are left to the interpreter.
const SLOTS_MAX: usize = 64;

/// One instruction with the one behind it, which comparisons look at.
struct Translation<'a, 'vm> {
    generator: &'a mut Generator<'vm>,
    following: Option<Bytecode>,
}

impl Generator<'_> {
    pub(super) fn translate(&mut self, instruction: Bytecode, following: Option<Bytecode>) {
        let mut translation = Translation {
            generator: self,
            following,
        };
        instruction.visit(&mut translation);
    }

    fn push_object(&mut self, object: Oop) {
        if let Some(value) = object.as_i64() {
            self.push_value(Value::Integer(value));
        } else if let Some(value) = object.as_f64() {
            self.push_value(Value::Double(value));
        } else {
            self.push_value(Value::Literal(object));
        }
    }

    /// Sends with operands that the visitor has left on the stack.
    pub(super) fn plain_send(&mut self, arguments: usize) {
        if self.leaf_send(arguments) {
            return;
        }
        self.flush();
        self.stack.forget();
        self.emit_send(self.pc);
        for _ in 0..=arguments {
            self.stack.pop_spilled();
        }
        self.push_result();
    }

    /// A send that may be one of a getter, or of what answers the class: the slot is read here, or the class taken from
    /// the cell, once the send behind it has told which one.
    pub(super) fn likely_answer(&mut self, front: Front) {
        if self.abandoned().is_some() {
            return self.plain_send(0);
        }
        let receiver = self.pop();
        let (source, receiver) = self.in_gpr(receiver);
        let target = self.gpr();
        let (other, resume) = self.slow_send(&[receiver], target);
        let cell = self.cell(self.pc, CacheKind::Front(front));
        self.emit(match front {
            Front::Class => Op::AnswerOfCell {
                target,
                source,
                cell,
                other,
            },
            Front::Getter | Front::Setter => Op::Getter {
                target,
                source,
                cell,
                other,
            },
        });
        self.finish(Some(resume), &[receiver], target, false);
    }

    /// A send that may be one of a setter: the argument is stored here, once the send behind it has told where.
    fn likely_setter(&mut self) {
        let (value, receiver) = (self.pop(), self.pop());
        let (source, value) = self.in_gpr(value);
        let (holder, receiver) = self.in_gpr(receiver);
        let target = self.gpr();
        let operands = [receiver, value];
        let (other, resume) = self.slow_send(&operands, target);
        let cell = self.cell(self.pc, CacheKind::Front(Front::Setter));
        self.emit(Op::Setter {
            holder,
            source,
            cell,
            other,
        });
        self.emit(Op::Move {
            target,
            source: holder,
        });
        self.finish(Some(resume), &operands, target, false);
    }

    /// Pushes what a send has left in `result`.
    pub(super) fn push_result(&mut self) {
        let target = self.gpr();
        self.emit(Op::Move {
            target,
            source: RESULT,
        });
        let operand = Operand::new(Value::Gpr(target));
        self.push(operand);
        self.release(operand);
    }

    /// Leaves the instruction to the interpreter, for good.
    fn leave_to_interpreter(&mut self) {
        self.flush();
        self.emit(Op::Interpret {
            pc: self.pc as i64,
            speculation: 0,
        });
        self.reachable = false;
    }

    /// A new object of `values`, which are given back, behind `before` slots.
    fn make(&mut self, class: gc::ClassIndex, before: usize, count: usize) -> crate::rtl::Gpr {
        // An exit finds the operands where they were.
        let target = self.gpr();
        let other = self.exit(&[], false);
        self.emit(Op::Allocate {
            target,
            class: i64::from(class.index()),
            format: i64::from(Format::INDEXABLE.bits()),
            slots: (before + count) as i64,
            other,
        });
        for index in (0..count).rev() {
            let operand = self.pop();
            let source = match operand.value {
                Value::Gpr(register) => register,
                value => {
                    self.load(RESULT, value);
                    RESULT
                }
            };
            self.emit(Op::StoreImmediate {
                holder: target,
                index: (before + index) as i64,
                source,
            });
            self.release(operand);
        }
        target
    }

    fn push_register(&mut self, register: crate::rtl::Gpr) {
        let operand = Operand::new(Value::Gpr(register));
        self.push(operand);
        self.release(operand);
    }

    fn store_into(&mut self, holder: crate::rtl::Gpr, index: usize) {
        let operand = self.pop();
        let index = index as i64;
        let immediate = operand.integer || matches!(operand.value, Value::Double(_));
        let (source, operand) = self.in_gpr(operand);
        self.emit(if immediate {
            Op::StoreImmediate {
                holder,
                index,
                source,
            }
        } else {
            Op::StoreSlot {
                holder,
                index,
                source,
            }
        });
        self.push(operand);
        self.release(operand);
    }

    fn field_holder(&mut self, place: Place) -> (crate::rtl::Gpr, Operand) {
        self.in_gpr(Operand::new(Value::Place(place)))
    }

    /// Jumps to `label` where `operand` is `wanted`; not a Boolean goes to the interpreter.
    fn jump_if_boolean(&mut self, wanted: i64, distance: i32) {
        let label = self.target_below(distance);
        let at = self.next.wrapping_add_signed(distance as isize);
        let operand = self.pop();
        if let Value::Known(which) = operand.value
            && which != 0
        {
            self.flush();
            if which == wanted {
                self.jump_begins(at, true);
                self.emit(Op::Jump { label });
                self.reachable = false;
            }
            return;
        }
        let (source, operand) = self.in_gpr(operand);
        self.flush();
        self.jump_begins(at, true);
        let other = self.exit(&[operand], false);
        self.emit(Op::BranchKnown {
            condition: Condition::Eq,
            source,
            which: wanted,
            label,
        });
        self.emit(Op::BranchKnown {
            condition: Condition::Ne,
            source,
            which: 3 - wanted,
            label: other,
        });
        self.release(operand);
    }

    fn jump_if_nil(&mut self, condition: Condition, distance: i32) {
        let operand = self.pop();
        let (source, operand) = self.in_gpr(operand);
        self.flush();
        let label = self.target(distance);
        self.emit(Op::BranchKnown {
            condition,
            source,
            which: 0,
            label,
        });
        self.release(operand);
    }

    /// Leaves the home token of the frame in `result`, making one where there is none.
    fn home_token(&mut self) {
        let source = RESULT;
        self.load_place(source, Place::Closure);
        if self.vm.heap().class_index_of(self.compiled) == index::COMPILED_BLOCK {
            return self.slot(source, source, block::HOME);
        }
        let (there, other) = (self.label(), self.exit(&[], false));
        self.emit(Op::BranchKnown {
            condition: Condition::Ne,
            source,
            which: 0,
            label: there,
        });
        self.emit(Op::Allocate {
            target: source,
            class: i64::from(index::HOME.index()),
            format: i64::from(Format::FIXED.bits()),
            slots: 0,
            other,
        });
        self.emit(Op::Store {
            width: Width::W64,
            base: FRAME,
            offset: frame::CLOSURE as i64,
            source,
        });
        self.emit(Op::Label { label: there });
    }
}

impl Visitor for Translation<'_, '_> {
    type Output = ();

    fn push_self(&mut self) {
        self.generator.push_value(Value::Place(Place::Receiver));
    }

    fn push_nil(&mut self) {
        self.generator.push_value(Value::Known(0));
    }

    fn push_true(&mut self) {
        self.generator.push_value(Value::Known(1));
    }

    fn push_false(&mut self) {
        self.generator.push_value(Value::Known(2));
    }

    fn push_integer(&mut self, value: i8) {
        self.generator.push_value(Value::Integer(i64::from(value)));
    }

    fn push_literal(&mut self, literal: u16) {
        let object = self.generator.literal(literal);
        if !self.generator.vm.heap().is_young(object) {
            return self.generator.push_object(object);
        }
        // It will move: the way to it starts at the literals, which do not.
        let target = self.generator.gpr();
        let literals = self.generator.literals;
        self.generator.emit(Op::Literal {
            target,
            object: literals,
        });
        self.generator.slot(target, target, usize::from(literal));
        self.generator.push_register(target);
    }

    fn push_argument(&mut self, index: u8) {
        let value = self.generator.leaf_argument(index);
        let place = Value::Place(Place::Argument(index));
        self.generator.push_value(value.unwrap_or(place));
    }

    fn push_temporary(&mut self, index: u8) {
        self.generator
            .push_value(Value::Place(Place::Temporary(index)));
    }

    fn push_field(&mut self, index: u16) {
        let (holder, operand) = self.generator.field_holder(Place::Receiver);
        let target = self.generator.gpr();
        self.generator.slot(target, holder, usize::from(index));
        self.generator.release(operand);
        self.generator.push_register(target);
    }

    fn push_global(&mut self, literal: u16) {
        let variable = self.generator.literal(literal);
        let target = self.generator.gpr();
        let other = self.generator.exit(&[], false);
        self.generator.emit(Op::Literal {
            target: RESULT,
            object: variable,
        });
        self.generator.slot(target, RESULT, global::VALUE);
        self.generator.emit(Op::Branch {
            condition: Condition::Eq,
            left: target,
            right: RESULT,
            label: other,
        });
        self.generator.push_register(target);
    }

    fn push_shared(&mut self, index: u8, slot: u8) {
        let (holder, operand) = self.generator.field_holder(Place::Temporary(index));
        let target = self.generator.gpr();
        self.generator.slot(target, holder, usize::from(slot));
        self.generator.release(operand);
        self.generator.push_register(target);
    }

    fn store_argument(&mut self, index: u8) {
        if self.generator.is_pointer_argument(index) {
            return self.generator.unfit();
        }
        self.generator.store_place(Place::Argument(index));
    }

    fn store_temporary(&mut self, index: u8) {
        self.generator.store_place(Place::Temporary(index));
    }

    fn store_field(&mut self, index: u16) {
        let (holder, operand) = self.generator.field_holder(Place::Receiver);
        self.generator.store_into(holder, usize::from(index));
        self.generator.release(operand);
    }

    fn store_global(&mut self, literal: u16) {
        let variable = self.generator.literal(literal);
        let operand = Operand::new(Value::Literal(variable));
        let (holder, operand) = self.generator.in_gpr(operand);
        self.generator.store_into(holder, global::VALUE);
        self.generator.release(operand);
    }

    fn store_shared(&mut self, index: u8, slot: u8) {
        let (holder, operand) = self.generator.field_holder(Place::Temporary(index));
        self.generator.store_into(holder, usize::from(slot));
        self.generator.release(operand);
    }

    fn pop(&mut self) {
        self.generator.drop_top();
    }

    fn duplicate(&mut self) {
        let top = self.generator.top();
        self.generator.push(top);
    }

    fn make_vector(&mut self, index: u8, size: u8) {
        if usize::from(size) > SLOTS_MAX {
            return self.generator.leave_to_interpreter();
        }
        let target = self.generator.gpr();
        let other = self.generator.exit(&[], false);
        self.generator.emit(Op::Allocate {
            target,
            class: i64::from(index::ARRAY.index()),
            format: i64::from(Format::INDEXABLE.bits()),
            slots: i64::from(size),
            other,
        });
        self.generator.push_register(target);
        self.generator.store_place(Place::Temporary(index));
        self.generator.drop_top();
    }

    fn make_array(&mut self, size: u16) {
        if usize::from(size) > SLOTS_MAX {
            return self.generator.leave_to_interpreter();
        }
        let target = self.generator.make(index::ARRAY, 0, usize::from(size));
        self.generator.push_register(target);
    }

    fn make_block(&mut self, literal: u16, copied: u8) {
        let compiled = self.generator.literal(literal);
        let header = vm::lookup::header_of(self.generator.vm.heap(), compiled);
        if usize::from(copied) > SLOTS_MAX {
            return self.generator.leave_to_interpreter();
        }
        let needs_home = header.has(header::NEEDS_HOME);
        if needs_home {
            // Made first, so that nothing can fail once operands are popped.
            self.generator.home_token();
        }
        let class = block_class(header.arguments());
        let target = self
            .generator
            .make(class, block::COUNT, usize::from(copied));
        if needs_home {
            self.generator.home_token();
            self.generator.emit(Op::StoreImmediate {
                holder: target,
                index: block::HOME as i64,
                source: RESULT,
            });
        }
        for (slot, value) in [
            (block::METHOD, Value::Literal(compiled)),
            (block::RECEIVER, Value::Place(Place::Receiver)),
        ] {
            self.generator.load(RESULT, value);
            self.generator.emit(Op::StoreImmediate {
                holder: target,
                index: slot as i64,
                source: RESULT,
            });
        }
        self.generator.push_register(target);
    }

    fn send(&mut self, selector: u16, arguments: u8) {
        let selector = self.generator.literal(selector);
        if arguments == 0 && self.generator.vm.selects_getter(selector) {
            return self.generator.likely_answer(Front::Getter);
        }
        let arguments = usize::from(arguments);
        let is_used = !matches!(self.following, Some(Bytecode::Pop {}));
        let generator = &mut self.generator;
        if arguments == 0 && generator.instance_send(selector) {
            return;
        }
        if generator.foreign_send(selector, arguments, is_used)
            || generator.block_send(selector, arguments)
        {
            return;
        }
        let is_leaf = generator.abandoned().is_some();
        if arguments == 1 && generator.vm.selects_setter(selector) && !is_leaf {
            generator.likely_setter();
        } else {
            generator.plain_send(arguments);
        }
    }

    fn send_super(&mut self, _selector: u16, arguments: u8) {
        self.generator.plain_send(usize::from(arguments));
    }

    fn send_special(&mut self, selector: u8) {
        let special = SpecialSend::from_number(selector).expect("a special send of the table");
        self.generator
            .special_send(special, selector, self.following);
    }

    fn jump(&mut self, distance: i32) {
        self.generator.flush();
        let label = self.generator.target(distance);
        self.generator.emit(Op::Jump { label });
        self.generator.reachable = false;
    }

    fn jump_back(&mut self, distance: i32) {
        self.generator.flush();
        let due = self.generator.exit(&[], false);
        self.generator.emit(Op::BranchDue { label: due });
        self.generator.close_loop(distance);
        self.generator.reachable = false;
    }

    fn jump_true(&mut self, distance: i32, _selector: u16) {
        self.generator.jump_if_boolean(1, distance);
    }

    fn jump_false(&mut self, distance: i32, _selector: u16) {
        self.generator.jump_if_boolean(2, distance);
    }

    fn jump_nil(&mut self, distance: i32) {
        self.generator.jump_if_nil(Condition::Eq, distance);
    }

    fn jump_not_nil(&mut self, distance: i32) {
        self.generator.jump_if_nil(Condition::Ne, distance);
    }

    fn return_top(&mut self) {
        if self.generator.leaf_return() {
            return;
        }
        let operand = self.generator.pop();
        self.generator.load(RESULT, operand.value);
        self.generator.release(operand);
        self.generator.emit(Op::LeaveFrame { source: RESULT });
        self.generator.reachable = false;
    }

    fn return_self(&mut self) {
        self.generator.load(RESULT, Value::Place(Place::Receiver));
        self.generator.emit(Op::LeaveFrame { source: RESULT });
        self.generator.reachable = false;
    }

    fn return_home(&mut self) {
        self.generator.leave_to_interpreter();
    }
}

impl Generator<'_> {
    /// The label of a jump that pops the topmost operand first.
    fn target_below(&mut self, distance: i32) -> Label {
        let at = self.next.wrapping_add_signed(distance as isize);
        let depth = self.stack.depth() - 1;
        // What registers hold is known only when the jump is made: see `jump_if_boolean`.
        let target = self.targets.get_mut(&at).expect("a jump target");
        target.depth = Some(depth);
        target.label
    }
}
