//! Numbers as literals: `12`, `1.5`, `1.5e3`, `2e10`, `16rFF`.

use super::ast::LargeInteger;
use num_bigint::{BigInt, BigUint, Sign};
use num_traits::Zero;

/// A number as it is read.
#[derive(Clone, Copy, Debug)]
pub(super) enum Number<'a> {
    /// An Integer that fits.
    Integer(i64),
    /// An Integer that may not.
    LargeInteger(LargeInteger<'a>),
    /// A Double.
    Double(f64),
}

/// The greatest decimal exponent of an Integer literal.
const EXPONENT_LIMIT: u32 = 100_000;

/// The byte behind the number that starts at `start` with a digit.
pub(super) fn extent(text: &[u8], start: usize) -> usize {
    let byte = |at: usize| text.get(at).copied().unwrap_or(0);
    let digits = |mut at: usize| {
        while byte(at).is_ascii_digit() {
            at += 1;
        }
        at
    };
    let mut at = digits(start);
    if byte(at) == b'r' && byte(at + 1).is_ascii_alphanumeric() {
        at += 1;
        while byte(at).is_ascii_alphanumeric() {
            at += 1;
        }
        return at;
    }
    if byte(at) == b'.' && byte(at + 1).is_ascii_digit() {
        at = digits(at + 1);
    }
    if matches!(byte(at), b'e' | b'E') {
        let sign = usize::from(matches!(byte(at + 1), b'-' | b'+'));
        if byte(at + 1 + sign).is_ascii_digit() {
            at = digits(at + 1 + sign);
        }
    }
    at
}

/// The value of the number `text`, which [`extent`] delimits.
///
/// # Errors
/// What is wrong with it.
pub(super) fn parse(text: &str, is_negative: bool) -> Result<Number<'_>, String> {
    if let Some((radix, digits)) = text.split_once('r') {
        return parse_radix(radix, digits, is_negative);
    }
    let (mantissa, exponent) = match text.find(['e', 'E']) {
        Some(at) => (&text[..at], &text[at + 1..]),
        None => (text, ""),
    };
    if mantissa.contains('.') || exponent.starts_with('-') {
        let value: f64 = text
            .parse()
            .map_err(|_| format!("expected a number, found '{text}'"))?;
        if value.is_infinite() {
            return Err(format!(
                "expected a number within the range of Double, found '{text}'"
            ));
        }
        return Ok(Number::Double(if is_negative { -value } else { value }));
    }
    let exponent = match exponent.trim_start_matches('+') {
        "" => 0,
        digits => match digits.parse() {
            Ok(exponent) if exponent <= EXPONENT_LIMIT => exponent,
            _ => {
                return Err(format!(
                    "expected an Integer exponent of at most {EXPONENT_LIMIT}, found '{digits}'"
                ));
            }
        },
    };
    Ok(integer(LargeInteger {
        is_negative,
        digits: mantissa,
        radix: 10,
        exponent,
    }))
}

fn parse_radix<'a>(radix: &str, digits: &'a str, is_negative: bool) -> Result<Number<'a>, String> {
    let radix = match radix.parse() {
        Ok(radix) if (2..=36).contains(&radix) => radix,
        _ => {
            return Err(format!(
                "expected a radix between 2 and 36, found '{radix}'"
            ));
        }
    };
    if let Some(bad) = digits.chars().find(|digit| !digit.is_digit(radix)) {
        return Err(format!("expected digits of radix {radix}, found '{bad}'"));
    }
    Ok(integer(LargeInteger {
        is_negative,
        digits,
        radix,
        exponent: 0,
    }))
}

