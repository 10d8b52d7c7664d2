//! The RTL interpreter: runs marshalling instead of compiling it.
//!
//! It does what the machine code does, on a register file in memory. One Rust method per operation
//! (in `operations`) and a call through the trampoline; no operation is decoded twice.

mod operations;

use crate::libffi::Described;
use crate::trampoline::{self, Registers};
use gc::{Heap, Oop};
use jit::isa::host::callbacks::Convention;
use jit::isa::host::registers::{CONTEXT, FRAME, STACK};
use jit::rtl::check::Facts;
use jit::rtl::operand::Width;
use jit::rtl::{Fpr, Gpr, Label, Op};
use vm::context::{Outcome, VmContext};
use vm::entry::Entry;
use vm::failure::Failure;
use vm::probe;

/// A runtime entry as the context's table holds it.
type EntryFunction = extern "C" fn(context: *mut VmContext, value: u64, extra: u64) -> u64;

/// A checked sequence that is ready to be run.
pub struct Plan {
    /// What it belongs to: `Class>>selector`.
    pub name: Box<str>,
    /// The operations.
    pub ops: Box<[Op]>,
    /// What the check found out about them.
    pub facts: Facts,
    /// Number of the method's arguments, the receiver not counted.
    pub argument_count: usize,
    /// Address of the foreign function.
    pub function: u64,
    /// How libffi makes the call, where it does.
    pub described: Option<Described>,
}

impl Plan {
    /// Runs the plan: receiver and arguments are the topmost words of the context's VM stack and
    /// stay there. Where it returns, the result is in `context.value`.
    ///
    /// # Safety
    /// The context's fields are as their comments say, its table of entries included; the VM stack
    /// holds receiver and arguments, as many as `argument_count`; `function` takes the arguments
    /// that the operations place.
    pub unsafe fn run(&self, context: *mut VmContext) -> Outcome {
        // SAFETY: the caller vouches for the context.
        let (sp, fp) = unsafe { ((*context).sp, (*context).fp) };
        let mut registers = Registers::new();
        registers.general[CONTEXT.number() as usize] = context as u64;
        // Machine code is entered with a return address on top of the stack.
        registers.general[STACK.number() as usize] = sp - 8;
        registers.general[FRAME.number() as usize] = fp;
        let mut run = Run {
            plan: self,
            context,
            sp,
            registers,
            area: Vec::new(),
            faulted: false,
        };
        let mut next = 0;
        loop {
            let step = self.ops[next].accept(&mut run);
            if run.faulted {
                run.give_up(0, Failure::Fault as u64);
                return Outcome::Failed;
            }
            match step {
                Step::Next => next += 1,
                Step::Go(label) => next = self.facts.place(label) + 1,
                Step::End(outcome) => return outcome,
            }
        }
    }
}

/// Where control goes after an operation.
enum Step {
    /// To the next one.
    Next,
    /// To a label.
    Go(Label),
    /// Out.
    End(Outcome),
}

/// `Step::Go(label)` where `condition` holds.
fn go_if(condition: bool, label: Label) -> Step {
    if condition {
        Step::Go(label)
    } else {
        Step::Next
    }
}

struct Run<'a> {
    plan: &'a Plan,
    context: *mut VmContext,
    /// Address of the topmost word of the VM stack: the last argument.
    sp: u64,
    registers: Registers,
    /// The reserved area, which is copied to the C stack for the call.
    area: Vec<u128>,
    /// Something was read that is not there.
    faulted: bool,
}

