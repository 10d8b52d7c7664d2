//! The simulated operand stack: where the operands are while code is made.
//!
//! The lower part of the operand stack is in memory, where the interpreter would have it; the
//! upper part is known: constants, places in the frame that were not yet read, registers. A
//! register that holds what a place of the frame holds is remembered until the next send.

use super::Generator;
use crate::isa::host::registers::*;
use crate::rtl::operand::{Fpr, Gpr, Width};
use crate::rtl::{Op, Precision};
use gc::oop::Oop;
use vm::frame;

/// Registers for operands. `result` stays free for values within one bytecode.
const POOL: [Gpr; 9] = [RCX, RDX, RSI, RDI, R8, R9, R13, R14, R15];
/// Float registers for operands.
const FLOATS: u8 = 14;

/// A word of the frame.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Place {
    Argument(u8),
    Temporary(u8),
    Receiver,
    Closure,
}

/// Where an operand is.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Value {
    /// In memory, on the operand stack.
    Spilled,
    /// nil (0), true (1) or false (2).
    Known(i64),
    /// The SmallInteger of a value.
    Integer(i64),
    /// An object that does not move.
    Literal(Oop),
    /// An immediate float.
    Double(f64),
    /// Still in the frame.
    Place(Place),
    Gpr(Gpr),
    /// Unboxed.
    Fpr(Fpr),
}

/// An operand, and whether it is known to be a SmallInteger.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Operand {
    pub(super) value: Value,
    pub(super) integer: bool,
}

/// A register that holds what a place holds.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Cached {
    pub(super) place: Place,
    pub(super) value: Value,
    pub(super) integer: bool,
}

/// What slow paths need to know of the moment they begin.
#[derive(Clone, Debug)]
pub(super) struct Snapshot {
    /// The operands that are not in memory, lowest first.
    pub(super) unspilled: Vec<Operand>,
    pub(super) cache: Vec<Cached>,
}

/// What registers hold in either case.
pub(super) fn common(left: &[Cached], right: &[Cached]) -> Vec<Cached> {
    let both = left.iter().filter_map(|each| {
        let other = right
            .iter()
            .find(|other| other.place == each.place && other.value == each.value)?;
        Some(Cached {
            integer: each.integer && other.integer,
            ..*each
        })
    });
    both.collect()
}

/// The operand stack and the registers.
#[derive(Default)]
pub(super) struct Stack {
    operands: Vec<Operand>,
    /// How many operands are in memory.
    spilled: usize,
    gpr_uses: [u16; 16],
    fpr_uses: [u16; 16],
    cache: Vec<Cached>,
}

impl Stack {
    /// Number of operands.
    pub(super) fn depth(&self) -> usize {
        self.operands.len()
    }

    /// All `depth` operands are in memory, and no register holds anything.
    pub(super) fn reset(&mut self, depth: usize) {
        *self = Stack::default();
        let spilled = Operand {
            value: Value::Spilled,
            integer: false,
        };
        self.operands = vec![spilled; depth];
        self.spilled = depth;
    }

    pub(super) fn snapshot(&self) -> Snapshot {
        Snapshot {
            unspilled: self.operands[self.spilled..].to_vec(),
            cache: self.cache.clone(),
        }
    }

    /// Registers hold what `cache` says, and no operand is in a register.
    pub(super) fn set_cache(&mut self, cache: Vec<Cached>) {
        self.cache = cache;
    }

    /// No register holds what a place holds: after a send, or where ways meet.
    pub(super) fn forget(&mut self) {
        self.cache.clear();
    }

    pub(super) fn retain(&mut self, value: Value) {
        match value {
            Value::Gpr(register) => self.gpr_uses[register.number() as usize] += 1,
            Value::Fpr(register) => self.fpr_uses[register.number() as usize] += 1,
            Value::Spilled | Value::Known(_) | Value::Integer(_) | Value::Literal(_) => {}
            Value::Double(_) | Value::Place(_) => {}
        }
    }

    pub(super) fn release(&mut self, value: Value) {
        match value {
            Value::Gpr(register) => self.gpr_uses[register.number() as usize] -= 1,
            Value::Fpr(register) => self.fpr_uses[register.number() as usize] -= 1,
            Value::Spilled | Value::Known(_) | Value::Integer(_) | Value::Literal(_) => {}
            Value::Double(_) | Value::Place(_) => {}
        }
    }

    fn cached(&self, place: Place, float: bool) -> Option<Cached> {
        let wanted =
            |each: &&Cached| each.place == place && matches!(each.value, Value::Fpr(_)) == float;
        self.cache.iter().find(wanted).copied()
    }

    /// True where a register holds the place's float.
    pub(super) fn has_float(&self, place: Place) -> bool {
        self.cached(place, true).is_some()
    }

    pub(super) fn remember(&mut self, place: Place, value: Value, integer: bool) {
        self.cache.push(Cached {
            place,
            value,
            integer,
        });
    }

    fn is_cached(&self, value: Value) -> bool {
        self.cache.iter().any(|each| each.value == value)
    }

    fn free_gpr(&mut self) -> Option<Gpr> {
        let unused = |register: &Gpr| self.gpr_uses[register.number() as usize] == 0;
        let free = POOL.iter().copied().filter(unused);
        let mut evictable = None;
        for register in free {
            if !self.is_cached(Value::Gpr(register)) {
                return Some(register);
            }
            evictable = evictable.or(Some(register));
        }
        let register = evictable?;
        self.cache.retain(|each| each.value != Value::Gpr(register));
        Some(register)
    }

    fn free_fpr(&mut self) -> Option<Fpr> {
        let mut evictable = None;
        for number in 0..FLOATS {
            let register = Fpr::new(number);
            if self.fpr_uses[number as usize] != 0 {
                continue;
            }
            if !self.is_cached(Value::Fpr(register)) {
                return Some(register);
            }
            evictable = evictable.or(Some(register));
        }
        let register = evictable?;
        self.cache.retain(|each| each.value != Value::Fpr(register));
        Some(register)
    }
}

impl Operand {
    pub(super) fn new(value: Value) -> Operand {
        Operand {
            value,
            integer: matches!(value, Value::Integer(_)),
        }
    }

    /// True for what is a float for certain.
    pub(super) fn is_float(self) -> bool {
        matches!(self.value, Value::Fpr(_) | Value::Double(_))
    }
}

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
    pub(super) fn offset(&self, place: Place) -> i64 {
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
        let _ = Precision::F64;
    }
}

impl Stack {
    /// Forgets the topmost operand, which a send has taken from memory.
    pub(super) fn pop_spilled(&mut self) {
        let operand = self.operands.pop().expect("an operand");
        debug_assert_eq!(operand.value, Value::Spilled);
        self.spilled -= 1;
    }
}
