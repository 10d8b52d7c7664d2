//! Operands in and out of registers and memory.

use super::Generator;
use super::stack::{Cached, Operand, Place, Value};
use crate::isa::host::registers::{FRAME, RED_ZONE_BYTES, RESULT};
use crate::rtl::Op;
use crate::rtl::operand::{Fpr, Gpr, Width};
use gc::layout::WORD_BYTES;
use gc::oop::Oop;
use vm::frame;

impl Generator<'_> {
    pub(super) fn push(&mut self, operand: Operand) {
        self.stack.retain(operand.value);
        self.stack.operands.push(operand);
    }

    pub(super) fn push_value(&mut self, value: Value) {
        self.push(Operand::new(value));
    }

    /// The topmost operand, which stays.
    pub(super) fn top(&mut self) -> Operand {
        let top = self.pop();
        self.push(top);
        self.release(top);
        *self.stack.operands.last().expect("an operand")
    }

    /// Takes the topmost operand; whoever does gives it back with `release`.
    pub(super) fn pop(&mut self) -> Operand {
        let operand = self.stack.operands.pop().expect("an operand");
        if operand.value == Value::Spilled {
            self.stack.spilled -= 1;
            let target = self.gpr();
            self.emit(Op::Pop { target });
            return Operand::new(Value::Gpr(target));
        }
        operand
    }

    /// Drops the topmost operand.
    pub(super) fn drop_top(&mut self) {
        let operand = self.stack.operands.pop().expect("an operand");
        if operand.value == Value::Spilled {
            self.stack.spilled -= 1;
            self.emit(Op::Drop { words: 1 });
        }
        self.stack.release(operand.value);
    }

    pub(super) fn release(&mut self, operand: Operand) {
        self.stack.release(operand.value);
    }

    /// A register for an operand, in use until it is released.
    pub(super) fn gpr(&mut self) -> Gpr {
        loop {
            if let Some(register) = self.stack.free_gpr() {
                self.stack.retain(Value::Gpr(register));
                return register;
            }
            self.spill_lowest();
        }
    }

    /// A float register for an operand, in use until it is released.
    pub(super) fn fpr(&mut self) -> Fpr {
        loop {
            if let Some(register) = self.stack.free_fpr() {
                self.stack.retain(Value::Fpr(register));
                return register;
            }
            self.spill_lowest();
        }
    }

    fn spill_lowest(&mut self) {
        let index = self.stack.spilled;
        let operand = self.stack.operands[index];
        self.push_in_memory(operand.value);
        self.stack.release(operand.value);
        self.stack.operands[index].value = Value::Spilled;
        self.stack.operands[index].integer = false;
        self.stack.spilled += 1;
    }

    /// Brings every operand to where the interpreter would have it.
    pub(super) fn flush(&mut self) {
        while self.stack.spilled < self.stack.operands.len() {
            self.spill_lowest();
        }
    }

    /// Brings every operand to where the interpreter would have it, but leaves the stack pointer above as many of the topmost
    /// `count` as it can; true where it is below one.
    ///
    /// A float that needs a box calls a runtime entry, which pushes two words: the operands are stored from the last on, so
    /// that only such are overwritten whose turn is yet to come.
    pub(super) fn store_operands(&mut self, count: usize) -> bool {
        let first = self.stack.depth() - count;
        let fits = (count + 1) * WORD_BYTES <= RED_ZONE_BYTES;
        let is_float = |operand: &Operand| matches!(operand.value, Value::Fpr(_));
        loop {
            let spilled = self.stack.spilled;
            let next = self.stack.operands.get(spilled);
            if spilled < first || !fits && next.is_some() || next.is_some_and(is_float) {
                self.spill_lowest();
            } else {
                break;
            }
        }
        let pushed = self.stack.spilled;
        let end = self.stack_depth();
        for index in (pushed..self.stack.depth()).rev() {
            let below = (self.stack.depth() - 1 - index) * WORD_BYTES;
            let value = self.stack.operands[index].value;
            self.store_in_frame(below as i64 - end, value);
            self.stack.release(value);
            self.stack.operands[index] = Operand::new(Value::Spilled);
        }
        self.stack.spilled = self.stack.depth();
        pushed > first
    }

    /// Stores a value at an offset from the frame. Changes `result` and no other register.
    fn store_in_frame(&mut self, offset: i64, value: Value) {
        let constant = match value {
            Value::Integer(value) => Some(Oop::small(value)),
            Value::Double(value) => Oop::from_f64(value),
            _ => None,
        };
        if let Some(object) = constant {
            return self.emit(Op::StoreConstant {
                width: Width::W64,
                base: FRAME,
                offset,
                value: object.bits() as i64,
            });
        }
        let source = match value {
            Value::Gpr(source) => source,
            Value::Fpr(source) => {
                self.box_float(RESULT, source);
                RESULT
            }
            other => {
                self.load(RESULT, other);
                RESULT
            }
        };
        self.emit(Op::Store {
            width: Width::W64,
            base: FRAME,
            offset,
            source,
        });
    }

    /// Pushes a value on the operand stack in memory. Changes `result` and no other register.
    pub(super) fn push_in_memory(&mut self, value: Value) {
        match value {
            Value::Spilled => unreachable!("a spilled operand is in memory"),
            Value::Known(which) => self.emit(Op::PushKnown { which }),
            Value::Integer(value) => self.emit(Op::PushLiteral {
                object: Oop::small(value),
            }),
            Value::Literal(object) => self.emit(Op::PushLiteral { object }),
            Value::Double(value) => self.emit(Op::PushLiteral {
                object: Oop::from_f64(value).expect("an immediate float"),
            }),
            Value::Place(place) => {
                let offset = self.offset(place);
                self.emit(Op::PushFrame { offset });
            }
            Value::Gpr(source) => self.emit(Op::Push { source }),
            Value::Fpr(source) => {
                self.box_float(RESULT, source);
                self.emit(Op::Push { source: RESULT });
            }
            Value::Pointer(_) => self.unfit(),
        }
    }

    /// Loads a value into a given register.
    pub(super) fn load(&mut self, target: Gpr, value: Value) {
        match value {
            Value::Spilled => unreachable!("a spilled operand is popped"),
            Value::Known(which) => self.emit(Op::Known { target, which }),
            Value::Integer(value) => self.emit(Op::Literal {
                target,
                object: Oop::small(value),
            }),
            Value::Literal(object) => self.emit(Op::Literal { target, object }),
            Value::Double(value) => self.emit(Op::Literal {
                target,
                object: Oop::from_f64(value).expect("an immediate float"),
            }),
            Value::Place(place) => match self.stack.cached(place, false) {
                Some(Cached {
                    value: Value::Gpr(source),
                    ..
                }) => self.emit(Op::Move { target, source }),
                _ => self.load_place(target, place),
            },
            Value::Gpr(source) => self.emit(Op::Move { target, source }),
            Value::Fpr(source) => self.box_float(target, source),
            Value::Pointer(_) => self.unfit(),
        }
    }

    pub(super) fn load_place(&mut self, target: Gpr, place: Place) {
        let offset = self.offset(place);
        self.emit(Op::Load {
            target,
            width: Width::W64,
            base: FRAME,
            offset,
        });
    }

    /// Makes the operand one in a general register, and gives the one it was back.
    pub(super) fn in_gpr(&mut self, operand: Operand) -> (Gpr, Operand) {
        if let Value::Gpr(register) = operand.value {
            return (register, operand);
        }
        if let Value::Place(place) = operand.value
            && let Some(cached) = self.stack.cached(place, false)
            && let Value::Gpr(register) = cached.value
        {
            self.stack.retain(cached.value);
            let integer = operand.integer || cached.integer;
            return (
                register,
                Operand {
                    value: cached.value,
                    integer,
                },
            );
        }
        let register = self.gpr();
        self.load(register, operand.value);
        let loaded = Operand {
            value: Value::Gpr(register),
            integer: operand.integer,
        };
        if let Value::Place(place) = operand.value {
            self.stack.remember(place, loaded.value, operand.integer);
        }
        self.release(operand);
        (register, loaded)
    }

    /// The float register that a place was unboxed into.
    pub(super) fn cached_float(&mut self, operand: Operand) -> Option<Fpr> {
        match operand.value {
            Value::Fpr(register) => {
                self.stack.retain(operand.value);
                Some(register)
            }
            Value::Place(place) => match self.stack.cached(place, true)?.value {
                Value::Fpr(register) => {
                    self.stack.retain(Value::Fpr(register));
                    Some(register)
                }
                _ => None,
            },
            _ => None,
        }
    }

    /// Stores the topmost operand, which stays, into a place.
    pub(super) fn store_place(&mut self, place: Place) {
        let operand = self.top();
        self.read_place(place);
        self.stack.cache.retain(|each| each.place != place);
        let offset = self.offset(place);
        let width = Width::W64;
        let base = FRAME;
        if let Some(cached) = self.store_constant(place, operand.value) {
            self.stack.remember(place, cached, operand.integer);
            return;
        }
        let source = match operand.value {
            Value::Gpr(register) => register,
            _ => {
                self.load(RESULT, operand.value);
                RESULT
            }
        };
        self.emit(Op::Store {
            width,
            base,
            offset,
            source,
        });
        if matches!(operand.value, Value::Gpr(_) | Value::Fpr(_)) {
            self.stack.remember(place, operand.value, operand.integer);
        }
    }

    /// Stores a number into a place, and leaves it in a register too: a loop is likely to begin
    /// with it.
    fn store_constant(&mut self, place: Place, value: Value) -> Option<Value> {
        let cached = match value {
            Value::Integer(_) => Value::Gpr(self.gpr()),
            Value::Double(value) => {
                let register = self.fpr();
                self.load_double(register, value);
                Value::Fpr(register)
            }
            _ => return None,
        };
        let source = match cached {
            Value::Gpr(register) => register,
            _ => RESULT,
        };
        self.load(source, value);
        let offset = self.offset(place);
        self.emit(Op::Store {
            width: Width::W64,
            base: FRAME,
            offset,
            source,
        });
        self.stack.release(cached);
        Some(cached)
    }

    /// Reads a place into a register for the operands that stand for it, before it changes.
    fn read_place(&mut self, place: Place) {
        for index in self.stack.spilled..self.stack.operands.len() {
            // Taking a register may have spilled it meanwhile.
            if self.stack.operands[index].value == Value::Place(place) {
                let target = self.gpr();
                if self.stack.operands[index].value == Value::Place(place) {
                    self.load(target, Value::Place(place));
                    self.stack.operands[index].value = Value::Gpr(target);
                } else {
                    self.stack.release(Value::Gpr(target));
                }
            }
        }
    }

    /// Offset of a place from the frame.
    pub(super) fn offset(&mut self, place: Place) -> i64 {
        if let Some(offset) = self.leaf_offset(place) {
            return offset;
        }
        let offset = match place {
            Place::Argument(index) => frame::argument(usize::from(index), self.argument_count),
            Place::Temporary(index) => frame::temporary(usize::from(index)),
            Place::Receiver => frame::SELF,
            Place::Closure => frame::CLOSURE,
        };
        offset as i64
    }

    /// The bits of a double into a float register.
    pub(super) fn load_double(&mut self, target: Fpr, value: f64) {
        self.emit(Op::Constant {
            target: RESULT,
            value: value.to_bits() as i64,
        });
        self.emit(Op::BitsToFloat {
            target,
            source: RESULT,
        });
    }
}
