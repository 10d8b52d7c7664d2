//! Record 1: SmallInteger tags and the width of the class index in a header.

use crate::machine::{Assembler, CodeBlock, Machine, counted_loop};
use crate::table::{CHECKED_ITERATIONS, Table};
use dynasm::dynasm;
use dynasmrt::{AssemblyOffset, DynamicLabel, DynasmApi, DynasmLabelApi};

/// `sum := sum + x. count := count + 1` on SmallIntegers: two additions with type and overflow
/// checks. r8 is the sum, r9 is x = 3, r10 the count.
pub(crate) fn integers() {
    let machine = Machine::new();
    let (block, loops) = CodeBlock::new(|ops| {
        [
            counted_loop(ops, |ops| start(ops, 0, 3), |ops, _| machine_words(ops)),
            counted_loop(ops, |ops| start(ops, 1, 25), tag_001),
            counted_loop(ops, |ops| start(ops, 0, 24), tag_000),
            counted_loop(ops, |ops| start(ops, INTEGER_32, INTEGER_32 + 3), nan_boxed),
        ]
    });
    let n = CHECKED_ITERATIONS as i64;
    let rows = [
        ("machine words, no checks", n * 3),
        ("tag 001 (Spur's), 61 bits", n * 24 + 1),
        ("tag 000, 61 bits", n * 24),
        ("NaN boxing, 32 bits", n * 3 + INTEGER_32),
    ];
    let mut table = Table::new(
        "SmallInteger addition with type and overflow check",
        "addition",
    );
    for ((name, expected), entry) in rows.into_iter().zip(loops) {
        let (machine, block) = (&machine, &block);
        table.row(name, 2, expected as u64, move |n| {
            machine.run(block, entry, n)
        });
    }
    table.print();
}

/// The upper half of a 32-bit integer under NaN boxing.
const INTEGER_32: i64 = 0xFFFE_0000_0000_0000_u64 as i64;

fn start(ops: &mut Assembler, zero: i64, x: i64) {
    dynasm!(ops ; .arch x64
        ; mov r8, QWORD zero ; mov r10, r8 ; mov r9, QWORD x ; mov r11, QWORD INTEGER_32);
}

fn machine_words(ops: &mut Assembler) {
    dynasm!(ops ; .arch x64 ; add r8, r9 ; mov r15, r8 ; add r10, 1);
}

/// Pointer, integer, character and float tags are zero or one bit, so ANDing two words keeps the
/// integer's bit only if both are integers.
fn tag_001(ops: &mut Assembler, slow: DynamicLabel) {
    dynasm!(ops ; .arch x64
        ; mov eax, r8d ; and eax, r9d ; test al, 1 ; jz =>slow
        ; lea rax, [r9 - 1] ; add rax, r8 ; jo =>slow
        ; mov r8, rax ; mov r15, rax
        ; test r10b, 1 ; jz =>slow
        ; mov rax, r10 ; add rax, 8 ; jo =>slow
        ; mov r10, rax
    );
}

fn tag_000(ops: &mut Assembler, slow: DynamicLabel) {
    dynasm!(ops ; .arch x64
        ; mov eax, r8d ; or eax, r9d ; test al, 7 ; jnz =>slow
        ; mov rax, r9 ; add rax, r8 ; jo =>slow
        ; mov r8, rax ; mov r15, rax
        ; test r10b, 7 ; jnz =>slow
        ; mov rax, r10 ; add rax, 8 ; jo =>slow
        ; mov r10, rax
    );
}

fn nan_boxed(ops: &mut Assembler, slow: DynamicLabel) {
    dynasm!(ops ; .arch x64
        ; cmp r8, r11 ; jb =>slow ; cmp r9, r11 ; jb =>slow
        ; mov eax, r8d ; add eax, r9d ; jo =>slow
        ; or rax, r11 ; mov r8, rax ; mov r15, rax
        ; cmp r10, r11 ; jb =>slow
        ; mov eax, r10d ; add eax, 1 ; jo =>slow
        ; or rax, r11 ; mov r10, rax
    );
}

/// Objects whose class is checked; the receivers of one iteration.
const OBJECTS: usize = 64;
/// The class index that all of them have.
const CLASS: u64 = 0x1234;
/// Mask of a 22-bit class index.
const CLASS_MASK: i32 = 0x3F_FFFF;

/// How a class index is read from the header that rdi points to, into eax.
#[derive(Clone, Copy)]
enum ClassRead {
    Masked22,
    Half32,
    Movzx16,
}

/// Tag test, class index of a heap object, comparison with a cell: what a send site does.
pub(crate) fn class_checks() {
    let machine = Machine::new();
    let objects: Vec<[u64; 2]> = vec![[CLASS, 0]; OBJECTS];
    let formatted: Vec<[u64; 2]> = vec![[CLASS | 1 << 22 | 1 << 28, 0]; OBJECTS];
    let (plain, with_format) = (receivers(&objects), receivers(&formatted));
    let ((block, loops), rows) = (
        CodeBlock::with_data(
            |ops| {
                let cell = ops.new_dynamic_label();
                let mut check =
                    |read, array: &Vec<u64>| class_check(ops, read, array.as_ptr() as i64, cell);
                let loops = [
                    check(ClassRead::Masked22, &with_format),
                    check(ClassRead::Half32, &plain),
                    check(ClassRead::Movzx16, &with_format),
                ];
                (cell, loops)
            },
            |ops, &(cell, _)| dynasm!(ops ; .arch x64 ; =>cell ; .u64 CLASS),
        ),
        [
            "22 bits: `mov`, `and 0x3FFFFF`, `cmp [cell]`",
            "32 bits: `mov`, `cmp [cell]`",
            "16 bits: `movzx`, `cmp [cell]`",
        ],
    );
    let mut table = Table::new("Class check of a heap object against a data cell", "check");
    for (name, entry) in rows.into_iter().zip(loops.1) {
        let (machine, block) = (&machine, &block);
        table.row(name, OBJECTS as u64, 0, move |n| {
            machine.run(block, entry, n)
        });
    }
    table.print();
}

fn receivers(objects: &[[u64; 2]]) -> Vec<u64> {
    objects
        .iter()
        .map(|object| object.as_ptr() as u64)
        .collect()
}

fn class_check(
    ops: &mut Assembler,
    read: ClassRead,
    array: i64,
    cell: DynamicLabel,
) -> AssemblyOffset {
    counted_loop(
        ops,
        |ops| dynasm!(ops ; .arch x64 ; mov r8, QWORD array),
        |ops, slow| {
            for object in 0..OBJECTS as i32 {
                dynasm!(ops ; .arch x64
                    ; mov rdi, [r8 + object * 8] ; test dil, 7 ; jnz =>slow);
                match read {
                    ClassRead::Masked22 => {
                        dynasm!(ops ; .arch x64 ; mov eax, [rdi] ; and eax, CLASS_MASK)
                    }
                    ClassRead::Half32 => dynasm!(ops ; .arch x64 ; mov eax, [rdi]),
                    ClassRead::Movzx16 => dynasm!(ops ; .arch x64 ; movzx eax, WORD [rdi]),
                }
                dynasm!(ops ; .arch x64 ; cmp eax, [=>cell] ; jne =>slow);
            }
        },
    )
}
