//! Where a method goes on whose foreign function the processor has stopped.
//!
//! Behind every call of a foreign function stands an instruction that has no use but to tell where the call *lands* if
//! the function never comes back, in the cold code behind the method's own:
//!
//! ```text
//!            call function
//!   return:  4C 8D 15 distance         lea temp, [landing]
//!            …
//!            A9 stack bytes            test eax, bytes from the return address up to c_sp; never executed
//!   landing: what ends the call, then `fail`
//! ```
//!
//! So whoever catches a fault finds the way with nothing but the context: below `c_sp` lies what the call has put
//! on the C stack, its arguments and then the return address.

use super::calls::ForeignCall;
use super::lower::Lowering;
use super::registers::asm;
use super::stubs::{FP, SP};
use dynasmrt::{DynamicLabel, DynasmApi, DynasmLabelApi};
use std::mem::size_of;
use vm::context::VmContext;
use vm::failure::Failure;

/// `lea temp, [rip + distance]` without the distance.
const MARK: [u8; 3] = [0x4C, 0x8D, 0x15];
/// Bytes of the mark with the distance.
const MARK_BYTES: u64 = MARK.len() as u64 + 4;
/// Bytes of a return address.
const RETURN: u64 = size_of::<u64>() as u64;
/// Where C has lost its stack pointer, the return address is searched for so many bytes down.
const SEARCHED: u64 = 64 << 10;
/// More than any C stack has.
const STACK_BYTES: u64 = 1 << 32;

/// A call whose landing is not yet made.
pub(super) struct Landing {
    label: DynamicLabel,
    /// From the return address up to `c_sp`.
    reserved: u32,
    foreign: Option<ForeignCall>,
}

impl Lowering<'_> {
    /// Marks the call that was just made.
    pub(super) fn mark_call(&mut self) {
        let label = self.ops.new_dynamic_label();
        asm!(self.ops; lea temp, [=>label]);
        self.landings.push(Landing {
            label,
            reserved: self.reserved,
            foreign: self.foreign,
        });
    }

    /// Makes the landings of the calls, and what else is behind the code.
    pub(super) fn land(&mut self) {
        for (leaving, popped) in std::mem::take(&mut self.leavings) {
            asm!(self.ops; =>leaving; ret popped);
        }
        for landing in std::mem::take(&mut self.landings) {
            self.land_at(landing);
        }
    }

    fn land_at(&mut self, landing: Landing) {
        self.foreign = landing.foreign;
        asm!(self.ops
            ; test eax, DWORD landing.reserved as i32
            ; =>landing.label
            ; mov stack, [BYTE context + SP]
            ; mov frame, [BYTE context + FP]
        );
        self.release_addresses();
        self.give_up(0, Failure::Fault as i64);
    }
}

/// Where the innermost foreign call of the current run lands; `None` where there is none. `sp` is what C has for
/// its stack pointer.
///
/// # Safety
/// The context is that of a VM whose thread this is; from `c_sp` down to `sp`, or as far as [`SEARCHED`]
/// goes, the C stack can be read, and so can the code that its words may be return addresses into.
pub unsafe fn landing(context: &VmContext, sp: u64) -> Option<u64> {
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
        if !context.is_in_code(back) {
            return None;
        }
        // SAFETY: the caller vouches for the code.
        unsafe { landing_of(back, top - slot) }
    })
}

/// Where the call lands that returns to `back`, if it is one with so many bytes between return address and `c_sp`.
///
/// # Safety
/// There is code at `back`, and where it is a mark it is that of a foreign call.
unsafe fn landing_of(back: u64, stack_bytes: u64) -> Option<u64> {
    // SAFETY: the caller vouches for the code.
    unsafe {
        if (back as *const [u8; 3]).read() != MARK {
            return None;
        }
        let distance = ((back + MARK.len() as u64) as *const i32).read_unaligned();
        let landing = (back + MARK_BYTES).wrapping_add_signed(i64::from(distance));
        let reserved = ((landing - 4) as *const u32).read_unaligned();
        (u64::from(reserved) == stack_bytes).then_some(landing)
    }
}
