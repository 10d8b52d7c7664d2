//! Arithmetic on floats that stay unboxed between operations.
//!
//! Where the interpreter has seen floats only, or an operand is one for certain, both are expected
//! to be Doubles. At a site that has met others, numbers of other kinds are converted.

use super::Generator;
use super::stack::{Operand, Value};
use crate::rtl::Op;
use crate::rtl::operand::{Condition, Fpr, Label};
use vm::bytecode::{Bytecode, SpecialSend};
use vm::entry::Entry;

/// Integers up to this magnitude are doubles without rounding.
const EXACT: i64 = 1 << 53;

impl Generator<'_> {
    /// True where a float operation is to be made of the two topmost operands.
    fn expects_floats(&mut self, seen: bool) -> bool {
        let right = self.pop();
        let left = self.pop();
        let number = |operand: Operand| {
            operand.is_float()
                || matches!(operand.value, Value::Integer(value) if value.abs() < EXACT)
        };
        let object = |operand: Operand| {
            matches!(operand.value, Value::Known(_) | Value::Literal(_)) || operand.integer
        };
        let some_float = left.is_float() || right.is_float();
        let certain = number(left) && number(right) && some_float;
        let likely = !(object(left) && !number(left)) && !(object(right) && !number(right));
        let constants = left.integer && right.integer;
        self.push(left);
        self.push(right);
        self.release(left);
        self.release(right);
        certain || (likely && !constants && (seen || some_float))
    }

    /// The operand as an unboxed float in a register, which is in use.
    fn unboxed(&mut self, operand: Operand, entry: Entry, failed: Label) -> Fpr {
        match operand.value {
            Value::Double(value) => {
                let target = self.fpr();
                self.load_double(target, value);
                target
            }
            Value::Integer(value) => {
                let target = self.fpr();
                self.load_double(target, value as f64);
                target
            }
            Value::Gpr(source) => {
                let target = self.fpr();
                self.unbox_float(target, source, entry, failed);
                target
            }
            _ => self.cached_float(operand).expect("an unboxed float"),
        }
    }

    /// Brings an operand to a register of either kind, with its place.
    fn prepared(&mut self, operand: Operand) -> Operand {
        match operand.value {
            Value::Double(_) | Value::Integer(_) | Value::Gpr(_) | Value::Fpr(_) => operand,
            _ => match self.cached_float(operand) {
                Some(register) => {
                    let cached = Operand::new(Value::Fpr(register));
                    self.release(operand);
                    cached
                }
                None => self.in_gpr(operand).1,
            },
        }
    }

    /// Both operands unboxed, with what they were for the exit. At a site that is `mixed`, numbers
    /// of other kinds are converted as `entry` says.
    fn float_operands(
        &mut self,
        mixed: bool,
        converting: Entry,
    ) -> ([Operand; 2], [Fpr; 2], Label) {
        let (right, left) = (self.pop(), self.pop());
        let places = [left.value, right.value];
        let operands = [self.prepared(left), self.prepared(right)];
        // Registers first, so that nothing is spilled between the exit's moment and its use.
        let reserve = [self.fpr(), self.fpr(), self.fpr()];
        for each in reserve {
            self.stack.release(Value::Fpr(each));
        }
        let failed = self.exit(&operands, !mixed);
        let entry = if mixed {
            converting
        } else {
            Entry::DoubleToF64
        };
        let a = self.unboxed(operands[0], entry, failed);
        let b = if operands[0].value == operands[1].value {
            self.stack.retain(Value::Fpr(a));
            a
        } else {
            self.unboxed(operands[1], entry, failed)
        };
        for (value, register) in [(places[0], a), (places[1], b)] {
            // What may have been an Integer is no float.
            if let Value::Place(place) = value
                && !mixed
                && !self.stack.has_float(place)
            {
                self.stack.remember(place, Value::Fpr(register), false);
            }
        }
        (operands, [a, b], failed)
    }

    /// Makes a float operation of a special send, where floats are expected.
    pub(super) fn float_arithmetic(
        &mut self,
        special: SpecialSend,
        seen: bool,
        mixed: bool,
    ) -> bool {
        if !self.expects_floats(seen) {
            return false;
        }
        let (operands, [left, right], failed) = self.float_operands(mixed, Entry::NumberToF64);
        let target = self.fpr();
        if special == SpecialSend::Divide {
            // Division by zero is an error that the image signals.
            self.load_double(target, 0.0);
            self.emit(Op::BranchF {
                condition: Condition::Eq,
                left: right,
                right: target,
                label: failed,
            });
        }
        self.emit(match special {
            SpecialSend::Add => Op::AddF {
                target,
                left,
                right,
            },
            SpecialSend::Subtract => Op::SubtractF {
                target,
                left,
                right,
            },
            SpecialSend::Multiply => Op::MultiplyF {
                target,
                left,
                right,
            },
            _ => Op::DivideF {
                target,
                left,
                right,
            },
        });
        operands.iter().for_each(|&each| self.release(each));
        self.stack.release(Value::Fpr(left));
        self.stack.release(Value::Fpr(right));
        let result = Operand::new(Value::Fpr(target));
        self.push(result);
        self.release(result);
        true
    }

    /// Makes a float comparison of a special send, where floats are expected.
    pub(super) fn float_comparison(
        &mut self,
        condition: Condition,
        seen: bool,
        mixed: bool,
        following: Option<Bytecode>,
    ) -> bool {
        if !self.expects_floats(seen) {
            return false;
        }
        let (operands, [left, right], _) = self.float_operands(mixed, Entry::ExactToF64);
        let test = |generator: &mut Self, condition, label| {
            generator.emit(Op::BranchF {
                condition,
                left,
                right,
                label,
            });
        };
        let registers = [
            Operand::new(Value::Fpr(left)),
            Operand::new(Value::Fpr(right)),
        ];
        operands.iter().for_each(|&each| self.release(each));
        self.test(condition, &registers, following, |_, _| {}, test, false);
        true
    }
}
