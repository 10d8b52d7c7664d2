//! Record 1: immediate floats, boxed floats and NaN boxing.
//!
//! The operation is `sum := sum + x`, the operands tagged words in registers, as a compiler that
//! keeps no unboxed value between two bytecodes leaves them: one sum, where an addition waits for
//! the one before, and four sums that are independent. r9 is x = 1.5.

use crate::machine::{
    Assembler, CodeBlock, FREE, Machine, NURSERY_END, NURSERY_START, Register, counted_loop,
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
/// The registers of the sums: r8, rsi, rdi, rbp.
const SUMS: [Register; 4] = [Register(8), Register(6), Register(7), Register(5)];

/// How a float is made a word.
#[derive(Clone, Copy)]
enum Float {
    /// Not at all: the floor.
    Unboxed,
    /// Spur's immediate float, encoded with three tests: zero, too small, too large.
    ThreeTests,
    /// The same with one unsigned comparison for the whole range; zeros take the slow path.
    OneTest,
    /// The same, but the sum stays unboxed and only x is decoded.
    OperandOnly,
    /// A rotation brings the exponent's upper bits where the tag is, and makes them the tag.
    SelfTagged,
    /// An object with a header.
    Boxed,
    /// Doubles as they are, other words as NaNs.
    NanBoxed,
}

const FLOATS: [(&str, Float); 7] = [
    ("unboxed in a register, no checks", Float::Unboxed),
    (
        "immediate: decode both, add, encode with three tests",
        Float::ThreeTests,
    ),
    (
        "immediate: decode both, add, encode with one test",
        Float::OneTest,
    ),
    (
        "immediate: only x decoded, sum kept unboxed",
        Float::OperandOnly,
    ),
    (
        "self-tagged immediate: decode both, add, encode",
        Float::SelfTagged,
    ),
    (
        "boxed: check both headers, add, bump-allocate (no collection counted)",
        Float::Boxed,
    ),
    ("NaN boxing: check both, add", Float::NanBoxed),
];

pub(crate) fn floats() {
    let machine = Machine::new();
    let boxed_x = [BOXED_HEADER, X.to_bits()];
    let boxed_address = boxed_x.as_ptr() as i64;
    for (sums, title) in [
        (
            &SUMS[..1],
            "Float addition, `sum := sum + x`, each waiting for the one before",
        ),
        (&SUMS[..], "Float addition, four independent sums"),
    ] {
        let (block, loops) = CodeBlock::new(|ops| {
            FLOATS.map(|(_, float)| float_loop(ops, float, sums, boxed_address))
        });
        let expected = (X * (CHECKED_ITERATIONS + 1) as f64).to_bits();
        let mut table = Table::new(title, "addition");
        for ((name, _), entry) in FLOATS.into_iter().zip(loops) {
            let (machine, block) = (&machine, &block);
            table.row(name, sums.len() as u64, expected, move |n| {
                reset_nursery(machine);
                machine.run(block, entry, n)
            });
        }
        table.print();
    }
}

#[expect(unsafe_code, reason = "writes the context")]
fn reset_nursery(machine: &Machine) {
    let context = machine.context();
    // SAFETY: `Machine` owns the context and no machine code runs now.
    unsafe { (*context).free = (*context).nursery_start };
}

/// The loop over all sums; r15 gets the last one as a double.
fn float_loop(
    ops: &mut Assembler,
    float: Float,
    sums: &[Register],
    boxed_x: i64,
) -> AssemblyOffset {
    let bits = X.to_bits();
    let spur = ((bits.rotate_left(1) - EXPONENT_OFFSET) << 3 | 4) as i64;
    // x as a word, and the constants in r10 and r11.
    let (x, first, second) = match float {
        Float::Unboxed => (bits as i64, 0, 0),
        Float::ThreeTests | Float::OneTest | Float::OperandOnly => {
            (spur, EXPONENT_OFFSET as i64, (1 << 61) - 2)
        }
        Float::SelfTagged => ((bits.rotate_left(4) + 1) as i64, 0, 0),
        Float::Boxed => (boxed_x, BOXED_HEADER as i64, 0),
        Float::NanBoxed => (bits as i64, NAN_BOX_LIMIT as i64, 0),
    };
    // Where the nursery is full, and where to go on once it is empty again.
    let mut refills = Vec::new();
    let entry = counted_loop(
        ops,
        |ops| {
            dynasm!(ops ; .arch x64
                ; mov r9, QWORD x ; mov r10, QWORD first ; mov r11, QWORD second
                ; mov rax, QWORD bits as i64 ; movq xmm1, rax
            );
            for &sum in sums {
                dynasm!(ops ; .arch x64 ; mov Rq(sum), r9 ; movq Rx(sum), xmm1);
            }
        },
        |ops, slow| {
            for &sum in sums {
                match float {
                    Float::Unboxed => dynasm!(ops ; .arch x64 ; addsd Rx(sum), xmm1),
                    Float::ThreeTests | Float::OneTest => add_immediate(ops, float, sum, slow),
                    Float::OperandOnly => add_operand(ops, sum, slow),
                    Float::SelfTagged => add_self_tagged(ops, sum, slow),
                    Float::Boxed => refills.push(add_boxed(ops, sum, slow)),
                    Float::NanBoxed => add_nan_boxed(ops, sum, slow),
                }
                dynasm!(ops ; .arch x64 ; movq r15, Rx(sum));
            }
        },
    );
    for (full, again) in refills {
        dynasm!(ops ; .arch x64
            ; =>full ; mov rax, [BYTE rbx + NURSERY_START] ; mov [BYTE rbx + FREE], rax
            ; jmp =>again
        );
    }
    entry
}

/// Decodes both words, adds into the xmm register of the sum's number, encodes.
fn add_immediate(ops: &mut Assembler, float: Float, sum: Register, slow: DynamicLabel) {
    dynasm!(ops ; .arch x64
        ; mov eax, Rd(sum) ; and eax, r9d ; test al, 4 ; jz =>slow
        ; mov rax, Rq(sum) ; shr rax, 3 ; cmp rax, 1 ; jbe =>slow
        ; add rax, r10 ; ror rax, 1 ; movq Rx(sum), rax
        ; mov rax, r9 ; shr rax, 3 ; cmp rax, 1 ; jbe =>slow
        ; add rax, r10 ; ror rax, 1 ; movq xmm1, rax
        ; addsd Rx(sum), xmm1
        ; movq rax, Rx(sum) ; rol rax, 1
    );
    if matches!(float, Float::ThreeTests) {
        dynasm!(ops ; .arch x64
            ; cmp rax, 1 ; jbe =>slow
            ; sub rax, r10
            ; cmp rax, 1 ; jbe =>slow
            ; mov rcx, rax ; shr rcx, 61 ; jnz =>slow
        );
    } else {
        dynasm!(ops ; .arch x64 ; sub rax, r10 ; lea rcx, [rax - 2] ; cmp rcx, r11 ; jae =>slow);
    }
    dynasm!(ops ; .arch x64 ; lea Rq(sum), [rax * 8 + 4]);
}

/// What a compiler reaches that keeps a float unboxed until it is stored.
fn add_operand(ops: &mut Assembler, sum: Register, slow: DynamicLabel) {
    dynasm!(ops ; .arch x64
        ; test r9b, 4 ; jz =>slow
        ; mov rax, r9 ; shr rax, 3 ; cmp rax, 1 ; jbe =>slow
        ; add rax, r10 ; ror rax, 1 ; movq xmm1, rax
        ; addsd Rx(sum), xmm1
    );
}

/// Rotated left by four, a double has its three upper exponent bits in the tag's place: 011 or 100
/// for magnitudes from 2^-255 to 2^257, and one more makes that 100 or 101. Zeros are boxed, once.
fn add_self_tagged(ops: &mut Assembler, sum: Register, slow: DynamicLabel) {
    dynasm!(ops ; .arch x64
        ; mov eax, Rd(sum) ; and eax, r9d ; test al, 4 ; jz =>slow
        ; lea rax, [Rq(sum) - 1] ; ror rax, 4 ; movq Rx(sum), rax
        ; lea rax, [r9 - 1] ; ror rax, 4 ; movq xmm1, rax
        ; addsd Rx(sum), xmm1
        ; movq rax, Rx(sum) ; rol rax, 4
        ; lea Rq(sum), [rax + 1]
        ; mov ecx, Rd(sum) ; and ecx, 6 ; cmp ecx, 4 ; jne =>slow
    );
}

fn add_boxed(
    ops: &mut Assembler,
    sum: Register,
    slow: DynamicLabel,
) -> (DynamicLabel, DynamicLabel) {
    let (full, again) = (ops.new_dynamic_label(), ops.new_dynamic_label());
    dynasm!(ops ; .arch x64
        ; mov eax, Rd(sum) ; or eax, r9d ; test al, 7 ; jnz =>slow
        ; mov eax, [Rq(sum)] ; and eax, 0x3F_FFFF ; cmp eax, 9 ; jne =>slow
        ; mov eax, [r9] ; and eax, 0x3F_FFFF ; cmp eax, 9 ; jne =>slow
        ; movsd Rx(sum), [BYTE Rq(sum) + 8]
        ; addsd Rx(sum), [BYTE r9 + 8]
        ; =>again
        ; mov rax, [BYTE rbx + FREE]
        ; lea rcx, [rax + 16]
        ; cmp rcx, [BYTE rbx + NURSERY_END] ; ja =>full
        ; mov [BYTE rbx + FREE], rcx
        ; mov [rax], r10
        ; movsd [BYTE rax + 8], Rx(sum)
        ; mov Rq(sum), rax
    );
    (full, again)
}

fn add_nan_boxed(ops: &mut Assembler, sum: Register, slow: DynamicLabel) {
    dynasm!(ops ; .arch x64
        ; cmp Rq(sum), r10 ; jae =>slow ; cmp r9, r10 ; jae =>slow
        ; movq Rx(sum), Rq(sum) ; movq xmm1, r9
        ; addsd Rx(sum), xmm1
        ; movq Rq(sum), Rx(sum)
    );
}
