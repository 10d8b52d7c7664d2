//! Primitives that change which activation runs.

use super::{Flow, Interpreter, RunEnd};
use crate::failure::Failure;
use crate::frame;
use crate::known::{block, index, is_block_class};
use crate::lookup::{self, Found};
use crate::primitives::Control;
use gc::oop::Oop;

impl Interpreter<'_> {
    /// Runs a control primitive whose receiver and `count` arguments are on the stack. A failure
    /// leaves them there.
    pub(super) fn control(&mut self, control: Control, count: usize) -> Result<Flow, Failure> {
        if !control.argument_counts().contains(&count) {
            return Err(Failure::ArgumentCount);
        }
        match control {
            Control::BlockValue => self.evaluate_block(count),
            Control::BlockValueWithArguments => self.value_with_arguments(),
            Control::Perform => self.perform(count),
            Control::PerformWithArguments => self.perform_with_arguments(),
            Control::PerformInSuperclass => self.perform_in_superclass(),
            Control::InvokeMethod => self.invoke_method(),
            Control::UnwindTo => self.unwind_to(),
            Control::ResumeFrame => self.resume_frame(),
            Control::RestartFrame => self.restart_frame(),
            Control::Terminate => Ok(Flow::Ended(RunEnd::Terminated)),
            Control::Exit => self.exit(),
            Control::LeaveCallback => self.leave_callback(),
            Control::ReturnHome => self.return_home_of_receiver(),
        }
    }

    fn spread(&mut self, array: Oop) -> Result<usize, Failure> {
        if self.vm.heap().class_index_of(array) != index::ARRAY {
            return Err(Failure::WrongType);
        }
        let count = self.vm.heap().slot_count(array);
        if count > crate::header::COUNT_MAX {
            return Err(Failure::ArgumentCount);
        }
        Ok(count)
    }

    fn push_elements(&mut self, array: Oop, count: usize) {
        for index in 0..count {
            let element = self.vm.heap().slot(array, index);
            self.push(element);
        }
    }

    /// `aBlock valueWithArguments: anArray`.
    fn value_with_arguments(&mut self) -> Result<Flow, Failure> {
        let array = self.top();
        let count = self.spread(array)?;
        let parked = self.sp;
        self.drop(1);
        self.push_elements(array, count);
        self.evaluate_block(count).inspect_err(|_| {
            self.sp = parked;
            self.set_top(array);
        })
    }

    /// `receiver perform: selector with: …`: the selector lies below its arguments.
    fn perform(&mut self, count: usize) -> Result<Flow, Failure> {
        let selector = self.peek(count - 1);
        let arguments: Vec<Oop> = (0..count - 1).rev().map(|depth| self.peek(depth)).collect();
        self.check_selector(selector, arguments.len())?;
        self.drop(count);
        arguments.iter().for_each(|&argument| self.push(argument));
        self.link_performed(selector, arguments.len());
        Ok(self.send_selector(selector, arguments.len()))
    }

    /// `receiver perform: selector withArguments: anArray`.
    fn perform_with_arguments(&mut self) -> Result<Flow, Failure> {
        let (array, selector) = (self.top(), self.peek(1));
        let count = self.spread(array)?;
        self.check_selector(selector, count)?;
        self.drop(2);
        self.push_elements(array, count);
        Ok(self.send_selector(selector, count))
    }

    /// `receiver perform: selector withArguments: anArray inSuperclass: aClass`.
    fn perform_in_superclass(&mut self) -> Result<Flow, Failure> {
        let (class_object, array, selector) = (self.top(), self.peek(1), self.peek(2));
        let count = self.spread(array)?;
        self.check_selector(selector, count)?;
        if !self.vm.is_class(class_object)
            || !self
                .vm
                .inherits_from(self.vm.class_of(self.peek(3)), class_object)
        {
            return Err(Failure::WrongType);
        }
        let nil = self.vm.nil();
        let method = lookup::lookup(self.vm.heap(), class_object, selector, nil);
        self.drop(3);
        self.push_elements(array, count);
        match method {
            Some(method) => {
                let header = lookup::header_of(self.vm.heap(), method);
                Ok(self.activate(Found { method, header }, count))
            }
            None => Ok(self.does_not_understand(selector, count)),
        }
    }

    fn check_selector(&self, selector: Oop, count: usize) -> Result<(), Failure> {
        if self.vm.heap().class_index_of(selector) != index::SYMBOL {
            return Err(Failure::WrongType);
        }
        let wanted = crate::install::argument_count(self.vm.heap().bytes(selector));
        if wanted == count {
            Ok(())
        } else {
            Err(Failure::ArgumentCount)
        }
    }

    /// `aMethod invokeOn: receiver with: anArray`.
    fn invoke_method(&mut self) -> Result<Flow, Failure> {
        let (array, receiver, method) = (self.top(), self.peek(1), self.peek(2));
        let class = self.vm.heap().class_index_of(method);
        if class != index::METHOD && class != index::PRIMITIVE {
            return Err(Failure::WrongType);
        }
        let count = self.spread(array)?;
        let header = lookup::header_of(self.vm.heap(), method);
        if header.arguments() != count {
            return Err(Failure::ArgumentCount);
        }
        self.vm.check_receiver(method, receiver)?;
        self.drop(3);
        self.push(receiver);
        self.push_elements(array, count);
        Ok(self.activate(Found { method, header }, count))
    }

    /// `unwindTo: frame return: value`.
    fn unwind_to(&mut self) -> Result<Flow, Failure> {
        let (value, handle) = (self.top(), self.peek(1));
        self.publish();
        let target = self.vm.frame_of(handle)?;
        self.fp = target.fp;
        self.vm.settle_stack_limit(self.fp);
        Ok(self.do_return(value))
    }

    /// `resumeFrame: frame with: value`: the frame that it called returns `value` to it.
    fn resume_frame(&mut self) -> Result<Flow, Failure> {
        let (value, handle) = (self.top(), self.peek(1));
        self.publish();
        let target = self.vm.frame_of(handle)?;
        let callee = self
            .vm
            .frames()
            .find(|&each| self.vm.caller(each) == Some(target));
        // The newest frame waits for the answer of this very message.
        let Some(callee) = callee else {
            return Err(Failure::OutOfRange);
        };
        self.fp = callee.fp;
        self.vm.settle_stack_limit(self.fp);
        Ok(self.do_return(value))
    }

    /// `restartFrame: frame`: its method or block begins anew with the same arguments.
    fn restart_frame(&mut self) -> Result<Flow, Failure> {
        let handle = self.top();
        self.publish();
        let target = self.vm.frame_of(handle)?;
        self.fp = target.fp;
        self.vm.settle_stack_limit(self.fp);
        let header = self.current_header();
        let nil = self.vm.nil();
        for index in 0..header.temporaries() {
            self.set_frame_oop(frame::temporary(index), nil);
        }
        self.sp = crate::stack::at(self.fp, frame::temporary(header.temporaries())) + 8;
        let method = self.method();
        if self.vm.heap().class_index_of(method) == index::COMPILED_BLOCK {
            let closure = self.frame_oop(frame::CLOSURE);
            debug_assert_eq!(self.vm.heap().slot(closure, block::METHOD), method);
            self.copy_captured(closure);
        }
        self.enter_code(method);
        Ok(self.poll())
    }

    /// `leaveCallback: anObject`: the run ends, and the object goes on where the external call
    /// returns.
    fn leave_callback(&mut self) -> Result<Flow, Failure> {
        self.publish();
        if !self.vm.is_in_callback() {
            return Err(Failure::NotFound);
        }
        self.vm.context.unwinding = self.top();
        Ok(Flow::Ended(RunEnd::Unwinding))
    }

    /// `aBlock returnHome: value`: as a `^` in the Block does.
    fn return_home_of_receiver(&mut self) -> Result<Flow, Failure> {
        let (value, closure) = (self.top(), self.peek(1));
        if !is_block_class(self.vm.heap().class_index_of(closure)) {
            return Err(Failure::WrongType);
        }
        self.publish();
        self.drop(2);
        Ok(self.return_home_of(closure, value))
    }

    /// `system exit: status`.
    fn exit(&mut self) -> Result<Flow, Failure> {
        let status = self.top().as_i64().ok_or(Failure::WrongType)?;
        Ok(Flow::Ended(RunEnd::Exit(status as i32)))
    }
}
