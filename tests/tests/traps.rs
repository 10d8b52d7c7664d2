//! `docs/abi-traps.md` names cases that exist.

use std::path::Path;

#[test]
fn every_trap_has_its_case() {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let table = std::fs::read_to_string(package.join("../docs/abi-traps.md")).expect("the table");
    let mut named = Vec::new();
    for row in table.lines().filter(|line| line.starts_with("| ")) {
        let cases = row.trim_end_matches([' ', '|']).rsplit('|').next();
        let cases = cases.unwrap_or_default().split('`').skip(1).step_by(2);
        named.extend(cases.map(str::to_owned));
    }
    assert!(named.len() > 40, "{named:?}");
    for case in named {
        let path = package.join(format!("cases/ffi/{case}.som"));
        assert!(path.exists(), "there is no {}", path.display());
    }
}
