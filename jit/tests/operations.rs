//! What single operations must answer at the edges of their domains, lowered and executed.

#![expect(unsafe_code, reason = "puts arbitrary words on the VM stack")]

mod fixture;

use fixture::{Fixture, REFUSED, entry_result};
use gc::Oop;
use gc::oop::{SMALL_INTEGER_MAX, SMALL_INTEGER_MIN};
use jit::isa::x64::registers::*;
use jit::rtl::{Condition, Gpr, Label, Op};
use vm::entry::Entry;

/// What goes on the VM stack for a word that is no object.
fn raw(bits: u64) -> Oop {
    // SAFETY: the programs here move such words and compute with them, no more.
    unsafe { Oop::from_bits(bits) }
}

/// Where operations go that do not take their operand.
const OTHER: Label = Label(0);

/// Runs `ops` on two arguments in rsi and rdi; answers rax, or what rsi is on the way to `OTHER`.
fn run(fixture: &mut Fixture, ops: &[Op], a: u64, b: u64) -> Result<u64, u64> {
    let mut program = vec![
        Op::Argument {
            target: RSI,
            index: 1,
        },
        Op::Argument {
            target: RDI,
            index: 2,
        },
    ];
    program.extend_from_slice(ops);
    program.extend([
        Op::Constant {
            target: RCX,
            value: 0,
        },
        Op::Label { label: Label(1) },
        Op::Argument {
            target: RDX,
            index: 0,
        },
        Op::BodyAddress {
            target: RDX,
            source: RDX,
        },
        Op::Store {
            width: jit::rtl::Width::W64,
            base: RDX,
            offset: 0,
            source: RCX,
        },
        Op::Return { source: RAX },
        Op::Label { label: OTHER },
        Op::Constant {
            target: RCX,
            value: 1,
        },
        Op::Move {
            target: RAX,
            source: RSI,
        },
        Op::Jump { label: Label(1) },
    ]);
    let taken = fixture.bytes(&[0; 15]);
    let answer = fixture
        .run(&program, &[taken, raw(a), raw(b)], 0)
        .expect("no failure");
    if fixture.context.heap.bytes(taken)[0] == 0 {
        Ok(answer)
    } else {
        Err(answer)
    }
}

fn one(op: fn(Gpr, Gpr) -> Op, value: u64) -> Result<u64, u64> {
    let fixture = &mut Fixture::new();
    let apart = run(fixture, &[op(RAX, RSI)], value, 0);
    // With one register for both, the operand is whole on the way to the label too.
    let move_back = Op::Move {
        target: RAX,
        source: RSI,
    };
    let together = run(fixture, &[op(RSI, RSI), move_back], value, 0);
    assert_eq!(apart, together);
    apart
}

#[test]
fn integers_are_tagged_up_to_61_bits() {
    let tag = |target, source| Op::TagInteger {
        target,
        source,
        overflow: OTHER,
    };
    let untag = |target, source| Op::UntagInteger {
        target,
        source,
        other: OTHER,
    };
    for value in [0, 1, -1, 1 << 40, SMALL_INTEGER_MIN, SMALL_INTEGER_MAX] {
        let oop = Oop::small(value).bits();
        assert_eq!(one(tag, value as u64), Ok(oop));
        assert_eq!(
            one(
                |target, source| Op::TagSmall { target, source },
                value as u64
            ),
            Ok(oop)
        );
        assert_eq!(one(untag, oop), Ok(value as u64));
    }
    for value in [
        SMALL_INTEGER_MIN - 1,
        SMALL_INTEGER_MAX + 1,
        i64::MIN,
        i64::MAX,
    ] {
        assert_eq!(one(tag, value as u64), Err(value as u64));
    }
    for oop in [Oop::from_char(5).bits(), float_oop(1.0), 0x1000, 7, 3] {
        assert_eq!(one(untag, oop), Err(oop));
    }
}

fn float_oop(value: f64) -> u64 {
    Oop::from_f64(value).expect("an immediate float").bits()
}

#[test]
fn characters() {
    let tag = |target, source| Op::TagCharacter { target, source };
    let untag = |target, source| Op::UntagCharacter {
        target,
        source,
        other: OTHER,
    };
    for code_point in [0u32, 65, 0xFF, 0x10_FFFF] {
        let oop = Oop::from_char(code_point).bits();
        assert_eq!(one(tag, code_point as u64), Ok(oop));
        assert_eq!(one(untag, oop), Ok(code_point as u64));
    }
    assert_eq!(
        one(untag, Oop::small(65).bits()),
        Err(Oop::small(65).bits())
    );
}

/// Doubles with these exponent fields are immediate.
const IMMEDIATE_EXPONENTS: std::ops::RangeInclusive<u64> = 896..=1151;

