//! Allocation: the bump window of eden first, old space when it is full or the object is big.

#![expect(unsafe_code, reason = "formats objects in free words")]

use crate::heap::{AllocationWindow, CollectionKind, Heap, OutOfMemory};
use crate::large::LARGE_BYTES;
use crate::layout::{ClassIndex, Format, SLOTS_OVERFLOW, WORD_BYTES, byte_slots, object_words};
use crate::memory::fill;
use crate::object::Object;
use crate::oop::Oop;

/// Greater objects are not allocated young: copying them costs more than the space they may waste.
pub(crate) const YOUNG_MAX_BYTES: usize = 64 * 1024;
/// The part of eden that is kept back until a collection is due, as a fraction.
const RESERVE_FRACTION: u64 = 16;

impl Heap {
    /// Allocates an object of `slots` words. Pointer slots are nil, words are 0.
    ///
    /// # Errors
    /// Where the heap is full; a full collection is then due.
    ///
    /// # Panics
    /// Where `format` is that of a byte object.
    #[inline]
    pub fn allocate(
        &mut self,
        class: ClassIndex,
        format: Format,
        slots: usize,
    ) -> Result<Oop, OutOfMemory> {
        assert!(
            !format.is_bytes(),
            "byte objects are made by allocate_bytes"
        );
        let content = self.initial_content(format);
        self.allocate_body(class, format, slots, content)
    }

    /// Allocates a byte object of `len` bytes, all 0.
    ///
    /// # Errors
    /// Where the heap is full; a full collection is then due.
    #[inline]
    pub fn allocate_bytes(&mut self, class: ClassIndex, len: usize) -> Result<Oop, OutOfMemory> {
        self.allocate_body(class, Format::bytes(len), byte_slots(len), 0)
    }

    /// Allocates like [`Heap::allocate`], but an object that never moves.
    ///
    /// # Errors
    /// Where the heap is full; a full collection is then due.
    ///
    /// # Panics
    /// Where `format` is that of a byte object.
    pub fn allocate_old(
        &mut self,
        class: ClassIndex,
        format: Format,
        slots: usize,
    ) -> Result<Oop, OutOfMemory> {
        assert!(
            !format.is_bytes(),
            "byte objects are made by allocate_bytes_old"
        );
        let content = self.initial_content(format);
        let object = self.allocate_old_body(class, format, slots, content)?;
        Ok(object.oop())
    }

    /// Allocates like [`Heap::allocate_bytes`], but an object that never moves.
    ///
    /// # Errors
    /// Where the heap is full; a full collection is then due.
    pub fn allocate_bytes_old(
        &mut self,
        class: ClassIndex,
        len: usize,
    ) -> Result<Oop, OutOfMemory> {
        let object = self.allocate_old_body(class, Format::bytes(len), byte_slots(len), 0)?;
        Ok(object.oop())
    }

    #[inline(always)]
    fn initial_content(&self, format: Format) -> u64 {
        if format.has_pointers() {
            self.nil.bits()
        } else {
            0
        }
    }

    #[inline(always)]
    fn allocate_body(
        &mut self,
        class: ClassIndex,
        format: Format,
        slots: usize,
        content: u64,
    ) -> Result<Oop, OutOfMemory> {
        let AllocationWindow { next, limit } = self.window;
        if slots < SLOTS_OVERFLOW as usize {
            let bytes = ((slots + 1) * WORD_BYTES) as u64;
            if limit.saturating_sub(next) >= bytes {
                self.window.next = next + bytes;
                // SAFETY: the words between the window's ends are free.
                return Ok(unsafe { format_object(next, class, format, slots, content) }.oop());
            }
        }
        self.allocate_slow(class, format, slots, content)
    }

