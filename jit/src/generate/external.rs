//! Foreign calls in the place of sends.
//!
//! Where a selector most likely means an external-call method that has its code, the operations of that code stand in
//! the sender's, behind a test of the receiver's class:
//!
//! ```text
//!            receiver and arguments to where the send has them on the stack
//!            another class, or the method has changed?  ─> the send itself ──┐
//!            below them the address that the send returns to                │ back
//!            the method's operations: check, convert, call                  │
//!              what fails leaves to the failure code, which returns ────────┤
//!   done:    the result  <──────────────────────────────────────────────────┘
//! ```
//!
//! While C runs the stack is what it would be had the method been called, so that callbacks, the unwinding through them,
//! faults and traces need not know.

use super::pairs::pair_constants;
use super::slow::Slow;
use super::specialize::{Known, specialize};
use super::stack::{Operand, Value};
use super::{CacheKind, Generator};
use crate::compiler::External;
use crate::isa::host::registers::{FRAME, RESULT};
use crate::rtl::Op;
use crate::rtl::op::is_written;
use crate::rtl::operand::{Gpr, Label, Width};
use gc::layout::{ClassIndex, WORD_BYTES};
use gc::oop::Oop;
use std::collections::{HashMap, HashSet};
use vm::known::method;

/// Longer sequences are called.
const OPERATIONS_MAX: usize = 256;

/// The general registers that an operation writes to.
fn written(op: &Op) -> impl Iterator<Item = Gpr> {
    let registers = op.general_registers();
    registers.filter_map(|(name, register)| is_written(name).then_some(register))
}

