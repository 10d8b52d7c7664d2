//! The bytecodes that move values about, jump and make things.

use super::{Flow, Interpreter};
use crate::frame;
use crate::known::{KnownSelector, global, index};
use gc::layout::Format;
use gc::oop::Oop;

impl Interpreter<'_> {
    #[inline(always)]
    fn pushed(&mut self, value: Oop) -> Flow {
        self.push(value);
        Flow::Next
    }

    pub(super) fn push_self(&mut self) -> Flow {
        self.pushed(self.frame_oop(frame::SELF))
    }

    pub(super) fn push_nil(&mut self) -> Flow {
        self.pushed(self.vm.nil())
    }

    pub(super) fn push_true(&mut self) -> Flow {
        self.pushed(self.vm.context.true_object)
    }

    pub(super) fn push_false(&mut self) -> Flow {
        self.pushed(self.vm.context.false_object)
    }

    pub(super) fn push_integer(&mut self, value: i8) -> Flow {
        self.pushed(Oop::small(i64::from(value)))
    }

    pub(super) fn push_literal(&mut self, literal: u16) -> Flow {
        self.pushed(self.literal(literal))
    }

    pub(super) fn push_argument(&mut self, index: u8) -> Flow {
        self.pushed(self.frame_oop(self.argument_offset(index)))
    }

    pub(super) fn push_temporary(&mut self, index: u8) -> Flow {
        self.pushed(self.frame_oop(frame::temporary(usize::from(index))))
    }

    pub(super) fn push_field(&mut self, index: u16) -> Flow {
        let receiver = self.frame_oop(frame::SELF);
        self.pushed(self.vm.heap().slot(receiver, usize::from(index)))
    }

    pub(super) fn push_global(&mut self, literal: u16) -> Flow {
        let variable = self.literal(literal);
        let value = self.vm.heap().slot(variable, global::VALUE);
        if value != variable {
            return self.pushed(value);
        }
        let receiver = self.frame_oop(frame::SELF);
        self.push(receiver);
        self.push(self.vm.heap().slot(variable, global::NAME));
        let selector = self.vm.selector(KnownSelector::UnknownGlobal);
        self.send_selector(selector, 1)
    }

    pub(super) fn push_shared(&mut self, index: u8, slot: u8) -> Flow {
        let vector = self.frame_oop(frame::temporary(usize::from(index)));
        self.pushed(self.vm.heap().slot(vector, usize::from(slot)))
    }

    pub(super) fn store_argument(&mut self, index: u8) -> Flow {
        let value = self.top();
        self.set_frame_oop(self.argument_offset(index), value);
        Flow::Next
    }

    pub(super) fn store_temporary(&mut self, index: u8) -> Flow {
        let value = self.top();
        self.set_frame_oop(frame::temporary(usize::from(index)), value);
        Flow::Next
    }

    pub(super) fn store_field(&mut self, index: u16) -> Flow {
        let (receiver, value) = (self.frame_oop(frame::SELF), self.top());
        self.vm
            .heap_mut()
            .set_slot(receiver, usize::from(index), value);
        Flow::Next
    }

    pub(super) fn store_global(&mut self, literal: u16) -> Flow {
        let (variable, value) = (self.literal(literal), self.top());
        self.vm.heap_mut().set_slot(variable, global::VALUE, value);
        Flow::Next
    }

    pub(super) fn store_shared(&mut self, index: u8, slot: u8) -> Flow {
        let vector = self.frame_oop(frame::temporary(usize::from(index)));
        let value = self.top();
        self.vm
            .heap_mut()
            .set_slot(vector, usize::from(slot), value);
        Flow::Next
    }

    pub(super) fn duplicate(&mut self) -> Flow {
        self.pushed(self.top())
    }

    pub(super) fn pop(&mut self) -> Flow {
        self.drop(1);
        Flow::Next
    }

    pub(super) fn make_vector(&mut self, index: u8, size: u8) -> Flow {
        let made = self.allocate(index::ARRAY, Format::INDEXABLE, usize::from(size));
        let Some(vector) = made else {
            return self.out_of_memory_in_frame(0);
        };
        self.set_frame_oop(frame::temporary(usize::from(index)), vector);
        Flow::Next
    }

    pub(super) fn make_array(&mut self, size: u16) -> Flow {
        let size = usize::from(size);
        let made = self.allocate(index::ARRAY, Format::INDEXABLE, size);
        let Some(array) = made else {
            return self.out_of_memory_in_frame(size);
        };
        for index in 0..size {
            let element = self.peek(size - 1 - index);
            self.vm.heap_mut().set_slot(array, index, element);
        }
        self.drop(size);
        self.pushed(array)
    }

    #[inline(always)]
    fn go(&mut self, distance: i32) -> Flow {
        self.ip = self.ip.wrapping_offset(distance as isize);
        Flow::Next
    }

    pub(super) fn jump(&mut self, distance: i32) -> Flow {
        self.go(distance)
    }

    pub(super) fn jump_back(&mut self, distance: i32) -> Flow {
        self.go(distance);
        let flow = self.poll();
        if flow == Flow::Next {
            self.enter_loop()
        } else {
            flow
        }
    }

    #[inline(always)]
    fn jump_when(&mut self, wanted: Oop, other: Oop, distance: i32, selector: u16) -> Flow {
        let value = self.top();
        if value == wanted {
            self.drop(1);
            return self.go(distance);
        }
        if value == other {
            self.drop(1);
            return Flow::Next;
        }
        // Not a Boolean: what the image makes of it takes its place, and the jump runs again.
        self.ip = self.start;
        let selector = self.literal(selector);
        self.push(selector);
        let hook = self.vm.selector(KnownSelector::MustBeBoolean);
        self.send_selector(hook, 1)
    }

    pub(super) fn jump_true(&mut self, distance: i32, selector: u16) -> Flow {
        let (yes, no) = (self.vm.context.true_object, self.vm.context.false_object);
        self.jump_when(yes, no, distance, selector)
    }

    pub(super) fn jump_false(&mut self, distance: i32, selector: u16) -> Flow {
        let (yes, no) = (self.vm.context.true_object, self.vm.context.false_object);
        self.jump_when(no, yes, distance, selector)
    }

    pub(super) fn jump_nil(&mut self, distance: i32) -> Flow {
        if self.take() == self.vm.nil() {
            self.go(distance)
        } else {
            Flow::Next
        }
    }

    pub(super) fn jump_not_nil(&mut self, distance: i32) -> Flow {
        if self.take() == self.vm.nil() {
            Flow::Next
        } else {
            self.go(distance)
        }
    }
}
