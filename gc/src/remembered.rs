//! The write barrier and the remembered set: the old objects that may refer to young ones.
//!
//! Of a big object single slots are remembered, so that a scavenge does not look at a million slots
//! because one was stored into.

use crate::heap::Heap;
use crate::layout::{FLAG_REMEMBERED, Format};
use crate::object::{Object, Slot};
use crate::oop::{Oop, TAG_MASK};

/// Objects with this many slots or more are big.
const BIG_SLOTS: usize = 1024;
/// So many single slots are remembered between two collections; then big objects as a whole are.
const MOST_SLOTS: usize = 1 << 16;

/// True for a big object whose slots are remembered one by one. Weak ones are not: the collector
/// treats a remembered slot as a strong reference.
pub(crate) fn has_slots_remembered(object: Object) -> bool {
    let header = object.header();
    let strong = matches!(header.format(), Format::FIXED | Format::INDEXABLE);
    strong && object.slot_count_of(header) >= BIG_SLOTS
}

impl Heap {
    /// What follows every store of `value` into a pointer slot of `holder`.
    ///
    /// Machine code does the same inline and calls [`Heap::remember`] in the rare case, or better
    /// [`Heap::remember_slot`] where `holder` may be a big array:
    ///
    /// ```text
    /// value & 7 == 0  and  value - barrier.start < barrier.size
    ///                 and  holder - nursery.start >= nursery.size
    ///                 and  holder's header has no FLAG_REMEMBERED    ->  remember(holder)
    /// ```
    #[inline(always)]
    pub fn write_barrier(&mut self, holder: Oop, value: Oop) {
        if self.is_to_be_remembered(holder, value) {
            self.remember_object(Object::of(holder));
        }
    }

    /// The same, where the index of the slot is known.
    #[inline(always)]
    pub(crate) fn write_barrier_at(&mut self, holder: Oop, index: usize, value: Oop) {
        if self.is_to_be_remembered(holder, value) {
            self.remember_store(Object::of(holder), index);
        }
    }

    #[inline(always)]
    fn is_to_be_remembered(&self, holder: Oop, value: Oop) -> bool {
        value.is_pointer()
            && self.barrier.contains(value.bits())
            && !self.nursery.contains(holder.bits())
            && !Object::of(holder).has(FLAG_REMEMBERED)
    }

    /// Puts an old object into the remembered set, unless it is there. A young object is let be.
    #[inline]
    pub fn remember(&mut self, oop: Oop) {
        if !self.is_young(oop) {
            self.remember_object(Object::of(oop));
        }
    }

    /// Remembers that something was stored into a slot of an old object: the slot of a big object,
    /// or else the object. A young object is let be.
    ///
    /// # Panics
    /// Where `oop` has no such slot.
    #[inline]
    pub fn remember_slot(&mut self, oop: Oop, index: usize) {
        if !self.is_young(oop) {
            self.remember_store(Object::of(oop), index);
        }
    }

    fn remember_store(&mut self, object: Object, index: usize) {
        if !has_slots_remembered(object) || self.remembered_slots.len() >= MOST_SLOTS {
            self.remember_object(object);
        } else if !object.has(FLAG_REMEMBERED) {
            self.remembered_slots.push(object.slot(index));
        }
    }

    pub(crate) fn remember_object(&mut self, object: Object) {
        if !object.has(FLAG_REMEMBERED) {
            object.set_flag(FLAG_REMEMBERED);
            self.remembered.push(object);
        }
    }

    /// The slots of an object that refer to the nursery.
    pub(crate) fn young_slots(&self, object: Object) -> impl Iterator<Item = Slot> + use<> {
        let nursery = self.nursery;
        object.pointer_slots().filter(move |slot| {
            let word = slot.get();
            word & TAG_MASK == 0 && nursery.contains(word)
        })
    }
}
