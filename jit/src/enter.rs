//! The one place where Rust calls machine code of our own making.

use vm::context::{Outcome, VmContext};

type Enter = unsafe extern "C" fn(context: *mut VmContext, code: u64) -> u64;

/// Calls the `enter` stub at `stub`.
///
/// # Safety
/// `stub` is the address of the stub; the rest as `Compiler::enter` asks for.
pub(crate) unsafe fn enter(stub: u64, context: *mut VmContext, code: u64) -> Outcome {
    // SAFETY: the stub follows the C calling convention with this signature; the caller promises
    // that it lies at this address.
    let outcome = unsafe {
        let stub: Enter = std::mem::transmute::<usize, Enter>(stub as usize);
        stub(context, code)
    };
    let outcome = Outcome::from_number(outcome);
    debug_assert!(
        matches!(
            outcome,
            Outcome::Returned | Outcome::Failed | Outcome::Unwinding
        ),
        "marshalling ends with {outcome:?}"
    );
    outcome
}
