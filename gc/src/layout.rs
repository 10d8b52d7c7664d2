//! The object header: the one definition of its fields, for the collector, the VM and machine code.
//!
//! ```text
//!  63       56 55                          32 31   27 26    22 21                    0
//! +-----------+------------------------------+-------+--------+-----------------------+
//! | slots (8) |      identity hash (24)      | flags | format |   class index (22)    |
//! +-----------+------------------------------+-------+--------+-----------------------+
//! | body: `slots` words of 8 bytes                                                    |
//! ```
//!
//! A slot count of 255 means that the word *before* the header holds the true count, in its low
//! 56 bits; its top byte is 255 too, so that a walk that meets the object from below can tell this
//! word from a header. An oop is the address of the header, so the body starts at `oop + 8` for
//! every object. Objects are aligned to 8 bytes and take at least their header.

/// Size of a word, a header and a slot, in bytes.
pub const WORD_BYTES: usize = 8;
/// Size of a header in bytes; the body starts this far behind an oop.
pub const HEADER_BYTES: usize = 8;
/// Width of the class index, at bit 0.
pub const CLASS_INDEX_BITS: u32 = 22;
/// Mask of the class index in the header's low 32 bits.
pub const CLASS_INDEX_MASK: u32 = (1 << CLASS_INDEX_BITS) - 1;
/// First bit of the format.
pub const FORMAT_SHIFT: u32 = 22;
/// Mask of the format once shifted down.
pub const FORMAT_MASK: u64 = 31;
/// First bit of the identity hash.
pub const HASH_SHIFT: u32 = 32;
/// Width of the identity hash; 0 means "none given yet".
pub const HASH_BITS: u32 = 24;
/// First bit of the slot count.
pub const SLOTS_SHIFT: u32 = 56;
/// The slot count's byte within the header (little endian).
pub const SLOTS_BYTE: usize = 7;
/// The slot count that says: the word before the header holds the count.
pub const SLOTS_OVERFLOW: u64 = 255;
/// Mask of the true slot count within the overflow word before a header.
pub const OVERFLOW_COUNT_MASK: u64 = (1 << SLOTS_SHIFT) - 1;

/// The collector has reached the object.
pub const FLAG_MARKED: u64 = 1 << 27;
/// The old object stands in the remembered set: it may hold pointers to the nursery.
pub const FLAG_REMEMBERED: u64 = 1 << 28;
/// Of a byte object, which is never remembered: it is a String without a NUL among its bytes. Whoever writes to the bytes of
/// Strings takes the flag away, see `Heap::bytes_may_change`.
pub const FLAG_WITHOUT_NUL: u64 = FLAG_REMEMBERED;
/// The object must not move.
pub const FLAG_PINNED: u64 = 1 << 29;
/// The object has a finalizer registered.
pub const FLAG_FINALIZABLE: u64 = 1 << 30;
/// The young object has survived a scavenge: the next one promotes it to old space.
pub const FLAG_AGED: u64 = 1 << 31;

const _: () = assert!(FORMAT_SHIFT == CLASS_INDEX_BITS);
const _: () = assert!(FLAG_MARKED == 1 << (FORMAT_SHIFT + 5));
const _: () = assert!(HASH_SHIFT + HASH_BITS == SLOTS_SHIFT);
const _: () = assert!(SLOTS_BYTE * 8 == SLOTS_SHIFT as usize);

/// An index into the class table: what a header and an inline cache hold for a class.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
#[repr(transparent)]
pub struct ClassIndex(u32);

impl ClassIndex {
    /// No class: free chunks and forwarded objects.
    pub const NONE: ClassIndex = ClassIndex(0);
    /// The class of SmallIntegers: an immediate's class index is its tag.
    pub const SMALL_INTEGER: ClassIndex = ClassIndex(crate::oop::TAG_INTEGER as u32);
    /// The class of Characters.
    pub const CHARACTER: ClassIndex = ClassIndex(crate::oop::TAG_CHARACTER as u32);
    /// The class of immediate floats.
    pub const IMMEDIATE_FLOAT: ClassIndex = ClassIndex(crate::oop::TAG_FLOAT as u32);
    /// The first index for heap objects.
    pub const FIRST_FREE: ClassIndex = ClassIndex(8);

    /// Makes a class index.
    ///
    /// # Panics
    /// Where `index` takes more than 22 bits.
    #[inline(always)]
    pub const fn new(index: u32) -> ClassIndex {
        assert!(index <= CLASS_INDEX_MASK, "class index out of range");
        ClassIndex(index)
    }

    /// The number.
    #[inline(always)]
    pub const fn index(self) -> u32 {
        self.0
    }
}

/// What the body of an object is made of: the header's five format bits.
///
/// | bits | body |
/// | --- | --- |
/// | 0 | pointer slots, all named |
/// | 1 | pointer slots, named ones first, then indexable ones |
/// | 2 | pointer slots, of which the collector clears those whose object dies |
/// | 3 | ephemeron: slot 0 is the key, the rest is alive only as long as the key is |
/// | 4 | 64-bit words without pointers |
/// | 8–15 | bytes: the format minus 7 (1 to 8) is the number of unused bytes at the body's end |
///
/// Unused bytes of a byte object are zero, and there is always at least one, so that the body is
/// a NUL-terminated C string.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(transparent)]
pub struct Format(u8);

