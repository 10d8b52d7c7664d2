//! A little marshalling compiler for tests: scalar shapes by the rules of System V.

use gc::Oop;
use gc::oop::{SMALL_INTEGER_MAX, SMALL_INTEGER_MIN};
use jit::isa::x64::registers::*;
use jit::rtl::{Condition, Fpr, Gpr, Label, Op, Precision, Width};
use vm::entry::Entry;
use vm::failure::Failure;

/// A scalar C type.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum C {
    Int(Width),
    U64,
    Bool,
    Float,
    Double,
    Text,
    Bytes,
}

pub const I8: C = C::Int(Width::S8);
pub const U8: C = C::Int(Width::U8);
pub const I16: C = C::Int(Width::S16);
pub const U16: C = C::Int(Width::U16);
pub const I32: C = C::Int(Width::S32);
pub const U32: C = C::Int(Width::U32);
pub const I64: C = C::Int(Width::W64);

const INTEGER_REGISTERS: [Gpr; 6] = [RDI, RSI, RDX, RCX, R8, R9];
const FLOAT_REGISTERS: [Fpr; 8] = [XMM0, XMM1, XMM2, XMM3, XMM4, XMM5, XMM6, XMM7];

/// The objects for `_Bool`, see the fixture.
pub const TRUE: Oop = Oop::small(1);
pub const FALSE: Oop = Oop::small(2);

#[derive(Default)]
struct Marshal {
    ops: Vec<Op>,
    /// Slow paths, put behind the body.
    cold: Vec<Op>,
    labels: u32,
    integers: usize,
    floats: usize,
    stack_bytes: i64,
}

/// The RTL of a function with these arguments and this result.
pub fn rtl(arguments: &[C], result: C) -> Vec<Op> {
    let mut marshal = Marshal::default();
    for (index, argument) in arguments.iter().enumerate() {
        marshal.argument(index as i64 + 1, *argument);
    }
    marshal.ops.push(Op::CallForeign {});
    marshal.result(result);
    let mut ops = Vec::new();
    if marshal.stack_bytes > 0 {
        ops.push(Op::Reserve {
            bytes: marshal.stack_bytes,
        });
    }
    ops.append(&mut marshal.ops);
    ops.append(&mut marshal.cold);
    ops
}

impl Marshal {
    fn label(&mut self) -> Label {
        self.labels += 1;
        Label(self.labels)
    }

    /// A slow path that gives up.
    fn refusal(&mut self, argument: i64, reason: Failure) -> Label {
        let label = self.label();
        self.cold.extend([
            Op::Label { label },
            Op::Fail {
                argument,
                reason: reason as i64,
            },
        ]);
        label
    }

    fn argument(&mut self, index: i64, c: C) {
        match c {
            C::Float | C::Double => self.float_argument(index, c),
            C::Int(_) | C::U64 | C::Bool | C::Text | C::Bytes => self.integer_argument(index, c),
        }
    }

    fn stack_place(&mut self) -> i64 {
        self.stack_bytes += 8;
        self.stack_bytes - 8
    }

    fn integer_argument(&mut self, index: i64, c: C) {
        let register = INTEGER_REGISTERS.get(self.integers).copied();
        self.integers += 1;
        let target = register.unwrap_or(RAX);
        self.ops.push(Op::Argument { target, index });
        self.convert(index, c, target);
        if register.is_none() {
            let offset = self.stack_place();
            self.ops.push(Op::Store {
                width: Width::W64,
                base: CSTACK,
                offset,
                source: target,
            });
        }
    }

    /// Turns the object in `target` into what C gets.
    fn convert(&mut self, index: i64, c: C, target: Gpr) {
        let other = self.refusal(index, Failure::WrongType);
        match c {
            C::Int(width) => {
                let range = self.refusal(index, Failure::OutOfRange);
                self.ops.extend([
                    Op::UntagInteger {
                        target,
                        source: target,
                        other,
                    },
                    Op::Extend {
                        target: R13,
                        width,
                        source: target,
                    },
                    Op::Branch {
                        condition: Condition::Ne,
                        left: R13,
                        right: target,
                        label: range,
                    },
                ]);
            }
            C::U64 => self.wide_argument(index, target),
            C::Bool => self.bool_argument(target, other),
            C::Text => {
                let nul = self.refusal(index, Failure::EmbeddedNul);
                self.ops.extend([
                    Op::CheckBytes {
                        source: target,
                        other,
                    },
                    Op::CString {
                        target,
                        source: target,
                        other: nul,
                    },
                ]);
            }
            C::Bytes => self.ops.extend([
                Op::CheckBytes {
                    source: target,
                    other,
                },
                Op::BodyAddress {
                    target,
                    source: target,
                },
            ]),
            C::Float | C::Double => unreachable!("no integer"),
        }
    }

