//! Foreign calls through the lowering, against functions of this program.

mod fixture;

use fixture::Fixture;
use gc::oop::Oop;
use jit::isa::x64::registers::*;
use jit::rtl::operand::{Label, Width};
use jit::rtl::{Condition, Op};
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
