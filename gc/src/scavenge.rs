//! The scavenge: Cheney's copy of the living out of the nursery.
//!
//! An object that survives for the first time goes to the other survivor space and is marked as
//! aged; an aged one, and one that does not fit, is promoted to old space. Copied objects are
//! scanned where they are: survivors in address order, promoted ones from a stack.

#![expect(unsafe_code, reason = "copies objects between spaces")]

use crate::heap::{CollectionKind, Heap};
use crate::layout::{FLAG_AGED, FLAG_REMEMBERED, Format, WORD_BYTES, object_words};
use crate::memory::{POISON, copy, fill, out_of_system_memory};
use crate::nursery::Area;
use crate::object::{Object, forwarded, forwarding};
use crate::oop::{Oop, TAG_MASK};
use crate::remembered::has_slots_remembered;
use crate::roots::Roots;

/// A scavenge under way.
pub(crate) struct Scavenger<'h> {
    pub(crate) heap: &'h mut Heap,
    start: u64,
    size: u64,
    target: Area,
    next: u64,
    scanned: u64,
    promote_all: bool,
    promoted: Vec<Object>,
    /// Weak objects met, whose slots wait for the dead to be known.
    pub(crate) weak: Vec<Object>,
    /// Ephemerons met whose key was not reached so far.
    pub(crate) ephemerons: Vec<Object>,
    /// Ephemerons registered for finalization whose key is dead.
    pub(crate) firing: Vec<Object>,
    promoted_words: usize,
}

impl Heap {
    /// Collects the nursery, or tenures it in place where its objects must stay, and takes a step
    /// of the marking or sweeping under way.
    ///
    /// # Safety
    /// Every oop that is used after this call is in a place that `roots` shows.
    pub unsafe fn scavenge(&mut self, roots: &mut dyn Roots) {
        let stop = self.begin_stop();
        self.verify_if_wanted(roots, "before a scavenge");
        self.collect_nursery(roots, false);
        self.step_old_collection(roots);
        self.end_collection(CollectionKind::Scavenge);
        self.verify_if_wanted(roots, "after a scavenge");
        self.end_stop(&stop, CollectionKind::Scavenge);
    }

    /// Empties eden. With `promote_all`, survivors do not stay in the nursery either.
    pub(crate) fn collect_nursery(&mut self, roots: &mut dyn Roots, promote_all: bool) {
        self.stats.bytes_allocated_young += self.window.next - self.young.eden.start;
        if self.nursery_must_stay() && self.tenure_in_place() {
            return;
        }
        self.stats.scavenges += 1;
        let target = self.young.target();
        let mut scavenger = Scavenger {
            start: self.nursery.start,
            size: self.nursery.size,
            target,
            next: target.start,
            scanned: target.start,
            promote_all,
            promoted: Vec::new(),
            weak: Vec::new(),
            ephemerons: Vec::new(),
            firing: Vec::new(),
            promoted_words: 0,
            heap: self,
        };
        scavenger.run(roots);
        let (next, promoted) = (scavenger.next, scavenger.promoted_words * WORD_BYTES);
        if self.options.verify {
            self.poison_evacuated();
        }
        let filled = (self.window.next - self.young.eden.start) as usize;
        let survived = (next - target.start) as usize + promoted;
        self.young.settle_window(filled, survived);
        self.stats.bytes_survived += next - target.start;
        self.stats.bytes_promoted += promoted as u64;
        self.young.current = 1 - self.young.current;
        self.young.survivors_next = next;
        self.window.next = self.young.eden.start;
    }
}

impl Heap {
    /// Overwrites what the scavenge has left behind, so that whoever missed to show a root finds
    /// out soon.
    fn poison_evacuated(&self) {
        let eden = Area {
            start: self.young.eden.start,
            end: self.window.next,
        };
        for area in [eden, self.young.survived()] {
            // SAFETY: everything alive was copied out of these areas.
            unsafe { fill(area.start, area.bytes() / WORD_BYTES, POISON) };
        }
    }
}

