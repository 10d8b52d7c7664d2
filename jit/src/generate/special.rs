//! Special sends: what they do inline, and what happens where that does not do.
//!
//! A site where the interpreter has seen nothing unusual is made for SmallIntegers (or floats,
//! or Arrays) only: anything else gives the frame to the interpreter, which marks the site, and the
//! method is compiled anew. A marked site has a real send behind its fast path.

use super::Front;
use super::Generator;
use super::stack::{Operand, Value};
use crate::isa::host::registers::RESULT;
use crate::rtl::Op;
use crate::rtl::operand::{Condition, Gpr, Label};
use vm::bytecode::{Bytecode, SEEN_FLOATS, SEEN_OTHERS, SpecialSend};

/// Constants that fit an instruction when they are tagged.
pub(super) const CONSTANT_MAX: i64 = 1 << 27;

impl Generator<'_> {
    pub(super) fn special_send(
        &mut self,
        special: SpecialSend,
        operand: u8,
        following: Option<Bytecode>,
    ) {
        if self.vm.is_unusual(special) {
            return self.plain_send(special.argument_count());
        }
        // A leaf is made for the usual operands, and abandoned where others come.
        let operand = match self.abandoned() {
            Some(_) => operand & !SEEN_OTHERS,
            None => operand,
        };
        let mixed = operand & SEEN_OTHERS != 0;
        let floats = operand & SEEN_FLOATS != 0 && !mixed;
        match special {
            SpecialSend::Add | SpecialSend::Subtract | SpecialSend::Multiply => {
                if !self.float_arithmetic(special, floats, mixed) {
                    self.integer_arithmetic(special, mixed);
                }
            }
            SpecialSend::Divide => {
                if !self.float_arithmetic(special, floats, mixed) {
                    self.integer_arithmetic(special, mixed);
                }
            }
            SpecialSend::Modulo | SpecialSend::BitAnd => self.integer_arithmetic(special, mixed),
            SpecialSend::Less => self.comparison(special, Condition::Lt, operand, following),
            SpecialSend::LessOrEqual => self.comparison(special, Condition::Le, operand, following),
            SpecialSend::Greater => self.comparison(special, Condition::Gt, operand, following),
            SpecialSend::GreaterOrEqual => {
                self.comparison(special, Condition::Ge, operand, following);
            }
            SpecialSend::Equal => self.comparison(special, Condition::Eq, operand, following),
            SpecialSend::NotEqual => self.comparison(special, Condition::Ne, operand, following),
            SpecialSend::Identical => self.identity(Condition::Eq, following),
            SpecialSend::NotIdentical => self.identity(Condition::Ne, following),
            SpecialSend::At => self.at(mixed),
            SpecialSend::AtPut if self.abandoned().is_some() => self.plain_send(2),
            SpecialSend::AtPut => self.at_put(mixed),
            SpecialSend::Size | SpecialSend::Length => self.size(mixed),
            SpecialSend::Not => self.not(mixed),
            SpecialSend::IsNil => self.nil_test(Condition::Eq, following),
            SpecialSend::NotNil => self.nil_test(Condition::Ne, following),
            SpecialSend::Class => self.likely_answer(Front::Class),
            SpecialSend::Value | SpecialSend::Value1 => {
                let selector = self.vm.special_selector(special);
                let arguments = special.argument_count();
                if !self.block_send(selector, arguments) {
                    self.plain_send(arguments);
                }
            }
            SpecialSend::New => {
                if !self.instance_send(self.vm.special_selector(special)) {
                    self.plain_send(0);
                }
            }
        }
    }

    /// Where operands go that the fast path does not take. `resume` is to be marked behind it.
    pub(super) fn otherwise(
        &mut self,
        mixed: bool,
        operands: &[Operand],
        target: Gpr,
    ) -> (Label, Option<Label>) {
        if mixed {
            let (slow, resume) = self.slow_send(operands, target);
            (slow, Some(resume))
        } else {
            (self.exit(operands, true), None)
        }
    }

    /// Ends a fast path: marks `resume`, gives the operands back and pushes the result.
    pub(super) fn finish(
        &mut self,
        resume: Option<Label>,
        operands: &[Operand],
        target: Gpr,
        is_integer: bool,
    ) {
        if let Some(label) = resume {
            self.emit(Op::Label { label });
        }
        operands.iter().for_each(|&each| self.release(each));
        let result = Operand {
            value: Value::Gpr(target),
            integer: is_integer && resume.is_none(),
        };
        self.push(result);
        self.release(result);
    }

    pub(super) fn check_integer(&mut self, operand: Operand, other: Label) {
        if let (Value::Gpr(source), false) = (operand.value, operand.integer) {
            self.emit(Op::CheckInteger { source, other });
        }
    }

    pub(super) fn check_integers(&mut self, left: Operand, right: Operand, other: Label) {
        match (left.value, right.value) {
            (Value::Gpr(a), Value::Gpr(b)) if !left.integer && !right.integer => {
                self.emit(Op::CheckIntegers {
                    left: a,
                    right: b,
                    other,
                });
            }
            _ => {
                self.check_integer(left, other);
                self.check_integer(right, other);
            }
        }
    }

    fn integer_arithmetic(&mut self, special: SpecialSend, mixed: bool) {
        let (right, left) = (self.pop(), self.pop());
        let constant = match right.value {
            Value::Integer(value) if value.abs() < CONSTANT_MAX => Some(value),
            _ => None,
        };
        let (a, left) = self.in_gpr(left);
        let target = self.gpr();
        if let (SpecialSend::Add | SpecialSend::Subtract, Some(value)) = (special, constant) {
            let (slow, resume) = self.otherwise(mixed, &[left, right], target);
            self.check_integer(left, slow);
            let value = if special == SpecialSend::Add {
                value
            } else {
                -value
            };
            self.emit(Op::AddTaggedI {
                target,
                left: a,
                value,
                overflow: slow,
            });
            return self.finish(resume, &[left, right], target, true);
        }
        let (b, right) = self.in_gpr(right);
        let (slow, resume) = self.otherwise(mixed, &[left, right], target);
        self.check_integers(left, right, slow);
        let (left_register, right_register, overflow) = (a, b, slow);
        self.emit(match special {
            SpecialSend::Add => Op::AddTagged {
                target,
                left: left_register,
                right: right_register,
                overflow,
            },
            SpecialSend::Subtract => Op::SubtractTagged {
                target,
                left: left_register,
                right: right_register,
                overflow,
            },
            SpecialSend::Multiply => Op::MultiplyTagged {
                target,
                left: left_register,
                right: right_register,
                overflow,
            },
            SpecialSend::Divide => Op::DivideTagged {
                target,
                left: left_register,
                right: right_register,
                other: slow,
            },
            SpecialSend::Modulo => Op::ModuloTagged {
                target,
                left: left_register,
                right: right_register,
                other: slow,
            },
            SpecialSend::BitAnd => Op::And {
                target,
                left: left_register,
                right: right_register,
            },
            _ => unreachable!("{special:?} is no arithmetic"),
        });
        self.finish(resume, &[left, right], target, true);
    }

    fn not(&mut self, mixed: bool) {
        let operand = self.pop();
        let (source, operand) = self.in_gpr(operand);
        let target = self.gpr();
        let (slow, resume) = self.otherwise(mixed, &[operand], target);
        let (no, done) = (self.label(), self.label());
        let branch = |condition, which, label| Op::BranchKnown {
            condition,
            source,
            which,
            label,
        };
        self.emit(branch(Condition::Eq, 1, no));
        self.emit(branch(Condition::Ne, 2, slow));
        self.emit(Op::Known { target, which: 1 });
        self.emit(Op::Jump { label: done });
        self.emit(Op::Label { label: no });
        self.emit(Op::Known { target, which: 2 });
        self.emit(Op::Label { label: done });
        self.finish(resume, &[operand], target, false);
    }

    fn at(&mut self, mixed: bool) {
        let (index, array) = (self.pop(), self.pop());
        let (i, index) = self.in_gpr(index);
        let (a, array) = self.in_gpr(array);
        let target = self.gpr();
        let (slow, resume) = self.otherwise(mixed, &[array, index], target);
        self.check_integer(index, slow);
        self.emit(Op::Element {
            target,
            array: a,
            index: i,
            other: slow,
        });
        self.finish(resume, &[array, index], target, false);
    }

    fn at_put(&mut self, mixed: bool) {
        let (value, index, array) = (self.pop(), self.pop(), self.pop());
        let young = !value.integer && !matches!(value.value, Value::Known(_) | Value::Double(_));
        let (v, value) = self.in_gpr(value);
        let (i, index) = self.in_gpr(index);
        let (a, array) = self.in_gpr(array);
        let target = if mixed { self.gpr() } else { v };
        let operands = [array, index, value];
        let (slow, resume) = self.otherwise(mixed, &operands, target);
        self.check_integer(index, slow);
        self.emit(Op::StoreElement {
            array: a,
            index: i,
            source: v,
            barrier: i64::from(young),
            other: slow,
        });
        if mixed {
            self.emit(Op::Move { target, source: v });
            return self.finish(resume, &operands, target, false);
        }
        self.push(value);
        operands.iter().for_each(|&each| self.release(each));
    }

    fn size(&mut self, mixed: bool) {
        let operand = self.pop();
        let (array, operand) = self.in_gpr(operand);
        let target = self.gpr();
        let (slow, resume) = self.otherwise(mixed, &[operand], target);
        self.emit(Op::ArraySize {
            target,
            array,
            other: slow,
        });
        let _ = RESULT;
        self.finish(resume, &[operand], target, true);
    }
}
