//! Foreign calls in the place of sends.
//!
//! Where the only method of a selector is an external-call method that has its code, the operations of that code stand in
//! the sender's, behind a test of the receiver's class:
//!
//! ```text
//!            receiver and arguments on the stack, as for the send
//!            another class, or methods have changed?  ──> the send itself ──┐
//!            push the address that the send returns to                      │ back
//!            the method's operations: check, convert, call                  │
//!              what fails leaves to the failure code, which returns ────────┤
//!            drop all that                                                   │
//!   done:    the result  <──────────────────────────────────────────────────┘
//! ```
//!
//! While C runs the stack is what it would be had the method been called, so that callbacks, the unwinding through them,
//! faults and traces need not know.

use super::Generator;
use super::slow::Slow;
use crate::compiler::External;
use crate::isa::host::registers::{RESULT, STACK};
use crate::rtl::Op;
use crate::rtl::operand::{Label, Width};
use gc::layout::{ClassIndex, WORD_BYTES};
use gc::oop::Oop;
use vm::known::method;

/// Longer sequences are called.
const OPERATIONS_MAX: usize = 256;

impl Generator<'_> {
    /// Makes a foreign call of a send, if it is likely to be one; receiver and arguments are on the simulated stack.
    pub(super) fn foreign_send(&mut self, selector: Oop, arguments: usize) -> bool {
        if self.abandoned().is_some() {
            return false;
        }
        let Some((class, external)) = self.external(selector, arguments) else {
            return false;
        };
        self.relied.push(selector);
        self.flush();
        self.stack.forget();
        let (other, back, done) = (self.label(), self.label(), self.label());
        self.check_receiver(class, arguments, other);
        self.emit(Op::EnterForeign {
            back,
            holds: i64::from(external.facts.takes_addresses),
            reserves: i64::from(external.facts.reserve.is_some()),
        });
        self.operations(&external, arguments, done);
        self.emit(Op::LeaveForeign {});
        let pc = self.pc;
        self.slow.push(Slow::Foreign {
            label: other,
            back,
            done,
            pc,
        });
        self.emit(Op::Label { label: done });
        for _ in 0..=arguments {
            self.stack.pop_spilled();
        }
        self.push_result();
        true
    }

    fn external(&self, selector: Oop, arguments: usize) -> Option<(ClassIndex, External)> {
        let (class, compiled) = self.vm.only_external(selector)?;
        let code = self.vm.heap().slot(compiled, method::CODE).as_i64()?;
        let external = self.compiler?.external(u64::try_from(code).ok()?)?;
        let fits = external.argument_count == arguments && external.ops.len() <= OPERATIONS_MAX;
        fits.then_some((class, external))
    }

    fn check_receiver(&mut self, class: ClassIndex, arguments: usize, other: Label) {
        let source = RESULT;
        self.emit(Op::Load {
            target: source,
            width: Width::W64,
            base: STACK,
            offset: (arguments * WORD_BYTES) as i64,
        });
        let class = i64::from(class.index());
        self.emit(Op::CheckClass {
            source,
            class,
            other,
        });
        let epoch = i64::from(self.vm.context.epoch);
        self.emit(Op::BranchEpoch {
            epoch,
            label: other,
        });
    }

    /// The method's operations, with labels of their own. The return address is on top of the arguments.
    fn operations(&mut self, external: &External, arguments: usize, done: Label) {
        let base = self.labels;
        let labels = external.ops.iter().filter_map(Op::label);
        self.labels += labels.map(|label| label.0 + 1).max().unwrap_or(0);
        for op in external.ops.iter() {
            let op = match op {
                Op::Note { .. } => continue,
                Op::Argument { target, index } => Op::Load {
                    target: *target,
                    width: Width::W64,
                    base: STACK,
                    offset: (arguments as i64 + 1 - index) * WORD_BYTES as i64,
                },
                Op::CallForeign {} => Op::CallFunction {
                    function: external.function as i64,
                },
                Op::Return { source } => Op::ReturnForeign {
                    source: *source,
                    words: arguments as i64 + 2,
                    done,
                },
                other => other.clone().with_labels_from(base),
            };
            self.emit(op);
        }
    }
}
