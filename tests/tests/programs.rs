//! Programs of several classes, loaded by name from a class path.

#[test]
fn programs() {
    tests::run_programs("programs");
}

#[test]
fn class_path() {
    tests::run_programs("class_path");
}
