//! Whether memory is there, asked before the program's own addresses are followed.
//!
//! A byte is touched by one instruction at a known place. Where that faults, the handler of faults
//! (in the foreign-function machinery) lets the thread go on at `refused`, so that the answer is false:
//!
//! ```text
//!   read:    mov al, [rdi]         write:  lock or [rdi], 0     refused:  eax := 0
//!            eax := 1, ret                 eax := 1, ret                  ret
//! ```
//!
//! Without a handler the process ends, as it would have by following the address.
#![expect(unsafe_code, reason = "touches memory by address")]

use std::arch::global_asm;

/// No page of a processor is smaller.
const PAGE: u64 = 4096;

global_asm!(
    ".globl ripley_probe_read, ripley_probe_write, ripley_probe_refused",
    "ripley_probe_read:",
    "mov al, [rdi]",
    "mov eax, 1",
    "ret",
    // Another thread may be writing there: what is stored must be what is there at that moment.
    "ripley_probe_write:",
    "lock or byte ptr [rdi], 0",
    "mov eax, 1",
    "ret",
    "ripley_probe_refused:",
    "xor eax, eax",
    "ret",
);

unsafe extern "C" {
    fn ripley_probe_read(address: u64) -> u32;
    fn ripley_probe_write(address: u64) -> u32;
    fn ripley_probe_refused() -> u32;
}

/// Where a thread goes on that was stopped at `pc`, if that is a probe.
pub fn refusal(pc: u64) -> Option<u64> {
    let probes = [
        ripley_probe_read as *const () as u64,
        ripley_probe_write as *const () as u64,
    ];
    probes
        .contains(&pc)
        .then_some(ripley_probe_refused as *const () as u64)
}

/// Whether `count` bytes from `address` on can be read.
pub fn is_readable(address: u64, count: usize) -> bool {
    // SAFETY: a byte is read and forgotten; where there is none, see above.
    each_page(
        address,
        count,
        |byte| unsafe { ripley_probe_read(byte) } != 0,
    )
}

/// Whether `count` bytes from `address` on can be written.
pub fn is_writable(address: u64, count: usize) -> bool {
    // SAFETY: the byte keeps its value; where there is none, see above.
    each_page(
        address,
        count,
        |byte| unsafe { ripley_probe_write(byte) } != 0,
    )
}

/// Whether `touch` agrees to a byte of every page that the bytes lie on.
fn each_page(address: u64, count: usize, touch: impl Fn(u64) -> bool) -> bool {
    let Some(last) = (count as u64).checked_sub(1) else {
        return true;
    };
    let Some(last) = address.checked_add(last) else {
        return false;
    };
    let next_page = (address | (PAGE - 1)).saturating_add(1);
    touch(address)
        && (next_page..=last).step_by(PAGE as usize).all(&touch)
        && (last < next_page || touch(last))
}

/// The bytes from `address` to the next NUL; `None` where memory ends before there is one.
///
/// # Safety
/// Nobody changes the bytes while the result is in use.
pub unsafe fn c_string<'a>(address: u64) -> Option<&'a [u8]> {
    let mut end = address;
    loop {
        if !is_readable(end, 1) {
            return None;
        }
        let page_end = (end | (PAGE - 1)).checked_add(1)?;
        // SAFETY: the page was just read from, up to whose end the bytes lie.
        let rest =
            unsafe { std::slice::from_raw_parts(end as *const u8, (page_end - end) as usize) };
        if let Some(length) = rest.iter().position(|&byte| byte == 0) {
            let length = (end - address) as usize + length;
            // SAFETY: all pages from `address` on were read from.
            return Some(unsafe { std::slice::from_raw_parts(address as *const u8, length) });
        }
        end = page_end;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_that_is_there_can_be_read_and_written() {
        let mut bytes = vec![7u8; 3 * PAGE as usize];
        let address = bytes.as_mut_ptr() as u64;
        for count in [0, 1, 2, PAGE as usize, bytes.len()] {
            assert!(is_readable(address, count) && is_writable(address, count));
        }
        assert!(bytes.iter().all(|&byte| byte == 7));
        assert!(!is_readable(u64::MAX - 3, 8));
    }

    #[test]
    fn c_strings_end_at_the_first_nul() {
        let mut bytes = vec![b'x'; 2 * PAGE as usize];
        bytes.extend(*b"end\0more\0");
        // SAFETY: the vector is not changed.
        let text = unsafe { c_string(bytes.as_ptr() as u64) };
        assert_eq!(text, Some(&bytes[..2 * PAGE as usize + 3]));
    }

    #[test]
    fn every_page_is_touched_once() {
        let touched = |address: u64, count: usize| {
            let seen = std::cell::RefCell::new(Vec::new());
            assert!(each_page(address, count, |byte| {
                seen.borrow_mut().push(byte);
                true
            }));
            seen.into_inner()
        };
        assert_eq!(touched(PAGE - 1, 1), [PAGE - 1]);
        assert_eq!(touched(PAGE - 1, 2), [PAGE - 1, PAGE, PAGE]);
        assert_eq!(
            touched(10, 3 * PAGE as usize),
            [10, PAGE, 2 * PAGE, 3 * PAGE, 3 * PAGE + 9]
        );
    }
}
