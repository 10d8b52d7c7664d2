//! What rarely happens, behind the method's body: exits to the interpreter, real sends where a
//! fast path did not do, boxes for floats.

use super::Generator;
use super::stack::{Operand, Snapshot, Value};
use crate::isa::host::registers::{FRAME, RESULT, STACK};
use crate::rtl::Op;
use crate::rtl::operand::{Condition, Fpr, Gpr, Label};
use vm::entry::Entry;

/// A slow path, emitted behind the body.
pub(super) enum Slow {
    /// Gives the frame to the interpreter at `pc`, `operands` being on top of the stack.
    Exit {
        label: Label,
        snapshot: Snapshot,
        operands: Vec<Operand>,
        pc: usize,
        speculation: bool,
    },
    /// Sends, and goes on at `resume` with the answer in `target`.
    Send {
        label: Label,
        snapshot: Snapshot,
        operands: Vec<Operand>,
        pc: usize,
        target: Gpr,
        resume: Label,
    },
    /// Sends, and goes where the Boolean answer says; `pc` and `jump_pc` are those of the send and
    /// of the jump.
    Test {
        label: Label,
        snapshot: Snapshot,
        operands: Vec<Operand>,
        pc: usize,
        jump_pc: usize,
        if_true: Label,
        if_false: Label,
    },
    /// Sends what no foreign call takes the place of; the operands are in memory. `back` is where the send, and what
    /// stands in its place, returns to.
    Foreign {
        label: Label,
        back: Label,
        done: Label,
        /// From the frame down to the operands' end.
        depth: i64,
        pc: usize,
        /// Operations of the call that are rarely needed.
        rare: Vec<Op>,
    },
    /// Boxes a float that does not fit a word.
    Box {
        label: Label,
        target: Gpr,
        source: Fpr,
        resume: Label,
    },
    /// Unboxes what is no immediate float.
    Unbox {
        label: Label,
        target: Fpr,
        source: Gpr,
        entry: Entry,
        failed: Label,
        resume: Label,
    },
}

