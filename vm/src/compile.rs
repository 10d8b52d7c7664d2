//! What the VM asks of the machine-code generator, which another crate implements.
//!
//! Interpreter and machine code share frames (see [`crate::frame`]). A frame is *compiled* while it
//! waits for an answer at a return address in machine code, *interpreted* while it waits at the
//! bytecode pc of its frame. Every run of machine code ends with an [`crate::context::Outcome`],
//! after which the interpreter, the driver, goes on; so the C stack does not grow with Smalltalk's.

use crate::codes::ReturnAddresses;
use crate::context::VmContext;
use crate::vm::Vm;
use gc::layout::ClassIndex;
use gc::oop::Oop;
use std::ops::Range;

/// `extern "C" fn(context, code, value) -> Outcome`.
pub type EnterFunction = unsafe extern "C" fn(*mut VmContext, u64, u64) -> u64;

/// Where machine code is entered from Rust.
#[derive(Clone, Debug)]
pub struct EntryPoints {
    /// Calls `code`: receiver and arguments are the topmost words of the VM stack. The code
    /// returns to [`EntryPoints::interpreter_return`].
    pub call: EnterFunction,
    /// Goes to `code`, `value` being in the result register: into the middle of a frame that is
    /// set up, or to the start of a method whose return address was pushed.
    pub go: EnterFunction,
    /// The return address that leads back to the driver.
    pub interpreter_return: u64,
    /// Every address that machine code may lie at. No object lies there.
    pub code: Range<u64>,
}

/// When methods are compiled.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Tiering {
    /// Activations and rounds of loops after which a method is compiled.
    pub threshold: u32,
}

/// Why a method has no machine code.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NotCompiled {
    /// It is to stay interpreted.
    Unsuitable,
    /// The code space is full.
    NoRoom,
}

/// Makes machine code of methods and blocks.
pub trait CodeGenerator {
    /// Where its code is entered.
    fn entry_points(&self) -> EntryPoints;

    /// Compiles a Method, CompiledBlock or Primitive; answers the address that its code is called
    /// at by a caller who knows the receiver's class.
    fn compile(&mut self, vm: &mut Vm, compiled: Oop) -> Result<u64, NotCompiled>;

    /// Where a frame of the method that `code` belongs to goes on at the head of a loop, `pc`.
    fn loop_entry(&self, code: u64, pc: usize) -> Option<u64>;

    /// The pc of the instruction that the call before `return_address` belongs to.
    fn pc_of_send(&self, return_address: u64) -> Option<usize>;

    /// Lets the send before `return_address` call `code` directly where the receiver's class is
    /// `class`, whose object is `class_object`. False where there is no room for what that takes.
    fn link(
        &mut self,
        return_address: u64,
        class: ClassIndex,
        class_object: Oop,
        selector: Oop,
        code: u64,
    ) -> bool;

    /// Lets `perform:` with `count` further arguments go to `code` where the receiver's class is `class`.
    fn link_performed(&mut self, class: ClassIndex, selector: Oop, count: usize, code: u64);

    /// What a Symbol selects has changed: sends of it look the method up again, and what has the method within itself sends
    /// from now on. `method_of` tells what the instances of a class have now.
    fn method_changed(&mut self, selector: Oop, method_of: &dyn Fn(ClassIndex) -> Option<Oop>);

    /// Makes every send look its method up again.
    fn unlink(&mut self);

    /// Removes the code that [`CodeGenerator::compile`] answered, unless it runs: true where it is gone. No send
    /// may be linked. `None` where the code is none of its own.
    fn remove(&mut self, code: u64, running: &ReturnAddresses) -> Option<bool>;

    /// Removes the oldest code that does not run, a quarter of all there is. No send may be linked. Answers
    /// the methods that had it.
    fn evict(&mut self, running: &ReturnAddresses) -> Vec<Oop>;

    /// The listing of a method's code.
    fn listing(&self, code: u64) -> Option<String>;
}
