//! The heap: its machine-visible beginning, its options, and the decision when to collect.

use std::fmt;
use std::mem::offset_of;

use crate::large::LargeSpace;
use crate::layout::ClassIndex;
use crate::limit::Limit;
use crate::mark::Marker;
use crate::memory::physical_bytes;
use crate::nursery::Nursery;
use crate::object::{Object, Slot};
use crate::old_space::OldSpace;
use crate::oop::Oop;
use crate::pin::Pins;
use crate::roots::Roots;
use crate::stats::GcStats;
use crate::weak::Finalizers;

/// Where the next young object goes: an object of `n` bytes is allocated by answering `next` and
/// adding `n` to it, as long as the sum does not exceed `limit`.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C)]
pub struct AllocationWindow {
    /// Address of the next object's first word.
    pub next: u64,
    /// Address that no object may reach beyond; may be less than `next`.
    pub limit: u64,
}

/// A stretch of addresses that is tested with one compare: `address - start < size`, unsigned.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C)]
pub struct NurseryBounds {
    /// First address.
    pub start: u64,
    /// Size in bytes.
    pub size: u64,
}

impl NurseryBounds {
    /// True where `address` lies inside.
    #[inline(always)]
    pub const fn contains(self, address: u64) -> bool {
        address.wrapping_sub(self.start) < self.size
    }
}

/// What a heap is made with.
#[derive(Clone, Copy, Debug)]
pub struct HeapOptions {
    /// Size of eden in bytes; the survivor spaces take as much again.
    pub nursery_bytes: usize,
    /// Bytes that allocation may map in all, by default three quarters of the machine's memory.
    pub max_heap_bytes: usize,
    /// Checks the whole heap before and after each collection, and overwrites what is dead.
    pub verify: bool,
    /// Makes a collection due after every allocation.
    pub stress: bool,
    /// Prints a line on standard error for each stop.
    pub trace: bool,
}

impl Default for HeapOptions {
    fn default() -> HeapOptions {
        HeapOptions {
            nursery_bytes: 4 << 20,
            max_heap_bytes: physical_bytes().map_or(4 << 30, |bytes| bytes / 4 * 3),
            verify: false,
            stress: false,
            trace: false,
        }
    }
}

/// Why there is no heap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HeapError {
    /// The system gives no memory for the nursery of this many bytes.
    NoMemory {
        /// Bytes asked for.
        bytes: usize,
    },
    /// The nursery takes more than the greatest size that the heap may have.
    NurseryTooBig {
        /// Bytes that the nursery takes.
        nursery: usize,
        /// Bytes that the heap may take.
        max_heap: usize,
    },
}

impl fmt::Display for HeapError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            HeapError::NoMemory { bytes } => {
                write!(
                    f,
                    "the system gives no memory for a nursery of {bytes} bytes"
                )
            }
            HeapError::NurseryTooBig { nursery, max_heap } => write!(
                f,
                "the nursery takes {nursery} bytes but the heap may take {max_heap} at most"
            ),
        }
    }
}

impl std::error::Error for HeapError {}

/// There is no room for an object. A full collection is due, after which there may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutOfMemory {
    /// Size of the object that was asked for, in bytes.
    pub requested_bytes: usize,
}

impl fmt::Display for OutOfMemory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "out of memory: no room for an object of {} bytes",
            self.requested_bytes
        )
    }
}

impl std::error::Error for OutOfMemory {}

/// How much a collection collects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CollectionKind {
    /// The nursery.
    Scavenge,
    /// Everything, at once.
    Full,
}

/// The object memory.
///
/// The fields up to `held_floor` are read and written by machine code at the `OFFSET_` constants,
/// so a heap that machine code knows must not be moved.
#[repr(C)]
pub struct Heap {
    /// Bump allocation in eden.
    pub window: AllocationWindow,
    /// The addresses of young objects. They change when a nursery is tenured in place.
    pub nursery: NurseryBounds,
    /// The values whose store into an old object must be remembered: the nursery, or everything
    /// while marking is under way.
    pub barrier: NurseryBounds,
    /// What new pointer slots are filled with.
    pub(crate) nil: Oop,
    /// Not 0 where a collection is due.
    pub(crate) due: u32,
    /// Number of external calls on the stack that hold raw addresses.
    pub(crate) held: u32,
    /// The least value of `held` since the nursery was taken: calls below it hold no address in it.
    pub(crate) held_floor: u32,

