//! The header of a compiled method: facts the interpreter needs at every activation, in one
//! SmallInteger.
//!
//! ```text
//!  bit  0..8   number of arguments
//!  bit  8..16  number of temporaries (of a block: copied values included)
//!  bit 16..32  greatest depth of the operand stack
//!  bit 32..44  primitive number, 0 for none
//!  bit 44..49  flags
//!  bit 49..57  temporary that receives why a primitive failed
//!  bit 57      one more flag
//! ```

/// The method creates a block that returns from it, or the block returns from its home.
pub const NEEDS_HOME: u64 = 1 << 44;
/// Activations are exception-handler frames (`<marker: #handler>`).
pub const HANDLER: u64 = 1 << 45;
/// Activations are unwind-protect frames (`<marker: #ensure>`).
pub const ENSURE: u64 = 1 << 46;
/// The method calls a foreign function.
pub const EXTERNAL: u64 = 1 << 47;
/// The primitive's failure code wants the reason in a temporary.
pub const WANTS_REASON: u64 = 1 << 48;

/// The method was there when bootstrap ended.
pub const OF_KERNEL: u64 = 1 << 57;

/// First bit of the reason's temporary.
const REASON_SHIFT: u32 = 49;
const _: () = assert!(OF_KERNEL < 1 << 60, "the header fits a SmallInteger");
const _: () = assert!(1 << (REASON_SHIFT + 8) <= OF_KERNEL);

/// Most arguments, and most temporaries, of a method.
pub const COUNT_MAX: usize = 255;
/// Deepest operand stack of a method.
pub const STACK_MAX: usize = u16::MAX as usize;

/// A method header's bits, which always fit a SmallInteger.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(transparent)]
pub struct MethodHeader(pub u64);

impl MethodHeader {
    /// A header without primitive or flags.
    ///
    /// # Panics
    /// Where a count is past its maximum: the compiler refuses such methods.
    pub fn new(arguments: usize, temporaries: usize, max_stack: usize) -> MethodHeader {
        assert!(arguments <= COUNT_MAX && temporaries <= COUNT_MAX && max_stack <= STACK_MAX);
        MethodHeader(arguments as u64 | (temporaries as u64) << 8 | (max_stack as u64) << 16)
    }

    /// The header with a primitive number.
    #[must_use]
    pub fn with_primitive(self, number: u16) -> MethodHeader {
        assert!(number < 1 << 12, "primitive number {number}");
        MethodHeader(self.0 | u64::from(number) << 32)
    }

    /// The header with a flag.
    #[must_use]
    pub const fn with(self, flag: u64) -> MethodHeader {
        MethodHeader(self.0 | flag)
    }

    /// The header with the temporary that receives why a primitive failed.
    #[must_use]
    pub fn with_reason_in(self, temporary: u8) -> MethodHeader {
        MethodHeader(self.0 | WANTS_REASON | u64::from(temporary) << REASON_SHIFT)
    }

    /// The temporary that receives why a primitive failed, where one does.
    pub const fn reason_temporary(self) -> Option<usize> {
        if self.has(WANTS_REASON) {
            Some((self.0 >> REASON_SHIFT & 0xFF) as usize)
        } else {
            None
        }
    }

    /// True where `flag` is set.
    #[inline(always)]
    pub const fn has(self, flag: u64) -> bool {
        self.0 & flag != 0
    }

    /// Number of arguments.
    #[inline(always)]
    pub const fn arguments(self) -> usize {
        (self.0 & 0xFF) as usize
    }

    /// Number of temporaries, copied values included.
    #[inline(always)]
    pub const fn temporaries(self) -> usize {
        (self.0 >> 8 & 0xFF) as usize
    }

    /// Greatest depth of the operand stack.
    #[inline(always)]
    pub const fn max_stack(self) -> usize {
        (self.0 >> 16 & 0xFFFF) as usize
    }

    /// The primitive's number, 0 for none.
    #[inline(always)]
    pub const fn primitive(self) -> u16 {
        (self.0 >> 32 & 0xFFF) as u16
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn header_parts_do_not_overlap() {
        let header = MethodHeader::new(255, 254, 65535)
            .with_primitive(4095)
            .with(ENSURE)
            .with(OF_KERNEL)
            .with_reason_in(253);
        assert_eq!((header.arguments(), header.temporaries()), (255, 254));
        assert_eq!((header.max_stack(), header.primitive()), (65535, 4095));
        assert_eq!(header.reason_temporary(), Some(253));
        assert!(header.has(ENSURE) && !header.has(HANDLER) && !header.has(EXTERNAL));
        assert_eq!(MethodHeader::new(1, 2, 3).reason_temporary(), None);
    }
}
