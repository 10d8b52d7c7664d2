//! Record 4: marshalling lowered one RTL operation at a time, and written by hand.
//!
//! The RTL here is the smallest subset of the real one that marshals the three calls. Each
//! operation is lowered by itself, with the registers it names and no memory of its neighbours.
//! Arguments lie on the VM stack, the last at `[rsp + 8]`.

use crate::callouts::{Add, add};
use crate::machine::{
    Assembler, C_STACK, CodeBlock, ERRNO, ERRNO_ADDRESS, Machine, NIL, Register, VM_FP, VM_SP,
    counted_loop,
};
use crate::table::{CHECKED_ITERATIONS, Table};
use dynasm::dynasm;
use dynasmrt::{AssemblyOffset, DynamicLabel, DynasmApi, DynasmLabelApi};
use std::hint::black_box;

#[path = "rtl_hand.rs"]
mod hand;

const RAX: Register = Register(0);
const RCX: Register = Register(1);
const RDX: Register = Register(2);
const RSI: Register = Register(6);
const RDI: Register = Register(7);
const R8: Register = Register(8);
const R9: Register = Register(9);
/// The integer argument registers of System V AMD64 (psABI section 3.2.3), in order.
const INTEGER_ARGUMENTS: [Register; 6] = [RDI, RSI, RDX, RCX, R8, R9];

/// An RTL operation. Those that check fail to the method's one failure label.
#[derive(Clone, Copy)]
enum Rtl {
    /// Loads an argument, counted from 1.
    Argument(Register, u8),
    /// SmallInteger to machine word.
    UntagInteger(Register),
    /// Fails unless the word fits a C `int`.
    CheckInt(Register),
    /// Immediate float to double in that xmm register.
    UnboxFloat(Register, Register),
    /// Reserves bytes of outgoing arguments on the C stack, whose address r11 keeps.
    Outgoing(i32),
    /// Stores a word into the outgoing arguments.
    StoreOutgoing(i32, Register),
    /// Goes to the C stack, calls, comes back, keeps errno.
    Call(i64),
    /// Sign-extends 32 bits.
    SignExtendInt(Register),
    /// Machine word to SmallInteger, into rax.
    TagInteger(Register),
    /// xmm0 to immediate float, into rax.
    BoxFloat,
    /// Answers rax and pops the receiver and the arguments.
    Return,
}

extern "C" fn sum10(
    a: i64,
    b: i64,
    c: i64,
    d: i64,
    e: i64,
    f: i64,
    g: i64,
    h: i64,
    i: i64,
    j: i64,
) -> i64 {
    a + b + c + d + e + f + g + h + i + j
}

type Sum10 = extern "C" fn(i64, i64, i64, i64, i64, i64, i64, i64, i64, i64) -> i64;

/// What is marshalled: name, arguments as tagged words, RTL, hand-written method, C loop.
struct Case {
    name: &'static str,
    arguments: Vec<i64>,
    rtl: Vec<Rtl>,
    by_hand: fn(&mut Assembler, DynamicLabel),
    c_loop: fn(u64) -> u64,
    /// The tagged result of one call.
    result: u64,
}

fn cases() -> [Case; 3] {
    [
        Case {
            name: "`int add(int, int)`",
            arguments: vec![3 << 3 | 1, 4 << 3 | 1],
            rtl: add_rtl(),
            by_hand: hand::add_method,
            c_loop: |n| c_loop(n, add as Add, |add| add(3, 4) as u64),
            result: 7 << 3 | 1,
        },
        Case {
            name: "`double hypot(double, double)`",
            arguments: vec![immediate(3.0) as i64, immediate(4.0) as i64],
            rtl: hypot_rtl(),
            by_hand: hand::hypot_method,
            c_loop: |n| {
                c_loop(n, hypot as extern "C" fn(f64, f64) -> f64, |hypot| {
                    hypot(3.0, 4.0) as u64
                })
            },
            result: immediate(5.0),
        },
        Case {
            name: "`long sum10(long × 10)`",
            arguments: (1..=10).map(|value| value << 3 | 1).collect(),
            rtl: sum10_rtl(),
            by_hand: hand::sum10_method,
            c_loop: |n| {
                c_loop(n, sum10 as Sum10, |sum10| {
                    sum10(1, 2, 3, 4, 5, 6, 7, 8, 9, 10) as u64
                })
            },
            result: 55 << 3 | 1,
        },
    ]
}

/// What is subtracted from a rotated double to rebase its exponent.
const EXPONENT_OFFSET: u64 = 896 << 53;

/// The tagged word of an immediate float.
fn immediate(value: f64) -> u64 {
    (value.to_bits().rotate_left(1) - EXPONENT_OFFSET) << 3 | 4
}