impl Format {
    /// Named pointer slots only.
    pub const FIXED: Format = Format(0);
    /// Named pointer slots, then indexable ones (an Array has no named ones).
    pub const INDEXABLE: Format = Format(1);
    /// Pointer slots that do not keep their objects alive.
    pub const WEAK: Format = Format(2);
    /// Key and values that live as long as the key does.
    pub const EPHEMERON: Format = Format(3);
    /// 64-bit words without pointers.
    pub const WORDS: Format = Format(4);
    /// Bytes, with one unused byte; add up to seven for more.
    pub const BYTES_BASE: u8 = 8;

    /// The format of a byte object of `len` bytes.
    #[inline(always)]
    pub const fn bytes(len: usize) -> Format {
        Format(Format::BYTES_BASE + 7 - (len % WORD_BYTES) as u8)
    }

    /// The format of five header bits.
    #[inline(always)]
    pub const fn from_bits(bits: u8) -> Format {
        Format(bits & FORMAT_MASK as u8)
    }

    /// The five header bits.
    #[inline(always)]
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// True where every slot is an oop that keeps its object alive or is weak.
    #[inline(always)]
    pub const fn has_pointers(self) -> bool {
        self.0 < Format::WORDS.0
    }

    /// True for a byte object.
    #[inline(always)]
    pub const fn is_bytes(self) -> bool {
        self.0 >= Format::BYTES_BASE
    }

    /// Unused bytes at the end of a byte object's body, 1 to 8.
    #[inline(always)]
    pub const fn unused_bytes(self) -> usize {
        (self.0 - Format::BYTES_BASE) as usize + 1
    }
}

/// Words that an object of `slots` body words takes in all: overflow word, header and body.
#[inline(always)]
pub const fn object_words(slots: usize) -> usize {
    slots + 1 + (slots >= SLOTS_OVERFLOW as usize) as usize
}

/// The overflow word of an object of `slots` body words.
#[inline(always)]
pub const fn overflow_word(slots: usize) -> u64 {
    SLOTS_OVERFLOW << SLOTS_SHIFT | slots as u64
}

/// Number of body words of a byte object of `len` bytes: room for the bytes and one zero byte.
#[inline(always)]
pub const fn byte_slots(len: usize) -> usize {
    len / WORD_BYTES + 1
}

/// A header's 64 bits, taken apart and put together.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(transparent)]
pub struct Header(pub u64);

impl Header {
    /// The header of a new object without hash or flags; `slots` is clipped to the overflow mark.
    #[inline(always)]
    pub const fn new(class: ClassIndex, format: Format, slots: usize) -> Header {
        let count = if slots >= SLOTS_OVERFLOW as usize {
            SLOTS_OVERFLOW
        } else {
            slots as u64
        };
        Header(count << SLOTS_SHIFT | (format.0 as u64) << FORMAT_SHIFT | class.0 as u64)
    }

    /// The class index.
    #[inline(always)]
    pub const fn class_index(self) -> ClassIndex {
        ClassIndex(self.0 as u32 & CLASS_INDEX_MASK)
    }

    /// The format.
    #[inline(always)]
    pub const fn format(self) -> Format {
        Format((self.0 >> FORMAT_SHIFT & FORMAT_MASK) as u8)
    }

    /// The slot count's byte: the count itself below [`SLOTS_OVERFLOW`].
    #[inline(always)]
    pub const fn slots_byte(self) -> u64 {
        self.0 >> SLOTS_SHIFT
    }

    /// The identity hash, 0 where none was given yet.
    #[inline(always)]
    pub const fn hash(self) -> u32 {
        (self.0 >> HASH_SHIFT) as u32 & ((1 << HASH_BITS) - 1)
    }

    /// The same header with an identity hash.
    #[inline(always)]
    pub const fn with_hash(self, hash: u32) -> Header {
        let mask = ((1u64 << HASH_BITS) - 1) << HASH_SHIFT;
        Header(self.0 & !mask | (hash as u64) << HASH_SHIFT & mask)
    }

    /// True where `flag`, one of the `FLAG_` constants, is set.
    #[inline(always)]
    pub const fn has(self, flag: u64) -> bool {
        self.0 & flag != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_byte_object_always_has_room_for_a_zero_byte() {
        for len in 0..40 {
            let unused = Format::bytes(len).unused_bytes();
            assert!((1..=8).contains(&unused));
            assert_eq!(byte_slots(len) * WORD_BYTES - unused, len);
        }
    }

    #[test]
    fn header_fields_do_not_overlap() {
        let header =
            Header::new(ClassIndex::new(0x2A_BCDE), Format::bytes(3), 77).with_hash(0xABCDEF);
        assert_eq!(header.class_index().index(), 0x2A_BCDE);
        assert_eq!(header.format(), Format::bytes(3));
        assert_eq!(header.slots_byte(), 77);
        assert_eq!(header.hash(), 0xABCDEF);
        assert!(!header.has(FLAG_MARKED | FLAG_REMEMBERED | FLAG_PINNED));
    }
}
