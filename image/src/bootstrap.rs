//! Bootstrap: from the kernel's sources to a VM.
//!
//! ```text
//!  genesis            nil, true, false, bare class objects for the classes the VM knows
//!  sources            every class of image/kernel, superclasses first
//!  check              the slots that the VM uses are the fields that the sources declare
//!  initialization     `system` is made; each class whose class side has `initialize` is sent it
//!  separation         programs get names of their own for all there is
//! ```

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use vm::compiler::ast::Superclass;
use vm::compiler::{Arena, Source, parse_class};
use vm::known;
use vm::vm::{Options, Vm};

/// Why there is no image.
#[derive(Debug)]
pub struct BootstrapError(String);

impl fmt::Display for BootstrapError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for BootstrapError {}

fn failed(what: impl fmt::Display) -> BootstrapError {
    BootstrapError(what.to_string())
}

/// A kernel source, and what its header says.
struct KernelClass {
    source: Source,
    name: String,
    superclass: Option<String>,
}

/// Makes a VM of the sources below a directory.
pub fn bootstrap(directory: &Path) -> Result<Box<Vm>, BootstrapError> {
    let classes = superclasses_first(read_classes(directory)?)?;
    let mut vm = Vm::empty(Options::default()).map_err(failed)?;
    vm.genesis().map_err(failed)?;
    for each in &classes {
        vm.load_class_text(&each.source).map_err(failed)?;
    }
    check_fields(&vm)?;
    initialize(&mut vm, &classes)?;
    vm.separate_kernel().map_err(failed)?;
    Ok(vm)
}

/// The `.som` files below a directory, sorted by path.
pub fn source_files(directory: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        if path.is_dir() {
            files.extend(source_files(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "som") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn read_classes(directory: &Path) -> Result<Vec<KernelClass>, BootstrapError> {
    let unreadable = |error| failed(format!("{}: {error}", directory.display()));
    let files = source_files(directory).map_err(unreadable)?;
    files
        .iter()
        .map(|path| read_class(directory, path))
        .collect()
}

fn read_class(directory: &Path, path: &Path) -> Result<KernelClass, BootstrapError> {
    let text = fs::read(path).map_err(|error| failed(format!("{}: {error}", path.display())))?;
    let name = path
        .strip_prefix(directory)
        .unwrap_or(path)
        .display()
        .to_string();
    let source = Source::new(name, text).map_err(failed)?;
    let arena = Arena::new();
    let class = parse_class(&arena, &source).map_err(failed)?;
    let superclass = match class.superclass {
        Superclass::Nil => None,
        Superclass::Default => Some("Object".to_owned()),
        Superclass::Named(name) => Some(name.text.to_owned()),
    };
    let name = class.name.text.to_owned();
    Ok(KernelClass {
        source,
        name,
        superclass,
    })
}

fn superclasses_first(mut waiting: Vec<KernelClass>) -> Result<Vec<KernelClass>, BootstrapError> {
    let mut ordered: Vec<KernelClass> = Vec::with_capacity(waiting.len());
    while !waiting.is_empty() {
        let ready = |each: &KernelClass| match &each.superclass {
            None => true,
            Some(name) => ordered.iter().any(|other| other.name == *name),
        };
        let Some(next) = waiting.iter().position(ready) else {
            let names: Vec<&str> = waiting.iter().map(|each| each.name.as_str()).collect();
            return Err(failed(format!("no superclass for {}", names.join(", "))));
        };
        ordered.push(waiting.remove(next));
    }
    Ok(ordered)
}

/// The fields that the sources declare are those that the VM uses by number.
fn check_fields(vm: &Vm) -> Result<(), BootstrapError> {
    for &(name, expected) in known::FIELDS {
        let class = vm
            .global_value(name)
            .ok_or_else(|| failed(format!("no class {name}")))?;
        let declared = vm.field_names(class);
        if declared != expected {
            let message = format!("{name} declares the fields {declared:?}, not {expected:?}");
            return Err(failed(message));
        }
    }
    for &(name, ..) in known::CLASSES {
        let class = vm.global_value(name).expect("a class made by genesis");
        if vm.heap().slot(class, known::class::FIELDS) == vm.nil() {
            return Err(failed(format!(
                "the VM needs a class {name}, no source defines it"
            )));
        }
    }
    Ok(())
}

fn initialize(vm: &mut Vm, classes: &[KernelClass]) -> Result<(), BootstrapError> {
    let system_class = vm.class_at(known::index::SYSTEM);
    let system = vm
        .instantiate(system_class, 0)
        .map_err(|failure| failed(failure.name()))?;
    vm.set_global("system", system).map_err(failed)?;
    for each in classes {
        let class = vm.global_value(&each.name).expect("a class just loaded");
        let metaclass = vm.class_of(class);
        if vm.has_own_method(metaclass, "initialize") {
            vm.send(class, "initialize", &[])
                .map_err(|end| failed(format!("{} initialize: {end:?}", each.name)))?;
        }
    }
    Ok(())
}
