//! Primitives of Doubles alone: functions, digits, bits.

use super::Arguments;
use crate::failure::Failure;
use crate::vm::Vm;
use gc::oop::Oop;
use num_bigint::BigInt;
use num_traits::FromPrimitive;

fn receiver(vm: &Vm, arguments: Arguments) -> Result<f64, Failure> {
    vm.double(arguments.receiver()).ok_or(Failure::WrongType)
}

fn argument(vm: &Vm, arguments: Arguments) -> Result<f64, Failure> {
    let number = vm.number(arguments.get(0)).ok_or(Failure::WrongType)?;
    Ok(number.to_f64())
}

macro_rules! define_functions {
    ($($(#[$doc:meta])* $name:ident = $function:path;)*) => {
        $(
            $(#[$doc])*
            pub(super) fn $name(vm: &mut Vm, arguments: Arguments) -> Result<Oop, Failure> {
                let result = $function(receiver(vm, arguments)?);
                Ok(vm.double_object(result)?)
            }
        )*
    };
}

define_functions! {
    /// The square root.
    sqrt = f64::sqrt;
    /// The sine of radians.
    sin = f64::sin;
    /// The cosine of radians.
    cos = f64::cos;
    /// The tangent of radians.
    tan = f64::tan;
    /// The angle with a sine, in radians.
    arc_sin = f64::asin;
    /// The angle with a cosine, in radians.
    arc_cos = f64::acos;
    /// The angle with a tangent, in radians.
    arc_tan = f64::atan;
    /// The exponential.
    exp = f64::exp;
    /// The natural logarithm.
    ln = f64::ln;
    /// The logarithm to base 10.
    log10 = f64::log10;
}

/// The angle of the point (argument, receiver), in radians.
pub(super) fn arc_tan_2(vm: &mut Vm, arguments: Arguments) -> Result<Oop, Failure> {
    let result = receiver(vm, arguments)?.atan2(argument(vm, arguments)?);
    Ok(vm.double_object(result)?)
}

/// The receiver raised to the power of a number.
pub(super) fn power(vm: &mut Vm, arguments: Arguments) -> Result<Oop, Failure> {
    let result = receiver(vm, arguments)?.powf(argument(vm, arguments)?);
    Ok(vm.double_object(result)?)
}

/// The Integer before the point.
pub(super) fn truncated(vm: &mut Vm, arguments: Arguments) -> Result<Oop, Failure> {
    let value = receiver(vm, arguments)?.trunc();
    // Both are powers of two, and so exact.
    if (i64::MIN as f64..-(i64::MIN as f64)).contains(&value) {
        return Ok(vm.i64_object(value as i64)?);
    }
    let whole = BigInt::from_f64(value).ok_or(Failure::OutOfRange)?;
    Ok(vm.integer_object(&whole)?)
}

/// The fewest digits that read as the same Double.
pub(super) fn print(vm: &mut Vm, arguments: Arguments) -> Result<Oop, Failure> {
    let text = digits(receiver(vm, arguments)?);
    Ok(vm.string(text.as_bytes())?)
}

fn digits(value: f64) -> String {
    if value.is_nan() {
        "NaN".into()
    } else if value.is_infinite() {
        if value > 0.0 { "Infinity" } else { "-Infinity" }.into()
    } else {
        // Without a point, digits with an exponent would read as an Integer.
        let text = format!("{value:?}");
        match text.split_once('e') {
            Some((mantissa, exponent)) if !mantissa.contains('.') => {
                format!("{mantissa}.0e{exponent}")
            }
            _ => text,
        }
    }
}

/// With a number of digits behind the point, rounded.
pub(super) fn print_decimals(vm: &mut Vm, arguments: Arguments) -> Result<Oop, Failure> {
    let value = receiver(vm, arguments)?;
    let places = arguments.size(vm, 0)?;
    if places > 1000 {
        return Err(Failure::OutOfRange);
    }
    let text = if value.is_finite() {
        format!("{value:.places$}")
    } else {
        digits(value)
    };
    Ok(vm.string(text.as_bytes())?)
}

/// The 64 bits as an Integer.
pub(super) fn bits(vm: &mut Vm, arguments: Arguments) -> Result<Oop, Failure> {
    let bits = receiver(vm, arguments)?.to_bits();
    Ok(vm.u64_object(bits)?)
}

/// The Double of 64 bits.
pub(super) fn from_bits(vm: &mut Vm, arguments: Arguments) -> Result<Oop, Failure> {
    let bits = vm.integer(arguments.get(0)).ok_or(Failure::WrongType)?;
    let bits = u64::try_from(bits).map_err(|_| Failure::OutOfRange)?;
    Ok(vm.double_object(f64::from_bits(bits))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_print_with_the_fewest_digits() {
        for (value, text) in [
            (1.5, "1.5"),
            (0.1, "0.1"),
            (100.0, "100.0"),
            (1e100, "1.0e100"),
            (5e-324, "5.0e-324"),
            (-0.0, "-0.0"),
            (1.0 / 3.0, "0.3333333333333333"),
            (f64::INFINITY, "Infinity"),
            (f64::NEG_INFINITY, "-Infinity"),
            (f64::NAN, "NaN"),
        ] {
            assert_eq!(digits(value), text);
        }
    }
}
