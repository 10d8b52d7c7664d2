//! What the measuring programs share.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

/// The `ripley` program beside this one, built if need be.
///
/// # Panics
/// Where it does not build.
pub fn ripley() -> PathBuf {
    let built = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--release", "--package", "repl"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .status()
        .expect("running cargo");
    assert!(built.success(), "ripley does not build");
    let own = std::env::current_exe().expect("the path of this program");
    own.with_file_name("ripley")
}

/// What the processor has spent on ended child processes so far. (What the clock says depends on
/// what else the machine does.)
#[expect(unsafe_code, reason = "asks the system")]
pub fn time_of_children() -> Duration {
    // SAFETY: the structure is plain numbers, and the call fills it in.
    let usage = unsafe {
        let mut usage = std::mem::zeroed::<libc::rusage>();
        libc::getrusage(libc::RUSAGE_CHILDREN, &mut usage);
        usage
    };
    let duration = |time: libc::timeval| {
        Duration::from_secs(time.tv_sec as u64) + Duration::from_micros(time.tv_usec as u64)
    };
    duration(usage.ru_utime) + duration(usage.ru_stime)
}
