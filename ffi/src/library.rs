//! Libraries and symbols: the dynamic linker, and the search for bare names.
//!
//! What a name stands for:
//!
//! | name | tried |
//! | --- | --- |
//! | with a `/` | that path |
//! | with `.so` inside, `libm.so.6` | the name itself, as the dynamic linker finds it |
//! | bare, `m` | `libm.so`; `libm.so.N`, the highest version first; the name itself |
//!
//! `libm.so` may be a text that only a linker understands; then the next one is tried.

use std::collections::{BTreeMap, HashSet};
use std::ffi::{CStr, CString, c_void};
use std::path::Path;
use vm::foreign::{LibraryHandle, LibraryNotFound};

/// Where the dynamic linker looks when nothing else is said (ld.so(8)).
const DEFAULT_DIRECTORIES: [&str; 4] = ["/lib64", "/usr/lib64", "/lib", "/usr/lib"];
/// Names and places of the libraries that ldconfig found.
const CACHE: &str = "/etc/ld.so.cache";

/// The open libraries.
#[derive(Default)]
pub struct Libraries {
    handles: HashSet<LibraryHandle>,
}

impl Libraries {
    /// None but the running process.
    pub fn new() -> Libraries {
        Libraries::default()
    }

    /// Opens a library by bare name, file name or path. Libraries stay open.
    pub fn open(&mut self, name: &str) -> Result<LibraryHandle, LibraryNotFound> {
        let mut attempts = Vec::new();
        for candidate in candidates(name, &known_files()) {
            match load(&candidate) {
                Ok(handle) => {
                    self.handles.insert(handle);
                    return Ok(handle);
                }
                Err(error) => attempts.push((candidate, error)),
            }
        }
        Err(LibraryNotFound { attempts })
    }

    /// The address of a symbol, of a function or a variable, in an open library or, where
    /// `library` is 0, in the running process.
    pub fn symbol(&self, library: LibraryHandle, name: &str) -> Option<u64> {
        if library != 0 && !self.handles.contains(&library) {
            return None;
        }
        let name = CString::new(name).ok()?;
        let handle = if library == 0 {
            libc::RTLD_DEFAULT
        } else {
            library as *mut c_void
        };
        // SAFETY: the handle is one that `load` answered and never closes, or the process's.
        let address = unsafe { libc::dlsym(handle, name.as_ptr()) } as u64;
        if address != 0 {
            return Some(address);
        }
        linked_in(name.to_bytes()).filter(|_| library == 0 || self.is_libc(library))
    }

    fn is_libc(&self, library: LibraryHandle) -> bool {
        // SAFETY: as above.
        let known = unsafe { libc::dlsym(library as *mut c_void, c"__cxa_atexit".as_ptr()) };
        // SAFETY: as above.
        !known.is_null()
            && known == unsafe { libc::dlsym(libc::RTLD_DEFAULT, c"__cxa_atexit".as_ptr()) }
    }
}

/// Functions of the C library that every program has a copy of, and the shared library does not export.
fn linked_in(name: &[u8]) -> Option<u64> {
    unsafe extern "C" {
        fn atexit(function: extern "C" fn()) -> libc::c_int;
    }
    match name {
        b"atexit" => Some(atexit as *const () as u64),
        _ => None,
    }
}

fn load(name: &str) -> Result<LibraryHandle, String> {
    if name.is_empty() {
        // The dynamic linker would answer the running process.
        return Err("the name is empty".into());
    }
    let file = CString::new(name).map_err(|_| "the name has a NUL byte inside".to_string())?;
    // SAFETY: loading runs the library's initializers, which whoever names a library asks for.
    let handle = unsafe { libc::dlopen(file.as_ptr(), libc::RTLD_LAZY | libc::RTLD_LOCAL) };
    if !handle.is_null() {
        return Ok(handle as LibraryHandle);
    }
    // SAFETY: dlerror answers NULL or a string that is good until the next call of this thread.
    let error = unsafe {
        let error = libc::dlerror();
        if error.is_null() {
            None
        } else {
            Some(CStr::from_ptr(error).to_string_lossy())
        }
    };
    Err(error.map_or_else(|| "no reason given".into(), |error| error.into_owned()))
}

/// The file names to try for `name`, best first, without repetitions. `files` are the names of the
/// libraries of this machine.
fn candidates(name: &str, files: &[String]) -> Vec<String> {
    if name.contains('/') {
        return vec![name.into()];
    }
    let mut found = Vec::new();
    if name.contains(".so") {
        found.push(name.to_string());
    }
    let mut stems = vec![format!("lib{name}")];
    if name.starts_with("lib") {
        stems.insert(0, name.into());
    }
    for stem in stems.iter().map(|stem| stem.trim_end_matches(".so")) {
        found.push(format!("{stem}.so"));
        found.extend(versions(stem, files).into_values().rev());
    }
    found.push(name.into());
    let mut seen = HashSet::new();
    found.retain(|candidate| seen.insert(candidate.clone()));
    found
}