    #[cold]
    #[inline(never)]
    fn allocate_slow(
        &mut self,
        class: ClassIndex,
        format: Format,
        slots: usize,
        content: u64,
    ) -> Result<Oop, OutOfMemory> {
        if self.limit.refuses && !self.limit.beyond {
            self.request_collection(CollectionKind::Full);
            let requested_bytes = slots.saturating_add(1).saturating_mul(WORD_BYTES);
            return Err(OutOfMemory { requested_bytes });
        }
        if slots < YOUNG_MAX_BYTES / WORD_BYTES {
            let bytes = (object_words(slots) * WORD_BYTES) as u64;
            let fits_window = self.window.limit.saturating_sub(self.window.next) >= bytes;
            if !fits_window || self.options.stress {
                self.due = 1;
            }
            let eden_end = self.eden_end();
            if eden_end.saturating_sub(self.window.next) >= bytes {
                let start = self.window.next;
                self.window.next += bytes;
                self.window.limit = eden_end;
                if self.options.stress {
                    self.window.limit = self.window.next;
                }
                // SAFETY: the words from the window's start to eden's end are free.
                return Ok(unsafe { format_object(start, class, format, slots, content) }.oop());
            }
        }
        let object = self.allocate_old_body(class, format, slots, content)?;
        // Whoever asked for a young object may store into it without a barrier at first.
        if format.has_pointers() {
            self.remember_object(object);
        }
        Ok(object.oop())
    }

    fn allocate_old_body(
        &mut self,
        class: ClassIndex,
        format: Format,
        slots: usize,
        content: u64,
    ) -> Result<Object, OutOfMemory> {
        let result = self.try_allocate_old(class, format, slots, content);
        if result.is_err() {
            self.request_collection(CollectionKind::Full);
        } else if self.old_used_bytes() > self.old_due_at || self.options.stress {
            self.due = 1;
        }
        result
    }

    fn try_allocate_old(
        &mut self,
        class: ClassIndex,
        format: Format,
        slots: usize,
        content: u64,
    ) -> Result<Object, OutOfMemory> {
        let requested_bytes = slots.saturating_add(2).saturating_mul(WORD_BYTES);
        let refused = OutOfMemory { requested_bytes };
        // The first test also keeps the sums below from overflowing.
        if requested_bytes > isize::MAX as usize || requested_bytes > self.old_allowance() {
            return Err(refused);
        }
        let words = object_words(slots);
        let object = if words * WORD_BYTES >= LARGE_BYTES {
            if self.allowance() < requested_bytes {
                self.large.release(usize::MAX);
            }
            let allowance = self.allowance();
            let object = self
                .large
                .allocate(class, format, slots, allowance)
                .ok_or(refused)?;
            if content != 0 {
                // SAFETY: the body is the new object's own.
                unsafe { fill(object.body(), slots, content) };
            }
            object
        } else {
            let start = self
                .old
                .allocate(words, self.allowance(), &mut self.pins)
                .ok_or(refused)?;
            // SAFETY: the words were just handed out for this object.
            unsafe { format_object(start, class, format, slots, content) }
        };
        self.stats.bytes_allocated_old += (words * WORD_BYTES) as u64;
        self.blacken_new(object);
        self.narrow_window();
        Ok(object)
    }

    /// Sets the end of the bump window. It is shut under stress and where allocation is refused,
    /// so that every allocation comes by [`Heap::allocate_slow`].
    pub(crate) fn open_window(&mut self) {
        let eden = self.young.eden;
        self.window.limit = if self.options.stress || self.limit.refuses {
            eden.start
        } else {
            let end = self.eden_end();
            let usual = end - (end - eden.start) / RESERVE_FRACTION;
            usual.min(eden.start + self.young.window_bytes as u64)
        };
    }

    /// Draws the end of the bump window nearer where old space has taken headroom.
    #[inline]
    fn narrow_window(&mut self) {
        self.window.limit = self.window.limit.min(self.eden_end());
    }
}

/// Writes header and body of a new object.
///
/// # Safety
/// The words from `start` on are free and enough for the object.
#[inline(always)]
unsafe fn format_object(
    start: u64,
    class: ClassIndex,
    format: Format,
    slots: usize,
    content: u64,
) -> Object {
    // SAFETY: promised by the caller.
    unsafe {
        let object = Object::create(start, class, format, slots);
        fill(object.body(), slots, content);
        object
    }
}
