//! The command line.

use clap::error::ErrorKind;
use clap::{CommandFactory, Parser, ValueEnum};
use std::ffi::OsString;
use std::path::PathBuf;
use vm::foreign::Marshalling;

/// Ripley: a Smalltalk in which a foreign call is a method.
#[derive(Parser, Clone, Debug)]
#[command(name = "ripley", version, about, disable_help_subcommand = true)]
#[command(after_help = "\
Without FILE, -e or -cp, ripley reads from the terminal (the REPL) or runs standard input.
Exit status: that of `System exit:`; 0 at the end; 1 after an uncaught error; 2 for a bad command line.")]
pub struct CommandLine {
    /// Evaluate an expression and print the result
    #[arg(short = 'e', value_name = "EXPR", conflicts_with = "class_path")]
    pub expression: Option<String>,

    /// Load CLASS from these directories, as SOM does, and send it `run` or `run:`
    #[arg(long = "class-path", visible_alias = "cp", value_name = "DIR[:DIR…]")]
    pub class_path: Option<String>,

    /// Start from this snapshot instead of the built-in image
    #[arg(long, value_name = "FILE")]
    pub image: Option<PathBuf>,

    /// Save a snapshot at the end
    #[arg(long, value_name = "FILE")]
    pub save: Option<PathBuf>,

    /// Interpret bytecodes only; marshalling stays as `--marshal` says
    #[arg(long)]
    pub no_jit: bool,

    /// Compile a method after this many activations
    #[arg(long, value_name = "N", default_value_t = 1000)]
    pub jit_threshold: u32,

    /// How external-call methods are executed
    #[arg(long, value_enum, default_value_t = MarshalChoice::Compiled)]
    pub marshal: MarshalChoice,

    /// Collect garbage at every allocation
    #[arg(long)]
    pub gc_stress: bool,

    /// Check the whole heap before and after each collection
    #[arg(long)]
    pub verify_heap: bool,

    /// Let the heap grow to this size: a number with K, M or G
    #[arg(long, value_name = "SIZE", value_parser = parse_size)]
    pub max_heap: Option<usize>,

    /// Let the stack grow to this size: a number with K, M or G
    #[arg(long, value_name = "SIZE", value_parser = parse_size)]
    pub max_stack: Option<usize>,

    /// Let machine code take this much memory: a number with K, M or G
    #[arg(long, value_name = "SIZE", value_parser = parse_size)]
    pub max_code: Option<usize>,

    /// Print statistics at the end, on standard error
    #[arg(long)]
    pub stats: bool,

    /// Show what happens inside, on standard error
    #[arg(long, value_enum, value_delimiter = ',', value_name = "WHAT,…")]
    pub trace: Vec<TraceChoice>,

    /// Write /tmp/perf-PID.map for perf
    #[arg(long)]
    pub perf_map: bool,

    /// The script or the class, and its arguments
    #[arg(
        value_name = "FILE [ARG…]",
        trailing_var_arg = true,
        allow_hyphen_values = true
    )]
    pub operands: Vec<String>,
}

/// A value of `--marshal`.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum MarshalChoice {
    /// Machine code of the method's own
    Compiled,
    /// The same RTL, interpreted
    Interpreted,
    /// libffi
    Libffi,
}

impl From<MarshalChoice> for Marshalling {
    fn from(choice: MarshalChoice) -> Marshalling {
        match choice {
            MarshalChoice::Compiled => Marshalling::Compiled,
            MarshalChoice::Interpreted => Marshalling::Interpreted,
            MarshalChoice::Libffi => Marshalling::Libffi,
        }
    }
}

/// A value of `--trace`.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum TraceChoice {
    /// Every bytecode executed
    Bytecode,
    /// The RTL of every method compiled
    Rtl,
    /// RTL and machine code side by side
    Asm,
    /// Every collection
    Gc,
    /// Libraries opened and symbols resolved
    Ffi,
}

impl CommandLine {
    /// Reads the command line. SOM's `-cp`, two letters behind one dash, is taken as `--cp`.
    ///
    /// # Errors
    /// clap's message, which also serves `--help` and `--version`.
    pub fn read(arguments: impl IntoIterator<Item = OsString>) -> Result<CommandLine, clap::Error> {
        let spelled = |each: OsString| {
            if each == "-cp" {
                OsString::from("--cp")
            } else {
                each
            }
        };
        let line = CommandLine::try_parse_from(arguments.into_iter().map(spelled))?;
        line.refuse_unknown_options()?;
        Ok(line)
    }

    /// A script's arguments may look like options; the script itself may not.
    fn refuse_unknown_options(&self) -> Result<(), clap::Error> {
        match self.operands.first() {
            Some(first)
                if first.len() > 1 && first.starts_with('-') && self.expression.is_none() =>
            {
                let message = format!("there is no option {first}; --help shows those there are\n");
                Err(CommandLine::command().error(ErrorKind::UnknownArgument, message))
            }
            _ => Ok(()),
        }
    }

    /// True where `what` is to be traced.
    pub fn traces(&self, what: TraceChoice) -> bool {
        self.trace.contains(&what)
    }
}

/// A size in bytes: `4096`, `64K`, `512M`, `8G`.
fn parse_size(text: &str) -> Result<usize, String> {
    let (digits, unit) = match text.trim_end_matches(['B', 'b']).char_indices().next_back() {
        Some((at, 'k' | 'K')) => (&text[..at], 1 << 10),
        Some((at, 'm' | 'M')) => (&text[..at], 1 << 20),
        Some((at, 'g' | 'G')) => (&text[..at], 1 << 30),
        _ => (text, 1),
    };
    let number: usize = digits
        .parse()
        .map_err(|_| format!("expected a number with K, M or G behind it, found '{text}'"))?;
    number
        .checked_mul(unit)
        .ok_or_else(|| format!("{text} is more than memory can be"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(words: &[&str]) -> CommandLine {
        let words = std::iter::once("ripley").chain(words.iter().copied());
        CommandLine::read(words.map(OsString::from)).expect("a good command line")
    }

    #[test]
    fn a_scripts_arguments_are_its_own() {
        let line = read(&["--no-jit", "a.som", "-e", "--stats", "x"]);
        assert_eq!(line.operands, ["a.som", "-e", "--stats", "x"]);
        assert!(line.no_jit && !line.stats && line.expression.is_none());
    }

    #[test]
    fn unknown_options_are_refused() {
        let words = ["ripley", "--bogus"].map(OsString::from);
        let error = CommandLine::read(words).expect_err("a bad command line");
        assert!(
            error.to_string().contains("there is no option --bogus"),
            "{error}"
        );
        assert_eq!(error.exit_code(), 2);
    }

    #[test]
    fn the_class_path_is_spelled_as_in_som() {
        let line = read(&["-cp", "A:B", "Main", "1"]);
        assert_eq!(line.class_path.as_deref(), Some("A:B"));
        assert_eq!(line.operands, ["Main", "1"]);
    }

    #[test]
    fn sizes_take_units() {
        assert_eq!(parse_size("4096"), Ok(4096));
        assert_eq!(parse_size("64K"), Ok(64 << 10));
        assert_eq!(parse_size("8G"), Ok(8 << 30));
        assert!(parse_size("lots").is_err());
        assert!(parse_size("99999999999G").is_err());
    }

    #[test]
    fn traces_are_a_list() {
        let line = read(&["--trace=rtl,asm", "x.som"]);
        assert!(line.traces(TraceChoice::Rtl) && line.traces(TraceChoice::Asm));
        assert!(!line.traces(TraceChoice::Gc));
    }
}
