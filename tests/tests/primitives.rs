//! No request to a primitive brings the VM down: each is given odd receivers and arguments, in odd
//! numbers, by methods that are added to Object.

use std::fmt::Write as _;
use std::process::Command;

/// Primitives that do harm when they do what they are asked: they read and write C memory, leave
/// the program, cut the stack, or put aside what the test itself needs.
const NOT_CALLED: &[&str] = &[
    "exit",
    "terminate",
    "unwindTo",
    "resumeFrame",
    "restartFrame",
    "frameTemporaryPut",
    "memoryFree",
    "memoryCopy",
];

/// Expressions for what is passed.
const ODD: &[&str] = &[
    "nil",
    "true",
    "0",
    "1",
    "-1",
    "2",
    "255",
    "1 << 59",
    "(1 << 60) - 1",
    "(1 << 60) negated",
    "1 << 62",
    "1 << 100",
    "(1 << 64) negated",
    "1.5",
    "1.0e300",
    "-0.0",
    "0.0 // 0.0",
    "1.0 // 0.0",
    "$a",
    "Character value: 0",
    "'abc' copy",
    "'grün' copy",
    "String new",
    "#sym",
    "#+",
    "#foo:bar:",
    "#printString",
    "#read",
    "#handler",
    "Array new: 3",
    "{ }",
    "{ 'x'. 3. nil }",
    "ByteArray new: 5",
    "Object new",
    "Object",
    "Object class",
    "Array",
    "Array class",
    "Metaclass",
    "Symbol",
    "Block",
    "Integer",
    "[:x | x ]",
    "[ 3 ]",
    "Object methodAt: #printString",
    "Object methodAt: #shallowCopy",
    "WeakArray new: 2",
    "WeakReference on: 3",
    "Ephemeron key: 'k' copy value: 2",
    "Ephemeron new",
    "Vector new",
    "Dictionary new",
    "system",
    "Error new",
    "Finalizer",
    "(1 to: 3)",
    "Set new",
    "CallStack currentFrame",
];

/// A script that calls every primitive `rounds` times with each number of arguments, times
/// `RIPLEY_PRIMITIVE_FACTOR`.
fn script(rounds: usize) -> String {
    let factor = std::env::var("RIPLEY_PRIMITIVE_FACTOR").ok();
    let rounds = rounds * factor.and_then(|text| text.parse().ok()).unwrap_or(1);
    let mut text = String::from("| odd pick seed calls failures |\n");
    text.push_str("odd := Vector new.\n");
    for expression in ODD {
        let _ = writeln!(text, "odd append: ({expression}).");
    }
    text.push_str("seed := 42. calls := 0. failures := 0.\n");
    text.push_str(
        "pick := [ seed := seed * 1103515245 + 12345 % 2147483648. odd at: seed / 65536 % odd size + 1 ].\n",
    );
    for name in vm::primitives::names() {
        if NOT_CALLED.contains(&name) {
            continue;
        }
        // C memory is only reached through byte objects here: an Integer would be an address.
        let counts = if name.starts_with("memoryRead") || name.starts_with("memoryWrite") {
            memory_calls(&mut text, name);
            0..1
        } else {
            0..6
        };
        for count in counts {
            generic_calls(&mut text, name, count, rounds);
        }
    }
    text.push_str("(calls > 1000) println.\n(failures > 1000) println.\n");
    text
}

fn generic_calls(text: &mut String, name: &str, count: usize, rounds: usize) {
    let parameters: String = (0..count)
        .map(|index| format!("a{index}: p{index} "))
        .collect();
    let selector: String = (0..count).map(|index| format!("a{index}:")).collect();
    let (pattern, selector) = match count {
        0 => (format!("x{name}"), format!("x{name}")),
        _ => (format!("x{name}{parameters}"), format!("x{name}{selector}")),
    };
    let arguments = "pick value. ".repeat(count);
    let _ = writeln!(
        text,
        "Object compile: '{pattern} = ( <primitive: #{name}> )'.
1 to: {rounds} do: [:round |
    calls := calls + 1.
    [ pick value perform: #{selector} withArguments: {{ {arguments} }} ] on: Error do: [:error |
        failures := failures + 1 ] ]."
    );
}

fn memory_calls(text: &mut String, name: &str) {
    let _ = writeln!(
        text,
        "Object compile: 'x{name}a: base b: offset c: value = ( <primitive: #{name}> )'.
{{ 'abcdefgh' copy. ByteArray new: 5. #sym. String new. nil. 3.5. Object new. $a. 12. -3 }} do: [:base |
    odd do: [:offset |
        (base isInteger and: [ offset isInteger and: [ offset > 4000 ] ]) ifFalse: [
            calls := calls + 1.
            [ nil perform: #x{name}a:b:c: withArguments: {{ base. offset. pick value }} ] on: Error do: [:error |
                failures := failures + 1 ] ] ] ]."
    );
}

/// Runs the script in an empty directory.
fn run(rounds: usize, options: &[&str]) {
    let directory = std::env::temp_dir().join(format!(
        "ripley-primitives-{}-{}",
        std::process::id(),
        options.concat()
    ));
    std::fs::create_dir_all(&directory).expect("a directory");
    std::fs::write(directory.join("odd.som"), script(rounds)).expect("the script");
    let output = Command::new(tests::program())
        .args(options)
        .arg("odd.som")
        .current_dir(&directory)
        .stdin(std::process::Stdio::null())
        .output()
        .expect("the program");
    let printed = String::from_utf8_lossy(&output.stdout);
    let complained = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.code() == Some(0) && printed.ends_with("true\ntrue\n"),
        "{} in {}\n{printed}\n{complained}",
        output.status,
        directory.display()
    );
    std::fs::remove_dir_all(&directory).expect("the directory is still there");
}

#[test]
fn odd_requests_to_primitives_are_errors() {
    run(40, &["--max-heap", "256M"]);
}

#[test]
fn odd_requests_from_machine_code_are_errors() {
    run(40, &["--max-heap", "256M", "--jit-threshold", "1"]);
}

#[test]
fn odd_requests_at_the_limit_of_the_heap_are_errors() {
    run(
        40,
        &["--max-heap", "7M", "--jit-threshold", "1", "--verify-heap"],
    );
}

#[test]
fn odd_requests_to_primitives_leave_the_heap_sound() {
    run(10, &["--verify-heap", "--max-heap", "256M", "--no-jit"]);
}
