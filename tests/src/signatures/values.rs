//! Values of C types: what the two sides of a call agree on beforehand.

use super::random::Random;
use super::types::{Aggregate, Float, Integer, Member, Pointer, Type};

/// A value of a C type.
#[derive(Clone, PartialEq, Debug)]
pub enum Value {
    /// An integer of up to 128 bits, as its two's complement.
    Integer(u128),
    /// A truth value.
    Bool(bool),
    /// A floating number, exactly as the type has it; what Smalltalk passes may be another number
    /// that is rounded to it.
    Float {
        /// What C sees.
        seen: f64,
        /// What Smalltalk passes.
        passed: f64,
    },
    /// Real and imaginary part.
    Complex(f64, f64),
    /// NULL, or an address that nobody looks behind.
    Address(u64),
    /// What a pointer points to: text, or bytes.
    Contents(Vec<u8>),
    /// The members of an aggregate that have a value: all of a struct, one of a union. An array has
    /// one value per element.
    Members(Vec<(usize, Vec<Value>)>),
}

impl Value {
    /// A random value, with a preference for the edges of the type.
    pub fn choose(random: &mut Random, of: &Type) -> Value {
        match of {
            Type::Integer(integer) => Value::Integer(choose_integer(random, integer, integer.bits)),
            Type::Bool => Value::Bool(random.chance(1, 2)),
            Type::Float(float) => choose_float(random, *float),
            Type::Complex(float) => {
                Value::Complex(choose_exact(random, *float), choose_exact(random, *float))
            }
            Type::Pointer(pointer) => choose_pointer(random, *pointer),
            Type::Aggregate(aggregate) => choose_members(random, aggregate),
        }
    }

    /// The value whose bytes are all zero.
    pub fn zero(of: &Type) -> Value {
        match of {
            Type::Integer(_) => Value::Integer(0),
            Type::Bool => Value::Bool(false),
            Type::Float(_) => Value::Float {
                seen: 0.0,
                passed: 0.0,
            },
            Type::Complex(_) => Value::Complex(0.0, 0.0),
            Type::Pointer(_) => Value::Address(0),
            Type::Aggregate(aggregate) => {
                let zeros = |member: &Member| {
                    let count = member.count.unwrap_or(1);
                    vec![Value::zero(&member.element); count]
                };
                Value::Members(aggregate.members.iter().map(zeros).enumerate().collect())
            }
        }
    }
}

/// An integer as a signed number, where its type has a sign.
pub fn extended(bits: u128, width: u32, signed: bool) -> i128 {
    let unused = 128 - width;
    if signed {
        ((bits << unused) as i128) >> unused
    } else {
        ((bits << unused) >> unused) as i128
    }
}

/// A value that `width` bits of the type hold, extended to 128 bits.
fn choose_integer(random: &mut Random, integer: &Integer, width: u32) -> u128 {
    let top = width - 1;
    let bits = match random.below(8) {
        0 => 0,
        1 => 1,
        2 => u128::MAX,
        3 => 1 << top,
        4 => (1 << top) - 1,
        // Where the objects for small integers end.
        5 => (1 << 60) - u128::from(random.bits() & 1),
        6 => u128::MAX << random.below(width as usize),
        _ => u128::from(random.bits()) << 64 | u128::from(random.bits()),
    };
    extended(bits, width, integer.signed) as u128
}

const DOUBLES: &[f64] = &[
    0.0,
    -0.0,
    1.0,
    -2.5,
    0.1,
    5e-324,
    -2.2250738585072014e-308,
    2.225073858507201e-308,
    f64::MAX,
    f64::MIN,
    f64::INFINITY,
    f64::NEG_INFINITY,
    f64::NAN,
    16777217.0,
    9007199254740993.0,
    1e100,
    -1e-100,
];

