//! The kernel boots, and its snapshot comes back.

use image::bootstrap::bootstrap;
use image::snapshot::{self, ImageError};
use std::path::Path;
use vm::vm::Options;

fn kernel() -> Vec<u8> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("kernel");
    let mut vm = bootstrap(&directory).unwrap_or_else(|error| panic!("{error}"));
    snapshot::save(&mut vm).expect("room")
}

#[test]
fn a_snapshot_comes_back_and_runs() {
    let image = kernel();
    let mut vm = snapshot::load(&image, Options::default()).expect("loading");
    let value = vm.load_text("test", "3 + 4").expect("evaluating");
    assert_eq!(value.as_i64(), Some(7));
    let again = snapshot::save(&mut vm).expect("room");
    assert_eq!(image.len() / 4096, again.len() / 4096);
}

#[test]
fn damaged_images_are_refused() {
    let image = kernel();
    let load = |bytes: &[u8]| snapshot::load(bytes, Options::default()).map(|_| ());
    assert_eq!(load(b"no image"), Err(ImageError::NotAnImage));
    assert!(matches!(
        load(&image[..image.len() - 1]),
        Err(ImageError::Truncated { .. })
    ));
    let mut flipped = image.clone();
    *flipped.last_mut().expect("bytes") ^= 1;
    assert_eq!(load(&flipped), Err(ImageError::Corrupt));
    let mut newer = image;
    newer[8] += 1;
    assert_eq!(
        load(&newer),
        Err(ImageError::Version(snapshot::VERSION + 1))
    );
}

/// Where a checksum was made for the damage, what the loader takes for granted is checked.
#[test]
fn images_with_tables_of_anything_are_refused() {
    let image = kernel();
    let contents = &image[24..];
    let number = |at: usize| u32::from_le_bytes(contents[at..at + 4].try_into().expect("4 bytes"));
    let counts: Vec<usize> = (0..4).map(|index| number(4 * index) as usize).collect();
    let mut tables = 24 + 24;
    for _ in 0..counts[0] {
        let length = u16::from_le_bytes([image[tables], image[tables + 1]]);
        tables += 2 + usize::from(length);
    }
    let words = 3 + counts[1] + counts[2] + counts[3];
    for word in (0..3).chain((3..words).step_by(41)) {
        let mut damaged = image.clone();
        // A Character in the place of an object.
        damaged[tables + 8 * word..][..8].copy_from_slice(&(65 << 3 | 2u64).to_le_bytes());
        let checksum = crc32fast::hash(&damaged[24..]);
        damaged[12..16].copy_from_slice(&checksum.to_le_bytes());
        let loaded = snapshot::load(&damaged, Options::default()).map(|_| ());
        assert!(
            matches!(loaded, Err(ImageError::Malformed(_))),
            "word {word}: {loaded:?}"
        );
    }
}
