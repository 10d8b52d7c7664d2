//! Calls of functions that the system's C compiler compiled, lowered and interpreted.

#![expect(unsafe_code, reason = "runs machine code on addresses of this test")]

#[path = "../../jit/tests/fixture/mod.rs"]
mod fixture;
mod support;

use ffi::library::Libraries;
use fixture::{Fixture, REFUSED, entry_result};
use gc::Oop;
use gc::oop::SMALL_INTEGER_MAX;
use jit::isa::x64::registers::*;
use jit::rtl::{Op, Precision, Width};
use support::marshal::*;
use support::{run_plan, shapes};
use vm::entry::Entry;
use vm::failure::Failure;

/// What a call answers: an oop's bits, or failure and argument.
type Answer = Result<u64, (u64, u64)>;

/// A way of running RTL: operations, receiver and arguments, function.
type Run = fn(&mut Fixture, &[Op], &[Oop], u64) -> Answer;

struct Caller {
    fixture: Fixture,
    libraries: Libraries,
    shapes: u64,
}

impl Caller {
    fn new() -> Caller {
        let mut libraries = Libraries::new();
        let shapes = shapes(&mut libraries);
        Caller {
            fixture: Fixture::new(),
            libraries,
            shapes,
        }
    }

    fn symbol(&self, name: &str) -> u64 {
        self.libraries
            .symbol(self.shapes, name)
            .unwrap_or_else(|| panic!("{name} is in shapes.c"))
    }

    /// Runs RTL both ways and checks that they agree.
    fn run(&mut self, name: &str, ops: &[Op], arguments: &[Oop]) -> Answer {
        let function = self.symbol(name);
        let values = [&[Oop::small(-9)], arguments].concat();
        let lowered = self.fixture.run(ops, &values, function);
        let errno = self.fixture.context.errno;
        let interpreted = run_plan(&mut self.fixture, ops, &values, function);
        assert_eq!(lowered, interpreted, "{name}");
        assert_eq!(errno, self.fixture.context.errno, "{name}");
        assert!(!self.fixture.context.heap.addresses_held(), "{name}");
        lowered
    }

    fn call(&mut self, name: &str, types: &[C], result: C, arguments: &[Oop]) -> Answer {
        self.run(name, &rtl(types, result), arguments)
    }
}

fn ints(values: &[i64]) -> Vec<Oop> {
    values.iter().map(|value| Oop::small(*value)).collect()
}

fn float(value: f64) -> Oop {
    Oop::from_f64(value).expect("an immediate float")
}

fn ok(value: Oop) -> Answer {
    Ok(value.bits())
}

fn refused(reason: Failure, argument: u64) -> Answer {
    Err((reason as u64, argument))
}

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

#[test]
fn strings_and_bytes_are_passed_without_a_copy() {
    let mut caller = Caller::new();
    for size in [0usize, 1, 7, 8, 9, 2040, 3000] {
        let text: Vec<u8> = (0..size).map(|index| (index % 255 + 1) as u8).collect();
        let text = caller.fixture.bytes(&text);
        let answer = caller.call("length", &[C::Text], I64, &[text]);
        assert_eq!(answer, ok(Oop::small(size as i64)));
    }
    let nul = caller.fixture.bytes(b"one\0two");
    assert_eq!(
        caller.call("length", &[C::Text], I64, &[nul]),
        refused(Failure::EmbeddedNul, 1)
    );
    let array = caller.fixture.pointers(&[nul]);
    assert_eq!(
        caller.call("length", &[C::Text], I64, &[array]),
        refused(Failure::WrongType, 1)
    );
    let answer = caller.call("sum_bytes", &[C::Bytes, I64], I64, &[nul, Oop::small(7)]);
    let sum = b"one\0two"
        .iter()
        .fold(0, |sum, byte| 3 * sum + *byte as i64);
    assert_eq!(answer, ok(Oop::small(sum)));
}

#[test]
fn errno_is_kept() {
    let mut caller = Caller::new();
    let answer = caller.call("set_errno", &[I32], I32, &ints(&[33]));
    assert_eq!(
        (answer, caller.fixture.context.errno),
        (ok(Oop::small(-1)), 33)
    );
}

