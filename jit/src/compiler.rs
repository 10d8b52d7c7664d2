//! RTL in, callable machine code out: checks, lowers, installs, lists, removes.

use crate::call_sites::ForeignCallSite;
use crate::code_space::{CodeSpace, CodeSpaceError};
use crate::isa::{self, host};
use crate::leaf::{self, LeafRequest};
use crate::listing;
use crate::lowering::{Lines, Lowered, Request};
use crate::rtl::Op;
use crate::rtl::check::{Facts, RtlError, check, is_of_callbacks};
use crate::stubs::StubAddresses;
use gc::oop::Oop;
use std::fmt;
use std::io;
use vm::codes::ReturnAddresses;
use vm::context::{Outcome, VmContext};
use vm::vm::Vm;

/// Why a sequence was not made into machine code.
#[derive(Debug)]
pub enum CompileError {
    /// The sequence is wrong.
    Rtl(RtlError),
    /// The sequence calls a linked function, and the method is linked to none.
    NoFunction,
    /// There is no place for the code.
    CodeSpace(CodeSpaceError),
}

impl fmt::Display for CompileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CompileError::Rtl(error) => write!(f, "{error}"),
            CompileError::NoFunction => {
                write!(
                    f,
                    "callForeign needs a function, and the method is linked to none"
                )
            }
            CompileError::CodeSpace(error) => write!(f, "{error}"),
        }
    }
}

impl std::error::Error for CompileError {}

/// What is known of a piece of code.
pub(crate) struct About {
    /// What it belongs to: `Class>>selector`.
    pub(crate) name: String,
    /// The RTL that it was made of; empty for the stubs.
    pub(crate) ops: Box<[Op]>,
    /// Where each operation's code begins, see [`Lowered`].
    pub(crate) op_offsets: Box<[u32]>,
    /// The foreign function.
    pub(crate) function: u64,
    /// The external-call method, and the number of its arguments.
    pub(crate) external: Option<(Oop, usize)>,
    /// The cells that it reads.
    pub(crate) cells: Box<[u64]>,
    /// Its calls of foreign functions.
    pub(crate) foreign_calls: Box<[ForeignCallSite]>,
    /// What stands beside the operations: their index and the line.
    pub(crate) remarks: Box<[(u32, String)]>,
}

impl About {
    /// The foreign call in the place of a send that the code at an offset belongs to, if it belongs to one: how far it is
    /// from the frame down to its return address, and the external-call method.
    fn foreign_call_at(&self, offset: u32) -> Option<(i64, Oop)> {
        let before = self.op_offsets.partition_point(|&each| each <= offset);
        for op in self.ops.iter().take(before).rev() {
            if let Op::EnterForeign { depth, method, .. } = op {
                return Some((*depth, *method));
            } else if let Op::ResumeForeign { call } = op {
                return self.foreign_sends().nth(*call as usize);
            } else if let Op::LeaveForeign {} = op {
                return None;
            }
        }
        None
    }

    fn foreign_sends(&self) -> impl Iterator<Item = (i64, Oop)> {
        self.ops.iter().filter_map(|op| {
            if let Op::EnterForeign { depth, method, .. } = op {
                Some((*depth, *method))
            } else {
                None
            }
        })
    }
}

/// How code goes on that followed an address of the program's.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FaultExit {
    /// Where.
    pub pc: u64,
    /// The stack pointer there.
    pub rsp: u64,
    /// The external-call method that fails.
    pub method: Option<Oop>,
}

/// The code of an external-call method before it was lowered.
pub(crate) struct External {
    pub(crate) method: Oop,
    pub(crate) ops: Box<[Op]>,
    pub(crate) facts: Facts,
    pub(crate) argument_count: usize,
    pub(crate) function: u64,
}

/// Makes machine code of RTL and keeps it.
pub struct Compiler {
    pub(crate) space: CodeSpace<About>,
    stubs: StubAddresses,
    perf_map: bool,
}

/// Checks that a sequence can be executed, by whatever executes it.
pub fn check_linked(
    ops: &[Op],
    argument_count: usize,
    function: u64,
) -> Result<Facts, CompileError> {
    let facts = check(ops, argument_count, isa::HOST).map_err(CompileError::Rtl)?;
    if function == 0 && ops.iter().any(|op| matches!(op, Op::CallForeign {})) {
        return Err(CompileError::NoFunction);
    }
    Ok(facts)
}

impl Compiler {
    /// A compiler whose code takes at most `size` bytes.
    pub fn new(size: usize) -> io::Result<Compiler> {
        let mut space = CodeSpace::new(size)?;
        let code = host::stubs::assemble();
        let about = About {
            name: "stubs".into(),
            ops: Box::new([]),
            op_offsets: Box::new([]),
            function: 0,
            external: None,
            cells: Box::new([]),
            foreign_calls: Box::new([]),
            remarks: Box::new([]),
        };
        let base = space
            .install(code.bytes.len(), |_| code.bytes, about)
            .map_err(|error| io::Error::other(error.to_string()))?;
        Ok(Compiler {
            space,
            stubs: StubAddresses::new(base, code.offsets),
            perf_map: false,
        })
    }

    /// From now on writes a line of `/tmp/perf-PID.map` for each piece of code.
    pub fn write_perf_map(&mut self) {
        self.perf_map = true;
    }

    /// Compiles a method's RTL; answers the address of its code.
    pub fn install(
        &mut self,
        name: &str,
        method: Oop,
        ops: &[Op],
        argument_count: usize,
        function: u64,
    ) -> Result<u64, CompileError> {
        let facts = check_linked(ops, argument_count, function)?;
        self.lower(name, method, ops, &facts, argument_count, function)
    }