impl Run<'_> {
    fn get(&self, register: Gpr) -> u64 {
        self.registers.general[register.number() as usize]
    }

    fn set(&mut self, register: Gpr, value: u64) -> Step {
        self.registers.general[register.number() as usize] = value;
        Step::Next
    }

    /// The whole float register.
    fn get_v(&self, register: Fpr) -> u128 {
        self.registers.float[register.number() as usize]
    }

    fn set_v(&mut self, register: Fpr, value: u128) -> Step {
        self.registers.float[register.number() as usize] = value;
        Step::Next
    }

    fn get_f(&self, register: Fpr) -> f64 {
        f64::from_bits(self.get_v(register) as u64)
    }

    fn set_f(&mut self, register: Fpr, value: f64) -> Step {
        self.set_v(register, value.to_bits() as u128)
    }

    fn object(&self, register: Gpr) -> Oop {
        // SAFETY: the producer of the RTL gives object operations registers that hold oops, and no
        // collection happens while the sequence runs, but in the foreign call.
        unsafe { Oop::from_bits(self.get(register)) }
    }

    fn context(&mut self) -> &mut VmContext {
        // SAFETY: the caller of `run` vouches for the context; references to it do not live across
        // calls of entries or foreign functions.
        unsafe { &mut *self.context }
    }

    fn heap(&mut self) -> &mut Heap {
        &mut self.context().heap
    }

    /// Zeros where there is no memory, and then the plan fails.
    fn read<const N: usize>(&mut self, base: Gpr, offset: i64) -> [u8; N] {
        let address = self.get(base).wrapping_add(offset as u64);
        if !probe::is_readable(address, N) {
            self.faulted = true;
            return [0; N];
        }
        // SAFETY: RTL loads from where its producer says, as machine code does.
        unsafe { (address as *const [u8; N]).read_unaligned() }
    }

    /// Writes the low bytes of a word, as many as the width says.
    fn write_integer(&mut self, width: Width, base: Gpr, offset: i64, value: u64) -> Step {
        match width {
            Width::S8 | Width::U8 => self.write(base, offset, (value as u8).to_le_bytes()),
            Width::S16 | Width::U16 => self.write(base, offset, (value as u16).to_le_bytes()),
            Width::S32 | Width::U32 => self.write(base, offset, (value as u32).to_le_bytes()),
            Width::W64 => self.write(base, offset, value.to_le_bytes()),
        }
    }

    fn write<const N: usize>(&mut self, base: Gpr, offset: i64, bytes: [u8; N]) -> Step {
        let address = self.get(base).wrapping_add(offset as u64);
        if !probe::is_writable(address, N) {
            return self.give_up(0, Failure::Fault as u64);
        }
        // SAFETY: RTL stores to where its producer says, as machine code does.
        unsafe { (address as *mut [u8; N]).write_unaligned(bytes) };
        Step::Next
    }

    /// Calls a runtime entry; answers its result, or `None` where it failed.
    fn call_entry(&mut self, entry: Entry, value: u64, extra: u64) -> Option<u64> {
        let address = self.context().entries[entry as usize];
        // SAFETY: the caller of `run` vouches for the table, whose entries have this signature.
        let function = unsafe { std::mem::transmute::<usize, EntryFunction>(address as usize) };
        let status = function(self.context, value, extra);
        if status == 0 {
            return Some(self.context().value);
        }
        self.context().failure = status;
        None
    }

    fn runtime_step(&mut self, target: Gpr, result: Option<u64>, failed: Label) -> Step {
        match result {
            Some(value) => self.set(target, value),
            None => Step::Go(failed),
        }
    }

    /// Calls a foreign function with what stands in the registers and the reserved area.
    ///
    /// While it runs, the VM stack looks as it does below machine code, with a word on top where a
    /// return address would be; no code returns there, and the collector sees a SmallInteger.
    fn call(&mut self, function: u64) -> Step {
        let Some(described) = &self.plan.described else {
            return self.call_with_registers(function);
        };
        // libffi takes addresses of the values: the area stays where it is, and the C stack gets no copy.
        let area = std::mem::take(&mut self.area);
        let mut values = Vec::new();
        let passed = described.arguments(function, area.as_ptr() as u64, &mut values);
        for (&register, value) in Convention::SystemV.integers().iter().zip(passed) {
            self.set(register, value);
        }
        let step = self.call_with_registers(described.function);
        self.area = area;
        step
    }

    fn call_with_registers(&mut self, function: u64) -> Step {
        let takes_addresses = self.plan.facts.takes_addresses;
        if takes_addresses {
            self.heap().hold_addresses();
        }
        let (sp, errno_location) = (self.sp - 8, self.context().errno_location);
        // SAFETY: below the topmost word the VM stack has room for a frame, which `run`'s caller
        // vouches for.
        unsafe { (sp as *mut u64).write(Oop::ZERO.bits()) };
        self.context().sp = sp;
        // SAFETY: the caller of `run` vouches for the function and the arguments; the context knows
        // this thread's errno.
        let errno =
            unsafe { trampoline::call(&mut self.registers, &self.area, function, errno_location) };
        let sp = self.sp;
        let context = self.context();
        context.sp = sp;
        if takes_addresses {
            context.heap.release_addresses();
        }
        let Some(errno) = errno else {
            return self.give_up(0, Failure::Fault as u64);
        };
        context.errno = errno;
        Step::Next
    }

    fn give_up(&mut self, argument: u64, reason: u64) -> Step {
        let context = self.context();
        context.failure_argument = argument;
        if reason != 0 {
            context.failure = reason;
        }
        context.value = 0;
        Step::End(Outcome::Failed)
    }
}
