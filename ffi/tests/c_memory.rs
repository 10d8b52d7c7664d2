//! Calls of functions with strings, structs, vectors and `long double`, lowered and interpreted.

#[path = "../../jit/tests/fixture/mod.rs"]
mod fixture;
mod support;

use fixture::Fixture;
use gc::Oop;
use jit::isa::x64::registers::*;
use jit::rtl::{Op, Precision, Width};
use support::caller::{Caller, Run, float, ints, ok, refused};
use support::marshal::*;
use support::run_plan;
use vm::failure::Failure;

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
