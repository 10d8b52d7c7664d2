//! The simulated operand stack: where the operands are while code is made.
//!
//! The lower part of the operand stack is in memory, where the interpreter would have it; the
//! upper part is known: constants, places in the frame that were not yet read, registers. A
//! register that holds what a place of the frame holds is remembered until the next send.

use crate::isa::host::registers::*;
use crate::rtl::operand::{Fpr, Gpr};
use gc::oop::Oop;

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
    /// A leaf's argument that is an address, and no object.
    Pointer(u8),
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
pub(super) struct Stack {
    pub(super) operands: Vec<Operand>,
    /// How many operands are in memory.
    pub(super) spilled: usize,
    gpr_uses: [u16; 16],
    fpr_uses: [u16; 16],
    pub(super) cache: Vec<Cached>,
    pool: &'static [Gpr],
}

impl Default for Stack {
    fn default() -> Stack {
        Stack {
            operands: Vec::new(),
            spilled: 0,
            gpr_uses: [0; 16],
            fpr_uses: [0; 16],
            cache: Vec::new(),
            pool: &POOL,
        }
    }
}

impl Stack {
    /// Operands take these registers and no others.
    pub(super) fn use_pool(&mut self, pool: &'static [Gpr]) {
        self.pool = pool;
    }

    /// Number of operands.
    pub(super) fn depth(&self) -> usize {
        self.operands.len()
    }

    /// All `depth` operands are in memory, and no register holds anything.
    pub(super) fn reset(&mut self, depth: usize) {
        *self = Stack {
            pool: self.pool,
            ..Stack::default()
        };
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
            Value::Double(_) | Value::Place(_) | Value::Pointer(_) => {}
        }
    }

    pub(super) fn release(&mut self, value: Value) {
        match value {
            Value::Gpr(register) => self.gpr_uses[register.number() as usize] -= 1,
            Value::Fpr(register) => self.fpr_uses[register.number() as usize] -= 1,
            Value::Spilled | Value::Known(_) | Value::Integer(_) | Value::Literal(_) => {}
            Value::Double(_) | Value::Place(_) | Value::Pointer(_) => {}
        }
    }

    pub(super) fn cached(&self, place: Place, float: bool) -> Option<Cached> {
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

    pub(super) fn free_gpr(&mut self) -> Option<Gpr> {
        let unused = |register: &Gpr| self.gpr_uses[register.number() as usize] == 0;
        let free = self.pool.iter().copied().filter(unused);
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

    pub(super) fn free_fpr(&mut self) -> Option<Fpr> {
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

impl Stack {
    /// Forgets the topmost operand, which a send has taken from memory.
    pub(super) fn pop_spilled(&mut self) {
        let operand = self.operands.pop().expect("an operand");
        debug_assert_eq!(operand.value, Value::Spilled);
        self.spilled -= 1;
    }
}