#[expect(unsafe_code, reason = "declares a function of the C library")]
mod libm {
    // SAFETY: the prototype is that of <math.h>, and the function takes every pair of doubles.
    unsafe extern "C" {
        pub(super) safe fn hypot(x: f64, y: f64) -> f64;
    }
}
use libm::hypot;

/// The loop a C compiler makes for a call through a volatile function pointer.
#[expect(unsafe_code, reason = "reads the pointer as volatile")]
fn c_loop<F: Copy>(iterations: u64, function: F, call: impl Fn(F) -> u64) -> u64 {
    let function = black_box(function);
    let mut sum = 0;
    for _ in 0..iterations {
        // SAFETY: the variable is alive and initialised.
        sum += call(unsafe { std::ptr::read_volatile(&function) });
    }
    sum
}

pub(crate) fn marshalling() {
    let machine = Machine::new();
    let cases = cases();
    let blocks = cases.each_ref().map(|case| {
        CodeBlock::new(|ops| {
            let naive = method_loop(ops, case, |ops, method| lower(ops, method, case));
            let by_hand = method_loop(ops, case, case.by_hand);
            (naive, by_hand)
        })
    });
    let mut table = Table::new("An external-call method, one send in a loop", "send");
    for (case, (block, (naive, by_hand))) in cases.iter().zip(&blocks) {
        let untagged = if case.result & 1 == 1 {
            case.result >> 3
        } else {
            5
        };
        let machine = &machine;
        let c_row = format!("{}: Rust loop, volatile pointer (no send)", case.name);
        table.row(c_row, 1, untagged * CHECKED_ITERATIONS, case.c_loop);
        let expected = case.result.wrapping_mul(CHECKED_ITERATIONS);
        for (way, entry) in [
            ("RTL, one operation at a time", naive),
            ("written by hand", by_hand),
        ] {
            let name = format!("{}: {way}", case.name);
            table.row(name, 1, expected, move |n| machine.run(block, *entry, n));
        }
    }
    table.print();

    let mut table = Table::new(
        "Lowering of a method's RTL to bytes, with a fresh assembler",
        "method",
    );
    for case in &cases {
        let name = format!("{}, {} operations", case.name, case.rtl.len());
        table.row(name, 1, CHECKED_ITERATIONS, move |n| {
            for _ in 0..n {
                let mut ops = Assembler::new(0x1_0000);
                let method = ops.new_dynamic_label();
                lower(&mut ops, method, case);
                black_box(ops.finalize().expect("every label is bound"));
            }
            n
        });
    }
    table.print();
}

/// A loop that sends to the method `emit` makes, and adds up the tagged results.
fn method_loop(
    ops: &mut Assembler,
    case: &Case,
    emit: impl FnOnce(&mut Assembler, DynamicLabel),
) -> AssemblyOffset {
    let method = ops.new_dynamic_label();
    emit(ops, method);
    counted_loop(
        ops,
        |_| (),
        |ops, _| {
            dynasm!(ops ; .arch x64 ; push QWORD [BYTE rbx + NIL]);
            for &argument in &case.arguments {
                match i32::try_from(argument) {
                    Ok(small) => dynasm!(ops ; .arch x64 ; push small),
                    Err(_) => dynasm!(ops ; .arch x64 ; mov rax, QWORD argument ; push rax),
                }
            }
            dynasm!(ops ; .arch x64 ; call =>method ; add r15, rax);
        },
    )
}

fn add_rtl() -> Vec<Rtl> {
    let mut rtl = Vec::new();
    for (register, index) in [(RDI, 1), (RSI, 2)] {
        rtl.push(Rtl::Argument(register, index));
        rtl.push(Rtl::UntagInteger(register));
        rtl.push(Rtl::CheckInt(register));
    }
    let call = Rtl::Call(add as *const () as i64);
    rtl.extend([
        call,
        Rtl::SignExtendInt(RAX),
        Rtl::TagInteger(RAX),
        Rtl::Return,
    ]);
    rtl
}

fn hypot_rtl() -> Vec<Rtl> {
    let mut rtl = Vec::new();
    for (xmm, index) in [(Register(0), 1), (Register(1), 2)] {
        rtl.push(Rtl::Argument(RAX, index));
        rtl.push(Rtl::UnboxFloat(xmm, RAX));
    }
    rtl.extend([
        Rtl::Call(hypot as *const () as i64),
        Rtl::BoxFloat,
        Rtl::Return,
    ]);
    rtl
}

fn sum10_rtl() -> Vec<Rtl> {
    let mut rtl = vec![Rtl::Outgoing(32)];
    for index in 7..=10 {
        rtl.push(Rtl::Argument(RAX, index));
        rtl.push(Rtl::UntagInteger(RAX));
        rtl.push(Rtl::StoreOutgoing((i32::from(index) - 7) * 8, RAX));
    }
    for (index, register) in INTEGER_ARGUMENTS.into_iter().enumerate() {
        rtl.push(Rtl::Argument(register, index as u8 + 1));
        rtl.push(Rtl::UntagInteger(register));
    }
    let call = Rtl::Call(sum10 as *const () as i64);
    rtl.extend([call, Rtl::TagInteger(RAX), Rtl::Return]);
    rtl
}

