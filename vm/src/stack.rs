//! The VM stack: one contiguous reservation apart from the C stack, and the walk over its frames.
//!
//! ```text
//!  high   +----------------------------+ top: a run starts here, or where the outer run stands
//!         | frames, growing down       |
//!         +----------------------------+ sp
//!         | free                       |
//!         +----------------------------+ limit: activations stop here with RecursionTooDeep
//!         | reserve for its handler    |
//!         +----------------------------+ where the handler goes too deep itself
//!         | reserve for that handler   |
//!         | …                          |
//!         +----------------------------+ here the run ends
//!         | slack                      |
//!         +----------------------------+ base
//!         | guard pages, inaccessible  |
//!  low    +----------------------------+
//! ```
#![expect(
    unsafe_code,
    reason = "owns the mapping that frames live in and walks raw frames"
)]

use crate::frame;
use gc::oop::Oop;

/// Bytes kept for handling an overflow.
pub const RESERVE_BYTES: u64 = 256 * 1024;
/// How many overflows can be handled one within the other.
pub const RESERVES: u64 = 8;
/// Bytes that may be used below any limit: machine code does not count the words of small frames, nor
/// return addresses.
pub const SLACK_BYTES: u64 = 16 * 1024;
/// Less than this a stack does not get beside its reserves.
const LEAST_BYTES: usize = 64 * 1024;
const GUARD_BYTES: u64 = 64 * 1024;

/// The stack's memory.
pub struct VmStack {
    mapping: u64,
    mapping_bytes: usize,
}

impl VmStack {
    /// Reserves a stack of `bytes` usable bytes, rounded up to whole pages, and the reserves. Pages
    /// take memory when they are first touched.
    pub fn new(bytes: usize) -> std::io::Result<VmStack> {
        let page = 4096;
        let usable = bytes.max(LEAST_BYTES).checked_next_multiple_of(page);
        let kept = (RESERVES * RESERVE_BYTES + SLACK_BYTES + GUARD_BYTES) as usize;
        let mapping_bytes = usable
            .and_then(|usable| usable.checked_add(kept))
            .ok_or(std::io::ErrorKind::OutOfMemory)?;
        // SAFETY: a fresh anonymous mapping at an address the kernel chooses touches nothing.
        let address = unsafe {
            libc::mmap(
                std::ptr::null_mut(),
                mapping_bytes,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE,
                -1,
                0,
            )
        };
        if address == libc::MAP_FAILED {
            return Err(std::io::Error::last_os_error());
        }
        // SAFETY: the range lies within the mapping just made, which nobody uses yet.
        let guarded = unsafe { libc::mprotect(address, GUARD_BYTES as usize, libc::PROT_NONE) };
        assert_eq!(
            guarded,
            0,
            "guard pages: {}",
            std::io::Error::last_os_error()
        );
        Ok(VmStack {
            mapping: address as u64,
            mapping_bytes,
        })
    }

    /// The address behind the highest word: sp of an empty stack.
    pub fn top(&self) -> u64 {
        self.mapping + self.mapping_bytes as u64
    }

    /// The lowest usable address.
    pub fn base(&self) -> u64 {
        self.mapping + GUARD_BYTES
    }

    /// The address below which no ordinary activation may reach.
    pub fn limit(&self) -> u64 {
        self.least_limit() + RESERVES * RESERVE_BYTES
    }

    /// The address below which no handler may reach either.
    pub fn least_limit(&self) -> u64 {
        self.base() + SLACK_BYTES
    }

    /// True for the address of a word of this stack.
    pub fn contains(&self, address: u64) -> bool {
        address >= self.base() && address < self.top() && address.is_multiple_of(8)
    }
}

impl Drop for VmStack {
    fn drop(&mut self) {
        // SAFETY: the mapping was made in `new`, and whoever drops the stack has left its frames.
        unsafe { libc::munmap(self.mapping as *mut _, self.mapping_bytes) };
    }
}

/// Reads the word at `address`.
///
/// # Safety
/// `address` lies in the live part of a VM stack.
#[inline(always)]
pub(crate) unsafe fn word(address: u64) -> u64 {
    // SAFETY: the caller promises a mapped, aligned stack word.
    unsafe { *(address as *const u64) }
}

/// Writes the word at `address`.
///
/// # Safety
/// `address` lies in a VM stack, at a place whose kind of word `value` is.
#[inline(always)]
pub(crate) unsafe fn set_word(address: u64, value: u64) {
    // SAFETY: the caller promises a mapped, aligned stack word.
    unsafe { *(address as *mut u64) = value };
}

/// Reads the oop at `address`.
///
/// # Safety
/// `address` is that of a stack word that holds an oop: any but return pcs and caller fps.
#[inline(always)]
pub(crate) unsafe fn oop(address: u64) -> Oop {
    // SAFETY: the caller promises that the word is an oop, put there by an activation or a push.
    unsafe { Oop::from_bits(word(address)) }
}

/// The address `offset` bytes from `fp`.
#[inline(always)]
pub(crate) const fn at(fp: u64, offset: isize) -> u64 {
    fp.wrapping_add_signed(offset as i64)
}

/// A stretch of stack that belongs to one run: from the sp and fp it stopped with (because an inner
/// run began, or a collection) up to its base frame.
///
/// Suspended runs form a chain that begins in the context: each lies in the activation, of Rust or
/// of a callback's machine code, that began the run which is inside of it.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct SuspendedRun {
    /// VM stack pointer: the address of the topmost word.
    pub sp: u64,
    /// Frame pointer.
    pub fp: u64,
    /// The run outside of this one, or null.
    pub outer: *const SuspendedRun,
    /// Not 0 where the run inside is that of a callback.
    pub is_callback: u64,
}

impl SuspendedRun {
    /// Calls `visit` with the address of every oop of the segment.
    ///
    /// # Safety
    /// `sp` and `fp` are those of a suspended run: every word between is initialised. Words may be
    /// return addresses, of foreign functions that run or ran on top of the segment.
    pub(crate) unsafe fn each_oop(self, end: u64, visit: &mut dyn FnMut(*mut Oop)) {
        let mut low = self.sp;
        let mut fp = self.fp;
        while fp != 0 {
            each_word(low, at(fp, frame::METHOD) + 8, visit);
            low = at(fp, frame::ARGUMENTS);
            // SAFETY: fp is that of a frame of the chain, which the caller vouches for.
            fp = unsafe { word(at(fp, frame::CALLER_FP)) };
        }
        each_word(low, end, visit);
    }
}

fn each_word(low: u64, end: u64, visit: &mut dyn FnMut(*mut Oop)) {
    let mut address = low;
    while address < end {
        visit(address as *mut Oop);
        address += 8;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_stack_is_usable() {
        let stack = VmStack::new(1 << 20).expect("memory for a stack");
        for address in [stack.base(), stack.limit(), stack.top() - 8] {
            assert!(stack.contains(address));
            // SAFETY: the address was just seen to lie in the stack.
            unsafe { set_word(address, 42) };
            // SAFETY: as above.
            assert_eq!(unsafe { word(address) }, 42);
        }
        assert!(!stack.contains(stack.top()));
    }
}
