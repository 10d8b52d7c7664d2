//! Primitives of every object: identity, making, copying, slots and indexable elements.

use super::Arguments;
use crate::failure::Failure;
use crate::vm::Vm;
use gc::layout::{Format, WORD_BYTES, object_words};
use gc::oop::Oop;

/// The class of the receiver.
pub(super) fn class(vm: &mut Vm, arguments: Arguments) -> Result<Oop, Failure> {
    Ok(vm.class_of(arguments.receiver()))
}

/// True where receiver and argument are the same object.
pub(super) fn identical(vm: &mut Vm, arguments: Arguments) -> Result<Oop, Failure> {
    Ok(vm.boolean(arguments.receiver() == arguments.get(0)))
}

/// A number that stays the same for as long as the object lives: 24 bits of a heap object, the
/// word itself of what fits a word.
pub(super) fn identity_hash(vm: &mut Vm, arguments: Arguments) -> Result<Oop, Failure> {
    let object = arguments.receiver();
    let hash = if object.is_pointer() {
        i64::from(vm.heap_mut().identity_hash(object))
    } else {
        (object.bits() >> 4) as i64
    };
    Ok(Oop::small(hash))
}

/// Bytes of memory that the object takes; 0 for what fits a word.
pub(super) fn object_size(vm: &mut Vm, arguments: Arguments) -> Result<Oop, Failure> {
    let object = arguments.receiver();
    if !object.is_pointer() {
        return Ok(Oop::small(0));
    }
    let bytes = object_words(vm.heap().slot_count(object)) * WORD_BYTES;
    Ok(Oop::small(bytes as i64))
}

/// A new instance of the receiver, without indexable elements.
pub(super) fn new(vm: &mut Vm, arguments: Arguments) -> Result<Oop, Failure> {
    instantiate(vm, arguments.receiver(), 0)
}

/// A new instance of the receiver with a number of indexable elements.
pub(super) fn new_sized(vm: &mut Vm, arguments: Arguments) -> Result<Oop, Failure> {
    let size = arguments.size(vm, 0)?;
    instantiate(vm, arguments.receiver(), size)
}

fn instantiate(vm: &mut Vm, class_object: Oop, size: usize) -> Result<Oop, Failure> {
    if vm.is_class(class_object) {
        vm.instantiate(class_object, size)
    } else {
        Err(Failure::WrongType)
    }
}

/// A new object of the same class with the same slots or bytes; what only the VM makes, and what
/// fits a word, is its own copy.
pub(super) fn shallow_copy(vm: &mut Vm, arguments: Arguments) -> Result<Oop, Failure> {
    let object = arguments.receiver();
    if !object.is_pointer() || vm.is_guarded(object) {
        return Ok(object);
    }
    let (class, format) = (
        vm.heap().class_index_of(object),
        vm.heap().format_of(object),
    );
    let heap = vm.heap_mut();
    if format.is_bytes() {
        let copy = heap.allocate_bytes(class, heap.byte_len(object))?;
        super::sequences::copy_bytes(heap, object, 0, copy, 0, heap.byte_len(object));
        return Ok(copy);
    }
    let slots = heap.slot_count(object);
    let copy = heap.allocate(class, format, slots)?;
    for index in 0..slots {
        if format == Format::WORDS {
            let word = heap.word(object, index);
            heap.set_word(copy, index, word);
        } else {
            let value = heap.slot(object, index);
            heap.set_slot(copy, index, value);
        }
    }
    Ok(copy)
}

/// The named slot with a number from 1.
pub(super) fn slot_at(vm: &mut Vm, arguments: Arguments) -> Result<Oop, Failure> {
    let object = arguments.receiver();
    let index = arguments.index(0, named_slots(vm, object))?;
    Ok(vm.heap().slot(object, index))
}

/// Stores into the named slot with a number from 1.
pub(super) fn slot_at_put(vm: &mut Vm, arguments: Arguments) -> Result<Oop, Failure> {
    let (object, value) = (arguments.receiver(), arguments.get(1));
    let index = arguments.index(0, named_slots(vm, object))?;
    if vm.is_guarded(object) {
        return Err(Failure::ReadOnly);
    }
    vm.heap_mut().set_slot(object, index, value);
    Ok(value)
}

fn named_slots(vm: &Vm, object: Oop) -> usize {
    if object.is_pointer() && vm.heap().format_of(object).has_pointers() {
        let named = vm.instance_format(vm.class_of(object)).named();
        named.min(vm.heap().slot_count(object))
    } else {
        0
    }
}

/// The number of indexable elements, 0 where the object has none.
pub(super) fn element_count(vm: &mut Vm, arguments: Arguments) -> Result<Oop, Failure> {
    let count = vm.indexed_size(arguments.receiver()).unwrap_or(0);
    Ok(Oop::small(count as i64))
}

/// The indexable element with a number from 1: an object, a byte, or a 64-bit word.
pub(super) fn element_at(vm: &mut Vm, arguments: Arguments) -> Result<Oop, Failure> {
    let object = arguments.receiver();
    let count = vm.indexed_size(object).ok_or(Failure::WrongType)?;
    let index = arguments.index(0, count)?;
    let format = vm.heap().format_of(object);
    if format.is_bytes() {
        return Ok(Oop::small(i64::from(vm.heap().bytes(object)[index])));
    }
    if format == Format::WORDS {
        let word = vm.heap().word(object, index);
        return Ok(vm.u64_object(word)?);
    }
    let named = vm.heap().slot_count(object) - count;
    Ok(vm.heap().slot(object, named + index))
}

/// Stores into the indexable element with a number from 1.
pub(super) fn element_at_put(vm: &mut Vm, arguments: Arguments) -> Result<Oop, Failure> {
    let (object, value) = (arguments.receiver(), arguments.get(1));
    let count = vm.indexed_size(object).ok_or(Failure::WrongType)?;
    let index = arguments.index(0, count)?;
    if vm.is_guarded(object) {
        return Err(Failure::ReadOnly);
    }
    let format = vm.heap().format_of(object);
    if format.is_bytes() {
        vm.heap_mut().bytes_mut(object)[index] = super::sequences::byte(value)?;
    } else if format == Format::WORDS {
        let word = vm.integer(value).ok_or(Failure::WrongType)?;
        let word = u64::try_from(word).map_err(|_| Failure::OutOfRange)?;
        vm.heap_mut().set_word(object, index, word);
    } else {
        let named = vm.heap().slot_count(object) - count;
        vm.heap_mut().set_slot(object, named + index, value);
    }
    Ok(value)
}