/// Lowers a method, operation by operation.
fn lower(ops: &mut Assembler, method: DynamicLabel, case: &Case) {
    let (fail, count) = (ops.new_dynamic_label(), case.arguments.len() as i32);
    let mut outgoing = 0;
    ops.align(32, 0xCC);
    dynasm!(ops ; .arch x64 ; =>method);
    for &operation in &case.rtl {
        match operation {
            Rtl::Argument(to, index) => {
                let offset = (count - i32::from(index) + 1) * 8;
                dynasm!(ops ; .arch x64 ; mov Rq(to), [rsp + offset]);
            }
            Rtl::UntagInteger(of) => {
                dynasm!(ops ; .arch x64 ; test Rb(of), 1 ; jz =>fail ; sar Rq(of), 3);
            }
            Rtl::CheckInt(of) => {
                dynasm!(ops ; .arch x64
                    ; movsxd rax, Rd(of) ; cmp rax, Rq(of) ; jne =>fail);
            }
            Rtl::UnboxFloat(to, of) => lower_unbox(ops, to, of, fail),
            Rtl::Outgoing(bytes) => {
                outgoing = bytes;
                dynasm!(ops ; .arch x64
                    ; mov r11, [BYTE rbx + C_STACK] ; sub r11, bytes);
            }
            Rtl::StoreOutgoing(offset, of) => {
                dynasm!(ops ; .arch x64 ; mov [r11 + offset], Rq(of));
            }
            Rtl::Call(address) => {
                leave_vm_stack(ops, outgoing);
                dynasm!(ops ; .arch x64 ; mov rax, QWORD address ; call rax);
                return_to_vm_stack(ops);
            }
            Rtl::SignExtendInt(of) => dynasm!(ops ; .arch x64 ; movsxd Rq(of), Rd(of)),
            Rtl::TagInteger(of) => lower_tag(ops, of, fail),
            Rtl::BoxFloat => lower_box(ops, fail),
            Rtl::Return => dynasm!(ops ; .arch x64 ; ret (count + 1) as i16 * 8),
        }
    }
    dynasm!(ops ; .arch x64 ; =>fail ; ud2);
}

/// A word that takes more than 61 bits fails here; the real method makes a large integer of it.
fn lower_tag(ops: &mut Assembler, of: Register, fail: DynamicLabel) {
    dynasm!(ops ; .arch x64
        ; mov rcx, Rq(of) ; shl rcx, 3 ; mov rdx, rcx ; sar rdx, 3 ; cmp rdx, Rq(of) ; jne =>fail
        ; lea rax, [rcx + 1]
    );
}

fn lower_unbox(ops: &mut Assembler, to: Register, of: Register, fail: DynamicLabel) {
    dynasm!(ops ; .arch x64
        ; test Rb(of), 4 ; jz =>fail
        ; shr Rq(of), 3 ; cmp Rq(of), 1 ; jbe =>fail
        ; mov r10, QWORD EXPONENT_OFFSET as i64
        ; add Rq(of), r10 ; ror Rq(of), 1 ; movq Rx(to), Rq(of)
    );
}

fn lower_box(ops: &mut Assembler, fail: DynamicLabel) {
    dynasm!(ops ; .arch x64
        ; movq rax, xmm0 ; rol rax, 1
        ; mov r10, QWORD EXPONENT_OFFSET as i64
        ; sub rax, r10
        ; mov r10, QWORD (1 << 61) - 2
        ; lea rcx, [rax - 2] ; cmp rcx, r10 ; jae =>fail
        ; lea rax, [rax * 8 + 4]
    );
}

fn leave_vm_stack(ops: &mut Assembler, outgoing: i32) {
    dynasm!(ops ; .arch x64
        ; mov r14, rsp
        ; mov [BYTE rbx + VM_SP], rsp ; mov [BYTE rbx + VM_FP], rbp
    );
    if outgoing == 0 {
        dynasm!(ops ; .arch x64 ; mov rsp, [BYTE rbx + C_STACK]);
    } else {
        dynasm!(ops ; .arch x64 ; mov rsp, r11);
    }
}

fn return_to_vm_stack(ops: &mut Assembler) {
    dynasm!(ops ; .arch x64
        ; mov rsp, r14
        ; mov rcx, [BYTE rbx + ERRNO_ADDRESS] ; mov ecx, [rcx] ; mov [BYTE rbx + ERRNO], ecx
    );
}
