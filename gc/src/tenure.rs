//! Tenuring in place: the nursery becomes old space where it stands, because C holds addresses of
//! its objects or one of them is pinned.

#![expect(
    unsafe_code,
    reason = "formats the unused parts of the nursery as free chunks"
)]

use crate::free_lists::Chunk;
use crate::heap::{CollectionKind, Heap};
use crate::layout::{FLAG_AGED, FLAG_REMEMBERED, WORD_BYTES};
use crate::nursery::{Area, Nursery};
use crate::object::Walk;

impl Heap {
    /// Makes the nursery an old segment and takes a fresh one. Nothing moves and nothing is traced;
    /// what is dead in it stays until the next full collection. Answers false, with everything as
    /// it was, where the nursery is empty.
    pub(crate) fn tenure_in_place(&mut self) -> bool {
        let survived = self.young.survived();
        let used = (self.window.next - self.young.eden.start) as usize + survived.bytes();
        if used == 0 {
            return false;
        }
        let Some(fresh) = Nursery::new(self.options.nursery_bytes) else {
            panic!("the system gives no memory for a fresh nursery beside the one C refers to");
        };
        let old = std::mem::replace(&mut self.young, fresh);
        let free = [
            Area {
                start: self.window.next,
                end: old.eden.end,
            },
            Area {
                start: survived.end,
                end: old.survivors[old.current].end,
            },
            old.target(),
        ];
        // SAFETY: survivors fill their space from its start without gaps.
        unsafe { Walk::new(survived.start, survived.end) }
            .for_each(|object| object.clear_flag(FLAG_AGED));
        self.old.adopt(old.mapping, used);
        for area in free {
            let chunk = Chunk {
                start: area.start,
                words: area.bytes() / WORD_BYTES,
            };
            // SAFETY: nothing was allocated in these parts of the nursery.
            unsafe { self.old.free.add(chunk) };
        }
        self.publish_nursery();
        self.open_window();
        for object in std::mem::take(&mut self.remembered) {
            object.clear_flag(FLAG_REMEMBERED);
            self.scan_again(object);
        }
        self.finalizers.old.append(&mut self.finalizers.young);
        self.pins.old += std::mem::take(&mut self.pins.young);
        self.held_floor = self.held;
        self.stats.tenured_segments += 1;
        self.stats.bytes_tenured += used as u64;
        if self.old.mapped_bytes > 2 * self.full_threshold + self.old.free.free_bytes() {
            self.request_collection(CollectionKind::Full);
        }
        true
    }
}
