//! The bytecode interpreter over the VM stack.
//!
//! One [`Interpreter`] is one *run*: it executes until its first activation returns. Smalltalk
//! sends never recurse in Rust; only a run started from within a primitive or a callback nests.
#![expect(unsafe_code, reason = "reads bytecodes and VM stack words by address")]

mod activate;
mod blocks;
mod bytecodes;
mod control;
mod external;
mod frames;
mod machine;
mod special;

pub(crate) use frames::FrameRef;
pub use machine::SPECULATION_FAILED;

use crate::bytecode::Opcode;
use crate::context::Outcome;
use crate::frame;
use crate::known::{KnownSelector, method};
use crate::lookup::{self, Found};
use crate::stack::{self, SuspendedRun};
use crate::vm::{INTERRUPTED, MEMORY_FULL, VISITED, Vm};
use gc::oop::{Oop, TAG_BITS};
use std::sync::atomic::Ordering;

/// Why a run ended without a result.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RunEnd {
    /// An error that nobody handled; it was reported by the image.
    Terminated,
    /// `System exit:` with this status.
    Exit(i32),
    /// A callback is left for what lies outside of it; `context.unwinding` tells what goes on there.
    Unwinding,
}

/// Whether the run goes on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Flow {
    Next,
    /// In machine code, at `target`.
    Machine,
    Finished(Oop),
    Ended(RunEnd),
}

struct Interpreter<'vm> {
    vm: &'vm mut Vm,
    /// Address of the topmost word of the VM stack.
    sp: u64,
    /// The current frame, 0 before the first activation.
    fp: u64,
    /// The next bytecode.
    ip: *const u8,
    /// First bytecode of the current method. Methods live in old space, so this stays valid.
    code: *const u8,
    /// Start of the instruction being executed.
    start: *const u8,
    /// Number of arguments of the current method.
    arguments: usize,
    /// The return pc of the next activation.
    pending: u64,
    /// Where machine code is entered next.
    target: machine::Target,
}

impl Vm {
    /// Sends a message from Rust and runs until it answers.
    pub fn send(
        &mut self,
        receiver: Oop,
        selector: &str,
        arguments: &[Oop],
    ) -> Result<Oop, RunEnd> {
        let selector = self.symbol(selector).map_err(|_| RunEnd::Terminated)?;
        self.nested_run(|interpreter| {
            interpreter.push(receiver);
            arguments
                .iter()
                .for_each(|&argument| interpreter.push(argument));
            interpreter.send_selector(selector, arguments.len())
        })
    }

    /// Runs a method without arguments, with nil for its receiver: statements of a script.
    pub fn execute(&mut self, method: Oop) -> Result<Oop, RunEnd> {
        let header = lookup::header_of(self.heap(), method);
        self.nested_run(|interpreter| {
            let nil = interpreter.vm.nil();
            interpreter.push(nil);
            interpreter.activate(Found { method, header }, 0)
        })
    }

    /// Goes on where the machine code of a callback, whose block takes `count` arguments, has left to
    /// its driver.
    pub(crate) fn run_callback(&mut self, outcome: Outcome, count: usize) -> Result<Oop, RunEnd> {
        let (sp, fp) = (self.context.sp, self.context.fp);
        let mut interpreter = Interpreter::new(self, sp);
        interpreter.fp = fp;
        let flow = interpreter.begin_callback(outcome, count);
        interpreter.run(flow)
    }

