//! Calls of C functions by shape: Ripley, C, libffi, and the peers that are installed.

use crate::matrix::{Column, Matrix};
use crate::progress::Progress;
use crate::runner::{Plan, is_installed, run};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Shapes of calls: as the programs name them, and what they are.
const SHAPES: [(&str, &str); 16] = [
    ("nop", "`void nop(void)`"),
    ("add", "`int add(int, int)`"),
    ("add_longs", "`long add(long, long)`"),
    ("add_doubles", "`double add(double, double)`"),
    ("six_doubles", "6 doubles"),
    ("ten_ints", "10 ints"),
    ("strlen", "`strlen` of a String"),
    ("pointer", "pointer to a struct"),
    ("vec2", "{double, double} twice in, one out"),
    ("nine", "9 doubles in a struct, in and out"),
    ("mixed", "{long, double} in and out"),
    ("variadic", "variadic, 3 ints"),
    ("function", "`int add(int, int)` by a function pointer"),
    ("apply", "a call that makes one callback"),
    ("repeat", "each of many callbacks"),
    ("qsort", "`qsort`, for each number"),
];

/// What makes calls, and how it is started: `{library}`, `{rounds}` and `{iterations}` are filled in.
pub(crate) struct Peer {
    pub(crate) title: &'static str,
    /// The program that must be there.
    pub(crate) program: &'static str,
    /// What makes the program ready, in its own directory; none for most. `{out}` is where to put it.
    pub(crate) build: &'static [&'static str],
    pub(crate) command: &'static [&'static str],
    /// Loops this many times shorter than the plan's: of what is slow.
    pub(crate) slower: usize,
}

const SELF_MEASURED: &[&str] = &["{library}", "{rounds}", "{iterations}"];

/// Every peer of the report. `{here}` is the peer's directory.
pub(crate) const PEERS: &[Peer] = &[
    Peer {
        title: "C",
        program: "cc",
        build: &["cc", "-O2", "-fno-builtin", "-o", "{out}", "c/calls.c"],
        command: &["{out}", "volatile", "{rounds}", "{iterations}"],
        slower: 1,
    },
    Peer {
        title: "floor",
        program: "cc",
        build: &["cc", "-O2", "-fno-builtin", "-o", "{out}", "c/calls.c"],
        command: &["{out}", "register", "{rounds}", "{iterations}"],
        slower: 1,
    },
    Peer {
        title: "Ripley",
        program: "{ripley}",
        build: &[],
        command: &["{ripley}", "../calls/calls.som"],
        slower: 1,
    },
    Peer {
        title: "interpreted",
        program: "{ripley}",
        build: &[],
        command: &["{ripley}", "--marshal=interpreted", "../calls/calls.som"],
        slower: 20,
    },
    Peer {
        title: "libffi",
        program: "cc",
        build: &[
            "cc",
            "-O2",
            "-fno-builtin",
            "-o",
            "{out}",
            "libffi/calls.c",
            "-lffi",
        ],
        command: &["{out}", "{rounds}", "{iterations}"],
        slower: 1,
    },
    peer("LuaJIT", "luajit", &["luajit", "luajit/calls.lua"], 1),
    Peer {
        title: "OCaml",
        program: "ocamlopt",
        build: &[
            "ocamlopt",
            "-I",
            "+unix",
            "unix.cmxa",
            "{copy}ocaml/calls.ml",
            "-o",
            "{out}",
            "-cclib",
            "{library}",
        ],
        command: &["{out}"],
        slower: 1,
    },
    peer("SBCL", "sbcl", &["sbcl", "--script", "sbcl/calls.lisp"], 1),
    peer(
        "Chez",
        "chezscheme",
        &["chezscheme", "--script", "chez/calls.ss"],
        1,
    ),
    Peer {
        title: "Go",
        program: "go",
        build: &[
            "env",
            "GO111MODULE=off",
            "CGO_LDFLAGS={library}",
            "go",
            "build",
            "-o",
            "{out}",
            "go/calls.go",
        ],
        command: &["{out}"],
        slower: 4,
    },
    peer("PyPy cffi", "pypy3", &["pypy3", "cffi/calls.py"], 4),
    peer("Node koffi", "node", &["node", "koffi/calls.js"], 10),
    peer("Racket", "racket", &["racket", "racket/calls.rkt"], 10),
    peer("Ruby ffi", "ruby", &["ruby", "ruby/calls.rb"], 10),
    peer("Guile", "guile", &["guile", "guile/calls.scm"], 10),
    peer("CPython cffi", "python3", &["python3", "cffi/calls.py"], 10),
    peer(
        "CPython ctypes",
        "python3",
        &["python3", "ctypes/calls.py"],
        20,
    ),
];

