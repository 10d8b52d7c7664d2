//! Primitives of Arrays and byte objects: bytes, parts, comparison and hashes.

use super::Arguments;
use crate::failure::Failure;
use crate::known::index;
use crate::vm::Vm;
use gc::Heap;
use gc::layout::{ClassIndex, Format};
use gc::oop::Oop;
use std::cmp::Ordering;

/// Fails unless the object is a String, Symbol, ByteArray or of a subclass.
pub(super) fn check_bytes(vm: &Vm, object: Oop) -> Result<(), Failure> {
    if object.is_pointer() && vm.heap().format_of(object).is_bytes() {
        Ok(())
    } else {
        Err(Failure::WrongType)
    }
}

/// The value of a SmallInteger from 0 to 255.
pub(super) fn byte(value: Oop) -> Result<u8, Failure> {
    let value = value.as_i64().ok_or(Failure::WrongType)?;
    u8::try_from(value).map_err(|_| Failure::OutOfRange)
}

/// Copies bytes between two byte objects, or within one, as `memmove` does.
pub(super) fn copy_bytes(
    heap: &mut Heap,
    from: Oop,
    start: usize,
    to: Oop,
    at: usize,
    count: usize,
) {
    if from == to {
        heap.bytes_mut(to).copy_within(start..start + count, at);
        return;
    }
    // Both are borrowed from the heap, so the bytes travel through a buffer.
    let mut buffer = [0; 512];
    let mut done = 0;
    while done < count {
        let chunk = buffer.len().min(count - done);
        let begin = start + done;
        buffer[..chunk].copy_from_slice(&heap.bytes(from)[begin..begin + chunk]);
        heap.bytes_mut(to)[at + done..at + done + chunk].copy_from_slice(&buffer[..chunk]);
        done += chunk;
    }
}

/// The byte at an index from 1.
pub(super) fn byte_at(vm: &mut Vm, arguments: Arguments) -> Result<Oop, Failure> {
    let object = arguments.receiver();
    check_bytes(vm, object)?;
    let index = arguments.index(0, vm.heap().byte_len(object))?;
    Ok(Oop::small(i64::from(vm.heap().bytes(object)[index])))
}

/// Stores a byte at an index from 1.
pub(super) fn byte_at_put(vm: &mut Vm, arguments: Arguments) -> Result<Oop, Failure> {
    let object = arguments.receiver();
    check_bytes(vm, object)?;
    if vm.is_guarded(object) {
        return Err(Failure::ReadOnly);
    }
    let index = arguments.index(0, vm.heap().byte_len(object))?;
    vm.heap_mut().bytes_mut(object)[index] = byte(arguments.get(1))?;
    Ok(arguments.get(1))
}

/// The 0-based range of two arguments: the first and last index from 1. One that ends before it
/// starts is empty, wherever it lies.
fn range(arguments: Arguments, first: usize, size: usize) -> Result<(usize, usize), Failure> {
    let (start, stop) = (arguments.integer(first)?, arguments.integer(first + 1)?);
    if stop < start {
        return Ok((0, 0));
    }
    if start < 1 || stop > size as i64 {
        return Err(Failure::BadIndex);
    }
    Ok((start as usize - 1, stop as usize))
}

/// The class that parts of a sequence have: what is cut out of a Symbol is a String.
pub(super) fn part_class(vm: &Vm, object: Oop) -> ClassIndex {
    let class = vm.heap().class_index_of(object);
    if class == index::SYMBOL {
        index::STRING
    } else {
        class
    }
}

/// The elements from one index to another, in a new sequence of the same class.
pub(super) fn copy_elements(vm: &mut Vm, arguments: Arguments) -> Result<Oop, Failure> {
    let object = arguments.receiver();
    let size = vm.indexed_size(object).ok_or(Failure::WrongType)?;
    let (start, stop) = range(arguments, 0, size)?;
    let class = part_class(vm, object);
    let format = vm.heap().format_of(object);
    if format.is_bytes() {
        check_bytes(vm, object)?;
        let heap = vm.heap_mut();
        let part = heap.allocate_bytes(class, stop - start)?;
        copy_bytes(heap, object, start, part, 0, stop - start);
        return Ok(part);
    }
    if format != Format::INDEXABLE || vm.heap().slot_count(object) != size || vm.is_guarded(object)
    {
        return Err(Failure::WrongType);
    }
    let heap = vm.heap_mut();
    let part = heap.allocate(class, format, stop - start)?;
    for index in start..stop {
        let value = heap.slot(object, index);
        heap.set_slot(part, index - start, value);
    }
    Ok(part)
}

/// `replaceFrom: start to: stop with: source startingAt: sourceStart`, both with bytes or both with
/// slots.
pub(super) fn replace_elements(vm: &mut Vm, arguments: Arguments) -> Result<Oop, Failure> {
    let (object, source) = (arguments.receiver(), arguments.get(2));
    let size = vm.indexed_size(object).ok_or(Failure::WrongType)?;
    let source_size = vm.indexed_size(source).ok_or(Failure::WrongType)?;
    let (start, stop) = range(arguments, 0, size)?;
    let count = stop - start;
    if vm.is_guarded(object) {
        return Err(Failure::ReadOnly);
    }
    let from = arguments
        .integer(3)?
        .checked_sub(1)
        .ok_or(Failure::BadIndex)?;
    let from = if count == 0 { 0 } else { from };
    let from = usize::try_from(from).map_err(|_| Failure::BadIndex)?;
    if count > source_size || from > source_size - count {
        return Err(Failure::BadIndex);
    }
    let formats = (vm.heap().format_of(object), vm.heap().format_of(source));
    if formats.0.is_bytes() && formats.1.is_bytes() {
        check_bytes(vm, object)?;
        check_bytes(vm, source)?;
        copy_bytes(vm.heap_mut(), source, from, object, start, count);
    } else if formats == (Format::INDEXABLE, Format::INDEXABLE) && !vm.is_guarded(source) {
        let first = vm.heap().slot_count(object) - size + start;
        let source_first = vm.heap().slot_count(source) - source_size + from;
        copy_slots(vm.heap_mut(), source, source_first, object, first, count);
    } else {
        return Err(Failure::WrongType);
    }
    Ok(object)
}

