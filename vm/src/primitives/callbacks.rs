//! Primitives behind `Callback`.

use super::Arguments;
use super::foreign::installed_code;
use crate::callback::{CallShape, CallbackFrame, CallbackSlot};
use crate::failure::Failure;
use crate::foreign::{ExternalCode, LeafMethod, Marshalling};
use crate::known::is_block_class;
use crate::known::{block, index};
use crate::lookup;
use crate::vm::Vm;
use gc::{Format, Oop};
use num_traits::ToPrimitive;
use std::mem::offset_of;

/// entry method, Block, leaf method or nil, Array of the four numbers of a `CallShape` → an Array of the address
/// that C calls, and of the cell that must be kept alive until the callback is freed.
pub(super) fn new_callback(vm: &mut Vm, arguments: Arguments) -> Result<Oop, Failure> {
    let (entry_method, closure, leaf) = (arguments.get(0), arguments.get(1), arguments.get(2));
    if !vm.is_external(entry_method) || !is_block_class(vm.heap().class_index_of(closure)) {
        return Err(Failure::WrongType);
    }
    let wanted = lookup::header_of(vm.heap(), entry_method).arguments();
    let compiled = vm.heap().slot(closure, block::METHOD);
    if lookup::header_of(vm.heap(), compiled).arguments() != wanted {
        return Err(Failure::ArgumentCount);
    }
    let shape = call_shape(vm, arguments.get(3)).ok_or(Failure::WrongType)?;
    let general = machine_code(vm, entry_method)?;
    let entry = if leaf == vm.nil() {
        general
    } else {
        machine_code(vm, leaf)?
    };
    // An old object stays where it is, and the collector keeps track of what it refers to.
    let cell = vm
        .heap_mut()
        .allocate_old(index::ARRAY, Format::INDEXABLE, 2)?;
    vm.heap_mut().set_slot(cell, 0, closure);
    let foreign = vm.foreign.clone().ok_or(Failure::Unsupported)?;
    let slot = CallbackSlot {
        entry,
        context: &raw const *vm.context as u64,
        cell: cell.bits(),
        thunk: 0,
        general,
        shape,
    };
    let address = foreign.new_callback(slot).map_err(|message| {
        vm.failure_detail = Some(message);
        Failure::System
    })?;
    let address = vm.u64_object(address)?;
    Ok(vm.array(&[address, cell])?)
}

fn call_shape(vm: &Vm, numbers: Oop) -> Option<CallShape> {
    let heap = vm.heap();
    if heap.class_index_of(numbers) != index::ARRAY || heap.slot_count(numbers) != 4 {
        return None;
    }
    let number = |index| u32::try_from(heap.slot(numbers, index).as_i64()?).ok();
    Some(CallShape {
        microsoft: number(0)?,
        stack_bytes: number(1)?,
        result_bytes: number(2)?,
        x87_count: number(3)?,
    })
}

/// Where the machine code of an external-call method begins.
fn machine_code(vm: &Vm, external: Oop) -> Result<u64, Failure> {
    if !vm.is_external(external) {
        return Err(Failure::WrongType);
    }
    match installed_code(vm, external) {
        Some(ExternalCode::Machine(code)) => Ok(code),
        Some(ExternalCode::Plan(_)) | None => Err(Failure::Unsupported),
    }
}

/// RTL, leaf method, CompiledBlock, entry method, what is known of the parameters, selectors relied on, name →
/// whether the Block is a leaf, which the method then is the code of.
pub(super) fn install_leaf(vm: &mut Vm, arguments: Arguments) -> Result<Oop, Failure> {
    let (target, compiled) = (arguments.get(1), arguments.get(2));
    let is_code = vm.heap().class_index_of(compiled) == index::COMPILED_BLOCK;
    let relied = arguments.get(5);
    let is_array = vm.heap().class_index_of(relied) == index::ARRAY;
    if !vm.is_external(target) || !is_code || !is_array {
        return Err(Failure::WrongType);
    }
    if vm.generator.is_none() {
        return Ok(vm.boolean(false));
    }
    let general = machine_code(vm, arguments.get(3))?;
    let name = arguments.text(vm, 6)?;
    let foreign = vm.foreign.clone().ok_or(Failure::Unsupported)?;
    let made = vm.making_room(|vm| {
        let leaf = LeafMethod {
            name: &name,
            rtl: arguments.get(0),
            compiled,
            parameters: arguments.get(4),
            general,
        };
        foreign.install_leaf(vm, &leaf)
    })?;
    if let Some(code) = made {
        vm.rely_on(arguments.get(5));
        vm.own_code(target, ExternalCode::Machine(code));
    }
    Ok(vm.boolean(made.is_some()))
}

