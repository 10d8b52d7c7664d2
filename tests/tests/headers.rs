//! Headers of the system, preprocessed and declared as a whole.

use std::process::{Command, Stdio};
use tests::c_compiler::scratch_directory;

/// Headers of the C library.
const HEADERS: &[&str] = &[
    "complex",
    "ctype",
    "dirent",
    "dlfcn",
    "errno",
    "fcntl",
    "ftw",
    "glob",
    "iconv",
    "inttypes",
    "locale",
    "math",
    "netdb",
    "poll",
    "pthread",
    "pwd",
    "regex",
    "sched",
    "search",
    "semaphore",
    "setjmp",
    "signal",
    "spawn",
    "stdio",
    "stdlib",
    "string",
    "sys/mman",
    "sys/resource",
    "sys/socket",
    "sys/stat",
    "sys/time",
    "sys/uio",
    "sys/wait",
    "termios",
    "time",
    "uchar",
    "ucontext",
    "unistd",
    "wchar",
];
/// Headers of libraries that may be installed or not.
const OTHERS: &[&str] = &["expat", "ffi", "sqlite3", "zlib"];

/// What the preprocessor makes of a header; `None` where there is none.
fn preprocessed(header: &str) -> Option<Vec<u8>> {
    let directory = scratch_directory("headers");
    let source = directory.join(format!("{}.c", header.replace('/', "_")));
    std::fs::write(&source, format!("#include <{header}.h>\n"))
        .expect("below the target directory");
    let output = Command::new("cc")
        .arg("-E")
        .arg(&source)
        .stderr(Stdio::null())
        .output()
        .expect("running cc");
    output.status.success().then_some(output.stdout)
}

/// Declares a header to a library of its own. The error has Ripley's words.
fn declare(header: &str, text: &[u8]) -> Result<(), String> {
    let directory = scratch_directory("headers");
    let file = directory.join(format!("{}.i", header.replace('/', "_")));
    std::fs::write(&file, text).map_err(|error| error.to_string())?;
    let script = format!(
        "(ExternalLibrary on: SharedLibrary process) declare: (FileStream contentsOf: '{}'). 'declared'",
        file.display()
    );
    let output = Command::new(tests::program())
        .args(["-e", &script])
        .output()
        .map_err(|error| error.to_string())?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!(
        "{header}: {}",
        String::from_utf8_lossy(&output.stderr)
    ))
}

#[test]
fn the_headers_of_the_system_are_declared() {
    let mut wrong = String::new();
    for header in HEADERS {
        let text = preprocessed(header).unwrap_or_else(|| panic!("there is no {header}.h"));
        wrong.extend(declare(header, &text).err());
    }
    for header in OTHERS {
        if let Some(text) = preprocessed(header) {
            wrong.extend(declare(header, &text).err());
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}
