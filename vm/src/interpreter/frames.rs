//! Frame handles: how the image names activations.
//!
//! A handle is a SmallInteger: the number of words between the stack's top and the frame, so
//! that a newer frame has a greater handle. A handle is good only while its frame is live, which
//! is checked by walking the chain: the image can pass any number and do no harm.

use super::Interpreter;
use crate::failure::Failure;
use crate::frame;
use crate::lookup;
use crate::stack;
use crate::vm::Vm;
use gc::oop::Oop;

/// A live frame of the current run, as seen from a primitive.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct FrameRef {
    pub(crate) fp: u64,
}

impl Vm {
    /// The newest published frame.
    pub(crate) fn newest_frame(&self) -> Option<FrameRef> {
        (self.context.fp != 0).then_some(FrameRef {
            fp: self.context.fp,
        })
    }

    /// The frame that a frame returns to, within its run.
    pub(crate) fn caller(&self, of: FrameRef) -> Option<FrameRef> {
        // SAFETY: a FrameRef is a live frame of the chain.
        let fp = unsafe { stack::word(stack::at(of.fp, frame::CALLER_FP)) };
        (fp != 0).then_some(FrameRef { fp })
    }

    /// The live frames of the current run, newest first.
    pub(crate) fn frames(&self) -> impl Iterator<Item = FrameRef> + '_ {
        std::iter::successors(self.newest_frame(), |&each| self.caller(each))
    }

    /// One of the layout's oop words of a frame.
    pub(crate) fn frame_word(&self, of: FrameRef, offset: isize) -> Oop {
        // SAFETY: a FrameRef is a live frame, and the crate passes only offsets of oop words.
        unsafe { stack::oop(stack::at(of.fp, offset)) }
    }

    /// The return pc of a frame, which is no oop.
    pub(crate) fn raw_word(&self, of: FrameRef, offset: isize) -> u64 {
        // SAFETY: a FrameRef is a live frame.
        unsafe { stack::word(stack::at(of.fp, offset)) }
    }

    /// Stores into one of the layout's oop words of a frame.
    pub(crate) fn set_frame_word(&mut self, of: FrameRef, offset: isize, value: Oop) {
        // SAFETY: as above; frames belong to this VM, which is borrowed mutably.
        unsafe { stack::set_word(stack::at(of.fp, offset), value.bits()) };
    }

    /// The handle of a frame.
    pub(crate) fn frame_handle(&self, of: FrameRef) -> Oop {
        Oop::small(((self.stack.top() - of.fp) / 8) as i64)
    }

    /// True where a home activation is live in a run that this one, a callback, stands on.
    pub(crate) fn is_home_outside(&self, home: Oop) -> bool {
        if home == self.nil() {
            return false;
        }
        let mut run = self.context.suspended;
        // SAFETY: suspended runs and their frames live until the runs inside of them end.
        while let Some(suspended) = unsafe { run.as_ref() } {
            if suspended.is_callback == 0 {
                return false;
            }
            let newest = (suspended.fp != 0).then_some(FrameRef { fp: suspended.fp });
            let mut frames = std::iter::successors(newest, |&each| self.caller(each));
            if frames.any(|each| self.frame_word(each, frame::CLOSURE) == home) {
                return true;
            }
            run = suspended.outer;
        }
        false
    }

    /// True where the current run is that of a callback from an external call, so that there is
    /// something outside which it can be left for.
    pub(crate) fn is_in_callback(&self) -> bool {
        // SAFETY: as above.
        let outside = unsafe { self.context.suspended.as_ref() };
        outside.is_some_and(|run| run.is_callback != 0 && run.fp != 0)
    }

    /// The live frame that a handle names.
    pub(crate) fn frame_of(&self, handle: Oop) -> Result<FrameRef, Failure> {
        let words = handle.as_i64().ok_or(Failure::WrongType)?;
        let fp = self
            .stack
            .top()
            .wrapping_sub((words as u64).wrapping_mul(8));
        self.frames()
            .find(|each| each.fp == fp)
            .ok_or(Failure::NotFound)
    }

    /// The header of the method that a frame runs.
    pub(crate) fn frame_header(&self, of: FrameRef) -> crate::header::MethodHeader {
        lookup::header_of(self.heap(), self.frame_word(of, frame::METHOD))
    }
}

impl Interpreter<'_> {
    pub(super) fn handle_of(&self, fp: u64) -> Oop {
        self.vm.frame_handle(FrameRef { fp })
    }

    /// Length of the bytecodes of the method that frame `fp` runs.
    pub(super) fn code_length_at(&self, fp: u64) -> usize {
        let method = self.vm.frame_word(FrameRef { fp }, frame::METHOD);
        let heap = self.vm.heap();
        heap.byte_len(heap.slot(method, crate::known::method::BYTECODES))
    }
}
