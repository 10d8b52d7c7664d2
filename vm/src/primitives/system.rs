//! Primitives of the surroundings: globals, clock, command line, failed primitives.

use super::Arguments;
use crate::failure::Failure;
use crate::vm::Vm;
use gc::oop::Oop;
use std::time::{SystemTime, UNIX_EPOCH};

fn strings<'a>(vm: &mut Vm, texts: impl Iterator<Item = &'a str>) -> Result<Oop, Failure> {
    let mut made = Vec::new();
    for text in texts {
        made.push(vm.string(text.as_bytes())?);
    }
    Ok(vm.array(&made)?)
}

// --- globals ---

/// The value of a global; fails where it has none.
pub(super) fn global_at(vm: &mut Vm, arguments: Arguments) -> Result<Oop, Failure> {
    let name = arguments.text(vm, 0)?;
    vm.global_value(&name).ok_or(Failure::NotFound)
}

/// Gives a global a value.
pub(super) fn global_at_put(vm: &mut Vm, arguments: Arguments) -> Result<Oop, Failure> {
    let name = arguments.text(vm, 0)?;
    vm.set_global(&name, arguments.get(1))?;
    Ok(arguments.get(1))
}

/// Takes its value from a global.
pub(super) fn global_remove(vm: &mut Vm, arguments: Arguments) -> Result<Oop, Failure> {
    let name = arguments.text(vm, 0)?;
    let value = vm.global_value(&name).ok_or(Failure::NotFound)?;
    let variable = vm.global(&name)?;
    vm.set_global(&name, variable)?;
    Ok(value)
}

/// The names of the globals that have a value, sorted.
pub(super) fn global_names(vm: &mut Vm, _: Arguments) -> Result<Oop, Failure> {
    let mut symbols = Vec::new();
    for name in vm.global_names() {
        symbols.push(vm.symbol(&name)?);
    }
    Ok(vm.array(&symbols)?)
}

// --- time ---

/// Nanoseconds since the VM was started.
pub(super) fn nanoseconds(vm: &mut Vm, _: Arguments) -> Result<Oop, Failure> {
    let elapsed = vm.started.elapsed().as_nanos();
    Ok(vm.i64_object(i64::try_from(elapsed).map_err(|_| Failure::OutOfRange)?)?)
}

/// Nanoseconds spent on making machine code.
pub(super) fn compilation_nanoseconds(vm: &mut Vm, _: Arguments) -> Result<Oop, Failure> {
    let spent = vm.compilation_time.as_nanos();
    Ok(vm.i64_object(i64::try_from(spent).map_err(|_| Failure::OutOfRange)?)?)
}

/// Nanoseconds since the beginning of 1970 in UTC.
pub(super) fn epoch_nanoseconds(vm: &mut Vm, _: Arguments) -> Result<Oop, Failure> {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_err(|_| Failure::System)?;
    Ok(vm.i64_object(i64::try_from(since.as_nanos()).map_err(|_| Failure::OutOfRange)?)?)
}

// --- the program ---

/// `… saveImage: path`: saves a snapshot. Everything that moves is on the published stack, so the
/// collection that saving begins with is as good here as at a safe point.
pub(super) fn save_image(vm: &mut Vm, arguments: Arguments) -> Result<Oop, Failure> {
    let path = arguments.text(vm, 0)?;
    let save = vm.image_saver.ok_or(Failure::Unsupported)?;
    save(vm, std::path::Path::new(&path)).map_err(|message| {
        vm.failure_detail = Some(message);
        Failure::System
    })?;
    Ok(arguments.receiver())
}

/// The arguments of the command line.
pub(super) fn arguments(vm: &mut Vm, _: Arguments) -> Result<Oop, Failure> {
    let texts = vm.options.arguments.clone();
    strings(vm, texts.iter().map(String::as_str))
}

/// The value of an environment variable, or nil.
pub(super) fn environment_at(vm: &mut Vm, arguments: Arguments) -> Result<Oop, Failure> {
    use std::os::unix::ffi::OsStrExt;
    let name = arguments.text(vm, 0)?;
    let is_name = !name.is_empty() && !name.contains(['=', '\0']);
    match is_name.then(|| std::env::var_os(name)).flatten() {
        Some(value) => Ok(vm.string(value.as_bytes())?),
        None => Ok(vm.nil()),
    }
}

// --- failed primitives ---

/// The Symbol of why the last primitive that failed did.
pub(super) fn failure_reason(vm: &mut Vm, _: Arguments) -> Result<Oop, Failure> {
    let reason = Failure::from_code(vm.context.failure).ok_or(Failure::NotFound)?;
    Ok(vm.symbol(reason.name())?)
}

/// Which argument of the last external call that failed was at fault, 0 where none was.
pub(super) fn failure_argument(vm: &mut Vm, _: Arguments) -> Result<Oop, Failure> {
    Ok(Oop::small(vm.context.failure_argument as i64))
}

/// What the processor refused in the last external call that failed by it: the signal's name, and the
/// address or nil.
pub(super) fn failure_fault(vm: &mut Vm, _: Arguments) -> Result<Oop, Failure> {
    let fault = vm.context.fault;
    let signal = vm.string(fault.signal_name().ok_or(Failure::NotFound)?.as_bytes())?;
    let address = match fault.address {
        Some(address) => vm.u64_object(address)?,
        None => vm.nil(),
    };
    Ok(vm.array(&[signal, address])?)
}

/// What the last failed primitive had to say beside its reason, once; or nil.
pub(super) fn failure_detail(vm: &mut Vm, _: Arguments) -> Result<Oop, Failure> {
    match vm.failure_detail.take() {
        Some(detail) => Ok(vm.string(detail.as_bytes())?),
        None => Ok(vm.nil()),
    }
}
