//! External-call methods as the interpreter calls them.

use super::{Flow, Interpreter};
use crate::context::Outcome;
use crate::failure::Failure;
use crate::foreign::ExternalCode;
use crate::known::{KnownSelector, method};
use crate::lookup::Found;
use gc::oop::Oop;

impl Interpreter<'_> {
    /// Calls a foreign function through the code of its method; where there is none yet, the
    /// image makes it and calls again.
    pub(super) fn call_external(&mut self, found: Found, count: usize) -> Flow {
        let slot = self.vm.heap().slot(found.method, method::CODE).as_i64();
        let Some(code) = slot.and_then(ExternalCode::from_slot) else {
            return self.link_external(found, count);
        };
        self.publish();
        let Some(foreign) = self.vm.foreign.clone() else {
            return self.fail(found, Failure::Unsupported, count);
        };
        let context = &raw mut *self.vm.context;
        self.vm.called.enter(found.method);
        let outcome = match code {
            // SAFETY: receiver and arguments are on the published stack, the method's code lives as
            // long as the method, which is noted, and callbacks reach the VM through the context alone: no reference
            // into it is used before the call is back.
            ExternalCode::Plan(plan) => unsafe { foreign.call_plan(context, plan) },
            // SAFETY: as above.
            ExternalCode::Machine(address) => unsafe { foreign.enter(context, address) },
        };
        self.vm.called.leave();
        if self.vm.is_unwinding() {
            self.drop(count + 1);
            return self.go_on_unwinding();
        }
        match outcome {
            Outcome::Returned => {
                self.drop(count);
                // SAFETY: marshalling leaves the oop of its result here.
                let value = unsafe { Oop::from_bits(self.vm.context.value) };
                self.set_top(value);
                Flow::Next
            }
            Outcome::Failed
            | Outcome::Unlinked
            | Outcome::Interpret
            | Outcome::Activate
            | Outcome::Unwinding => {
                let failure = Failure::from_code(self.vm.context.failure)
                    .expect("marshalling fails with a code of the table");
                self.fail(found, failure, count)
            }
        }
    }

    /// Replaces the call by `ExternalMethod activate: method receiver: … arguments: …`.
    #[cold]
    fn link_external(&mut self, found: Found, count: usize) -> Flow {
        let Some(linker) = self.vm.kernel_class("ExternalMethod") else {
            return self.fail(found, Failure::Unsupported, count);
        };
        let arguments: Vec<Oop> = (0..count).rev().map(|depth| self.peek(depth)).collect();
        let Ok(array) = self.vm.array(&arguments) else {
            return self.out_of_memory(count);
        };
        let receiver = self.peek(count);
        self.drop(count + 1);
        for operand in [linker, found.method, receiver, array] {
            self.push(operand);
        }
        let selector = self.vm.selector(KnownSelector::ActivateExternal);
        self.send_selector(selector, 3)
    }
}
