//! Record 2: into machine code from Rust, and out of machine code to a run-time helper.

use crate::machine::{
    Assembler, C_STACK, CodeBlock, Enter, HELPER, Machine, VM_FP, VM_SP, counted_loop, emit_enter,
    enter_function,
};
use crate::table::{CHECKED_ITERATIONS, Table};
use dynasm::dynasm;
use dynasmrt::{AssemblyOffset, DynasmApi};

/// How a helper is called from a loop on the VM stack.
#[derive(Clone, Copy)]
enum Leave {
    /// Without leaving the stack: what the call itself costs.
    SameStack,
    /// rsp and rbp to the context, the C stack from it, rsp back from it.
    Reload,
    /// rsp back from a callee-saved register.
    Register,
}

pub(crate) fn crossings() {
    let machine = Machine::new();
    let (block, (by_call, by_jump, leaf, leaves)) = CodeBlock::new(|ops| {
        let by_call = emit_enter(ops, false);
        let by_jump = emit_enter(ops, true);
        ops.align(32, 0xCC);
        let leaf = ops.offset();
        dynasm!(ops ; .arch x64 ; lea rax, [r12 + 1] ; ret);
        let leaves =
            [Leave::SameStack, Leave::Reload, Leave::Register].map(|leave| leave_loop(ops, leave));
        (by_call, by_jump, leaf, leaves)
    });

    let plain = plain_function(&block, leaf);
    let mut table = Table::new("From Rust into machine code and back", "crossing");
    table.row(
        "plain C call of the same code, no trampoline",
        1,
        CHECKED_ITERATIONS,
        |n| {
            for _ in 0..n {
                std::hint::black_box(plain());
            }
            n
        },
    );
    for (name, enter) in [
        (
            "`enter` trampoline, code called",
            enter_function(&block, by_call),
        ),
        (
            "`enter` trampoline, return address pushed, code jumped to",
            enter_function(&block, by_jump),
        ),
    ] {
        let (machine, code) = (&machine, block.at(leaf));
        table.row(name, 1, CHECKED_ITERATIONS, move |n| {
            enter_often(machine, enter, code, n)
        });
    }
    table.print();

    let mut table = Table::new("From machine code to a Rust helper and back", "crossing");
    let rows = [
        "call through the table in the context, no switch",
        "stack switch, rsp reloaded from the context",
        "stack switch, rsp kept in a callee-saved register",
    ];
    for (name, entry) in rows.into_iter().zip(leaves) {
        let (machine, block) = (&machine, &block);
        table.row(name, 1, CHECKED_ITERATIONS, move |n| {
            machine.run(block, entry, n)
        });
    }
    table.print();
}

/// Enters a leaf that answers one more than it is given, each time with the last answer.
fn enter_often(machine: &Machine, enter: Enter, code: *const u8, iterations: u64) -> u64 {
    let mut value = 0;
    for _ in 0..iterations {
        value = enter(machine.context(), code, value);
    }
    value
}

#[expect(unsafe_code, reason = "calls machine code as a C function")]
fn plain_function(block: &CodeBlock, leaf: AssemblyOffset) -> extern "C" fn() -> u64 {
    // SAFETY: the leaf only writes rax and returns, which makes it a C function of this type.
    unsafe { std::mem::transmute::<*mut u8, extern "C" fn() -> u64>(block.at(leaf)) }
}

/// `value := helper(value)` in a loop; the helper answers one more.
fn leave_loop(ops: &mut Assembler, leave: Leave) -> AssemblyOffset {
    let same_stack = matches!(leave, Leave::SameStack);
    counted_loop(
        ops,
        |ops| {
            if same_stack {
                dynasm!(ops ; .arch x64 ; mov r14, rsp ; mov rsp, [BYTE rbx + C_STACK]);
            }
        },
        |ops, _| {
            dynasm!(ops ; .arch x64 ; mov rdi, r15);
            if matches!(leave, Leave::Register) {
                dynasm!(ops ; .arch x64 ; mov r14, rsp);
            }
            if !same_stack {
                dynasm!(ops ; .arch x64
                    ; mov [BYTE rbx + VM_SP], rsp ; mov [BYTE rbx + VM_FP], rbp
                    ; mov rsp, [BYTE rbx + C_STACK]);
            }
            dynasm!(ops ; .arch x64 ; call QWORD [BYTE rbx + HELPER] ; mov r15, rax);
            match leave {
                Leave::SameStack => dynasm!(ops ; .arch x64 ; cmp r12, 1 ; cmove rsp, r14),
                Leave::Reload => dynasm!(ops ; .arch x64 ; mov rsp, [BYTE rbx + VM_SP]),
                Leave::Register => dynasm!(ops ; .arch x64 ; mov rsp, r14),
            }
        },
    )
}
