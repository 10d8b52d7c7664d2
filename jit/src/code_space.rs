//! Where machine code lives: pieces of code in a bounded range, each with a name.

use crate::code_memory::{CodeMemory, FILLER};
use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::ops::Range;

/// Pieces begin at multiples of this many bytes.
const ALIGNMENT: usize = 16;
/// Bytes of addresses that are reserved where nothing else is asked for.
pub const DEFAULT_SIZE: usize = 64 << 20;

/// Why there is no place for a piece of code.
#[derive(Debug)]
pub enum CodeSpaceError {
    /// No gap is large enough.
    Full {
        /// Bytes that were asked for.
        wanted: usize,
        /// Bytes in use.
        used: usize,
        /// Bytes of the whole space.
        size: usize,
    },
    /// The operating system refused.
    System(io::Error),
}

impl fmt::Display for CodeSpaceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CodeSpaceError::Full { wanted, used, size } => write!(
                f,
                "the code space has no room for {wanted} bytes: {used} of {size} bytes are in use"
            ),
            CodeSpaceError::System(error) => write!(f, "memory for machine code: {error}"),
        }
    }
}

impl std::error::Error for CodeSpaceError {}

/// A range of addresses with pieces of code; `T` is what is known of each.
pub struct CodeSpace<T> {
    memory: CodeMemory,
    /// Gaps, offset → size; no two of them touch.
    gaps: BTreeMap<usize, usize>,
    /// Pieces, offset → size of the code and what is known of it.
    pieces: BTreeMap<usize, Piece<T>>,
    used: usize,
}

struct Piece<T> {
    size: usize,
    about: T,
}

impl<T> CodeSpace<T> {
    /// Reserves `size` bytes.
    pub fn new(size: usize) -> io::Result<CodeSpace<T>> {
        let memory = CodeMemory::reserve_with_data(size, size / 8)?;
        let range = memory.range();
        let gaps = BTreeMap::from([(0, (range.end - range.start) as usize)]);
        Ok(CodeSpace {
            memory,
            gaps,
            pieces: BTreeMap::new(),
            used: 0,
        })
    }

    /// The addresses that code can lie at.
    pub fn range(&self) -> Range<u64> {
        self.memory.range()
    }

    /// The addresses of data within reach of the code.
    pub fn data(&self) -> Range<u64> {
        self.memory.data()
    }

    /// Bytes in use.
    pub fn used(&self) -> usize {
        self.used
    }

    /// Puts `size` bytes of code in, which `make` makes for the address that it gets, and answers
    /// that address.
    pub fn install(
        &mut self,
        size: usize,
        make: impl FnOnce(u64) -> Vec<u8>,
        about: T,
    ) -> Result<u64, CodeSpaceError> {
        let room = size.max(1).next_multiple_of(ALIGNMENT);
        // The lowest gap that is large enough: code stays together.
        let gap = self
            .gaps
            .iter()
            .find(|(_, gap)| **gap >= room)
            .map(|(at, gap)| (*at, *gap));
        let (offset, gap) = gap.ok_or_else(|| {
            let range = self.range();
            let whole = (range.end - range.start) as usize;
            CodeSpaceError::Full {
                wanted: room,
                used: self.used,
                size: whole,
            }
        })?;
        let address = self.range().start + offset as u64;
        let mut bytes = make(address);
        assert_eq!(
            bytes.len(),
            size,
            "the size of code does not depend on its address"
        );
        bytes.resize(room, FILLER);
        self.memory
            .write(offset, &bytes)
            .map_err(CodeSpaceError::System)?;
        self.gaps.remove(&offset);
        if gap > room {
            self.gaps.insert(offset + room, gap - room);
        }
        self.used += room;
        self.pieces.insert(offset, Piece { size, about });
        Ok(address)
    }

    /// Takes the piece at `address` out and fills its place, so that a stray jump there traps.
    ///
    /// # Panics
    /// Where no piece begins there: whoever removes code got the address from `install`.
    pub fn remove(&mut self, address: u64) -> Result<T, CodeSpaceError> {
        let offset = self.offset(address);
        let piece = self.pieces.remove(&offset);
        let piece = piece.unwrap_or_else(|| panic!("no code begins at {address:#x}"));
        let room = piece.size.max(1).next_multiple_of(ALIGNMENT);
        self.memory
            .write(offset, &vec![FILLER; room])
            .map_err(CodeSpaceError::System)?;
        self.used -= room;
        self.add_gap(offset, room);
        Ok(piece.about)
    }

