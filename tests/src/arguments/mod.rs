//! Calls with whatever objects there are: each works, or names the argument that is wrong and what it should
//! be, alike in every mode. Nothing ends the process or does not end.

use crate::Mode;
use crate::c_compiler::{scratch_directory, shared_library};
use crate::declarations::output_in_time;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

/// A type that parameters have: its name here, its declaration with `@` for what is declared, what tells
/// whether an object `x` is taken for it, and a number that C makes of a value `x`.
struct Parameter(&'static str, &'static str, Takes, &'static str);

/// What tells whether an object is taken.
#[derive(Clone, Copy)]
enum Takes {
    /// Integers between the two.
    Integer(i128, u128),
    /// Those, and Characters.
    Character(i128, u128),
    /// What `Takes` in `objects.som` says to a message.
    Kind(&'static str),
    /// Instances of the class of a struct, union or vector.
    Struct(&'static str),
}

use Takes::{Character, Integer, Kind, Struct};

/// Every kind of parameter.
const PARAMETERS: &[Parameter] = &[
    Parameter("char", "char @", Character(-128, 127), "x"),
    Parameter("schar", "signed char @", Character(-128, 127), "x"),
    Parameter("uchar", "unsigned char @", Character(0, 255), "x"),
    Parameter("short", "short @", Integer(-0x8000, 0x7fff), "x"),
    Parameter("ushort", "unsigned short @", Integer(0, 0xffff), "x"),
    Parameter("int", "int @", Integer(-0x8000_0000, 0x7fff_ffff), "x"),
    Parameter("uint", "unsigned @", Integer(0, 0xffff_ffff), "x"),
    Parameter(
        "long",
        "long @",
        Integer(i64::MIN as i128, i64::MAX as u128),
        "x",
    ),
    Parameter(
        "ulong",
        "unsigned long @",
        Integer(0, u64::MAX as u128),
        "x",
    ),
    Parameter(
        "llong",
        "long long @",
        Integer(i64::MIN as i128, i64::MAX as u128),
        "x",
    ),
    Parameter("int8", "int8_t @", Character(-128, 127), "x"),
    Parameter("uint16", "uint16_t @", Integer(0, 0xffff), "x"),
    Parameter(
        "int64",
        "int64_t @",
        Integer(i64::MIN as i128, i64::MAX as u128),
        "x",
    ),
    Parameter("size", "size_t @", Integer(0, u64::MAX as u128), "x"),
    Parameter(
        "wchar",
        "wchar_t @",
        Integer(-0x8000_0000, 0x7fff_ffff),
        "x",
    ),
    Parameter("char16", "char16_t @", Integer(0, 0xffff), "x"),
    Parameter("char32", "char32_t @", Integer(0, 0xffff_ffff), "x"),
    Parameter(
        "int128",
        "__int128 @",
        Integer(i128::MIN, i128::MAX as u128),
        "x",
    ),
    Parameter("uint128", "unsigned __int128 @", Integer(0, u128::MAX), "x"),
    Parameter(
        "enum",
        "enum shade @",
        Integer(-0x8000_0000, 0x7fff_ffff),
        "x",
    ),
    Parameter("bool", "_Bool @", Kind("boolean:"), "x"),
    Parameter("float", "float @", Kind("real:"), "x"),
    Parameter("double", "double @", Kind("real:"), "x"),
    Parameter("extended", "long double @", Kind("real:"), "x"),
    Parameter(
        "fcomplex",
        "float _Complex @",
        Kind("complex:"),
        "__real__ x",
    ),
    Parameter(
        "dcomplex",
        "double _Complex @",
        Kind("complex:"),
        "__imag__ x",
    ),
    Parameter(
        "xcomplex",
        "long double _Complex @",
        Kind("complex:"),
        "__real__ x",
    ),
    Parameter("struct", "struct vec2 @", Struct("vec2"), "x.x + x.y"),
    Parameter("other", "struct other @", Struct("other"), "x.inner.x"),
    Parameter("union", "union either @", Struct("either"), "x.i"),
    Parameter("packed", "struct packed @", Struct("packed"), "x.i"),
    Parameter("large", "struct large @", Struct("large"), "x.many[19]"),
    Parameter("vector", "vector @", Struct("vector"), "x[3]"),
    Parameter("structp", "struct vec2 *@", Kind("pointer:"), "x != 0"),
    Parameter(
        "cstructp",
        "const struct other *@",
        Kind("pointer:"),
        "x != 0",
    ),
    Parameter("opaque", "struct opaque *@", Kind("pointer:"), "x != 0"),
    Parameter("voidp", "void *@", Kind("pointer:"), "x != 0"),
    Parameter("cvoidp", "const void *@", Kind("pointer:"), "x != 0"),
    Parameter("intp", "int *@", Kind("pointer:"), "x != 0"),
    Parameter("cdoublep", "const double *@", Kind("pointer:"), "x != 0"),
    Parameter("voidpp", "void **@", Kind("pointer:"), "x != 0"),
    Parameter("textp", "const char *const *@", Kind("pointer:"), "x != 0"),
    Parameter("bytes", "char *@", Kind("pointer:"), "x != 0"),
    Parameter("array", "int @[4]", Kind("pointer:"), "x != 0"),
    Parameter("text", "const char *@", Kind("text:"), "x != 0"),
    Parameter("wide", "const wchar_t *@", Kind("wideText:"), "x != 0"),
    Parameter("wide16", "const char16_t *@", Kind("wideText:"), "x != 0"),
    Parameter("wide32", "const char32_t *@", Kind("wideText:"), "x != 0"),
    Parameter("function", "int (*@)(int)", Kind("function:"), "x != 0"),
];

/// Types that parameters are made of.
const TYPES: &str = "
struct vec2 { double x, y; }; struct other { struct vec2 inner; int n; }; union either { double d; int i; };
struct __attribute__((packed)) packed { char c; int i; }; struct large { int many[20]; };
enum shade { DARK = -1, LIGHT }; typedef float vector __attribute__((vector_size(16))); struct opaque;
";

/// A way to hand an object to C. In the texts `@T` is the parameter's type, `@N` its name, `@E` the number that
/// C makes of `x`.
struct Way {
    name: &'static str,
    /// The function of C, where it is not that of another way.
    function: Option<(&'static str, &'static str)>,
    /// Smalltalk to begin with.
    beginning: &'static str,
    /// Smalltalk that hands over `x`.
    call: &'static str,
    /// The number of the argument, where errors tell one.
    argument: Option<usize>,
    /// Whether C stores or answers the value: it cannot be a block then, and its type not that of an array.
    is_kept: bool,
}

/// Every way.
const WAYS: &[Way] = &[
    Way {
        name: "alone",
        function: Some(("double alone_@N(@T x)", "return @E;")),
        beginning: "",
        call: "lib alone_@N: x",
        argument: Some(1),
        is_kept: false,
    },
    Way {
        name: "stacked",
        function: Some((
            "double stacked_@N(long a, long b, long c, long d, long e, long f, double g, double h, double i, \
             double j, double k, double l, double m, double n, @T x, int last)",
            "return last == 7 ? @E : -1;",
        )),
        beginning: "",
        call: "lib stacked_@N: 1 b: 2 c: 3 d: 4 e: 5 f: 6 g: 7 h: 8 i: 9 j: 10 k: 11 l: 12 m: 13 n: 14 x: x last: 7",
        argument: Some(15),
        is_kept: false,
    },
    Way {
        name: "microsoft",
        function: Some((
            "__attribute__((ms_abi)) double microsoft_@N(int a, double b, @T x, @T y)",
            "return a == 1 && b == 2.5 ? @E : -1;",
        )),
        beginning: "",
        call: "lib microsoft_@N: 1 b: 2.5 x: x y: x",
        argument: Some(3),
        is_kept: false,
    },
    Way {
        name: "pointed",
        function: None,
        beginning: "pointed_@N := CFunction at: (lib symbol: 'alone_@N') type: (lib type: 'double (*)(@T)').",
        call: "pointed_@N value: x",
        argument: Some(1),
        is_kept: false,
    },
    Way {
        name: "held",
        function: Some((
            "struct holder_@N { char c; @T x; }; double held_@N(const struct holder_@N *holder)",
            "@T x = holder->x; return @E;",
        )),
        beginning: "holder_@N := lib type: 'holder_@N'.",
        call: "lib held_@N: (holder_@N new x: x; yourself)",
        argument: Some(1),
        is_kept: true,
    },
    Way {
        name: "answered",
        function: Some((
            "double answered_@N(@T (*answer)(void))",
            "@T x = answer(); return @E;",
        )),
        beginning: "answered_@N := Callback signature: (lib type: '@T (*)(void)') block: [ answer ].",
        call: "answer := x. lib answered_@N: answered_@N",
        argument: None,
        is_kept: true,
    },
];

impl Takes {
    /// Smalltalk that tells it of `x`.
    fn text(self, way: &Way) -> String {
        match self {
            Integer(low, high) => format!("Takes integer: x from: {low} to: {high}"),
            Character(low, high) => format!("Takes character: x from: {low} to: {high}"),
            Struct(name) => format!("Takes struct: x of: (lib type: '{name}')"),
            Kind("function:") if way.is_kept => "Takes pointer: x".to_owned(),
            Kind("wideText:") if way.name == "held" => "Takes keptWideText: x".to_owned(),
            Kind(selector) => format!("Takes {selector} x"),
        }
    }
}

/// What is declared, the C file, and the script's calls.
struct Texts {
    declarations: String,
    c: String,
    calls: String,
}

impl Texts {
    fn new() -> Texts {
        let mut texts = Texts {
            declarations: TYPES.to_owned(),
            c: format!(
                "#include <stddef.h>\n#include <stdint.h>\n#include <wchar.h>\n#include <uchar.h>\n{TYPES}"
            ),
            calls: String::new(),
        };
        for parameter in PARAMETERS {
            texts.add_type(parameter);
            for way in WAYS {
                if !(way.is_kept && parameter.1.contains('[')) {
                    texts.add(parameter, way);
                }
            }
        }
        texts.add_variadic();
        texts
    }

    fn add_type(&mut self, Parameter(name, declaration, ..): &Parameter) {
        let definition = format!(
            "typedef {};\n",
            declaration.replace('@', &format!("{name}_t"))
        );
        self.declarations.push_str(&definition);
        self.c.push_str(&definition);
    }

    fn add(&mut self, &Parameter(name, _, takes, number): &Parameter, way: &Way) {
        let fill = |text: &str| {
            text.replace("@T", &format!("{name}_t"))
                .replace("@N", name)
                .replace("@E", number)
        };
        if let Some((declaration, body)) = way.function {
            let _ = writeln!(self.declarations, "{};", fill(declaration));
            let _ = writeln!(self.c, "{} {{ {} }}", fill(declaration), fill(body));
        }
        let argument = way
            .argument
            .map_or("nil".to_owned(), |index| index.to_string());
        let _ = writeln!(
            self.calls,
            "{}\ntrial call: '{}_{name}' argument: {argument} takes: [ :x | {} ] by: [ :x | {} ].",
            fill(way.beginning),
            way.name,
            takes.text(way),
            fill(way.call)
        );
    }

    /// Arguments without a type of their own: the object says what C gets.
    fn add_variadic(&mut self) {
        self.declarations
            .push_str("int variadic(int count, ...);\n");
        self.c
            .push_str("int variadic(int count, ...) { return count; }\n");
        for (name, arguments) in [
            ("last", "{ 1. x }"),
            ("twice", "{ x. 2.5. x }"),
            ("whole", "x"),
        ] {
            let _ = writeln!(
                self.calls,
                "trial call: 'variadic {name}' argument: nil takes: [ :x | nil ] \
                 by: [ :x | lib variadic: 1 args: {arguments} ]."
            );
        }
    }

    fn script(&self) -> String {
        format!(
            "lib := ExternalLibrary open: (System arguments at: 1).\nlib declare: '{}'.\n{}\n{}\n\
             (trial count printString , ' calls') println.\n",
            self.declarations,
            include_str!("objects.som"),
            self.calls
        )
    }
}

/// Which of the objects calls are tried with: every so many-th, from one on.
#[derive(Clone, Copy)]
pub struct Sample {
    /// The first of them, from 1.
    pub first: u64,
    /// From one to the next.
    pub step: u64,
}

/// The script that makes the calls, and the library that they go to.
pub struct Trial {
    script: PathBuf,
    library: PathBuf,
}

impl Trial {
    /// Writes the one and compiles the other, to files with a name that no other trial of this process has.
    ///
    /// # Errors
    /// What the C compiler says, or the system.
    pub fn new(name: &str) -> Result<Trial, String> {
        let directory = scratch_directory("arguments");
        let place =
            |extension: &str| directory.join(format!("{name}-{}.{extension}", std::process::id()));
        let [source, library, script] = ["c", "so", "som"].map(place);
        let texts = Texts::new();
        std::fs::write(&source, &texts.c).map_err(|error| error.to_string())?;
        std::fs::write(&script, texts.script()).map_err(|error| error.to_string())?;
        shared_library(&[source], &library, "-O1")?;
        Ok(Trial { script, library })
    }

    /// Runs it in each of the modes, and answers how many calls that made.
    ///
    /// # Errors
    /// A call that did neither what it should nor tell why not, or not the same as in the first mode.
    pub fn run(&self, modes: &[&Mode], sample: Sample) -> Result<usize, String> {
        let mut first: Option<Vec<String>> = None;
        let mut count = 0;
        for mode in modes {
            let lines = self
                .lines(mode, sample)
                .map_err(|error| format!("{}: {error}", mode.name))?;
            count += lines.len();
            let expected = first.get_or_insert_with(|| lines.clone());
            if let Some(difference) = difference(expected, &lines) {
                return Err(format!("{}: {difference}", mode.name));
            }
        }
        Ok(count)
    }

    fn lines(&self, mode: &Mode, sample: Sample) -> Result<Vec<String>, String> {
        let mut command = Command::new(crate::program());
        command
            .args(mode.options)
            .args([&self.script, &self.library])
            .args([sample.first.to_string(), sample.step.to_string()]);
        let printed = output_in_time(&mut command, &self.script, Duration::from_secs(600))?;
        let mut lines: Vec<String> = printed.lines().map(comparable).collect();
        let report = lines.pop().unwrap_or_default();
        if report != format!("{} calls", lines.len()) {
            return Err(format!("the last line is {report}"));
        }
        Ok(lines)
    }
}

impl Drop for Trial {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            for path in [
                &self.script,
                &self.library,
                &self.library.with_extension("c"),
            ] {
                // What is left over is overwritten some day.
                let _ = std::fs::remove_file(path);
            }
        }
    }
}

/// A line without what differs from run to run: addresses. What the block of a callback should have answered is told
/// in more words where Smalltalk code looks at it.
fn comparable(line: &str) -> String {
    let mut rest = line;
    let mut text = String::new();
    while let Some(place) = rest.find("16r") {
        text.push_str(&rest[..place]);
        text.push_str("16r?");
        rest = rest[place + 3..].trim_start_matches(|digit: char| digit.is_ascii_hexdigit());
    }
    text.push_str(rest);
    if let Some(place) = text.find("cannot be the result of ") {
        let is_wrong = text.ends_with(WRONG);
        let end = text[place..]
            .find(": ")
            .map_or(text.len(), |end| place + end);
        text.truncate(end);
        text.push_str(if is_wrong { WRONG } else { "" });
    }
    text
}

/// What the script puts behind a call that should have come to something else.
const WRONG: &str = " WRONG";

/// The first call that is wrong or not the same. Some types libffi cannot be told of.
fn difference(expected: &[String], found: &[String]) -> Option<String> {
    let is_told = |line: &String| !line.contains("libffi has no description");
    for (expected, found) in expected
        .iter()
        .zip(found)
        .filter(|(_, found)| is_told(found))
    {
        if found.ends_with(WRONG) {
            return Some(found.clone());
        }
        if found != expected {
            return Some(format!("{found}, but before: {expected}"));
        }
    }
    (expected.len() != found.len())
        .then(|| format!("{} calls, not {}", found.len(), expected.len()))
}
