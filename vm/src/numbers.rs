//! Numbers as objects: SmallIntegers, large integers, immediate and boxed doubles.

use crate::known::index;
use crate::vm::Vm;
use gc::OutOfMemory;
use gc::layout::Format;
use gc::oop::Oop;
use num_bigint::{BigInt, Sign};
use num_traits::ToPrimitive;

/// The value of a number object.
#[derive(Clone, PartialEq, Debug)]
pub enum Number {
    /// A SmallInteger.
    Small(i64),
    /// An Integer past 61 bits.
    Large(BigInt),
    /// A Double.
    Double(f64),
}

impl Number {
    /// The value as an integer, where it is one.
    pub fn into_integer(self) -> Option<BigInt> {
        match self {
            Number::Small(value) => Some(value.into()),
            Number::Large(value) => Some(value),
            Number::Double(_) => None,
        }
    }

    /// The nearest double; infinite past its range.
    pub fn to_f64(&self) -> f64 {
        match self {
            Number::Small(value) => *value as f64,
            Number::Large(value) => value.to_f64().unwrap_or(f64::NAN),
            Number::Double(value) => *value,
        }
    }
}

impl Vm {
    /// The value of an Integer or Double object.
    pub fn number(&self, object: Oop) -> Option<Number> {
        if let Some(value) = object.as_i64() {
            return Some(Number::Small(value));
        }
        if let Some(value) = object.as_f64() {
            return Some(Number::Double(value));
        }
        match self.heap().class_index_of(object) {
            index::LARGE_POSITIVE => Some(Number::Large(self.large(object, Sign::Plus))),
            index::LARGE_NEGATIVE => Some(Number::Large(self.large(object, Sign::Minus))),
            index::DOUBLE => Some(Number::Double(f64::from_bits(self.heap().word(object, 0)))),
            _ => None,
        }
    }

    /// The value of an Integer object.
    pub fn integer(&self, object: Oop) -> Option<BigInt> {
        self.number(object)?.into_integer()
    }

    /// The value of a Double object.
    pub fn double(&self, object: Oop) -> Option<f64> {
        match self.number(object)? {
            Number::Double(value) => Some(value),
            Number::Small(_) | Number::Large(_) => None,
        }
    }

    fn large(&self, object: Oop, sign: Sign) -> BigInt {
        let heap = self.heap();
        let words = (0..heap.slot_count(object)).map(|index| heap.word(object, index));
        let digits = words.flat_map(|word| [word as u32, (word >> 32) as u32]);
        BigInt::new(sign, digits.collect())
    }

    /// The Integer object of a value: small where it fits.
    pub fn integer_object(&mut self, value: &BigInt) -> Result<Oop, OutOfMemory> {
        if let Some(small) = value.to_i64().and_then(Oop::from_i64) {
            return Ok(small);
        }
        let class = if value.sign() == Sign::Minus {
            index::LARGE_NEGATIVE
        } else {
            index::LARGE_POSITIVE
        };
        // Words, not bytes: what has bytes is memory to C.
        let words = value.iter_u64_digits();
        let object = self
            .heap_mut()
            .allocate(class, Format::WORDS, words.len())?;
        for (index, word) in words.enumerate() {
            self.heap_mut().set_word(object, index, word);
        }
        Ok(object)
    }

    /// The Integer object of a signed value.
    pub fn i64_object(&mut self, value: i64) -> Result<Oop, OutOfMemory> {
        match Oop::from_i64(value) {
            Some(small) => Ok(small),
            None => self.integer_object(&value.into()),
        }
    }

    /// The Integer object of an unsigned value.
    pub fn u64_object(&mut self, value: u64) -> Result<Oop, OutOfMemory> {
        self.integer_object(&value.into())
    }

    /// The Double object of a value: immediate where its exponent allows.
    pub fn double_object(&mut self, value: f64) -> Result<Oop, OutOfMemory> {
        if let Some(immediate) = Oop::from_f64(value) {
            return Ok(immediate);
        }
        let object = self.heap_mut().allocate(index::DOUBLE, Format::WORDS, 1)?;
        self.heap_mut().set_word(object, 0, value.to_bits());
        Ok(object)
    }
}
