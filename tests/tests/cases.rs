//! Every case in every mode.

#[test]
fn language() {
    tests::run_all("cases/language");
}

#[test]
fn errors() {
    tests::run_all("cases/errors");
}

#[test]
fn ffi() {
    tests::run_all("cases/ffi");
}

#[test]
fn memory() {
    tests::run_all("cases/memory");
}
