//! Foreign functions: libraries and symbols, and what executes external-call methods.
//!
//! ```text
//!   image (Array of Arrays) ──decode──> RTL ──┬── jit::compiler ──> machine code
//!                                             └── interpret ──> trampoline ──> C function
//! ```
//!
//! This crate never knows how bytecodes work. Start reading at [`machinery`].

pub mod decode;
#[expect(unsafe_code, reason = "handles signals")]
mod faults;
#[expect(
    unsafe_code,
    reason = "executes RTL, which reads and writes memory by address"
)]
pub mod interpret;
mod leaves;
#[expect(
    unsafe_code,
    reason = "calls libffi's functions and shares its structures"
)]
pub mod libffi;
#[expect(unsafe_code, reason = "calls the dynamic linker")]
pub mod library;
#[expect(unsafe_code, reason = "enters machine code")]
pub mod machinery;
#[expect(unsafe_code, reason = "makes the calls of other threads")]
pub mod serve;
#[expect(unsafe_code, reason = "calls foreign functions")]
pub mod trampoline;