#[test]
fn floats_are_immediate_in_the_middle_of_their_range() {
    let unbox = |target, source| {
        [
            Op::UnboxFloat {
                target: XMM3,
                source,
                other: OTHER,
            },
            bits(target),
        ]
    };
    let fixture = &mut Fixture::new();
    let boxing = [
        Op::BitsToFloat {
            target: XMM3,
            source: RSI,
        },
        Op::BoxFloat {
            target: RAX,
            source: XMM3,
            other: OTHER,
        },
    ];
    let mut values = vec![
        0.0,
        -0.0,
        1.0,
        -1.5,
        f64::NAN,
        f64::INFINITY,
        f64::NEG_INFINITY,
    ];
    for exponent in [0, 1, 895, 896, 897, 1023, 1150, 1151, 1152, 2046, 2047] {
        for mantissa in [0, 1, 2, (1 << 52) - 1] {
            for sign in [0, 1 << 63] {
                values.push(f64::from_bits(sign | exponent << 52 | mantissa));
            }
        }
    }
    for value in values {
        let bits = value.to_bits();
        let boxed = run(fixture, &boxing, bits, 0);
        let immediate = IMMEDIATE_EXPONENTS.contains(&(bits >> 52 & 0x7FF))
            && bits << 1 != 896 << 53
            || value == 0.0;
        if immediate {
            let oop = float_oop(value);
            assert_eq!(boxed, Ok(oop), "{value:e}");
            assert_eq!(
                run(fixture, &unbox(RAX, RSI), oop, 0),
                Ok(bits),
                "{value:e}"
            );
        } else {
            assert_eq!(boxed, Err(bits), "{value:e}");
        }
    }
    for oop in [Oop::small(1).bits(), Oop::from_char(1).bits(), 0x1000] {
        assert_eq!(run(fixture, &unbox(RAX, RSI), oop, 0), Err(oop));
    }
}

fn bits(target: Gpr) -> Op {
    Op::BitsFromFloat {
        target,
        source: XMM3,
    }
}

#[test]
fn doubles_compare_as_in_c_nan_included() {
    let fixture = &mut Fixture::new();
    let (nan, infinity) = (f64::NAN, f64::INFINITY);
    let pairs = [
        (1.0, 2.0),
        (2.0, 1.0),
        (1.0, 1.0),
        (0.0, -0.0),
        (nan, 1.0),
        (1.0, nan),
        (nan, nan),
        (-infinity, infinity),
        (infinity, infinity),
    ];
    for condition in Condition::ALL
        .iter()
        .copied()
        .filter(|condition| !condition.is_unsigned())
    {
        let ops = [
            Op::BitsToFloat {
                target: XMM0,
                source: RSI,
            },
            Op::BitsToFloat {
                target: XMM1,
                source: RDI,
            },
            Op::BranchF {
                condition,
                left: XMM0,
                right: XMM1,
                label: OTHER,
            },
        ];
        for (a, b) in pairs {
            let holds = match condition.name() {
                "eq" => a == b,
                "ne" => a != b,
                "lt" => a < b,
                "le" => a <= b,
                "gt" => a > b,
                "ge" => a >= b,
                other => unreachable!("{other}"),
            };
            let taken = run(fixture, &ops, a.to_bits(), b.to_bits()).is_err();
            assert_eq!(taken, holds, "{a} {} {b}", condition.name());
        }
    }
}

#[test]
fn the_class_index_of_every_kind_of_object() {
    let class_index = |target, source| Op::ClassIndex { target, source };
    assert_eq!(one(class_index, Oop::small(-1).bits()), Ok(1));
    assert_eq!(one(class_index, Oop::from_char(9).bits()), Ok(2));
    assert_eq!(one(class_index, float_oop(0.0)), Ok(4));
    let fixture = &mut Fixture::new();
    let ops = [class_index(RAX, RSI)];
    let bytes = fixture.bytes(b"x");
    assert_eq!(
        run(fixture, &ops, bytes.bits(), 0),
        Ok(fixture::BYTES_CLASS as u64)
    );
    let pointers = fixture.pointers(&[]);
    assert_eq!(
        run(fixture, &ops, pointers.bits(), 0),
        Ok(fixture::POINTERS_CLASS as u64)
    );
}

#[test]
fn c_strings_have_no_nul_inside() {
    let fixture = &mut Fixture::new();
    let ops = [Op::CString {
        target: RAX,
        source: RSI,
        other: OTHER,
    }];
    for size in [0usize, 1, 7, 8, 9, 15, 16, 17, 255 * 8 - 1, 255 * 8, 5000] {
        let bytes = vec![0x80; size];
        let oop = fixture.bytes(&bytes);
        let address = oop.bits() + 8;
        assert_eq!(
            run(fixture, &ops, oop.bits(), 0),
            Ok(address),
            "{size} bytes"
        );
        for nul in [0, size / 2, size.saturating_sub(1)]
            .into_iter()
            .filter(|nul| *nul < size)
        {
            fixture.context.heap.bytes_mut(oop)[nul] = 0;
            assert_eq!(
                run(fixture, &ops, oop.bits(), 0),
                Err(oop.bits()),
                "{nul} of {size}"
            );
            fixture.context.heap.bytes_mut(oop)[nul] = 1;
        }
    }
    for oop in [
        Oop::small(0),
        Oop::from_char(0),
        fixture.pointers(&[Oop::small(1)]),
    ] {
        assert_eq!(run(fixture, &ops, oop.bits(), 0), Err(oop.bits()));
    }
}

