//! Record 2: what a frame costs, and who pops the arguments.
//!
//! The loop is `fib: n` with an activation per call and tagged arithmetic, the send a direct call
//! (record 3 measures finding it). rdi is the receiver; the caller has pushed it and the argument.
//!
//! ```text
//! [fp+24] receiver  [fp+16] n  [fp+8] return pc  [fp] caller fp
//! [fp-8] method  [fp-16] closure  [fp-24] receiver  [fp-32] bytecode pc  (or fewer)
//! ```

use crate::machine::{Assembler, CodeBlock, Machine, NIL, STACK_LIMIT, counted_loop};
use crate::table::{CHECKED_ITERATIONS, Table};
use dynasm::dynasm;
use dynasmrt::{AssemblyOffset, DynamicLabel, DynasmApi, DynasmLabelApi};

/// What an activation pushes.
#[derive(Clone, Copy)]
struct Shape {
    /// The caller's frame pointer; without it, slots are found relative to the stack pointer.
    frame_pointer: bool,
    method: bool,
    closure_and_receiver: bool,
    bytecode_pc: bool,
    /// `ret n`; otherwise the caller pops.
    callee_pops: bool,
}

/// The proposed frame.
const FULL: Shape = Shape {
    frame_pointer: true,
    method: true,
    closure_and_receiver: true,
    bytecode_pc: true,
    callee_pops: true,
};
/// Cog's frame: no slot for the bytecode pc.
const COG: Shape = Shape {
    bytecode_pc: false,
    ..FULL
};
/// Frame pointer and method only.
const MINIMAL: Shape = Shape {
    closure_and_receiver: false,
    ..COG
};
/// Nothing but the return address.
const FRAMELESS: Shape = Shape {
    frame_pointer: false,
    method: false,
    ..MINIMAL
};

/// The argument of the outermost `fib:`, how many sends it takes, and its value.
const FIB_OF: i32 = 15;
const FIB_SENDS: u64 = 1973;
const FIB_VALUE: u64 = 987;

const SHAPES: [(&str, Shape); 5] = [
    (
        "full frame (method, closure, receiver, bytecode pc), `ret n`",
        FULL,
    ),
    (
        "full frame, caller pops",
        Shape {
            callee_pops: false,
            ..FULL
        },
    ),
    ("without the bytecode pc slot (Cog's frame), `ret n`", COG),
    ("caller fp and method only, `ret n`", MINIMAL),
    ("frameless, slots found from rsp, `ret n`", FRAMELESS),
];

pub(crate) fn frames() {
    let machine = Machine::new();
    let (block, loops) = CodeBlock::with_data(
        |ops| {
            let method = ops.new_dynamic_label();
            let fibs = SHAPES.map(|(_, shape)| fib_loop(ops, shape, method));
            let tiny = SHAPES.map(|(_, shape)| tiny_loop(ops, shape, method));
            (method, fibs, tiny)
        },
        |ops, &(method, ..)| dynasm!(ops ; .arch x64 ; =>method ; .u64 0x2000),
    );
    let (_, fibs, tiny) = loops;
    let fib_sum = CHECKED_ITERATIONS * FIB_VALUE * 8;
    let tables = [
        (
            "Recursive `fib:`, one activation per send",
            FIB_SENDS,
            fib_sum,
            fibs,
        ),
        (
            "Send of a tiny method, `^ arg`, in a loop",
            1,
            CHECKED_ITERATIONS * 8,
            tiny,
        ),
    ];
    for (title, sends, expected, entries) in tables {
        let mut table = Table::new(title, "send");
        for ((name, _), entry) in SHAPES.into_iter().zip(entries) {
            let (machine, block) = (&machine, &block);
            table.row(name, sends, expected, move |n| machine.run(block, entry, n));
        }
        table.print();
    }
}

/// Calls `fib: FIB_OF` in a loop and adds up the results, less their tags.
fn fib_loop(ops: &mut Assembler, shape: Shape, method: DynamicLabel) -> AssemblyOffset {
    let fib = ops.new_dynamic_label();
    emit_fib(ops, shape, fib, method);
    call_loop(ops, shape, fib, FIB_OF)
}

fn tiny_loop(ops: &mut Assembler, shape: Shape, method: DynamicLabel) -> AssemblyOffset {
    let tiny = ops.new_dynamic_label();
    ops.align(32, 0xCC);
    dynasm!(ops ; .arch x64 ; =>tiny);
    prologue(ops, shape, method);
    if shape.frame_pointer {
        dynasm!(ops ; .arch x64 ; mov rax, [BYTE rbp + 16]);
    } else {
        dynasm!(ops ; .arch x64 ; mov rax, [BYTE rsp + 8]);
    }
    epilogue(ops, shape);
    call_loop(ops, shape, tiny, 1)
}

