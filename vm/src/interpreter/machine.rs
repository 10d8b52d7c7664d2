//! The driver: into machine code, out of it, and what is to be done in between.
//!
//! While machine code has the current frame, `ip` is null and `pending` is the return address that
//! the answer goes to: of a compiled frame, or `interpreter_return` where the frame is interpreted.

use super::{Flow, Interpreter};
use crate::bytecode::{Bytecode, SEEN_OTHERS};
use crate::compile::NotCompiled;
use crate::context::{Outcome, VmContext};
use crate::failure::Failure;
use crate::foreign::ExternalCode;
use crate::frame;
use crate::header;
use crate::known::method;
use crate::lookup::{self, Found};
use crate::primitives::{self, Primitive};
use crate::stack;
use gc::layout::ClassIndex;
use gc::oop::Oop;
use std::sync::atomic::Ordering;

/// How machine code is entered next.
#[derive(Clone, Copy, Debug)]
pub(super) enum Target {
    /// A method's code: receiver and arguments are on the stack.
    Call(u64),
    /// A place in the current frame, which gets the value.
    Go(u64, u64),
}

/// What a method's counter is set to where it is not to be compiled.
const NEVER: i64 = -(1 << 50);
/// The same where all code in a full code space runs.
const LATER: i64 = -100_000;

/// The send that a compiled frame waits in.
struct Site {
    selector: Oop,
    arguments: usize,
    is_super: bool,
}

