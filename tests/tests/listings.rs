//! What each bytecode and each special send becomes, compared with `tests/listings`; `RIPLEY_BLESS=1` rewrites that.

use std::path::Path;
use std::process::Command;
use vm::bytecode::{Opcode, SpecialSend};

#[test]
fn every_bytecode_is_listed_with_its_operations_and_its_machine_code() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("listings");
    let output = Command::new(tests::program())
        .arg(directory.join("bytecodes.som"))
        .output()
        .expect("running ripley");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    let listing = String::from_utf8_lossy(&output.stdout);
    everything_is_in(&listing);
    compare(&directory.join("bytecodes.txt"), &listing);
}

/// Bytecodes stand in comments: `; 12 push_literal …`.
fn everything_is_in(listing: &str) {
    let shown = |words: &str| {
        listing.lines().any(|line| {
            let words_of = line.trim_start().strip_prefix("; ");
            let instruction = words_of.and_then(|text| text.split_once(' '));
            instruction.is_some_and(|(_, text)| {
                text.strip_prefix(words)
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
            })
        })
    };
    for opcode in Opcode::ALL {
        assert!(shown(opcode.name()), "no {}", opcode.name());
    }
    for special in SpecialSend::ALL {
        let words = format!("send_special {}", special.selector());
        assert!(shown(&words), "no {words}");
    }
}

fn compare(path: &Path, listing: &str) {
    if std::env::var_os("RIPLEY_BLESS").is_some() {
        std::fs::write(path, listing).expect("the folder is there");
    }
    let expected = std::fs::read_to_string(path).unwrap_or_default();
    let mut differs = expected.lines().zip(listing.lines()).enumerate();
    let first = differs.find(|(_, (old, new))| old != new);
    if let Some((number, (old, new))) = first {
        let line = number + 1;
        panic!("{}:{line}: was\n{old}\nand is\n{new}", path.display());
    }
    assert_eq!(
        expected.lines().count(),
        listing.lines().count(),
        "lines of {}",
        path.display()
    );
}
