//! Pages from the operating system, and the loads and stores through which the collector sees them.

#![expect(unsafe_code, reason = "maps pages and reads words at raw addresses")]

use crate::layout::WORD_BYTES;

/// Granularity of mappings in bytes: at least the page size of every platform that Ripley knows.
pub(crate) const PAGE_BYTES: usize = 16 * 1024;

/// Anonymous zero-filled pages, readable and writable, given back when dropped.
#[derive(Debug)]
pub(crate) struct Mapping {
    start: u64,
    bytes: usize,
}

impl Mapping {
    /// Maps at least `bytes` bytes, rounded up to [`PAGE_BYTES`]; `None` where the system refuses.
    pub(crate) fn new(bytes: usize) -> Option<Mapping> {
        let bytes = bytes.max(1).checked_next_multiple_of(PAGE_BYTES)?;
        if bytes > isize::MAX as usize {
            return None;
        }
        // SAFETY: a fresh anonymous mapping at an address of the kernel's choice aliases nothing.
        let address = unsafe {
            libc::mmap(
                std::ptr::null_mut(),
                bytes,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE,
                -1,
                0,
            )
        };
        if address == libc::MAP_FAILED {
            return None;
        }
        Some(Mapping {
            start: address as u64,
            bytes,
        })
    }

    /// First address.
    pub(crate) fn start(&self) -> u64 {
        self.start
    }

    /// Address behind the last byte.
    pub(crate) fn end(&self) -> u64 {
        self.start + self.bytes as u64
    }

    /// Size in bytes.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Cuts the mapping in two; `at`, a multiple of [`PAGE_BYTES`] behind the start, begins the
    /// one that is answered.
    pub(crate) fn split_off(&mut self, at: u64) -> Mapping {
        let kept = (at - self.start) as usize;
        assert!(kept > 0 && kept < self.bytes && kept.is_multiple_of(PAGE_BYTES));
        let rest = Mapping {
            start: at,
            bytes: self.bytes - kept,
        };
        self.bytes = kept;
        rest
    }

    /// Joins `next`, which begins where this one ends, to this one.
    pub(crate) fn append(&mut self, next: Mapping) {
        assert_eq!(self.end(), next.start);
        self.bytes += next.bytes;
        std::mem::forget(next);
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: the pages belong to this mapping alone; spaces drop it only once no live object
        // is left in it.
        let result = unsafe { libc::munmap(self.start as *mut libc::c_void, self.bytes) };
        debug_assert_eq!(result, 0, "munmap of {:#x}", self.start);
    }
}

/// Bytes of memory that the machine has, where the system says.
pub(crate) fn physical_bytes() -> Option<usize> {
    // SAFETY: sysconf reads nothing of ours.
    let (pages, page) = unsafe {
        (
            libc::sysconf(libc::_SC_PHYS_PAGES),
            libc::sysconf(libc::_SC_PAGESIZE),
        )
    };
    usize::try_from(pages)
        .ok()?
        .checked_mul(usize::try_from(page).ok()?)
}

/// Ends the process: a collection that cannot go on leaves nothing that could be used.
pub(crate) fn out_of_system_memory(purpose: &str) -> ! {
    eprintln!("fatal: the system gives no memory {purpose}");
    std::process::abort()
}

/// What words without an object hold where the heap checks itself. As an oop it has a tag that does
/// not exist, as a header a format that does not, and the greatest class index.
pub(crate) const POISON: u64 = 0xDEAD_BEEF_07FF_FFFF;

/// Reads the word at `address`.
///
/// # Safety
/// `address` is 8-byte aligned and lies in a live [`Mapping`].
#[inline(always)]
pub(crate) unsafe fn load(address: u64) -> u64 {
    // SAFETY: promised by the caller.
    unsafe { *(address as *const u64) }
}

/// Writes the word at `address`.
///
/// # Safety
/// As for [`load`], and the word belongs to the object or free chunk that the caller is writing.
#[inline(always)]
pub(crate) unsafe fn store(address: u64, word: u64) {
    // SAFETY: promised by the caller.
    unsafe { *(address as *mut u64) = word }
}

/// Fills `words` words from `address` on.
///
/// # Safety
/// As for [`store`], for each of the words.
#[inline(always)]
pub(crate) unsafe fn fill(address: u64, words: usize, word: u64) {
    // SAFETY: promised by the caller.
    unsafe { std::slice::from_raw_parts_mut(address as *mut u64, words) }.fill(word);
}

/// Copies `words` words between two places that do not overlap.
///
/// # Safety
/// As for [`load`] at the source and [`store`] at the target, for each of the words.
#[inline(always)]
pub(crate) unsafe fn copy(from: u64, to: u64, words: usize) {
    // SAFETY: promised by the caller. Most objects are a few words, for which a loop beats memcpy.
    unsafe {
        if words <= 8 {
            for offset in (0..words * WORD_BYTES).step_by(WORD_BYTES) {
                store(to + offset as u64, load(from + offset as u64));
            }
        } else {
            std::ptr::copy_nonoverlapping(from as *const u64, to as *mut u64, words);
        }
    }
}

/// Has the cache line at `address`, which need not be mapped, fetched.
#[inline(always)]
pub(crate) fn prefetch(address: u64) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: a prefetch accesses nothing and never faults.
    unsafe {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        _mm_prefetch::<_MM_HINT_T0>(address as *const i8);
    }
    #[cfg(target_arch = "aarch64")]
    // SAFETY: a prefetch accesses nothing and never faults.
    unsafe {
        std::arch::asm!("prfm pldl1keep, [{}]", in(reg) address, options(nostack, readonly));
    }
    #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
    let _ = address;
}
