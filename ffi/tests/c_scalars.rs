//! Calls of functions with scalar arguments that the system's C compiler compiled, lowered and
//! interpreted.

#![expect(unsafe_code, reason = "passes bits that an entry refuses")]

#[path = "../../jit/tests/fixture/mod.rs"]
mod fixture;
mod support;

use fixture::{REFUSED, entry_result};
use gc::Oop;
use gc::oop::SMALL_INTEGER_MAX;
use support::caller::{Caller, float, ints, ok, refused};
use support::marshal::*;
use vm::entry::Entry;
use vm::failure::Failure;

#[test]
fn integers_of_every_width() {
    let mut caller = Caller::new();
    let cases = [
        ("int8", I8, -128, 127),
        ("uint8", U8, 0, 255),
        ("int16", I16, -32768, 32767),
        ("uint16", U16, 0, 65535),
        ("int32", I32, i32::MIN as i64, i32::MAX as i64),
        ("uint32", U32, 0, u32::MAX as i64),
    ];
    for (name, c, least, greatest) in cases {
        let mut call = |a, b| caller.call(name, &[c, c], c, &ints(&[a, b]));
        let span = greatest - least + 1;
        let wrap = |value: i64| (value - least).rem_euclid(span) + least;
        for (a, b) in [
            (7, 5),
            (5, 7),
            (greatest, least),
            (least, greatest),
            (least, 1),
        ] {
            assert_eq!(call(a, b), ok(Oop::small(wrap(a - b))), "{name}({a}, {b})");
        }
        assert_eq!(call(greatest + 1, 0), refused(Failure::OutOfRange, 1));
        assert_eq!(call(0, least - 1), refused(Failure::OutOfRange, 2));
    }
}

#[test]
fn integers_of_64_bits_use_the_runtime_past_small_ones() {
    let mut caller = Caller::new();
    let mut call = |a: Oop, b: Oop| caller.call("int64", &[I64, I64], I64, &[a, b]);
    let max = Oop::small(SMALL_INTEGER_MAX);
    assert_eq!(call(max, max), ok(Oop::small(0)));
    let big = entry_result(Entry::I64ToInteger, SMALL_INTEGER_MAX as u64 + 1, 0);
    assert_eq!(call(max, Oop::small(-1)), Ok(big));
    assert_eq!(call(max, float(1.0)), refused(Failure::WrongType, 2));

    let mut call = |a: Oop, b: Oop| caller.call("uint64", &[C::U64, C::U64], C::U64, &[a, b]);
    assert_eq!(
        call(max, Oop::small(1)),
        ok(Oop::small(SMALL_INTEGER_MAX - 1))
    );
    let all_ones = entry_result(Entry::U64ToInteger, u64::MAX, 0);
    assert_eq!(call(Oop::small(0), Oop::small(1)), Ok(all_ones));
    // Another object goes through the entry, in place, with all arguments kept.
    let object = Oop::from_char(1);
    let value = entry_result(Entry::IntegerToU64, object.bits(), 0);
    assert_eq!(
        call(object, Oop::small(2)),
        ok(Oop::small(value as i64 - 2))
    );
    // SAFETY: no object operation looks at it: the entry refuses the bits.
    let refusal = unsafe { Oop::from_bits(REFUSED) };
    assert_eq!(call(Oop::small(3), refusal), refused(Failure::WrongType, 2));
}

#[test]
fn booleans() {
    let mut caller = Caller::new();
    let mut call = |a, b| caller.call("both", &[C::Bool, C::Bool], C::Bool, &[a, b]);
    assert_eq!(call(TRUE, TRUE), ok(TRUE));
    assert_eq!(call(TRUE, FALSE), ok(FALSE));
    assert_eq!(call(FALSE, TRUE), ok(FALSE));
    assert_eq!(call(TRUE, Oop::small(0)), refused(Failure::WrongType, 2));
}

#[test]
fn floats_and_doubles() {
    let mut caller = Caller::new();
    let mut call = |c, a, b| {
        let name = if c == C::Float {
            "float_minus"
        } else {
            "double_minus"
        };
        caller.call(name, &[c, c], c, &[a, b])
    };
    assert_eq!(call(C::Double, float(1.25), float(0.5)), ok(float(0.75)));
    assert_eq!(call(C::Double, Oop::small(3), float(0.5)), ok(float(2.5)));
    assert_eq!(call(C::Double, float(-0.0), float(0.0)), ok(float(-0.0)));
    assert_eq!(
        call(C::Float, float(0.1), float(0.0)),
        ok(float(0.1f32 as f64))
    );
    assert_eq!(
        call(C::Double, Oop::from_char(1), float(0.5)),
        refused(Failure::WrongType, 1)
    );
    // Too small for an immediate float: the runtime boxes it.
    let tiny = float(1e-38);
    let expected = 1e-38 - 1.0000001e-38;
    let boxed = entry_result(Entry::F64ToDouble, f64::to_bits(expected), 0);
    assert_eq!(call(C::Double, tiny, float(1.0000001e-38)), Ok(boxed));
}

#[test]
fn more_arguments_than_registers() {
    let mut caller = Caller::new();
    let six: Vec<Oop> = [1.0, 2.0, 3.0, 4.0, 5.0, 6.5].map(float).into();
    let answer = caller.call("six_doubles", &[C::Double; 6], C::Double, &six);
    assert_eq!(answer, ok(float(94.0)));

    let types = [I32, I8, I16, I32, I64, I32, I8, I16, I32, I64];
    let values = [1, -2, 3, -4, 1 << 40, 6, -7, 8, -9, 1 << 41];
    let sum: i64 = values
        .iter()
        .zip(1..)
        .map(|(value, factor)| value * factor)
        .sum();
    assert_eq!(
        caller.call("ten_ints", &types, I64, &ints(&values)),
        ok(Oop::small(sum))
    );
    let mut bad = ints(&values);
    bad[8] = Oop::small(1 << 31);
    assert_eq!(
        caller.call("ten_ints", &types, I64, &bad),
        refused(Failure::OutOfRange, 9)
    );

    let seven = ints(&[0; 7]);
    assert_eq!(
        caller.call("misalignment", &[I32; 7], I64, &seven),
        ok(Oop::small(0))
    );
}

#[test]
fn integers_and_floats_mixed_on_registers_and_stack() {
    let mut caller = Caller::new();
    let mut types: Vec<C> = (0..8).flat_map(|_| [I32, C::Double]).collect();
    types[3] = C::Float;
    types.extend([C::Double, C::Float, C::Double]);
    let (mut ints, mut floats, mut values) = (0.0, 0.0, Vec::new());
    let (mut int_factor, mut float_factor) = (0, 0);
    for (index, c) in types.iter().enumerate() {
        let value = index as i64 - 7;
        if *c == I32 {
            int_factor += 1;
            ints += (int_factor * value) as f64;
            values.push(Oop::small(value));
        } else {
            float_factor += 1;
            floats += float_factor as f64 * (value as f64 + 0.25);
            values.push(float(value as f64 + 0.25));
        }
    }
    let answer = caller.call("mixed", &types, C::Double, &values);
    assert_eq!(answer, ok(float(1000.0 * ints + floats)));
}
