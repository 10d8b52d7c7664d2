//! Sources of many megabytes and of absurd depth: all of them are read to the end, or refused
//! with a place, in time that grows with their length.

use std::fmt::Write as _;
use std::io::Write as _;
use std::process::{Command, Output, Stdio};

/// Ten megabytes.
const LARGE: usize = 10_000_000;
/// Levels of nesting that no stack would hold.
const DEEP: usize = 100_000;

fn run(source: &[u8]) -> Output {
    let mut child = Command::new(tests::program())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut input = child.stdin.take().expect("a pipe");
    input
        .write_all(source)
        .expect("the program reads its input");
    drop(input);
    child.wait_with_output().expect("the program ends")
}

#[track_caller]
fn check_runs(source: &[u8], printed: &str) {
    let output = run(source);
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        printed,
        "{complaint}"
    );
    assert_eq!(output.status.code(), Some(0), "{complaint}");
}

#[track_caller]
fn check_refused(source: &[u8], message: &str) {
    let output = run(source);
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(complaint.contains(message), "{complaint}");
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn ten_megabytes_of_statements() {
    let mut source = "x := 3 + 4.\n".repeat(LARGE / 12);
    source.push_str("x println");
    check_runs(source.as_bytes(), "7\n");
}

#[test]
fn ten_megabytes_of_methods() {
    let mut source = String::from("Foo = Object (\n");
    let mut count = 0;
    while source.len() < LARGE {
        let _ = writeln!(
            source,
            "  m{count} = ( | a | a := self foo: 3 + {count}. ^a )"
        );
        count += 1;
    }
    source.push_str(")\nFoo methods size println");
    check_runs(source.as_bytes(), &format!("{count}\n"));
}

#[test]
fn a_string_of_ten_megabytes() {
    let source = format!("'{}' size println", "a".repeat(LARGE));
    check_runs(source.as_bytes(), &format!("{LARGE}\n"));
}

#[test]
fn a_string_of_ten_megabytes_without_an_end() {
    let source = format!("3 println. '{}", "a\n".repeat(LARGE / 2));
    check_refused(
        source.as_bytes(),
        "standard input:1:12: unterminated string",
    );
}

#[test]
fn a_comment_of_ten_megabytes_without_an_end() {
    let source = format!("3 println. \"{}", "a\n".repeat(LARGE / 2));
    check_refused(
        source.as_bytes(),
        "standard input:1:12: unterminated comment",
    );
}

#[test]
fn a_long_literal_array() {
    let mut source = String::from("#(");
    (0..200_000).for_each(|each| {
        let _ = write!(source, "{each} ");
    });
    source.push_str(") sum println");
    check_runs(source.as_bytes(), "19999900000\n");
}

#[test]
fn a_million_digits() {
    let source = format!("{} class println", "7".repeat(1_000_000));
    check_runs(source.as_bytes(), "Integer\n");
}

#[test]
fn a_long_chain_of_messages() {
    let source = format!("(1{}) println", " + 1".repeat(DEEP));
    check_runs(source.as_bytes(), "100001\n");
    let source = format!("1{} println", " negated".repeat(DEEP));
    check_runs(source.as_bytes(), "1\n");
}

#[test]
fn a_long_cascade() {
    let source = format!("(3 negated{}) println", "; + 1".repeat(DEEP));
    check_runs(source.as_bytes(), "4\n");
}

#[test]
fn deep_nesting_is_refused() {
    for open in ["(", "[", "{", "#(", "true ifTrue: [", "x := [", "(1 + "] {
        check_refused(open.repeat(DEEP).as_bytes(), "levels of nesting");
    }
}

#[test]
fn bytes_that_are_no_text() {
    check_refused(&[0xFF; 1000], "standard input:1:1: expected UTF-8 text");
    check_refused(&[0; 1000], "standard input:1:1: ");
}

#[test]
fn many_classes() {
    let mut source = String::new();
    (0..5000).for_each(|each| {
        let _ = writeln!(source, "C{each} = Object ( m = ( ^{each} ) )");
    });
    source.push_str("C4999 new m println");
    check_runs(source.as_bytes(), "4999\n");
}
