//! The foreign-function machinery as the VM sees it: decodes, then compiles or keeps a plan.

use crate::decode::decode;
use crate::faults;
use crate::interpret::Plan;
use crate::leaves;
use crate::libffi::Described;
use crate::library::Libraries;
use crate::serve;
use gc::Heap;
use jit::code_space::DEFAULT_SIZE;
use jit::compiler::{CompileError, Compiler, check_linked};
use jit::isa::HOST;
use jit::isa::host::callbacks::Convention;
use jit::leaf::LeafRequest;
use jit::rtl::Op;
use jit::rtl::check::is_of_callbacks;
use jit::rtl::op::print_sequence;
use jit::thunks::Thunks;
use std::cell::RefCell;
use std::io;
use std::rc::Rc;
use vm::callback::CallbackSlot;
use vm::codes::ReturnAddresses;
use vm::context::{Outcome, VmContext};
use vm::foreign::{
    ExternalCode, ExternalMethod, Foreign, LeafMethod, LibraryHandle, LibraryNotFound, Marshalling,
    NotInstalled,
};
use vm::visitors::Visit;
use vm::vm::Vm;

/// How the machinery works.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Options {
    /// What external-call methods become.
    pub marshalling: Marshalling,
    /// Print each method's RTL to standard error.
    pub trace_rtl: bool,
    /// Print each method's machine code to standard error.
    pub trace_asm: bool,
    /// Write a perf map.
    pub perf_map: bool,
    /// Bytes that machine code may take.
    pub code_bytes: usize,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            marshalling: Marshalling::default(),
            trace_rtl: false,
            trace_asm: false,
            perf_map: false,
            code_bytes: DEFAULT_SIZE,
        }
    }
}

/// Libraries, machine code and plans of one VM.
pub struct Machinery {
    options: Options,
    libraries: RefCell<Libraries>,
    compiler: Rc<RefCell<Compiler>>,
    /// Plans by their numbers; `None` where one was removed.
    plans: RefCell<Vec<Option<Rc<Plan>>>>,
    /// The addresses of callbacks.
    thunks: RefCell<Thunks>,
}

impl Machinery {
    /// Makes the machinery; fails where there is no memory for machine code.
    pub fn new(options: Options) -> io::Result<Machinery> {
        let mut compiler = Compiler::new(options.code_bytes)?;
        if options.perf_map {
            compiler.write_perf_map();
        }
        Ok(Machinery {
            options,
            libraries: RefCell::new(Libraries::new()),
            compiler: Rc::new(RefCell::new(compiler)),
            plans: RefCell::default(),
            thunks: RefCell::default(),
        })
    }

    /// Becomes the machinery of a VM.
    pub fn attach(self, vm: &mut Vm) {
        self.introduce(&mut vm.context);
        vm.foreign = Some(Rc::new(self));
    }

    /// The compiler, for who compiles something else than external-call methods.
    pub fn compiler(&self) -> Rc<RefCell<Compiler>> {
        self.compiler.clone()
    }

    fn compile(
        &self,
        method: &ExternalMethod<'_>,
        ops: &[Op],
    ) -> Result<ExternalCode, CompileError> {
        let mut compiler = self.compiler.borrow_mut();
        let code = compiler.install(
            method.name,
            method.method,
            ops,
            method.argument_count,
            method.function,
        )?;
        Ok(ExternalCode::Machine(code))
    }

    fn plan(
        &self,
        method: &ExternalMethod<'_>,
        ops: Vec<Op>,
        described: Option<Described>,
    ) -> Result<ExternalCode, CompileError> {
        let facts = check_linked(&ops, method.argument_count, method.function)?;
        let plan = Some(Rc::new(Plan {
            name: method.name.into(),
            ops: ops.into(),
            facts,
            argument_count: method.argument_count,
            function: method.function,
            described,
        }));
        let mut plans = self.plans.borrow_mut();
        let number = match plans.iter().position(Option::is_none) {
            Some(number) => number,
            None => {
                plans.push(None);
                plans.len() - 1
            }
        };
        plans[number] = plan;
        Ok(ExternalCode::Plan(number as u32))
    }