#[test]
fn variadic_functions_get_the_number_of_vector_registers() {
    let mut caller = Caller::new();
    let mut ops = rtl(&[I32, C::Double, C::Double, C::Double], C::Double);
    let call = ops
        .iter()
        .position(|op| *op == Op::CallForeign {})
        .expect("a call");
    ops.insert(
        call,
        Op::Constant {
            target: RAX,
            value: 3,
        },
    );
    let values = [Oop::small(3), float(1.5), float(2.0), float(4.0)];
    assert_eq!(caller.run("variadic", &ops, &values), ok(float(174.0)));
}

/// Behind a call that leaves the answer's bits in rax.
fn return_rax() -> [Op; 2] {
    [
        Op::TagSmall {
            target: RAX,
            source: RAX,
        },
        Op::Return { source: RAX },
    ]
}

#[test]
fn long_doubles_travel_on_the_stack_and_come_back_on_the_x87_stack() {
    let mut caller = Caller::new();
    let (extended, base) = (Precision::F80, CSTACK);
    let wrong = jit::rtl::Label(0);
    let ops = [
        Op::Reserve { bytes: 32 },
        Op::Argument {
            target: RAX,
            index: 1,
        },
        Op::UnboxFloat {
            target: XMM3,
            source: RAX,
            other: wrong,
        },
        Op::StoreF {
            precision: extended,
            base,
            offset: 0,
            source: XMM3,
        },
        Op::Argument {
            target: RAX,
            index: 2,
        },
        Op::UnboxFloat {
            target: XMM3,
            source: RAX,
            other: wrong,
        },
        Op::StoreF {
            precision: extended,
            base,
            offset: 16,
            source: XMM3,
        },
        Op::CallForeign {},
        Op::StoreX87 { base, offset: 0 },
        Op::LoadF {
            target: XMM0,
            precision: extended,
            base,
            offset: 0,
        },
        Op::BoxFloat {
            target: RAX,
            source: XMM0,
            other: wrong,
        },
        Op::Return { source: RAX },
        Op::Label { label: wrong },
        Op::Fail {
            argument: 1,
            reason: Failure::WrongType as i64,
        },
    ];
    for (a, b) in [(1.5, 0.25), (-3e30, 1e29), (0.0, 0.0)] {
        let answer = caller.run("extended", &ops, &[float(a), float(b)]);
        assert_eq!(answer, ok(float(a - 2.0 * b)));
    }
}