impl Generator<'_> {
    /// A label that gives the frame to the interpreter at the current bytecode.
    pub(super) fn exit(&mut self, operands: &[Operand], speculation: bool) -> Label {
        self.exit_at(operands, self.pc, speculation)
    }

    pub(super) fn exit_at(&mut self, operands: &[Operand], pc: usize, speculation: bool) -> Label {
        if let Some(label) = self.abandoned() {
            return label;
        }
        let label = self.label();
        self.slow.push(Slow::Exit {
            label,
            snapshot: self.stack.snapshot(),
            operands: operands.to_vec(),
            pc,
            speculation,
        });
        label
    }

    /// A label that sends, and the one to mark where the fast path ends.
    pub(super) fn slow_send(&mut self, operands: &[Operand], target: Gpr) -> (Label, Label) {
        if let Some(label) = self.abandoned() {
            return (label, self.label());
        }
        let (label, resume) = (self.label(), self.label());
        self.slow.push(Slow::Send {
            label,
            snapshot: self.stack.snapshot(),
            operands: operands.to_vec(),
            pc: self.pc,
            target,
            resume,
        });
        (label, resume)
    }

    /// `target :=` the Double of an unboxed float. Changes no other register.
    pub(super) fn box_float(&mut self, target: Gpr, source: Fpr) {
        if let Some(other) = self.abandoned() {
            return self.emit(Op::BoxFloat {
                target,
                source,
                other,
            });
        }
        let (label, resume) = (self.label(), self.label());
        self.emit(Op::BoxFloat {
            target,
            source,
            other: label,
        });
        self.emit(Op::Label { label: resume });
        self.slow.push(Slow::Box {
            label,
            target,
            source,
            resume,
        });
    }

    /// `target :=` the double of a Double, or with `NumberToF64` of any number.
    pub(super) fn unbox_float(&mut self, target: Fpr, source: Gpr, entry: Entry, failed: Label) {
        if let Some(other) = self.abandoned() {
            return self.emit(Op::UnboxFloat {
                target,
                source,
                other,
            });
        }
        let (label, resume) = (self.label(), self.label());
        self.emit(Op::UnboxFloat {
            target,
            source,
            other: label,
        });
        self.emit(Op::Label { label: resume });
        self.slow.push(Slow::Unbox {
            label,
            target,
            source,
            entry,
            failed,
            resume,
        });
    }

    /// Emits the slow paths, and those that they need themselves.
    pub(super) fn emit_slow_paths(&mut self) {
        while let Some(slow) = self.slow.pop() {
            match slow {
                Slow::Exit {
                    label,
                    snapshot,
                    operands,
                    pc,
                    speculation,
                } => {
                    self.emit(Op::Label { label });
                    self.push_all(&snapshot.unspilled);
                    self.push_all(&operands);
                    self.emit(Op::Interpret {
                        pc: pc as i64,
                        speculation: i64::from(speculation),
                    });
                }
                Slow::Send {
                    label,
                    snapshot,
                    operands,
                    pc,
                    target,
                    resume,
                } => {
                    self.emit(Op::Label { label });
                    self.push_all(&snapshot.unspilled);
                    self.push_all(&operands);
                    self.emit_send(pc);
                    self.emit(Op::Move {
                        target,
                        source: RESULT,
                    });
                    self.restore(&snapshot);
                    self.emit(Op::Jump { label: resume });
                }
                Slow::Test {
                    label,
                    snapshot,
                    operands,
                    pc,
                    jump_pc,
                    if_true,
                    if_false,
                } => {
                    self.emit(Op::Label { label });
                    self.push_all(&snapshot.unspilled);
                    self.push_all(&operands);
                    self.emit_send(pc);
                    self.branch_known(Condition::Eq, 1, if_true);
                    self.branch_known(Condition::Eq, 2, if_false);
                    self.emit(Op::Push { source: RESULT });
                    self.emit(Op::Interpret {
                        pc: jump_pc as i64,
                        speculation: 0,
                    });
                }
                Slow::Foreign {
                    label,
                    back,
                    done,
                    depth,
                    pc,
                    rare,
                } => {
                    self.emit(Op::Label { label });
                    self.emit(Op::AddI {
                        target: STACK,
                        left: FRAME,
                        value: -depth,
                    });
                    self.emit_send(pc);
                    self.emit(Op::Label { label: back });
                    self.emit(Op::Jump { label: done });
                    self.ops.extend(rare);
                }
                Slow::Box {
                    label,
                    target,
                    source,
                    resume,
                } => {
                    self.emit(Op::Label { label });
                    self.emit(Op::RuntimeFromFloat {
                        target,
                        entry: Entry::BoxDouble,
                        source,
                        failed: resume,
                    });
                    self.emit(Op::Jump { label: resume });
                }
                Slow::Unbox {
                    label,
                    target,
                    source,
                    entry,
                    failed,
                    resume,
                } => {
                    self.emit(Op::Label { label });
                    if entry == Entry::NumberToF64 {
                        let large = self.label();
                        self.emit(Op::UntagInteger {
                            target: RESULT,
                            source,
                            other: large,
                        });
                        self.emit(Op::IntegerToFloat {
                            target,
                            source: RESULT,
                        });
                        self.emit(Op::Jump { label: resume });
                        self.emit(Op::Label { label: large });
                    }
                    self.emit(Op::RuntimeToFloat {
                        target,
                        entry,
                        source,
                        failed,
                    });
                    self.emit(Op::Jump { label: resume });
                }
            }
        }
    }

    fn branch_known(&mut self, condition: Condition, which: i64, label: Label) {
        self.emit(Op::BranchKnown {
            condition,
            source: RESULT,
            which,
            label,
        });
    }

    fn push_all(&mut self, operands: &[Operand]) {
        for operand in operands {
            self.push_in_memory(operand.value);
        }
    }

    /// Takes the operands back from memory, and reads the places again that registers stood for.
    fn restore(&mut self, snapshot: &Snapshot) {
        for operand in snapshot.unspilled.iter().rev() {
            match operand.value {
                Value::Gpr(target) => self.emit(Op::Pop { target }),
                Value::Fpr(target) => {
                    self.emit(Op::Pop { target: RESULT });
                    self.unbox_certain(target);
                }
                Value::Spilled | Value::Known(_) | Value::Integer(_) | Value::Literal(_) => {
                    self.emit(Op::Drop { words: 1 });
                }
                Value::Double(_) | Value::Place(_) | Value::Pointer(_) => {
                    self.emit(Op::Drop { words: 1 });
                }
            }
        }
        for cached in &snapshot.cache {
            match cached.value {
                Value::Gpr(target) => self.load_place(target, cached.place),
                Value::Fpr(target) => {
                    self.load_place(RESULT, cached.place);
                    self.unbox_certain(target);
                }
                _ => unreachable!("places are held in registers"),
            }
        }
    }

    /// Unboxes `result`, which is known to be a Double.
    fn unbox_certain(&mut self, target: Fpr) {
        let never = self.label();
        self.unbox_float(target, RESULT, Entry::DoubleToF64, never);
        self.emit(Op::Label { label: never });
    }
}
