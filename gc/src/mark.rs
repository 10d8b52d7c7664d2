//! Marking old space, in steps between which the program runs.
//!
//! The invariant is that of incremental update: an old object that was scanned and then written
//! to is scanned again. While marking is under way the barrier's bounds are all addresses, so
//! every pointer store into an old object remembers it; whatever leaves the remembered set is
//! scanned again ([`Heap::scan_again`]). Steps pass over young objects. The last one empties the
//! nursery into old space first, so that only roots and old objects are left to look at.

#![expect(unsafe_code, reason = "follows words in the slots of live objects")]

use hashbrown::HashMap;

use crate::heap::{CollectionKind, Heap};
use crate::layout::{FLAG_FINALIZABLE, FLAG_MARKED, Format};
use crate::object::Object;
use crate::oop::{Oop, TAG_MASK};
use crate::roots::Roots;
use crate::weak::key_of;

/// Slots of one object that are scanned at a time, so that a great array neither fills the stack
/// nor makes a step long.
const SCAN_SLOTS: usize = 4096;
/// Least work of a step, as a fraction of eden in bytes of objects.
const STEP_FRACTION: usize = 4;
/// Work of a step for each byte that old space grew since the last one. One byte of it goes to what
/// grew; with the other two, a heap that is all alive is marked while it grows by half.
const STEP_FACTOR: usize = 3;

/// How many objects wait between the prefetch of their header and the look at it.
const PREFETCH_DISTANCE: usize = 16;

/// A marking under way, or none.
pub(crate) struct Marker {
    active: bool,
    /// Marked objects whose slots are to be scanned.
    stack: Vec<Object>,
    /// The same from a slot on, for objects that are scanned in parts.
    parts: Vec<(Object, usize)>,
    /// Objects that were referred to, whose headers are on the way from memory; 0 where empty.
    /// All is empty between two steps.
    coming: [u64; PREFETCH_DISTANCE],
    next_coming: usize,
    weak: Vec<Object>,
    ephemerons: Vec<Object>,
    /// Once tracing proper is done: the pending ephemerons by key.
    waiting: Option<HashMap<u64, Vec<Object>>>,
    live_bytes: usize,
    /// Bytes in old space at the last step.
    seen_bytes: usize,
}

impl Marker {
    pub(crate) fn new() -> Marker {
        Marker {
            active: false,
            stack: Vec::new(),
            parts: Vec::new(),
            coming: [0; PREFETCH_DISTANCE],
            next_coming: 0,
            weak: Vec::new(),
            ephemerons: Vec::new(),
            waiting: None,
            live_bytes: 0,
            seen_bytes: 0,
        }
    }

    /// True while marking is under way.
    #[inline(always)]
    pub(crate) fn is_active(&self) -> bool {
        self.active
    }

    fn is_done(&self) -> bool {
        self.stack.is_empty() && self.parts.is_empty()
    }

    /// Leaves an ephemeron until its key is marked.
    fn postpone(&mut self, ephemeron: Object, key: u64) {
        match &mut self.waiting {
            Some(waiting) => waiting.entry(key).or_default().push(ephemeron),
            None => self.ephemerons.push(ephemeron),
        }
    }

    /// Has an object marked a little later, when its header is in the cache.
    #[inline(always)]
    fn mark_soon(&mut self, object: Object) {
        object.prefetch();
        let index = self.next_coming % PREFETCH_DISTANCE;
        self.next_coming = index + 1;
        let ready = std::mem::replace(&mut self.coming[index], object.address());
        if ready != 0 {
            // SAFETY: `coming` holds addresses of old objects, which stay where they are.
            self.mark(unsafe { Object::at(ready) });
        }
    }

    /// Marks all objects that were to be marked soon.
    fn mark_coming(&mut self) {
        for ready in std::mem::take(&mut self.coming) {
            if ready != 0 {
                // SAFETY: as in `mark_soon`.
                self.mark(unsafe { Object::at(ready) });
            }
        }
    }

    /// Marks an object unless it is marked; it is to be scanned where it has pointers.
    #[inline(always)]
    fn mark(&mut self, object: Object) {
        let header = object.header();
        if header.has(FLAG_MARKED) {
            return;
        }
        object.set_flag(FLAG_MARKED);
        self.live_bytes += object.bytes();
        if header.format().has_pointers() {
            self.stack.push(object);
        }
        if let Some(waiting) = &mut self.waiting
            && let Some(ephemerons) = waiting.remove(&object.address())
        {
            // Their key is alive now, so this time they are scanned.
            self.stack.extend(ephemerons);
        }
    }
}

