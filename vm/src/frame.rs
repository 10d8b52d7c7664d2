//! The one frame layout, of interpreted and of compiled activations alike.
//!
//! The VM stack grows down. A send pushes the receiver and the arguments; the activation follows:
//!
//! ```text
//!             receiver            the method's own receiver, or the block for a block activation
//!             argument 1
//!             …
//!  fp + 16    argument n
//!  fp +  8    return pc           machine address where the caller goes on; see `RETURN_PC`
//!  fp +  0    caller fp           0 in a base frame
//!  fp -  8    method              CompiledMethod or CompiledBlock
//!  fp - 16    closure             block: its Block; method: its home token, or nil
//!  fp - 24    self                what `self` means here
//!  fp - 32    bytecode pc         SmallInteger offset where an interpreted activation goes on
//!  fp - 40    temporary 0
//!             …
//!             operand stack       sp points at the topmost operand
//! ```
//!
//! The callee pops receiver and arguments when it returns; the result travels in a register.
//! External-call methods have no frame: they run between the return pc and the C function.

/// Bytes of a stack word.
pub const WORD: isize = 8;
/// From fp to the word above the return pc: the last argument, or the receiver where none.
pub const ARGUMENTS: isize = 16;
/// From fp to the return pc: an address in machine code, or 0 where the caller is interpreted
/// and 0 with a caller fp of 0 in the first frame of a run.
pub const RETURN_PC: isize = 8;
/// From fp to the caller's fp.
pub const CALLER_FP: isize = 0;
/// From fp to the method.
pub const METHOD: isize = -8;
/// From fp to the Block (block activation), or the home token or nil (method activation).
pub const CLOSURE: isize = -16;
/// From fp to the value of `self`.
pub const SELF: isize = -24;
/// From fp to the saved bytecode pc, a SmallInteger.
pub const PC: isize = -32;
/// From fp to temporary 0; temporary i lies 8 * i lower.
pub const TEMPORARIES: isize = -40;

/// From fp to argument `index` (0-based) of an activation with `count` arguments.
#[inline(always)]
pub const fn argument(index: usize, count: usize) -> isize {
    ARGUMENTS + WORD * (count - 1 - index) as isize
}

/// From fp to the receiver that the caller pushed, of an activation with `count` arguments.
#[inline(always)]
pub const fn receiver(count: usize) -> isize {
    ARGUMENTS + WORD * count as isize
}

/// From fp to temporary `index`.
#[inline(always)]
pub const fn temporary(index: usize) -> isize {
    TEMPORARIES - WORD * index as isize
}

const _: () = assert!(PC - WORD == TEMPORARIES);
const _: () = assert!(argument(1, 2) == ARGUMENTS && receiver(0) == ARGUMENTS);
