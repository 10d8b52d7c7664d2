//! Listings of compiled methods, against the files in `tests/listings`.
//!
//! A file holds the text of a method, a line of `=` and the listing. The class has the fields `x`
//! and `y`. `RIPLEY_BLESS=1` writes the listings anew.

use std::path::Path;
use vm::compiler::{Source, compile_method};

const RULE: &str = "\n========\n";

fn listing(method: &str) -> String {
    let fields = ["x".to_owned(), "y".to_owned()];
    let source = Source::new("test.som", method).expect("UTF-8");
    match compile_method(&source, &fields) {
        Ok(draft) => draft.listing(),
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn listings_are_as_written() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/listings");
    let mut count = 0;
    for entry in std::fs::read_dir(folder).expect("folder of listings") {
        let path = entry.expect("entry").path();
        let text = std::fs::read_to_string(&path).expect("listing");
        let (method, expected) = text.split_once(RULE).unwrap_or((text.trim_end(), ""));
        let found = listing(method);
        if std::env::var_os("RIPLEY_BLESS").is_some() {
            std::fs::write(&path, format!("{method}{RULE}{found}")).expect("writable listing");
        } else {
            assert_eq!(found, expected, "{}", path.display());
        }
        count += 1;
    }
    assert!(count > 10);
}
