//! The three methods as one would write them by hand: checks of all arguments merged, constants
//! loaded once, outgoing arguments pushed.

use super::{EXPONENT_OFFSET, hypot, leave_vm_stack, return_to_vm_stack, sum10};
use crate::callouts::add;
use crate::machine::{Assembler, C_STACK, VM_FP, VM_SP};
use dynasm::dynasm;
use dynasmrt::{DynamicLabel, DynasmApi, DynasmLabelApi};

pub(super) fn add_method(ops: &mut Assembler, method: DynamicLabel) {
    ops.align(32, 0xCC);
    dynasm!(ops ; .arch x64
        ; =>method
        ; mov rdi, [BYTE rsp + 16] ; mov rsi, [BYTE rsp + 8]
        ; mov eax, edi ; and eax, esi ; test al, 1 ; jz >fail
        ; sar rdi, 3 ; sar rsi, 3
        ; movsxd rax, edi ; cmp rax, rdi ; jne >fail
        ; movsxd rax, esi ; cmp rax, rsi ; jne >fail
    );
    leave_vm_stack(ops, 0);
    dynasm!(ops ; .arch x64 ; mov rax, QWORD add as *const () as i64 ; call rax);
    return_to_vm_stack(ops);
    dynasm!(ops ; .arch x64
        ; cdqe ; lea rax, [rax * 8 + 1] ; ret 24
        ; fail: ; ud2
    );
}

pub(super) fn hypot_method(ops: &mut Assembler, method: DynamicLabel) {
    ops.align(32, 0xCC);
    dynasm!(ops ; .arch x64
        ; =>method
        ; mov rax, [BYTE rsp + 16] ; mov rcx, [BYTE rsp + 8]
        ; mov edx, eax ; and edx, ecx ; test dl, 4 ; jz >fail
        ; mov r13, QWORD EXPONENT_OFFSET as i64
        ; shr rax, 3 ; cmp rax, 1 ; jbe >fail
        ; shr rcx, 3 ; cmp rcx, 1 ; jbe >fail
        ; add rax, r13 ; ror rax, 1 ; movq xmm0, rax
        ; add rcx, r13 ; ror rcx, 1 ; movq xmm1, rcx
    );
    leave_vm_stack(ops, 0);
    dynasm!(ops ; .arch x64 ; mov rax, QWORD hypot as *const () as i64 ; call rax);
    return_to_vm_stack(ops);
    dynasm!(ops ; .arch x64
        ; movq rax, xmm0 ; rol rax, 1 ; sub rax, r13
        ; mov rdx, QWORD (1 << 61) - 2 ; lea rcx, [rax - 2] ; cmp rcx, rdx ; jae >fail
        ; lea rax, [rax * 8 + 4] ; ret 24
        ; fail: ; ud2
    );
}

pub(super) fn sum10_method(ops: &mut Assembler, method: DynamicLabel) {
    ops.align(32, 0xCC);
    dynasm!(ops ; .arch x64
        ; =>method
        ; mov eax, [BYTE rsp + 8]
        ; and eax, [BYTE rsp + 16] ; and eax, [BYTE rsp + 24] ; and eax, [BYTE rsp + 32]
        ; and eax, [BYTE rsp + 40] ; and eax, [BYTE rsp + 48] ; and eax, [BYTE rsp + 56]
        ; and eax, [BYTE rsp + 64] ; and eax, [BYTE rsp + 72] ; and eax, [BYTE rsp + 80]
        ; test al, 1 ; jz >fail
        ; mov r14, rsp
        ; mov [BYTE rbx + VM_SP], rsp ; mov [BYTE rbx + VM_FP], rbp
        ; mov rsp, [BYTE rbx + C_STACK]
    );
    for offset in [8, 16, 24, 32] {
        dynasm!(ops ; .arch x64 ; mov rax, [BYTE r14 + offset] ; sar rax, 3 ; push rax);
    }
    dynasm!(ops ; .arch x64
        ; mov rdi, [BYTE r14 + 80] ; sar rdi, 3
        ; mov rsi, [BYTE r14 + 72] ; sar rsi, 3
        ; mov rdx, [BYTE r14 + 64] ; sar rdx, 3
        ; mov rcx, [BYTE r14 + 56] ; sar rcx, 3
        ; mov r8, [BYTE r14 + 48] ; sar r8, 3
        ; mov r9, [BYTE r14 + 40] ; sar r9, 3
        ; mov rax, QWORD sum10 as *const () as i64 ; call rax
    );
    return_to_vm_stack(ops);
    dynasm!(ops ; .arch x64
        ; add rax, rax ; jo >fail ; add rax, rax ; jo >fail ; add rax, rax ; jo >fail
        ; inc rax ; ret 88
        ; fail: ; ud2
    );
}
