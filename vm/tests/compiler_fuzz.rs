//! Mutated programs never make the compiler panic, and what it compiles keeps the rules.
//!
//! Every run has a seed of its own, which a failure prints; `RIPLEY_FUZZ_SEED` gives one, and
//! `RIPLEY_FUZZ_ROUNDS` the number of mutated programs.

use vm::compiler::ast::ScriptItem;
use vm::compiler::{
    Arena, Result, Source, check, compile_class, compile_method, compile_statements, parse_class,
    parse_script,
};

const SEEDS: &[&str] = &[
    "\"Counts\" Counter = Object (\n  | count list |\n  count = ( ^ count )\n  add: n = (\n    | t |\n    \
     t := [ :x | count := count + x + n ]. list do: [ :e | t value: e. e = 3 ifTrue: [ ^ e ] ].\n    \
     1 to: n do: [ :i | | u | u := i. list add: [ u + i ] ]. ^ super add: n )\n  < other = primitive\n  \
     ----\n  | made |\n  new = ( made := made + 1. ^ super new; initialize; yourself )\n)",
    "#!/usr/bin/env ripley\n| a b | a := b := #(1 $a 'x\\n' #foo:bar: (nested true nil) #[1 2] -3 1.5e3).\n\
     a do: [ :e || t | t := e. [ t ] value ] ; size. Foo = ( | x | x = ( ^ x ) ) \
     { 1. 16rFF. 2e10 } printString. ^ a",
    "hypot: x y: y = ( <C: double hypot(double x, double y)> <library: 'libm.so.6'> ^ self error: 'no' )",
    "at: i = ( <primitive: #at error: code> <marker: #+> | t | \
     (i isNil or: [ i < 1 and: [ code = #badIndex ] ]) ifTrue: [ ^ nil ] ifFalse: [ t := i ]. \
     [ t > 0 ] whileTrue: [ t := t - 1 ]. t ifNil: [ 1 ] ifNotNil: [ :v | [ v ] ]. \
     5 timesRepeat: [ | w | w := t. [ w := w + 1 ] value ]. [ ^ 3 ] repeat )",
];

/// Marsaglia's xorshift.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit as u64) as usize
    }
}

fn mutate(random: &mut Random, text: &mut Vec<u8>) {
    const PIECES: &[&str] = &[
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        "|",
        "||",
        ":",
        ":=",
        "^",
        ".",
        ";",
        "#",
        "#(",
        "'",
        "\"",
        "$",
        "<",
        ">",
        "-",
        "----",
        "<C:",
        "<primitive: #p>",
        "=",
        "primitive",
        "super",
        "self",
        "nil",
        "e",
        "r",
        "1",
        "é",
        "\u{0}",
        "x := ",
        "[ :k | ",
        "ifTrue:",
        "whileTrue:",
        "\\",
        "\n",
    ];
    for _ in 0..=random.below(3) {
        let at = random.below(text.len() + 1);
        let end = (at + random.below(12)).min(text.len());
        match random.below(5) {
            0 => drop(text.drain(at..end)),
            1 => {
                let piece = PIECES[random.below(PIECES.len())];
                text.splice(at..at, piece.bytes());
            }
            2 => {
                let piece = PIECES[random.below(PIECES.len())];
                text.splice(at..end, piece.bytes());
            }
            3 => {
                let copy = text[at..end].to_vec();
                let to = random.below(text.len() + 1);
                text.splice(to..to, copy);
            }
            _ => {
                if let Some(byte) = text.get_mut(at) {
                    *byte = random.below(256) as u8;
                }
            }
        }
    }
}

fn compile_any(text: &[u8]) -> Result<()> {
    let source = Source::new("fuzz", text)?;
    let fields = ["f".to_owned()];
    let method = compile_method(&source, &fields);
    if let Ok(draft) = &method {
        assert_eq!(check(draft), Ok(()));
    }
    let arena = Arena::new();
    let class = parse_class(&arena, &source)
        .and_then(|class| compile_class(&source, &class, &fields, &fields));
    for draft in class.iter().flat_map(|class| class.instance_methods.iter()) {
        assert_eq!(check(draft), Ok(()));
    }
    for item in parse_script(&arena, &source)? {
        match item {
            ScriptItem::Class(class) => drop(compile_class(&source, class, &fields, &fields)?),
            ScriptItem::Statements(unit) => {
                assert_eq!(check(&compile_statements(&source, unit)?), Ok(()));
            }
        }
    }
    Ok(())
}

/// A number from the environment.
fn setting(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().expect("a number"))
}

fn fresh_seed() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(1, |time| time.as_nanos() as u64) | 1
}

/// The programs above, and every source of the kernel and of the cases: what people write.
fn corpus() -> Vec<Vec<u8>> {
    fn collect(directory: &std::path::Path, found: &mut Vec<Vec<u8>>) {
        let entries = std::fs::read_dir(directory).expect("a directory of sources");
        let mut paths: Vec<_> = entries
            .map(|entry| entry.expect("an entry").path())
            .collect();
        paths.sort();
        for path in paths {
            if path.is_dir() {
                collect(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "som") {
                found.push(std::fs::read(&path).expect("a source"));
            }
        }
    }
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut found: Vec<_> = SEEDS.iter().map(|seed| seed.as_bytes().to_vec()).collect();
    collect(&root.join("image/kernel"), &mut found);
    collect(&root.join("tests/cases"), &mut found);
    found
}

/// What is wrong with an error: it must say what was expected, at a place in the text.
fn is_clear(error: &vm::compiler::CompileError, text: &[u8]) -> bool {
    let message = error.to_string();
    let place = format!("fuzz:{}:{}: ", error.position.line, error.position.column);
    message.contains("expected")
        && message.starts_with(&place)
        && error.position.offset as usize <= text.len()
}

#[test]
fn mutations_do_not_panic() {
    let seed = setting("RIPLEY_FUZZ_SEED").unwrap_or_else(fresh_seed);
    let rounds = setting("RIPLEY_FUZZ_ROUNDS").unwrap_or(20_000);
    println!("RIPLEY_FUZZ_SEED={seed}");
    let (mut random, corpus) = (Random(seed), corpus());
    let mut compiled = 0;
    for round in 0..rounds {
        // Every second program is one of the first few, which use all of the grammar.
        let choices = if round % 2 == 0 {
            SEEDS.len()
        } else {
            corpus.len()
        };
        let mut text = corpus[random.below(choices)].clone();
        for _ in 0..=random.below(3) {
            mutate(&mut random, &mut text);
        }
        let outcome = std::panic::catch_unwind(|| compile_any(&text));
        let shown = String::from_utf8_lossy(&text);
        match outcome {
            Ok(Ok(())) => compiled += 1,
            Ok(Err(error)) => assert!(
                is_clear(&error, &text),
                "{error}\nin round {round}:\n{shown}"
            ),
            Err(_) => panic!("the compiler panicked in round {round} of seed {seed}:\n{shown}"),
        }
    }
    assert!(
        compiled > rounds / 200,
        "only {compiled} of the mutated programs compiled"
    );
}

#[test]
fn every_prefix_of_a_program_is_handled() {
    for seed in SEEDS {
        for end in 0..seed.len() {
            if let Err(error) = compile_any(&seed.as_bytes()[..end]) {
                assert!(error.position.offset as usize <= end);
            }
        }
    }
}
