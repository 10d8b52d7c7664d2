//! Record 1: immediate floats, boxed floats and NaN boxing.
//!
//! The loop is `sum := sum + x`, the operands tagged words in registers, as a compiler that keeps
//! no unboxed value between two bytecodes leaves them. r8 is the sum, r9 is x = 1.5.

use crate::machine::{
    Assembler, CodeBlock, FREE, Machine, NURSERY_END, NURSERY_START, counted_loop,
};
use crate::table::{CHECKED_ITERATIONS, Table};
use dynasm::dynasm;
use dynasmrt::{AssemblyOffset, DynamicLabel, DynasmApi, DynasmLabelApi};

/// What is subtracted from a rotated double to rebase its exponent.
const EXPONENT_OFFSET: u64 = 896 << 53;
/// The header of a boxed float: one slot, words, class index 9.
const BOXED_HEADER: u64 = 1 << 56 | 4 << 22 | 9;
/// Below this a NaN-boxed word is a double.
const NAN_BOX_LIMIT: u64 = 0xFFFC_0000_0000_0000;
const X: f64 = 1.5;

/// How an immediate float is made of a double.
#[derive(Clone, Copy)]
enum Encode {
    /// Three tests: zero, too small, too large, as `Oop::from_f64` reads.
    ThreeTests,
    /// One unsigned comparison for the whole range; zeros are found on the slow path.
    OneTest,
}

pub(crate) fn floats() {
    let machine = Machine::new();
    let boxed_x = [BOXED_HEADER, X.to_bits()];
    let boxed_address = boxed_x.as_ptr() as u64;
    let (block, loops) = CodeBlock::new(|ops| {
        [
            unboxed_loop(ops),
            immediate_loop(ops, Encode::ThreeTests),
            immediate_loop(ops, Encode::OneTest),
            immediate_operand_loop(ops),
            boxed_loop(ops, boxed_address),
            nan_boxed_loop(ops),
        ]
    });
    let rows = [
        "unboxed in a register, no checks",
        "immediate: decode both, add, encode with three tests",
        "immediate: decode both, add, encode with one test",
        "immediate: only x decoded, sum kept unboxed",
        "boxed: check both headers, add, bump-allocate (no collection counted)",
        "NaN boxing: check both, add",
    ];
    let expected = (X * (CHECKED_ITERATIONS + 1) as f64).to_bits();
    let mut table = Table::new("Float addition, `sum := sum + x`", "addition");
    for (name, entry) in rows.into_iter().zip(loops) {
        let (machine, block) = (&machine, &block);
        table.row(name, 1, expected, move |n| {
            reset_nursery(machine);
            machine.run(block, entry, n)
        });
    }
    table.print();
}

#[expect(unsafe_code, reason = "writes the context")]
fn reset_nursery(machine: &Machine) {
    let context = machine.context();
    // SAFETY: `Machine` owns the context and no machine code runs now.
    unsafe { (*context).free = (*context).nursery_start };
}

/// The tagged word of an immediate float.
fn immediate(value: f64) -> i64 {
    ((value.to_bits().rotate_left(1) - EXPONENT_OFFSET) << 3 | 4) as i64
}

fn unboxed_loop(ops: &mut Assembler) -> AssemblyOffset {
    counted_loop(
        ops,
        |ops| {
            dynasm!(ops ; .arch x64
                ; mov rax, QWORD X.to_bits() as i64 ; movq xmm0, rax ; movq xmm1, rax)
        },
        |ops, _| dynasm!(ops ; .arch x64 ; addsd xmm0, xmm1 ; movq r15, xmm0),
    )
}

fn start_immediate(ops: &mut Assembler) {
    dynasm!(ops ; .arch x64
        ; mov r8, QWORD immediate(X) ; mov r9, r8
        ; mov r10, QWORD EXPONENT_OFFSET as i64
        ; mov r11, QWORD (1 << 61) - 2
    );
}

fn immediate_loop(ops: &mut Assembler, encode: Encode) -> AssemblyOffset {
    counted_loop(ops, start_immediate, |ops, slow| {
        dynasm!(ops ; .arch x64
            ; mov eax, r8d ; and eax, r9d ; test al, 4 ; jz =>slow
            ; mov rax, r8 ; shr rax, 3 ; cmp rax, 1 ; jbe =>slow
            ; add rax, r10 ; ror rax, 1 ; movq xmm0, rax
            ; mov rax, r9 ; shr rax, 3 ; cmp rax, 1 ; jbe =>slow
            ; add rax, r10 ; ror rax, 1 ; movq xmm1, rax
            ; addsd xmm0, xmm1
        );
        encode_float(ops, encode, slow);
        dynasm!(ops ; .arch x64 ; movq r15, xmm0);
    })
}

