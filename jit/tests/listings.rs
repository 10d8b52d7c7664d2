//! Listings compared with the files of `tests/listings`; `RIPLEY_BLESS=1` rewrites them.

mod fixture;

use fixture::Fixture;
use gc::Oop;
use jit::isa::x64::registers::*;
use jit::rtl::{Condition, Label, Op, Precision, Width};
use vm::entry::Entry;
use vm::failure::Failure;

/// No code space lies within 2 GiB of it, so calls look the same in every run.
const FUNCTION: u64 = 0x0123_4567_89AB;

fn check(file: &str, name: &str, ops: &[Op], argument_count: usize) {
    let mut fixture = Fixture::new();
    let code = fixture
        .compiler
        .install(name, Oop::ZERO, ops, argument_count, FUNCTION)
        .unwrap_or_else(|error| panic!("{error}"));
    compare(
        file,
        &fixture.compiler.listing(code).expect("just installed"),
    );
}

fn compare(file: &str, listing: &str) {
    let path = format!("{}/tests/listings/{file}.txt", env!("CARGO_MANIFEST_DIR"));
    if std::env::var_os("RIPLEY_BLESS").is_some() {
        std::fs::write(&path, listing).expect("the folder is there");
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        expected == listing,
        "{path} has another listing:\n{listing}"
    );
}

fn fail(argument: i64, label: Label, reason: Failure) -> [Op; 2] {
    [
        Op::Label { label },
        Op::Fail {
            argument,
            reason: reason as i64,
        },
    ]
}

#[test]
fn int_abs_int() {
    let (wrong, range) = (Label(0), Label(1));
    let mut ops = vec![
        Op::Note {
            text: "int abs(int)".into(),
        },
        Op::Argument {
            target: RDI,
            index: 1,
        },
        Op::UntagInteger {
            target: RDI,
            source: RDI,
            other: wrong,
        },
        Op::Extend {
            target: RAX,
            width: Width::S32,
            source: RDI,
        },
        Op::Branch {
            condition: Condition::Ne,
            left: RAX,
            right: RDI,
            label: range,
        },
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
    ];
    ops.extend(fail(1, wrong, Failure::WrongType));
    ops.extend(fail(1, range, Failure::OutOfRange));
    check("int_abs_int", "LibC>>abs:", &ops, 1);
}

#[test]
fn double_hypot_double_double() {
    let mut ops = vec![Op::Note {
        text: "double hypot(double, double)".into(),
    }];
    let mut cold = Vec::new();
    for (index, target) in [(1, XMM0), (2, XMM1)] {
        let [slow, on, failed] = [0, 1, 2].map(|label| Label(index as u32 * 10 + label));
        let entry = Entry::NumberToF64;
        ops.extend([
            Op::Argument { target: RAX, index },
            Op::UnboxFloat {
                target,
                source: RAX,
                other: slow,
            },
            Op::Label { label: on },
        ]);
        cold.extend([
            Op::Label { label: slow },
            Op::RuntimeToFloat {
                target,
                entry,
                source: RAX,
                failed,
            },
            Op::Jump { label: on },
            Op::Label { label: failed },
            Op::Fail {
                argument: index,
                reason: 0,
            },
        ]);
    }
    let (boxed, full) = (Label(0), Label(1));
    let entry = Entry::F64ToDouble;
    ops.extend([
        Op::CallForeign {},
        Op::BoxFloat {
            target: RAX,
            source: XMM0,
            other: boxed,
        },
        Op::Return { source: RAX },
    ]);
    cold.extend([
        Op::Label { label: boxed },
        Op::RuntimeFromFloat {
            target: RAX,
            entry,
            source: XMM0,
            failed: full,
        },
        Op::Return { source: RAX },
    ]);
    cold.extend(fail(0, full, Failure::OutOfMemory));
    ops.append(&mut cold);
    check("double_hypot", "LibM>>hypot:y:", &ops, 2);
}

#[test]
fn strings_hold_addresses_and_stack_arguments_go_below() {
    let (other, failed) = (Label(0), Label(1));
    let (target, on) = (RDI, Label(2));
    let ops = [
        Op::Reserve { bytes: 24 },
        Op::Argument { target, index: 1 },
        Op::CString {
            target,
            source: target,
            other,
        },
        Op::Label { label: on },
        Op::Argument {
            target: SCRATCH,
            index: 0,
        },
        Op::Store {
            width: Width::W64,
            base: CSTACK,
            offset: 0,
            source: SCRATCH,
        },
        Op::StoreF {
            precision: Precision::F80,
            base: CSTACK,
            offset: 8,
            source: XMM0,
        },
        Op::Constant {
            target: RAX,
            value: 1,
        },
        Op::CallForeign {},
        Op::RuntimeWith {
            target: RAX,
            entry: Entry::PointerToAlien,
            source: RAX,
            object: Oop::small(5),
            failed,
        },
        Op::Return { source: RAX },
        Op::Label { label: other },
        Op::Runtime {
            target,
            entry: Entry::ObjectToCString,
            source: target,
            failed,
        },
        Op::Jump { label: on },
        Op::Label { label: failed },
        Op::Fail {
            argument: 1,
            reason: 0,
        },
    ];
    check("string_and_stack", "X>>put:", &ops, 1);
}

#[test]
fn the_stubs() {
    let fixture = Fixture::new();
    let stubs = fixture.compiler.listing(fixture.compiler.stubs().enter());
    compare("stubs", &stubs.expect("the stubs begin with `enter`"));
}