#[test]
fn runtime_entries_keep_all_other_registers() {
    let fixture = &mut Fixture::new();
    let others = [RCX, RDX, RDI, R8, R9, R13, R14, R15];
    let mut ops = Vec::new();
    for (target, value) in others.into_iter().zip(100..) {
        ops.push(Op::Constant { target, value });
    }
    ops.extend([
        Op::IntegerToFloat {
            target: XMM0,
            source: RCX,
        },
        Op::IntegerToFloat {
            target: XMM7,
            source: RDX,
        },
        Op::IntegerToFloat {
            target: XMM13,
            source: RDI,
        },
        Op::RuntimeWith {
            target: RAX,
            entry: Entry::PointerToAlien,
            source: RSI,
            object: Oop::small(9),
            failed: OTHER,
        },
        Op::Move {
            target: RSI,
            source: RAX,
        },
        Op::FloatToInteger {
            target: RAX,
            source: XMM0,
        },
        Op::Subtract {
            target: RCX,
            left: RCX,
            right: RAX,
        },
        Op::FloatToInteger {
            target: RAX,
            source: XMM7,
        },
        Op::Subtract {
            target: RDX,
            left: RDX,
            right: RAX,
        },
        Op::FloatToInteger {
            target: RAX,
            source: XMM13,
        },
        Op::Subtract {
            target: RDI,
            left: RDI,
            right: RAX,
        },
        Op::Constant {
            target: RAX,
            value: 0,
        },
    ]);
    for right in others {
        ops.push(Op::Add {
            target: RAX,
            left: RAX,
            right,
        });
    }
    ops.push(Op::Add {
        target: RAX,
        left: RAX,
        right: RSI,
    });
    let result = entry_result(Entry::PointerToAlien, 1234, Oop::small(9).bits());
    let kept: u64 = (103..108).sum();
    assert_eq!(run(fixture, &ops, 1234, 0), Ok(result.wrapping_add(kept)));
    assert_eq!(run(fixture, &ops, REFUSED, 0), Err(REFUSED));
    assert_eq!(
        fixture.context.failure,
        vm::failure::Failure::WrongType as u64
    );
}

#[test]
fn a_failed_run_tells_who_called() {
    let fixture = &mut Fixture::new();
    fixture.context.value = 1;
    let answer = fixture.run(
        &[Op::Fail {
            argument: 0,
            reason: 3,
        }],
        &[Oop::ZERO],
        0,
    );
    assert_eq!(answer, Err((3, 0)));
    assert_eq!(
        fixture.context.value, 0,
        "entered from Rust, not called by machine code"
    );
}

#[test]
fn bytes_are_copied_none_beyond_the_last() {
    let fixture = &mut Fixture::new();
    let pattern: Vec<u8> = (0..400u32).map(|index| (index * 7 + 1) as u8).collect();
    let source = fixture.bytes(&pattern);
    for size in (0..150).chain([255, 256, 257, 390]) {
        let target = fixture.bytes(&[0; 400]);
        let address = |target, source| Op::BodyAddress { target, source };
        let ops = [
            address(RDI, RDI),
            address(RSI, RSI),
            Op::CopyBytes {
                base: RDI,
                offset: 3,
                source: RSI,
                from: 5,
                bytes: size,
            },
            Op::Constant {
                target: RAX,
                value: 0,
            },
        ];
        assert_eq!(run(fixture, &ops, source.bits(), target.bits()), Ok(0));
        let mut expected = vec![0; 400];
        let end = size as usize;
        expected[3..3 + end].copy_from_slice(&pattern[5..5 + end]);
        assert_eq!(fixture.context.heap.bytes(target), expected, "{size} bytes");
    }
}

#[test]
fn an_aliens_address_counts_from_its_data() {
    let fixture = &mut Fixture::new();
    let nil = fixture.context.nil;
    let data = fixture.bytes(b"0123456789");
    let plain = fixture.pointers(&[Oop::small(0x1234_5678), Oop::small(1), nil]);
    let heap = fixture.pointers(&[Oop::small(3), Oop::small(1), data]);
    let part = fixture.pointers(&[Oop::small(3), Oop::small(1), plain]);
    let freed = fixture.pointers(&[data, nil, nil]);
    for op in [
        |target, source, other| Op::AlienAddress {
            target,
            source,
            other,
        },
        |target, source, other| Op::AlienData {
            target,
            source,
            other,
        },
    ] {
        let ops = [op(RAX, RSI, OTHER)];
        assert_eq!(run(fixture, &ops, plain.bits(), 0), Ok(0x1234_5678));
        assert_eq!(run(fixture, &ops, heap.bits(), 0), Ok(data.bits() + 8 + 3));
        assert_eq!(run(fixture, &ops, part.bits(), 0), Err(part.bits()));
        assert_eq!(run(fixture, &ops, freed.bits(), 0), Err(freed.bits()));
    }
}
