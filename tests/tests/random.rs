//! Random programs print the same in the interpreter and in machine code, whenever that is made.
//!
//! `RIPLEY_RANDOM_SEED` chooses the first program and `RIPLEY_RANDOM_COUNT` how many there are.

use std::fmt::Write as _;
use std::process::Command;

/// xorshift64*.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % limit
    }

    fn pick(&mut self, choices: &[&'static str]) -> &'static str {
        choices[self.below(choices.len())]
    }
}

const VARIABLES: &[&str] = &["a", "b", "c", "d", "e", "f", "g"];
const NUMBERS: &[&str] = &["0", "1", "2", "7", "-1", "10", "0.5", "2.0", "-3.5"];
const LITERALS: &[&str] = &[
    "1152921504606846975",
    "-1152921504606846976",
    "3.0e200",
    "1.0e-300",
    "nil",
    "true",
    "'s'",
    "#x",
    "$c",
];
const ARITHMETIC: &[&str] = &["+", "-", "*", "/", "%", "&"];
const COMPARISONS: &[&str] = &["<", ">", "<=", ">=", "=", "<>", "==", "~="];

fn expression(r: &mut Random, depth: usize) -> String {
    let choice = r.below(if depth > 0 { 20 } else { 4 });
    let inner = |r: &mut Random| expression(r, depth.saturating_sub(1));
    match choice {
        0 | 1 => r.pick(VARIABLES).into(),
        2 => r.pick(NUMBERS).into(),
        3 => r.pick(LITERALS).into(),
        4..=8 => format!("({} {} {})", inner(r), r.pick(ARITHMETIC), inner(r)),
        9..=11 => format!("({} {} {})", inner(r), r.pick(COMPARISONS), inner(r)),
        12 => {
            let condition = condition(r, depth - 1);
            format!(
                "(({condition}) ifTrue: [ {} ] ifFalse: [ {} ])",
                inner(r),
                inner(r)
            )
        }
        13 => format!("(array at: {})", r.pick(&["i", "a", "3", "(b % 5)"])),
        14 => format!("(array at: {} put: {})", r.pick(&["1", "2", "i"]), inner(r)),
        15 => format!(
            "({} {})",
            inner(r),
            r.pick(&["isNil", "notNil", "size", "not", "hash"])
        ),
        16 => format!("(self m{}: {} with: {})", r.below(3), inner(r), inner(r)),
        17 => format!(
            "([:p | p {} {} ] value: {})",
            r.pick(&["+", "-", "*"]),
            inner(r),
            inner(r)
        ),
        18 => format!("([ {} {} ] value)", statement(r, depth - 1), inner(r)),
        _ => format!("(f := {})", inner(r)),
    }
}

fn condition(r: &mut Random, depth: usize) -> String {
    let left = expression(r, depth);
    let test = format!("({left} {} {})", r.pick(COMPARISONS), expression(r, depth));
    match r.below(if depth > 0 { 10 } else { 1 }) {
        1 | 2 => format!("{test} and: [ {} ]", condition(r, depth - 1)),
        3 | 4 => format!("{test} or: [ {} ]", condition(r, depth - 1)),
        5 => format!("{test} not"),
        _ => test,
    }
}

fn statement(r: &mut Random, depth: usize) -> String {
    let variable = r.pick(VARIABLES);
    let choice = if depth > 0 { r.below(10) } else { 0 };
    let below = depth.saturating_sub(1);
    match choice {
        4 => format!("1 to: 5 do: [:i | {} ].", statements(r, below)),
        5 => {
            let condition = condition(r, below);
            let yes = statements(r, below);
            format!(
                "({condition}) ifTrue: [ {yes} ] ifFalse: [ {} ].",
                statements(r, below)
            )
        }
        6 => {
            let condition = condition(r, 1);
            let body = statements(r, below);
            format!("n := 0. [ n < 6 and: [ {condition} ] ] whileTrue: [ n := n + 1. {body} ].")
        }
        7 => format!("array do: [:q | {} ].", statements(r, below)),
        8 => {
            let handler = r.pick(&["x messageText", "x return: 3", "x retryUsing: [ 7 ]", "4"]);
            let body = expression(r, depth);
            format!("{variable} := [ {body} ] on: Error do: [:x | {handler} ].")
        }
        9 if r.below(3) == 0 => {
            format!("({}) ifTrue: [ ^{} ].", condition(r, 0), expression(r, 0))
        }
        _ => format!("{variable} := {}.", expression(r, depth)),
    }
}

fn statements(r: &mut Random, depth: usize) -> String {
    let count = 1 + r.below(3);
    (0..count).map(|_| statement(r, depth) + " ").collect()
}

fn program(seed: u64) -> String {
    let r = &mut Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
    let mut text = String::from(
        "T = ( | f g array k |\n setUp = ( f := 1. g := 2.5. k := 0. array := Array new: 4.\n  \
         array putAll: 1. array at: 2 put: 1.5 )\n mark = ( ^{ f. g. k } )\n",
    );
    for number in 0..3 {
        let numbers = [r.pick(NUMBERS), r.pick(NUMBERS), r.pick(NUMBERS)];
        let [c, d, e] = numbers;
        let body = statements(r, 2) + &statements(r, 3);
        let _ = writeln!(
            text,
            " m{number}: a with: b = ( | c d e i n | k := k + 1. k > 300 ifTrue: [ ^k ]. i := 1. n := 0.\n  \
             c := {c}. d := {d}. e := {e}. {body}\n  ^{} )",
            expression(r, 2)
        );
    }
    text.push_str(")\nt := T new. t setUp.\n");
    for _ in 0..12 {
        let (method, a, b) = (r.below(3), r.pick(NUMBERS), r.pick(NUMBERS));
        let _ = writeln!(
            text,
            "k := [ t setUp. t m{method}: {a} with: {b} ] on: Error do: [:x | x messageText ].\n\
             k printString println. t mark printString println."
        );
    }
    text
}

fn outcome(seed: u64, options: &[&str]) -> (Option<i32>, String) {
    let name = format!("ripley-random-{}-{seed}.som", std::process::id());
    let path = std::env::temp_dir().join(name);
    std::fs::write(&path, program(seed)).expect("a temporary file");
    let output = Command::new(tests::program())
        .args(options)
        .arg(&path)
        .output()
        .expect("running ripley");
    let _ = std::fs::remove_file(&path);
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    (output.status.code(), printed)
}

#[test]
fn random_programs_do_the_same_interpreted_and_compiled() {
    let number = |name: &str, default: u64| {
        let text = std::env::var(name).ok();
        text.and_then(|text| text.parse().ok()).unwrap_or(default)
    };
    let first = number("RIPLEY_RANDOM_SEED", 1);
    for seed in first..first + number("RIPLEY_RANDOM_COUNT", 10) {
        let interpreted = outcome(seed, &["--no-jit"]);
        for options in [
            &["--jit-threshold", "1"][..],
            &["--jit-threshold", "3"],
            &["--jit-threshold", "20"],
            &["--jit-threshold", "2", "--gc-stress"],
        ] {
            let compiled = outcome(seed, options);
            assert!(
                compiled == interpreted,
                "seed {seed} {options:?}: {compiled:?}\ninterpreted: {interpreted:?}\n{}",
                program(seed)
            );
        }
    }
}
