//! The shared code of x86-64.

use super::callbacks::{DRIVE, RUN_SP};
use super::errno::{keep_errno, restore_errno};
use super::registers::asm;
use crate::rtl::Fpr;
use crate::stubs::{StubCode, StubOffsets};
use dynasmrt::x64::X64Relocation;
use dynasmrt::{DynasmApi, DynasmLabelApi, VecAssembler};
use gc::layout::{
    CLASS_INDEX_MASK, FLAG_PINNED, FLAG_WITHOUT_NUL, FORMAT_SHIFT, Format, HEADER_BYTES,
    OVERFLOW_COUNT_MASK, SLOTS_OVERFLOW, SLOTS_SHIFT,
};
use std::mem::offset_of;
use vm::context::{Outcome, VmContext};
use vm::entry::{ENTRY_COUNT, Entry};
use vm::known::index;

pub(super) const SP: i8 = offset_of!(VmContext, sp) as i8;
pub(super) const FP: i8 = offset_of!(VmContext, fp) as i8;
pub(super) const C_SP: i8 = offset_of!(VmContext, c_sp) as i8;
pub(super) const VALUE: i8 = offset_of!(VmContext, value) as i8;
pub(super) const FAILURE: i8 = offset_of!(VmContext, failure) as i8;
pub(super) const FAILURE_ARGUMENT: i8 = offset_of!(VmContext, failure_argument) as i8;
pub(super) const ERRNO: i8 = offset_of!(VmContext, errno) as i8;
pub(super) const STACK_LIMIT: i8 = offset_of!(VmContext, stack_limit) as i8;
pub(super) const NIL: i8 = offset_of!(VmContext, nil) as i8;
pub(super) const RESUME_PC: i8 = offset_of!(VmContext, resume_pc) as i8;
pub(super) const UNUSUAL_NIL_TESTS: i32 = offset_of!(VmContext, unusual_nil_tests) as i32;
const FAILED_METHOD: i32 = offset_of!(VmContext, failed_method) as i32;
pub(super) const ENTRIES: i32 = offset_of!(VmContext, entries) as i32;
// The fields above are reached with one-byte displacements.
const _: () = assert!(offset_of!(VmContext, resume_pc) <= i8::MAX as usize);
const _: () = assert!(offset_of!(VmContext, sp) < offset_of!(VmContext, errno));

/// Float registers, all of which a C function may clobber (psABI 3.2.1).
const SAVED_FLOATS: u8 = 16;
/// What the entry stub pushes and reserves: 7 general registers, 16 of 16 bytes, and 8 to keep
/// the C stack a multiple of 16.
const FLOAT_AREA: i32 = SAVED_FLOATS as i32 * 16 + 8;
const _: () = assert!((FLOAT_AREA + 7 * 8) % 16 == 0);

/// Assembles the stubs.
pub fn assemble() -> StubCode {
    let mut ops = VecAssembler::<X64Relocation>::new(0);
    let entering = assemble_enter(&mut ops);
    let c_string = assemble_c_string(&mut ops);
    let entries = assemble_entries(&mut ops);
    StubCode {
        bytes: ops
            .finalize()
            .expect("stubs refer to their own labels only"),
        offsets: StubOffsets {
            c_string,
            entries,
            ..entering
        },
    }
}

fn begin(ops: &mut VecAssembler<X64Relocation>) -> u32 {
    asm!(ops; .align 16, 0xCC);
    ops.offset().0 as u32
}

/// Saves what a callee keeps for its caller (psABI, 3.2.1).
pub(super) fn push_saved_registers(ops: &mut VecAssembler<X64Relocation>) {
    asm!(ops
        ; push rbp
        ; push rbx
        ; push r12
        ; push r13
        ; push r14
        ; push r15
    );
}

/// Undoes [`push_saved_registers`].
pub(super) fn pop_saved_registers(ops: &mut VecAssembler<X64Relocation>) {
    asm!(ops
        ; pop r15
        ; pop r14
        ; pop r13
        ; pop r12
        ; pop rbx
        ; pop rbp
    );
}

