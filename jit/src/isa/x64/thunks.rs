//! The code of thunks.

use super::callbacks::{Convention, call_from_elsewhere};
use super::registers::asm;
use crate::thunks::THUNK_BYTES;
use dynasmrt::x64::X64Relocation;
use dynasmrt::{DynasmApi, DynasmLabelApi, VecAssembler};
use std::mem::offset_of;
use vm::callback::{CallShape, CallbackSlot};
use vm::context::VmContext;

const CONTEXT: i8 = offset_of!(CallbackSlot, context) as i8;
const MICROSOFT: i8 = (offset_of!(CallbackSlot, shape) + offset_of!(CallShape, microsoft)) as i8;
const THREAD: i32 = offset_of!(VmContext, thread) as i32;
const _: () = assert!(offset_of!(CallbackSlot, entry) == 0);

/// `count` thunks, and behind them what they share. Slot 0 lies `distance` bytes behind thunk 0; slots are
/// `slot_bytes` apart. A thunk leaves the address of its slot in r11, and goes to the slot's first word
/// unless another thread than the VM's has called. It may be the target of an indirect call where the processor
/// asks for such to be marked (psABI, 11.1).
pub fn assemble(count: usize, distance: usize, slot_bytes: usize) -> Vec<u8> {
    let mut ops = VecAssembler::<X64Relocation>::new(0);
    for number in 0..count {
        let slot = (distance + number * slot_bytes) as i32;
        ops.extend(ENDBR64);
        asm!(ops
            ; lea r11, [rip + slot - (number * THUNK_BYTES) as i32 - LEA_END]
            ; jmp >shared
        );
    }
    asm!(ops
        ; shared:
        ; mov r10, [BYTE r11 + CONTEXT]
        ; mov r10, [r10 + THREAD]
    );
    ops.extend(COMPARE_THREAD);
    asm!(ops
        ; jne >elsewhere
        ; jmp QWORD [r11]
        ; elsewhere:
        ; cmp DWORD [BYTE r11 + MICROSOFT], BYTE 0
        ; jne >microsoft
    );
    call_from_elsewhere(&mut ops, Convention::SystemV);
    asm!(ops; microsoft:);
    call_from_elsewhere(&mut ops, Convention::Microsoft);
    ops.finalize().expect("every label is marked")
}

const ENDBR64: [u8; 4] = [0xF3, 0x0F, 0x1E, 0xFA];
/// `cmp r10, fs:[0]`: the thread pointer is at its own address.
const COMPARE_THREAD: [u8; 9] = [0x64, 0x4C, 0x3B, 0x14, 0x25, 0, 0, 0, 0];
/// From a thunk's beginning to the end of its `lea`, which its displacement counts from.
const LEA_END: i32 = ENDBR64.len() as i32 + 7;
