use super::*;
use crate::isa::X64;
use crate::isa::x64::registers::*;
use crate::rtl::operand::Width;

fn message(ops: &[Op]) -> String {
    check(ops, 1, &X64)
        .expect_err("the sequence is wrong")
        .to_string()
}

#[test]
fn facts_tell_labels_and_reservation() {
    let ops = [
        Op::Reserve { bytes: 8 },
        Op::Label { label: Label(3) },
        Op::Jump { label: Label(3) },
    ];
    let facts = check(&ops, 0, &X64).expect("the sequence is right");
    assert_eq!(facts.place(Label(3)), 1);
    assert_eq!(facts.reserve, Some(0));
}

#[test]
fn errors_name_the_operation_and_what_is_wrong() {
    let end = Op::Return { source: RAX };
    assert_eq!(message(&[]), "RTL operation 1 (end): the sequence is empty");
    assert_eq!(
        message(&[Op::Move {
            target: RAX,
            source: RDI
        }]),
        "RTL operation 1 (move rax, rdi): the sequence must end in return, fail or jump"
    );
    assert_eq!(
        message(&[Op::Jump { label: Label(1) }]),
        "RTL operation 1 (jump L1): L1 is marked nowhere"
    );
    let label = Op::Label { label: Label(1) };
    assert!(message(&[label.clone(), label, end.clone()]).ends_with("L1 is marked twice"));
    assert!(
        message(&[
            Op::Argument {
                target: RAX,
                index: 2
            },
            end.clone()
        ])
        .ends_with("index is 2, not from 0 to 1")
    );
    assert!(
        message(&[
            Op::Constant {
                target: RBX,
                value: 2
            },
            end.clone()
        ])
        .ends_with("context cannot be a target")
    );
    let store = Op::Store {
        width: Width::W64,
        base: R12,
        offset: 0,
        source: RAX,
    };
    assert!(message(&[store, end.clone()]).ends_with("nothing was reserved"));
    assert!(
        message(&[Op::Fail {
            argument: 0,
            reason: 999
        }])
        .contains("no code")
    );
    let unsigned = Op::BranchF {
        condition: Condition::Below,
        left: XMM0,
        right: XMM1,
        label: Label(0),
    };
    let marked = [Op::Label { label: Label(0) }, unsigned, end];
    assert!(message(&marked).ends_with("doubles have no condition below"));
}

#[test]
fn private_registers_are_no_operands() {
    let end = Op::Return { source: RAX };
    for op in [
        Op::TagSmall {
            target: R10,
            source: RAX,
        },
        Op::Move {
            target: RAX,
            source: R11,
        },
        Op::MoveF {
            target: XMM14,
            source: XMM0,
        },
    ] {
        assert!(message(&[op, end.clone()]).ends_with("which belongs to the lowering"));
    }
    assert!(
        check(
            &[
                Op::TagSmall {
                    target: R14,
                    source: R15
                },
                end
            ],
            1,
            &X64
        )
        .is_ok()
    );
}
