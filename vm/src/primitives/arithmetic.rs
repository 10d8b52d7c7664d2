//! Primitives of Integers and Doubles in any mixture.
//!
//! Of two Integers the result is an Integer, with a Double in play a Double. Comparison is exact: an
//! Integer is not rounded to be compared with a Double, so equality is transitive and agrees with
//! the hash.

use super::Arguments;
use super::sequences;
use crate::failure::Failure;
use crate::numbers::Number;
use crate::vm::Vm;
use gc::oop::Oop;
use num_bigint::{BigInt, Sign};
use num_traits::{FromPrimitive, ToPrimitive, Zero};
use std::cmp::Ordering;

/// Two operands, brought to one kind.
enum Operands {
    Small(i64, i64),
    Large(BigInt, BigInt),
    Doubles(f64, f64),
}

fn operands(vm: &Vm, arguments: Arguments) -> Result<Operands, Failure> {
    let left = vm.number(arguments.receiver()).ok_or(Failure::WrongType)?;
    let right = vm.number(arguments.get(0)).ok_or(Failure::WrongType)?;
    Ok(match (left, right) {
        (Number::Small(a), Number::Small(b)) => Operands::Small(a, b),
        (left @ Number::Double(_), right) | (left, right @ Number::Double(_)) => {
            Operands::Doubles(left.to_f64(), right.to_f64())
        }
        (left, right) => Operands::Large(large(left), large(right)),
    })
}

/// The integer of a number that is no double.
fn large(number: Number) -> BigInt {
    number.into_integer().expect("an integer")
}

fn arithmetic(
    vm: &mut Vm,
    arguments: Arguments,
    small: fn(i64, i64) -> Option<i64>,
    large: fn(BigInt, BigInt) -> BigInt,
    double: fn(f64, f64) -> f64,
) -> Result<Oop, Failure> {
    match operands(vm, arguments)? {
        Operands::Small(a, b) => match small(a, b) {
            Some(result) => Ok(vm.i64_object(result)?),
            None => Ok(vm.integer_object(&large(a.into(), b.into()))?),
        },
        Operands::Large(a, b) => Ok(vm.integer_object(&large(a, b))?),
        Operands::Doubles(a, b) => Ok(vm.double_object(double(a, b))?),
    }
}

/// The sum.
pub(super) fn add(vm: &mut Vm, arguments: Arguments) -> Result<Oop, Failure> {
    arithmetic(vm, arguments, i64::checked_add, |a, b| a + b, |a, b| a + b)
}

/// The difference.
pub(super) fn subtract(vm: &mut Vm, arguments: Arguments) -> Result<Oop, Failure> {
    arithmetic(vm, arguments, i64::checked_sub, |a, b| a - b, |a, b| a - b)
}

/// The product.
pub(super) fn multiply(vm: &mut Vm, arguments: Arguments) -> Result<Oop, Failure> {
    arithmetic(vm, arguments, i64::checked_mul, |a, b| a * b, |a, b| a * b)
}

/// Fails where an Integer is to be divided by the Integer 0.
fn check_divisor(vm: &Vm, arguments: Arguments) -> Result<(), Failure> {
    let by_zero = arguments.get(0) == Oop::ZERO;
    if by_zero && vm.double(arguments.receiver()).is_none() {
        return Err(Failure::DivisionByZero);
    }
    Ok(())
}

/// The quotient: of two Integers truncated toward zero.
pub(super) fn divide(vm: &mut Vm, arguments: Arguments) -> Result<Oop, Failure> {
    check_divisor(vm, arguments)?;
    arithmetic(vm, arguments, i64::checked_div, |a, b| a / b, |a, b| a / b)
}