fn call_loop(
    ops: &mut Assembler,
    shape: Shape,
    target: DynamicLabel,
    argument: i32,
) -> AssemblyOffset {
    counted_loop(
        ops,
        |ops| dynasm!(ops ; .arch x64 ; mov rdi, [BYTE rbx + NIL]),
        |ops, _| {
            dynasm!(ops ; .arch x64
                ; mov rdi, [BYTE rbx + NIL] ; push rdi ; push argument << 3 | 1 ; call =>target);
            caller_pops(ops, shape);
            dynasm!(ops ; .arch x64 ; lea r15, [r15 + rax - 1]);
        },
    )
}

fn prologue(ops: &mut Assembler, shape: Shape, method: DynamicLabel) {
    if shape.frame_pointer {
        dynasm!(ops ; .arch x64 ; push rbp ; mov rbp, rsp);
    }
    if shape.method {
        dynasm!(ops ; .arch x64 ; push QWORD [=>method]);
    }
    if shape.closure_and_receiver {
        dynasm!(ops ; .arch x64 ; push QWORD [BYTE rbx + NIL] ; push rdi);
    }
    if shape.bytecode_pc {
        dynasm!(ops ; .arch x64 ; push BYTE 1);
    }
}

fn epilogue(ops: &mut Assembler, shape: Shape) {
    if shape.frame_pointer {
        dynasm!(ops ; .arch x64 ; mov rsp, rbp ; pop rbp);
    }
    if shape.callee_pops {
        dynasm!(ops ; .arch x64 ; ret 16);
    } else {
        dynasm!(ops ; .arch x64 ; ret);
    }
}

fn caller_pops(ops: &mut Assembler, shape: Shape) {
    if !shape.callee_pops {
        dynasm!(ops ; .arch x64 ; add rsp, 16);
    }
}

/// Loads the argument into rax and the receiver into rdi; `pushed` words lie above the return
/// address or the frame's fixed slots.
fn load_slots(ops: &mut Assembler, shape: Shape, pushed: i8) {
    if !shape.frame_pointer {
        let up = pushed * 8;
        dynasm!(ops ; .arch x64 ; mov rax, [BYTE rsp + up + 8] ; mov rdi, [BYTE rsp + up + 16]);
    } else if shape.closure_and_receiver {
        dynasm!(ops ; .arch x64 ; mov rax, [BYTE rbp + 16] ; mov rdi, [BYTE rbp - 24]);
    } else {
        dynasm!(ops ; .arch x64 ; mov rax, [BYTE rbp + 16] ; mov rdi, [BYTE rbp + 24]);
    }
}

/// `fib: n = n < 2 ifTrue: [ 1 ] ifFalse: [ (self fib: n - 1) + (self fib: n - 2) ]`
fn emit_fib(ops: &mut Assembler, shape: Shape, fib: DynamicLabel, method: DynamicLabel) {
    let slow = ops.new_dynamic_label();
    ops.align(32, 0xCC);
    dynasm!(ops ; .arch x64 ; =>fib);
    prologue(ops, shape, method);
    dynasm!(ops ; .arch x64 ; cmp rsp, [BYTE rbx + STACK_LIMIT] ; jb =>slow);
    load_slots(ops, shape, 0);
    dynasm!(ops ; .arch x64
        ; test al, 1 ; jz =>slow
        ; cmp rax, (2 << 3) | 1 ; jge >recurse
        ; mov eax, (1 << 3) | 1
    );
    epilogue(ops, shape);
    dynasm!(ops ; .arch x64
        ; recurse:
        ; sub rax, 8 ; jo =>slow
        ; push rdi ; push rax ; call =>fib
    );
    caller_pops(ops, shape);
    dynasm!(ops ; .arch x64 ; push rax);
    load_slots(ops, shape, 1);
    dynasm!(ops ; .arch x64
        ; test al, 1 ; jz =>slow
        ; sub rax, 16 ; jo =>slow
        ; push rdi ; push rax ; call =>fib
    );
    caller_pops(ops, shape);
    dynasm!(ops ; .arch x64
        ; pop rcx
        ; mov edx, eax ; and edx, ecx ; test dl, 1 ; jz =>slow
        ; sub rcx, 1 ; add rax, rcx ; jo =>slow
    );
    epilogue(ops, shape);
    dynasm!(ops ; .arch x64 ; =>slow ; ud2);
}
