//! Calls of C functions by shape: Ripley, C, libffi, and the peers that are installed.

use crate::matrix::{Column, Matrix};
use crate::progress::Progress;
use crate::runner::{Plan, is_installed, run, usage_of};
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
    ("function", "`add` by a function pointer"),
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
    Peer {
        title: "Java FFM",
        program: "javac",
        build: &["javac", "-d", "{out}", "java/Calls.java"],
        command: &[
            "java",
            "--enable-native-access=ALL-UNNAMED",
            "-cp",
            "{out}",
            "Calls",
        ],
        slower: 1,
    },
    peer("Bun", "bun", &["bun", "bun/calls.js"], 1),
    peer(
        "Deno",
        "deno",
        &["deno", "run", "--allow-ffi", "deno/calls.js"],
        4,
    ),
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
        self.fill_counts(words, peer, self.plan.inner_rounds, self.iterations(peer))
    }

    fn fill_counts(
        &self,
        words: &[&str],
        peer: &Peer,
        rounds: usize,
        iterations: usize,
    ) -> Vec<String> {
        let out = self.plan.directory.join(peer.title.replace(' ', "-"));
        words
            .iter()
            .map(|word| {
                word.replace("{ripley}", &self.ripley.display().to_string())
                    .replace("{library}", &self.library.display().to_string())
                    .replace("{out}", &out.display().to_string())
                    .replace("{rounds}", &rounds.to_string())
                    .replace("{iterations}", &iterations.to_string())
            })
            .collect()
    }

    fn iterations(&self, peer: &Peer) -> usize {
        (self.plan.iterations / peer.slower).max(100)
    }

    /// The words that run a peer with so many rounds and calls in a loop.
    fn command(&self, peer: &Peer, rounds: usize, iterations: usize) -> Vec<String> {
        let mut words = peer.command.to_vec();
        if !words.contains(&"{rounds}") {
            words.extend(SELF_MEASURED);
        }
        self.fill_counts(&words, peer, rounds, iterations)
    }

    /// Runs a peer for no more than two calls of each shape: what the process takes goes to its column.
    fn sample_first(&self, peer: &Peer, column: &mut Column) -> Result<(), String> {
        let words = self.command(peer, 1, 2);
        let (usage, _) = usage_of(self.plan.command(&words).current_dir(peers_directory()))?;
        column.add("time", usage.whole.as_secs_f64() * 1e3);
        column.add("memory", usage.resident as f64 / 1024.0);
        Ok(())
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
        let words = self.command(peer, self.plan.inner_rounds, self.iterations(peer));
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

/// The peers that are ready to be measured, and those that are not.
pub(crate) struct Field<'a> {
    places: Places<'a>,
    ready: Vec<&'static Peer>,
    missing: Vec<(String, String)>,
}

impl<'a> Field<'a> {
    /// Makes the peers of those titles ready, or all where there are none. The error is of the C compiler, which
    /// everything takes.
    pub(crate) fn prepare(
        plan: &'a Plan,
        ripley: &'a Path,
        peers: &[String],
        progress: &Progress,
    ) -> Result<Field<'a>, String> {
        let library = benches::build_calls(&plan.directory)?;
        let mut field = Field {
            places: Places {
                ripley,
                library,
                plan,
            },
            ready: Vec::new(),
            missing: Vec::new(),
        };
        let wanted = |peer: &&Peer| {
            let is_own = ["C", "Ripley"].contains(&peer.title);
            is_own || peers.is_empty() || peers.iter().any(|name| name == peer.title)
        };
        for peer in PEERS.iter().filter(wanted) {
            progress.tell(&format!("making {} ready", peer.title));
            match field.places.build(peer) {
                Ok(()) => field.ready.push(peer),
                Err(reason) => field.missing.push((peer.title.to_owned(), reason)),
            }
        }
        Ok(field)
    }

    /// The matrix of calls.
    pub(crate) fn calls(&mut self, progress: &Progress) -> Matrix {
        let plan = self.places.plan;
        let columns = self.rounds(plan.rounds, "calls", progress, Places::sample);
        let cases = SHAPES.iter().filter(|(shape, _)| plan.wants(shape));
        Matrix {
            key: "calls",
            title: "Calls",
            unit: "Nanoseconds a call, the loop's own time taken off (medians)",
            cases: cases
                .map(|&(shape, title)| (shape.into(), title.into()))
                .collect(),
            columns,
            base: "C",
            missing: self.missing.clone(),
            takes_least: false,
        }
    }

    /// What comes before the first call: the same programs, each call made once or twice.
    pub(crate) fn first(&mut self, progress: &Progress) -> Matrix {
        let rounds = self.places.plan.rounds * 3;
        let columns = self.rounds(rounds, "first calls", progress, Places::sample_first);
        let cases = [
            ("time", "start to end, ms"),
            ("memory", "resident memory, MiB"),
        ];
        Matrix {
            key: "first",
            title: "First calls",
            unit: "A process that starts, declares all functions above, and calls each of them twice (medians)",
            cases: cases
                .map(|(key, title)| (key.into(), title.into()))
                .to_vec(),
            columns,
            base: "C",
            missing: self.missing.clone(),
            takes_least: false,
        }
    }

    /// Samples every peer in turn, round by round. One that fails is missing from then on.
    fn rounds(
        &mut self,
        rounds: usize,
        what: &str,
        progress: &Progress,
        sample: impl Fn(&Places<'a>, &Peer, &mut Column) -> Result<(), String>,
    ) -> Vec<Column> {
        let mut running: Vec<(&Peer, Column)> = self
            .ready
            .iter()
            .map(|&peer| (peer, Column::new(peer.title)))
            .collect();
        progress.begin(rounds * running.len());
        for _ in 0..rounds {
            running.retain_mut(|(peer, column)| {
                progress.step(&format!("{what}: {}", peer.title));
                let result = sample(&self.places, peer, column);
                if let Err(reason) = &result {
                    self.missing.push((peer.title.to_owned(), reason.clone()));
                    self.ready.retain(|each| each.title != peer.title);
                }
                result.is_ok()
            });
        }
        running.into_iter().map(|(_, column)| column).collect()
    }
}