/// The remainder with the divisor's sign.
pub(super) fn modulo(vm: &mut Vm, arguments: Arguments) -> Result<Oop, Failure> {
    check_divisor(vm, arguments)?;
    arithmetic(
        vm,
        arguments,
        |a, b| Some(adjusted(a.checked_rem(b)?, b)),
        |a, b| {
            let remainder = a % &b;
            let opposite = matches!(
                (remainder.sign(), b.sign()),
                (Sign::Plus, Sign::Minus) | (Sign::Minus, Sign::Plus)
            );
            if opposite { remainder + b } else { remainder }
        },
        |a, b| {
            let remainder = a % b;
            if remainder * b < 0.0 {
                remainder + b
            } else {
                remainder
            }
        },
    )
}

/// A remainder with the dividend's sign, turned into the one with the divisor's.
fn adjusted(remainder: i64, divisor: i64) -> i64 {
    if remainder != 0 && (remainder < 0) != (divisor < 0) {
        remainder + divisor
    } else {
        remainder
    }
}

/// The remainder with the dividend's sign.
pub(super) fn remainder(vm: &mut Vm, arguments: Arguments) -> Result<Oop, Failure> {
    check_divisor(vm, arguments)?;
    arithmetic(vm, arguments, i64::checked_rem, |a, b| a % b, |a, b| a % b)
}

/// The quotient as a Double.
pub(super) fn double_divide(vm: &mut Vm, arguments: Arguments) -> Result<Oop, Failure> {
    let quotient = match operands(vm, arguments)? {
        Operands::Small(a, b) => a as f64 / b as f64,
        Operands::Large(a, b) => large_quotient(&a, &b),
        Operands::Doubles(a, b) => a / b,
    };
    Ok(vm.double_object(quotient)?)
}

/// The quotient of integers that may be past the range of doubles: computed with 66 bits or more,
/// and scaled afterwards.
fn large_quotient(a: &BigInt, b: &BigInt) -> f64 {
    let plain = (a.to_f64(), b.to_f64());
    if let (Some(a), Some(b)) = plain
        && a.is_finite()
        && b.is_finite()
    {
        return a / b;
    }
    if b.is_zero() {
        return a.to_f64().unwrap_or(f64::NAN) / 0.0;
    }
    let shift = 66 + b.bits() as i64 - a.bits() as i64;
    let quotient = if shift >= 0 {
        (a << shift) / b
    } else {
        a / (b << -shift)
    };
    let scale = i32::try_from(-shift).unwrap_or(if shift > 0 {
        i32::MIN / 2
    } else {
        i32::MAX / 2
    });
    let half = scale / 2;
    quotient.to_f64().unwrap_or(f64::NAN) * 2f64.powi(half) * 2f64.powi(scale - half)
}

/// How two numbers compare; `None` where one is not a number.
fn compare(left: &Number, right: &Number) -> Option<Ordering> {
    match (left, right) {
        (Number::Small(a), Number::Small(b)) => Some(a.cmp(b)),
        (Number::Double(a), Number::Double(b)) => a.partial_cmp(b),
        (Number::Double(a), integer) => compare_with_double(integer, *a).map(Ordering::reverse),
        (integer, Number::Double(b)) => compare_with_double(integer, *b),
        (left, right) => Some(large(left.clone()).cmp(&large(right.clone()))),
    }
}

fn compare_with_double(integer: &Number, double: f64) -> Option<Ordering> {
    // Up to here every integer is a double.
    const EXACT: u64 = 1 << 53;
    if let Number::Small(value) = *integer
        && value.unsigned_abs() <= EXACT
    {
        return (value as f64).partial_cmp(&double);
    }
    match BigInt::from_f64(double.trunc()) {
        Some(whole) => {
            let order = large(integer.clone()).cmp(&whole);
            Some(order.then(0f64.partial_cmp(&double.fract())?))
        }
        None => 0f64.partial_cmp(&double),
    }
}

fn comparison(
    vm: &mut Vm,
    arguments: Arguments,
    holds: fn(Ordering) -> bool,
) -> Result<Oop, Failure> {
    let left = vm.number(arguments.receiver()).ok_or(Failure::WrongType)?;
    let right = vm.number(arguments.get(0)).ok_or(Failure::WrongType)?;
    Ok(vm.boolean(compare(&left, &right).is_some_and(holds)))
}

