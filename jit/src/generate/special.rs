//! Special sends: what they do inline, and what happens where that does not do.
//!
//! A site where the interpreter has seen nothing unusual is made for SmallIntegers (or floats,
//! or Arrays) only: anything else gives the frame to the interpreter, which marks the site, and the
//! method is compiled anew. A marked site has a real send behind its fast path.

use super::Generator;
use super::slow::Slow;
use super::stack::{Operand, Value};
use crate::isa::host::registers::RESULT;
use crate::rtl::Op;
use crate::rtl::operand::{Condition, Gpr, Label};
use vm::bytecode::{Bytecode, SEEN_FLOATS, SEEN_OTHERS, SpecialSend};

/// Constants that fit an instruction when they are tagged.
const CONSTANT_MAX: i64 = 1 << 27;

/// A jump on a Boolean right behind a comparison.
struct Fused {
    if_true: Label,
    if_false: Label,
    /// The label of the two that is the jump's target.
    target: Label,
    pc: usize,
    /// Whether the code goes on behind the jump; otherwise both labels are elsewhere.
    goes_on: bool,
}

impl Generator<'_> {
    pub(super) fn special_send(
        &mut self,
        special: SpecialSend,
        operand: u8,
        following: Option<Bytecode>,
    ) {
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
            SpecialSend::AtPut => self.at_put(mixed),
            SpecialSend::Size | SpecialSend::Length => self.size(mixed),
            SpecialSend::Not => self.not(mixed),
            SpecialSend::IsNil => self.nil_test(Condition::Eq, following),
            SpecialSend::NotNil => self.nil_test(Condition::Ne, following),
            SpecialSend::Value | SpecialSend::Value1 | SpecialSend::Class | SpecialSend::New => {
                self.plain_send(special.argument_count())
            }
        }
    }

    /// Where operands go that the fast path does not take. `resume` is to be marked behind it.
    fn otherwise(
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
    fn finish(
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

    fn check_integer(&mut self, operand: Operand, other: Label) {
        if let (Value::Gpr(source), false) = (operand.value, operand.integer) {
            self.emit(Op::CheckInteger { source, other });
        }
    }

    fn check_integers(&mut self, left: Operand, right: Operand, other: Label) {
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

    /// The jump behind a comparison, if it can be taken with it: nothing else jumps to it.
    fn fuse(&mut self, following: Option<Bytecode>, mixed: bool) -> Option<Fused> {
        let mut instruction = following?;
        let mut pc = self.next;
        if self.targets.contains_key(&pc) {
            return None;
        }
        let first = pc;
        if let Bytecode::Jump { distance } = instruction {
            // Behind `and:` and `or:` the jump on the value stands where this one goes.
            pc = (pc + instruction.opcode().width()).wrapping_add_signed(distance as isize);
            instruction = Bytecode::decode(&self.code, pc)?.0;
        }
        let wanted = match instruction {
            Bytecode::JumpTrue { .. } => true,
            Bytecode::JumpFalse { .. } => false,
            _ => return None,
        };
        let end = pc + instruction.opcode().width();
        let at = end.wrapping_add_signed(instruction.distance() as isize);
        let at = self.through(at);
        let target = self.target_at(at);
        if mixed {
            // The slow path has sent, and nothing is left in registers.
            self.jump_begins(at, false);
        }
        self.fused = Some(first);
        let next = if pc == first {
            self.label()
        } else {
            self.add_target(end);
            if mixed {
                self.jump_begins(end, false);
            }
            self.target_at(end)
        };
        let (if_true, if_false) = if wanted {
            (target, next)
        } else {
            (next, target)
        };
        Some(Fused {
            if_true,
            if_false,
            target,
            pc,
            goes_on: pc == first,
        })
    }

    /// Emits a test that is one branch operation, and the jump or the Boolean behind it. `test`
    /// makes the branch from a condition and a label.
    pub(super) fn test(
        &mut self,
        condition: Condition,
        operands: &[Operand],
        following: Option<Bytecode>,
        check: impl FnOnce(&mut Self, &dyn Fn(&mut Self) -> Label),
        test: impl FnOnce(&mut Self, Condition, Label),
        mixed: bool,
    ) {
        self.flush();
        // Of doubles neither a relation nor its opposite may hold.
        let doubles = operands.iter().any(|each| each.is_float());
        let opposite = (!doubles).then(|| condition.opposite());
        if let Some(fused) = self.fuse(following, mixed) {
            let (pc, jump_pc) = (self.pc, fused.pc);
            let slow = |generator: &mut Self| {
                if !mixed {
                    return generator.exit_at(operands, pc, true);
                }
                let label = generator.label();
                let snapshot = generator.stack.snapshot();
                generator.slow.push(Slow::Test {
                    label,
                    snapshot,
                    operands: operands.to_vec(),
                    pc,
                    jump_pc,
                    if_true: fused.if_true,
                    if_false: fused.if_false,
                });
                label
            };
            check(self, &slow);
            if !fused.goes_on {
                test(self, condition, fused.if_true);
                self.emit(Op::Jump {
                    label: fused.if_false,
                });
                self.reachable = false;
            } else if fused.target == fused.if_true {
                test(self, condition, fused.if_true);
                self.emit(Op::Label {
                    label: fused.if_false,
                });
            } else if let Some(opposite) = opposite {
                test(self, opposite, fused.if_false);
                self.emit(Op::Label {
                    label: fused.if_true,
                });
            } else {
                test(self, condition, fused.if_true);
                self.emit(Op::Jump {
                    label: fused.if_false,
                });
                self.emit(Op::Label {
                    label: fused.if_true,
                });
            }
            operands.iter().for_each(|&each| self.release(each));
            if mixed {
                self.stack.forget();
            }
            return;
        }
        let target = self.gpr();
        let (yes, done) = (self.label(), self.label());
        let resume = std::cell::Cell::new(None);
        let slow = |generator: &mut Self| {
            let (label, after) = generator.otherwise(mixed, operands, target);
            resume.set(after);
            label
        };
        check(self, &slow);
        test(self, condition, yes);
        self.emit(Op::Known { target, which: 2 });
        self.emit(Op::Jump { label: done });
        self.emit(Op::Label { label: yes });
        self.emit(Op::Known { target, which: 1 });
        self.emit(Op::Label { label: done });
        self.finish(resume.get(), operands, target, false);
    }

    fn comparison(
        &mut self,
        special: SpecialSend,
        condition: Condition,
        operand: u8,
        following: Option<Bytecode>,
    ) {
        let mixed = operand & SEEN_OTHERS != 0;
        let floats = operand & SEEN_FLOATS != 0 && !mixed;
        if self.float_comparison(condition, floats, mixed, following) {
            return;
        }
        let _ = special;
        let (right, left) = (self.pop(), self.pop());
        let (a, left) = self.in_gpr(left);
        let constant = match right.value {
            Value::Integer(value) if value.abs() < CONSTANT_MAX => Some(value),
            _ => None,
        };
        if let Some(value) = constant {
            let check = |generator: &mut Self, slow: &dyn Fn(&mut Self) -> Label| {
                let label = slow(generator);
                generator.check_integer(left, label);
            };
            let test = |generator: &mut Self, condition, label| {
                generator.emit(Op::BranchI {
                    condition,
                    left: a,
                    value: value * 8 + 1,
                    label,
                });
            };
            return self.test(condition, &[left, right], following, check, test, mixed);
        }
        let (b, right) = self.in_gpr(right);
        let check = |generator: &mut Self, slow: &dyn Fn(&mut Self) -> Label| {
            let label = slow(generator);
            generator.check_integers(left, right, label);
        };
        let test = |generator: &mut Self, condition, label| {
            generator.emit(Op::Branch {
                condition,
                left: a,
                right: b,
                label,
            });
        };
        self.test(condition, &[left, right], following, check, test, mixed);
    }

    fn identity(&mut self, condition: Condition, following: Option<Bytecode>) {
        let (right, left) = (self.pop(), self.pop());
        let (a, left) = self.in_gpr(left);
        if let Value::Known(which) = right.value {
            let test = |generator: &mut Self, condition, label| {
                generator.emit(Op::BranchKnown {
                    condition,
                    source: a,
                    which,
                    label,
                });
            };
            return self.test(condition, &[left, right], following, |_, _| {}, test, false);
        }
        let (b, right) = self.in_gpr(right);
        let test = |generator: &mut Self, condition, label| {
            generator.emit(Op::Branch {
                condition,
                left: a,
                right: b,
                label,
            });
        };
        self.test(condition, &[left, right], following, |_, _| {}, test, false);
    }

    /// `isNil` and `notNil`: nil itself is answered here, others are asked.
    fn nil_test(&mut self, condition: Condition, following: Option<Bytecode>) {
        let operand = self.pop();
        let (source, operand) = self.in_gpr(operand);
        let check = |generator: &mut Self, slow: &dyn Fn(&mut Self) -> Label| {
            let label = slow(generator);
            generator.emit(Op::BranchKnown {
                condition: Condition::Ne,
                source,
                which: 0,
                label,
            });
        };
        // Behind the check it is nil.
        let test = |generator: &mut Self, condition, label| {
            generator.emit(Op::BranchKnown {
                condition,
                source,
                which: 0,
                label,
            });
        };
        self.test(condition, &[operand], following, check, test, true);
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
