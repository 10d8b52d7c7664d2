//! Random blocks are called by C twice: as leaves, and with a store beside them that makes them none. Nobody
//! may see a difference.
//!
//! `RIPLEY_LEAF_SEED` chooses the blocks and `RIPLEY_LEAF_COUNT` how many there are.

use std::fmt::Write as _;
use std::process::Command;
use tests::signatures::random::Random;

/// What a value is to a block.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Integer,
    Double,
    Boolean,
    Pointer,
}

use Kind::{Boolean, Double, Integer, Pointer};

/// A function of `tests/c/leaves.c`, which passes its further arguments `a`, `b` … to the block that is its first:
/// its prototype, and what the block gets and answers.
type Shape = (&'static str, &'static [Kind], Kind);

#[rustfmt::skip]
const SHAPES: &[Shape] = &[
    ("long two_longs(long (*f)(long, long), long a, long b)", &[Integer, Integer], Integer),
    ("int two_ints(int (*f)(int, int), int a, int b)", &[Integer, Integer], Integer),
    ("unsigned long two_unsigned(unsigned long (*f)(unsigned long, unsigned char), unsigned long a, unsigned char b)",
        &[Integer, Integer], Integer),
    ("double two_doubles(double (*f)(double, double), double a, double b)", &[Double, Double], Double),
    ("float two_floats(float (*f)(float, float), float a, float b)", &[Double, Double], Double),
    ("double mixed_up(double (*f)(int, double, long, double), int a, double b, long c, double d)",
        &[Integer, Double, Integer, Double], Double),
    ("bool asked(bool (*f)(int, bool), int a, bool b)", &[Integer, Boolean], Boolean),
    ("int compared(int (*f)(const void *, const void *), const void *a, const void *b)", &[Pointer, Pointer], Integer),
];

/// The function's name.
fn name_of(prototype: &str) -> &str {
    let head = prototype.split('(').next().unwrap_or_default();
    head.rsplit(' ').next().unwrap_or_default()
}

/// The name of a parameter.
fn letter(index: usize) -> char {
    char::from(b'a' + index as u8)
}

const INTEGERS: &[&str] = &[
    "0",
    "1",
    "-1",
    "3",
    "100",
    "2147483647",
    "1152921504606846975",
];
const DOUBLES: &[&str] = &["0.0", "1.5", "-2.25", "1.0e300", "1.0e-300", "100.0"];
const INTEGER_READS: &[&str] = &[
    "signedByteAt: 3",
    "unsignedByteAt: 1",
    "signedShortAt: 2",
    "unsignedShortAt: 7",
    "signedLongAt: 1",
    "unsignedLongAt: 5",
    "signedLongLongAt: 1",
    "unsignedLongLongAt: 9",
];
const DOUBLE_READS: &[&str] = &["doubleAt: 17", "doubleAt: 1", "floatAt: 25"];

/// A block's expressions over its parameters `a`, `b` …, its temporary `t` and a field.
struct Writer<'a> {
    random: Random,
    parameters: &'a [Kind],
    has_temporary: bool,
}

impl Writer<'_> {
    /// A parameter of a kind, if there is one.
    fn parameter(&mut self, kind: Kind) -> Option<String> {
        let all = self.parameters.iter().enumerate();
        let of_kind: Vec<usize> = all
            .filter_map(|(index, &each)| (each == kind).then_some(index))
            .collect();
        if of_kind.is_empty() {
            return None;
        }
        let index = *self.random.pick(&of_kind);
        Some(letter(index).to_string())
    }

    fn leaf(&mut self, kind: Kind) -> String {
        if self.random.chance(2, 3)
            && let Some(name) = self.parameter(kind)
        {
            return name;
        }
        if self.random.chance(1, 2)
            && let Some(pointer) = self.parameter(Pointer)
        {
            let reads = match kind {
                Double => DOUBLE_READS,
                Integer | Boolean | Pointer => INTEGER_READS,
            };
            let read = self.random.pick(reads);
            if kind != Boolean {
                return format!("({pointer} {read})");
            }
        }
        match kind {
            Integer if self.has_temporary && self.random.chance(1, 4) => "t".into(),
            Integer if self.random.chance(1, 8) => "five".into(),
            Double => (*self.random.pick(DOUBLES)).into(),
            Boolean => (*self.random.pick(&["true", "false"])).into(),
            Integer | Pointer => (*self.random.pick(INTEGERS)).into(),
        }
    }

    fn expression(&mut self, kind: Kind, depth: usize) -> String {
        if depth == 0 || self.random.chance(1, 6) {
            return self.leaf(kind);
        }
        let depth = depth - 1;
        if self.random.chance(1, 5) {
            let condition = self.expression(Boolean, depth);
            let (yes, no) = (self.expression(kind, depth), self.expression(kind, depth));
            return format!("({condition} ifTrue: [ {yes} ] ifFalse: [ {no} ])");
        }
        let (operators, operands): (&[&str], Kind) = match kind {
            Integer => (&["+", "-", "*", "/", "%", "&"], Integer),
            Double => (&["+", "-", "*", "/"], Double),
            Boolean if self.random.chance(1, 4) => {
                let (left, right) = (self.expression(kind, depth), self.expression(kind, depth));
                let word = self.random.pick(&["and:", "or:"]);
                return format!("({left} {word} [ {right} ])");
            }
            Boolean => (
                &["<", ">", "<=", ">=", "=", "<>"],
                *self.random.pick(&[Integer, Double]),
            ),
            Pointer => unreachable!("blocks answer no pointers"),
        };
        let operator = self.random.pick(operators).to_string();
        // Now and then numbers of the other kind.
        let other = if operands == Integer { Double } else { Integer };
        let right = if self.random.chance(1, 12) {
            other
        } else {
            operands
        };
        let (left, right) = (
            self.expression(operands, depth),
            self.expression(right, depth),
        );
        format!("({left} {operator} {right})")
    }
}

