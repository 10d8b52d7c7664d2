//! Primitives of Strings and Characters.
//!
//! Strings are UTF-8, and yet any bytes: one that belongs to no well-formed sequence is read as a
//! Character of its own, U+DC80 to U+DCFF, which is written back as that byte. Code points of that
//! range are surrogates and never occur in well-formed UTF-8, so nothing is lost either way.
#![expect(unsafe_code, reason = "searches Strings with memmem of the C library")]

use super::Arguments;
use super::sequences::{check_bytes, part_class};
use crate::failure::Failure;
use crate::known::index;
use crate::vm::Vm;
use gc::oop::Oop;
use num_bigint::BigInt;

/// The Character of a byte that is not part of UTF-8 lies this far above it.
const STRAY: u32 = 0xDC00;

/// The code point that begins at `at`, and how many bytes it takes.
fn decode(bytes: &[u8], at: usize) -> (u32, usize) {
    let first = bytes[at];
    if first < 0x80 {
        return (u32::from(first), 1);
    }
    let width = match first {
        0xC2..=0xDF => 2,
        0xE0..=0xEF => 3,
        0xF0..=0xF4 => 4,
        _ => 1,
    };
    let sequence = bytes
        .get(at..at + width)
        .and_then(|bytes| std::str::from_utf8(bytes).ok());
    match sequence.and_then(|text| text.chars().next()) {
        Some(character) => (character as u32, width),
        None => (STRAY + u32::from(first), 1),
    }
}

/// The bytes of a code point.
fn encode(code_point: u32, buffer: &mut [u8; 4]) -> &[u8] {
    match char::from_u32(code_point) {
        Some(character) => character.encode_utf8(buffer).as_bytes(),
        None => {
            buffer[0] = (code_point - STRAY) as u8;
            &buffer[..1]
        }
    }
}

fn is_code_point(value: u32) -> bool {
    char::from_u32(value).is_some() || (STRAY + 0x80..=STRAY + 0xFF).contains(&value)
}

fn receiver(vm: &Vm, arguments: Arguments) -> Result<Oop, Failure> {
    check_bytes(vm, arguments.receiver())?;
    Ok(arguments.receiver())
}

/// The Character that begins at an index from 1.
pub(super) fn character_at(vm: &mut Vm, arguments: Arguments) -> Result<Oop, Failure> {
    let string = receiver(vm, arguments)?;
    let bytes = vm.heap().bytes(string);
    let index = arguments.index(0, bytes.len())?;
    Ok(Oop::from_char(decode(bytes, index).0))
}

/// The byte at an index from 1, as a String.
pub(super) fn byte_string(vm: &mut Vm, arguments: Arguments) -> Result<Oop, Failure> {
    let string = receiver(vm, arguments)?;
    let bytes = vm.heap().bytes(string);
    let byte = bytes[arguments.index(0, bytes.len())?];
    let class = part_class(vm, string);
    let part = vm.heap_mut().allocate_bytes(class, 1)?;
    vm.heap_mut().bytes_mut(part)[0] = byte;
    Ok(part)
}

/// The number of Characters.
pub(super) fn character_count(vm: &mut Vm, arguments: Arguments) -> Result<Oop, Failure> {
    let string = receiver(vm, arguments)?;
    let bytes = vm.heap().bytes(string);
    let count = match std::str::from_utf8(bytes) {
        Ok(text) => text.chars().count(),
        Err(_) => {
            let (mut at, mut count) = (0, 0);
            while at < bytes.len() {
                at += decode(bytes, at).1;
                count += 1;
            }
            count
        }
    };
    Ok(Oop::small(count as i64))
}

/// True where the argument is a String or Symbol with the same bytes.
pub(super) fn equal(vm: &mut Vm, arguments: Arguments) -> Result<Oop, Failure> {
    let (left, right) = (receiver(vm, arguments)?, arguments.get(0));
    if left == right {
        return Ok(vm.boolean(true));
    }
    let heap = vm.heap();
    let both_symbols =
        heap.class_index_of(left) == index::SYMBOL && heap.class_index_of(right) == index::SYMBOL;
    let equal = !both_symbols && vm.is_string(right) && heap.bytes(left) == heap.bytes(right);
    Ok(vm.boolean(equal))
}

/// Where a text begins first, at or behind an index from 1; -1 where it does not.
pub(super) fn find(vm: &mut Vm, arguments: Arguments) -> Result<Oop, Failure> {
    let (string, pattern) = (receiver(vm, arguments)?, arguments.get(0));
    if !vm.is_string(pattern) {
        return Err(Failure::WrongType);
    }
    let start = arguments.integer(1)?;
    let start = usize::try_from(start - 1).map_err(|_| Failure::BadIndex)?;
    let found = vm
        .heap()
        .bytes(string)
        .get(start..)
        .and_then(|bytes| position(bytes, vm.heap().bytes(pattern)));
    Ok(Oop::small(
        found.map_or(-1, |offset| (start + offset + 1) as i64),
    ))
}

