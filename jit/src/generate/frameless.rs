//! Methods that need no frame: those that answer or store a slot, and primitives.

use super::Generator;
use crate::isa::host::registers::{RCX, RESULT, XMM0};
use crate::rtl::Op;
use crate::rtl::operand::{Condition, Fpr, Gpr, Label, Width};
use gc::layout::{HASH_BITS, HASH_SHIFT};
use gc::oop::{Oop, TAG_MASK};
use vm::bytecode::{Bytecode, instructions};
use vm::vm::Vm;

impl Generator<'_> {
    /// Methods that answer a slot, a constant or their receiver need no frame.
    pub(super) fn frameless(&mut self) -> bool {
        let source = RESULT;
        if self.is_block() {
            return false;
        }
        let code: Vec<Bytecode> = instructions(&self.code)
            .map(|pair| pair.1)
            .take(2)
            .collect();
        let known = |which| {
            Some(Op::Known {
                target: source,
                which,
            })
        };
        let receiver = Op::Argument {
            target: source,
            index: 0,
        };
        let literal = |object| {
            Some(Op::Literal {
                target: source,
                object,
            })
        };
        let first = code.first().copied();
        let answer = match first {
            Some(Bytecode::ReturnSelf {} | Bytecode::PushSelf {}) => None,
            Some(Bytecode::PushField { index }) => Some(Op::Slot {
                target: source,
                source,
                index: i64::from(index),
            }),
            Some(Bytecode::PushNil {}) => known(0),
            Some(Bytecode::PushTrue {}) => known(1),
            Some(Bytecode::PushFalse {}) => known(2),
            Some(Bytecode::PushInteger { value }) => literal(Oop::small(i64::from(value))),
            _ => return false,
        };
        let returns = matches!(first, Some(Bytecode::ReturnSelf {}))
            || matches!(code.get(1), Some(Bytecode::ReturnTop {}));
        if !returns {
            return false;
        }
        self.emit(Op::ClassCheck {});
        self.entry = self.ops.len();
        self.emit(receiver);
        if let Some(op) = answer {
            self.emit(op);
        }
        self.emit(Op::Return { source });
        true
    }

    /// A method that does nothing but store its argument into a slot needs no frame either.
    pub(super) fn setter(&mut self) -> bool {
        let Some(index) = self.vm.slot_stored(self.compiled) else {
            return false;
        };
        self.emit(Op::ClassCheck {});
        self.entry = self.ops.len();
        let (holder, source) = (RESULT, RCX);
        for (target, index) in [(holder, 0), (source, 1)] {
            self.emit(Op::Argument { target, index });
        }
        let index = index as i64;
        self.emit(Op::StoreSlot {
            holder,
            index,
            source,
        });
        self.emit(Op::Return { source: holder });
        true
    }

    /// A method that is a primitive: its failure code stays interpreted.
    pub(super) fn primitive(&mut self) -> Option<()> {
        let method = self.compiled;
        let number = self.header.primitive();
        let name = vm::primitives::name(number)?;
        let refused = self.label();
        self.emit(Op::Label { label: refused });
        self.emit(Op::Activate { method });
        self.emit(Op::ClassCheck {});
        self.entry = self.ops.len();
        if Vm::plain_primitive(number).is_none() {
            let other = refused;
            self.emit(match name {
                "blockValue" => Op::CallBlock { other },
                "perform" => Op::PerformSelector { other },
                _ => return None,
            });
            return Some(());
        }
        let general = self.label();
        match (name, self.argument_count) {
            ("new", 0) => self.emit(Op::NewInstance { other: general }),
            ("newSized", 1) => self.emit(Op::NewSized { other: general }),
            ("numberHash", 0) => self.answer_integer(general),
            ("integerScramble", 0) => self.emit(Op::Scrambled { other: general }),
            ("elementCount", 0) => self.emit(Op::StringSize { other: general }),
            ("stringEqual", 1) => self.emit(Op::StringsEqual { other: general }),
            ("stringByte", 1) => self.emit(Op::ByteString { other: general }),
            ("doubleSqrt", 0) => self.answer_square_root(general),
            ("numberAsDouble", 0) => self.answer_double(general),
            ("characterCode", 0) => self.answer_code(general),
            ("identityHash", 0) => self.answer_identity_hash(general),
            _ => {}
        }
        self.emit(Op::Label { label: general });
        self.emit(Op::CallPrimitive {
            number: i64::from(number),
            failed: refused,
        });
        Some(())
    }

    fn fetch_receiver(&mut self, target: Gpr) {
        self.emit(Op::Argument { target, index: 0 });
    }

    /// Returns the double that was computed, where it needs no box.
    fn answer_float(&mut self, float: Fpr, other: Label) {
        self.emit(Op::BoxFloat {
            target: RESULT,
            source: float,
            other,
        });
        self.emit(Op::Return { source: RESULT });
    }

    /// Returns the receiver where it is a SmallInteger.
    fn answer_integer(&mut self, other: Label) {
        let source = RESULT;
        self.fetch_receiver(source);
        self.emit(Op::CheckInteger { source, other });
        self.emit(Op::Return { source });
    }

    /// Returns the double that the receiver, a SmallInteger, is converted to, where that needs no box.
    fn answer_double(&mut self, other: Label) {
        let (source, float) = (RESULT, XMM0);
        self.fetch_receiver(source);
        self.emit(Op::UntagInteger {
            target: source,
            source,
            other,
        });
        self.emit(Op::IntegerToFloat {
            target: float,
            source,
        });
        self.answer_float(float, other);
    }

    /// Returns the code point of the Character that the receiver is.
    fn answer_code(&mut self, other: Label) {
        let source = RESULT;
        self.fetch_receiver(source);
        self.emit(Op::UntagCharacter {
            target: source,
            source,
            other,
        });
        self.emit(Op::TagSmall {
            target: source,
            source,
        });
        self.emit(Op::Return { source });
    }

    /// Returns the identity hash of a heap object that was given one.
    fn answer_identity_hash(&mut self, other: Label) {
        let (object, hash) = (RESULT, RCX);
        self.fetch_receiver(object);
        self.emit(Op::AndI {
            target: hash,
            left: object,
            value: TAG_MASK as i64,
        });
        self.emit(Op::BranchI {
            condition: Condition::Ne,
            left: hash,
            value: 0,
            label: other,
        });
        self.emit(Op::Load {
            target: hash,
            width: Width::U32,
            base: object,
            offset: i64::from(HASH_SHIFT / 8),
        });
        self.emit(Op::AndI {
            target: hash,
            left: hash,
            value: (1 << HASH_BITS) - 1,
        });
        self.emit(Op::BranchI {
            condition: Condition::Eq,
            left: hash,
            value: 0,
            label: other,
        });
        self.emit(Op::TagSmall {
            target: hash,
            source: hash,
        });
        self.emit(Op::Return { source: hash });
    }

    /// Returns the square root of the immediate float that the receiver is, where that is one too.
    fn answer_square_root(&mut self, other: Label) {
        let (source, float) = (RESULT, XMM0);
        self.fetch_receiver(source);
        self.emit(Op::UnboxFloat {
            target: float,
            source,
            other,
        });
        self.emit(Op::SquareRoot {
            target: float,
            source: float,
        });
        self.answer_float(float, other);
    }
}
