//! Sends, activations and returns.

use super::{Flow, Interpreter, RunEnd};
use crate::failure::Failure;
use crate::frame;
use crate::header::{self, MethodHeader};
use crate::known::{KnownSelector, index, method};
use crate::lookup::{self, Found};
use crate::primitives::{self, Arguments, Primitive};
use crate::stack;
use gc::oop::Oop;

impl Interpreter<'_> {
    /// Sends `selector` to the receiver below `count` arguments.
    #[inline(always)]
    pub(super) fn send_selector(&mut self, selector: Oop, count: usize) -> Flow {
        let class = self.vm.heap().class_index_of(self.peek(count));
        match self.vm.find_method(class, selector) {
            Some(found) => self.activate(found, count),
            None => self.does_not_understand(selector, count),
        }
    }

    pub(super) fn send(&mut self, selector: u16, arguments: u8) -> Flow {
        let selector = self.literal(selector);
        self.send_selector(selector, usize::from(arguments))
    }

    pub(super) fn send_super(&mut self, selector: u16, arguments: u8) -> Flow {
        let selector = self.literal(selector);
        match self.find_super(selector) {
            Some(found) => self.activate(found, usize::from(arguments)),
            None => self.does_not_understand(selector, usize::from(arguments)),
        }
    }

    /// The method that a super send of the current method's finds.
    pub(super) fn find_super(&self, selector: Oop) -> Option<Found> {
        let above = self.superclass_of_holder();
        let nil = self.vm.nil();
        let method = lookup::lookup(self.vm.heap(), above, selector, nil)?;
        let header = lookup::header_of(self.vm.heap(), method);
        Some(Found { method, header })
    }

    /// Replaces receiver and arguments by a `doesNotUnderstand:arguments:`.
    #[cold]
    pub(super) fn does_not_understand(&mut self, selector: Oop, count: usize) -> Flow {
        let arguments: Vec<Oop> = (0..count).rev().map(|depth| self.peek(depth)).collect();
        let Ok(array) = self.vm.array(&arguments) else {
            return self.out_of_memory(count);
        };
        self.drop(count);
        self.push(selector);
        self.push(array);
        let hook = self.vm.selector(KnownSelector::DoesNotUnderstand);
        let class = self.vm.heap().class_index_of(self.peek(2));
        match self.vm.find_method(class, hook) {
            Some(found) => self.activate(found, 2),
            None => {
                let class = self.vm.class_name(self.vm.class_of(self.peek(2)));
                let selector = self.vm.text(selector);
                eprintln!(
                    "{class} understands neither {selector} nor doesNotUnderstand:arguments:"
                );
                Flow::Ended(RunEnd::Terminated)
            }
        }
    }

    /// Replaces receiver and arguments by a message of the VM's own, without arguments.
    #[cold]
    pub(super) fn send_instead(&mut self, known: KnownSelector, count: usize) -> Flow {
        self.drop(count);
        let selector = self.vm.selector(known);
        self.send_selector(selector, 0)
    }

    #[cold]
    pub(super) fn out_of_memory(&mut self, count: usize) -> Flow {
        if !self.vm.grant_memory() {
            return Flow::Ended(RunEnd::Terminated);
        }
        self.send_instead(KnownSelector::OutOfMemory, count)
    }

    /// Activates a method whose receiver and arguments are on the stack.
    #[inline(always)]
    pub(super) fn activate(&mut self, found: Found, count: usize) -> Flow {
        if found.header.primitive() != 0 || found.header.has(header::EXTERNAL) {
            return self.activate_special(found, count);
        }
        if let Some(code) = self.code_for(found.method) {
            return self.call_machine(code);
        }
        let receiver = self.peek(count);
        self.push_frame(found, self.vm.nil(), receiver, count)
    }

    pub(super) fn activate_special(&mut self, found: Found, count: usize) -> Flow {
        if found.header.has(header::EXTERNAL) {
            return self.call_external(found, count);
        }
        match primitives::by_number(found.header.primitive()) {
            Primitive::Plain(function) => {
                self.publish();
                let result = self.call_primitive(function, count);
                match result {
                    Ok(result) => {
                        self.drop(count);
                        self.set_top(result);
                        Flow::Next
                    }
                    Err(failure) => self.fail(found, failure, count),
                }
            }
            Primitive::Control(control) => match self.control(control, count) {
                Ok(flow) => flow,
                Err(failure) => self.fail(found, failure, count),
            },
        }
    }

    /// Calls a primitive; when the heap is full, once more after a full collection.
    fn call_primitive(
        &mut self,
        function: primitives::PlainFunction,
        count: usize,
    ) -> Result<Oop, Failure> {
        // SAFETY: the receiver and `count` arguments are the topmost words of the stack, and
        // nothing pops them while the primitive runs.
        let arguments = unsafe { Arguments::new(self.sp, count) };
        match function(self.vm, arguments) {
            Err(Failure::OutOfMemory) => {
                self.vm.collect_everything();
                function(self.vm, arguments)
            }
            result => result,
        }
    }

    /// Activates the failure code of a primitive or external method.
    pub(super) fn fail(&mut self, found: Found, failure: Failure, count: usize) -> Flow {
        if failure == Failure::OutOfMemory && !self.vm.grant_memory() {
            return Flow::Ended(RunEnd::Terminated);
        }
        self.vm.context.failure = failure as u64;
        let receiver = self.peek(count);
        if !self.build_frame(found, self.vm.nil(), receiver) {
            return self.recursion_too_deep(count);
        }
        if let Some(temporary) = found.header.reason_temporary()
            && let Ok(reason) = self.vm.symbol(failure.name())
        {
            self.set_frame_oop(frame::temporary(temporary), reason);
        }
        self.poll()
    }

    /// Builds the frame of a method or block activation and makes it current.
    #[inline(always)]
    pub(super) fn push_frame(
        &mut self,
        found: Found,
        closure: Oop,
        receiver: Oop,
        count: usize,
    ) -> Flow {
        if !self.build_frame(found, closure, receiver) {
            return self.recursion_too_deep(count);
        }
        self.poll()
    }

    /// As [`Interpreter::push_frame`], without the safe point; false where the stack is used up.
    #[inline(always)]
    pub(super) fn build_frame(&mut self, found: Found, closure: Oop, receiver: Oop) -> bool {
        let header = found.header;
        let words = header.temporaries() + header.max_stack() + 8;
        if self.sp - 8 * (words as u64) < self.vm.stack_end {
            return false;
        }
        self.save_pc();
        let returns_here = self.vm.context.interpreter_return;
        let return_pc = std::mem::replace(&mut self.pending, returns_here);
        self.push_word(return_pc);
        self.push_word(self.fp);
        self.fp = self.sp;
        self.push(found.method);
        self.push(closure);
        self.push(receiver);
        self.push(Oop::ZERO);
        let nil = self.vm.nil();
        for _ in 0..header.temporaries() {
            self.push(nil);
        }
        self.enter_code(found.method);
        true
    }

    /// The stack is used up: the receiver is told so, with a reserve for its handler to run in.
    #[cold]
    pub(super) fn recursion_too_deep(&mut self, count: usize) -> Flow {
        let limit = self.vm.stack_end - stack::RESERVE_BYTES;
        if limit < self.vm.stack.least_limit() {
            // Handlers of handlers went too deep: nothing is left to run one in.
            eprintln!("Recursion too deep, even for handling it");
            return Flow::Ended(RunEnd::Terminated);
        }
        self.vm.set_stack_end(limit);
        self.send_instead(KnownSelector::RecursionTooDeep, count)
    }

    /// Returns `value` from the current frame.
    #[inline(always)]
    pub(super) fn do_return(&mut self, value: Oop) -> Flow {
        // Whoever was to get an answer from here is no longer there, or is this frame's caller.
        self.pending = self.vm.context.interpreter_return;
        let count = self.current_header().arguments();
        self.sp = stack::at(self.fp, frame::receiver(count)) + 8;
        // SAFETY: fp is a live frame.
        let return_pc = unsafe { stack::word(stack::at(self.fp, frame::RETURN_PC)) };
        // SAFETY: as above.
        self.fp = unsafe { stack::word(stack::at(self.fp, frame::CALLER_FP)) };
        if self.vm.context.is_machine_pc(return_pc) {
            self.ip = std::ptr::null();
            self.target = super::machine::Target::Go(return_pc, value.bits());
            return Flow::Machine;
        }
        if self.fp == 0 {
            return Flow::Finished(value);
        }
        self.resume_with(value);
        Flow::Next
    }

    pub(super) fn return_top(&mut self) -> Flow {
        let value = self.take();
        self.do_return(value)
    }

    pub(super) fn return_self(&mut self) -> Flow {
        let value = self.frame_oop(frame::SELF);
        self.do_return(value)
    }

    fn superclass_of_holder(&self) -> Oop {
        let heap = self.vm.heap();
        let mut holder = heap.slot(self.method(), method::HOLDER);
        // The holder of a CompiledBlock is the method or block it stands in.
        while self.vm.is_compiled_code(holder) {
            holder = heap.slot(holder, method::HOLDER);
        }
        if holder == self.vm.nil() {
            // Statements of a script belong to no class: they are nil's.
            holder = self.vm.class_at(index::NIL);
        }
        heap.slot(holder, crate::known::class::SUPERCLASS)
    }

    /// The header of the current method.
    pub(super) fn current_header(&self) -> MethodHeader {
        lookup::header_of(self.vm.heap(), self.method())
    }
}

impl crate::vm::Vm {
    /// Gives the program room to handle an error of memory in. False where there is none: handlers of
    /// handlers have used it up, and the run is to end.
    pub(crate) fn grant_memory(&mut self) -> bool {
        let granted = self.heap_mut().grant_headroom();
        if !granted {
            eprintln!("Out of memory, even for handling it");
        }
        granted
    }

    /// True for a Method, CompiledBlock or Primitive.
    pub fn is_compiled_code(&self, object: Oop) -> bool {
        let class = self.heap().class_index_of(object);
        class == index::METHOD || class == index::COMPILED_BLOCK || class == index::PRIMITIVE
    }
}