const fn peer(
    title: &'static str,
    program: &'static str,
    command: &'static [&'static str],
    slower: usize,
) -> Peer {
    Peer {
        title,
        program,
        build: &[],
        command,
        slower,
    }
}

/// Where things are, for the commands.
struct Places<'a> {
    ripley: &'a Path,
    library: PathBuf,
    plan: &'a Plan,
}

impl Places<'_> {
    fn fill(&self, words: &[&str], peer: &Peer) -> Vec<String> {
        let out = self.plan.directory.join(peer.title.replace(' ', "-"));
        words
            .iter()
            .map(|word| {
                word.replace("{ripley}", &self.ripley.display().to_string())
                    .replace("{library}", &self.library.display().to_string())
                    .replace("{out}", &out.display().to_string())
                    .replace("{rounds}", &self.plan.inner_rounds.to_string())
                    .replace("{iterations}", &self.iterations(peer).to_string())
            })
            .collect()
    }

    fn iterations(&self, peer: &Peer) -> usize {
        (self.plan.iterations / peer.slower).max(100)
    }

    /// Makes a peer ready.
    fn build(&self, peer: &Peer) -> Result<(), String> {
        let program = self.fill(&[peer.program], peer).remove(0);
        if !is_installed(&program) {
            return Err(format!("{program} is not installed"));
        }
        let mut words = self.fill(peer.build, peer);
        if words.is_empty() {
            return Ok(());
        }
        for word in &mut words {
            if let Some(source) = word.strip_prefix("{copy}") {
                // The compiler leaves files beside its source.
                let copy = self.plan.directory.join("calls.ml");
                std::fs::copy(peers_directory().join(source), &copy)
                    .map_err(|error| error.to_string())?;
                *word = copy.display().to_string();
            }
        }
        let mut command = Command::new(&words[0]);
        command.args(&words[1..]).current_dir(peers_directory());
        run(&mut command)
            .map(drop)
            .map_err(|error| format!("it does not build: {error}"))
    }

    /// Runs a peer once; the samples go to its column.
    fn sample(&self, peer: &Peer, column: &mut Column) -> Result<(), String> {
        let mut words = self.fill(peer.command, peer);
        if !peer.command.contains(&"{rounds}") {
            words.extend(self.fill(SELF_MEASURED, peer));
        }
        let output = run(self.plan.command(&words).current_dir(peers_directory()))?;
        let printed = String::from_utf8_lossy(&output.stdout);
        // The first round of a program warms it up.
        let lines: Vec<&str> = printed.lines().collect();
        let first = lines.len() / self.plan.inner_rounds.max(1);
        for line in &lines[first..] {
            let mut fields = line.split_whitespace();
            let (Some(shape), Some(with), Some(without)) =
                (fields.next(), fields.next(), fields.next())
            else {
                return Err(format!("prints no sample: {line}"));
            };
            let number = |text: &str| {
                text.parse::<f64>()
                    .map_err(|_| format!("prints no sample: {line}"))
            };
            column.add(shape, number(with)? - number(without)?);
        }
        Ok(())
    }
}

fn peers_directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("peers")
}

/// The matrix of calls.
pub(crate) fn measure(
    plan: &Plan,
    ripley: &Path,
    peers: &[String],
    progress: &Progress,
) -> Result<Matrix, String> {
    let library = benches::build_calls(&plan.directory)?;
    let places = Places {
        ripley,
        library,
        plan,
    };
    let wanted = |peer: &&Peer| {
        let is_own = ["C", "Ripley"].contains(&peer.title);
        is_own || peers.is_empty() || peers.iter().any(|name| name == peer.title)
    };
    let mut missing = Vec::new();
    let mut ready: Vec<(&Peer, Column)> = Vec::new();
    for peer in PEERS.iter().filter(wanted) {
        progress.tell(&format!("making {} ready", peer.title));
        match places.build(peer) {
            Ok(()) => ready.push((peer, Column::new(peer.title))),
            Err(reason) => missing.push((peer.title.to_owned(), reason)),
        }
    }
    progress.begin(plan.rounds * ready.len());
    for _ in 0..plan.rounds {
        ready.retain_mut(|(peer, column)| {
            progress.step(&format!("calls: {}", peer.title));
            match places.sample(peer, column) {
                Ok(()) => true,
                Err(reason) => {
                    missing.push((peer.title.to_owned(), reason));
                    false
                }
            }
        });
    }
    let cases = SHAPES.iter().filter(|(shape, _)| plan.wants(shape));
    Ok(Matrix {
        key: "calls",
        title: "Calls",
        unit: "Nanoseconds a call, the loop's own time taken off (medians)",
        cases: cases
            .map(|&(shape, title)| (shape.into(), title.into()))
            .collect(),
        columns: ready.into_iter().map(|(_, column)| column).collect(),
        base: "C",
        missing,
        takes_least: false,
    })
}
