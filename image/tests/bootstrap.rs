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
