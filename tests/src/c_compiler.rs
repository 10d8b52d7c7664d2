//! The system's C compiler, the outside authority on calling conventions.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// Compiles C files to the shared library `output`, which is replaced in one step: other processes
/// may be using the old one. The error has the compiler's words.
pub fn shared_library(
    sources: &[PathBuf],
    output: &Path,
    optimization: &str,
) -> Result<(), String> {
    let fresh = output.with_extension(format!("{}.so", std::process::id()));
    let compiled = Command::new("cc")
        .args(["-shared", "-fPIC", "-w", optimization, "-o"])
        .arg(&fresh)
        .args(sources)
        .output()
        .map_err(|error| format!("running cc: {error}"))?;
    if !compiled.status.success() {
        return Err(String::from_utf8_lossy(&compiled.stderr).into_owned());
    }
    std::fs::rename(&fresh, output).map_err(|error| format!("{}: {error}", output.display()))
}

/// The directory of the profile that this program was built with, `target/PROFILE`. Test programs are
/// in its directory `deps`.
pub fn profile_directory() -> PathBuf {
    let program = std::env::current_exe().expect("the program's own path");
    let directory = program.parent().expect("a program is in a directory");
    if directory.ends_with("deps") {
        return directory.parent().expect("above deps").to_owned();
    }
    directory.to_owned()
}

/// Where tests put what they make: a directory below the build's target directory.
pub fn scratch_directory(name: &str) -> PathBuf {
    let directory = profile_directory().join("test-files").join(name);
    std::fs::create_dir_all(&directory)
        .unwrap_or_else(|error| panic!("{}: {error}", directory.display()));
    directory
}

/// The library made of the C files of this package, built on first use in each process.
pub fn test_library() -> &'static Path {
    static LIBRARY: OnceLock<PathBuf> = OnceLock::new();
    LIBRARY.get_or_init(|| {
        let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("c");
        let mut files: Vec<PathBuf> = std::fs::read_dir(&sources)
            .unwrap_or_else(|error| panic!("{}: {error}", sources.display()))
            .map(|entry| entry.expect("a directory entry").path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "c"))
            .collect();
        files.sort();
        let library = scratch_directory("library").join("libripleytest.so");
        shared_library(&files, &library, "-O2").unwrap_or_else(|error| panic!("{error}"));
        library
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_test_library_builds_and_errors_have_the_compilers_words() {
        assert!(test_library().is_file());
        let directory = scratch_directory("compiler");
        let wrong = directory.join("wrong.c");
        std::fs::write(&wrong, "int f( { }\n").expect("writing below the target directory");
        let error = shared_library(&[wrong], &directory.join("wrong.so"), "-O0");
        assert!(error.is_err_and(|words| words.contains("wrong.c:1")));
    }
}
