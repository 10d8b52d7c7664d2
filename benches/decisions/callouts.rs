//! Record 2: `int add(int, int)` called from compiled code, with and without a stack switch.
//!
//! The first table is the bare call: both arguments constant, the sum added up. The second is a
//! whole external-call method, reached by a send: arguments loaded from the VM stack, checked,
//! untagged, the result tagged. No callee here calls back, so that nothing else uses the stacks.

use crate::machine::{
    Assembler, C_STACK, CodeBlock, ERRNO, ERRNO_ADDRESS, EXTERNAL_METHOD, Machine, NIL, VM_FP,
    VM_SP, counted_loop,
};
use crate::table::{CHECKED_ITERATIONS, Table};
use dynasm::dynasm;
use dynasmrt::{AssemblyOffset, DynamicLabel, DynasmApi, DynasmLabelApi};
use std::hint::black_box;

/// The foreign function, as a C compiler would make it.
#[inline(never)]
pub(crate) extern "C" fn add(a: i32, b: i32) -> i32 {
    a.wrapping_add(b)
}

/// The type of [`add`].
pub(crate) type Add = extern "C" fn(i32, i32) -> i32;

/// How the call gets to the C stack and back.
#[derive(Clone, Copy, PartialEq)]
enum Switch {
    /// One stack for both: the loop is on the C stack already, and aligned.
    OneStack,
    /// One stack for both, alignment unknown.
    OneStackAligned,
    /// rsp and rbp stored in the context, rsp loaded back from it.
    Reload,
    /// The same, but rsp comes back from a callee-saved register.
    Register,
    /// The same, but rsp comes back from the frame pointer.
    FromFrame,
}

/// One way to make the call.
#[derive(Clone, Copy)]
struct Way {
    switch: Switch,
    errno: bool,
    /// The number of the external method stored in the context, for stack walks.
    numbered: bool,
    frame: bool,
}

const fn way(switch: Switch, errno: bool, frame: bool) -> Way {
    Way {
        switch,
        errno,
        numbered: false,
        frame,
    }
}

/// What the record decides.
const NUMBERED: Way = Way {
    numbered: true,
    ..way(Switch::Register, true, false)
};

const BARE: [(&str, Way); 6] = [
    ("one stack", way(Switch::OneStack, false, false)),
    (
        "one stack, aligned at the call",
        way(Switch::OneStackAligned, false, false),
    ),
    (
        "switch, rsp reloaded from the context",
        way(Switch::Reload, false, false),
    ),
    (
        "switch, rsp kept in a callee-saved register",
        way(Switch::Register, false, false),
    ),
    (
        "switch, reloaded, errno kept",
        way(Switch::Reload, true, false),
    ),
    (
        "switch, register, errno kept",
        way(Switch::Register, true, false),
    ),
];

const METHODS: [(&str, Way); 8] = [
    (
        "frameless, one stack, aligned at the call",
        way(Switch::OneStackAligned, false, false),
    ),
    (
        "frameless, switch, reloaded",
        way(Switch::Reload, false, false),
    ),
    (
        "frameless, switch, register",
        way(Switch::Register, false, false),
    ),
    (
        "frameless, switch, reloaded, errno kept",
        way(Switch::Reload, true, false),
    ),
    (
        "frameless, switch, register, errno kept",
        way(Switch::Register, true, false),
    ),
    (
        "frameless, switch, register, errno kept, method's number stored",
        NUMBERED,
    ),
    (
        "full frame, switch, reloaded, errno kept",
        way(Switch::Reload, true, true),
    ),
    (
        "full frame, switch, from rbp, errno kept",
        way(Switch::FromFrame, true, true),
    ),
];

pub(crate) fn callouts() {
    let machine = Machine::new();
    let (block, (in_register, bare, methods)) = CodeBlock::new(|ops| {
        let in_register = register_loop(ops);
        let bare = BARE.map(|(_, way)| bare_loop(ops, way));
        (
            in_register,
            bare,
            METHODS.map(|(_, way)| method_loop(ops, way)),
        )
    });
    let run = |entry| {
        let (machine, block) = (&machine, &block);
        move |n| machine.run(block, entry, n)
    };
    let sum = CHECKED_ITERATIONS * 7;

    let mut table = Table::new(
        "Bare call-out `int add(int, int)` in a compiled loop",
        "call",
    );
    table.row(
        "Rust loop, volatile function pointer",
        1,
        sum,
        volatile_loop,
    );
    table.row(
        "machine code, one stack, address in a register",
        1,
        sum,
        run(in_register),
    );
    for ((name, _), entry) in BARE.into_iter().zip(bare) {
        table.row(format!("machine code, {name}"), 1, sum, run(entry));
    }
    table.print();

    let mut table = Table::new(
        "The method `add: a to: b` with `<C: int add(int, int)>`",
        "send",
    );
    for ((name, _), entry) in METHODS.into_iter().zip(methods) {
        table.row(name, 1, sum, run(entry));
    }
    table.print();
}

/// The loop a C compiler makes for a call through a volatile function pointer.
#[expect(unsafe_code, reason = "reads the pointer as volatile")]
fn volatile_loop(iterations: u64) -> u64 {
    let function: Add = black_box(add);
    let mut sum = 0;
    for _ in 0..iterations {
        // SAFETY: the variable is alive and initialised.
        let function = unsafe { std::ptr::read_volatile(&function) };
        sum += function(3, 4) as u64;
    }
    sum
}

