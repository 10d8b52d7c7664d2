//! What the collector's tests share: a root table, and a way to collect through it.

#![allow(dead_code, reason = "each test file uses a part")]
#![expect(
    unsafe_code,
    reason = "collecting promises that the table holds every oop in use"
)]

use gc::{ClassIndex, CollectionKind, Format, Heap, HeapOptions, Oop, Roots};

/// The class index of all objects here that need none in particular.
pub(crate) const CLASS: ClassIndex = ClassIndex::new(20);

/// A table of strong roots and one of weak references.
#[derive(Default)]
pub(crate) struct Table {
    pub(crate) strong: Vec<Oop>,
    pub(crate) weak: Vec<Option<Oop>>,
}

impl Roots for Table {
    fn visit(&mut self, visitor: &mut dyn FnMut(&mut Oop)) {
        self.strong.iter_mut().for_each(visitor);
    }

    fn visit_weak(&mut self, _: CollectionKind, alive: &mut dyn FnMut(Oop) -> Option<Oop>) {
        for entry in &mut self.weak {
            *entry = entry.and_then(&mut *alive);
        }
    }
}

/// A heap with nil and a table of roots.
pub(crate) struct World {
    pub(crate) heap: Heap,
    pub(crate) roots: Table,
}

/// Options of a small heap that checks itself.
pub(crate) fn small() -> HeapOptions {
    HeapOptions {
        nursery_bytes: 128 << 10,
        max_heap_bytes: 1 << 30,
        verify: true,
        stress: false,
        trace: false,
    }
}

impl World {
    pub(crate) fn new(options: HeapOptions) -> World {
        let mut heap = Heap::new(options).expect("a heap");
        let nil = heap.allocate_old(CLASS, Format::FIXED, 0).expect("nil");
        heap.set_nil(nil);
        World {
            heap,
            roots: Table::default(),
        }
    }

    /// Adds a root and answers its index.
    pub(crate) fn root(&mut self, oop: Oop) -> usize {
        self.roots.strong.push(oop);
        self.roots.strong.len() - 1
    }

    pub(crate) fn fixed(&mut self, slots: usize) -> Oop {
        self.heap
            .allocate(CLASS, Format::FIXED, slots)
            .expect("room")
    }

    pub(crate) fn bytes(&mut self, content: &[u8]) -> Oop {
        let oop = self
            .heap
            .allocate_bytes(CLASS, content.len())
            .expect("room");
        self.heap.bytes_mut(oop).copy_from_slice(content);
        oop
    }

    pub(crate) fn scavenge(&mut self) {
        // SAFETY: the tests keep what they go on using in the table.
        unsafe { self.heap.scavenge(&mut self.roots) };
    }

    pub(crate) fn full(&mut self) {
        // SAFETY: as for `scavenge`.
        unsafe { self.heap.collect_full(&mut self.roots) };
    }

    /// A collection of either kind.
    pub(crate) fn collect(&mut self, kind: CollectionKind) {
        match kind {
            CollectionKind::Scavenge => self.scavenge(),
            CollectionKind::Full => self.full(),
        }
    }

    /// A safe point: collects if that is due.
    pub(crate) fn poll(&mut self) {
        if self.heap.collection_due() {
            // SAFETY: as for `scavenge`.
            unsafe { self.heap.collect(&mut self.roots) };
        }
    }

    pub(crate) fn verify(&mut self) {
        self.heap.verify(&mut self.roots).expect("a sound heap");
    }
}
