//! What the collector does at the end: weak slots, ephemerons, finalization.
//!
//! The order is the same in a scavenge and in a full collection:
//! 1. ephemerons whose key is alive are traced, until no further key comes alive;
//! 2. the other ephemerons lose all their slots, unless they are registered for finalization, and
//!    weak slots of dead objects become nil;
//! 3. dead objects with a finalizer, and registered ephemerons whose key is dead, go to the queue
//!    and are traced, with what they refer to;
//! 4. the VM's weak tables are asked ([`crate::Roots::visit_weak`]): what 3 kept is alive for them.

#![expect(unsafe_code, reason = "follows words in the slots of live objects")]

use std::collections::VecDeque;

use crate::heap::Heap;
use crate::layout::{FLAG_FINALIZABLE, Format};
use crate::object::Object;
use crate::oop::{Oop, TAG_MASK};
use crate::scavenge::Scavenger;

/// The objects with a finalizer.
#[derive(Default)]
pub(crate) struct Finalizers {
    /// Registered and young, so that a scavenge need not look at the others.
    pub(crate) young: Vec<Oop>,
    /// Registered and old.
    pub(crate) old: Vec<Oop>,
    /// Registered ephemerons that are young. They are roots until their key dies.
    pub(crate) watching_young: Vec<Oop>,
    /// Registered ephemerons that are old.
    pub(crate) watching_old: Vec<Oop>,
    /// Found dead; the VM has yet to take them. They are roots.
    pub(crate) queue: VecDeque<Oop>,
}

impl Finalizers {
    fn list(&mut self, young: bool, watches: bool) -> &mut Vec<Oop> {
        match (young, watches) {
            (true, false) => &mut self.young,
            (false, false) => &mut self.old,
            (true, true) => &mut self.watching_young,
            (false, true) => &mut self.watching_old,
        }
    }

    /// The nursery was tenured in place: nothing registered is young any more.
    pub(crate) fn age_all(&mut self) {
        self.old.append(&mut self.young);
        self.watching_old.append(&mut self.watching_young);
    }
}

impl Heap {
    /// Registers a heap object for finalization: once nothing but weak references leads to it, it
    /// is kept and queued for [`Heap::take_finalizable`], once. Registering again before that has
    /// no effect.
    ///
    /// An ephemeron is kept alive by this, and it is queued once nothing but weak references
    /// and ephemerons leads to its *key*. It has key and values then, and is an ordinary object from
    /// then on: its format is [`Format::FIXED`].
    ///
    /// # Panics
    /// Where `oop` is an immediate.
    pub fn register_finalizer(&mut self, oop: Oop) {
        if self.header(oop).has(FLAG_FINALIZABLE) {
            return;
        }
        Object::of(oop).set_flag(FLAG_FINALIZABLE);
        let (young, watches) = (self.is_young(oop), self.format_of(oop) == Format::EPHEMERON);
        self.finalizers.list(young, watches).push(oop);
    }

    /// Takes back [`Heap::register_finalizer`], as long as the object was not queued: true where it
    /// was registered.
    ///
    /// # Panics
    /// Where `oop` is an immediate.
    pub fn cancel_finalizer(&mut self, oop: Oop) -> bool {
        let registered = self.header(oop).has(FLAG_FINALIZABLE);
        Object::of(oop).clear_flag(FLAG_FINALIZABLE);
        if registered && self.format_of(oop) != Format::EPHEMERON {
            // Ephemerons leave their list when it is next gone through.
            let young = self.is_young(oop);
            self.finalizers
                .list(young, false)
                .retain(|&each| each != oop);
        }
        registered
    }

    /// The next object that a collection found to be dead but for its finalizer, or ephemeron with
    /// a dead key. Within one collection objects come in the order in which they were registered,
    /// before the ephemerons.
    pub fn take_finalizable(&mut self) -> Option<Oop> {
        self.finalizers.queue.pop_front()
    }

    /// True where [`Heap::take_finalizable`] would answer an object.
    pub fn has_finalizable(&self) -> bool {
        !self.finalizers.queue.is_empty()
    }

    pub(crate) fn enqueue_finalizable(&mut self, oop: Oop) {
        Object::of(oop).clear_flag(FLAG_FINALIZABLE);
        self.finalizers.queue.push_back(oop);
        self.stats.finalized += 1;
    }

