//! The foreign calls in a piece of code, and where each goes on whose function does not return as functions do.
//!
//! A call that is under way is found on the C stack, of which the VM knows where it begins:
//!
//! ```text
//!   c_sp ->  what the VM's run has below itself
//!            stack arguments      `reserved` bytes
//!            return address       into the piece of code: that call's `back`
//!            C's frames
//! ```
//!
//! Where the processor has stopped the function, the thread goes on at the call's *landing* (`ffi::faults`). Where a
//! callback has left the call, the function goes on to its end (`vm::callback`): a method that was called returns to
//! an address on the VM stack, which is replaced. What stands in the place of a send does not, so that there the address on
//! the C stack is replaced.

use crate::compiler::Compiler;
use vm::context::VmContext;

/// A call of a foreign function, by offsets in its piece of code.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ForeignCallSite {
    /// Where the function returns to.
    pub back: u32,
    /// Bytes of stack arguments: from the return address on the C stack up to `c_sp`.
    pub reserved: u32,
    /// Where the code goes on if the function never comes back.
    pub landing: u32,
    /// Of a call in the place of a send.
    pub sent: Option<SentCall>,
}

/// What a foreign call in the place of a send has besides, by offsets.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SentCall {
    /// Where the send returns to that the call stands for.
    pub back: u32,
    /// Where the function returns to if a callback has left the call: what is then on top of the VM stack is an
    /// address to return to.
    pub leaving: u32,
}

/// Bytes of a return address.
const RETURN: u64 = size_of::<u64>() as u64;
/// Where C has lost its stack pointer, the return address is searched for so many bytes down.
const SEARCHED: u64 = 64 << 10;
/// More than any C stack has.
const STACK_BYTES: u64 = 1 << 32;

impl Compiler {
    /// Where the innermost foreign call of the current run lands; `None` where there is none. `sp` is what C has for
    /// its stack pointer.
    ///
    /// # Safety
    /// The context is that of a VM whose thread this is; from `c_sp` down to `sp`, or as far as 64 KiB go, the C stack
    /// can be read.
    pub unsafe fn landing(&self, context: &VmContext, sp: u64) -> Option<u64> {
        let top = context.c_sp.checked_sub(RETURN)?;
        let is_near = sp <= top && top - sp < STACK_BYTES;
        let lowest = if is_near {
            sp
        } else {
            top.saturating_sub(SEARCHED)
        };
        let slots = (0..).map(|index| top - index * RETURN);
        slots.take_while(|&slot| slot >= lowest).find_map(|slot| {
            // SAFETY: the caller vouches for the stack.
            let back = unsafe { (slot as *const u64).read() };
            self.landing_of(back, top - slot)
        })
    }

    /// Where the call lands that returns to `back`, if it is one with so many bytes between return address and `c_sp`.
    fn landing_of(&self, back: u64, stack_bytes: u64) -> Option<u64> {
        let (base, about) = self.space.piece_around(back)?;
        let mut sites = about.foreign_calls.iter();
        sites.find_map(|site| {
            let leaving = site.sent.map(|sent| sent.leaving);
            let landing = match back.wrapping_sub(base) {
                offset if offset == u64::from(site.back) => site.landing,
                // The call is to be left, and this is as good as its return.
                offset if Some(offset) == leaving.map(u64::from) => leaving?,
                _ => return None,
            };
            (u64::from(site.reserved) == stack_bytes).then_some(base + u64::from(landing))
        })
    }

    /// Lets the foreign function under way return to its call's `leaving`, where the call stands for a send that returns to
    /// `back`; elsewhere nothing happens. `c_sp` is that of the run that made the call.
    ///
    /// # Safety
    /// From `c_sp` down to the stack pointer the C stack is this thread's.
    pub unsafe fn leave_call(&self, back: u64, c_sp: u64) {
        let Some((base, about)) = self.space.piece_around(back) else {
            return;
        };
        let address = |offset: u32| base + u64::from(offset);
        for site in &about.foreign_calls {
            let slot = (c_sp - u64::from(site.reserved) - RETURN) as *mut u64;
            let Some(sent) = site.sent else { continue };
            // SAFETY: the caller vouches for the stack, and while the send has not returned, a call that stands for it
            // is under way: its return address lies there.
            unsafe {
                if address(sent.back) == back && slot.read() == address(site.back) {
                    slot.write(address(sent.leaving));
                }
            }
        }
    }
}