impl Interpreter<'_> {
    /// The address of a method's code, where it has some or is hot enough to get some.
    #[inline(always)]
    pub(super) fn code_for(&mut self, compiled: Oop) -> Option<u64> {
        self.vm.generator.as_ref()?;
        // SAFETY: a method has all the slots of its class.
        let code = unsafe { self.vm.heap().slot_unchecked(compiled, method::CODE) };
        if code != Oop::ZERO {
            return code.as_i64().map(|address| address as u64);
        }
        self.count(compiled)
    }

    /// Counts an activation or a round of a loop.
    #[inline(always)]
    fn count(&mut self, compiled: Oop) -> Option<u64> {
        // SAFETY: as above; the counter is a SmallInteger.
        let counter = unsafe { self.vm.heap().slot_unchecked(compiled, method::COUNTER) };
        let counter = counter.as_i64().unwrap_or(NEVER) + 1;
        // SAFETY: as above.
        unsafe {
            self.vm
                .heap_mut()
                .set_slot_unchecked(compiled, method::COUNTER, Oop::small(counter))
        };
        if counter < i64::from(self.vm.options.tiering.threshold) {
            return None;
        }
        self.compile(compiled)
    }

    #[cold]
    fn compile(&mut self, compiled: Oop) -> Option<u64> {
        // A full code space is cleared of what the published stack does not need.
        self.publish();
        self.vm.compile(compiled)
    }

    /// Enters a method's code, receiver and arguments being on the stack.
    #[inline(always)]
    pub(super) fn call_machine(&mut self, code: u64) -> Flow {
        self.save_pc();
        self.ip = std::ptr::null();
        self.target = Target::Call(code);
        Flow::Machine
    }

    /// At the head of a loop: goes on in machine code where there is some.
    #[inline(always)]
    pub(super) fn enter_loop(&mut self) -> Flow {
        let compiled = self.method();
        let Some(code) = self.code_for(compiled) else {
            return Flow::Next;
        };
        self.replace_in_loop(code)
    }

    fn replace_in_loop(&mut self, code: u64) -> Flow {
        let pc = self.ip as usize - self.code as usize;
        let generator = self.vm.generator.as_ref();
        let Some(entry) = generator.and_then(|generator| generator.loop_entry(code, pc)) else {
            return Flow::Next;
        };
        self.save_pc();
        self.ip = std::ptr::null();
        self.target = Target::Go(entry, 0);
        Flow::Machine
    }

    /// Runs machine code until it has something for the interpreter to do, and does it.
    pub(super) fn run_machine(&mut self) -> Flow {
        let mut flow = Flow::Machine;
        while flow == Flow::Machine {
            let outcome = self.enter_target();
            flow = self.after(outcome);
            if flow == Flow::Next && self.ip.is_null() {
                // Answered without an activation.
                let answer = self.take();
                flow = self.answer(answer);
            }
        }
        flow
    }

    fn enter_target(&mut self) -> Outcome {
        let target = self.target;
        let returns_here = self.vm.context.interpreter_return;
        let points = self.vm.entry_points.as_ref().expect("machine code");
        let (call, go) = (points.call, points.go);
        let pending = std::mem::replace(&mut self.pending, returns_here);
        let (function, code, value) = match target {
            Target::Call(code) if pending == returns_here => (call, code, 0),
            Target::Call(code) => {
                self.push_word(pending);
                (go, code, 0)
            }
            Target::Go(code, value) => (go, code, value),
        };
        if self.vm.heap().collection_due() || self.vm.interrupt.load(Ordering::Relaxed) != 0 {
            self.vm.context.request_safe_point();
        }
        self.vm.context.sp = self.sp;
        self.vm.context.fp = self.fp;
        let context: *mut VmContext = &raw mut *self.vm.context;
        // SAFETY: the generator made the code for this method or frame, which is on the stack as
        // the frame layout says. Code that calls back into the VM takes it from the context, and
        // nothing borrowed from it is held here meanwhile.
        let outcome = Outcome::from_number(unsafe { function(context, code, value) });
        self.sp = self.vm.context.sp;
        self.fp = self.vm.context.fp;
        self.ip = std::ptr::null();
        outcome
    }

    /// A callback's machine code has left to its driver, which begins here. Where its block has no code
    /// yet, the block and its arguments are on the stack and nothing was begun.
    pub(super) fn begin_callback(&mut self, outcome: Outcome, count: usize) -> Flow {
        if outcome == Outcome::Unlinked && self.fp == 0 {
            self.pending = self.take_word();
            let flow = self.evaluate_block(count);
            return flow.expect("callbacks are made of Blocks with the right number of arguments");
        }
        let flow = self.after(outcome);
        if flow == Flow::Next && self.ip.is_null() {
            let answer = self.take();
            return self.answer(answer);
        }
        flow
    }

    fn after(&mut self, outcome: Outcome) -> Flow {
        match outcome {
            Outcome::Returned => {
                // SAFETY: machine code returns oops.
                let answer = unsafe { Oop::from_bits(self.vm.context.value) };
                self.answer(answer)
            }
            Outcome::Unlinked => self.unlinked(),
            Outcome::Interpret => self.interpret_frame(),
            Outcome::Activate => {
                // SAFETY: the outcome says that the value is a method.
                let method = unsafe { Oop::from_bits(self.vm.context.value) };
                self.pending = self.take_word();
                self.safe_point();
                let header = lookup::header_of(self.vm.heap(), method);
                self.interpret(Found { method, header })
            }
            Outcome::Failed => self.external_failed(),
            Outcome::Unwinding => {
                self.pending = self.vm.context.unwinding_return;
                self.go_on_unwinding()
            }
        }
    }

    fn take_word(&mut self) -> u64 {
        // SAFETY: the topmost word is the return address that a call pushed.
        let word = unsafe { stack::word(self.sp) };
        self.sp += 8;
        word
    }

    /// Gives `answer` to whom `pending` says.
    fn answer(&mut self, answer: Oop) -> Flow {
        if self.vm.context.is_machine_pc(self.pending) {
            self.target = Target::Go(self.pending, answer.bits());
            self.pending = self.vm.context.interpreter_return;
            return Flow::Machine;
        }
        if self.fp == 0 {
            return Flow::Finished(answer);
        }
        self.resume_with(answer);
        Flow::Next
    }

    /// Goes on in the interpreter with a frame that stored its pc.
    fn interpret_frame(&mut self) -> Flow {
        self.enter_code(self.method());
        let pc = self.frame_oop(frame::PC).as_i64().expect("a saved pc");
        self.ip = self.code.wrapping_add(pc as usize);
        if self.vm.context.value == SPECULATION_FAILED {
            self.vm.context.value = 0;
            self.speculation_failed();
        }
        self.safe_point();
        Flow::Next
    }

    /// Machine code that was made for floats met something else: the next is made for anything.
    #[cold]
    fn speculation_failed(&mut self) {
        let compiled = self.method();
        // SAFETY: the pc of a special send was stored; its operand is the next byte. Bytecodes
        // lie in old space and are written by the VM's thread only.
        unsafe { *self.ip.add(1).cast_mut() |= SEEN_OTHERS };
        self.vm.retire_code(compiled);
    }

    /// The interpreter comes to a safe point next.
    fn safe_point(&mut self) {
        if self.vm.context.stack_limit == u64::MAX {
            self.vm.context.stack_limit = self.vm.stack_end;
        }
    }

    /// Activates a method in the interpreter, whatever code it has.
    fn interpret(&mut self, found: Found) -> Flow {
        let count = found.header.arguments();
        if found.header.primitive() != 0 || found.header.has(header::EXTERNAL) {
            return self.activate_special(found, count);
        }
        let receiver = self.peek(count);
        let class = self.vm.heap().class_index_of(found.method);
        if class == crate::known::index::COMPILED_BLOCK {
            return self.activate_block(receiver, found);
        }
        self.push_frame(found, self.vm.nil(), receiver, count)
    }

    fn site(&self, return_pc: u64) -> Site {
        let generator = self.vm.generator.as_ref().expect("machine code");
        let pc = generator
            .pc_of_send(return_pc)
            .expect("a return address behind a send");
        let heap = self.vm.heap();
        let compiled = self.method();
        let code = heap.bytes(heap.slot(compiled, method::BYTECODES));
        let (instruction, _) = Bytecode::decode(code, pc).expect("a bytecode");
        let literal =
            |index: u16| heap.slot(heap.slot(compiled, method::LITERALS), usize::from(index));
        let site = |selector, arguments: u8, is_super| Site {
            selector,
            arguments: usize::from(arguments),
            is_super,
        };
        if let Bytecode::SendSpecial { selector } = instruction {
            let special = crate::bytecode::SpecialSend::from_number(selector)
                .expect("a special send of the table");
            let symbol = self.vm.special_selector(special);
            return site(symbol, special.argument_count() as u8, false);
        }
        let is_super = matches!(instruction, Bytecode::SendSuper { .. });
        let (Bytecode::Send {
            selector,
            arguments,
        }
        | Bytecode::SendSuper {
            selector,
            arguments,
        }) = instruction
        else {
            unreachable!("machine code calls from sends only, not {instruction:?}")
        };
        site(literal(selector), arguments, is_super)
    }

    /// A send of a compiled frame, whose receiver's class it has not met before.
    #[cold]
    fn unlinked(&mut self) -> Flow {
        self.pending = self.take_word();
        let Site {
            selector,
            arguments,
            is_super,
        } = self.site(self.pending);
        let class = self.vm.heap().class_index_of(self.peek(arguments));
        let found = if is_super {
            self.find_super(selector)
        } else {
            self.vm.find_method(class, selector)
        };
        let Some(found) = found else {
            return self.does_not_understand(selector, arguments);
        };
        if let Some(code) = self.linkable_code(found) {
            let Some(code) = self.link(class, selector, found, code) else {
                return self.activate(found, arguments);
            };
            self.target = Target::Call(code);
            return Flow::Machine;
        }
        self.activate(found, arguments)
    }

    /// Lets the send before `pending` call the code of `found`; answers that code, made anew where there
    /// was no room for the link.
    fn link(&mut self, class: ClassIndex, selector: Oop, found: Found, code: u64) -> Option<u64> {
        let class_object = self.vm.class_at(class);
        let generator = self.vm.generator.as_mut().expect("machine code");
        if generator.link(self.pending, class, class_object, selector, code) {
            return Some(code);
        }
        self.publish();
        self.vm.evict_code();
        self.linkable_code(found)
    }

    /// Machine code performs `selector` with so many arguments, which are on the stack: the next time it goes on
    /// by itself.
    pub(super) fn link_performed(&mut self, selector: Oop, count: usize) {
        if !self.vm.context.is_machine_pc(self.pending) {
            return;
        }
        let class = self.vm.heap().class_index_of(self.peek(count));
        let Some(found) = self.vm.find_method(class, selector) else {
            return;
        };
        if let (Some(code), Some(generator)) =
            (self.linkable_code(found), self.vm.generator.as_mut())
        {
            generator.link_performed(class, selector, count, code);
        }
    }

    /// The code that a send to `found` may call directly.
    fn linkable_code(&mut self, found: Found) -> Option<u64> {
        let Found {
            method: compiled,
            header,
        } = found;
        if header.has(header::EXTERNAL) {
            let code = self.vm.heap().slot(compiled, method::CODE).as_i64()?;
            return (code > 0).then_some(code as u64);
        }
        if header.primitive() != 0 {
            let code = self.vm.heap().slot(compiled, method::CODE).as_i64()?;
            return match code {
                0 => self.compile(compiled),
                _ => Some(code as u64),
            };
        }
        self.code_for(compiled)
    }

    /// The code of an external-call method gave up: its failure code is activated.
    #[cold]
    fn external_failed(&mut self) -> Flow {
        let method = self.vm.context.failed_method;
        let header = lookup::header_of(self.vm.heap(), method);
        let count = header.arguments();
        if self.vm.is_unwinding() {
            self.pending = self.vm.context.unwinding_return;
            self.drop(count + 1);
            return self.go_on_unwinding();
        }
        self.pending = self.vm.context.value;
        let failure = Failure::from_code(self.vm.context.failure)
            .expect("marshalling fails with a code of the table");
        self.fail(Found { method, header }, failure, count)
    }
}