/// The files `stem.so.VERSION`, by version.
fn versions(stem: &str, files: &[String]) -> BTreeMap<Vec<u64>, String> {
    let prefix = format!("{stem}.so.");
    let version_of = |file: &String| {
        let version = file.strip_prefix(&prefix)?;
        version
            .split('.')
            .map(|part| part.parse().ok())
            .collect::<Option<Vec<u64>>>()
    };
    files
        .iter()
        .filter_map(|file| Some((version_of(file)?, file.clone())))
        .collect()
}

/// File names of all libraries that a bare name could mean.
fn known_files() -> Vec<String> {
    let mut files = std::fs::read(CACHE)
        .map(|cache| cached_names(&cache))
        .unwrap_or_default();
    let path = std::env::var("LD_LIBRARY_PATH").unwrap_or_default();
    let directories = path.split(':').filter(|directory| !directory.is_empty());
    for directory in directories.chain(DEFAULT_DIRECTORIES) {
        let entries = Path::new(directory)
            .read_dir()
            .into_iter()
            .flatten()
            .flatten();
        let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
        files.extend(names.filter(|name| name.contains(".so.")));
    }
    files
}

/// The names in the contents of `ld.so.cache`, in glibc's format (`cache.h`, struct
/// `cache_file_new`): a magic of 20 bytes, the number of entries, 24 bytes, then entries of 24
/// bytes whose second word is the offset of the name. Answers none where the format is another.
fn cached_names(cache: &[u8]) -> Vec<String> {
    const MAGIC: &[u8] = b"glibc-ld.so.cache1.1";
    const HEADER_BYTES: usize = 48;
    const ENTRY_BYTES: usize = 24;
    // An older cache may stand before this one; offsets count from the magic.
    let Some(start) = cache
        .windows(MAGIC.len())
        .position(|window| window == MAGIC)
    else {
        return Vec::new();
    };
    let cache = &cache[start..];
    let word = |at: usize| {
        let bytes = cache.get(at..at + 4)?;
        Some(u32::from_le_bytes(bytes.try_into().ok()?) as usize)
    };
    let name = |index: usize| {
        let offset = word(HEADER_BYTES + index * ENTRY_BYTES + 4)?;
        let name = CStr::from_bytes_until_nul(cache.get(offset..)?).ok()?;
        name.to_str().ok().map(String::from)
    };
    // A broken count must not make a long loop: names end where the file does.
    let count = word(MAGIC.len())
        .unwrap_or(0)
        .min(cache.len() / ENTRY_BYTES);
    (0..count).filter_map(name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tried(name: &str) -> Vec<String> {
        let files = [
            "libz.so.1",
            "libm.so.6",
            "libz.so.1.2.13",
            "libz.so.1.10",
            "libzstd.so.1",
        ];
        candidates(name, &files.map(String::from))
    }

    #[test]
    fn bare_names_try_the_highest_version_first() {
        assert_eq!(tried("m"), ["libm.so", "libm.so.6", "m"]);
        assert_eq!(
            tried("z"),
            [
                "libz.so",
                "libz.so.1.10",
                "libz.so.1.2.13",
                "libz.so.1",
                "z"
            ]
        );
        assert_eq!(
            tried("libm"),
            ["libm.so", "libm.so.6", "liblibm.so", "libm"]
        );
    }

    #[test]
    fn file_names_and_paths_are_taken_as_they_are_first() {
        assert_eq!(tried("libm.so.6")[0], "libm.so.6");
        assert_eq!(tried("./m.so"), ["./m.so"]);
    }

    #[test]
    fn real_libraries_open_and_have_symbols() {
        let mut libraries = Libraries::new();
        for name in ["m", "libm.so.6", "c"] {
            let handle = libraries
                .open(name)
                .unwrap_or_else(|error| panic!("{name}: {error:?}"));
            assert!(libraries.symbol(handle, "no_such_symbol_here").is_none());
            assert_eq!(libraries.open(name).expect("open already"), handle);
        }
        let m = libraries.open("m").expect("libm");
        assert!(libraries.symbol(m, "hypot").is_some());
        assert!(libraries.symbol(0, "malloc").is_some());
        assert!(libraries.symbol(0, "mal\0loc").is_none());
        assert!(libraries.symbol(0xDEAD, "malloc").is_none());
    }

    #[test]
    fn the_error_lists_what_was_tried() {
        let error = Libraries::new()
            .open("surely-not-there")
            .expect_err("no such library");
        let names: Vec<&str> = error
            .attempts
            .iter()
            .map(|(name, _)| name.as_str())
            .collect();
        assert_eq!(names, ["libsurely-not-there.so", "surely-not-there"]);
        assert!(
            error.attempts[0].1.contains("surely-not-there"),
            "{:?}",
            error.attempts
        );
        let nul = Libraries::new().open("a\0/b").expect_err("no such name");
        assert_eq!(nul.attempts[0].1, "the name has a NUL byte inside");
    }

    #[test]
    fn a_broken_cache_is_no_trouble() {
        assert!(cached_names(b"").is_empty());
        assert!(cached_names(b"glibc-ld.so.cache1.1").is_empty());
        let mut broken = b"glibc-ld.so.cache1.1".to_vec();
        broken.extend([0xFF; 60]);
        assert!(cached_names(&broken).is_empty());
    }
}