/// `=` of numbers.
pub(super) fn equal(vm: &mut Vm, arguments: Arguments) -> Result<Oop, Failure> {
    comparison(vm, arguments, Ordering::is_eq)
}

/// `<` of numbers.
pub(super) fn less(vm: &mut Vm, arguments: Arguments) -> Result<Oop, Failure> {
    comparison(vm, arguments, Ordering::is_lt)
}

/// `<=` of numbers.
pub(super) fn less_or_equal(vm: &mut Vm, arguments: Arguments) -> Result<Oop, Failure> {
    comparison(vm, arguments, Ordering::is_le)
}

/// `>` of numbers.
pub(super) fn greater(vm: &mut Vm, arguments: Arguments) -> Result<Oop, Failure> {
    comparison(vm, arguments, Ordering::is_gt)
}

/// `>=` of numbers.
pub(super) fn greater_or_equal(vm: &mut Vm, arguments: Arguments) -> Result<Oop, Failure> {
    comparison(vm, arguments, Ordering::is_ge)
}

/// A hash that equal numbers share: a small Integer is its own.
pub(super) fn hash(vm: &mut Vm, arguments: Arguments) -> Result<Oop, Failure> {
    let number = vm.number(arguments.receiver()).ok_or(Failure::WrongType)?;
    Ok(Oop::small(number_hash(number)))
}

fn number_hash(number: Number) -> i64 {
    match number {
        Number::Small(value) => value,
        Number::Large(value) => sequences::hash(&value.to_signed_bytes_le()),
        Number::Double(value) if value.trunc() == value && value.is_finite() => {
            let whole = BigInt::from_f64(value).expect("a finite double");
            match whole.to_i64().and_then(Oop::from_i64) {
                Some(small) => number_hash(Number::Small(small.as_i64().expect("small"))),
                None => number_hash(Number::Large(whole)),
            }
        }
        Number::Double(value) => sequences::hash(&value.to_bits().to_le_bytes()),
    }
}

/// The nearest Double of an Integer.
pub(super) fn as_double(vm: &mut Vm, arguments: Arguments) -> Result<Oop, Failure> {
    let number = vm.number(arguments.receiver()).ok_or(Failure::WrongType)?;
    Ok(vm.double_object(number.to_f64())?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comparison_does_not_round() {
        let big = Number::Small((1 << 53) + 1);
        let double = Number::Double((1_i64 << 53) as f64);
        assert_eq!(compare(&big, &double), Some(Ordering::Greater));
        assert_eq!(compare(&double, &big), Some(Ordering::Less));
        let huge = Number::Large(BigInt::from(10).pow(400));
        assert_eq!(
            compare(&huge, &Number::Double(f64::INFINITY)),
            Some(Ordering::Less)
        );
        assert_eq!(compare(&huge, &Number::Double(f64::NAN)), None);
        let half = Number::Double(-0.5);
        assert_eq!(compare(&Number::Small(0), &half), Some(Ordering::Greater));
    }

    #[test]
    fn equal_numbers_have_equal_hashes() {
        assert_eq!(
            number_hash(Number::Double(3.0)),
            number_hash(Number::Small(3))
        );
        let large = Number::Large(BigInt::from(10).pow(20));
        assert_eq!(number_hash(Number::Double(1e20)), number_hash(large));
        assert_eq!(number_hash(Number::Double(-0.0)), 0);
    }

    #[test]
    fn quotients_past_the_range_of_doubles_are_right() {
        let big = BigInt::from(10).pow(400);
        let quotient = large_quotient(&big, &BigInt::from(10).pow(398));
        assert!((quotient - 100.0).abs() < 1e-12, "{quotient}");
        assert_eq!(large_quotient(&BigInt::from(1), &big), 0.0);
        assert_eq!(large_quotient(&big, &BigInt::from(-1)), f64::NEG_INFINITY);
    }
}