/// What machine code leaves in the context's value where floats were expected.
pub const SPECULATION_FAILED: u64 = 1;

impl crate::vm::Vm {
    /// Compiles a method now; `None` where it stays interpreted.
    pub(crate) fn compile(&mut self, compiled: Oop) -> Option<u64> {
        let mut code = self.generate(compiled)?;
        if code == Err(NotCompiled::NoRoom) && self.evict_code() {
            code = self.generate(compiled)?;
        }
        let counter = match code {
            Ok(address) => {
                self.own_code(compiled, ExternalCode::Machine(address));
                return Some(address);
            }
            Err(NotCompiled::Unsuitable) => NEVER,
            Err(NotCompiled::NoRoom) => LATER,
        };
        self.heap_mut()
            .set_slot(compiled, method::COUNTER, Oop::small(counter));
        None
    }

    fn generate(&mut self, compiled: Oop) -> Option<Result<u64, NotCompiled>> {
        let mut generator = self.generator.take()?;
        let begun = std::time::Instant::now();
        let code = generator.compile(self, compiled);
        self.compilation_time += begun.elapsed();
        self.generator = Some(generator);
        Some(code)
    }

    /// Forgets the code of a method, which frames may still run; the next activations compile it anew.
    fn retire_code(&mut self, compiled: Oop) {
        self.disown_code(compiled);
        self.unlink_sends();
    }

    /// The function of a plain primitive, for machine code to call.
    pub fn plain_primitive(number: u16) -> Option<primitives::PlainFunction> {
        match primitives::by_number(number) {
            Primitive::Plain(function) => Some(function),
            Primitive::Control(_) => None,
        }
    }
}
