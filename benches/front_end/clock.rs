//! Processor time of this process and of children.

use benches::time_of_children;
use std::mem::MaybeUninit;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Processor time that this process has used.
pub(crate) fn processor_time() -> Duration {
    let mut time = MaybeUninit::<libc::timespec>::uninit();
    // SAFETY: the clock exists on every system of POSIX.1-2001, and the pointer is to room for the answer.
    let time = unsafe {
        libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, time.as_mut_ptr());
        time.assume_init()
    };
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// What the life of a process took, in milliseconds.
#[derive(Clone, Copy)]
pub(crate) struct Life {
    pub(crate) whole: f64,
    pub(crate) processor: f64,
}

/// Runs a program; nothing where it is not installed.
pub(crate) fn life_of(command: &mut Command) -> Option<Life> {
    let (before, begun) = (time_of_children(), Instant::now());
    command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .ok()?;
    Some(Life {
        whole: begun.elapsed().as_secs_f64() * 1e3,
        processor: (time_of_children() - before).as_secs_f64() * 1e3,
    })
}
