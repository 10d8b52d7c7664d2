//! What a call costs, by shape and by the way it is made: `cargo bench -p benches --bench calls`.
//!
//! Four ways: C through a volatile function pointer, compiled marshalling, interpreted marshalling, and libffi where its
//! header is installed. All of them measure their own loops, in processes of their own; the Smalltalk loop's own time is
//! taken off. `--bin report` sets the same shapes beside other languages.

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, criterion_group, criterion_main};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

/// The shapes: as the C programs name them, and as the Smalltalk program does.
const SHAPES: [(&str, &str); 16] = [
    ("nop", "nop"),
    ("add", "add"),
    ("add_longs", "addLongs"),
    ("add_doubles", "addDoubles"),
    ("six_doubles", "sixDoubles"),
    ("ten_ints", "tenInts"),
    ("strlen", "strlen"),
    ("vec2", "vec2"),
    ("nine", "nine"),
    ("mixed", "mixed"),
    ("pointer", "pointer"),
    ("variadic", "variadic"),
    ("function", "function"),
    ("apply", "apply"),
    ("repeat", "repeat"),
    ("qsort", "qsort"),
];

/// A running Ripley that measures what it is asked for.
struct Server {
    process: Child,
    requests: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Server {
    fn start(library: &Path, marshalling: &str) -> Server {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("calls/calls.som");
        let mut process = Command::new(benches::ripley_of_bench())
            .args(["--marshal", marshalling])
            .args([&script, library])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("ripley starts");
        let requests = process.stdin.take().expect("a pipe");
        let answers = BufReader::new(process.stdout.take().expect("a pipe"));
        Server {
            process,
            requests,
            answers,
        }
    }

    fn measure(&mut self, shape: &str, count: u64) -> Duration {
        writeln!(self.requests, "{shape} {count}").expect("ripley listens");
        let mut line = String::new();
        self.answers.read_line(&mut line).expect("ripley answers");
        let nanoseconds: i64 = line.trim().parse().expect("nanoseconds");
        // The loop without the call may have taken longer, where little is measured.
        Duration::from_nanos(nanoseconds.max(1) as u64)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A C program that measures the case it is told.
struct Program {
    path: PathBuf,
    first: &'static [&'static str],
}

impl Program {
    /// Builds a program of the peers; nothing where it does not build.
    fn build(
        directory: &Path,
        source: &str,
        libraries: &[&str],
        first: &'static [&'static str],
    ) -> Option<Program> {
        let peers = Path::new(env!("CARGO_MANIFEST_DIR")).join("peers");
        let path = directory.join(source.replace('/', "-").replace(".c", ""));
        let output = Command::new("cc")
            .args(["-O2", "-fno-builtin", "-o"])
            .args([&path, &peers.join(source)])
            .args(libraries)
            .output()
            .ok()?;
        output.status.success().then_some(Program { path, first })
    }

    fn measure(&self, shape: &str, count: u64) -> Duration {
        let output = Command::new(&self.path)
            .args(self.first)
            .args(["1", &count.to_string(), shape])
            .output()
            .expect("the program runs");
        let printed = String::from_utf8_lossy(&output.stdout);
        let each = printed
            .split_whitespace()
            .nth(1)
            .and_then(|text| text.parse::<f64>().ok());
        Duration::from_nanos((each.unwrap_or(0.0) * count as f64).max(1.0) as u64)
    }
}

fn calls(criterion: &mut Criterion) {
    let directory = std::env::temp_dir().join(format!("ripley-calls-{}", std::process::id()));
    std::fs::create_dir_all(&directory).expect("a directory");
    let library = benches::build_calls(&directory).expect("the library");
    let c = Program::build(&directory, "c/calls.c", &[], &["volatile"]).expect("C builds");
    let libffi = Program::build(&directory, "libffi/calls.c", &["-lffi"], &[]);
    if libffi.is_none() {
        eprintln!("libffi is left out: its header is not installed, or it does not link");
    }
    let mut compiled = Server::start(&library, "compiled");
    let mut interpreted = Server::start(&library, "interpreted");
    for (shape, selector) in SHAPES {
        let mut group = criterion.benchmark_group(shape);
        group
            .sample_size(20)
            .warm_up_time(Duration::from_millis(300));
        group.measurement_time(Duration::from_secs(1));
        way(&mut group, "C", |count| c.measure(shape, count));
        way(&mut group, "compiled", |count| {
            compiled.measure(selector, count)
        });
        way(&mut group, "interpreted", |count| {
            interpreted.measure(selector, count)
        });
        if let (Some(libffi), true) = (&libffi, shape != "function") {
            way(&mut group, "libffi", |count| libffi.measure(shape, count));
        }
        group.finish();
    }
    let _ = std::fs::remove_dir_all(&directory);
}

fn way(
    group: &mut BenchmarkGroup<'_, WallTime>,
    name: &str,
    mut measure: impl FnMut(u64) -> Duration,
) {
    group.bench_function(name, |bencher| bencher.iter_custom(&mut measure));
}

criterion_group!(benches, calls);
criterion_main!(benches);
