//! Foreign calls through the lowering, against functions of this program.

#![expect(
    unsafe_code,
    reason = "enters machine code from a function that machine code called"
)]

mod fixture;

use fixture::{Fixture, clobber};
use gc::oop::Oop;
use jit::isa::X64;
use jit::isa::x64::lower::lower;
use jit::isa::x64::registers::*;
use jit::lowering::Request;
use jit::rtl::check::check;
use jit::rtl::operand::{Label, Width};
use jit::rtl::{Condition, Op};
use std::cell::Cell;
use std::ptr;
use vm::failure::Failure;

extern "C" fn add(a: i32, b: i32) -> i32 {
    a.wrapping_add(b)
}

/// What the marshalling compiler makes of `int add(int, int)`, without slow paths.
fn add_rtl() -> Vec<Op> {
    let (wrong, range) = (Label(0), Label(1));
    let mut ops = Vec::new();
    for (register, index) in [(RDI, 1), (RSI, 2)] {
        ops.extend([
            Op::Argument {
                target: register,
                index,
            },
            Op::UntagInteger {
                target: register,
                source: register,
                other: wrong,
            },
            Op::Extend {
                target: RAX,
                width: Width::S32,
                source: register,
            },
            Op::Branch {
                condition: Condition::Ne,
                left: RAX,
                right: register,
                label: range,
            },
        ]);
    }
    ops.extend([
        Op::CallForeign {},
        Op::Extend {
            target: RAX,
            width: Width::S32,
            source: RAX,
        },
        Op::TagSmall {
            target: RAX,
            source: RAX,
        },
        Op::Return { source: RAX },
        Op::Label { label: wrong },
        Op::Fail {
            argument: 1,
            reason: Failure::WrongType as i64,
        },
        Op::Label { label: range },
        Op::Fail {
            argument: 2,
            reason: Failure::OutOfRange as i64,
        },
    ]);
    ops
}

fn address(function: *const ()) -> u64 {
    function as u64
}

#[test]
fn int_add_int_int() {
    let mut fixture = Fixture::new();
    let function = address(add as *const ());
    let receiver = Oop::from_char(65);
    let mut call = |a, b| fixture.run(&add_rtl(), &[receiver, a, b], function);
    assert_eq!(
        call(Oop::small(40), Oop::small(2)),
        Ok(Oop::small(42).bits())
    );
    assert_eq!(
        call(Oop::small(-1), Oop::small(-2)),
        Ok(Oop::small(-3).bits())
    );
    assert_eq!(
        call(Oop::small(i32::MAX as i64), Oop::small(1)),
        Ok(Oop::small(i32::MIN as i64).bits())
    );
    assert_eq!(call(receiver, Oop::small(2)), Err((1, 1)));
    assert_eq!(call(Oop::small(1 << 31), Oop::small(2)), Err((2, 2)));
}

#[test]
fn functions_near_to_the_code_space_are_called_directly() {
    let ops = [Op::CallForeign {}, Op::Return { source: RAX }];
    let facts = check(&ops, 0, &X64).expect("it is right");
    let fixture = Fixture::new();
    let code_space = 0x7000_0000_0000..0x7000_0400_0000;
    let lower = |function| {
        lower(&Request {
            ops: &ops,
            facts: &facts,
            method: Oop::ZERO,
            argument_count: 0,
            function,
            cells: &[],
            stubs: fixture.compiler.stubs(),
            code_space: code_space.clone(),
            lines: Default::default(),
        })
    };
    let reach = i32::MAX as u64;
    for near in [
        code_space.start + reach,
        code_space.end - reach,
        code_space.start,
    ] {
        let mut lowered = lower(near);
        // The way out of the landing, to a stub that lies elsewhere.
        let landing = lowered.fixups.pop();
        let [fixup] = lowered.fixups[..] else {
            panic!("one call, {:?} and {landing:?}", lowered.fixups)
        };
        assert_eq!(fixup.target, near);
        let call = fixup.offset as usize;
        assert_eq!(lowered.bytes[call - 1], 0xE8);
        let address = code_space.start + 0x40;
        let distance = &lowered.at(address)[call..call + 4];
        let distance = i32::from_le_bytes(distance.try_into().expect("4 bytes")) as i64;
        assert_eq!(
            (address + call as u64 + 4).wrapping_add_signed(distance),
            near
        );
    }
    for far in [
        code_space.start + reach + 1,
        code_space.end - reach - 2,
        0x1000,
    ] {
        let lowered = lower(far);
        assert!(lowered.fixups.iter().all(|fixup| fixup.target != far));
    }
}