    /// Adds a gap, joined with those that it touches.
    fn add_gap(&mut self, mut offset: usize, mut size: usize) {
        if let Some(next) = self.gaps.remove(&(offset + size)) {
            size += next;
        }
        let before = self
            .gaps
            .range(..offset)
            .next_back()
            .map(|(at, gap)| (*at, *gap));
        if let Some((at, gap)) = before
            && at + gap == offset
        {
            self.gaps.remove(&at);
            offset = at;
            size += gap;
        }
        self.gaps.insert(offset, size);
    }

    /// The addresses of the piece that begins at `address`.
    ///
    /// # Panics
    /// Where no piece begins there.
    pub fn extent(&self, address: u64) -> Range<u64> {
        let piece = self.pieces.get(&self.offset(address));
        let piece = piece.unwrap_or_else(|| panic!("no code begins at {address:#x}"));
        address..address + piece.size as u64
    }

    /// What is known of the piece that begins at `address`.
    pub fn about(&self, address: u64) -> Option<&T> {
        let offset = address.checked_sub(self.range().start)? as usize;
        self.pieces.get(&offset).map(|piece| &piece.about)
    }

    /// The address of the piece that `address` lies in, with what is known of it.
    pub fn piece_around(&self, address: u64) -> Option<(u64, &T)> {
        let start = self.range().start;
        let offset = address.checked_sub(start)? as usize;
        let (at, piece) = self.pieces.range(..=offset).next_back()?;
        (offset < at + piece.size).then_some((start + *at as u64, &piece.about))
    }

    /// The machine code of the piece that begins at `address`.
    pub fn code(&self, address: u64) -> Option<Vec<u8>> {
        let offset = address.checked_sub(self.range().start)? as usize;
        let piece = self.pieces.get(&offset)?;
        Some(self.memory.read(offset, piece.size))
    }

    fn offset(&self, address: u64) -> usize {
        assert!(
            self.range().contains(&address),
            "{address:#x} lies outside of the code space"
        );
        (address - self.range().start) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn space() -> CodeSpace<&'static str> {
        CodeSpace::new(4096).expect("address space")
    }

    fn install(space: &mut CodeSpace<&'static str>, size: usize, name: &'static str) -> u64 {
        space
            .install(size, |_| vec![0x90; size], name)
            .expect("room")
    }

    #[test]
    fn pieces_are_found_by_their_addresses() {
        let mut space = space();
        let a = install(&mut space, 20, "a");
        let b = install(&mut space, 5, "b");
        assert_eq!(b, a + 32);
        assert_eq!(space.about(b), Some(&"b"));
        assert_eq!(space.about(b + 1), None);
        assert_eq!(space.piece_around(a + 19), Some((a, &"a")));
        assert_eq!(space.piece_around(a + 20), None);
        assert_eq!(space.code(b), Some(vec![0x90; 5]));
        assert_eq!(space.used(), 48);
    }

    #[test]
    fn removed_code_traps_and_its_place_is_used_again() {
        let mut space = space();
        let a = install(&mut space, 16, "a");
        let b = install(&mut space, 16, "b");
        let c = install(&mut space, 16, "c");
        space.remove(a).expect("mprotect");
        space.remove(c).expect("mprotect");
        space.remove(b).expect("mprotect");
        assert_eq!(space.used(), 0);
        assert_eq!(space.gaps, BTreeMap::from([(0, 4096)]));
        assert_eq!(space.memory.read(0, 48), [FILLER; 48]);
        assert_eq!(install(&mut space, 48, "d"), a);
    }

    #[test]
    fn a_full_space_says_so() {
        let mut space = space();
        install(&mut space, 4000, "a");
        let error = space.install(100, |_| vec![0; 100], "b").expect_err("full");
        assert_eq!(
            error.to_string(),
            "the code space has no room for 112 bytes: 4000 of 4096 bytes are in use"
        );
        assert_eq!(space.used(), 4000);
    }

    #[test]
    #[should_panic(expected = "no code begins at")]
    fn removing_twice_is_a_bug() {
        let mut space = space();
        let a = install(&mut space, 16, "a");
        space.remove(a).expect("mprotect");
        let _ = space.remove(a);
    }
}