    pub(crate) options: HeapOptions,
    pub(crate) pending: Option<CollectionKind>,
    pub(crate) young: Nursery,
    pub(crate) old: OldSpace,
    pub(crate) large: LargeSpace,
    pub(crate) remembered: Vec<Object>,
    /// Single slots of big old objects.
    pub(crate) remembered_slots: Vec<Slot>,
    pub(crate) marker: Marker,
    pub(crate) finalizers: Finalizers,
    pub(crate) pins: Pins,
    pub(crate) stats: GcStats,
    /// Bytes in old and large objects at which the next full collection begins.
    pub(crate) full_threshold: usize,
    /// Bytes in old and large objects from which on an allocation there makes a collection due.
    pub(crate) old_due_at: usize,
    pub(crate) limit: Limit,
    /// Calls of [`Heap::collect`].
    collections: u64,
    pub(crate) hash_state: u32,
    pub(crate) class_limit: u32,
}

impl Heap {
    /// Offset of `window.next` in bytes.
    pub const OFFSET_WINDOW_NEXT: usize =
        offset_of!(Heap, window) + offset_of!(AllocationWindow, next);
    /// Offset of `window.limit` in bytes.
    pub const OFFSET_WINDOW_LIMIT: usize =
        offset_of!(Heap, window) + offset_of!(AllocationWindow, limit);
    /// Offset of `nursery.start` in bytes; `size` is the next word.
    pub const OFFSET_NURSERY_START: usize = offset_of!(Heap, nursery);
    /// Offset of `nursery.size` in bytes.
    pub const OFFSET_NURSERY_SIZE: usize =
        offset_of!(Heap, nursery) + offset_of!(NurseryBounds, size);
    /// Offset of `barrier.start` in bytes; `size` is the next word.
    pub const OFFSET_BARRIER_START: usize = offset_of!(Heap, barrier);
    /// Offset of `barrier.size` in bytes.
    pub const OFFSET_BARRIER_SIZE: usize =
        offset_of!(Heap, barrier) + offset_of!(NurseryBounds, size);
    /// Offset of nil, an oop.
    pub const OFFSET_NIL: usize = offset_of!(Heap, nil);
    /// Offset of the 32-bit word that is not 0 where a collection is due.
    pub const OFFSET_DUE: usize = offset_of!(Heap, due);
    /// Offset of the 32-bit count that [`Heap::hold_addresses`] keeps.
    pub const OFFSET_HELD: usize = offset_of!(Heap, held);
    /// Offset of the 32-bit least count since the nursery was taken.
    pub const OFFSET_HELD_FLOOR: usize = offset_of!(Heap, held_floor);

    /// Makes an empty heap. New pointer slots hold the SmallInteger 0 until [`Heap::set_nil`].
    ///
    /// # Errors
    /// Where the nursery does not fit the options or the system gives no memory.
    pub fn new(options: HeapOptions) -> Result<Heap, HeapError> {
        let bytes = options.nursery_bytes.saturating_mul(2);
        if bytes > options.max_heap_bytes {
            let max_heap = options.max_heap_bytes;
            return Err(HeapError::NurseryTooBig {
                nursery: bytes,
                max_heap,
            });
        }
        let young = Nursery::new(options.nursery_bytes).ok_or(HeapError::NoMemory { bytes })?;
        let mut heap = Heap {
            window: AllocationWindow::default(),
            nursery: NurseryBounds::default(),
            barrier: NurseryBounds::default(),
            nil: Oop::ZERO,
            due: 0,
            held: 0,
            held_floor: 0,
            options,
            pending: None,
            young,
            old: OldSpace::new(options.verify),
            large: LargeSpace::new(),
            remembered: Vec::new(),
            remembered_slots: Vec::new(),
            marker: Marker::new(),
            finalizers: Finalizers::default(),
            pins: Pins::default(),
            stats: GcStats::default(),
            full_threshold: 0,
            old_due_at: 0,
            limit: Limit::default(),
            collections: 0,
            hash_state: 1,
            class_limit: crate::layout::CLASS_INDEX_MASK + 1,
        };
        heap.set_full_threshold();
        heap.publish_nursery();
        heap.window.next = heap.young.eden.start;
        heap.settle_limit(CollectionKind::Scavenge);
        heap.open_window();
        Ok(heap)
    }

    /// The options the heap was made with.
    pub fn options(&self) -> &HeapOptions {
        &self.options
    }

    /// Says what new pointer slots are filled with; a heap object must be an old one.
    ///
    /// # Panics
    /// Where `nil` is a young object: it would move.
    pub fn set_nil(&mut self, nil: Oop) {
        assert!(!self.is_young(nil), "nil must be allocated in old space");
        self.nil = nil;
    }

    /// What new pointer slots are filled with.
    pub fn nil(&self) -> Oop {
        self.nil
    }

