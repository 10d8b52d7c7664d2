//! What the measuring programs share.

use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::Duration;

/// The `ripley` program beside this one, built if need be.
///
/// # Panics
/// Where it does not build.
pub fn ripley() -> PathBuf {
    let mut build = Command::new(env!("CARGO"));
    build.args(["build", "--quiet", "--package", "repl"]);
    // The directory of this program's own profile.
    if !cfg!(debug_assertions) {
        build.arg("--release");
    }
    let built = build
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .status()
        .expect("running cargo");
    assert!(built.success(), "ripley does not build");
    let own = std::env::current_exe().expect("the path of this program");
    own.with_file_name("ripley")
}

/// The same for a benchmark, which lies a directory deeper.
pub fn ripley_of_bench() -> PathBuf {
    let beside = ripley();
    let deps = beside.parent().expect("a program is in a directory");
    deps.with_file_name("ripley")
}

/// Builds the library of the C functions that are called. The error is the compiler's.
pub fn build_calls(directory: &Path) -> Result<PathBuf, String> {
    let library = directory.join("libcalls.so");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("calls/calls.c");
    let output = Command::new("cc")
        .args(["-O2", "-shared", "-fPIC", "-fno-builtin", "-o"])
        .arg(&library)
        .arg(source)
        .output()
        .map_err(|error| format!("running cc: {error}"))?;
    match output.status.success() {
        true => Ok(library),
        false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
    }
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
    duration(usage.ru_utime) + duration(usage.ru_stime)
}

/// Waits for a child: its status as the system tells it, its processor time, and the most memory that it had at a
/// time, in KiB.
#[expect(unsafe_code, reason = "asks the system")]
pub fn wait_for(child: Child) -> Result<(i32, Duration, u64), String> {
    let mut status = 0;
    // SAFETY: the structure is plain numbers, and the call fills it in. The child was not waited for before, and
    // is given up here.
    let usage = unsafe {
        let mut usage = std::mem::zeroed::<libc::rusage>();
        if libc::wait4(child.id() as libc::pid_t, &mut status, 0, &mut usage) < 0 {
            return Err(std::io::Error::last_os_error().to_string());
        }
        usage
    };
    let processor = duration(usage.ru_utime) + duration(usage.ru_stime);
    Ok((status, processor, usage.ru_maxrss as u64))
}

fn duration(time: libc::timeval) -> Duration {
    Duration::from_secs(time.tv_sec as u64) + Duration::from_micros(time.tv_usec as u64)
}