/// Where `pattern` begins in `bytes`. Takes linear time, whatever they are.
fn position(bytes: &[u8], pattern: &[u8]) -> Option<usize> {
    // SAFETY: both are slices, so their lengths tell how many bytes may be read.
    let found = unsafe {
        libc::memmem(
            bytes.as_ptr().cast(),
            bytes.len(),
            pattern.as_ptr().cast(),
            pattern.len(),
        )
    };
    (!found.is_null()).then(|| found as usize - bytes.as_ptr() as usize)
}

/// The Symbol of the same text.
pub(super) fn as_symbol(vm: &mut Vm, arguments: Arguments) -> Result<Oop, Failure> {
    let string = receiver(vm, arguments)?;
    let bytes = vm.heap().bytes(string).to_vec();
    Ok(vm.symbols.intern(&mut vm.context.heap, &bytes)?)
}

fn changed_case(
    vm: &mut Vm,
    arguments: Arguments,
    text: fn(&str) -> String,
    ascii: fn(&[u8]) -> Vec<u8>,
) -> Result<Oop, Failure> {
    let string = receiver(vm, arguments)?;
    let bytes = vm.heap().bytes(string);
    let changed = match std::str::from_utf8(bytes) {
        Ok(string) => text(string).into_bytes(),
        Err(_) => ascii(bytes),
    };
    Ok(vm.string(&changed)?)
}

/// The text in upper case; of what is not UTF-8, the ASCII letters.
pub(super) fn as_uppercase(vm: &mut Vm, arguments: Arguments) -> Result<Oop, Failure> {
    changed_case(vm, arguments, str::to_uppercase, <[u8]>::to_ascii_uppercase)
}

/// The text in lower case; of what is not UTF-8, the ASCII letters.
pub(super) fn as_lowercase(vm: &mut Vm, arguments: Arguments) -> Result<Oop, Failure> {
    changed_case(vm, arguments, str::to_lowercase, <[u8]>::to_ascii_lowercase)
}

/// The Integer at the start of a text, `-12` or `16rFF`, and the number of bytes it takes.
fn leading_integer(text: &str) -> Option<(BigInt, usize)> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let sign_len = text.len() - unsigned.len();
    let digits = |text: &str, radix| {
        text.bytes()
            .take_while(|&byte| char::from(byte).is_digit(radix))
            .count()
    };
    let count = digits(unsigned, 10);
    let (decimal, rest) = unsigned.split_at(count);
    let radix = decimal
        .parse()
        .ok()
        .filter(|radix| (2..=36).contains(radix));
    let mut found = (decimal, 10, count);
    if let (Some(radix), Some(rest)) = (radix, rest.strip_prefix('r')) {
        let len = digits(rest, radix);
        if len > 0 {
            found = (&rest[..len], radix, count + 1 + len);
        }
    }
    if found.0.is_empty() {
        return None;
    }
    let magnitude = BigInt::from(crate::compiler::number::magnitude(found.0, found.1));
    let value = if text.starts_with('-') {
        -magnitude
    } else {
        magnitude
    };
    Some((value, sign_len + found.2))
}

/// The Double that a whole text reads as.
fn whole_double(text: &str) -> Option<f64> {
    match text {
        "Infinity" => return Some(f64::INFINITY),
        "-Infinity" => return Some(f64::NEG_INFINITY),
        "NaN" => return Some(f64::NAN),
        _ => (),
    }
    let is_number = |byte: u8| byte.is_ascii_digit() || b"+-.eE".contains(&byte);
    if text.bytes().all(is_number) {
        text.parse().ok()
    } else {
        None
    }
}

fn trimmed(vm: &Vm, arguments: Arguments) -> Result<String, Failure> {
    let string = receiver(vm, arguments)?;
    Ok(vm.text(string).trim().to_owned())
}

/// The Integer that a text begins with, or nil.
pub(super) fn as_integer(vm: &mut Vm, arguments: Arguments) -> Result<Oop, Failure> {
    match leading_integer(&trimmed(vm, arguments)?) {
        Some((value, _)) => Ok(vm.integer_object(&value)?),
        None => Ok(vm.nil()),
    }
}

/// The Double that a text reads as, or nil.
pub(super) fn as_double(vm: &mut Vm, arguments: Arguments) -> Result<Oop, Failure> {
    match whole_double(&trimmed(vm, arguments)?) {
        Some(value) => Ok(vm.double_object(value)?),
        None => Ok(vm.nil()),
    }
}

/// The Integer or Double that a text reads as, or nil.
pub(super) fn as_number(vm: &mut Vm, arguments: Arguments) -> Result<Oop, Failure> {
    let text = trimmed(vm, arguments)?;
    match whole_integer(&text) {
        Some(value) => Ok(vm.integer_object(&value)?),
        None => as_double(vm, arguments),
    }
}

/// The greatest decimal exponent of an Integer, as in a program.
const EXPONENT_LIMIT: u32 = 100_000;

