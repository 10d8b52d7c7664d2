//! `errno` stays what the last foreign call has made of it.
//!
//! While machine code runs, the C library's own variable holds it, so that a call has nothing to do for it. Whoever goes
//! from machine code to Rust, which may make system calls, takes it along in the context, and puts it back on the way to
//! machine code. Both use rcx.

use super::registers::asm;
use super::stubs::ERRNO;
use dynasmrt::DynasmApi;
use dynasmrt::VecAssembler;
use dynasmrt::x64::X64Relocation;

/// Where `errno` lies from the thread pointer: the same in all threads, since it is in the C library's static part
/// (ELF Handling For Thread-Local Storage, 4.3.2).
fn errno_offset() -> i32 {
    let thread: u64;
    // SAFETY: reads the thread pointer, which the psABI (3.4.6) puts where fs points to; `errno` is always there.
    let errno = unsafe {
        std::arch::asm!("mov {}, fs:0", out(reg) thread, options(nostack, readonly));
        libc::__errno_location() as u64
    };
    i32::try_from(errno.wrapping_sub(thread) as i64).expect("errno is near the thread pointer")
}

/// On the way to Rust.
pub(super) fn keep_errno(ops: &mut VecAssembler<X64Relocation>) {
    asm!(ops
        // mov ecx, fs:[offset]
        ; .bytes [0x64, 0x8B, 0x0C, 0x25]
        ; .i32 errno_offset()
        ; mov [BYTE context + ERRNO], rcx
    );
}

/// On the way to machine code.
pub(super) fn restore_errno(ops: &mut VecAssembler<X64Relocation>) {
    asm!(ops
        ; mov rcx, [BYTE context + ERRNO]
        // mov fs:[offset], ecx
        ; .bytes [0x64, 0x89, 0x0C, 0x25]
        ; .i32 errno_offset()
    );
}