    /// Says that class indexes are below `limit`, for the verifier.
    pub fn set_class_limit(&mut self, limit: ClassIndex) {
        self.class_limit = limit.index();
    }

    /// True for an object that the next collection may move.
    #[inline(always)]
    pub fn is_young(&self, oop: Oop) -> bool {
        oop.is_pointer() && self.nursery.contains(oop.bits())
    }

    /// True where the VM should call [`Heap::collect`] at its next safe point.
    #[inline(always)]
    pub fn collection_due(&self) -> bool {
        self.due != 0
    }

    /// Makes a collection due. Of two requests the greater one counts.
    pub fn request_collection(&mut self, kind: CollectionKind) {
        self.pending = self.pending.max(Some(kind));
        self.due = 1;
    }

    /// Counters and pauses, as of now.
    pub fn stats(&self) -> GcStats {
        GcStats {
            old_bytes: self.old.used_bytes as u64,
            large_bytes: self.large.used_bytes as u64,
            mapped_bytes: self.mapped_bytes() as u64,
            remembered: (self.remembered.len() + self.remembered_slots.len()) as u64,
            pinned: self.pins.count(),
            ..self.stats.clone()
        }
    }

    /// Full collections completed: only they free old objects.
    #[inline(always)]
    pub fn full_collections(&self) -> u64 {
        self.stats.full_collections
    }

    /// Forgets the pauses so far.
    pub fn reset_pauses(&mut self) {
        self.stats.pauses = Default::default();
        self.stats.full_pauses = Default::default();
    }

    /// Bytes mapped in all.
    pub(crate) fn mapped_bytes(&self) -> usize {
        self.young.mapping.bytes() + self.old.mapped_bytes + self.large.mapped_bytes
    }

    /// Bytes that allocation may still map.
    pub(crate) fn allowance(&self) -> usize {
        if self.limit.beyond {
            return usize::MAX;
        }
        self.options
            .max_heap_bytes
            .saturating_sub(self.mapped_bytes())
    }

    /// Bytes in old and large objects.
    pub(crate) fn old_used_bytes(&self) -> usize {
        self.old.used_bytes + self.large.used_bytes
    }

    /// Sets when the next full collection begins, from what is alive now: in time to end before the
    /// heap is full, if that is possible.
    pub(crate) fn set_full_threshold(&mut self) {
        let live = self.old_used_bytes();
        let least = 4 * self.options.nursery_bytes;
        let usual = (live.saturating_mul(2)).max(live.saturating_add(least));
        let left = self.headroom() / 2;
        let in_time = live.saturating_add(left.max(self.options.nursery_bytes));
        self.full_threshold = usual.min(in_time);
        self.old_due_at = self.full_threshold;
    }

    /// What every collection does at last: settles what the next one waits for.
    pub(crate) fn end_collection(&mut self, kind: CollectionKind) {
        if self.pending <= Some(kind) {
            self.pending = None;
        }
        self.due = u32::from(self.pending.is_some());
        let busy = self.marker.is_active() || !self.old.unswept.is_empty();
        self.old_due_at = if busy {
            self.old_used_bytes() + self.options.nursery_bytes
        } else {
            self.full_threshold
        };
        self.settle_limit(kind);
        self.open_window();
    }

    /// Publishes the nursery's addresses to the barrier and to machine code.
    pub(crate) fn publish_nursery(&mut self) {
        let start = self.young.eden.start;
        self.nursery = NurseryBounds {
            start,
            size: self.young.mapping.end() - start,
        };
        self.barrier = if self.marker.is_active() {
            NurseryBounds {
                start: 0,
                size: u64::MAX,
            }
        } else {
            self.nursery
        };
    }

    /// Collects what is due: at least a scavenge.
    ///
    /// # Safety
    /// Every oop that is used after this call is in a place that `roots` shows.
    #[expect(unsafe_code, reason = "passes the caller's promise on")]
    pub unsafe fn collect(&mut self, roots: &mut dyn Roots) {
        self.collections += 1;
        let stress_full = self.options.stress && self.collections.is_multiple_of(256);
        let full = self.pending == Some(CollectionKind::Full) || stress_full;
        // SAFETY: the promise is the same.
        unsafe {
            if full {
                self.collect_full(roots);
            } else {
                self.scavenge(roots);
            }
            if !full && self.is_tight() {
                self.collect_full(roots);
            }
        }
    }
}

const _: () = assert!(Heap::OFFSET_WINDOW_NEXT == 0 && Heap::OFFSET_WINDOW_LIMIT == 8);
const _: () = assert!(Heap::OFFSET_NURSERY_START == 16 && Heap::OFFSET_BARRIER_START == 32);
