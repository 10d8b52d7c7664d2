//! Primitives that compile source text. What is wrong with a text is the detail of the failure.

use super::Arguments;
use crate::compiler::Source;
use crate::failure::Failure;
use crate::loader::LoadError;
use crate::vm::Vm;
use gc::oop::Oop;

/// Keeps the error's text for the image.
fn failed(vm: &mut Vm, error: LoadError) -> Failure {
    vm.failure_detail = Some(error.to_string());
    match error {
        LoadError::NotFound(_) => Failure::NotFound,
        LoadError::OutOfMemory => Failure::OutOfMemory,
        LoadError::Compile(_) | LoadError::Install(_) => Failure::Compilation,
        LoadError::Run(end) => unreachable!("nothing runs while compiling: {end:?}"),
    }
}

/// What messages call a source: the text of an argument, or a word for nil.
fn source_name(vm: &Vm, arguments: Arguments, index: usize) -> Result<String, Failure> {
    if arguments.get(index) == vm.nil() {
        Ok("source".into())
    } else {
        arguments.text(vm, index)
    }
}

/// `… compileClass: source from: nameOrNil`: the class that the text defines.
pub(super) fn compile_class(vm: &mut Vm, arguments: Arguments) -> Result<Oop, Failure> {
    let (source, name) = (arguments.text(vm, 0)?, source_name(vm, arguments, 1)?);
    let source = Source::new(name, source).map_err(LoadError::from);
    source
        .and_then(|source| vm.load_class_text(&source))
        .map_err(|error| failed(vm, error))
}

/// `aClass compileMethod: source from: nameOrNil`: the method, added to the class.
pub(super) fn compile_method(vm: &mut Vm, arguments: Arguments) -> Result<Oop, Failure> {
    let (source, name) = (arguments.text(vm, 0)?, source_name(vm, arguments, 1)?);
    if !vm.is_class(arguments.receiver()) {
        return Err(Failure::WrongType);
    }
    vm.compile_into(arguments.receiver(), &name, &source)
        .map_err(|error| failed(vm, error))
}

/// `… compileScript: source from: nameOrNil`: an Array of the script's parts in order, a Method for
/// statements and the source of a class definition for that.
pub(super) fn compile_script(vm: &mut Vm, arguments: Arguments) -> Result<Oop, Failure> {
    let (source, name) = (arguments.text(vm, 0)?, source_name(vm, arguments, 1)?);
    vm.compile_script(&source, &name)
        .map_err(|error| failed(vm, error))
}

/// `… loadClass: name`: the class of that name, from the class path.
pub(super) fn load_class(vm: &mut Vm, arguments: Arguments) -> Result<Oop, Failure> {
    let name = arguments.text(vm, 0)?;
    vm.load_class(&name).map_err(|error| failed(vm, error))
}