/// `extern "C" fn(context: rdi, code: rsi) -> Outcome`, and the way out for `fail`.
///
/// ```text
///           C stack                                VM stack
///           return address                         receiver
///           rbp rbx r12 r13 r14 r15, padding       arguments
///           exit: where code that leaves goes      return address (enter_return)  <- rsp
///  c_sp ->  c_sp of the run outside of this one
/// ```
///
/// `c_sp` is a multiple of 16: the return address, six registers, padding, the way out and the old
/// `c_sp` are 80 bytes. Code leaves to whatever is above it on the C stack by way of its `exit`: this
/// stub, or a callback that C has called.
fn assemble_enter(ops: &mut VecAssembler<X64Relocation>) -> StubOffsets {
    let enter = begin(ops);
    push_saved_registers(ops);
    asm!(ops
        ; lea temp, [>to_rust]
        ; push temp
        ; push temp
        ; push QWORD [BYTE rdi + C_SP]
        ; mov context, rdi
        ; mov [BYTE context + C_SP], rsp
    );
    restore_errno(ops);
    asm!(ops
        ; mov stack, [BYTE context + SP]
        ; mov frame, [BYTE context + FP]
        ; call rsi
        ; enter_return:
    );
    let enter_return = ops.offset().0 as u32;
    asm!(ops
        ; mov [BYTE context + VALUE], result
        ; mov [BYTE context + SP], stack
        ; mov [BYTE context + FP], frame
        ; mov eax, Outcome::Returned as i32
        ; leave:
    );
    keep_errno(ops);
    asm!(ops
        ; mov rsp, [BYTE context + C_SP]
        ; pop QWORD [BYTE context + C_SP]
        ; pop temp
        ; jmp temp
        ; to_rust:
        ; add rsp, 8
    );
    pop_saved_registers(ops);
    asm!(ops; ret);
    let exit_failed = begin(ops);
    asm!(ops; mov [context + FAILED_METHOD], temp2);
    let exit_faulted = ops.offset().0 as u32;
    // The return address comes off the VM stack, but the method's failure code may still have to
    // return there: `value` gets it, or 0 where `enter` itself was the caller.
    asm!(ops
        ; pop temp
        ; lea temp2, [<enter_return]
        ; xor eax, eax
        ; cmp temp, temp2
        ; cmove temp, rax
        ; mov [BYTE context + VALUE], temp
        ; mov [BYTE context + SP], stack
        ; mov [BYTE context + FP], frame
        ; mov eax, Outcome::Failed as i32
        ; jmp <leave
    );
    let go = begin(ops);
    asm!(ops
        ; push rbp
        ; push rbx
        ; push r12
        ; push r13
        ; push r14
        ; push r15
        ; lea temp, [<to_rust]
        ; push temp
        ; push temp
        ; push QWORD [BYTE rdi + C_SP]
        ; mov context, rdi
        ; mov [BYTE context + C_SP], rsp
    );
    restore_errno(ops);
    asm!(ops
        ; mov stack, [BYTE context + SP]
        ; mov frame, [BYTE context + FP]
        ; mov result, rdx
        ; jmp rsi
    );
    let exit_activate = begin(ops);
    asm!(ops
        ; mov [BYTE context + VALUE], temp
        ; mov eax, Outcome::Activate as i32
        ; jmp BYTE >out
    );
    let exit_interpret = begin(ops);
    asm!(ops
        ; mov eax, Outcome::Interpret as i32
        ; jmp BYTE >out
    );
    let unwinding = begin(ops);
    asm!(ops
        ; mov eax, Outcome::Unwinding as i32
        ; jmp BYTE >out
    );
    let exit_unlinked = begin(ops);
    asm!(ops
        ; mov eax, Outcome::Unlinked as i32
        ; out:
        ; mov [BYTE context + SP], stack
        ; mov [BYTE context + FP], frame
        ; jmp <leave
    );
    let callback_exit = begin(ops);
    // The two words that were popped are still there: nothing has used the stack since.
    asm!(ops
        ; lea cstack, [rsp - 16]
        ; mov rsp, cstack
        ; mov [BYTE context + C_SP], cstack
        ; mov rdi, context
        ; mov rsi, cstack
        ; mov edx, eax
        ; call QWORD [context + DRIVE]
        ; mov temp, rax
    );
    restore_errno(ops);
    asm!(ops
        ; mov result, [BYTE context + VALUE]
        ; mov stack, [cstack + RUN_SP]
        ; jmp temp
    );
    StubOffsets {
        unwinding,
        callback_exit,
        enter,
        enter_return,
        exit_failed,
        exit_faulted,
        go,
        exit_unlinked,
        exit_interpret,
        exit_activate,
        c_string: 0,
        entries: [0; ENTRY_COUNT],
    }
}

