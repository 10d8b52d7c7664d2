//! Primitives that compile source text. What is wrong with a text is the detail of the failure.

use super::Arguments;
use crate::compiler::Source;
use crate::failure::Failure;
use crate::loader::LoadError;
use crate::vm::Vm;
use gc::oop::Oop;

/// Keeps the error's text for the image.
fn checked(vm: &mut Vm, result: Result<Oop, LoadError>) -> Result<Oop, Failure> {
    result.map_err(|error| {
        vm.failure_detail = Some(error.to_string());
        match error {
            LoadError::NotFound(_) => Failure::NotFound,
            LoadError::OutOfMemory => Failure::OutOfMemory,
            LoadError::Compile(_) | LoadError::Install(_) => Failure::Compilation,
            LoadError::Run(end) => unreachable!("nothing runs while compiling: {end:?}"),
        }
    })
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
    let result = Source::new(name, source)
        .map_err(LoadError::from)
        .and_then(|source| vm.load_class_text(&source));
    checked(vm, result)
}

/// `aClass compileMethod: source from: nameOrNil`: the method, added to the class.
pub(super) fn compile_method(vm: &mut Vm, arguments: Arguments) -> Result<Oop, Failure> {
    let (source, name) = (arguments.text(vm, 0)?, source_name(vm, arguments, 1)?);
    if !vm.is_class(arguments.receiver()) {
        return Err(Failure::WrongType);
    }
    let result = vm.compile_into(arguments.receiver(), &name, &source);
    checked(vm, result)
}

/// `… compileScript: source from: nameOrNil`: an Array of the script's parts in order, a Method for
/// statements and the source of a class definition for that.
pub(super) fn compile_script(vm: &mut Vm, arguments: Arguments) -> Result<Oop, Failure> {
    let (source, name) = (arguments.text(vm, 0)?, source_name(vm, arguments, 1)?);
    let result = vm.script_parts(&name, &source);
    checked(vm, result)
}

/// `… loadClass: name`: the class of that name, from the class path.
pub(super) fn load_class(vm: &mut Vm, arguments: Arguments) -> Result<Oop, Failure> {
    let name = arguments.text(vm, 0)?;
    let result = vm.load_class(&name);
    checked(vm, result)
}