/// The Integer that a text is, perhaps with an exponent that does not make it a fraction.
fn whole_integer(text: &str) -> Option<BigInt> {
    let (value, len) = leading_integer(text)?;
    if len == text.len() {
        return Some(value);
    }
    let exponent: u32 = text[len..].strip_prefix(['e', 'E'])?.parse().ok()?;
    (exponent <= EXPONENT_LIMIT).then(|| value * BigInt::from(10).pow(exponent))
}

fn code_point(arguments: Arguments) -> Result<u32, Failure> {
    arguments.receiver().as_char().ok_or(Failure::WrongType)
}

fn character(arguments: Arguments) -> Result<char, Failure> {
    Ok(char::from_u32(code_point(arguments)?).unwrap_or('\0'))
}

/// The code point of a Character.
pub(super) fn character_code(_: &mut Vm, arguments: Arguments) -> Result<Oop, Failure> {
    Ok(Oop::small(i64::from(code_point(arguments)?)))
}

/// The Character of a code point.
pub(super) fn character_from_code(_: &mut Vm, arguments: Arguments) -> Result<Oop, Failure> {
    let value = u32::try_from(arguments.integer(0)?).map_err(|_| Failure::OutOfRange)?;
    if is_code_point(value) {
        Ok(Oop::from_char(value))
    } else {
        Err(Failure::OutOfRange)
    }
}

/// The String of one Character.
pub(super) fn character_as_string(vm: &mut Vm, arguments: Arguments) -> Result<Oop, Failure> {
    let code_point = code_point(arguments)?;
    if !is_code_point(code_point) {
        return Err(Failure::OutOfRange);
    }
    Ok(vm.string(encode(code_point, &mut [0; 4]))?)
}

/// True for a letter of any script.
pub(super) fn character_is_letter(vm: &mut Vm, arguments: Arguments) -> Result<Oop, Failure> {
    Ok(vm.boolean(character(arguments)?.is_alphabetic()))
}

/// True for a letter in upper case.
pub(super) fn character_is_uppercase(vm: &mut Vm, arguments: Arguments) -> Result<Oop, Failure> {
    Ok(vm.boolean(character(arguments)?.is_uppercase()))
}

/// True for a letter in lower case.
pub(super) fn character_is_lowercase(vm: &mut Vm, arguments: Arguments) -> Result<Oop, Failure> {
    Ok(vm.boolean(character(arguments)?.is_lowercase()))
}

/// The one Character that is the upper case of another; itself where there is none.
pub(super) fn character_as_uppercase(_: &mut Vm, arguments: Arguments) -> Result<Oop, Failure> {
    let upper = |character: char| single(character.to_uppercase());
    other_case(arguments, upper)
}

/// The one Character that is the lower case of another; itself where there is none.
pub(super) fn character_as_lowercase(_: &mut Vm, arguments: Arguments) -> Result<Oop, Failure> {
    let lower = |character: char| single(character.to_lowercase());
    other_case(arguments, lower)
}

fn single(mut characters: impl Iterator<Item = char>) -> Option<char> {
    characters.next().filter(|_| characters.next().is_none())
}

fn other_case(arguments: Arguments, change: impl Fn(char) -> Option<char>) -> Result<Oop, Failure> {
    let code_point = code_point(arguments)?;
    let changed = char::from_u32(code_point).and_then(change);
    Ok(Oop::from_char(
        changed.map_or(code_point, |character| character as u32),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_string_survives_decoding() {
        for bytes in [
            &b"abc"[..],
            "gr\u{FC}n \u{20AC} \u{1F600}".as_bytes(),
            b"\xFF\xC3",
            b"\xE2\x82x\xF0\x9F",
        ] {
            let (mut at, mut again) = (0, Vec::new());
            while at < bytes.len() {
                let (code_point, width) = decode(bytes, at);
                assert!(is_code_point(code_point));
                again.extend_from_slice(encode(code_point, &mut [0; 4]));
                at += width;
            }
            assert_eq!(again, bytes);
        }
    }

    #[test]
    fn integers_are_read_with_sign_and_radix() {
        let read = |text: &str| leading_integer(text).map(|(value, len)| (value.to_string(), len));
        assert_eq!(read("42"), Some(("42".into(), 2)));
        assert_eq!(read("-16rFF!"), Some(("-255".into(), 6)));
        assert_eq!(read("2r"), Some(("2".into(), 1)));
        assert_eq!(read("3.7"), Some(("3".into(), 1)));
        assert_eq!(read("-"), None);
        assert_eq!(read("x"), None);
    }

    #[test]
    fn doubles_are_read_whole_or_not_at_all() {
        assert_eq!(whole_double("1.5e3"), Some(1500.0));
        assert_eq!(whole_double("-Infinity"), Some(f64::NEG_INFINITY));
        for text in ["", "inf", "nan", "1.5x", "e5", "--1"] {
            assert_eq!(whole_double(text), None, "{text}");
        }
    }

    #[test]
    fn texts_are_found_where_they_begin_first() {
        assert_eq!(position(b"abcabc", b"ca"), Some(2));
        assert_eq!(position(b"abc", b"abcd"), None);
        assert_eq!(position(b"abc", b""), Some(0));
        assert_eq!(position(b"", b"a"), None);
    }
}