thread_local! {
    /// The fixture of the test, the code that it runs, and how deep it still goes.
    static NESTED: Cell<(*mut Fixture, u64, u32)> = const { Cell::new((ptr::null_mut(), 0, 0)) };
}

/// What machine code calls: it enters the same machine code again, as a callback does.
extern "C" fn again(value: i64) -> i64 {
    let (fixture, code, depth) = NESTED.get();
    if depth == 0 {
        return value;
    }
    NESTED.set((fixture, code, depth - 1));
    // SAFETY: the test keeps the fixture, and does not use it while machine code runs.
    let fixture = unsafe { &mut *fixture };
    let c_sp = fixture.context.c_sp;
    let answer = fixture.enter(code, &[Oop::small(0), Oop::small(value + 1)]);
    assert_eq!(fixture.context.c_sp, c_sp);
    assert_eq!(c_sp % 16, 0);
    clobber();
    // A failure in the depth comes back as a number too.
    answer.map_or(-1, |bits| (bits as i64 >> 3) * 2)
}

#[test]
fn machine_code_nests_through_functions_that_enter_it_again() {
    let wrong = Label(0);
    let ops = [
        Op::Reserve { bytes: 40 },
        Op::Argument {
            target: RDI,
            index: 1,
        },
        Op::UntagInteger {
            target: RDI,
            source: RDI,
            other: wrong,
        },
        Op::BranchI {
            condition: Condition::Gt,
            left: RDI,
            value: 20,
            label: wrong,
        },
        Op::Store {
            width: Width::W64,
            base: CSTACK,
            offset: 32,
            source: RDI,
        },
        Op::CallForeign {},
        // What lies above the stack arguments is as it was.
        Op::Load {
            target: RDI,
            width: Width::W64,
            base: CSTACK,
            offset: 32,
        },
        Op::Add {
            target: RAX,
            left: RAX,
            right: RDI,
        },
        Op::TagSmall {
            target: RAX,
            source: RAX,
        },
        Op::Return { source: RAX },
        Op::Label { label: wrong },
        Op::Fail {
            argument: 1,
            reason: Failure::OutOfRange as i64,
        },
    ];
    let mut fixture = Fixture::new();
    let code = fixture
        .compiler
        .install("again", Oop::ZERO, &ops, 1, address(again as *const ()))
        .expect("room");
    let mut run = |value: i64, depth: u32| {
        NESTED.set((&mut fixture, code, depth));
        fixture.enter(code, &[Oop::small(0), Oop::small(value)])
    };
    // f(n, 0) = 2n; f(n, d) = 2 f(n + 1, d - 1) + n.
    fn expected(value: i64, depth: u32) -> i64 {
        if depth == 0 {
            2 * value
        } else {
            2 * expected(value + 1, depth - 1) + value
        }
    }
    assert_eq!(run(3, 0), Ok(Oop::small(6).bits()));
    assert_eq!(run(3, 10), Ok(Oop::small(expected(3, 10)).bits()));
    // Fails 18 runs deep; the runs outside of it go on with -1.
    let mut answer = -1;
    for value in (3..=20).rev() {
        answer = if value == 20 { answer } else { answer * 2 } + value;
    }
    assert_eq!(run(3, 100), Ok(Oop::small(answer).bits()));
    assert_eq!(fixture.context.c_sp, 0);
}
