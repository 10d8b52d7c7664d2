//! Tenuring in place: the nursery becomes old space where it stands, because C holds addresses of
//! its objects or one of them is pinned.
//!
//! Where the survivor spaces are empty and much of eden is, only the used beginning of eden is
//! tenured, so that collections in quick succession do not each take a whole nursery:
//!
//! ```text
//! +--------------+---------------------------+-------------+-------------+
//! | used         | rest of eden              | survivors 0 | survivors 1 |
//! +--------------+---------------------------+-------------+-------------+
//!   old segment  | eden, smaller for a while
//! ```

#![expect(
    unsafe_code,
    reason = "formats the unused parts of the nursery as free chunks"
)]

use crate::free_lists::Chunk;
use crate::heap::{CollectionKind, Heap};
use crate::layout::{FLAG_AGED, FLAG_REMEMBERED, WORD_BYTES};
use crate::memory::{Mapping, PAGE_BYTES, out_of_system_memory};
use crate::nursery::{Area, Nursery};
use crate::object::Walk;

impl Heap {
    /// Makes the nursery's objects old where they are. Nothing moves and nothing is traced; what is
    /// dead among them stays until the next full collection. Answers false, with everything as it
    /// was, where the nursery is empty.
    pub(crate) fn tenure_in_place(&mut self) -> bool {
        let survived = self.young.survived();
        let used = (self.window.next - self.young.eden.start) as usize + survived.bytes();
        if used == 0 {
            return false;
        }
        match self.cut_used_eden() {
            Some(mapping) => self.old.adopt(mapping, used),
            None => self.tenure_whole_nursery(used),
        }
        self.window.next = self.young.eden.start;
        self.publish_nursery();
        for object in std::mem::take(&mut self.remembered) {
            object.clear_flag(FLAG_REMEMBERED);
            self.scan_again(object);
        }
        for slot in std::mem::take(&mut self.remembered_slots) {
            self.mark_stored(slot.get());
        }
        self.finalizers.age_all();
        self.pins.old += std::mem::take(&mut self.pins.young);
        self.held_floor = self.held;
        self.stats.tenured_segments += 1;
        self.stats.bytes_tenured += used as u64;
        if self.old.mapped_bytes > 2 * self.full_threshold + self.old.free.free_bytes() {
            self.request_collection(CollectionKind::Full);
        }
        true
    }

    /// Splits the used beginning off eden, where that leaves an eden of half the usual size and
    /// nothing is in the survivor spaces.
    fn cut_used_eden(&mut self) -> Option<Mapping> {
        let eden_start = self.young.eden.start;
        let cut = eden_start + (self.window.next - eden_start).next_multiple_of(PAGE_BYTES as u64);
        let left = self.young.eden.end.checked_sub(cut)? as usize;
        if self.young.survived().bytes() > 0 || left < self.options.nursery_bytes / 2 {
            return None;
        }
        let rest = self.young.mapping.split_off(cut);
        let used = std::mem::replace(&mut self.young.mapping, rest);
        self.add_tenured_rest(Area {
            start: self.window.next,
            end: cut,
        });
        self.young.eden.start = cut;
        Some(used)
    }

    fn tenure_whole_nursery(&mut self, used: usize) {
        let Some(fresh) = Nursery::new(self.options.nursery_bytes) else {
            out_of_system_memory("for a fresh nursery beside the one whose objects must stay");
        };
        let nursery = std::mem::replace(&mut self.young, fresh);
        let survived = nursery.survived();
        // SAFETY: survivors fill their space from its start without gaps.
        unsafe { Walk::new(survived.start, survived.end) }
            .for_each(|object| object.clear_flag(FLAG_AGED));
        self.add_tenured_rest(Area {
            start: self.window.next,
            end: nursery.eden.end,
        });
        let survivors_end = nursery.survivors[nursery.current].end;
        self.add_tenured_rest(Area {
            start: survived.end,
            end: survivors_end,
        });
        self.add_tenured_rest(nursery.target());
        self.old.adopt(nursery.mapping, used);
    }

    /// Replaces an empty nursery whose eden was cut by one of the usual size.
    pub(crate) fn restore_nursery_size(&mut self) {
        if self.young.eden.bytes() >= self.options.nursery_bytes {
            return;
        }
        debug_assert!(self.window.next == self.young.eden.start);
        debug_assert!(self.young.survived().bytes() == 0);
        if let Some(fresh) = Nursery::new(self.options.nursery_bytes) {
            self.young = fresh;
            self.window.next = self.young.eden.start;
            self.publish_nursery();
        }
    }

    /// Lists a part of the tenured nursery in which nothing was allocated.
    fn add_tenured_rest(&mut self, area: Area) {
        let chunk = Chunk {
            start: area.start,
            words: area.bytes() / WORD_BYTES,
        };
        // SAFETY: the part lies behind the last object of eden or of a survivor space.
        unsafe { self.old.free.add(chunk) };
    }
}