impl Generator<'_> {
    /// Makes a foreign call of a send, if it is likely to be one; receiver and arguments are on the simulated stack.
    /// `is_used` tells whether the result is.
    pub(super) fn foreign_send(&mut self, selector: Oop, arguments: usize, is_used: bool) -> bool {
        if self.abandoned().is_some() {
            return false;
        }
        let Some((class, external)) = self.external(selector, arguments) else {
            return false;
        };
        let known = self.known_arguments(arguments);
        let registers = self.argument_registers(arguments);
        let receiver = self.stack.operands[self.stack.depth() - 1 - arguments].value;
        let begin = self.ops.len();
        let pushed = self.store_operands(arguments + 1);
        self.stack.forget();
        let (other, back, done) = (self.label(), self.label(), self.label());
        let kind = CacheKind::Guard {
            selector,
            class,
            method: None,
        };
        self.check_receiver(kind, receiver, arguments, other);
        let depth = self.stack_depth();
        self.emit(Op::EnterForeign {
            back,
            depth: depth + WORD_BYTES as i64,
            words: arguments as i64 + 1,
            pushed: i64::from(pushed),
            holds: i64::from(external.facts.takes_addresses),
            reserves: i64::from(external.facts.reserve.is_some()),
            method: external.method,
        });
        let rare = self.operations(&external, &known, &registers, done, is_used);
        self.pair_constants(begin);
        self.emit(Op::LeaveForeign {});
        let pc = self.pc;
        self.slow.push(Slow::Foreign {
            label: other,
            back,
            done,
            depth,
            pc,
            rare,
        });
        self.emit(Op::Label { label: done });
        for _ in 0..=arguments {
            self.stack.pop_spilled();
        }
        if is_used {
            self.push_result();
        } else {
            self.push_value(Value::Known(0));
        }
        true
    }

    fn pair_constants(&mut self, from: usize) {
        let mut ops = std::mem::take(&mut self.ops);
        let pc = self.pc;
        let mut cells = |words| self.cell(pc, CacheKind::Constant(words));
        pair_constants(&mut ops, from, &mut cells);
        self.ops = ops;
    }

    fn external(&self, selector: Oop, arguments: usize) -> Option<(ClassIndex, External)> {
        let (class, compiled) = self.vm.likely_external(selector)?;
        let code = self.vm.heap().slot(compiled, method::CODE).as_i64()?;
        let external = self.compiler?.external(u64::try_from(code).ok()?)?;
        let fits = external.argument_count == arguments && external.ops.len() <= OPERATIONS_MAX;
        fits.then_some((class, external))
    }

    /// A register with the receiver, which was brought to the stack, and may still be in one.
    pub(super) fn receiver_again(&mut self, value: Value, arguments: usize) -> Gpr {
        if let Value::Gpr(register) = value {
            return register;
        }
        self.emit(Op::Load {
            target: RESULT,
            width: Width::W64,
            base: FRAME,
            offset: (arguments * WORD_BYTES) as i64 - self.stack_depth(),
        });
        RESULT
    }

    fn check_receiver(&mut self, kind: CacheKind, value: Value, arguments: usize, other: Label) {
        let source = self.receiver_again(value, arguments);
        let cell = self.cell(self.pc, kind);
        self.emit(Op::CheckCell {
            source,
            cell,
            other,
        });
    }

    /// What the simulated stack tells of the arguments.
    fn known_arguments(&self, arguments: usize) -> Vec<Option<Known>> {
        let operands = &self.stack.operands[self.stack.operands.len() - arguments..];
        let fact = |operand: &Operand| match operand.value {
            Value::Integer(value) => Some(Known::Object(Oop::small(value))),
            Value::Double(value) => Oop::from_f64(value).map(Known::Object),
            Value::Gpr(_) | Value::Place(_) if operand.integer => Some(Known::Integer),
            _ => None,
        };
        operands.iter().map(fact).collect()
    }

    /// The registers that the arguments are in, where they are, and stay as long as nobody writes to them.
    fn argument_registers(&self, arguments: usize) -> Vec<Option<Gpr>> {
        let operands = &self.stack.operands[self.stack.operands.len() - arguments..];
        let register = |operand: &Operand| match operand.value {
            Value::Gpr(register) => Some(register),
            _ => None,
        };
        operands.iter().map(register).collect()
    }

    /// The method's operations up to the first return, with labels of their own; answers the rest. The return address
    /// is on top of the arguments.
    fn operations(
        &mut self,
        external: &External,
        known: &[Option<Known>],
        registers: &[Option<Gpr>],
        done: Label,
        is_used: bool,
    ) -> Vec<Op> {
        let depth = self.stack_depth();
        let call = self.foreign_calls;
        self.foreign_calls += 1;
        let base = self.labels;
        let labels = external.ops.iter().filter_map(Op::label);
        self.labels += labels.map(|label| label.0 + 1).max().unwrap_or(0);
        let arguments = known.len() as i64;
        let mut ops: Vec<Op> = Vec::with_capacity(external.ops.len());
        let mut facts = HashMap::new();
        let returns = |op: &Op| matches!(op, Op::Return { .. });
        let usual = external.ops.iter().position(returns).unwrap_or(0);
        // Slow paths come back: what they write to is as good as written to from the start.
        let mut written: HashSet<Gpr> = external.ops[usual..].iter().flat_map(written).collect();
        for (at, op) in external.ops.iter().enumerate() {
            let before = ops.len();
            ops.push(match op {
                Op::Note { .. } => continue,
                Op::Argument { target, index } => {
                    let place = (*index as usize).checked_sub(1);
                    let fact = place.and_then(|place| known[place]);
                    let register = place.and_then(|place| registers[place]);
                    let register = register.filter(|each| at < usual && !written.contains(each));
                    if !matches!(fact, Some(Known::Object(_))) {
                        facts.extend(fact.map(|fact| (before, fact)));
                    }
                    match (fact, register) {
                        (Some(Known::Object(object)), _) => Op::Literal {
                            target: *target,
                            object,
                        },
                        (_, Some(source)) => Op::Move {
                            target: *target,
                            source,
                        },
                        _ => Op::Load {
                            target: *target,
                            width: Width::W64,
                            base: FRAME,
                            offset: (arguments - index) * WORD_BYTES as i64 - depth,
                        },
                    }
                }
                Op::CallForeign {} => Op::CallFunction {
                    function: external.function as i64,
                },
                Op::Return { source } => Op::ReturnForeign {
                    source: if is_used { *source } else { RESULT },
                    done,
                    falls: 0,
                },
                other => other.clone().with_labels_from(base),
            });
            written.extend(self::written(op));
        }
        let pc = self.pc;
        let mut cells = |bits| self.cell(pc, CacheKind::Constant([bits, 0]));
        let mut ops = specialize(ops, facts, is_used, &mut cells);
        let usual = ops
            .iter()
            .position(|op| matches!(op, Op::ReturnForeign { .. }));
        let rest = ops.split_off(usual.map_or(ops.len(), |index| index + 1));
        if let Some(Op::ReturnForeign { falls, .. }) = ops.last_mut() {
            *falls = 1;
        }
        self.ops.extend(ops);
        if rest.is_empty() {
            return rest;
        }
        let resume = Op::ResumeForeign { call };
        [vec![resume], rest, vec![Op::LeaveForeign {}]].concat()
    }
}
