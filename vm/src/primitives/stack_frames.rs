//! Primitives that look at activations, for exceptions and traces.

use super::Arguments;
use crate::failure::Failure;
use crate::frame;
use crate::header;
use crate::vm::Vm;
use gc::oop::Oop;

/// The handle of the frame of the method that asks.
pub(super) fn current_frame(vm: &mut Vm, _: Arguments) -> Result<Oop, Failure> {
    let newest = vm.newest_frame().ok_or(Failure::NotFound)?;
    Ok(vm.frame_handle(newest))
}

/// The handle of the frame that a frame returns to, or nil.
pub(super) fn frame_caller(vm: &mut Vm, arguments: Arguments) -> Result<Oop, Failure> {
    let of = vm.frame_of(arguments.get(0))?;
    Ok(vm
        .caller(of)
        .map_or(vm.nil(), |caller| vm.frame_handle(caller)))
}

/// The Method or CompiledBlock that a frame runs.
pub(super) fn frame_method(vm: &mut Vm, arguments: Arguments) -> Result<Oop, Failure> {
    let of = vm.frame_of(arguments.get(0))?;
    Ok(vm.frame_word(of, frame::METHOD))
}

/// `self` in a frame.
pub(super) fn frame_self(vm: &mut Vm, arguments: Arguments) -> Result<Oop, Failure> {
    let of = vm.frame_of(arguments.get(0))?;
    Ok(vm.frame_word(of, frame::SELF))
}

/// What a frame was sent to: its method's receiver, or the Block.
pub(super) fn frame_receiver(vm: &mut Vm, arguments: Arguments) -> Result<Oop, Failure> {
    let of = vm.frame_of(arguments.get(0))?;
    let count = vm.frame_header(of).arguments();
    Ok(vm.frame_word(of, frame::receiver(count)))
}

/// An argument of a frame, 1-based.
pub(super) fn frame_argument(vm: &mut Vm, arguments: Arguments) -> Result<Oop, Failure> {
    let of = vm.frame_of(arguments.get(0))?;
    let count = vm.frame_header(of).arguments();
    let index = arguments.index(1, count)?;
    Ok(vm.frame_word(of, frame::argument(index, count)))
}

/// A temporary of a frame, 1-based.
pub(super) fn frame_temporary(vm: &mut Vm, arguments: Arguments) -> Result<Oop, Failure> {
    let of = vm.frame_of(arguments.get(0))?;
    let index = arguments.index(1, vm.frame_header(of).temporaries())?;
    Ok(vm.frame_word(of, frame::temporary(index)))
}

/// Stores into a temporary of a frame, 1-based.
pub(super) fn frame_temporary_put(vm: &mut Vm, arguments: Arguments) -> Result<Oop, Failure> {
    let of = vm.frame_of(arguments.get(0))?;
    let index = arguments.index(1, vm.frame_header(of).temporaries())?;
    vm.set_frame_word(of, frame::temporary(index), arguments.get(2));
    Ok(arguments.get(2))
}

/// The newest frame, at or older than the given one, that carries a marker: or nil.
pub(super) fn next_marked_frame(vm: &mut Vm, arguments: Arguments) -> Result<Oop, Failure> {
    let marker = match arguments.text(vm, 1)?.as_str() {
        "handler" => header::HANDLER,
        "ensure" => header::ENSURE,
        _ => return Err(Failure::NotFound),
    };
    let from = vm.frame_of(arguments.get(0))?;
    let mut each = Some(from);
    while let Some(frame) = each {
        if vm.frame_header(frame).has(marker) {
            return Ok(vm.frame_handle(frame));
        }
        each = vm.caller(frame);
    }
    Ok(vm.nil())
}

/// The trace from a frame outwards, an Array of Strings.
pub(super) fn trace_from(vm: &mut Vm, arguments: Arguments) -> Result<Oop, Failure> {
    let from = vm.frame_of(arguments.get(0))?;
    let lines = vm.trace_lines(from);
    let mut strings = Vec::with_capacity(lines.len());
    for line in lines {
        strings.push(vm.string(line.as_bytes())?);
    }
    Ok(vm.array(&strings)?)
}