fn argument(random: &mut Random, kind: Kind) -> String {
    match kind {
        Integer => (*random.pick(&[
            "0",
            "1",
            "-1",
            "7",
            "255",
            "-128",
            "2147483647",
            "1 << 61",
            "1 << 62",
        ]))
        .into(),
        Double => (*random.pick(&["0.0", "1.5", "-0.5", "1.0e200", "1.0e-310", "3"])).into(),
        Boolean => (*random.pick(&["true", "false"])).into(),
        Pointer => (*random.pick(&["one", "two", "nil"])).into(),
    }
}

/// Compares one block with what it is when it is no leaf.
fn comparison(number: usize, seed: u64) -> String {
    let mut random = Random::part(seed, number as u64);
    let &(prototype, parameters, result) = random.pick(SHAPES);
    let names: String = (0..parameters.len())
        .map(|index| format!(":{} ", letter(index)))
        .collect();
    let mut writer = Writer {
        random,
        parameters,
        has_temporary: false,
    };
    let first = writer.expression(Integer, 2);
    writer.has_temporary = writer.random.chance(1, 2);
    let answer = writer.expression(result, 3);
    let (temporary, statements) = if writer.has_temporary {
        ("| t | ", format!("t := {first}. {answer}"))
    } else {
        ("", answer)
    };
    let mut random = writer.random;
    let mut text = format!(
        "    test{number} = (\n        | one two five |\n        one := first. two := second. five := 5.\n"
    );
    for round in 0..4 {
        let arguments: Vec<String> = (parameters.iter().enumerate())
            .map(|(index, &kind)| format!("{}: ({})", letter(index), argument(&mut random, kind)))
            .collect();
        let call = |mark: &str| {
            format!(
                "[ lib {}: [ {names}| {temporary}{mark}{statements} ] {} ]",
                name_of(prototype),
                arguments.join(" ")
            )
        };
        let _ = writeln!(
            text,
            "        self compare: {}\n            with: {}\n            as: 'block {number} round {round}'.",
            call(""),
            call("mark := 0. ")
        );
    }
    text.push_str("    )\n");
    text
}

fn script(seed: u64, count: usize) -> String {
    let mut text = String::from("Leaves = Object (\n    | lib first second mark |\n");
    for number in 0..count {
        text.push_str(&comparison(number, seed));
    }
    text.push_str(
        "    outcome: aBlock = (
        ^[ aBlock value printString ] on: Error do: [ :error |
            error class name + ': ' + error messageText asString ]
    )
    compare: leaf with: block as: name = (
        | left right |
        left := self outcome: leaf.
        right := self outcome: block.
        left = right ifFalse: [ (name + ': ' + left + ' is not ' + right) println ]
    )
    run: aLibrary = (
        lib := aLibrary.
        first := Alien new: 40.
        second := Alien new: 40.
        1 to: 40 do: [ :index |
            first unsignedByteAt: index put: index * 37 % 256.
            second unsignedByteAt: index put: 255 - (index * 11 % 256) ].
        first doubleAt: 17 put: 2.5.
        second floatAt: 25 put: -0.5.
",
    );
    text.push_str("        lib declare: '");
    for (prototype, ..) in SHAPES {
        let _ = write!(text, "{prototype}; ");
    }
    text.push_str("'.\n");
    for number in 0..count {
        let _ = writeln!(text, "        self test{number}.");
    }
    text.push_str("        'done' println\n    )\n)\nLeaves new run: (ExternalLibrary open: (System arguments at: 1))\n");
    text
}

#[test]
fn leaves_do_what_their_blocks_do() {
    let number = |name: &str, otherwise: u64| {
        std::env::var(name).map_or(otherwise, |text| text.parse().expect("a number"))
    };
    let seed = number("RIPLEY_LEAF_SEED", tests::fresh_seed());
    let count = number("RIPLEY_LEAF_COUNT", 150) as usize;
    println!("RIPLEY_LEAF_SEED={seed}");
    let directory = tests::c_compiler::scratch_directory("leaves");
    let file = directory.join("leaves.som");
    std::fs::write(&file, script(seed, count)).expect("a file");
    for options in [&[][..], &["--gc-stress"], &["--jit-threshold", "1"]] {
        let output = Command::new(tests::program())
            .args(options)
            .arg(&file)
            .arg(tests::c_compiler::test_library())
            .output()
            .expect("the program runs");
        let printed = String::from_utf8_lossy(&output.stdout);
        let complained = String::from_utf8_lossy(&output.stderr);
        assert!(
            printed == "done\n" && output.status.success(),
            "RIPLEY_LEAF_SEED={seed}, {options:?}, {}:\n{printed}{complained}",
            file.display()
        );
    }
}
