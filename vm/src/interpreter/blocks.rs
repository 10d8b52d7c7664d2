//! Blocks: making them, evaluating them, and returning through them.

use super::{Flow, Interpreter};
use crate::failure::Failure;
use crate::frame;
use crate::header::{self, MethodHeader};
use crate::known::{KnownSelector, block, block_class, index, is_block_class};
use crate::lookup::{self, Found};
use crate::stack;
use gc::layout::{ClassIndex, Format};
use gc::oop::Oop;

impl Interpreter<'_> {
    pub(super) fn make_block(&mut self, literal: u16, copied: u8) -> Flow {
        let compiled = self.literal(literal);
        let header = lookup::header_of(self.vm.heap(), compiled);
        let copied = usize::from(copied);
        let class = block_class(header.arguments());
        // The home first: from then on it is in the frame, where a collection finds it.
        if self.home_for(header).is_none() {
            return self.out_of_memory_in_frame(copied);
        }
        let made = self.allocate(class, Format::INDEXABLE, block::COUNT + copied);
        let (Some(made), Some(home)) = (made, self.home_for(header)) else {
            return self.out_of_memory_in_frame(copied);
        };
        let receiver = self.frame_oop(frame::SELF);
        let heap = self.vm.heap_mut();
        heap.set_slot(made, block::METHOD, compiled);
        heap.set_slot(made, block::RECEIVER, receiver);
        heap.set_slot(made, block::HOME, home);
        for index in 0..copied {
            let value = self.peek(copied - 1 - index);
            self.vm
                .heap_mut()
                .set_slot(made, block::COUNT + index, value);
        }
        self.drop(copied);
        self.push(made);
        Flow::Next
    }

    /// The home token that a block made here gets: nil where it never returns from its home.
    fn home_for(&mut self, block_header: MethodHeader) -> Option<Oop> {
        if !block_header.has(header::NEEDS_HOME) {
            return Some(self.vm.nil());
        }
        let closure = self.frame_oop(frame::CLOSURE);
        if closure == self.vm.nil() {
            let token = self.allocate(index::HOME, Format::FIXED, 0)?;
            self.set_frame_oop(frame::CLOSURE, token);
            return Some(token);
        }
        let class = self.vm.heap().class_index_of(closure);
        if is_block_class(class) {
            Some(self.vm.heap().slot(closure, block::HOME))
        } else {
            Some(closure)
        }
    }

    /// Allocates, after a full collection if need be.
    pub(super) fn allocate(
        &mut self,
        class: ClassIndex,
        format: Format,
        slots: usize,
    ) -> Option<Oop> {
        if let Ok(made) = self.vm.heap_mut().allocate(class, format, slots) {
            return Some(made);
        }
        self.publish();
        self.vm.collect_everything();
        self.vm.heap_mut().allocate(class, format, slots).ok()
    }

    /// Drops `count` operands and tells `self` that memory is used up.
    #[cold]
    pub(super) fn out_of_memory_in_frame(&mut self, count: usize) -> Flow {
        self.drop(count);
        let receiver = self.frame_oop(frame::SELF);
        self.push(receiver);
        self.out_of_memory(0)
    }

    /// Activates the Block below `count` arguments.
    #[inline(always)]
    pub(super) fn evaluate_block(&mut self, count: usize) -> Result<Flow, Failure> {
        let closure = self.peek(count);
        if !is_block_class(self.vm.heap().class_index_of(closure)) {
            return Err(Failure::WrongType);
        }
        let compiled = self.vm.heap().slot(closure, block::METHOD);
        let header = lookup::header_of(self.vm.heap(), compiled);
        if header.arguments() != count {
            return Err(Failure::ArgumentCount);
        }
        if let Some(code) = self.code_for(compiled) {
            return Ok(self.call_machine(code));
        }
        let found = Found {
            method: compiled,
            header,
        };
        Ok(self.activate_block(closure, found))
    }

    /// Builds the frame of a block activation.
    pub(super) fn activate_block(&mut self, closure: Oop, found: Found) -> Flow {
        let receiver = self.vm.heap().slot(closure, block::RECEIVER);
        if !self.build_frame(found, closure, receiver) {
            return self.recursion_too_deep(found.header.arguments());
        }
        self.copy_captured(closure);
        self.poll()
    }

    /// Fills the first temporaries of a new block activation with the Block's copied values.
    pub(super) fn copy_captured(&mut self, closure: Oop) {
        for index in block::COUNT..self.vm.heap().slot_count(closure) {
            let value = self.vm.heap().slot(closure, index);
            self.set_frame_oop(frame::temporary(index - block::COUNT), value);
        }
    }

    /// `^` in a block: cuts the stack down to the home activation and returns from it.
    pub(super) fn return_home(&mut self) -> Flow {
        let value = self.take();
        let closure = self.frame_oop(frame::CLOSURE);
        self.return_home_of(closure, value)
    }

    /// Returns `value` from the home activation of a Block.
    pub(super) fn return_home_of(&mut self, closure: Oop, value: Oop) -> Flow {
        let home = self.vm.heap().slot(closure, block::HOME);
        let mut fp = self.fp;
        let mut passes_ensure = false;
        while fp != 0 {
            // SAFETY: fp walks the chain of live frames.
            let (token, method) = unsafe {
                (
                    stack::oop(stack::at(fp, frame::CLOSURE)),
                    stack::oop(stack::at(fp, frame::METHOD)),
                )
            };
            if token == home {
                return if passes_ensure {
                    self.return_through_ensure(closure, value, fp)
                } else {
                    self.fp = fp;
                    self.do_return(value)
                };
            }
            passes_ensure |= lookup::header_of(self.vm.heap(), method).has(header::ENSURE);
            // SAFETY: as above.
            fp = unsafe { stack::word(stack::at(fp, frame::CALLER_FP)) };
        }
        if self.vm.is_home_outside(home) {
            return self.return_through_c(closure, value);
        }
        self.escaped(closure)
    }

    /// The home lies outside of this callback: the image leaves it.
    #[cold]
    fn return_through_c(&mut self, closure: Oop, value: Oop) -> Flow {
        self.push(closure);
        self.push(value);
        let selector = self.vm.selector(KnownSelector::ReturnThroughC);
        self.send_selector(selector, 1)
    }

    /// Leaves the unwinding to the image, which knows how to run unwind blocks.
    fn return_through_ensure(&mut self, closure: Oop, value: Oop, home_fp: u64) -> Flow {
        let home = self.handle_of(home_fp);
        self.push(closure);
        self.push(value);
        self.push(home);
        let selector = self.vm.selector(KnownSelector::NonLocalReturn);
        self.send_selector(selector, 2)
    }

    /// The home activation is gone: the block's activation answers what `escapedBlock:` does.
    #[cold]
    fn escaped(&mut self, closure: Oop) -> Flow {
        let receiver = self.frame_oop(frame::SELF);
        let caller = self.fp;
        self.push(receiver);
        self.push(closure);
        let selector = self.vm.selector(KnownSelector::EscapedBlock);
        let flow = self.send_selector(selector, 1);
        self.return_answer_of(caller, flow)
    }

    /// Makes the frame `fp`, which has just sent a message, return that message's answer.
    fn return_answer_of(&mut self, fp: u64, flow: Flow) -> Flow {
        if flow == Flow::Next && self.fp == fp {
            return self.return_top();
        }
        if flow != Flow::Next && flow != Flow::Machine {
            return flow;
        }
        // Every method's code ends with a return of the topmost value for this very purpose.
        let length = self.code_length_at(fp) - 1;
        // SAFETY: fp is a live, suspended frame.
        unsafe { stack::set_word(stack::at(fp, frame::PC), Oop::small(length as i64).bits()) };
        flow
    }
}
