//! Primitives of Integers alone: bits, shifts, digits.

use super::Arguments;
use super::sequences;
use crate::failure::Failure;
use crate::numbers::Number;
use crate::vm::Vm;
use gc::oop::Oop;
use num_bigint::BigInt;

/// More bits than this a shift does not make: 128 MiB.
const BITS_MAX: u64 = 1 << 30;

fn bitwise(
    vm: &mut Vm,
    arguments: Arguments,
    small: fn(i64, i64) -> i64,
    large: fn(BigInt, BigInt) -> BigInt,
) -> Result<Oop, Failure> {
    let (left, right) = (arguments.receiver(), arguments.get(0));
    if let (Some(a), Some(b)) = (left.as_i64(), right.as_i64()) {
        return Ok(Oop::small(small(a, b)));
    }
    let left = vm.integer(left).ok_or(Failure::WrongType)?;
    let right = vm.integer(right).ok_or(Failure::WrongType)?;
    Ok(vm.integer_object(&large(left, right))?)
}

/// The bits that both have.
pub(super) fn and(vm: &mut Vm, arguments: Arguments) -> Result<Oop, Failure> {
    bitwise(vm, arguments, |a, b| a & b, |a, b| a & b)
}

/// The bits that one of them has.
pub(super) fn or(vm: &mut Vm, arguments: Arguments) -> Result<Oop, Failure> {
    bitwise(vm, arguments, |a, b| a | b, |a, b| a | b)
}

/// The bits that only one of them has.
pub(super) fn xor(vm: &mut Vm, arguments: Arguments) -> Result<Oop, Failure> {
    bitwise(vm, arguments, |a, b| a ^ b, |a, b| a ^ b)
}

/// Shifted left; right where the argument is negative.
pub(super) fn shift_left(vm: &mut Vm, arguments: Arguments) -> Result<Oop, Failure> {
    let count = arguments.integer(0)?;
    shift(vm, arguments.receiver(), count)
}

/// Shifted right, keeping the sign; left where the argument is negative.
pub(super) fn shift_right(vm: &mut Vm, arguments: Arguments) -> Result<Oop, Failure> {
    let count = arguments.integer(0)?;
    shift(vm, arguments.receiver(), -count)
}

fn shift(vm: &mut Vm, integer: Oop, count: i64) -> Result<Oop, Failure> {
    if let Some(value) = integer.as_i64() {
        if count <= 0 {
            return Ok(Oop::small(value >> (-count).min(63)));
        }
        let fits = count < 60 && value.unsigned_abs().leading_zeros() as i64 > count + 4;
        if fits {
            return Ok(Oop::small(value << count));
        }
        if value == 0 {
            return Ok(integer);
        }
    }
    let value = vm.integer(integer).ok_or(Failure::WrongType)?;
    if count <= 0 {
        return Ok(vm.integer_object(&(value >> -count))?);
    }
    if value.bits().saturating_add(count as u64) > BITS_MAX {
        return Err(Failure::BadSize);
    }
    Ok(vm.integer_object(&(value << count))?)
}

/// The bits that the number takes, without the sign.
pub(super) fn bit_length(vm: &mut Vm, arguments: Arguments) -> Result<Oop, Failure> {
    let value = vm.integer(arguments.receiver()).ok_or(Failure::WrongType)?;
    Ok(Oop::small(value.bits() as i64))
}

/// What `scramble` takes a small number apart with; machine code does the same.
pub const SCRAMBLE_MASK: u64 = 0x9E37_79B9_7F4A_7C15;
/// See [`SCRAMBLE_MASK`].
pub const SCRAMBLE_FACTOR: u64 = 0xD6E8_FEB8_6659_FD93;

/// 32 bits that depend on all bits of the number.
pub(super) fn scramble(vm: &mut Vm, arguments: Arguments) -> Result<Oop, Failure> {
    let mixed = match vm.number(arguments.receiver()) {
        Some(Number::Small(value)) => {
            sequences::fold(value as u64 ^ SCRAMBLE_MASK, SCRAMBLE_FACTOR)
        }
        Some(Number::Large(value)) => sequences::hash(&value.to_signed_bytes_le()) as u64,
        Some(Number::Double(_)) | None => return Err(Failure::WrongType),
    };
    Ok(Oop::small(i64::from(mixed as u32)))
}

/// The digits in a radix from 2 to 36.
pub(super) fn print(vm: &mut Vm, arguments: Arguments) -> Result<Oop, Failure> {
    let radix = arguments.integer(0)?;
    if !(2..=36).contains(&radix) {
        return Err(Failure::OutOfRange);
    }
    let text = match arguments.receiver().as_i64() {
        Some(value) if radix == 10 => value.to_string(),
        _ => {
            let value = vm.integer(arguments.receiver()).ok_or(Failure::WrongType)?;
            value.to_str_radix(radix as u32).to_uppercase()
        }
    };
    Ok(vm.string(text.as_bytes())?)
}
