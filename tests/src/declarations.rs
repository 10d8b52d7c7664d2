//! Mutated C declarations: whatever the text, `declare:` succeeds or tells a CDeclarationError.

use crate::c_compiler::scratch_directory;
use crate::signatures::random::Random;
use std::fmt::Write as _;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Declarations as headers have them: what mutations start from.
const SEEDS: &[&str] = &[
    "int printf(const char *restrict format, ...);",
    "void *memcpy(void *restrict dest, const void *restrict src, size_t n);",
    "void (*signal(int number, void (*handler)(int)))(int);",
    "void qsort(void *base, size_t count, size_t size, int (*compare)(const void *, const void *));",
    "typedef struct node { struct node *next; union { int i; double d; }; char name[16]; } node;",
    "struct bits { unsigned a : 3; int : 0; signed b : 5; _Bool c : 1; } __attribute__((packed));",
    "enum color { RED, GREEN = 1 << 4, BLUE = GREEN | 0x0f, LAST = -1 };",
    "extern const char *const names[4]; extern volatile unsigned long long ticks;",
    "#define LIMIT (1024 * 4u)\n#define MASK ~0x0fUL\n#define NAME \"text\"\n",
    "typedef double vec4 __attribute__((vector_size(32))); vec4 scale(vec4 v, double by);",
    "__attribute__((ms_abi)) long long f(int, double, struct { int x; double y; } s);",
    "_Static_assert(sizeof(int) == 4, \"int\"); int table[sizeof(long) * 2][3];",
    "struct flexible { int count; double values[]; }; struct flexible *make(int);",
    "float _Complex csqrtf(float _Complex z); long double fabsl(long double x);",
    "typedef int (*(*table_of(int))[3])(char c, short s); // functions\n/* all */ int last(void);",
    "int open(const char *path, int flags, ...) __asm__(\"open64\"); unsigned __int128 wide(void);",
];

/// What mutations insert.
const TOKENS: &[&str] = &[
    "int",
    "char",
    "*",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ",",
    ";",
    "...",
    "const",
    "struct",
    "union",
    "enum",
    "unsigned",
    "long",
    "=",
    "1",
    "0x",
    "'",
    "\"",
    "/*",
    "*/",
    "//",
    "\n",
    "#define",
    "sizeof",
    "-",
    "~",
    "__attribute__((",
    "))",
    "typedef",
    "extern",
    "double",
    ":",
    "3.5e",
    "1e999",
    "99999999999999999999",
    "<<",
    "/",
    "%",
    "0",
    "_Bool",
    "void",
    "x",
    "\\",
    "é",
    "@",
    "#",
    "?",
    "_Alignas(",
    "\t",
    "static",
    "int128",
    "'\\",
    "u8\"",
    "packed",
    "aligned(3)",
    "vector_size(0)",
    "mode(XX)",
    "1 << 70",
    "[-1]",
];

/// A mutated declaration.
pub fn mutate(random: &mut Random) -> String {
    let mut text: Vec<char> = random.pick(SEEDS).chars().collect();
    for _ in 0..=random.below(4) {
        let length = text.len();
        let at = random.below(length + 1);
        let end = (at + 1 + random.below(8)).min(length);
        match random.below(8) {
            0 => drop(text.drain(at.min(end)..end)),
            1 | 2 => drop(text.splice(at..at, random.pick(TOKENS).chars())),
            3 => text.truncate(at),
            4 => {
                let part: Vec<char> = text[at.min(end)..end].to_vec();
                let times = 1 + random.below(3);
                for _ in 0..times {
                    text.splice(at..at, part.iter().copied());
                }
            }
            5 => drop(text.splice(at.min(end)..end, random.pick(TOKENS).chars())),
            6 => {
                let other: Vec<char> = random.pick(SEEDS).chars().collect();
                let from = random.below(other.len());
                text.splice(at..at, other[from..].iter().copied());
            }
            _ => {
                // Nesting, as deep as no header has it.
                let nested =
                    *random.pick(&["(", "*", "[", "{", "struct {", "sizeof ", "- ", "int (*"]);
                let many = 1 << random.below(9);
                text.splice(at..at, nested.repeat(many).chars());
            }
        }
    }
    text.into_iter()
        .filter(|&character| character != '\0')
        .collect()
}

/// Runs `count` mutations in a process of its own, which must end in time. The error has the
/// declarations that led to something else than success or a CDeclarationError.
pub fn run(seed: u64, index: u64, count: usize) -> Result<(), String> {
    let mut random = Random::part(seed, index);
    let texts: Vec<String> = (0..count).map(|_| mutate(&mut random)).collect();
    let directory = scratch_directory("declarations");
    let script = directory.join(format!("{seed}-{index}-{}.som", std::process::id()));
    std::fs::write(&script, script_of(&texts)).map_err(|error| error.to_string())?;
    let mut command = Command::new(crate::program());
    let printed = output_in_time(command.arg(&script), &script, Duration::from_secs(300))?;
    if printed == format!("{count} declarations\n") {
        return std::fs::remove_file(&script).map_err(|error| error.to_string());
    }
    Err(format!("{}:\n{printed}", script.display()))
}

fn script_of(texts: &[String]) -> String {
    let mut script = String::from(
        "count := 0.\n\
         check := [ :text |\n\
             count := count + 1.\n\
             [ [ (ExternalLibrary on: SharedLibrary process) declare: text ]\n\
                 on: CDeclarationError\n\
                 do: [ :error | (error line > 0 and: [ error column > 0 ]) ifFalse: [ (text + ': no place') println ] ] ]\n\
                 on: Error\n\
                 do: [ :error | (text + ' -> ' + error class name + ': ' + error messageText) println ] ].\n",
    );
    for text in texts {
        let quoted: String = text
            .chars()
            .map(|character| match character {
                '\'' => "\\'".to_owned(),
                '\\' => "\\\\".to_owned(),
                other => other.to_string(),
            })
            .collect();
        let _ = writeln!(script, "check value: '{quoted}'.");
    }
    script.push_str("(count printString + ' declarations') println\n");
    script
}

/// What a command that runs a script prints. Running longer than `limit`, or ending by a signal, is an error.
pub(crate) fn output_in_time(
    command: &mut Command,
    script: &std::path::Path,
    limit: Duration,
) -> Result<String, String> {
    let output_path = script.with_extension("out");
    let output = std::fs::File::create(&output_path).map_err(|error| error.to_string())?;
    let mut child = command
        .stdout(output)
        .stderr(Stdio::inherit())
        .spawn()
        .map_err(|error| error.to_string())?;
    let started = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().map_err(|error| error.to_string())? {
            break status;
        }
        if started.elapsed() > limit {
            let _ = child.kill();
            let _ = child.wait();
            return Err(format!("{} does not end", script.display()));
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    let printed = std::fs::read(&output_path).map_err(|error| error.to_string())?;
    let printed = String::from_utf8_lossy(&printed).into_owned();
    if !status.success() {
        return Err(format!("{}: {status}\n{printed}", script.display()));
    }
    std::fs::remove_file(&output_path).map_err(|error| error.to_string())?;
    Ok(printed)
}