const SINGLES: &[f32] = &[
    0.0,
    -0.0,
    1.0,
    -2.5,
    0.1,
    1e-45,
    -1.1754944e-38,
    1.1754942e-38,
    f32::MAX,
    f32::MIN,
    f32::INFINITY,
    f32::NEG_INFINITY,
    f32::NAN,
    16777216.0,
];

/// A number that the type has.
fn choose_exact(random: &mut Random, float: Float) -> f64 {
    match float {
        Float::Single if random.chance(2, 3) => f64::from(*random.pick(SINGLES)),
        Float::Single => f64::from(f32::from_bits(random.bits() as u32)),
        Float::Double | Float::Extended if random.chance(2, 3) => *random.pick(DOUBLES),
        Float::Double | Float::Extended => f64::from_bits(random.bits()),
    }
}

fn choose_float(random: &mut Random, float: Float) -> Value {
    let mut passed = choose_exact(random, float);
    if random.chance(1, 4) {
        // A whole number, which Smalltalk may pass as an Integer.
        passed = (random.bits() as i32 >> random.below(31)) as f64;
    } else if float == Float::Single && random.chance(1, 4) {
        passed = *random.pick(DOUBLES);
    }
    let seen = match float {
        Float::Single => f64::from(passed as f32),
        Float::Double | Float::Extended => passed,
    };
    Value::Float { seen, passed }
}

const TEXTS: &[&str] = &[
    "",
    "a",
    "seven b",
    "eight by",
    "it's \"quoted\" \\ \n\t",
    "sm\u{f6}rg\u{e5}sbord",
    "\u{1f600}",
    "longer than any register is wide, and than two of them",
];

fn choose_pointer(random: &mut Random, pointer: Pointer) -> Value {
    if random.chance(1, 5) {
        return Value::Address(0);
    }
    match pointer {
        Pointer::Text => Value::Contents(random.pick(TEXTS).as_bytes().to_vec()),
        Pointer::Bytes => {
            let size = 1 + random.below(20);
            Value::Contents((0..size).map(|_| random.bits() as u8).collect())
        }
        Pointer::Void | Pointer::Int => Value::Address(match random.below(3) {
            0 => u64::MAX >> random.below(64),
            1 => 1 << random.below(64),
            _ => random.bits(),
        }),
    }
}

fn choose_members(random: &mut Random, aggregate: &Aggregate) -> Value {
    let mut chosen: Vec<usize> = (0..aggregate.members.len()).collect();
    if aggregate.is_union && !chosen.is_empty() {
        chosen = vec![random.below(chosen.len())];
    }
    let values = chosen.into_iter().map(|index| {
        let member = &aggregate.members[index];
        let mut choose = |_| match (&member.element, member.width) {
            (Type::Integer(integer), Some(width)) => {
                Value::Integer(choose_integer(random, integer, width))
            }
            (element, _) => Value::choose(random, element),
        };
        (
            index,
            (0..member.count.unwrap_or(1)).map(&mut choose).collect(),
        )
    });
    Value::Members(values.collect())
}

#[cfg(test)]
mod tests {
    use super::super::types::{INTEGERS, WIDE_INTEGERS};
    use super::*;

    #[test]
    fn integers_stay_within_their_types() {
        let mut random = Random::new(5);
        for integer in INTEGERS.iter().chain(WIDE_INTEGERS) {
            for _ in 0..200 {
                let bits = choose_integer(&mut random, integer, integer.bits);
                assert_eq!(extended(bits, integer.bits, integer.signed) as u128, bits);
            }
        }
        assert_eq!(extended(0xff, 8, true), -1);
        assert_eq!(extended(0xff, 8, false), 255);
    }

    #[test]
    fn singles_are_seen_as_singles() {
        let mut random = Random::new(6);
        for _ in 0..500 {
            if let Value::Float { seen, .. } = choose_float(&mut random, Float::Single) {
                assert!(seen.is_nan() || f64::from(seen as f32) == seen);
            }
        }
    }
}
