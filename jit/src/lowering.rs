//! What goes into a lowering and what comes out, the same for every instruction set.

use crate::call_sites::ForeignCallSite;
use crate::rtl::Op;
use crate::rtl::check::Facts;
use crate::stubs::StubAddresses;
use gc::oop::Oop;
use std::ops::Range;

/// Where the global cache of sends lies, and its lines, a power of two. See `methods::Line`.
#[derive(Clone, Copy, Default, Debug)]
pub struct Lines {
    /// Of the first line.
    pub address: u64,
    /// How many there are.
    pub count: usize,
}

/// What is to be lowered.
pub struct Request<'a> {
    /// The checked sequence.
    pub ops: &'a [Op],
    /// What the check found out about it.
    pub facts: &'a Facts,
    /// The external-call method whose code this is; otherwise of no matter.
    pub method: Oop,
    /// Number of the method's arguments, the receiver not counted.
    pub argument_count: usize,
    /// Address of the foreign function that `callForeign` calls.
    pub function: u64,
    /// Where the shared code lies.
    pub stubs: &'a StubAddresses,
    /// Addresses of the inline caches' cells, by the number that `send` has.
    pub cells: &'a [u64],
    /// Where the machine code may come to lie: targets near to all of it are called directly.
    pub code_space: Range<u64>,
    /// The global cache.
    pub lines: Lines,
}

/// A place in the code that holds a distance to `target`: 32 bits, counted from behind themselves.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Fixup {
    /// Offset of the 32 bits in the code.
    pub offset: u32,
    /// The address meant.
    pub target: u64,
}

/// Machine code that can be put anywhere in the code space.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Lowered {
    /// The machine code, before its fixups.
    pub bytes: Vec<u8>,
    /// Distances to fill in once the address is known.
    pub fixups: Vec<Fixup>,
    /// Offset at which each operation's code begins, with the end of the code behind the last one.
    pub op_offsets: Vec<u32>,
    /// Offset of the checked entry, where the code has one.
    pub checked_entry: Option<u32>,
    /// The calls of foreign functions.
    pub foreign_calls: Vec<ForeignCallSite>,
}

impl Lowered {
    /// The machine code as it must be at `address`.
    ///
    /// # Panics
    /// Where a target is farther away than 2 GiB: the lowering keeps such calls indirect.
    pub fn at(&self, address: u64) -> Vec<u8> {
        let mut bytes = self.bytes.clone();
        for fixup in &self.fixups {
            let behind = address + fixup.offset as u64 + 4;
            let distance = fixup.target.wrapping_sub(behind) as i64;
            let distance = i32::try_from(distance).expect("fixup target within 2 GiB");
            let place = fixup.offset as usize..fixup.offset as usize + 4;
            bytes[place].copy_from_slice(&distance.to_le_bytes());
        }
        bytes
    }
}
