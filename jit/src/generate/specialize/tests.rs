//! Sequences before and after.

use super::*;
use crate::isa::host::registers::{RAX, RDI, XMM0};
use crate::rtl::op::print_sequence;
use crate::rtl::operand::Width;

/// `int f(int)` as the image makes it, with the argument as `load` has it.
fn int_of_int(load: Op) -> Vec<Op> {
    let (slow, untagged, unfit, failed) = (Label(0), Label(1), Label(2), Label(3));
    let done = Label(9);
    let returning = Op::ReturnForeign {
        source: RAX,
        done,
        falls: 0,
    };
    vec![
        load,
        Op::UntagInteger {
            target: RDI,
            source: RDI,
            other: slow,
        },
        Op::Label { label: untagged },
        Op::Extend {
            target: SCRATCH2,
            width: Width::S32,
            source: RDI,
        },
        Op::Branch {
            condition: crate::rtl::operand::Condition::Ne,
            left: SCRATCH2,
            right: RDI,
            label: unfit,
        },
        Op::CallFunction { function: 0x1000 },
        Op::Extend {
            target: SCRATCH,
            width: Width::S32,
            source: RAX,
        },
        Op::TagSmall {
            target: RAX,
            source: SCRATCH,
        },
        returning,
        Op::Label { label: unfit },
        Op::Fail {
            argument: 1,
            reason: 2,
        },
        Op::Label { label: slow },
        Op::Runtime {
            target: RDI,
            entry: vm::entry::Entry::IntegerToI64,
            source: RDI,
            failed,
        },
        Op::Jump { label: untagged },
        Op::Label { label: failed },
        Op::Fail {
            argument: 1,
            reason: 0,
        },
    ]
}

fn literal(object: Oop) -> Op {
    Op::Literal {
        target: RDI,
        object,
    }
}

fn names(ops: &[Op]) -> Vec<&'static str> {
    ops.iter().map(Op::name).collect()
}

fn specialized(ops: Vec<Op>, is_used: bool) -> Vec<Op> {
    let mut none = |_| panic!("no double comes");
    specialize(ops, HashMap::new(), is_used, &mut none)
}

#[test]
fn a_constant_that_fits_leaves_the_call() {
    let ops = specialized(int_of_int(literal(Oop::small(-7))), true);
    let expected = [
        "constant",
        "callFunction",
        "extend",
        "tagSmall",
        "returnForeign",
    ];
    assert_eq!(
        names(&ops),
        expected,
        "{}",
        print_sequence(&ops, crate::isa::HOST)
    );
    assert_eq!(
        ops[0],
        Op::Constant {
            target: RDI,
            value: -7
        }
    );
}

#[test]
fn a_constant_that_does_not_fit_fails_and_calls_nothing() {
    let ops = specialized(int_of_int(literal(Oop::small(1 << 40))), true);
    assert_eq!(names(&ops).last(), Some(&"fail"));
    assert!(!names(&ops).contains(&"callFunction"));
    let ops = specialized(int_of_int(literal(Oop::from_char(65))), true);
    assert!(
        names(&ops).contains(&"runtime"),
        "what is no Integer goes the slow way"
    );
}

#[test]
fn a_small_integer_is_not_asked_what_it_is() {
    let load = Op::Load {
        target: RDI,
        width: Width::W64,
        base: crate::isa::host::registers::STACK,
        offset: 8,
    };
    let known = HashMap::from([(0, Known::Integer)]);
    let ops = specialize(int_of_int(load), known, true, &mut |_| 0);
    assert_eq!(names(&ops)[..3], ["load", "shiftRightI", "extend"]);
    assert!(
        names(&ops).contains(&"branch"),
        "it may be too large for an int"
    );
    assert!(!names(&ops).contains(&"runtime"));
}

#[test]
fn a_result_that_nobody_uses_is_not_made() {
    let ops = specialized(int_of_int(literal(Oop::small(3))), false);
    assert_eq!(names(&ops), ["constant", "callFunction", "returnForeign"]);
}

#[test]
fn doubles_come_from_cells() {
    let ops = vec![
        literal(Oop::from_f64(2.5).expect("an immediate")),
        Op::UnboxFloat {
            target: XMM0,
            source: RDI,
            other: Label(0),
        },
        Op::CallRegister { function: SCRATCH },
        Op::Fail {
            argument: 0,
            reason: 0,
        },
        Op::Label { label: Label(0) },
        Op::Fail {
            argument: 1,
            reason: 0,
        },
    ];
    let mut seen = Vec::new();
    let mut cells = |bits| {
        seen.push(f64::from_bits(bits));
        4
    };
    let ops = specialize(ops, HashMap::new(), true, &mut cells);
    assert_eq!(seen, [2.5]);
    assert!(ops.contains(&Op::LoadCell {
        target: XMM0,
        cell: 4
    }));
    assert_eq!(
        names(&ops).iter().filter(|&&name| name == "fail").count(),
        1
    );
}