impl Heap {
    /// Collects everything that is dead, at once.
    ///
    /// # Safety
    /// Every oop that is used after this call is in a place that `roots` shows.
    pub unsafe fn collect_full(&mut self, roots: &mut dyn Roots) {
        let stop = self.begin_stop();
        self.verify_if_wanted(roots, "before a full collection");
        if self.marker.active {
            // Ends the marking under way, which keeps what died since it began.
            self.finish_marking(roots);
        }
        self.old.sweep_all(&mut self.pins);
        self.start_marking(roots);
        self.finish_marking(roots);
        self.old.sweep_all(&mut self.pins);
        self.large.release(usize::MAX);
        self.end_collection(CollectionKind::Full);
        self.verify_if_wanted(roots, "after a full collection");
        self.end_stop(&stop, CollectionKind::Full);
    }

    /// Does after a scavenge what is due in old space.
    pub(crate) fn step_old_collection(&mut self, roots: &mut dyn Roots) {
        let grown = self.old_used_bytes().saturating_sub(self.marker.seen_bytes);
        self.marker.seen_bytes = self.old_used_bytes();
        let least = self.options.nursery_bytes / STEP_FRACTION;
        let mut budget = least.max(grown.saturating_mul(STEP_FACTOR));
        if self.options.stress {
            budget = 2048;
        }
        self.large.release(budget);
        if self.marker.active {
            self.stats.mark_steps += 1;
            self.drain(budget);
            if self.marker.is_done() || self.old_used_bytes() > self.full_threshold * 2 {
                self.finish_marking(roots);
            }
        } else if !self.old.sweep_some(budget, &mut self.pins)
            && (self.old_used_bytes() > self.full_threshold || self.options.stress)
        {
            self.start_marking(roots);
        }
    }

    /// Begins a marking: marks what the roots refer to.
    fn start_marking(&mut self, roots: &mut dyn Roots) {
        debug_assert!(!self.marker.active && self.marker.is_done());
        debug_assert!(
            self.old.unswept.is_empty(),
            "the last marking is not swept yet"
        );
        self.marker.active = true;
        self.marker.live_bytes = 0;
        self.marker.seen_bytes = self.old_used_bytes();
        self.publish_nursery();
        self.mark_roots(roots);
    }

    /// Marks what the roots refer to.
    fn mark_roots(&mut self, roots: &mut dyn Roots) {
        roots.visit(&mut |oop| self.mark_word(oop.bits()));
        self.mark_word(self.nil.bits());
        for index in 0..self.finalizers.queue.len() {
            self.mark_word(self.finalizers.queue[index].bits());
        }
        self.forget_fired();
        for index in 0..self.finalizers.watching_old.len() {
            self.mark_word(self.finalizers.watching_old[index].bits());
        }
        self.marker.mark_coming();
    }

    /// Ends a marking: empties the nursery, marks what is left, clears what refers to the dead
    /// and hands the segments to the sweep.
    fn finish_marking(&mut self, roots: &mut dyn Roots) {
        self.collect_nursery(roots, true);
        self.restore_nursery_size();
        self.mark_roots(roots);
        self.trace_all();
        self.clear_dead_marked();
        while self.queue_dead_finalizable() {
            self.trace_all();
            self.clear_dead_marked();
        }
        roots.visit_weak(CollectionKind::Full, &mut |oop| {
            self.is_marked(oop).then_some(oop)
        });
        debug_assert!(
            self.remembered.is_empty() && self.remembered_slots.is_empty(),
            "an empty nursery leaves nothing remembered"
        );
        self.marker.active = false;
        self.publish_nursery();
        self.old.begin_sweep();
        self.large.sweep(&mut self.pins);
        self.old.used_bytes = self.marker.live_bytes - self.large.used_bytes;
        self.stats.live_bytes = self.marker.live_bytes as u64;
        self.stats.full_collections += 1;
        self.set_full_threshold();
    }

    fn is_marked(&self, oop: Oop) -> bool {
        !oop.is_pointer() || Object::of(oop).has(FLAG_MARKED)
    }

    #[inline(always)]
    fn mark_word(&mut self, word: u64) {
        if word & TAG_MASK == 0 && !self.nursery.contains(word) {
            // SAFETY: the word is an oop in a root or slot, so it leads to an object.
            self.marker.mark_soon(unsafe { Object::at(word) });
        }
    }

    /// Makes a new old object one that is marked and yet to be scanned, while marking is under way.
    #[inline(always)]
    pub(crate) fn blacken_new(&mut self, object: Object) {
        if self.marker.active {
            self.marker.mark(object);
        }
    }

    /// Marks what was stored into a slot that was remembered by itself: its object is not scanned
    /// again.
    #[inline(always)]
    pub(crate) fn mark_stored(&mut self, word: u64) {
        if self.marker.active && word & TAG_MASK == 0 && !self.nursery.contains(word) {
            // SAFETY: the word is an oop in a slot, so it leads to an object.
            self.marker.mark(unsafe { Object::at(word) });
        }
    }

