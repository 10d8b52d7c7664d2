//! Pinning, and the shorter hold that an external call has on addresses.

use crate::heap::Heap;
use crate::layout::FLAG_PINNED;
use crate::object::Object;
use crate::oop::Oop;

/// How many objects are pinned.
#[derive(Default)]
pub(crate) struct Pins {
    /// Pinned objects that are young: the next collection tenures the nursery in place.
    pub(crate) young: u64,
    /// Pinned objects that are old and so do not move anyway.
    pub(crate) old: u64,
}

impl Pins {
    pub(crate) fn count(&self) -> u64 {
        self.young + self.old
    }
}

impl Heap {
    /// Keeps a heap object where it is until [`Heap::unpin`]. Pinning does not keep it alive, and
    /// does not nest.
    ///
    /// A pinned young object makes the next collection tenure the whole nursery, so what is
    /// known to be pinned is better allocated old.
    ///
    /// # Panics
    /// Where `oop` is an immediate.
    pub fn pin(&mut self, oop: Oop) {
        let young = self.is_young(oop);
        if self.header(oop).has(FLAG_PINNED) {
            return;
        }
        Object::of(oop).set_flag(FLAG_PINNED);
        if Object::of(oop).format().is_bytes() {
            self.bytes_may_change(oop);
        }
        *self.pins_where(young) += 1;
    }

    /// Lets a pinned object move again; no effect on an object that is not pinned.
    ///
    /// # Panics
    /// Where `oop` is an immediate.
    pub fn unpin(&mut self, oop: Oop) {
        let young = self.is_young(oop);
        if !self.header(oop).has(FLAG_PINNED) {
            return;
        }
        Object::of(oop).clear_flag(FLAG_PINNED);
        *self.pins_where(young) -= 1;
    }

    fn pins_where(&mut self, young: bool) -> &mut u64 {
        if young {
            &mut self.pins.young
        } else {
            &mut self.pins.old
        }
    }

    /// True for a pinned object; false for an immediate.
    pub fn is_pinned(&self, oop: Oop) -> bool {
        oop.is_pointer() && self.header(oop).has(FLAG_PINNED)
    }

    /// Says that raw addresses of objects were given away until [`Heap::release_addresses`]: no
    /// object that exists now moves before. Calls nest like the external calls they stand for.
    ///
    /// Machine code does it inline, at `OFFSET_HELD` and `OFFSET_HELD_FLOOR`, for the length of a callback:
    ///
    /// ```text
    /// hold:     held += 1
    /// release:  held -= 1;  if held < held_floor { held_floor = held }
    /// ```
    #[inline]
    pub fn hold_addresses(&mut self) {
        self.held += 1;
    }

    /// Ends the latest hold.
    ///
    /// # Panics
    /// Where there is none.
    #[inline]
    pub fn release_addresses(&mut self) {
        assert!(self.held > 0, "addresses are released that were not held");
        self.held -= 1;
        self.held_floor = self.held_floor.min(self.held);
    }

    /// True while some external call holds addresses.
    pub fn addresses_held(&self) -> bool {
        self.held > 0
    }

    /// True where objects of the present nursery may not be copied: one is pinned, or a call that
    /// began after the nursery was taken holds addresses. (A call that began before holds addresses
    /// of what was then tenured.)
    pub(crate) fn nursery_must_stay(&self) -> bool {
        self.pins.young > 0 || self.held > self.held_floor
    }
}
