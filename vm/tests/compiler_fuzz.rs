//! Mutated programs never make the compiler panic, and what it compiles keeps the rules.

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

/// Marsaglia's xorshift: the same numbers in every run.
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

#[test]
fn mutations_do_not_panic() {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let mut compiled = 0;
    for round in 0..20_000 {
        let mut text = SEEDS[round % SEEDS.len()].as_bytes().to_vec();
        mutate(&mut random, &mut text);
        match compile_any(&text) {
            Ok(()) => compiled += 1,
            Err(error) => assert!(error.to_string().contains("expected"), "{error}"),
        }
    }
    assert!(
        compiled > 100,
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