    /// Lowers a sequence without sends, and puts the code in.
    fn lower(
        &mut self,
        name: &str,
        method: Oop,
        ops: &[Op],
        facts: &Facts,
        argument_count: usize,
        function: u64,
    ) -> Result<u64, CompileError> {
        let lowered = host::lower::lower(&Request {
            ops,
            facts,
            method,
            argument_count,
            function,
            stubs: &self.stubs,
            cells: &[],
            code_space: self.space.range(),
            lines: Lines::default(),
        });
        let is_external = !ops.iter().any(is_of_callbacks);
        let about = About {
            name: name.into(),
            ops: ops.into(),
            op_offsets: lowered.op_offsets.clone().into(),
            function,
            external: is_external.then_some((method, argument_count)),
            cells: Box::new([]),
            foreign_calls: lowered.foreign_calls.clone().into(),
            remarks: Box::new([]),
        };
        self.put(lowered, about).map_err(CompileError::CodeSpace)
    }

    /// Compiles a leaf, a callback's own code; `None` where the Block is none. `general` is the address of the
    /// code of its signature, which must stay.
    pub fn install_leaf(
        &mut self,
        vm: &Vm,
        name: &str,
        leaf: &LeafRequest<'_>,
        general: u64,
    ) -> Result<Option<u64>, CompileError> {
        let Some(ops) = leaf::make(vm, leaf) else {
            return Ok(None);
        };
        let count = leaf.parameters.len();
        self.lower(name, Oop::ZERO, &ops, &Facts::default(), count, general)
            .map(Some)
    }

    /// Puts code in that was lowered elsewhere.
    pub(crate) fn put(&mut self, lowered: Lowered, about: About) -> Result<u64, CodeSpaceError> {
        let name = about.name.clone();
        let size = lowered.bytes.len();
        let address = self
            .space
            .install(size, |address| lowered.at(address), about)?;
        if self.perf_map {
            // A profile without names is better than a program that stops.
            let _ = crate::perf_map::append(address, size, &name);
        }
        Ok(address)
    }

    /// Drops the code that `install` answered, unless it runs: true where it is gone.
    pub fn remove_unless(&mut self, code: u64, running: &ReturnAddresses) -> bool {
        let runs = self.runs(code, running);
        if !runs {
            self.remove(code);
        }
        !runs
    }

    /// True where one of the addresses leads into the piece of code that begins at `code`.
    pub(crate) fn runs(&self, code: u64, running: &ReturnAddresses) -> bool {
        running.lead_into(&self.space.extent(code))
    }

    /// Drops the code that `install` answered. No frame may run in it any more.
    pub fn remove(&mut self, code: u64) {
        // Where the pages cannot be made writable the code stays behind, unused.
        let _ = self.space.remove(code);
    }

    /// What the external-call method's code that begins at `code` was made of.
    pub(crate) fn external(&self, code: u64) -> Option<External> {
        let about = self.space.about(code)?;
        let (method, argument_count) = about.external?;
        let facts = check(&about.ops, argument_count, isa::HOST).ok()?;
        Some(External {
            method,
            ops: about.ops.clone(),
            facts,
            argument_count,
            function: about.function,
        })
    }

    /// Name of the method whose code `address` lies in.
    pub fn name_at(&self, address: u64) -> Option<&str> {
        self.space
            .piece_around(address)
            .map(|(_, about)| about.name.as_str())
    }

    /// Where code goes on that was stopped at `pc` when it followed an address of the program's, from what its stack and
    /// frame pointers were: an external-call method fails, for the reason that the context then has, as it has the method;
    /// a leaf is abandoned. `None` for other code.
    pub fn exit_of_fault(&self, pc: u64, sp: u64, fp: u64) -> Option<FaultExit> {
        let (base, about) = self.space.piece_around(pc)?;
        let abandoning = |op: &Op| matches!(op, Op::AbandonLeaf { .. });
        if let Some(index) = about.ops.iter().position(abandoning) {
            return Some(FaultExit {
                pc: base + u64::from(about.op_offsets[index]),
                rsp: sp,
                method: None,
            });
        }
        let (rsp, method) = match about.external {
            Some((method, _)) => (sp, method),
            None => {
                let (depth, method) = about.foreign_call_at((pc - base) as u32)?;
                (fp - depth as u64, method)
            }
        };
        Some(FaultExit {
            pc: self.stubs.exit_faulted(),
            rsp,
            method: Some(method),
        })
    }

    /// RTL and machine code side by side, of what was installed at `code`.
    pub fn listing(&self, code: u64) -> Option<String> {
        let about = self.space.about(code)?;
        Some(listing::list(
            about,
            &self.space.code(code)?,
            code,
            &self.stubs,
        ))
    }

    /// The addresses that code can lie at.
    pub fn code_range(&self) -> std::ops::Range<u64> {
        self.space.range()
    }

    /// Bytes of code space in use.
    pub fn code_bytes(&self) -> usize {
        self.space.used()
    }

    /// The shared code.
    pub fn stubs(&self) -> &StubAddresses {
        &self.stubs
    }

    /// Runs the code at `code` on the VM stack of `context`; `enter` is the stub's address, see
    /// `isa::host::stubs`.
    ///
    /// # Safety
    /// `code` is what `install` answered and was not removed since, and the compiler lives; receiver
    /// and arguments, as many as the method takes, are the topmost words of the VM stack, which has
    /// room for a frame; the context's fields are as their comments say, its entries included.
    pub unsafe fn enter(enter: u64, context: *mut VmContext, code: u64) -> Outcome {
        // SAFETY: the caller promises what `enter` asks for.
        unsafe { crate::enter::enter(enter, context, code) }
    }
}
