//! Memory for machine code: one reserved range of addresses, writable or executable, never both.

use std::io;
use std::ops::Range;
use std::ptr;

/// What memory without code is filled with, so that a stray jump traps: `int3`.
pub const FILLER: u8 = 0xCC;

/// A reserved range of addresses. Pages up to `committed` are readable and executable, the others
/// are inaccessible.
///
/// ```text
///   start                 start + committed            start + size
///   | read + execute      | no access                  |
/// ```
pub struct CodeMemory {
    start: *mut u8,
    size: usize,
    committed: usize,
    page: usize,
    /// Bytes behind `size` that hold data: readable and writable, never executable.
    data_size: usize,
}

impl CodeMemory {
    /// Reserves `size` bytes, rounded up to whole pages.
    pub fn reserve(size: usize) -> io::Result<CodeMemory> {
        CodeMemory::reserve_with_data(size, 0)
    }

    /// The same with `data_size` bytes of data behind them.
    pub fn reserve_with_data(size: usize, data_size: usize) -> io::Result<CodeMemory> {
        // SAFETY: sysconf only reads its argument.
        let page = unsafe { libc::sysconf(libc::_SC_PAGESIZE) } as usize;
        let size = size.next_multiple_of(page);
        let data_size = data_size.next_multiple_of(page);
        let whole = size + data_size;
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE;
        // SAFETY: no address is asked for, so the kernel gives a range that nobody else uses.
        let start = unsafe { libc::mmap(ptr::null_mut(), whole, libc::PROT_NONE, flags, -1, 0) };
        if start == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        let memory = CodeMemory {
            start: start.cast(),
            size,
            committed: 0,
            page,
            data_size,
        };
        memory.protect(size..whole, libc::PROT_READ | libc::PROT_WRITE)?;
        Ok(memory)
    }

    /// The addresses, with and without code.
    pub fn range(&self) -> Range<u64> {
        let start = self.start as u64;
        start..start + self.size as u64
    }

    /// The addresses of the data.
    pub fn data(&self) -> Range<u64> {
        let start = self.start as u64 + self.size as u64;
        start..start + self.data_size as u64
    }

    /// Writes `bytes` at `offset`. Meanwhile the pages that hold them cannot be executed.
    ///
    /// # Panics
    /// Where the bytes do not lie inside of the range.
    pub fn write(&mut self, offset: usize, bytes: &[u8]) -> io::Result<()> {
        let end = offset
            .checked_add(bytes.len())
            .expect("code space is smaller than memory");
        assert!(
            end <= self.size,
            "code at {offset}..{end} leaves the {} bytes reserved",
            self.size
        );
        if bytes.is_empty() {
            return Ok(());
        }
        let first = (offset - offset % self.page).min(self.committed);
        let pages = first..end.next_multiple_of(self.page);
        self.protect(pages.clone(), libc::PROT_READ | libc::PROT_WRITE)?;
        if pages.end > self.committed {
            // SAFETY: `protect` has just made these pages writable; they lie in the range, which
            // belongs to `self`, and nobody holds a reference into it.
            unsafe {
                self.start
                    .add(self.committed)
                    .write_bytes(FILLER, pages.end - self.committed)
            };
            self.committed = pages.end;
        }
        // SAFETY: as above; the assertion keeps the bytes inside of the range.
        unsafe { ptr::copy_nonoverlapping(bytes.as_ptr(), self.start.add(offset), bytes.len()) };
        self.protect(pages, libc::PROT_READ | libc::PROT_EXEC)
    }

    /// A copy of `size` bytes of code at `offset`.
    ///
    /// # Panics
    /// Where nothing was ever written there.
    pub fn read(&self, offset: usize, size: usize) -> Vec<u8> {
        assert!(
            offset + size <= self.committed,
            "code at {offset} was never written"
        );
        // SAFETY: committed pages are readable between the calls of `write`, and writing takes
        // `&mut self`.
        unsafe { std::slice::from_raw_parts(self.start.add(offset), size) }.to_vec()
    }

    fn protect(&self, pages: Range<usize>, protection: libc::c_int) -> io::Result<()> {
        // SAFETY: the pages lie inside of the range, which belongs to `self`. Code on pages that
        // are not executable for a while does not run meanwhile: the thread is here.
        let done =
            unsafe { libc::mprotect(self.start.add(pages.start).cast(), pages.len(), protection) };
        if done == 0 {
            Ok(())
        } else {
            Err(io::Error::last_os_error())
        }
    }
}

impl Drop for CodeMemory {
    fn drop(&mut self) {
        // SAFETY: the range came from `mmap` and belongs to `self`; whoever owns the code space
        // keeps it for as long as its code may run.
        unsafe { libc::munmap(self.start.cast(), self.size + self.data_size) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_filled_and_keep_what_is_written() {
        let mut memory = CodeMemory::reserve(3 * 4096).expect("address space");
        memory.write(4090, &[1; 20]).expect("two pages");
        assert_eq!(
            memory.read(4089, 22),
            [&[FILLER][..], &[1; 20], &[FILLER]].concat()
        );
        memory.write(0, &[2; 4]).expect("one page again");
        assert_eq!(memory.read(0, 5), [2, 2, 2, 2, FILLER]);
        assert_eq!(memory.read(4090, 20), [1; 20]);
    }

    #[test]
    #[should_panic(expected = "leaves the")]
    fn writing_outside_is_refused() {
        let mut memory = CodeMemory::reserve(4096).expect("address space");
        let size = memory.range().end - memory.range().start;
        let _ = memory.write(size as usize - 1, &[0, 0]);
    }

    #[test]
    fn no_page_is_ever_writable_and_executable() {
        let mut memory = CodeMemory::reserve(1 << 20).expect("address space");
        memory.write(0, &[0xC3]).expect("a page");
        let maps = std::fs::read_to_string("/proc/self/maps").expect("Linux");
        let range = memory.range();
        let start = format!("{:x}-", range.start);
        let line = maps
            .lines()
            .find(|line| line.starts_with(&start))
            .expect("our first page");
        assert!(line.contains(" r-xp "), "{line}");
        assert!(!maps.contains(" rwxp "));
    }
}