    /// How libffi makes the call of a sequence that describes one.
    fn described(&self, heap: &Heap, ops: &[Op]) -> Result<Option<Described>, String> {
        let Some(Op::DescribeCall { description }) = ops.iter().find(|op| describes(op)) else {
            return Ok(None);
        };
        let description = *description;
        if !description.is_pointer() || !heap.format_of(description).is_bytes() {
            return Err("a call is described by a String".into());
        }
        let text = String::from_utf8_lossy(heap.bytes(description));
        Described::new(&mut self.libraries.borrow_mut(), &text).map(Some)
    }

    /// Tells the context what it must know of machine code, where no compiler of bytecodes has.
    fn introduce(&self, context: &mut VmContext) {
        faults::watch(context, Rc::as_ptr(&self.compiler));
        let compiler = self.compiler.borrow();
        let range = compiler.code_range();
        context.code_start = range.start;
        context.code_size = range.end - range.start;
        context.unwinding_stub = compiler.stubs().unwinding();
    }

    fn trace(&self, method: &ExternalMethod<'_>, ops: &[Op], code: ExternalCode) {
        if self.options.trace_rtl {
            eprint!("{} RTL\n{}", method.name, print_sequence(ops, HOST));
        }
        if self.options.trace_asm {
            eprint!("{}", self.listing(code));
        }
    }
}

impl Drop for Machinery {
    fn drop(&mut self) {
        faults::unwatch();
    }
}

/// Objects that code refers to must not move: young ones are pinned, and stay so, since other code
/// may refer to them too.
fn pin_literals(heap: &mut Heap, ops: &[Op]) {
    for op in ops {
        if let Op::Literal { object, .. } | Op::RuntimeWith { object, .. } = op
            && heap.is_young(*object)
        {
            heap.pin(*object);
        }
    }
}

fn describes(op: &Op) -> bool {
    matches!(op, Op::DescribeCall { .. })
}

fn wrong(error: impl std::fmt::Display, place: &str) -> NotInstalled {
    NotInstalled::Wrong(format!("{error}, {place}"))
}

fn not_installed(error: &CompileError, place: &str) -> NotInstalled {
    match error {
        CompileError::CodeSpace(_) => NotInstalled::NoRoom(format!("{error}, {place}")),
        CompileError::Rtl(_) | CompileError::NoFunction => wrong(error, place),
    }
}

impl Foreign for Machinery {
    fn open(&self, name: &str) -> Result<LibraryHandle, LibraryNotFound> {
        self.libraries.borrow_mut().open(name)
    }

    fn symbol(&self, library: LibraryHandle, name: &str) -> Option<u64> {
        self.libraries.borrow_mut().symbol(library, name)
    }

    fn install(
        &self,
        context: &mut VmContext,
        method: &ExternalMethod<'_>,
    ) -> Result<ExternalCode, NotInstalled> {
        let place = format!("in {}", method.name);
        self.introduce(context);
        let ops = decode(&context.heap, method.rtl, HOST).map_err(|error| wrong(error, &place))?;
        pin_literals(&mut context.heap, &ops);
        let is_callback = ops.iter().any(is_of_callbacks);
        let code = match self.options.marshalling {
            // What C calls must be machine code.
            _ if is_callback => self.compile(method, &ops),
            Marshalling::Compiled if ops.iter().any(describes) => {
                let reason = "describeCall is for marshalling through libffi alone";
                return Err(wrong(reason, &place));
            }
            Marshalling::Compiled => self.compile(method, &ops),
            Marshalling::Interpreted | Marshalling::Libffi => {
                let described = self.described(&context.heap, &ops);
                let described = described.map_err(|error| wrong(error, &place))?;
                self.plan(method, ops.clone(), described)
            }
        };
        let code = code.map_err(|error| not_installed(&error, &place))?;
        self.trace(method, &ops, code);
        Ok(code)
    }

