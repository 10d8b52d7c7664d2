//! External-call methods that must stay, though their classes may have others by now: calls of theirs are under way, and
//! what comes behind C in their code, or their failure code where the call fails, is to run yet.
#![expect(unsafe_code, reason = "looks at the chain of suspended runs")]

use crate::lookup;
use crate::vm::Vm;
use gc::oop::Oop;

/// The methods. The collector starts from them.
#[derive(Default)]
pub(crate) struct CalledMethods {
    /// Those that the interpreter calls, innermost last.
    by_interpreter: Vec<Oop>,
    /// Machine code notes nothing: all that were taken from their classes while any call was under way.
    replaced: Vec<Oop>,
}

impl CalledMethods {
    /// The interpreter calls a method.
    pub(crate) fn enter(&mut self, method: Oop) {
        self.by_interpreter.push(method);
    }

    /// The call that began last is over.
    pub(crate) fn leave(&mut self) {
        self.by_interpreter.pop();
    }

    /// Every method. They are old.
    pub(crate) fn each_mut(&mut self) -> impl Iterator<Item = &mut Oop> {
        self.by_interpreter.iter_mut().chain(&mut self.replaced)
    }
}

impl Vm {
    /// A class is about to lose its own method for a selector, if it has one.
    pub(crate) fn keep_called_method(&mut self, holder: Oop, selector: Oop) {
        let nil = self.nil();
        if self.is_within_call()
            && let Some(method) = lookup::own_method(self.heap(), holder, selector, nil)
            && self.is_external(method)
        {
            self.called.replaced.push(method);
        }
    }

    /// Lets go of what was kept for calls that are over.
    pub(crate) fn release_called_methods(&mut self) {
        if !self.is_within_call() {
            self.called.replaced.clear();
        }
    }

    /// Whether the current run may have been begun by a callback.
    fn is_within_call(&self) -> bool {
        // SAFETY: a run lies in an activation that lives until the run inside of it has ended.
        let outermost = unsafe { self.context.suspended.as_ref() };
        outermost.is_some_and(|run| !run.outer.is_null())
    }
}
