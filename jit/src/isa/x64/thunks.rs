//! The code of thunks.

use super::registers::asm;
use crate::thunks::THUNK_BYTES;
use dynasmrt::x64::X64Relocation;
use dynasmrt::{DynasmApi, VecAssembler};

/// `count` thunks. Slot 0 lies `distance` bytes behind thunk 0; slots are `slot_bytes` apart. A thunk
/// leaves the address of its slot in r11 and goes to the slot's first word. It may be the target of an
/// indirect call where the processor asks for such to be marked (psABI, 11.1).
pub fn assemble(count: usize, distance: usize, slot_bytes: usize) -> Vec<u8> {
    let mut ops = VecAssembler::<X64Relocation>::new(0);
    for number in 0..count {
        let slot = (distance + number * slot_bytes) as i32;
        ops.extend(ENDBR64);
        asm!(ops
            ; lea r11, [rip + slot - (number * THUNK_BYTES) as i32 - LEA_END]
            ; jmp QWORD [r11]
            ; .align 16, 0xCC
        );
    }
    ops.finalize().expect("thunks refer to no labels")
}

const ENDBR64: [u8; 4] = [0xF3, 0x0F, 0x1E, 0xFA];
/// From a thunk's beginning to the end of its `lea`, which its displacement counts from.
const LEA_END: i32 = ENDBR64.len() as i32 + 7;