#[test]
fn structs_in_registers_and_in_memory() {
    let mut caller = Caller::new();
    let other = jit::rtl::Label(0);
    let refuse = [
        Op::Label { label: other },
        Op::Fail {
            argument: 1,
            reason: Failure::WrongType as i64,
        },
    ];
    // struct pair comes back in xmm0 and rax; their sum is answered.
    let mut ops = vec![
        Op::Argument {
            target: RAX,
            index: 1,
        },
        Op::UnboxFloat {
            target: XMM0,
            source: RAX,
            other,
        },
        Op::Argument {
            target: RDI,
            index: 2,
        },
        Op::UntagInteger {
            target: RDI,
            source: RDI,
            other,
        },
        Op::CallForeign {},
        Op::IntegerToFloat {
            target: XMM1,
            source: RAX,
        },
        Op::AddF {
            target: XMM0,
            left: XMM0,
            right: XMM1,
        },
        Op::BoxFloat {
            target: RAX,
            source: XMM0,
            other,
        },
        Op::Return { source: RAX },
    ];
    ops.extend(refuse.clone());
    let answer = caller.run("make_pair", &ops, &[float(1.25), Oop::small(7)]);
    assert_eq!(answer, ok(float(23.5)));

    // struct big lies on the stack between two arguments in registers.
    let mut ops = vec![
        Op::Reserve { bytes: 24 },
        Op::Constant {
            target: RDI,
            value: 1,
        },
        Op::Constant {
            target: RSI,
            value: 100,
        },
    ];
    for field in 0..3 {
        ops.extend([
            Op::Argument {
                target: SCRATCH,
                index: field + 1,
            },
            Op::Store {
                width: Width::W64,
                base: CSTACK,
                offset: field * 8,
                source: SCRATCH,
            },
        ]);
    }
    ops.push(Op::CallForeign {});
    ops.extend(return_rax());
    let values = ints(&[10, 20, 30]);
    let raw = values
        .iter()
        .zip(2..)
        .map(|(oop, factor)| oop.bits() as i64 * factor)
        .sum::<i64>();
    assert_eq!(
        caller.run("take_big", &ops, &values),
        ok(Oop::small(1 + raw + 500))
    );

    // struct big as a result is written to memory whose address rax answers.
    let mut ops = vec![
        Op::Reserve { bytes: 24 },
        Op::Move {
            target: RDI,
            source: CSTACK,
        },
        Op::Constant {
            target: RSI,
            value: 5,
        },
        Op::CallForeign {},
        Op::Subtract {
            target: RCX,
            left: RAX,
            right: CSTACK,
        },
        Op::Load {
            target: RAX,
            width: Width::W64,
            base: CSTACK,
            offset: 0,
        },
        Op::Load {
            target: RDX,
            width: Width::W64,
            base: CSTACK,
            offset: 16,
        },
        Op::Multiply {
            target: RAX,
            left: RAX,
            right: RDX,
        },
        Op::Add {
            target: RAX,
            left: RAX,
            right: RCX,
        },
    ];
    ops.extend(return_rax());
    assert_eq!(caller.run("make_big", &ops, &[]), ok(Oop::small(35)));
}

#[test]
fn vectors_travel_whole() {
    let mut caller = Caller::new();
    let numbers: Vec<u8> = [1.5f32, 2.5, 3.5, 4.5, 1.0, 2.0, 3.0, 5.0]
        .iter()
        .flat_map(|number| number.to_le_bytes())
        .collect();
    let bytes = caller.fixture.bytes(&numbers);
    let (precision, base) = (Precision::V128, RCX);
    let mut ops = vec![
        Op::Argument {
            target: RCX,
            index: 1,
        },
        Op::BodyAddress {
            target: RCX,
            source: RCX,
        },
        Op::LoadF {
            target: XMM0,
            precision,
            base,
            offset: 0,
        },
        Op::LoadF {
            target: XMM5,
            precision,
            base,
            offset: 16,
        },
        Op::MoveF {
            target: XMM1,
            source: XMM5,
        },
        Op::CallForeign {},
        Op::Argument {
            target: RCX,
            index: 1,
        },
        Op::BodyAddress {
            target: RCX,
            source: RCX,
        },
        Op::StoreF {
            precision,
            base,
            offset: 0,
            source: XMM0,
        },
    ];
    ops.push(Op::Return { source: RAX });
    let function = caller.symbol("vector_minus");
    let values = [Oop::small(0), bytes];
    let expected: Vec<u8> = [0.5f32, 0.5, 0.5, -0.5]
        .iter()
        .flat_map(|n| n.to_le_bytes())
        .collect();
    for run in [Fixture::run as Run, run_plan as Run] {
        caller
            .fixture
            .context
            .heap
            .bytes_mut(bytes)
            .copy_from_slice(&numbers);
        run(&mut caller.fixture, &ops, &values, function).expect("it returns");
        assert_eq!(caller.fixture.context.heap.bytes(bytes)[..16], expected);
    }
}

#[test]
fn functions_are_called_by_address() {
    let mut caller = Caller::new();
    let (twice, plus_three) = (caller.symbol("twice"), caller.symbol("plus_three"));
    let mut ops = vec![
        Op::Constant {
            target: RDI,
            value: plus_three as i64,
        },
        Op::Constant {
            target: RSI,
            value: 4,
        },
        Op::Constant {
            target: SCRATCH2,
            value: twice as i64,
        },
        Op::CallRegister { function: SCRATCH2 },
    ];
    ops.extend(return_rax());
    assert_eq!(caller.run("twice", &ops, &[]), ok(Oop::small(10)));
}
