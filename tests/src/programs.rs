//! Random programs of several classes, which end and print the same wherever they run.
//!
//! ```text
//!   Base         every selector once, no fields          Meter   fuel: methods return at once when it is used up
//!    ├─ A ─ B ─ C    fields in one order, methods of their own    Clip    keeps numbers and Strings short
//!    │   └─ D                                             Trail   what unwinding has left, in order
//!    └─ E ─ F ─ G    the same fields in another order
//!   Objects      an instance of each, in a ring
//! ```
//!
//! Methods send messages to themselves, above and to others of the ring, loop, keep blocks, fail, unwind and define each
//! other anew. Nothing that they print depends on where objects lie.

mod expressions;
mod statements;
mod writer;

use crate::signatures::random::Random;
use std::fmt::Write as _;
use std::process::Command;
use writer::{Class, Kind, SELECTORS, Writer};

const CLASSES: &[Class] = &[
    Class::new("A", Some("Base"), &["x", "y"]),
    Class::new("B", Some("A"), &["x", "y", "z"]),
    Class::new("C", Some("B"), &["x", "y", "z", "w"]),
    Class::new("D", Some("A"), &["x", "y", "v"]),
    Class::new("E", Some("Base"), &["x", "y"]),
    Class::new("F", Some("E"), &["x", "y", "u"]),
    Class::new("G", Some("F"), &["x", "y", "u", "t"]),
];

const ROOT: Class = Class::new("Base", None, &[]);

const PRELUDE: &str = "\
Meter = ( ---- | left | fill = ( left := 60 ) tick = ( left := left - 1. ^left < 0 ) )
Clip = ( ---- of: it = (
    (it isInteger and: [ it bitLength > 200 ]) ifTrue: [ ^it % 1000003 ].
    (it isString and: [ it size > 40 ]) ifTrue: [ ^it substringFrom: 1 to: 40 ].
    ^it
) )
Trail = ( ---- | text | clear = ( text := '' ) text = ( ^text )
    add: it = ( text size < 200 ifTrue: [ text := text + (Clip of: it printString) + ' ' ] ) )
";

/// What the classes below `Base` have, whatever the order of their fields.
const ACCESSORS: &str = "
    x = ( ^x ) x: it = ( x := it ) y = ( ^y ) y: it = ( y := it ) s = ( ^s ) s: it = ( s := it )
    peer = ( ^peer ) peer: it = ( peer := it ) block = ( ^block ) items = ( ^items )
    setUp = ( x := 1. y := 2.5. s := 'ab'. peer := self. block := [:it | it ]. items := { 3. 1.5. 7. 2. 1.0e200 } )
    state = ( ^{ x. y. s. items } printString )
";

/// Fields of the two families, in their orders.
const FIELDS: [(&str, &str); 2] = [
    ("A", "x y s block items peer"),
    ("E", "peer items y block s x"),
];

/// Calls of methods from outside.
const CALLS: usize = 10;

/// The program of a seed.
pub fn program(seed: u64) -> String {
    let mut random = Random::part(seed, 1);
    let mut text = String::from(PRELUDE);
    write_class(&mut text, &mut random, &ROOT);
    for class in CLASSES {
        write_class(&mut text, &mut random, class);
    }
    let names = CLASSES.iter().map(|class| class.name);
    let instances: Vec<String> = names.map(|name| format!("{name} new")).collect();
    let _ = writeln!(text, "Objects := {{ {} }}.", instances.join(". "));
    text.push_str(
        "fresh := [ Meter fill. Trail clear. Objects do: [:each | each setUp ].\n    \
         Objects doIndexes: [:i | (Objects at: i) peer: (Objects at: i % Objects size + 1) ] ].\n",
    );
    for _ in 0..CALLS {
        write_call(&mut text, &mut random);
    }
    text
}

fn write_class(text: &mut String, random: &mut Random, class: &Class) {
    let superclass = class.superclass.unwrap_or_default();
    let _ = writeln!(text, "{} = {superclass} (", class.name);
    let family = FIELDS.iter().find(|(name, _)| *name == class.name);
    if let Some((_, fields)) = family {
        let _ = write!(text, "    | {fields} |{ACCESSORS}");
    } else if let Some(field) = class.numbers.last() {
        let _ = writeln!(
            text,
            "    | {field} | setUp = ( super setUp. {field} := 4 )"
        );
    }
    for selector in SELECTORS {
        if class.superclass.is_none() || random.chance(2, 5) {
            let method = Writer::new(random, class, selector).method();
            let _ = writeln!(text, "    {method}");
        }
    }
    text.push_str("    ----\n");
    if class.superclass.is_none() {
        text.push_str("    | tally |\n    tally = ( tally isNil ifTrue: [ tally := 0 ]. ^tally := tally + 1 )\n");
    }
    if class.superclass.is_none() || random.chance(1, 2) {
        let method = Writer::of_class_side(random, class).method();
        let _ = writeln!(text, "    {method}");
    }
    text.push_str(")\n");
}

/// Writes a call of a method from outside, and what became of everybody.
fn write_call(text: &mut String, random: &mut Random) {
    let selector = random.pick(SELECTORS);
    let object = random.below(CLASSES.len()) + 1;
    let arguments: Vec<String> = (0..selector.argument_count())
        .map(|_| (*random.pick(writer::LITERALS)).to_owned())
        .collect();
    let message = selector.message(&arguments);
    let handler = match selector.kind {
        Kind::Number | Kind::Truth => "it messageText",
        Kind::Text => "it class name",
    };
    let _ = writeln!(
        text,
        "fresh value.\n\
         ([ (Objects at: {object}) {message} ] on: Error do: [:it | {handler} ]) printString println.\n\
         ((Objects collect: [:each | each state ]) inject: '' into: [:all :each | all + each ]) println.\n\
         Trail text println."
    );
}

/// How a run of a program ended: its exit status and its standard output.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Outcome {
    /// The status, `None` after a signal.
    pub status: Option<i32>,
    /// Standard output.
    pub printed: String,
    /// Standard error.
    pub complaints: String,
}

/// Runs the program of a seed.
pub fn outcome(seed: u64, options: &[&str]) -> Outcome {
    let name = format!("ripley-random-{}-{seed}.som", std::process::id());
    let path = std::env::temp_dir().join(name);
    std::fs::write(&path, program(seed)).expect("a temporary file");
    let output = Command::new(crate::program())
        .args(options)
        .arg(&path)
        .output()
        .expect("running ripley");
    let _ = std::fs::remove_file(&path);
    Outcome {
        status: output.status.code(),
        printed: String::from_utf8_lossy(&output.stdout).into_owned(),
        complaints: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

#[cfg(test)]
mod self_tests {
    use super::*;

    #[test]
    fn a_seed_fixes_its_program() {
        assert_eq!(program(5), program(5));
        assert_ne!(program(5), program(6));
    }
}
