//! The tagged word.
//!
//! An [`Oop`] ("ordinary object pointer") is 64 bits whose low three bits tell what the rest is:
//!
//! ```text
//!  63                                              3 2 1 0
//! +-------------------------------------------------+-----+
//! | address of an object header, 8-byte aligned     | 000 |  heap object
//! | 61-bit two's complement integer                 | 001 |  SmallInteger
//! | Unicode code point                              | 010 |  Character
//! | float: sign rotated to bit 3, exponent rebased  | 100 |  immediate float
//! +-------------------------------------------------+-----+
//! ```
//!
//! The immediate float is Spur's SmallFloat64: a double whose exponent lies in the middle 256 of the
//! 2048 values loses the three exponent bits it does not need and gains a tag. Doubles outside that
//! range, and NaN and infinities, are boxed in the heap.

use std::fmt;

/// Number of tag bits in a word.
pub const TAG_BITS: u32 = 3;
/// Mask of the tag bits.
pub const TAG_MASK: u64 = 7;
/// Tag of a heap pointer.
pub const TAG_POINTER: u64 = 0;
/// Tag of a SmallInteger.
pub const TAG_INTEGER: u64 = 1;
/// Tag of a Character.
pub const TAG_CHARACTER: u64 = 2;
/// Tag of an immediate float.
pub const TAG_FLOAT: u64 = 4;
/// Least SmallInteger, -2^60.
pub const SMALL_INTEGER_MIN: i64 = -(1 << 60);
/// Greatest SmallInteger, 2^60 - 1.
pub const SMALL_INTEGER_MAX: i64 = (1 << 60) - 1;
/// What is subtracted from a rotated double to rebase its exponent: 896 in the exponent's place.
pub const FLOAT_EXPONENT_OFFSET: u64 = 896 << 53;

/// A tagged word. Copying it does not keep the object alive: only roots do, see `Heap::scavenge`.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
#[repr(transparent)]
pub struct Oop(u64);

const _: () = assert!(std::mem::size_of::<Oop>() == 8);

impl Oop {
    /// The SmallInteger zero: what a slot holds when it must hold something that is no object.
    pub const ZERO: Oop = Oop(TAG_INTEGER);

    /// Makes an oop of raw bits.
    ///
    /// # Safety
    /// The bits must be an immediate or the address of a live object of the heap in use: every
    /// safe function that looks inside an object relies on it.
    #[expect(
        unsafe_code,
        reason = "forging a pointer is what makes the rest unsafe"
    )]
    #[inline(always)]
    pub const unsafe fn from_bits(bits: u64) -> Oop {
        Oop(bits)
    }

    /// The raw bits.
    #[inline(always)]
    pub const fn bits(self) -> u64 {
        self.0
    }

    /// The tag, one of the `TAG_` constants.
    #[inline(always)]
    pub const fn tag(self) -> u64 {
        self.0 & TAG_MASK
    }

    /// True for a heap object.
    #[inline(always)]
    pub const fn is_pointer(self) -> bool {
        self.tag() == TAG_POINTER
    }

    /// True for a SmallInteger.
    #[inline(always)]
    pub const fn is_small_integer(self) -> bool {
        self.tag() == TAG_INTEGER
    }

    /// The SmallInteger of `value`, or `None` where it takes more than 61 bits.
    #[inline(always)]
    pub const fn from_i64(value: i64) -> Option<Oop> {
        if value >= SMALL_INTEGER_MIN && value <= SMALL_INTEGER_MAX {
            Some(Oop(((value as u64) << TAG_BITS) | TAG_INTEGER))
        } else {
            None
        }
    }

    /// The SmallInteger of a count, index or other value known to fit.
    ///
    /// # Panics
    /// Where `value` takes more than 61 bits: a bug of the caller.
    #[inline(always)]
    pub const fn small(value: i64) -> Oop {
        match Oop::from_i64(value) {
            Some(oop) => oop,
            None => panic!("value does not fit a SmallInteger"),
        }
    }

    /// The value of a SmallInteger.
    #[inline(always)]
    pub const fn as_i64(self) -> Option<i64> {
        if self.is_small_integer() {
            Some((self.0 as i64) >> TAG_BITS)
        } else {
            None
        }
    }

    /// The Character of a code point. Any 21-bit value is taken, so that bytes of C strings pass.
    #[inline(always)]
    pub const fn from_char(code_point: u32) -> Oop {
        Oop(((code_point as u64) << TAG_BITS) | TAG_CHARACTER)
    }

    /// The code point of a Character.
    #[inline(always)]
    pub const fn as_char(self) -> Option<u32> {
        if self.tag() == TAG_CHARACTER {
            Some((self.0 >> TAG_BITS) as u32)
        } else {
            None
        }
    }

    /// The immediate float of `value`, or `None` where its exponent is out of the immediate range.
    #[inline(always)]
    pub const fn from_f64(value: f64) -> Option<Oop> {
        let rotated = value.to_bits().rotate_left(1);
        let rebased = if rotated <= 1 {
            rotated
        } else {
            let rebased = rotated.wrapping_sub(FLOAT_EXPONENT_OFFSET);
            // 0 and 1 mean the two zeros, so the two smallest in-range doubles are boxed.
            if rebased <= 1 || rebased >> 61 != 0 {
                return None;
            }
            rebased
        };
        Some(Oop((rebased << TAG_BITS) | TAG_FLOAT))
    }

    /// The value of an immediate float.
    #[inline(always)]
    pub const fn as_f64(self) -> Option<f64> {
        if self.tag() != TAG_FLOAT {
            return None;
        }
        let rebased = self.0 >> TAG_BITS;
        let rotated = if rebased <= 1 {
            rebased
        } else {
            rebased.wrapping_add(FLOAT_EXPONENT_OFFSET)
        };
        Some(f64::from_bits(rotated.rotate_right(1)))
    }
}

impl fmt::Debug for Oop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.tag() {
            TAG_INTEGER => write!(f, "{}", (self.0 as i64) >> TAG_BITS),
            TAG_CHARACTER => write!(f, "char({})", self.0 >> TAG_BITS),
            TAG_FLOAT => write!(f, "{:?}", self.as_f64()),
            _ => write!(f, "oop({:#x})", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_integers_keep_61_bits() {
        for value in [0, 1, -1, 42, SMALL_INTEGER_MIN, SMALL_INTEGER_MAX] {
            assert_eq!(Oop::from_i64(value).and_then(Oop::as_i64), Some(value));
        }
        assert_eq!(Oop::from_i64(SMALL_INTEGER_MAX + 1), None);
        assert_eq!(Oop::from_i64(SMALL_INTEGER_MIN - 1), None);
    }

    #[test]
    fn immediate_floats_round_trip_bit_for_bit() {
        for value in [0.0, -0.0, 1.0, -1.5, 3.25e30, 1e-37, std::f64::consts::PI] {
            let oop = Oop::from_f64(value).expect("in the immediate range");
            assert_eq!(oop.as_f64().map(f64::to_bits), Some(value.to_bits()));
        }
        for value in [f64::NAN, f64::INFINITY, f64::MAX, 5e-324, 1e200] {
            assert_eq!(Oop::from_f64(value), None);
        }
    }
}
