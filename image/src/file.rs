//! Image files: read whole, replaced whole.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Replaces the file at `path` by `bytes`, or leaves it as it was: the bytes go to a new file in
/// the same directory, reach the disk, and then the new file takes the name.
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let temporary = temporary_name(path);
    let written = write_new(&temporary, bytes).and_then(|()| fs::rename(&temporary, path));
    if written.is_err() {
        // The error that is reported is the first one.
        let _ = fs::remove_file(&temporary);
    }
    written
}

fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn temporary_name(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.new", std::process::id()));
    path.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_replacement_leaves_the_old_file() {
        let directory = std::env::temp_dir().join(format!("ripley-image-{}", std::process::id()));
        fs::create_dir_all(&directory).expect("a directory for the test");
        let path = directory.join("an.image");
        replace(&path, b"first").expect("writing");
        replace(&path, b"second").expect("replacing");
        assert_eq!(fs::read(&path).expect("reading"), b"second");
        assert!(replace(&directory.join("no/such/place"), b"x").is_err());
        assert_eq!(fs::read_dir(&directory).expect("listing").count(), 1);
        fs::remove_dir_all(&directory).expect("cleaning up");
    }
}