    fn install_leaf(
        &self,
        vm: &mut Vm,
        leaf: &LeafMethod<'_>,
    ) -> Result<Option<u64>, NotInstalled> {
        let place = format!("in the leaf {}", leaf.name);
        let ops = decode(vm.heap(), leaf.rtl, HOST).map_err(|error| wrong(error, &place))?;
        let parameters = leaves::parameters(vm.heap(), leaf.parameters, HOST);
        let parameters = parameters.map_err(|error| wrong(error, &place))?;
        let checked = check_linked(&ops, parameters.len(), 0);
        checked.map_err(|error| not_installed(&error, &place))?;
        let request = LeafRequest {
            ops: &ops,
            compiled: leaf.compiled,
            parameters: &parameters,
        };
        let made = self
            .compiler
            .borrow_mut()
            .install_leaf(vm, leaf.name, &request, leaf.general);
        let code = made.map_err(|error| not_installed(&error, &place))?;
        if let (Some(code), true) = (code, self.options.trace_asm) {
            eprint!("{}", self.listing(ExternalCode::Machine(code)));
        }
        Ok(code)
    }

    fn remove(&self, code: ExternalCode, running: &ReturnAddresses) -> bool {
        match code {
            ExternalCode::Machine(address) => {
                self.compiler.borrow_mut().remove_unless(address, running)
            }
            ExternalCode::Plan(number) => {
                // Who runs it shares it.
                self.plans.borrow_mut()[number as usize] = None;
                true
            }
        }
    }

    unsafe fn enter(&self, context: *mut VmContext, code: u64) -> Outcome {
        // The code may call back, and the callback compile: nothing stays borrowed.
        let stub = self.compiler.borrow().stubs().enter();
        // SAFETY: the caller vouches for code, stack and context.
        unsafe { Compiler::enter(stub, context, code) }
    }

    unsafe fn call_plan(&self, context: *mut VmContext, plan: u32) -> Outcome {
        // Kept for the call: a callback may remove the method.
        let plan = self.plans.borrow().get(plan as usize).cloned().flatten();
        let plan = plan.expect("the VM calls plans that were installed and not removed");
        // SAFETY: as for `enter`.
        unsafe { plan.run(context) }
    }

    unsafe fn leave_call(&self, back: u64, c_sp: u64) {
        // SAFETY: the caller vouches for the run.
        unsafe { self.compiler.borrow().leave_call(back, c_sp) };
    }

    fn listing(&self, code: ExternalCode) -> String {
        match code {
            ExternalCode::Machine(address) => {
                let listing = self.compiler.borrow().listing(address);
                listing.unwrap_or_else(|| format!("no code begins at {address:#x}\n"))
            }
            ExternalCode::Plan(number) => match &self.plans.borrow()[number as usize] {
                Some(plan) => format!("{}\n{}", plan.name, print_sequence(&plan.ops, HOST)),
                None => format!("there is no plan {number}\n"),
            },
        }
    }

    fn name_of(&self, code: u64) -> Option<String> {
        let compiler = self.compiler.try_borrow().ok()?;
        compiler.name_at(code).map(str::to_string)
    }

    fn new_callback(&self, callback: CallbackSlot) -> Result<u64, String> {
        let made = self.thunks.borrow_mut().make(callback);
        made.map_err(|error| format!("memory for callbacks: {error}"))
    }

    fn free_callback(&self, address: u64) -> bool {
        self.thunks.borrow_mut().free(address)
    }

    unsafe fn serve(&self, visit: Visit) {
        // SAFETY: the caller vouches for the visit.
        unsafe { serve::serve(visit) }
    }

    fn marshalling(&self) -> Marshalling {
        self.options.marshalling
    }

    fn callback_stack_offset(&self, microsoft: bool) -> usize {
        Convention::from_number(i64::from(microsoft)).stack_offset()
    }

    fn code_bytes(&self) -> usize {
        self.compiler.borrow().code_bytes()
    }
}
