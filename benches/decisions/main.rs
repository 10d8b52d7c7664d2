//! The experiments behind the founding decision records in `docs/adr`.
//!
//! `cargo run --release -p benches --bin decisions [NAME…]` runs all of them, or those named, and
//! prints one Markdown table each, as it stands in the records. Every variant is machine code made
//! by hand with dynasm, so that a figure belongs to an instruction sequence and not to a compiler.
//! Every variant is first run a few times and its result compared with the one expected.

mod caches;
mod callouts;
mod code_space;
mod crossing;
mod floats;
mod frames;
mod machine;
mod rtl;
mod table;
mod updates;
mod word;

use std::process::ExitCode;

/// The experiments in the order of the records: name on the command line, and what runs it.
const EXPERIMENTS: [(&str, fn()); 5] = [
    ("word", || {
        word::integers();
        floats::floats();
        word::class_checks();
    }),
    ("stack", || {
        frames::frames();
        callouts::callouts();
        crossing::crossings();
    }),
    ("caches", || {
        caches::monomorphic();
        caches::polymorphic();
        updates::updates();
    }),
    ("rtl", rtl::marshalling),
    ("code-space", code_space::installs),
];

fn main() -> ExitCode {
    if !cfg!(all(target_arch = "x86_64", target_os = "linux")) {
        eprintln!("decisions: the experiments are written for x86-64 Linux");
        return ExitCode::from(2);
    }
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    for name in &wanted {
        if !EXPERIMENTS.iter().any(|(known, _)| known == name) {
            let names: Vec<&str> = EXPERIMENTS.iter().map(|(known, _)| *known).collect();
            eprintln!(
                "decisions: no experiment '{name}', expected one of {}",
                names.join(", ")
            );
            return ExitCode::from(2);
        }
    }
    machine::pin_to_core(0);
    println!("CPU: {}", machine::cpu_model());
    for (name, run) in EXPERIMENTS {
        if wanted.is_empty() || wanted.iter().any(|asked| asked == name) {
            run();
        }
    }
    ExitCode::SUCCESS
}
