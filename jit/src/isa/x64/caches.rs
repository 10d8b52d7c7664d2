//! Stubs of inline caches that met more than one class.
//!
//! A stub is gone to with the return address on top of the stack, and goes on to a method's
//! unchecked entry.

use super::registers::asm;
use crate::lowering::{Fixup, Lines, Lowered};
use dynasmrt::x64::X64Relocation;
use dynasmrt::{DynasmApi, DynasmLabelApi, VecAssembler};
use gc::layout::{CLASS_INDEX_MASK, ClassIndex, WORD_BYTES};
use gc::oop::{Oop, TAG_MASK};

/// Loads the class index of the receiver below `count` arguments into rcx.
pub(super) fn load_class(ops: &mut VecAssembler<X64Relocation>, count: usize) {
    let receiver = ((count + 1) * WORD_BYTES) as i32;
    asm!(ops
        ; mov rax, [rsp + receiver]
        ; mov ecx, eax
        ; and ecx, BYTE TAG_MASK as i8
        ; jnz BYTE >immediate
        ; mov ecx, [rax]
        ; and ecx, DWORD CLASS_INDEX_MASK as i32
        ; immediate:
    );
}

/// Leaves in temp2, which holds the table's address, that of the line for the class index in ecx and the selector in
/// temp; rdx is used. See `Methods::line`.
pub(super) fn find_line(ops: &mut VecAssembler<X64Relocation>, lines: usize) {
    let mask = lines as i32 - 1;
    asm!(ops
        ; mov rdx, temp
        ; shr rdx, 3
        ; xor edx, ecx
        ; and edx, mask
        ; shl edx, 5
        ; add temp2, rdx
    );
}

fn finish(ops: VecAssembler<X64Relocation>, fixups: Vec<Fixup>) -> Lowered {
    Lowered {
        bytes: ops
            .finalize()
            .expect("stubs refer to their own labels only"),
        fixups,
        ..Lowered::default()
    }
}

/// The last four bytes are a distance to `target`.
fn fixup(ops: &VecAssembler<X64Relocation>, target: u64) -> Fixup {
    let offset = ops.offset().0 as u32 - 4;
    Fixup { offset, target }
}

/// Goes to the target of the receiver's class, or to `unlinked`.
pub(crate) fn polymorphic(count: usize, targets: &[(ClassIndex, u64)], unlinked: u64) -> Lowered {
    let mut ops = VecAssembler::new(0);
    let mut fixups = Vec::new();
    load_class(&mut ops, count);
    for &(class, target) in targets {
        asm!(ops; cmp ecx, DWORD class.index() as i32);
        // je rel32
        ops.extend([0x0F, 0x84, 0, 0, 0, 0]);
        fixups.push(fixup(&ops, target));
    }
    asm!(ops; jmp DWORD 0);
    fixups.push(fixup(&ops, unlinked));
    finish(ops, fixups)
}

/// Looks into the table (see `methods::Line`), or goes to `unlinked`.
pub(crate) fn megamorphic(count: usize, selector: Oop, table: Lines, unlinked: u64) -> Lowered {
    let mut ops = VecAssembler::new(0);
    load_class(&mut ops, count);
    asm!(ops
        ; mov temp, QWORD selector.bits() as i64
        ; mov temp2, QWORD table.address as i64
    );
    find_line(&mut ops, table.count);
    asm!(ops
        ; cmp [temp2], rcx
        ; jne BYTE >miss
        ; cmp [temp2 + 8], temp
        ; jne BYTE >miss
        ; jmp QWORD [temp2 + 16]
        ; miss:
        ; jmp DWORD 0
    );
    let fixups = vec![fixup(&ops, unlinked)];
    finish(ops, fixups)
}