    fn nested_run(
        &mut self,
        begin: impl FnOnce(&mut Interpreter<'_>) -> Flow,
    ) -> Result<Oop, RunEnd> {
        let suspended = SuspendedRun {
            sp: self.context.suspended_sp(),
            fp: self.context.fp,
            outer: self.context.suspended,
            is_callback: 0,
        };
        let stack_end = self.stack_end;
        self.context.suspended = &raw const suspended;
        // A foreign function that enters here, and not by a callback, may have been given addresses.
        let sp = self.context.sp;
        let holds = sp != suspended.sp;
        if holds {
            self.context.heap.hold_addresses();
        }
        let mut interpreter = Interpreter::new(self, suspended.sp);
        let flow = begin(&mut interpreter);
        let result = interpreter.run(flow);
        if holds {
            self.context.heap.release_addresses();
        }
        self.context.suspended = suspended.outer;
        self.context.sp = sp;
        self.context.fp = suspended.fp;
        self.set_stack_end(stack_end);
        if self.context.suspended.is_null() {
            self.finalization = None;
            self.held_visitors = 0;
        }
        result
    }
}

impl<'vm> Interpreter<'vm> {
    fn new(vm: &'vm mut Vm, sp: u64) -> Interpreter<'vm> {
        let none = std::ptr::null();
        let pending = vm.context.interpreter_return;
        Interpreter {
            arguments: 0,
            pending,
            target: machine::Target::Call(0),
            vm,
            sp,
            fp: 0,
            ip: none,
            code: none,
            start: none,
        }
    }

    fn run(mut self, mut flow: Flow) -> Result<Oop, RunEnd> {
        if self.fp == 0 && flow == Flow::Next {
            // A primitive answered without an activation.
            return Ok(self.take());
        }
        loop {
            while flow == Flow::Next {
                flow = self.step();
            }
            if flow != Flow::Machine {
                break;
            }
            flow = self.run_machine();
        }
        match flow {
            Flow::Finished(result) => Ok(result),
            Flow::Ended(end) => Err(end),
            Flow::Next | Flow::Machine => unreachable!("the loop above ends on any other flow"),
        }
    }

    #[inline(always)]
    fn step(&mut self) -> Flow {
        self.start = self.ip;
        // SAFETY: ip points into the bytecodes of the current method, which were checked to end
        // with a return when the method was made.
        let byte = unsafe { *self.ip };
        self.ip = self.ip.wrapping_add(1);
        debug_assert!(usize::from(byte) < Opcode::ALL.len());
        // SAFETY: bytecodes were checked when the method was made: opcodes are those of the table.
        let opcode = unsafe { std::mem::transmute::<u8, Opcode>(byte) };
        if self.vm.options.trace_bytecode {
            self.trace(opcode);
        }
        self.dispatch(opcode)
    }

    #[cold]
    fn trace(&mut self, opcode: Opcode) {
        let depth = (self.vm.stack.top() - self.sp) / 8;
        let method = self.method();
        let at = self.start as usize - self.code as usize;
        let (name, top) = (self.vm.code_name(method), self.top());
        eprintln!("{depth:6} {name}+{at:<4} {} top {top:?}", opcode.name());
    }

    /// Reads a little-endian operand.
    #[inline(always)]
    fn operand<T: Copy>(&mut self) -> T {
        // SAFETY: the method's bytecodes were checked: an opcode is followed by its operands.
        let value = unsafe { self.ip.cast::<T>().read_unaligned() };
        self.ip = self.ip.wrapping_add(size_of::<T>());
        value
    }

    // --- the operand stack ---

    #[inline(always)]
    fn push(&mut self, value: Oop) {
        self.push_word(value.bits());
    }

    #[inline(always)]
    fn push_word(&mut self, value: u64) {
        self.sp -= 8;
        // SAFETY: activations reserve their method's maximal stack depth above the guard pages.
        unsafe { stack::set_word(self.sp, value) };
    }

    #[inline(always)]
    fn take(&mut self) -> Oop {
        let value = self.top();
        self.sp += 8;
        value
    }

    #[inline(always)]
    fn top(&self) -> Oop {
        self.peek(0)
    }

    /// The value `depth` words below the topmost.
    #[inline(always)]
    fn peek(&self, depth: usize) -> Oop {
        // SAFETY: checked bytecodes never look below their operands, which are oops.
        unsafe { stack::oop(self.sp + 8 * depth as u64) }
    }

    #[inline(always)]
    fn set_top(&mut self, value: Oop) {
        // SAFETY: sp is the address of the topmost operand.
        unsafe { stack::set_word(self.sp, value.bits()) };
    }

    #[inline(always)]
    fn drop(&mut self, count: usize) {
        self.sp += 8 * count as u64;
    }

    // --- the frame ---

    #[inline(always)]
    fn frame_oop(&self, offset: isize) -> Oop {
        // SAFETY: fp is a live frame and the offset is one of the layout's oop words.
        unsafe { stack::oop(stack::at(self.fp, offset)) }
    }

    #[inline(always)]
    fn set_frame_oop(&mut self, offset: isize, value: Oop) {
        // SAFETY: fp is a live frame and the offset is one of the layout's oop words.
        unsafe { stack::set_word(stack::at(self.fp, offset), value.bits()) };
    }

    #[inline(always)]
    fn method(&self) -> Oop {
        self.frame_oop(frame::METHOD)
    }

    #[inline(always)]
    fn literal(&self, index: u16) -> Oop {
        let heap = self.vm.heap();
        // SAFETY: methods have the slots of their class, and bytecodes refer to their own literals.
        unsafe {
            let literals = heap.slot_unchecked(self.method(), method::LITERALS);
            heap.slot_unchecked(literals, usize::from(index))
        }
    }

    #[inline(always)]
    fn argument_offset(&self, index: u8) -> isize {
        frame::argument(usize::from(index), self.arguments)
    }

    /// Publishes sp, fp and pc, so that primitives, traces and collections see this run.
    #[inline(always)]
    fn publish(&mut self) {
        self.save_pc();
        self.vm.context.sp = self.sp;
        self.vm.context.fp = self.fp;
        self.vm.context.resume_pc = self.pending;
    }

    #[inline(always)]
    fn save_pc(&mut self) {
        if self.fp != 0 && !self.ip.is_null() {
            let pc = self.ip as usize - self.code as usize;
            self.set_frame_oop(frame::PC, Oop::small(pc as i64));
        }
    }

    /// Returns to the current frame, which waits for `answer`.
    #[inline(always)]
    fn resume_with(&mut self, answer: Oop) {
        self.enter_code(self.method());
        let pc = self.frame_oop(frame::PC).as_i64().expect("a saved pc");
        if pc >= 0 {
            self.ip = self.code.wrapping_add(pc as usize);
            self.push(answer);
        } else {
            self.ip = self.code.wrapping_add((-1 - pc) as usize);
        }
    }

    #[inline(always)]
    fn enter_code(&mut self, method: Oop) {
        let heap = self.vm.heap();
        // SAFETY: methods have the slots of their class.
        let (bytecodes, header) = unsafe {
            (
                heap.slot_unchecked(method, method::BYTECODES),
                heap.slot_unchecked(method, method::HEADER),
            )
        };
        self.code = heap.body_address(bytecodes);
        self.ip = self.code;
        self.arguments = (header.bits() >> TAG_BITS & 0xFF) as usize;
    }

    // --- safe points ---

    /// Collects garbage where it is due, and answers interrupts. Every live oop is on the stack.
    #[inline(always)]
    fn poll(&mut self) -> Flow {
        if self.vm.heap().collection_due() {
            self.publish();
            self.vm.collect_garbage();
            if self.vm.heap().has_finalizable() {
                return self.interject(KnownSelector::FinalizationDue);
            }
        }
        if self.vm.interrupt.load(Ordering::Relaxed) != 0 {
            return self.look_after_interrupts();
        }
        Flow::Next
    }

    #[cold]
    fn look_after_interrupts(&mut self) -> Flow {
        let mut seen = self.vm.interrupt.swap(0, Ordering::Relaxed);
        if self.vm.held_visitors > 0 && seen & VISITED != 0 {
            self.vm.interrupt.fetch_or(VISITED, Ordering::Relaxed);
            seen &= !VISITED;
            if seen == 0 {
                return Flow::Next;
            }
        }
        let first = [VISITED, MEMORY_FULL]
            .into_iter()
            .find(|bit| seen & bit != 0);
        let first = first.unwrap_or(INTERRUPTED);
        // One after the other: the next safe point sees to the rest.
        self.vm.interrupt.fetch_or(seen & !first, Ordering::Relaxed);
        match first {
            VISITED => self.serve_visitors(),
            MEMORY_FULL => self.tell_of_full_memory(),
            _ => self.interject(KnownSelector::Interrupted),
        }
    }

    /// A runtime entry went beyond the greatest size of the heap: an error, unless there is room by now.
    fn tell_of_full_memory(&mut self) -> Flow {
        if !self.vm.heap().refuses_allocation() {
            return Flow::Next;
        }
        if !self.vm.grant_memory() {
            return Flow::Ended(RunEnd::Terminated);
        }
        self.interject(KnownSelector::OutOfMemory)
    }

    /// Makes the calls that other threads wait for.
    fn serve_visitors(&mut self) -> Flow {
        while let Some(visit) = self.vm.visitors.next() {
            self.publish();
            // As in any foreign call there is a word on top that stands for a return address.
            self.vm.context.sp -= 8;
            // SAFETY: below the operands there is room for a frame.
            unsafe { stack::set_word(self.vm.context.sp, Oop::ZERO.bits()) };
            let kept = self.vm.put_aside();
            if let Some(foreign) = self.vm.foreign.clone() {
                // SAFETY: the visitor waits; the stack is published and nothing is borrowed.
                unsafe { foreign.serve(visit) };
            }
            self.vm.take_back(kept);
            self.vm.context.sp = self.sp;
            self.vm.visitors.served(visit);
            if self.vm.is_unwinding() {
                let interrupted = self.fp;
                let flow = self.go_on_unwinding();
                return self.dropping_answer(interrupted, flow);
            }
        }
        match self.vm.visitors.given_up() {
            Some(entry) => self.report_given_up(entry),
            None => Flow::Next,
        }
    }

    /// A thread did not wait any longer for its callback to be run: that is an error here.
    fn report_given_up(&mut self, entry: u64) -> Flow {
        let signature = self.vm.callback_signature(entry);
        let parts = self.vm.symbol("givenUp").and_then(|reason| {
            let parts = [reason, self.vm.string(signature.as_bytes())?];
            self.vm.array(&parts)
        });
        let interrupted = self.fp;
        self.vm.context.unwinding = parts.unwrap_or(self.vm.context.true_object);
        let flow = self.go_on_unwinding();
        self.dropping_answer(interrupted, flow)
    }

    /// The external call that a callback has left is back: what left it goes on here, and its answer
    /// is the call's.
    #[cold]
    pub(super) fn go_on_unwinding(&mut self) -> Flow {
        let (object, _) = self.vm.end_unwinding();
        if let Some(end) = self.vm.ending.take() {
            return Flow::Ended(end);
        }
        let Some(receiver) = self.vm.kernel_class("CallbackError") else {
            return Flow::Ended(RunEnd::Terminated);
        };
        self.push(receiver);
        self.push(object);
        let selector = self.vm.selector(KnownSelector::GoOnUnwinding);
        self.send_selector(selector, 1)
    }

    /// Sends nil a message between two instructions; its answer is dropped.
    #[cold]
    fn interject(&mut self, message: KnownSelector) -> Flow {
        let interrupted = self.fp;
        self.push(self.vm.nil());
        let selector = self.vm.selector(message);
        let flow = self.send_selector(selector, 0);
        self.dropping_answer(interrupted, flow)
    }

    /// Drops the answer to the message just sent, whether it has come or will.
    fn dropping_answer(&mut self, interrupted: u64, flow: Flow) -> Flow {
        if flow == Flow::Next && self.fp == interrupted {
            self.drop(1);
        } else {
            self.drop_answer(interrupted);
        }
        flow
    }

    /// Marks the suspended frame `fp` so that the answer it waits for is not pushed.
    fn drop_answer(&mut self, fp: u64) {
        let address = stack::at(fp, frame::PC);
        // SAFETY: fp is the frame below the current one, and its pc word was just saved.
        let pc = unsafe { stack::oop(address) }.as_i64().expect("a saved pc");
        // SAFETY: as above.
        unsafe { stack::set_word(address, Oop::small(-1 - pc).bits()) };
    }
}

macro_rules! define_dispatch {
    ($($(#[$doc:meta])* $row:ident = $variant:ident { $($operand:ident : $type:ty),* }
        ($($effect:tt)*);)*) => {
        impl Interpreter<'_> {
            #[inline(always)]
            fn dispatch(&mut self, opcode: Opcode) -> Flow {
                match opcode {
                    $(Opcode::$variant => {
                        $(let $operand = self.operand::<$type>();)*
                        self.$row($($operand),*)
                    })*
                }
            }
        }
    };
}

crate::for_each_bytecode!(define_dispatch);
