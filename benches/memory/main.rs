//! Programs that live by allocation, in Smalltalk, Lua and JavaScript, in one table:
//! `cargo run --release -p benches --bin memory [PROGRAM…]`.
//!
//! Each program is a file of its own in each language, written alike, and prints checksums that
//! must agree. The time is the processor's for the whole process and all its threads, start
//! included: the least of three runs. Peers that are not installed have no column entry.

use benches::{ripley, time_of_children};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

const RUNS: usize = 3;
const PROGRAMS: &[&str] = &["binary_trees", "gcbench", "storage", "lists"];

/// Something that runs programs.
struct Runner {
    title: &'static str,
    program: PathBuf,
    options: &'static [&'static str],
    extension: &'static str,
}

impl Runner {
    fn peer(program: &'static str, extension: &'static str) -> Runner {
        Runner {
            title: program,
            program: program.into(),
            options: &[],
            extension,
        }
    }

    /// Runs a program: what it prints, and how long it takes; nothing where this is not installed.
    fn run(&self, program: &str) -> Option<(String, Duration)> {
        let file = directory().join(format!("{program}.{}", self.extension));
        let before = time_of_children();
        let output = Command::new(&self.program)
            .args(self.options)
            .arg(&file)
            .output()
            .ok()?;
        let time = time_of_children() - before;
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.success(),
            "{} failed on {program}: {errors}",
            self.title
        );
        Some((String::from_utf8_lossy(&output.stdout).into_owned(), time))
    }
}

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("memory")
}

fn runners() -> Vec<Runner> {
    let ripley = ripley();
    let smalltalk = |title, options| Runner {
        title,
        program: ripley.clone(),
        options,
        extension: "som",
    };
    vec![
        smalltalk("ripley", &[]),
        smalltalk("interpreted", &["--no-jit"]),
        Runner::peer("luajit", "lua"),
        Runner::peer("lua5.4", "lua"),
        Runner::peer("node", "js"),
    ]
}

fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    let runners = runners();
    print!("{:<14}", "milliseconds");
    runners.iter().for_each(|each| print!("{:>13}", each.title));
    println!();
    for &program in PROGRAMS {
        if !wanted.is_empty() && !wanted.iter().any(|name| name == program) {
            continue;
        }
        print!("{program:<14}");
        let mut expected = None;
        for runner in &runners {
            let runs: Vec<_> = (0..RUNS).filter_map(|_| runner.run(program)).collect();
            let Some(least) = runs.iter().map(|run| run.1).min() else {
                print!("{:>13}", "-");
                continue;
            };
            let printed = &runs[0].0;
            let expected = expected.get_or_insert_with(|| printed.clone());
            assert_eq!(printed, expected, "{} on {program}", runner.title);
            print!("{:>13}", least.as_millis());
        }
        println!();
    }
}
