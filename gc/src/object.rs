//! The collector's view of one object, and the walk over a space's objects.
//!
//! Everything in a space is an object or a *free chunk*: a header without a class whose body is
//! unused. So a space can be walked from its first word to its last.

#![expect(
    unsafe_code,
    reason = "reads and writes headers and slots at raw addresses"
)]

use crate::layout::{
    ClassIndex, FLAG_MARKED, FORMAT_SHIFT, Format, HEADER_BYTES, Header, OVERFLOW_COUNT_MASK,
    SLOTS_OVERFLOW, SLOTS_SHIFT, WORD_BYTES, object_words, overflow_word,
};
use crate::memory::{load, prefetch, store};
use crate::oop::Oop;

/// The address of a header in a mapped space. Every method relies on that.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
#[repr(transparent)]
pub(crate) struct Object(u64);

/// The address of one body word of an object.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Slot(u64);

impl Slot {
    /// The word in the slot.
    #[inline(always)]
    pub(crate) fn get(self) -> u64 {
        // SAFETY: slots are made by `Object::slots`, so they lie inside an object.
        unsafe { load(self.0) }
    }

    /// Replaces the word in the slot, without any barrier.
    #[inline(always)]
    pub(crate) fn set(self, word: u64) {
        // SAFETY: as for `get`.
        unsafe { store(self.0, word) }
    }
}

impl Object {
    /// The object whose header is at `address`.
    ///
    /// # Safety
    /// There is the header of an object or free chunk at `address`, in a live mapping.
    #[inline(always)]
    pub(crate) unsafe fn at(address: u64) -> Object {
        Object(address)
    }

    /// The object an oop points to.
    #[inline(always)]
    pub(crate) fn of(oop: Oop) -> Object {
        debug_assert!(
            oop.is_pointer() && oop.bits() != 0,
            "{oop:?} is no heap object"
        );
        // An oop that is a pointer is the address of a live object: see `Oop::from_bits`.
        Object(oop.bits())
    }

    /// The object or free chunk that begins at `start`: at its overflow word where it has one.
    ///
    /// # Safety
    /// An object or free chunk begins at `start`, in a live mapping.
    #[inline(always)]
    pub(crate) unsafe fn beginning_at(start: u64) -> Object {
        // SAFETY: promised by the caller.
        let first = unsafe { load(start) };
        let overflows = first >> SLOTS_SHIFT == SLOTS_OVERFLOW;
        Object(start + if overflows { WORD_BYTES as u64 } else { 0 })
    }

    /// Writes overflow word and header of an object that begins at `start`, and answers it.
    /// Its body is left as it is.
    ///
    /// # Safety
    /// The words from `start` on are free and enough for the object.
    #[inline(always)]
    pub(crate) unsafe fn create(
        start: u64,
        class: ClassIndex,
        format: Format,
        slots: usize,
    ) -> Object {
        let header = Header::new(class, format, slots);
        // SAFETY: promised by the caller.
        unsafe {
            if slots < SLOTS_OVERFLOW as usize {
                store(start, header.0);
                Object(start)
            } else {
                store(start, overflow_word(slots));
                store(start + WORD_BYTES as u64, header.0);
                Object(start + WORD_BYTES as u64)
            }
        }
    }

    /// Makes the `words` words from `start` on one free chunk and answers it.
    ///
    /// # Safety
    /// The words hold no live object; `words` is at least one.
    pub(crate) unsafe fn create_free(start: u64, words: usize) -> Object {
        debug_assert!(words >= 1);
        // SAFETY: promised by the caller.
        unsafe {
            if words <= SLOTS_OVERFLOW as usize {
                return Object::create(start, ClassIndex::NONE, Format::WORDS, words - 1);
            }
            // One word goes to the count, so 256 words are a count of 254 in an overflow word.
            store(start, overflow_word(words - 2));
            let header = Header::new(ClassIndex::NONE, Format::WORDS, SLOTS_OVERFLOW as usize);
            store(start + WORD_BYTES as u64, header.0);
            Object(start + WORD_BYTES as u64)
        }
    }

    /// Address of the header.
    #[inline(always)]
    pub(crate) fn address(self) -> u64 {
        self.0
    }

    /// The oop of the object.
    #[inline(always)]
    pub(crate) fn oop(self) -> Oop {
        // SAFETY: there is an object at the address, by the invariant of this type.
        unsafe { Oop::from_bits(self.0) }
    }

    /// The header.
    #[inline(always)]
    pub(crate) fn header(self) -> Header {
        // SAFETY: there is a header at the address, by the invariant of this type.
        Header(unsafe { load(self.0) })
    }

    /// Replaces the header.
    #[inline(always)]
    pub(crate) fn set_header(self, header: Header) {
        // SAFETY: there is a header at the address, by the invariant of this type.
        unsafe { store(self.0, header.0) }
    }

    /// Has the header fetched into the cache.
    #[inline(always)]
    pub(crate) fn prefetch(self) {
        prefetch(self.0);
    }

    /// True where `flag` is set.
    #[inline(always)]
    pub(crate) fn has(self, flag: u64) -> bool {
        self.header().has(flag)
    }

    /// Makes an ephemeron an object with named slots.
    pub(crate) fn make_fixed(self) {
        debug_assert_eq!(self.format(), Format::EPHEMERON);
        let format = (Format::EPHEMERON.bits() ^ Format::FIXED.bits()) as u64;
        self.set_header(Header(self.header().0 ^ format << FORMAT_SHIFT));
    }

    /// Sets the bits of `flag`.
    #[inline(always)]
    pub(crate) fn set_flag(self, flag: u64) {
        self.set_header(Header(self.header().0 | flag));
    }

