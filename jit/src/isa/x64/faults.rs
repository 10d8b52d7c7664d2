//! Where a method goes on whose foreign function does not return to it: because the processor has stopped it, or because
//! one of its callbacks has left the call.
//!
//! ```text
//!            call function
//!   back:    …
//!
//!   behind the method's code:
//!   landing: the failure `fault`
//!   leaving: ret                 a callback has replaced the address of the send that the call stands for
//! ```
//!
//! Nothing of this is executed where the function returns as functions do: the table of a piece of code's foreign calls
//! tells where they land, see [`ForeignCallSite`].

use super::calls::ForeignCall;
use super::lower::Lowering;
use super::registers::asm;
use super::stubs::{FP, SP};
use crate::call_sites::{ForeignCallSite, SentCall};
use dynasmrt::DynasmApi;
use vm::context::HOLDS_ADDRESSES;
use vm::failure::Failure;

/// A call whose landing is not yet made.
pub(super) struct Landing {
    back: u32,
    /// From the return address up to `c_sp`.
    reserved: u32,
    foreign: Option<ForeignCall>,
}

impl Lowering<'_> {
    /// Notes the call that was just made.
    pub(super) fn note_call(&mut self) {
        self.landings.push(Landing {
            back: self.offset(),
            reserved: self.reserved,
            foreign: self.foreign,
        });
    }

    /// Makes the landings of the calls.
    pub(super) fn land(&mut self) -> Vec<ForeignCallSite> {
        let landings = std::mem::take(&mut self.landings).into_iter();
        landings.map(|landing| self.land_at(landing)).collect()
    }

    fn land_at(&mut self, landing: Landing) -> ForeignCallSite {
        let at = self.offset();
        self.foreign = landing.foreign;
        self.resume_registers();
        self.give_up(0, Failure::Fault as i64);
        ForeignCallSite {
            back: landing.back,
            reserved: landing.reserved,
            landing: at,
            sent: landing.foreign.map(|foreign| self.leave(foreign)),
        }
    }

    fn leave(&mut self, foreign: ForeignCall) -> SentCall {
        let leaving = self.offset();
        self.resume_registers();
        asm!(self.ops; ret foreign.operand_bytes);
        let labels = self.ops.labels_mut();
        let back = labels.resolve_dynamic(foreign.back);
        SentCall {
            back: back.expect("the send stands before the landings").0 as u32,
            leaving,
        }
    }

    fn resume_registers(&mut self) {
        asm!(self.ops
            ; mov stack, [BYTE context + SP]
            ; mov frame, [BYTE context + FP]
        );
        if self.holds() {
            asm!(self.ops; and stack, BYTE !(HOLDS_ADDRESSES as i8));
        }
    }
}
