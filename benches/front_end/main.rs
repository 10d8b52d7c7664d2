//! How fast sources become bytecodes, and how soon the program begins:
//! `cargo run --release -p benches --bin front_end`.
//!
//! Compiling is measured on one thread over the kernel's own sources and the programs of the tests, by processor
//! time, so that other work of the machine does not count. Starting is the whole life of a process that has nothing
//! to do, in turn with peers and with a process that does nothing at all.
#![expect(unsafe_code, reason = "asks the system for processor time")]

mod clock;

use benches::ripley;
use clock::{Life, life_of, processor_time};
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::process::Command;
use vm::compiler::{
    Arena, Source, compile_class, compile_statements, lexer, parse_class, parse_script,
};

const COMPILING_ROUNDS: usize = 21;
const STARTING_ROUNDS: usize = 201;

fn main() {
    compiling();
    starting();
}

/// The class files below a directory of the workspace.
fn sources(directory: &str) -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("..")
        .join(directory);
    let files = image::bootstrap::source_files(&root).expect("the sources");
    files
        .iter()
        .map(|path| {
            let text = std::fs::read(path).expect("a source");
            Source::new(path.display().to_string(), text).expect("UTF-8")
        })
        .collect()
}

/// One step of the way from text to bytecodes, over a source.
type Step = fn(&Source);

fn scan(source: &Source) {
    let mut lexer = lexer::Lexer::new(source);
    while lexer
        .read()
        .is_ok_and(|token| token.kind != lexer::TokenKind::End)
    {}
}

fn parse(source: &Source) {
    black_box(parse_class(&Arena::new(), source).expect("a class"));
}

/// Fields that the superclass has are not known here; names of them become globals, which costs
/// the same.
fn compile(source: &Source) {
    let arena = Arena::new();
    let class = parse_class(&arena, source).expect("a class");
    black_box(compile_class(source, &class, &[], &[]).ok());
}

fn compile_statements_of(source: &Source) {
    use vm::compiler::ast::ScriptItem;
    let arena = Arena::new();
    for item in parse_script(&arena, source).expect("a script") {
        if let ScriptItem::Statements(statements) = item {
            black_box(compile_statements(source, statements).expect("statements"));
        }
    }
}

fn compiling() {
    println!("megabytes a second   median    least     most");
    let mut classes = sources("image/kernel");
    classes.retain(|source| {
        let arena = Arena::new();
        parse_class(&arena, source)
            .is_ok_and(|class| compile_class(source, &class, &[], &[]).is_ok())
    });
    rate("tokens", &classes, scan);
    rate("syntax trees", &classes, parse);
    rate("bytecodes", &classes, compile);
    let statements =
        "x := 3 + (y foo: 4 bar: [ :each | each abs ]). #(1 2 'three') do: [ :i | z := i ].\n";
    let script = Source::new("script", statements.repeat(5000)).expect("UTF-8");
    rate("… of a script", &[script], compile_statements_of);
}

fn rate(title: &str, sources: &[Source], step: Step) {
    let bytes: usize = sources.iter().map(|source| source.text().len()).sum();
    let mut rates: Vec<f64> = (0..COMPILING_ROUNDS)
        .map(|_| {
            let begun = processor_time();
            sources.iter().for_each(step);
            bytes as f64 / (processor_time() - begun).as_secs_f64() / 1e6
        })
        .collect();
    rates.sort_by(f64::total_cmp);
    println!(
        "{title:<18} {:>8.1} {:>8.1} {:>8.1}   of {:.2} MB",
        rates[rates.len() / 2],
        rates[0],
        rates[rates.len() - 1],
        bytes as f64 / 1e6
    );
}

fn starting() {
    let ripley = ripley();
    let programs: Vec<(&str, PathBuf, &[&str])> = vec![
        ("true", "true".into(), &[]),
        ("ripley -e nil", ripley.clone(), &["-e", "nil"]),
        ("… --no-jit", ripley, &["--no-jit", "-e", "nil"]),
        ("luajit -e ''", "luajit".into(), &["-e", ""]),
        ("lua5.4 -e ''", "lua5.4".into(), &["-e", ""]),
        ("python3 -c ''", "python3".into(), &["-c", ""]),
    ];
    let mut lives: Vec<Vec<Life>> = vec![Vec::new(); programs.len()];
    for _ in 0..STARTING_ROUNDS {
        for (program, lives) in programs.iter().zip(&mut lives) {
            lives.extend(life_of(Command::new(&program.1).args(program.2)));
        }
    }
    println!("\nmilliseconds         median    least   median of processor time   least");
    for (program, lives) in programs.iter().zip(&lives) {
        if lives.is_empty() {
            println!("{:<18} not installed", program.0);
            continue;
        }
        let sorted = |part: fn(&Life) -> f64| {
            let mut all: Vec<f64> = lives.iter().map(part).collect();
            all.sort_by(f64::total_cmp);
            all
        };
        let (whole, spent) = (sorted(|life| life.whole), sorted(|life| life.processor));
        let half = lives.len() / 2;
        println!(
            "{:<18} {:>8.2} {:>8.2} {:>26.2} {:>7.2}",
            program.0, whole[half], whole[0], spent[half], spent[0]
        );
    }
}