/// Checks that `temp` is a byte object without a NUL among its bytes: then the zero flag is set
/// and `temp` is the address of the first byte. Clobbers `temp2` and `ftemp`, keeps the rest.
///
/// A String that has none, and that nobody has pinned, is marked as such: see `FLAG_WITHOUT_NUL`.
///
/// A word of eight bytes is looked at at once, the last one first. The unused bytes of that one, which are zero, are filled
/// with ones before: `fillers` has a row for each number of them.
fn assemble_c_string(ops: &mut VecAssembler<X64Relocation>) -> u32 {
    asm!(ops; .align 16, 0xCC; zeros:; .u64 0; .u64 0; fillers:);
    for unused in 1..=8u32 {
        asm!(ops; .u64 u64::MAX.checked_shl(64 - 8 * unused).unwrap_or(u64::MAX); .u64 0);
    }
    let c_string = begin(ops);
    asm!(ops
        ; test temp_b, TAG_MASK
        ; jnz BYTE >refuse
        ; mov temp2, [temp]
        ; test temp2_d, BYTES_FORMAT
        ; jnz BYTE >look
        ; test rsp, rsp                         // clears the zero flag
        ; refuse:
        ; ret

        ; look:
        ; push rax
        ; push rcx
        ; push temp
        ; mov rcx, temp2
        ; shr rcx, SLOTS_SHIFT as i8
        ; cmp ecx, SLOTS_OVERFLOW as i32
        ; jne BYTE >counted
        ; mov rcx, [BYTE temp - 8]           // the count below a byte of ones
        ; shl rcx, COUNT_SHIFT
        ; shr rcx, COUNT_SHIFT
        ; counted:
        ; add temp, BYTE HEADER_BYTES as i8
        // The unused bytes of the last word are (format & 7) + 1.
        ; shr temp2_d, FORMAT_SHIFT as i8
        ; and temp2_d, 7
        ; shl temp2_d, 4
        ; lea rax, [<fillers]
        ; movq ftemp, [temp + rcx * 8 - 8]
        ; por ftemp, [rax + temp2]
        ; look_at_word:
        ; pcmpeqb ftemp, [<zeros]
        ; pmovmskb eax, ftemp
        ; test al, al
        ; jnz BYTE >done
        ; dec rcx
        ; jz BYTE >done
        ; movq ftemp, [temp + rcx * 8 - 8]
        ; jmp BYTE <look_at_word
        ; done:
        ; pop rcx                               // the object
        ; jnz BYTE >finished
        ; mov eax, [rcx]
        ; and eax, FIXED_TEXT_MASK
        ; cmp eax, index::STRING.index() as i32
        ; jne BYTE >passed
        ; or DWORD [rcx], FLAG_WITHOUT_NUL as i32
        ; passed:
        ; xor eax, eax                          // sets the zero flag
        ; finished:
        ; pop rcx
        ; pop rax
        ; ret
    );
    c_string
}

/// What tells a String that nobody has pinned, to write to it, from all else.
const FIXED_TEXT_MASK: i32 = (CLASS_INDEX_MASK | FLAG_PINNED as u32) as i32;

/// Brings an overflow word's count to the top.
const COUNT_SHIFT: i8 = OVERFLOW_COUNT_MASK.leading_zeros() as i8;
const TAG_MASK: i8 = gc::oop::TAG_MASK as i8;
/// The header bit that byte formats have and no other format has.
const BYTES_FORMAT: i32 = (Format::BYTES_BASE as i32) << FORMAT_SHIFT;
const _: () = assert!(Format::BYTES_BASE == 8);

/// One short stub per entry, which pushes the entry's place in the context's table and goes on to
/// what they share.
///
/// In: value in `temp`, further argument in `temp2`, a C stack pointer in `cstack`. Out: the
/// zero flag is set where the entry succeeded; `temp` is the context's value. Every register but
/// the temp ones keeps its value.
fn assemble_entries(ops: &mut VecAssembler<X64Relocation>) -> [u32; ENTRY_COUNT] {
    let mut offsets = [0; ENTRY_COUNT];
    let shared = ops.new_dynamic_label();
    begin(ops);
    for (index, offset) in offsets.iter_mut().enumerate() {
        debug_assert_eq!(Entry::ALL[index] as usize, index);
        *offset = ops.offset().0 as u32;
        asm!(ops
            ; push DWORD index as i32 * 8
            ; jmp =>shared
        );
    }
    asm!(ops
        ; .align 16, 0xCC
        ; =>shared
        ; mov [BYTE context + SP], stack
        ; mov [BYTE context + FP], frame
        ; mov rsp, cstack
        ; push rax
        ; push rcx
        ; push rdx
        ; push rsi
        ; push rdi
        ; push r8
        ; push r9
        ; sub rsp, FLOAT_AREA
    );
    keep_errno(ops);
    for number in 0..SAVED_FLOATS {
        asm!(ops; movups [rsp + number as i32 * 16], Rx(Fpr::new(number)));
    }
    asm!(ops
        ; mov rdi, context
        ; mov rsi, temp
        ; mov rdx, temp2
        ; mov rax, [BYTE context + SP]
        ; mov rax, [rax]
        ; call QWORD [context + rax + ENTRIES]
        ; test rax, rax
        ; jz BYTE >succeeded
        ; mov [BYTE context + FAILURE], rax
        ; succeeded:
        ; mov temp2, rax
        ; mov temp, [BYTE context + VALUE]
    );
    restore_errno(ops);
    for number in 0..SAVED_FLOATS {
        asm!(ops; movups Rx(Fpr::new(number)), [rsp + number as i32 * 16]);
    }
    asm!(ops
        ; add rsp, FLOAT_AREA
        ; pop r9
        ; pop r8
        ; pop rdi
        ; pop rsi
        ; pop rdx
        ; pop rcx
        ; pop rax
        ; mov stack, [BYTE context + SP]
        ; add stack, 8
        ; test temp2, temp2
        ; ret
    );
    offsets
}