/// The cheapest loop: what a C compiler makes of a call through a local pointer.
fn register_loop(ops: &mut Assembler) -> AssemblyOffset {
    counted_loop(
        ops,
        |ops| {
            dynasm!(ops ; .arch x64
                ; mov r14, rsp ; mov rsp, [BYTE rbx + C_STACK]
                ; mov r13, QWORD add as *const () as i64)
        },
        |ops, _| {
            dynasm!(ops ; .arch x64
                ; mov edi, 3 ; mov esi, 4 ; call r13 ; add r15, rax);
            restore_after_loop(ops);
        },
    )
}

/// A loop that runs on the C stack goes back to the VM stack, kept in r14, before its last jump.
fn restore_after_loop(ops: &mut Assembler) {
    dynasm!(ops ; .arch x64 ; cmp r12, 1 ; cmove rsp, r14);
}

fn bare_loop(ops: &mut Assembler, way: Way) -> AssemblyOffset {
    let on_c_stack = way.switch == Switch::OneStack;
    counted_loop(
        ops,
        |ops| {
            if on_c_stack {
                dynasm!(ops ; .arch x64 ; mov r14, rsp ; mov rsp, [BYTE rbx + C_STACK]);
            }
        },
        |ops, _| {
            dynasm!(ops ; .arch x64 ; mov edi, 3 ; mov esi, 4);
            call_foreign(ops, way);
            dynasm!(ops ; .arch x64 ; add r15, rax);
            if on_c_stack {
                restore_after_loop(ops);
            }
        },
    )
}

/// Calls `add` the given way, with the arguments in place; the result is in eax.
fn call_foreign(ops: &mut Assembler, way: Way) {
    if way.numbered {
        dynasm!(ops ; .arch x64 ; mov DWORD [BYTE rbx + EXTERNAL_METHOD], 0x1234);
    }
    match way.switch {
        Switch::OneStack => {}
        Switch::OneStackAligned => dynasm!(ops ; .arch x64 ; mov r14, rsp ; and rsp, -16),
        Switch::Reload | Switch::FromFrame => leave_vm_stack(ops),
        Switch::Register => {
            dynasm!(ops ; .arch x64 ; mov r14, rsp);
            leave_vm_stack(ops);
        }
    }
    dynasm!(ops ; .arch x64 ; mov rax, QWORD add as *const () as i64 ; call rax);
    match way.switch {
        Switch::OneStack => {}
        Switch::OneStackAligned | Switch::Register => dynasm!(ops ; .arch x64 ; mov rsp, r14),
        Switch::Reload => dynasm!(ops ; .arch x64 ; mov rsp, [BYTE rbx + VM_SP]),
        Switch::FromFrame => dynasm!(ops ; .arch x64 ; lea rsp, [BYTE rbp - 32]),
    }
    if way.errno {
        dynasm!(ops ; .arch x64
            ; mov rcx, [BYTE rbx + ERRNO_ADDRESS] ; mov ecx, [rcx] ; mov [BYTE rbx + ERRNO], ecx);
    }
}

/// What a stack walk needs is stored in the context, then the C stack is taken.
fn leave_vm_stack(ops: &mut Assembler) {
    dynasm!(ops ; .arch x64
        ; mov [BYTE rbx + VM_SP], rsp
        ; mov [BYTE rbx + VM_FP], rbp
        ; mov rsp, [BYTE rbx + C_STACK]
    );
}

/// A loop of sends to an external-call method emitted before it.
fn method_loop(ops: &mut Assembler, way: Way) -> AssemblyOffset {
    let method = ops.new_dynamic_label();
    emit_method(ops, way, method);
    counted_loop(
        ops,
        |_| (),
        |ops, _| {
            dynasm!(ops ; .arch x64
                ; mov rdi, [BYTE rbx + NIL]
                ; push rdi ; push (3 << 3) | 1 ; push (4 << 3) | 1
                ; call =>method
                ; sar rax, 3 ; add r15, rax
            );
        },
    )
}

fn emit_method(ops: &mut Assembler, way: Way, method: DynamicLabel) {
    let fail = ops.new_dynamic_label();
    ops.align(32, 0xCC);
    dynasm!(ops ; .arch x64 ; =>method);
    if way.frame {
        // The pushed method oop is a constant here; what matters is that four slots are written.
        dynasm!(ops ; .arch x64
            ; push rbp ; mov rbp, rsp
            ; push QWORD [BYTE rbx + NIL] ; push QWORD [BYTE rbx + NIL] ; push rdi ; push BYTE 1
            ; mov rdi, [BYTE rbp + 24] ; mov rsi, [BYTE rbp + 16]
        );
    } else {
        dynasm!(ops ; .arch x64 ; mov rdi, [BYTE rsp + 16] ; mov rsi, [BYTE rsp + 8]);
    }
    for_int_argument(ops, fail);
    call_foreign(ops, way);
    dynasm!(ops ; .arch x64 ; movsxd rax, eax ; lea rax, [rax * 8 + 1]);
    if way.frame {
        dynasm!(ops ; .arch x64 ; mov rsp, rbp ; pop rbp);
    }
    dynasm!(ops ; .arch x64 ; ret 24 ; =>fail ; ud2);
}

/// Checks that rdi and rsi are SmallIntegers of 32 bits, and untags them.
fn for_int_argument(ops: &mut Assembler, fail: DynamicLabel) {
    dynasm!(ops ; .arch x64
        ; test dil, 1 ; jz =>fail ; sar rdi, 3 ; movsxd rax, edi ; cmp rax, rdi ; jne =>fail
        ; test sil, 1 ; jz =>fail ; sar rsi, 3 ; movsxd rax, esi ; cmp rax, rsi ; jne =>fail
    );
}