    /// Past SmallIntegers the runtime helps.
    fn wide_argument(&mut self, index: i64, target: Gpr) {
        let (slow, on, failed) = (self.label(), self.label(), self.label());
        let entry = Entry::IntegerToU64;
        self.ops.extend([
            Op::UntagInteger {
                target,
                source: target,
                other: slow,
            },
            Op::Label { label: on },
        ]);
        self.cold.extend([
            Op::Label { label: slow },
            Op::Runtime {
                target,
                entry,
                source: target,
                failed,
            },
            Op::Jump { label: on },
            Op::Label { label: failed },
            Op::Fail {
                argument: index,
                reason: 0,
            },
        ]);
    }

    fn bool_argument(&mut self, target: Gpr, other: Label) {
        let (is_true, on) = (self.label(), self.label());
        let (left, right) = (target, R13);
        self.ops.extend([
            Op::Literal {
                target: R13,
                object: TRUE,
            },
            Op::Branch {
                condition: Condition::Eq,
                left,
                right,
                label: is_true,
            },
            Op::Literal {
                target: R13,
                object: FALSE,
            },
            Op::Branch {
                condition: Condition::Ne,
                left,
                right,
                label: other,
            },
            Op::Constant { target, value: 0 },
            Op::Jump { label: on },
            Op::Label { label: is_true },
            Op::Constant { target, value: 1 },
            Op::Label { label: on },
        ]);
    }

    fn float_argument(&mut self, index: i64, c: C) {
        let register = FLOAT_REGISTERS.get(self.floats).copied();
        self.floats += 1;
        let target = register.unwrap_or(XMM8);
        let (slow, on) = (self.label(), self.label());
        let other = self.refusal(index, Failure::WrongType);
        self.ops.extend([
            Op::Argument { target: RAX, index },
            Op::UnboxFloat {
                target,
                source: RAX,
                other: slow,
            },
            Op::Label { label: on },
        ]);
        self.cold.extend([
            Op::Label { label: slow },
            Op::UntagInteger {
                target: RAX,
                source: RAX,
                other,
            },
            Op::IntegerToFloat {
                target,
                source: RAX,
            },
            Op::Jump { label: on },
        ]);
        if c == C::Float {
            self.ops.push(Op::Narrow {
                target,
                source: target,
            });
        }
        if register.is_none() {
            let offset = self.stack_place();
            let precision = if c == C::Float {
                Precision::F32
            } else {
                Precision::F64
            };
            self.ops.push(Op::StoreF {
                precision,
                base: CSTACK,
                offset,
                source: target,
            });
        }
    }

    fn result(&mut self, c: C) {
        let (target, source) = (RAX, RAX);
        let slow = self.label();
        match c {
            C::Int(width) => {
                self.ops.extend([
                    Op::Extend {
                        target,
                        width,
                        source,
                    },
                    Op::TagInteger {
                        target,
                        source,
                        overflow: slow,
                    },
                    Op::Return { source },
                ]);
                self.slow_result(slow, Entry::I64ToInteger);
            }
            C::U64 => {
                let (least, greatest) = (SMALL_INTEGER_MIN, SMALL_INTEGER_MAX);
                assert!(least < 0);
                let condition = Condition::Above;
                self.ops.extend([
                    Op::BranchI {
                        condition,
                        left: RAX,
                        value: greatest,
                        label: slow,
                    },
                    Op::TagSmall { target, source },
                    Op::Return { source },
                ]);
                self.slow_result(slow, Entry::U64ToInteger);
            }
            C::Bool => self.ops.extend([
                Op::AndI {
                    target: RCX,
                    left: RAX,
                    value: 0xFF,
                },
                Op::Literal {
                    target,
                    object: TRUE,
                },
                Op::BranchI {
                    condition: Condition::Ne,
                    left: RCX,
                    value: 0,
                    label: slow,
                },
                Op::Literal {
                    target,
                    object: FALSE,
                },
                Op::Label { label: slow },
                Op::Return { source },
            ]),
            C::Float | C::Double => {
                if c == C::Float {
                    self.ops.push(Op::Widen {
                        target: XMM0,
                        source: XMM0,
                    });
                }
                let failed = self.refusal(0, Failure::OutOfMemory);
                let entry = Entry::F64ToDouble;
                self.ops.extend([
                    Op::BoxFloat {
                        target,
                        source: XMM0,
                        other: slow,
                    },
                    Op::Return { source },
                ]);
                self.cold.extend([
                    Op::Label { label: slow },
                    Op::RuntimeFromFloat {
                        target,
                        entry,
                        source: XMM0,
                        failed,
                    },
                    Op::Return { source },
                ]);
            }
            C::Text | C::Bytes => unreachable!("no result of these tests"),
        }
    }

    fn slow_result(&mut self, slow: Label, entry: Entry) {
        let failed = self.refusal(0, Failure::OutOfMemory);
        self.cold.extend([
            Op::Label { label: slow },
            Op::Runtime {
                target: RAX,
                entry,
                source: RAX,
                failed,
            },
            Op::Return { source: RAX },
        ]);
    }
}