    /// Queues a registered ephemeron whose key is dead, as an ordinary object.
    pub(crate) fn fire(&mut self, ephemeron: Object) {
        ephemeron.make_fixed();
        self.enqueue_finalizable(ephemeron.oop());
    }

    /// Makes every slot of an object nil.
    pub(crate) fn clear_slots(&mut self, object: Object) {
        for slot in object.pointer_slots() {
            slot.set(self.nil.bits());
        }
        self.stats.weak_cleared += 1;
    }
}

/// True for a registered ephemeron that was not queued.
fn is_watching(object: Object) -> bool {
    object.has(FLAG_FINALIZABLE) && object.format() == Format::EPHEMERON
}

impl Heap {
    /// Forgets the old ephemerons that were queued.
    pub(crate) fn forget_fired(&mut self) {
        let watching = &mut self.finalizers.watching_old;
        watching.retain(|&oop| is_watching(Object::of(oop)));
    }
}

/// The word in an ephemeron's key slot; an ephemeron without slots has no key and lives.
pub(crate) fn key_of(ephemeron: Object) -> Option<u64> {
    debug_assert_eq!(ephemeron.format(), Format::EPHEMERON);
    let key = ephemeron.pointer_slots().next()?.get();
    (key & TAG_MASK == 0).then_some(key)
}

impl Scavenger<'_> {
    pub(crate) fn key_is_alive(&self, ephemeron: Object) -> bool {
        // SAFETY: the key is an oop in a slot of a live object.
        key_of(ephemeron).is_none_or(|key| self.where_now(unsafe { Oop::from_bits(key) }).is_some())
    }

    /// Traces the pending ephemerons whose key was reached meanwhile; false where there is none.
    pub(crate) fn scan_ephemerons_with_live_keys(&mut self) -> bool {
        // From the end, and what stays pending is turned round by it: a chain of ephemerons is
        // followed in two passes, whichever way it lies.
        let mut progress = false;
        for object in std::mem::take(&mut self.ephemerons).into_iter().rev() {
            if self.key_is_alive(object) {
                self.scan_settled(object);
                progress = true;
            } else {
                self.ephemerons.push(object);
            }
        }
        progress
    }

    /// Clears what refers to objects that were not reached.
    pub(crate) fn clear_dead_references(&mut self) {
        for object in std::mem::take(&mut self.ephemerons) {
            if object.has(FLAG_FINALIZABLE) {
                self.firing.push(object);
            } else {
                self.heap.clear_slots(object);
                self.scan_settled(object);
            }
        }
        for object in std::mem::take(&mut self.weak) {
            for slot in object.pointer_slots() {
                // SAFETY: slots of live objects hold oops.
                let oop = unsafe { Oop::from_bits(slot.get()) };
                if self.where_now(oop).is_none() {
                    slot.set(self.heap.nil.bits());
                    self.heap.stats.weak_cleared += 1;
                }
            }
            // What is left in the slots was copied, so this only updates them.
            self.scan_settled(object);
        }
    }

    /// Takes the registered young ephemerons for roots.
    pub(crate) fn keep_watching(&mut self) {
        for mut oop in std::mem::take(&mut self.heap.finalizers.watching_young) {
            self.forward_oop(&mut oop);
            let young = self.heap.is_young(oop);
            if is_watching(Object::of(oop)) {
                self.heap.finalizers.list(young, true).push(oop);
            }
        }
    }

    /// Queues the young finalizable objects that were not reached, and copies them; and the
    /// registered ephemerons whose keys were not. Answers true where there is one.
    pub(crate) fn resurrect_finalizable(&mut self) -> bool {
        let mut found = false;
        for mut oop in std::mem::take(&mut self.heap.finalizers.young) {
            let dead = self.where_now(oop).is_none();
            self.forward_oop(&mut oop);
            if dead {
                found = true;
                self.heap.enqueue_finalizable(oop);
            } else if self.heap.is_young(oop) {
                self.heap.finalizers.young.push(oop);
            } else {
                self.heap.finalizers.old.push(oop);
            }
        }
        for object in std::mem::take(&mut self.firing) {
            found = true;
            self.heap.fire(object);
            self.scan_settled(object);
        }
        if found {
            let watching = &mut self.heap.finalizers.watching_young;
            watching.retain(|&oop| is_watching(Object::of(oop)));
        }
        found
    }
}
