//! Makes another thread's call to a callback: the same registers, the same stack arguments.

use crate::trampoline::{self, Registers};
use jit::isa::host::callbacks::Convention;
use jit::isa::host::registers::{RAX, RDX};
use vm::callback::ResultRegisters;
use vm::visitors::Visit;

/// Calls the callback and leaves its results in the visitor's frame.
///
/// # Safety
/// The visitor waits, its frame being what its callback's machine code has built; the VM can be called
/// back.
pub unsafe fn serve(visit: Visit) {
    let convention = Convention::from_number(i64::from(visit.shape.microsoft));
    // SAFETY: the caller vouches for the frame.
    let frame = unsafe { &mut *visit.frame };
    let mut registers = Registers::new();
    for (register, &value) in convention.integers().iter().zip(&frame.integer_registers) {
        registers.general[register.number() as usize] = value;
    }
    for (register, value) in registers.float.iter_mut().zip(&frame.float_registers) {
        *register = u128::from(value[0]) | u128::from(value[1]) << 64;
    }
    let arguments = visit.frame as u64 + convention.stack_offset() as u64;
    let stack: Vec<u128> = (0..u64::from(visit.shape.stack_bytes.div_ceil(16)))
        // SAFETY: the visitor's stack arguments lie there; a last odd word is its caller's.
        .map(|index| unsafe { ((arguments + 16 * index) as *const u128).read_unaligned() })
        .collect();
    // SAFETY: a thunk's slot is never unmapped.
    let thunk = unsafe { (*frame.slot).thunk };
    let errno_location = vm::entry::errno_location();
    // SAFETY: the thunk takes what the visitor has passed to it.
    unsafe { trampoline::call(&mut registers, &stack, thunk, errno_location) };
    let words = |value: u128| [value as u64, (value >> 64) as u64];
    frame.results = ResultRegisters {
        general: [RAX, RDX].map(|register| registers.general[register.number() as usize]),
        float: [words(registers.float[0]), words(registers.float[1])],
        x87: registers.x87.map(words),
        x87_count: registers.x87_count,
    };
}
