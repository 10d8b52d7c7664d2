//! A VM with everything that belongs to it: image, foreign machinery, options.

use crate::options::{CommandLine, TraceChoice};
use crate::statistics::CodeStatistics;
use ffi::machinery::{self, Machinery};
use gc::{HeapOptions, Oop};
use image::file;
use image::snapshot;
use jit::code_space::DEFAULT_SIZE;
use jit::methods::Methods;
use std::path::{Path, PathBuf};
use vm::compile::Tiering;
use vm::interpreter::RunEnd;
use vm::loader::LoadError;
use vm::vm::{Options, Vm};

/// The image that was bootstrapped from the kernel's sources when this program was built.
pub const BUILT_IN_IMAGE: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/kernel.image"));

/// Why a session ends, or an evaluation failed.
#[derive(Debug)]
pub enum Fault {
    /// The text is wrong; nothing was run. The message has file, line and column.
    Source(String),
    /// More text could make it right: what a multi-line input waits for.
    Incomplete(String),
    /// An error that nobody handled. It was reported on standard error.
    Uncaught,
    /// `System exit:` with this status.
    Exit(i32),
}

impl From<LoadError> for Fault {
    fn from(error: LoadError) -> Fault {
        match error {
            LoadError::Compile(error) if error.incomplete => Fault::Incomplete(error.to_string()),
            LoadError::Compile(error) => Fault::Source(error.to_string()),
            LoadError::Install(message) | LoadError::NotFound(message) => Fault::Source(message),
            LoadError::OutOfMemory => Fault::Source("the heap is full".into()),
            LoadError::Run(RunEnd::Terminated | RunEnd::Unwinding) => Fault::Uncaught,
            LoadError::Run(RunEnd::Exit(status)) => Fault::Exit(status),
        }
    }
}

impl From<RunEnd> for Fault {
    fn from(end: RunEnd) -> Fault {
        LoadError::Run(end).into()
    }
}

/// A VM and what it was started with.
pub struct Session {
    vm: Box<Vm>,
}

impl Session {
    /// Starts a VM as the command line says. The error is a sentence for the user.
    pub fn start(line: &CommandLine, arguments: Vec<String>) -> Result<Session, String> {
        let options = vm_options(line, arguments);
        let mut vm = match &line.image {
            None => snapshot::load(BUILT_IN_IMAGE, options).map_err(|error| error.to_string())?,
            Some(path) => load_image(path, options)?,
        };
        let machinery = Machinery::new(machinery::Options {
            marshalling: line.marshal.into(),
            trace_rtl: line.traces(TraceChoice::Rtl),
            trace_asm: line.traces(TraceChoice::Asm),
            perf_map: line.perf_map,
            code_bytes: line.max_code.unwrap_or(DEFAULT_SIZE),
        })
        .map_err(|error| format!("cannot reserve code space: {error}"))?;
        if !line.no_jit {
            let trace = line.traces(TraceChoice::Asm);
            vm.set_generator(Box::new(Methods::new(machinery.compiler(), trace)));
        }
        machinery.attach(&mut vm);
        vm.image_saver = Some(save_image);
        if line.image.is_some() {
            let system = vm
                .global_value("system")
                .ok_or("the image has no `system`")?;
            vm.send(system, "startUp", &[])
                .map_err(|_| "the image does not start up")?;
        }
        Ok(Session { vm })
    }

    /// The VM.
    pub fn vm(&mut self) -> &mut Vm {
        &mut self.vm
    }

    /// Loads a text: defines its classes and runs its statements, in order. Answers the value of
    /// the last statement.
    pub fn evaluate(&mut self, name: &str, text: impl Into<Vec<u8>>) -> Result<Oop, Fault> {
        Ok(self.vm.load_text(name, text)?)
    }

    /// What `printString` answers for an object.
    pub fn print_string(&mut self, object: Oop) -> Result<String, Fault> {
        let printed = self.vm.send(object, "printString", &[])?;
        Ok(self.vm.text(printed))
    }

    /// Saves a snapshot. The error is a sentence for the user.
    pub fn save(&mut self, path: &Path) -> Result<(), String> {
        save_image(&mut self.vm, path)
    }

    /// The `--stats` lines.
    pub fn statistics(&self) -> String {
        let foreign = self.vm.foreign.as_ref();
        let (compilation_ns, running_ns) = self.vm.compilation_and_running_ns();
        let code = CodeStatistics {
            bytes: foreign.map_or(0, |foreign| foreign.code_bytes()),
            evicted: self.vm.evicted_code,
            compilation_ns,
            running_ns,
        };
        crate::statistics::report(&self.vm.heap().stats(), &code)
    }
}

fn vm_options(line: &CommandLine, arguments: Vec<String>) -> Options {
    let mut heap = HeapOptions {
        verify: line.verify_heap,
        stress: line.gc_stress,
        trace: line.traces(TraceChoice::Gc),
        ..HeapOptions::default()
    };
    if let Some(bytes) = line.max_heap {
        heap.max_heap_bytes = bytes;
        heap.nursery_bytes = heap.nursery_bytes.min(bytes / 4);
    }
    let mut options = Options::default();
    if let Some(bytes) = line.max_stack {
        options.stack_bytes = bytes;
    }
    let class_path = line
        .class_path
        .iter()
        .flat_map(|path| path.split(':'))
        .map(PathBuf::from);
    Options {
        heap,
        trace_bytecode: line.traces(TraceChoice::Bytecode),
        tiering: Tiering {
            threshold: line.jit_threshold,
        },
        class_path: class_path.collect(),
        arguments,
        ..options
    }
}

fn save_image(vm: &mut Vm, path: &Path) -> Result<(), String> {
    let bytes = snapshot::save(vm).map_err(|error| error.to_string())?;
    file::replace(path, &bytes)
        .map_err(|error| format!("cannot save the image {}: {error}", path.display()))
}

fn load_image(path: &Path, options: Options) -> Result<Box<Vm>, String> {
    let failed = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    let bytes = std::fs::read(path).map_err(|error| failed(&error))?;
    snapshot::load(&bytes, options).map_err(|error| failed(&error))
}
