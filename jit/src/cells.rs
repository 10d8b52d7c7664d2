//! The cells of inline caches: class index and target, in data within reach of the code.

use std::ops::Range;

/// What a send reads: `mov edx, [cell]; call [cell + 8]`. Or what stands in the place of one that calls a
/// getter: the class that has the getter, and the offset of the slot from the object. Or what stands in the place of one
/// that makes a foreign call: the class whose instances have the method. Or two words of constants.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub(crate) struct Cell {
    /// The class index that the target expects in edx.
    pub(crate) class: u64,
    /// Where the send goes.
    pub(crate) target: u64,
}

impl Cell {
    /// The cell of what is not known yet, or not true any more: no object has the class.
    pub(crate) const NONE: Cell = Cell {
        class: u32::MAX as u64,
        target: 0,
    };
}

/// Hands out cells of a stretch of memory.
pub(crate) struct Cells {
    next: u64,
    end: u64,
    free: Vec<u64>,
}

impl Cells {
    /// The cells of `memory`, which is zero, writable and nobody else's for as long as this lives.
    pub(crate) fn new(memory: Range<u64>) -> Cells {
        Cells {
            next: memory.start,
            end: memory.end,
            free: Vec::new(),
        }
    }

    /// The address of a new cell; `None` where all are in use.
    pub(crate) fn take(&mut self) -> Option<u64> {
        if let Some(cell) = self.free.pop() {
            return Some(cell);
        }
        let cell = self.next;
        self.next = cell + size_of::<Cell>() as u64;
        (self.next <= self.end).then_some(cell)
    }

    /// Takes a cell back that no code refers to any more.
    pub(crate) fn give_back(&mut self, cell: u64) {
        self.free.push(cell);
    }

    /// Sets a cell.
    pub(crate) fn set(&mut self, cell: u64, content: Cell) {
        // SAFETY: `take` gave the address out, inside of the memory that belongs to `self`; machine
        // code, which reads it, does not run meanwhile.
        unsafe { (cell as *mut Cell).write(content) };
    }
}
