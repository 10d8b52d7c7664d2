//! Method lookup: the walk up the superclass chain, and the global cache in front of it.

use crate::header::MethodHeader;
use crate::known::{class, method};
use gc::Heap;
use gc::layout::ClassIndex;
use gc::oop::Oop;

/// A method found, with its header at hand.
#[derive(Clone, Copy, Debug)]
pub struct Found {
    /// The compiled method.
    pub method: Oop,
    /// Its header.
    pub header: MethodHeader,
}

#[derive(Clone, Copy)]
struct Line {
    class: u32,
    selector: u64,
    found: Found,
}

const LINES: usize = 4096;

/// The global cache: class index and selector to method. Selectors and methods live in old
/// space, so that their addresses can be keys. What a selector finds is dropped when a method of it changes, the whole
/// cache when a full collection frees some.
pub struct MethodCache {
    lines: Box<[Line; LINES]>,
}

impl Line {
    const EMPTY: Line = Line {
        class: 0,
        selector: 0,
        found: Found {
            method: Oop::ZERO,
            header: MethodHeader(0),
        },
    };
}

impl Default for MethodCache {
    fn default() -> MethodCache {
        MethodCache {
            lines: Box::new([Line::EMPTY; LINES]),
        }
    }
}

impl MethodCache {
    #[inline(always)]
    fn line(class: ClassIndex, selector: Oop) -> usize {
        let mixed = (selector.bits() >> 3) ^ u64::from(class.index()).wrapping_mul(0x9E37_79B1);
        mixed as usize % LINES
    }

    /// The cached method, if any.
    #[inline(always)]
    pub fn get(&self, class: ClassIndex, selector: Oop) -> Option<Found> {
        let line = &self.lines[MethodCache::line(class, selector)];
        (line.class == class.index() && line.selector == selector.bits()).then_some(line.found)
    }

    /// Remembers a method.
    pub fn put(&mut self, class: ClassIndex, selector: Oop, found: Found) {
        self.lines[MethodCache::line(class, selector)] = Line {
            class: class.index(),
            selector: selector.bits(),
            found,
        };
    }

    /// Forgets what a selector finds; class indices are below `classes`.
    pub fn forget(&mut self, selector: Oop, classes: usize) {
        for class in 0..classes {
            let class = ClassIndex::new(class as u32);
            if self.get(class, selector).is_some() {
                self.lines[MethodCache::line(class, selector)] = Line::EMPTY;
            }
        }
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        *self = MethodCache::default();
    }
}

/// The header of a compiled method.
#[inline]
pub fn header_of(heap: &Heap, compiled: Oop) -> MethodHeader {
    let bits = heap
        .slot(compiled, method::HEADER)
        .as_i64()
        .expect("a method's header");
    MethodHeader(bits as u64)
}

/// The method that `class_object` or the nearest superclass has for `selector`.
pub fn lookup(heap: &Heap, class_object: Oop, selector: Oop, nil: Oop) -> Option<Oop> {
    let mut holder = class_object;
    while holder != nil {
        if let Some(found) = own_method(heap, holder, selector, nil) {
            return Some(found);
        }
        holder = heap.slot(holder, class::SUPERCLASS);
    }
    None
}

/// The method that `class_object` itself has for `selector`.
///
/// A method dictionary is an Array: slot 0 counts the methods, then pairs of selector and method
/// (or two nils) in open addressing by the selector's identity hash.
pub fn own_method(heap: &Heap, class_object: Oop, selector: Oop, nil: Oop) -> Option<Oop> {
    let dictionary = heap.slot(class_object, class::METHODS);
    if dictionary == nil {
        return None;
    }
    let index = probe(heap, dictionary, selector, nil);
    (heap.slot(dictionary, index) == selector).then(|| heap.slot(dictionary, index + 1))
}

/// Index of the selector's slot in a method dictionary: where it is, or where it would go.
fn probe(heap: &Heap, dictionary: Oop, selector: Oop, nil: Oop) -> usize {
    let pairs = (heap.slot_count(dictionary) - 1) / 2;
    let mut pair = heap.header(selector).hash() as usize % pairs;
    loop {
        let index = 1 + 2 * pair;
        let key = heap.slot(dictionary, index);
        if key == selector || key == nil {
            return index;
        }
        pair = (pair + 1) % pairs;
    }
}

/// Pairs of selector and method in a method dictionary, in no particular order.
pub fn methods_of(heap: &Heap, class_object: Oop, nil: Oop) -> Vec<(Oop, Oop)> {
    let dictionary = heap.slot(class_object, class::METHODS);
    if dictionary == nil {
        return Vec::new();
    }
    (1..heap.slot_count(dictionary))
        .step_by(2)
        .map(|index| {
            (
                heap.slot(dictionary, index),
                heap.slot(dictionary, index + 1),
            )
        })
        .filter(|(selector, _)| *selector != nil)
        .collect()
}

/// Puts a method into a class's dictionary, which grows at three quarters full. `selector` is a
/// Symbol that has its identity hash.
pub fn add_method(
    heap: &mut Heap,
    class_object: Oop,
    selector: Oop,
    compiled: Oop,
    nil: Oop,
) -> Result<(), gc::OutOfMemory> {
    let dictionary = heap.slot(class_object, class::METHODS);
    let (count, pairs) = if dictionary == nil {
        (0, 0)
    } else {
        let count = heap.slot(dictionary, 0).as_i64();
        let count = count.expect("the count of methods") as usize;
        (count, (heap.slot_count(dictionary) - 1) / 2)
    };
    let dictionary = if (count + 1) * 4 > pairs * 3 {
        let old = methods_of(heap, class_object, nil);
        let grown = heap.allocate_old(
            crate::known::index::ARRAY,
            gc::layout::Format::INDEXABLE,
            1 + 2 * (pairs * 2).max(4),
        )?;
        heap.set_slot(grown, 0, Oop::small(old.len() as i64));
        for (key, value) in old {
            let index = probe(heap, grown, key, nil);
            heap.set_slot(grown, index, key);
            heap.set_slot(grown, index + 1, value);
        }
        heap.set_slot(class_object, class::METHODS, grown);
        grown
    } else {
        dictionary
    };
    let index = probe(heap, dictionary, selector, nil);
    if heap.slot(dictionary, index) == nil {
        heap.set_slot(dictionary, 0, Oop::small(count as i64 + 1));
    }
    heap.set_slot(dictionary, index, selector);
    heap.set_slot(dictionary, index + 1, compiled);
    Ok(())
}

/// Takes a method out of a class's dictionary, which is built anew without it. False where the
/// class has no method of its own for the selector.
pub fn remove_method(
    heap: &mut Heap,
    class_object: Oop,
    selector: Oop,
    nil: Oop,
) -> Result<bool, gc::OutOfMemory> {
    if own_method(heap, class_object, selector, nil).is_none() {
        return Ok(false);
    }
    let (dictionary, kept) = (
        heap.slot(class_object, class::METHODS),
        methods_of(heap, class_object, nil),
    );
    heap.set_slot(class_object, class::METHODS, nil);
    for (key, value) in kept.into_iter().filter(|&(key, _)| key != selector) {
        if let Err(full) = add_method(heap, class_object, key, value, nil) {
            heap.set_slot(class_object, class::METHODS, dictionary);
            return Err(full);
        }
    }
    Ok(true)
}