/// Counts the changes of methods that leaves rely on: a leaf made before is abandoned whenever it is called.
pub(super) fn leaf_epoch(vm: &mut Vm, _: Arguments) -> Result<Oop, Failure> {
    Ok(Oop::small(i64::from(vm.context.epoch)))
}

/// address → whether a callback was there, which is now freed.
pub(super) fn free_callback(vm: &mut Vm, arguments: Arguments) -> Result<Oop, Failure> {
    let address = vm.integer(arguments.get(0));
    let address = address.and_then(|address| address.to_u64());
    let address = address.ok_or(Failure::WrongType)?;
    let foreign = vm.foreign.as_ref().ok_or(Failure::Unsupported)?;
    let freed = foreign.free_callback(address);
    Ok(vm.boolean(freed))
}

/// Whether what runs was called by a foreign function that an external call runs.
pub(super) fn is_in_callback(vm: &mut Vm, _: Arguments) -> Result<Oop, Failure> {
    Ok(vm.boolean(vm.is_in_callback()))
}

/// milliseconds → how long another thread waited before for its callback to be run.
pub(super) fn set_patience(vm: &mut Vm, arguments: Arguments) -> Result<Oop, Failure> {
    let patience = arguments.get(0).as_i64().ok_or(Failure::WrongType)?;
    let patience = u64::try_from(patience).map_err(|_| Failure::OutOfRange)?;
    let before = vm.visitors.set_patience(patience);
    Ok(vm.u64_object(before)?)
}

/// 1 or -1 → the receiver. Calls of other threads are made while as many have been added as taken away.
pub(super) fn hold_visitors(vm: &mut Vm, arguments: Arguments) -> Result<Oop, Failure> {
    let difference = arguments.get(0).as_i64().ok_or(Failure::WrongType)?;
    vm.held_visitors = match difference {
        1 => vm.held_visitors.saturating_add(1),
        -1 => vm.held_visitors.saturating_sub(1),
        _ => return Err(Failure::OutOfRange),
    };
    Ok(arguments.receiver())
}

/// How external calls are made, a Symbol as the command line has it.
pub(super) fn marshalling(vm: &mut Vm, _: Arguments) -> Result<Oop, Failure> {
    let foreign = vm.foreign.as_ref().ok_or(Failure::Unsupported)?;
    let name = match foreign.marshalling() {
        Marshalling::Compiled => "compiled",
        Marshalling::Interpreted => "interpreted",
        Marshalling::Libffi => "libffi",
    };
    Ok(vm.symbol(name)?)
}

/// Symbol → the offset of a part of a callback's C frame.
pub(super) fn frame_offset(vm: &mut Vm, arguments: Arguments) -> Result<Oop, Failure> {
    let offset = match vm.text(arguments.get(0)).as_str() {
        "area" => offset_of!(CallbackFrame, area),
        "result" => offset_of!(CallbackFrame, result),
        "integerRegisters" => offset_of!(CallbackFrame, integer_registers),
        "floatRegisters" => offset_of!(CallbackFrame, float_registers),
        "generalResults" => offset_of!(CallbackFrame, results.general),
        "floatResults" => offset_of!(CallbackFrame, results.float),
        "x87Results" => offset_of!(CallbackFrame, results.x87),
        "x87Count" => offset_of!(CallbackFrame, results.x87_count),
        "systemVStack" => {
            let foreign = vm.foreign.as_ref().ok_or(Failure::Unsupported)?;
            foreign.callback_stack_offset(false)
        }
        "microsoftStack" => {
            let foreign = vm.foreign.as_ref().ok_or(Failure::Unsupported)?;
            foreign.callback_stack_offset(true)
        }
        _ => return Err(Failure::NotFound),
    };
    Ok(Oop::small(offset as i64))
}