impl Scavenger<'_> {
    fn run(&mut self, roots: &mut dyn Roots) {
        roots.visit_young(&mut |oop| self.forward_oop(oop));
        let mut queue = std::mem::take(&mut self.heap.finalizers.queue);
        queue.iter_mut().for_each(|oop| self.forward_oop(oop));
        self.heap.finalizers.queue = queue;
        self.keep_watching();
        self.scan_remembered();
        self.trace();
        self.clear_dead_references();
        while self.resurrect_finalizable() {
            self.trace();
            self.clear_dead_references();
        }
        roots.visit_weak(CollectionKind::Scavenge, &mut |oop| self.where_now(oop));
    }

    /// Where a young object is after it was copied; an old one is where it was. `None` for a
    /// young object that nothing has reached.
    #[inline]
    pub(crate) fn where_now(&self, oop: Oop) -> Option<Oop> {
        if !oop.is_pointer() || !self.is_young(oop.bits()) || self.is_copy(oop.bits()) {
            return Some(oop);
        }
        let address = forwarded(Object::of(oop).header())?;
        // SAFETY: a forwarding word leads to the object's copy.
        Some(unsafe { Oop::from_bits(address) })
    }

    #[inline(always)]
    fn is_young(&self, word: u64) -> bool {
        word.wrapping_sub(self.start) < self.size
    }

    #[inline(always)]
    fn is_copy(&self, word: u64) -> bool {
        self.target.contains(word)
    }

    #[inline]
    pub(crate) fn forward_oop(&mut self, oop: &mut Oop) {
        let word = self.forward(oop.bits());
        // SAFETY: the word is the old one or the address of the object's copy.
        *oop = unsafe { Oop::from_bits(word) };
    }

    /// The word that takes `word`'s place: a young object is copied unless it was already.
    #[inline(always)]
    fn forward(&mut self, word: u64) -> u64 {
        if word & TAG_MASK != 0 || !self.is_young(word) {
            return word;
        }
        // SAFETY: the word is an oop in a root or slot, so it leads to an object.
        let object = unsafe { Object::at(word) };
        match forwarded(object.header()) {
            Some(address) => address,
            None => self.evacuate(object),
        }
    }

    #[inline]
    fn evacuate(&mut self, object: Object) -> u64 {
        if self.is_copy(object.address()) {
            return object.address();
        }
        let header = object.header();
        let slots = object.slot_count_of(header);
        let words = object_words(slots);
        let bytes = (words * WORD_BYTES) as u64;
        let stays = !self.promote_all && !header.has(FLAG_AGED);
        let copied = if stays && self.target.end - self.next >= bytes {
            let to = self.next;
            self.next += bytes;
            // SAFETY: the target space has room for the object, and overlaps nothing.
            let copied = unsafe { copy_object(object, to, words) };
            copied.set_flag(FLAG_AGED);
            copied
        } else {
            self.promote(object, words)
        };
        object.set_header(forwarding(copied.address()));
        copied.address()
    }

    fn promote(&mut self, object: Object, words: usize) -> Object {
        let allowance = self.heap.allowance();
        let heap = &mut *self.heap;
        // There is room, but in pieces that may not fit: what is alive must go somewhere.
        let Some(to) = (heap.old.allocate(words, allowance, &mut heap.pins))
            .or_else(|| heap.old.allocate(words, usize::MAX, &mut heap.pins))
        else {
            out_of_system_memory("for an object that leaves the nursery");
        };
        // SAFETY: old space has just handed the words out.
        let copied = unsafe { copy_object(object, to, words) };
        copied.clear_flag(FLAG_AGED);
        self.promoted_words += words;
        self.heap.blacken_new(copied);
        if copied.format().has_pointers() {
            self.promoted.push(copied);
        }
        copied
    }

    /// Takes the remembered objects for roots; those that do not refer to the nursery any more
    /// leave the set.
    fn scan_remembered(&mut self) {
        for object in std::mem::take(&mut self.heap.remembered) {
            object.clear_flag(FLAG_REMEMBERED);
            self.scan_old(object);
        }
        for slot in std::mem::take(&mut self.heap.remembered_slots) {
            let moved = self.forward(slot.get());
            slot.set(moved);
            if moved & TAG_MASK == 0 && self.is_young(moved) {
                self.heap.remembered_slots.push(slot);
            } else {
                self.heap.mark_stored(moved);
            }
        }
    }

    /// Copies what is reachable from what was copied.
    fn trace(&mut self) {
        loop {
            while let Some(object) = self.next_to_scan() {
                if self.is_copy(object.address()) {
                    self.scan_copy(object);
                } else {
                    self.scan_old(object);
                }
            }
            if !self.scan_ephemerons_with_live_keys() {
                return;
            }
        }
    }

    #[inline]
    fn next_to_scan(&mut self) -> Option<Object> {
        if self.scanned < self.next {
            // SAFETY: copies fill the target space from its start without gaps.
            let object = unsafe { Object::beginning_at(self.scanned) };
            self.scanned = object.end();
            return Some(object);
        }
        self.promoted.pop()
    }

    #[inline]
    fn scan_copy(&mut self, object: Object) {
        let format = object.format();
        if format == Format::WEAK {
            self.weak.push(object);
        } else if format == Format::EPHEMERON && !self.key_is_alive(object) {
            self.ephemerons.push(object);
        } else {
            self.scan_slots(object);
        }
    }

    /// Scans an old object and settles whether it is remembered.
    fn scan_old(&mut self, object: Object) {
        let format = object.format();
        if format == Format::WEAK {
            self.weak.push(object);
        } else if format == Format::EPHEMERON && !self.key_is_alive(object) {
            self.ephemerons.push(object);
        } else {
            self.scan_settled(object);
        }
    }

    /// Forwards every slot; answers true where one refers to the nursery still.
    #[inline(always)]
    fn scan_slots(&mut self, object: Object) -> bool {
        let mut young = false;
        for slot in object.pointer_slots() {
            let word = slot.get();
            if word & TAG_MASK == 0 && self.is_young(word) {
                let moved = self.forward(word);
                slot.set(moved);
                young |= self.is_young(moved);
            }
        }
        young
    }

    /// Scans a copy, or an old object, of which it settles whether it is remembered.
    pub(crate) fn scan_settled(&mut self, object: Object) {
        let young = self.scan_slots(object);
        if self.is_young(object.address()) {
            return;
        }
        if young && !has_slots_remembered(object) {
            self.heap.remember_object(object);
            return;
        }
        if young {
            let slots = self.heap.young_slots(object);
            self.heap.remembered_slots.extend(slots);
        }
        self.heap.scan_again(object);
    }
}

/// Copies an object to the words from `start` on and answers the copy.
///
/// # Safety
/// The `words` words from `start` on, the object's size, are free.
#[inline(always)]
unsafe fn copy_object(object: Object, start: u64, words: usize) -> Object {
    let from = object.start();
    // SAFETY: promised by the caller.
    unsafe {
        copy(from, start, words);
        Object::at(start + (object.address() - from))
    }
}
