//! Comparisons, and the jumps on Booleans that they take with them.

use super::Generator;
use super::slow::Slow;
use super::special::CONSTANT_MAX;
use super::stack::{Operand, Value};
use crate::rtl::Op;
use crate::rtl::operand::{Condition, Label};
use vm::bytecode::{Bytecode, SEEN_FLOATS, SEEN_OTHERS, SpecialSend};

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
        let mixed = mixed && self.abandoned().is_none();
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

    pub(super) fn comparison(
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

    pub(super) fn identity(&mut self, condition: Condition, following: Option<Bytecode>) {
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

    /// `isNil` and `notNil`, of which everybody knows the answer, unless a class has one of its own.
    pub(super) fn nil_test(&mut self, condition: Condition, following: Option<Bytecode>) {
        let operand = self.pop();
        let (source, operand) = self.in_gpr(operand);
        let check = |generator: &mut Self, slow: &dyn Fn(&mut Self) -> Label| {
            let label = slow(generator);
            generator.emit(Op::BranchNilTests { label });
        };
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
}