    /// Clears the bits of `flag`.
    #[inline(always)]
    pub(crate) fn clear_flag(self, flag: u64) {
        self.set_header(Header(self.header().0 & !flag));
    }

    /// True for a free chunk.
    #[inline(always)]
    pub(crate) fn is_free(self) -> bool {
        self.header().class_index() == ClassIndex::NONE
    }

    /// Number of body words.
    #[inline(always)]
    pub(crate) fn slot_count(self) -> usize {
        self.slot_count_of(self.header())
    }

    /// Number of body words, where `header` is the object's (or was, before it was forwarded).
    #[inline(always)]
    pub(crate) fn slot_count_of(self, header: Header) -> usize {
        let count = header.slots_byte();
        if count < SLOTS_OVERFLOW {
            return count as usize;
        }
        // SAFETY: a count of 255 says that the word before the header is the object's.
        let word = unsafe { load(self.0 - WORD_BYTES as u64) };
        (word & OVERFLOW_COUNT_MASK) as usize
    }

    /// True where the slot count stands in an overflow word.
    #[inline(always)]
    pub(crate) fn has_overflow(self) -> bool {
        self.header().slots_byte() == SLOTS_OVERFLOW
    }

    /// Address of the object's first word: the overflow word or the header.
    #[inline(always)]
    pub(crate) fn start(self) -> u64 {
        self.0
            - if self.has_overflow() {
                WORD_BYTES as u64
            } else {
                0
            }
    }

    /// Address behind the object's last word.
    #[inline(always)]
    pub(crate) fn end(self) -> u64 {
        self.body() + (self.slot_count() * WORD_BYTES) as u64
    }

    /// Words the object takes in all.
    #[inline(always)]
    pub(crate) fn words(self) -> usize {
        self.slot_count() + 1 + usize::from(self.has_overflow())
    }

    /// Bytes the object takes in all.
    #[inline(always)]
    pub(crate) fn bytes(self) -> usize {
        self.words() * WORD_BYTES
    }

    /// Address of the body.
    #[inline(always)]
    pub(crate) fn body(self) -> u64 {
        self.0 + HEADER_BYTES as u64
    }

    /// The format.
    #[inline(always)]
    pub(crate) fn format(self) -> Format {
        self.header().format()
    }

    /// Slot `index`.
    ///
    /// # Panics
    /// Where the object has no such slot.
    pub(crate) fn slot(self, index: usize) -> Slot {
        let count = self.slot_count();
        assert!(index < count, "slot {index} of an object of {count} slots");
        Slot(self.body() + (index * WORD_BYTES) as u64)
    }

    /// The body's words from slot `from` on.
    #[inline(always)]
    pub(crate) fn slots_from(self, from: usize) -> impl DoubleEndedIterator<Item = Slot> {
        let body = self.body();
        (from..self.slot_count()).map(move |index| Slot(body + (index * WORD_BYTES) as u64))
    }

    /// The pointer slots; none for an object of words or bytes.
    #[inline(always)]
    pub(crate) fn pointer_slots(self) -> impl DoubleEndedIterator<Item = Slot> {
        let header = self.header();
        let count = if header.format().has_pointers() {
            self.slot_count_of(header)
        } else {
            0
        };
        let body = self.body();
        (0..count).map(move |index| Slot(body + (index * WORD_BYTES) as u64))
    }
}

/// The address that a header holds instead of itself once its object was copied, or `None`.
///
/// A forwarding word is the new address rotated so that one of its three zero bits falls on
/// [`FLAG_MARKED`], which is then set: no young object has it otherwise.
#[inline(always)]
pub(crate) fn forwarded(header: Header) -> Option<u64> {
    let rotation = FLAG_MARKED.trailing_zeros();
    header
        .has(FLAG_MARKED)
        .then(|| (header.0 & !FLAG_MARKED).rotate_right(rotation))
}

/// The forwarding word for an object that was copied to `address`.
#[inline(always)]
pub(crate) fn forwarding(address: u64) -> Header {
    Header(address.rotate_left(FLAG_MARKED.trailing_zeros()) | FLAG_MARKED)
}

/// The objects and free chunks between two addresses, from below.
pub(crate) struct Walk {
    next: u64,
    end: u64,
}

impl Walk {
    /// Walks from `start` to `end`.
    ///
    /// # Safety
    /// The words between the two are objects and free chunks without gaps, and stay so: what the
    /// walk answered last may become a free chunk, alone or with what lies before it.
    pub(crate) unsafe fn new(start: u64, end: u64) -> Walk {
        Walk { next: start, end }
    }
}

impl Iterator for Walk {
    type Item = Object;

    #[inline]
    fn next(&mut self) -> Option<Object> {
        if self.next >= self.end {
            debug_assert_eq!(self.next, self.end, "a walk ran over the end of its space");
            return None;
        }
        // SAFETY: an object or free chunk begins where the one before it ends: `Walk::new`.
        let object = unsafe { Object::beginning_at(self.next) };
        self.next = object.end();
        Some(object)
    }
}

const _: () = assert!(object_words(254) == 255 && object_words(255) == 257);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_forwarding_word_keeps_its_address() {
        for address in [0x8, 0x7FFF_FFFF_FFF8, 0x1234_5678_9AB0, 0xFFFF_FFFF_F008] {
            assert_eq!(forwarded(forwarding(address)), Some(address));
        }
        let header = Header::new(ClassIndex::new(77), Format::FIXED, 3).with_hash(0xFF_FFFF);
        assert_eq!(forwarded(header), None);
    }
}
