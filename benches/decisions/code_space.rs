//! Record 5: installing code under W^X.
//!
//! An installation writes [`CODE_BYTES`] of code into each of a number of pages that held other
//! code which has just run. What follows is one call of the new code, or none.

#![expect(unsafe_code, reason = "maps, writes and calls code")]

use crate::machine::{PAGE_BYTES, map, pin_to_core, protect};
use crate::table::{CHECKED_ITERATIONS, Table};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

/// Bytes written into each page: about a method's code.
const CODE_BYTES: usize = 512;
/// Pages of each region.
const REGION_PAGES: usize = 16;
const REGION_BYTES: usize = REGION_PAGES * PAGE_BYTES;

const READ_WRITE: i32 = libc::PROT_READ | libc::PROT_WRITE;
const READ_EXECUTE: i32 = libc::PROT_READ | libc::PROT_EXEC;

/// How writable and executable are kept apart.
#[derive(Clone, Copy, PartialEq)]
enum Way {
    /// One mapping, made writable for the installation.
    Flip,
    /// A memfd mapped twice.
    Dual,
    /// One mapping, writable and executable for good.
    Both,
}

struct Region {
    way: Way,
    writable: *mut u8,
    executable: *mut u8,
}

impl Region {
    fn new(way: Way) -> Region {
        let (writable, executable) = match way {
            Way::Dual => map_twice(),
            Way::Flip => one_mapping(READ_EXECUTE),
            Way::Both => one_mapping(READ_WRITE | libc::PROT_EXEC),
        };
        let region = Region {
            way,
            writable,
            executable,
        };
        // Touches every page, so that no page fault is measured.
        region.install(REGION_PAGES, 0);
        region
    }

    /// Writes code that answers `answer` into the first `pages` pages.
    fn install(&self, pages: usize, answer: u32) {
        let bytes = pages * PAGE_BYTES;
        if self.way == Way::Flip {
            protect(self.writable, bytes, READ_WRITE);
        }
        for page in 0..pages {
            let mut code = [0x90; CODE_BYTES]; // nop
            code[CODE_BYTES - 6] = 0xB8; // mov eax, imm32
            code[CODE_BYTES - 5..CODE_BYTES - 1].copy_from_slice(&answer.to_le_bytes());
            code[CODE_BYTES - 1] = 0xC3; // ret
            let to = self.writable.wrapping_add(page * PAGE_BYTES);
            // SAFETY: the region has REGION_PAGES pages, more than any caller asks for, and they
            // are writable at this address; this thread runs none of the code now.
            unsafe { std::ptr::copy_nonoverlapping(code.as_ptr(), to, CODE_BYTES) };
        }
        if self.way == Way::Flip {
            protect(self.writable, bytes, READ_EXECUTE);
        }
    }

    /// Calls the code in the first page, whose nops take as long as a small method.
    fn call(&self) -> u32 {
        // SAFETY: `install` wrote a C function of this type there, as `new` did at first.
        unsafe { std::mem::transmute::<*mut u8, extern "C" fn() -> u32>(self.executable)() }
    }
}

impl Drop for Region {
    fn drop(&mut self) {
        // SAFETY: the mapping is this region's own, and nothing runs in it.
        unsafe { libc::munmap(self.writable.cast(), REGION_BYTES) };
        if self.way == Way::Dual {
            // SAFETY: as above, of the second mapping.
            unsafe { libc::munmap(self.executable.cast(), REGION_BYTES) };
        }
    }
}

fn one_mapping(protection: i32) -> (*mut u8, *mut u8) {
    let base = map(REGION_BYTES, protection);
    (base, base)
}

fn map_twice() -> (*mut u8, *mut u8) {
    // SAFETY: the name is a C string; the descriptor is this function's own until it closes it, and
    // both mappings go to addresses of the system's choice.
    unsafe {
        let fd = libc::memfd_create(c"code".as_ptr(), libc::MFD_CLOEXEC);
        assert!(fd >= 0, "memfd_create");
        assert_eq!(libc::ftruncate(fd, REGION_BYTES as i64), 0, "ftruncate");
        let [writable, executable] = [READ_WRITE, READ_EXECUTE].map(|protection| {
            let null = std::ptr::null_mut();
            libc::mmap(null, REGION_BYTES, protection, libc::MAP_SHARED, fd, 0)
        });
        assert!(
            writable != libc::MAP_FAILED && executable != libc::MAP_FAILED,
            "mmap of a memfd"
        );
        libc::close(fd);
        (writable.cast(), executable.cast())
    }
}

pub(crate) fn installs() {
    let flip = Region::new(Way::Flip);
    let dual = Region::new(Way::Dual);
    let both = Region::new(Way::Both);
    table("Installing code, one thread", &flip, &dual, &both);
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| spin(&stop));
        table(
            "Installing code, a second thread running on the other core",
            &flip,
            &dual,
            &both,
        );
        stop.store(true, Ordering::Relaxed);
    });
}

/// A thread of the same process whose core must hear of every change to the page table.
fn spin(stop: &AtomicBool) {
    pin_to_core(1);
    while !stop.load(Ordering::Relaxed) {
        std::hint::spin_loop();
    }
}

fn table(title: &str, flip: &Region, dual: &Region, both: &Region) {
    let ways = [
        ("mprotect flip", flip),
        ("memfd mapped twice", dual),
        ("writable and executable (for reference)", both),
    ];
    let mut table = Table::new(title, "installation");
    table.row("warm call alone", 1, 0, |n| {
        flip.install(1, 0);
        (0..n).map(|_| u64::from(flip.call())).sum()
    });
    for (name, region) in ways {
        for pages in [1, 4, REGION_PAGES] {
            table.row(format!("{name}, {pages} page(s)"), 1, 1, move |n| {
                (0..n).for_each(|turn| region.install(pages, turn as u32));
                1
            });
        }
        let expected = (0..CHECKED_ITERATIONS).sum();
        table.row(
            format!("{name}, 1 page, and first call"),
            1,
            expected,
            move |n| {
                let install_and_call = |turn| {
                    region.install(1, turn as u32);
                    u64::from(region.call())
                };
                (0..n).map(install_and_call).sum()
            },
        );
    }
    table.print();
}
