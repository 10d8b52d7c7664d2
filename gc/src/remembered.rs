//! The write barrier and the remembered set: the old objects that may refer to young ones.

use crate::heap::Heap;
use crate::layout::FLAG_REMEMBERED;
use crate::object::Object;
use crate::oop::Oop;

impl Heap {
    /// What follows every store of `value` into a pointer slot of `holder`.
    ///
    /// Machine code does the same inline and calls [`Heap::remember`] in the rare case:
    ///
    /// ```text
    /// value & 7 == 0  and  value - barrier.start < barrier.size
    ///                 and  holder - nursery.start >= nursery.size
    ///                 and  holder's header has no FLAG_REMEMBERED    ->  remember(holder)
    /// ```
    #[inline(always)]
    pub fn write_barrier(&mut self, holder: Oop, value: Oop) {
        if value.is_pointer()
            && self.barrier.contains(value.bits())
            && !self.nursery.contains(holder.bits())
        {
            self.remember(holder);
        }
    }

    /// Puts an old object into the remembered set, unless it is there. A young object is let be.
    #[inline]
    pub fn remember(&mut self, oop: Oop) {
        if !self.is_young(oop) {
            self.remember_object(Object::of(oop));
        }
    }

    pub(crate) fn remember_object(&mut self, object: Object) {
        if !object.has(FLAG_REMEMBERED) {
            object.set_flag(FLAG_REMEMBERED);
            self.remembered.push(object);
        }
    }

    /// True where a pointer slot of `object` refers to the nursery.
    pub(crate) fn has_young_slot(&self, object: Object) -> bool {
        object.pointer_slots().any(|slot| {
            let word = slot.get();
            word & crate::oop::TAG_MASK == 0 && self.nursery.contains(word)
        })
    }
}
