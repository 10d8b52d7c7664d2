//! What the VM shows the collector.

use crate::heap::CollectionKind;
use crate::oop::Oop;

/// The places outside the heap that hold oops.
pub trait Roots {
    /// Shows `visitor` every place that keeps an object alive. Moved objects are rewritten there.
    /// Called more than once in a collection; each place may be shown more than once.
    fn visit(&mut self, visitor: &mut dyn FnMut(&mut Oop));

    /// The same for a scavenge, which only looks for young objects: places that never hold one, such
    /// as tables of objects that are allocated old, need not be shown.
    fn visit_young(&mut self, visitor: &mut dyn FnMut(&mut Oop)) {
        self.visit(visitor);
    }

    /// Called once when the dead are known: a table that does not keep its objects alive asks
    /// `alive` where each one is now, and drops those for which it answers `None`. Objects that were
    /// allocated old neither die nor move in a scavenge.
    fn visit_weak(&mut self, kind: CollectionKind, alive: &mut dyn FnMut(Oop) -> Option<Oop>) {
        let _ = (kind, alive);
    }
}