/// Narrows an Integer that fits.
fn integer(large: LargeInteger<'_>) -> Number<'_> {
    let magnitude = i64::from_str_radix(large.digits, large.radix).ok();
    let scale = 10_i64.checked_pow(large.exponent);
    match magnitude
        .zip(scale)
        .and_then(|(magnitude, scale)| magnitude.checked_mul(scale))
    {
        Some(value) => Number::Integer(if large.is_negative { -value } else { value }),
        None => Number::LargeInteger(large),
    }
}

/// Digits that are converted at once; longer runs are halved, since conversion is quadratic.
const DIGITS_AT_ONCE: usize = 1000;

/// The value of an Integer literal.
pub(super) fn value(large: &LargeInteger<'_>) -> BigInt {
    let magnitude = magnitude(large.digits, large.radix);
    let scaled = magnitude * BigUint::from(10_u8).pow(large.exponent);
    BigInt::from_biguint(
        if large.is_negative {
            Sign::Minus
        } else {
            Sign::Plus
        },
        scaled,
    )
}

/// The value of any number of digits.
pub(crate) fn magnitude(digits: &str, radix: u32) -> BigUint {
    if digits.len() <= DIGITS_AT_ONCE {
        return halved_magnitude(digits, radix, &[]);
    }
    // Each the square of the one before: the weights of the halves of all levels.
    let mut weights = vec![BigUint::from(radix).pow(DIGITS_AT_ONCE as u32)];
    while DIGITS_AT_ONCE << weights.len() < digits.len() {
        let last = &weights[weights.len() - 1];
        weights.push(last * last);
    }
    halved_magnitude(digits, radix, &weights)
}

fn halved_magnitude(digits: &str, radix: u32, weights: &[BigUint]) -> BigUint {
    if let Ok(small) = u64::from_str_radix(digits, radix) {
        return small.into();
    }
    if digits.len() <= DIGITS_AT_ONCE {
        return BigUint::parse_bytes(digits.as_bytes(), radix).unwrap_or_else(BigUint::zero);
    }
    let mut level = weights.len() - 1;
    while DIGITS_AT_ONCE << level >= digits.len() {
        level -= 1;
    }
    let (high, low) = digits.split_at(digits.len() - (DIGITS_AT_ONCE << level));
    halved_magnitude(high, radix, weights) * &weights[level] + halved_magnitude(low, radix, weights)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> String {
        assert_eq!(extent(text.as_bytes(), 0), text.len(), "extent of {text}");
        match parse(text, false) {
            Ok(Number::Integer(integer)) => integer.to_string(),
            Ok(Number::LargeInteger(large)) => value(&large).to_string(),
            Ok(Number::Double(double)) => format!("{double:?}"),
            Err(error) => error,
        }
    }

    #[test]
    fn numbers_of_every_form() {
        assert_eq!(read("0"), "0");
        assert_eq!(read("007"), "7");
        assert_eq!(read("9223372036854775807"), i64::MAX.to_string());
        assert_eq!(read("9223372036854775808"), "9223372036854775808");
        assert_eq!(read("1.5"), "1.5");
        assert_eq!(read("1.5e3"), "1500.0");
        assert_eq!(read("1.5E-3"), "0.0015");
        assert_eq!(read("2e10"), "20000000000");
        assert_eq!(read("2e-2"), "0.02");
        assert_eq!(read("1e25"), "10000000000000000000000000");
        assert_eq!(read("16rFF"), "255");
        assert_eq!(read("36rZz"), "1295");
        assert_eq!(read("2r1011"), "11");
    }

    #[test]
    fn numbers_end_where_they_should() {
        for (text, length) in [("3.", 1), ("3.foo", 1), ("3e", 1), ("3r", 1), ("1..2", 1)] {
            assert_eq!(extent(text.as_bytes(), 0), length, "{text}");
        }
    }

    #[test]
    fn bad_numbers_say_why() {
        assert!(read("2r3").contains("radix 2, found '3'"));
        assert!(read("99r3").contains("between 2 and 36"));
        assert!(read("1e999999999999").contains("at most"));
        assert!(read("1.5e999").contains("range of Double"));
    }

    #[test]
    fn halving_gives_the_same_value() {
        let digits: String = (0..5001)
            .map(|index| char::from(b'0' + index as u8 % 10))
            .collect();
        let whole = BigUint::parse_bytes(digits.as_bytes(), 10).expect("digits");
        assert_eq!(magnitude(&digits, 10), whole);
        for count in [1, 1000, 1001, 2000, 2001, 4000, 4001] {
            let some = &digits[..count];
            let whole = BigUint::parse_bytes(some.as_bytes(), 16).expect("digits");
            assert_eq!(magnitude(some, 16), whole, "{count} digits");
        }
    }
}
