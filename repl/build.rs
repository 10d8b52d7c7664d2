//! Bootstraps the kernel and leaves its snapshot for the program to embed.

use std::path::Path;
use std::{env, fs, process};

fn main() {
    let root = env::var_os("CARGO_MANIFEST_DIR").expect("cargo names the package's directory");
    let kernel = Path::new(&root)
        .parent()
        .expect("the workspace")
        .join("image/kernel");
    println!("cargo::rerun-if-changed={}", kernel.display());
    let mut vm = image::bootstrap::bootstrap(&kernel).unwrap_or_else(|error| {
        eprintln!("the kernel does not boot: {error}");
        process::exit(1)
    });
    let bytes = image::snapshot::save(&mut vm).expect("room in the heap");
    let target = env::var_os("OUT_DIR").expect("cargo names an output directory");
    fs::write(Path::new(&target).join("kernel.image"), bytes).expect("writing the image");
}