/// xmm0 -> r8.
fn encode_float(ops: &mut Assembler, encode: Encode, slow: DynamicLabel) {
    dynasm!(ops ; .arch x64 ; movq rax, xmm0 ; rol rax, 1);
    match encode {
        Encode::ThreeTests => dynasm!(ops ; .arch x64
            ; cmp rax, 1 ; jbe =>slow
            ; sub rax, r10
            ; cmp rax, 1 ; jbe =>slow
            ; mov rcx, rax ; shr rcx, 61 ; jnz =>slow
        ),
        Encode::OneTest => dynasm!(ops ; .arch x64
            ; sub rax, r10 ; lea rcx, [rax - 2] ; cmp rcx, r11 ; jae =>slow
        ),
    }
    dynasm!(ops ; .arch x64 ; lea r8, [rax * 8 + 4]);
}

/// What a compiler reaches that keeps a float unboxed until it is stored.
fn immediate_operand_loop(ops: &mut Assembler) -> AssemblyOffset {
    counted_loop(
        ops,
        |ops| {
            start_immediate(ops);
            dynasm!(ops ; .arch x64 ; mov rax, QWORD X.to_bits() as i64 ; movq xmm0, rax);
        },
        |ops, slow| {
            dynasm!(ops ; .arch x64
                ; test r9b, 4 ; jz =>slow
                ; mov rax, r9 ; shr rax, 3 ; cmp rax, 1 ; jbe =>slow
                ; add rax, r10 ; ror rax, 1 ; movq xmm1, rax
                ; addsd xmm0, xmm1
                ; movq r15, xmm0
            );
        },
    )
}

fn boxed_loop(ops: &mut Assembler, boxed: u64) -> AssemblyOffset {
    let (full, again) = (ops.new_dynamic_label(), ops.new_dynamic_label());
    // The nursery is full: nothing in it is alive here, so start it again.
    dynasm!(ops ; .arch x64
        ; =>full
        ; mov rax, [BYTE rbx + NURSERY_START]
        ; mov [BYTE rbx + FREE], rax
        ; jmp =>again
    );
    counted_loop(
        ops,
        |ops| {
            dynasm!(ops ; .arch x64
                ; mov r8, QWORD boxed as i64 ; mov r9, r8 ; mov r10, QWORD BOXED_HEADER as i64)
        },
        |ops, slow| {
            dynasm!(ops ; .arch x64
                ; mov eax, r8d ; or eax, r9d ; test al, 7 ; jnz =>slow
                ; mov eax, [r8] ; and eax, 0x3F_FFFF ; cmp eax, 9 ; jne =>slow
                ; mov eax, [r9] ; and eax, 0x3F_FFFF ; cmp eax, 9 ; jne =>slow
                ; movsd xmm0, [BYTE r8 + 8]
                ; addsd xmm0, [BYTE r9 + 8]
                ; =>again
                ; mov rax, [BYTE rbx + FREE]
                ; lea rcx, [rax + 16]
                ; cmp rcx, [BYTE rbx + NURSERY_END] ; ja =>full
                ; mov [BYTE rbx + FREE], rcx
                ; mov [rax], r10
                ; movsd [BYTE rax + 8], xmm0
                ; mov r8, rax
                ; movq r15, xmm0
            );
        },
    )
}

fn nan_boxed_loop(ops: &mut Assembler) -> AssemblyOffset {
    counted_loop(
        ops,
        |ops| {
            dynasm!(ops ; .arch x64
                ; mov r8, QWORD X.to_bits() as i64 ; mov r9, r8
                ; mov r10, QWORD NAN_BOX_LIMIT as i64)
        },
        |ops, slow| {
            dynasm!(ops ; .arch x64
                ; cmp r8, r10 ; jae =>slow ; cmp r9, r10 ; jae =>slow
                ; movq xmm0, r8 ; movq xmm1, r9
                ; addsd xmm0, xmm1
                ; movq r8, xmm0 ; mov r15, r8
            );
        },
    )
}
