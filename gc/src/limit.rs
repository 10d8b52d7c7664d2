//! The greatest size of the heap: how much of eden may be filled, and when allocation is refused.
//!
//! A collection cannot fail, so there must be room in old space for all that it may find alive.
//! *Headroom* is how far old space may grow, less what is in the survivor space:
//!
//! ```text
//!  0                                                              max_heap_bytes
//! +---------+------------------------------+----------+-----------+
//! | nursery | old and large objects        | survived | headroom  |
//! +---------+------------------------------+----------+-----------+
//! ```
//!
//! Eden is never filled further than that, and half of the headroom that is *wanted* is kept back even
//! so. Where a full collection leaves less headroom than is wanted, allocation is refused: every one, so that it does not matter how often somebody tries. Who
//! tells the program asks for a grant: half of what is left, for the error to be handled in. Where
//! nothing worth while is left, nothing is granted. Once there is headroom again all is as before.

use crate::heap::{CollectionKind, Heap};

/// The headroom that is wanted, as a fraction of the greatest size: less would mean a full
/// collection for every few objects.
const WANTED_FRACTION: usize = 64;
/// The same as a fraction of eden; the greater one counts.
const WANTED_EDEN_FRACTION: usize = 4;
/// Less is not granted.
const LEAST_GRANT_BYTES: usize = 16 * 1024;

/// Whether and from where on allocation is refused.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Limit {
    /// The headroom that a full collection must leave.
    wanted: usize,
    /// It did not, and nothing was granted since.
    pub(crate) refuses: bool,
    /// See [`Heap::go_beyond_limit`].
    pub(crate) beyond: bool,
}

impl Heap {
    /// Bytes that old space may grow by when the survivors have moved there.
    pub(crate) fn headroom(&self) -> usize {
        let taken =
            self.young.mapping.bytes() + self.old_used_bytes() + self.young.survived().bytes();
        self.options.max_heap_bytes.saturating_sub(taken)
    }

    fn usual_headroom(&self) -> usize {
        let of_eden = self.options.nursery_bytes / WANTED_EDEN_FRACTION;
        of_eden.max(self.options.max_heap_bytes / WANTED_FRACTION)
    }

    /// Bytes that old objects may take now. What is in eden already comes first.
    pub(crate) fn old_allowance(&self) -> usize {
        let eden = (self.window.next - self.young.eden.start) as usize;
        if self.limit.beyond {
            usize::MAX
        } else if self.limit.refuses {
            0
        } else {
            self.spare_headroom().saturating_sub(eden)
        }
    }

    /// The headroom without what is kept back for the errors of running out.
    fn spare_headroom(&self) -> usize {
        self.headroom().saturating_sub(self.limit.wanted / 2)
    }

    /// Address that no young object may reach beyond.
    pub(crate) fn eden_end(&self) -> u64 {
        let eden = self.young.eden;
        eden.start + eden.bytes().min(self.spare_headroom()) as u64
    }

    /// True where only a full collection can tell whether the program may go on.
    pub(crate) fn is_tight(&self) -> bool {
        self.headroom() < self.limit.wanted / 4 * 3
    }

    /// Decides after a collection whether allocation is refused: only a full one tells.
    pub(crate) fn settle_limit(&mut self, kind: CollectionKind) {
        let headroom = self.headroom();
        if self.limit.wanted == 0 || headroom >= self.usual_headroom() {
            self.limit = Limit {
                wanted: self.usual_headroom(),
                ..Limit::default()
            };
        }
        if kind == CollectionKind::Full {
            self.limit.refuses = headroom < self.limit.wanted;
        }
    }

    /// Lets a program that is being told that memory is used up go on, with half of what is left.
    /// Answers false where that is not worth while.
    pub fn grant_headroom(&mut self) -> bool {
        if !self.limit.refuses {
            return true;
        }
        let granted = self.headroom() / 2;
        if granted < LEAST_GRANT_BYTES {
            return false;
        }
        self.limit = Limit {
            wanted: granted,
            ..Limit::default()
        };
        self.open_window();
        true
    }

    /// True where allocation is refused until there is headroom or a grant.
    pub fn refuses_allocation(&self) -> bool {
        self.limit.refuses
    }

    /// From here on allocation may go beyond the limit, until it is called with false: where nobody can
    /// be told that there is no room before an object is needed. A full collection should follow.
    pub fn go_beyond_limit(&mut self, beyond: bool) {
        self.limit.beyond = beyond;
    }
}