    /// Has an object scanned again that was marked: it was written to meanwhile.
    #[inline(always)]
    pub(crate) fn scan_again(&mut self, object: Object) {
        if self.marker.active && object.has(FLAG_MARKED) {
            self.marker.stack.push(object);
        }
    }

    /// Scans objects of about `budget` bytes, or all that are waiting.
    fn drain(&mut self, budget: usize) {
        let mut work = 0;
        self.marker.mark_coming();
        while work < budget {
            if let Some(object) = self.marker.stack.pop() {
                work += self.scan_marked(object);
            } else if let Some((object, from)) = self.marker.parts.pop() {
                work += self.scan_part(object, from);
            } else {
                self.marker.mark_coming();
                if self.marker.is_done() {
                    return;
                }
            }
        }
        self.marker.mark_coming();
    }

    /// Marks what `object` refers to; answers the work in bytes.
    #[inline]
    fn scan_marked(&mut self, object: Object) -> usize {
        let header = object.header();
        let count = object.slot_count_of(header);
        let format = header.format();
        if format == Format::WEAK {
            self.marker.weak.push(object);
        } else if format == Format::EPHEMERON
            && let Some(key) = self.unmarked_key(object)
        {
            self.marker.postpone(object, key);
        } else if count > SCAN_SLOTS {
            return self.scan_part(object, 0);
        } else {
            for slot in object.pointer_slots() {
                self.mark_word(slot.get());
            }
        }
        (count + 1) * crate::layout::WORD_BYTES
    }

    fn scan_part(&mut self, object: Object, from: usize) -> usize {
        for slot in object.slots_from(from).take(SCAN_SLOTS) {
            self.mark_word(slot.get());
        }
        if from + SCAN_SLOTS < object.slot_count() {
            self.marker.parts.push((object, from + SCAN_SLOTS));
        }
        SCAN_SLOTS * crate::layout::WORD_BYTES
    }

    /// The key of an ephemeron where it is not marked, or not yet.
    fn unmarked_key(&self, ephemeron: Object) -> Option<u64> {
        // SAFETY: the key is an oop in a slot of a live object.
        key_of(ephemeron).filter(|&key| !self.is_marked(unsafe { Oop::from_bits(key) }))
    }

    /// Traces everything, ephemerons with live keys included: in time linear in their number,
    /// since each waits in a table for its key to be marked. What is left waiting is dead.
    fn trace_all(&mut self) {
        self.drain(usize::MAX);
        self.marker.waiting = Some(HashMap::new());
        let pending = std::mem::take(&mut self.marker.ephemerons);
        self.marker.stack.extend(pending);
        self.drain(usize::MAX);
        let waiting = self.marker.waiting.take().unwrap_or_default();
        self.marker.ephemerons = waiting.into_values().flatten().collect();
    }

    /// Clears what refers to unmarked objects.
    fn clear_dead_marked(&mut self) {
        for object in std::mem::take(&mut self.marker.ephemerons) {
            if !object.has(FLAG_FINALIZABLE) {
                self.clear_slots(object);
            }
        }
        for object in std::mem::take(&mut self.marker.weak) {
            for slot in object.pointer_slots() {
                // SAFETY: slots of live objects hold oops.
                if !self.is_marked(unsafe { Oop::from_bits(slot.get()) }) {
                    slot.set(self.nil.bits());
                    self.stats.weak_cleared += 1;
                }
            }
        }
    }

    /// Queues the finalizable objects that are not marked, and marks them; and the registered
    /// ephemerons whose keys are not. Answers true where there is one.
    fn queue_dead_finalizable(&mut self) -> bool {
        debug_assert!(self.finalizers.young.is_empty(), "the nursery was emptied");
        let registered = std::mem::take(&mut self.finalizers.old);
        let (live, dead): (Vec<Oop>, Vec<Oop>) =
            registered.into_iter().partition(|&oop| self.is_marked(oop));
        self.finalizers.old = live;
        for &oop in &dead {
            self.enqueue_finalizable(oop);
            self.mark_word(oop.bits());
        }
        let fired = self.fire_dead_keys();
        !dead.is_empty() || fired
    }
    /// Queues the registered ephemerons whose keys are not marked, and has them scanned again.
    fn fire_dead_keys(&mut self) -> bool {
        let watching = self.finalizers.watching_old.iter();
        let firing: Vec<Object> = watching
            .map(|&oop| Object::of(oop))
            .filter(|&ephemeron| self.unmarked_key(ephemeron).is_some())
            .collect();
        for &ephemeron in &firing {
            self.fire(ephemeron);
            self.marker.stack.push(ephemeron);
        }
        self.forget_fired();
        !firing.is_empty()
    }
}