fn copy_slots(heap: &mut Heap, from: Oop, start: usize, to: Oop, at: usize, count: usize) {
    let mut copy = |offset: usize| {
        let value = heap.slot(from, start + offset);
        heap.set_slot(to, at + offset, value);
    };
    if from == to && start < at {
        (0..count).rev().for_each(&mut copy);
    } else {
        (0..count).for_each(&mut copy);
    }
}

/// The receiver's bytes and then the argument's, in a new object of the receiver's class.
pub(super) fn concatenate_bytes(vm: &mut Vm, arguments: Arguments) -> Result<Oop, Failure> {
    let (left, right) = (arguments.receiver(), arguments.get(0));
    check_bytes(vm, left)?;
    check_bytes(vm, right)?;
    let class = part_class(vm, left);
    let (left_len, right_len) = (vm.heap().byte_len(left), vm.heap().byte_len(right));
    let heap = vm.heap_mut();
    let joined = heap.allocate_bytes(class, left_len + right_len)?;
    copy_bytes(heap, left, 0, joined, 0, left_len);
    copy_bytes(heap, right, 0, joined, left_len, right_len);
    Ok(joined)
}

/// True where the argument is of the receiver's class and has the same bytes.
pub(super) fn bytes_equal(vm: &mut Vm, arguments: Arguments) -> Result<Oop, Failure> {
    let (left, right) = (arguments.receiver(), arguments.get(0));
    check_bytes(vm, left)?;
    let heap = vm.heap();
    let equal = right.is_pointer()
        && heap.class_index_of(left) == heap.class_index_of(right)
        && heap.bytes(left) == heap.bytes(right);
    Ok(vm.boolean(equal))
}

/// -1, 0 or 1, by the first byte that differs.
pub(super) fn bytes_compare(vm: &mut Vm, arguments: Arguments) -> Result<Oop, Failure> {
    let (left, right) = (arguments.receiver(), arguments.get(0));
    check_bytes(vm, left)?;
    check_bytes(vm, right)?;
    let order = match vm.heap().bytes(left).cmp(vm.heap().bytes(right)) {
        Ordering::Less => -1,
        Ordering::Equal => 0,
        Ordering::Greater => 1,
    };
    Ok(Oop::small(order))
}

/// A hash of the bytes: 60 bits, the same in every run, since images hold hash tables.
pub(super) fn bytes_hash(vm: &mut Vm, arguments: Arguments) -> Result<Oop, Failure> {
    check_bytes(vm, arguments.receiver())?;
    Ok(Oop::small(hash(vm.heap().bytes(arguments.receiver()))))
}

const FACTOR: u64 = 0x9E37_79B9_7F4A_7C15;

/// Folds the 128-bit product of two words: every bit of the result depends on all bits of both.
pub(super) fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    product as u64 ^ (product >> 64) as u64
}

/// A hash of bytes, 0 to 2^60 - 1.
pub(super) fn hash(bytes: &[u8]) -> i64 {
    let mut state = fold(bytes.len() as u64 ^ FACTOR, 0xD6E8_FEB8_6659_FD93);
    let mut words = bytes.chunks_exact(8);
    for word in &mut words {
        let word = u64::from_le_bytes(word.try_into().expect("eight bytes"));
        // The rotated state stays even where a word was chosen to make the product zero.
        state = fold(state ^ word, FACTOR | 1).wrapping_add(state.rotate_left(29));
    }
    let mut last = [0; 8];
    let rest = words.remainder();
    last[..rest.len()].copy_from_slice(rest);
    state = fold(state ^ u64::from_le_bytes(last), 0xA076_1D64_78BD_642F);
    (state >> 4) as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_differ_in_their_low_bits() {
        let mut seen = [0_usize; 256];
        for number in 0..25_600 {
            seen[(hash(format!("key{number}").as_bytes()) & 255) as usize] += 1;
        }
        assert!(
            seen.iter().all(|&count| (50..=150).contains(&count)),
            "{seen:?}"
        );
    }

    #[test]
    fn words_that_undo_the_state_do_not_collide() {
        let first = |number: u64| {
            fold(
                fold(16 ^ FACTOR, 0xD6E8_FEB8_6659_FD93) ^ number,
                FACTOR | 1,
            )
        };
        let hashes: hashbrown::HashSet<i64> = (0..1000_u64)
            .map(|number| {
                let mut bytes = number.to_le_bytes().to_vec();
                bytes.extend(first(number).to_le_bytes());
                hash(&bytes)
            })
            .collect();
        assert_eq!(hashes.len(), 1000);
    }

    #[test]
    fn length_and_trailing_zeros_count() {
        assert_ne!(hash(b""), hash(b"\0"));
        assert_ne!(hash(b"abcdefgh"), hash(b"abcdefgh\0"));
        assert!(hash(b"anything") >= 0);
    }
}
