//! The REPL as a user at a terminal meets it.

use rexpect::session::{PtySession, spawn_command};
use std::path::{Path, PathBuf};
use std::process::Command;

/// How long an answer may take, in milliseconds: far more than it should.
const PATIENCE: u64 = 60_000;

/// A directory of its own for the history.
fn state_directory(name: &str) -> PathBuf {
    let directory = std::env::temp_dir().join(format!("ripley-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&directory).expect("a directory");
    directory
}

/// What the line editor sends to the terminal when it begins to read and when it has read.
const PROMPTING: &str = "\x1b[?2004h";
const ENTERED: &str = "\x1b[?2004l";

struct Repl {
    session: PtySession,
}

impl Repl {
    fn start(state: &Path) -> Repl {
        Repl::start_with(state, &[])
    }

    fn start_with(state: &Path, options: &[&str]) -> Repl {
        let mut command = Command::new(tests::program());
        command
            .args(options)
            .env("XDG_STATE_HOME", state)
            .env("TERM", "xterm")
            .env("NO_COLOR", "1");
        let mut session = spawn_command(command, Some(PATIENCE)).expect("a terminal");
        session.exp_string(":help shows").expect("a greeting");
        session.exp_string(PROMPTING).expect("a prompt");
        Repl { session }
    }

    #[track_caller]
    fn sees(&mut self, text: &str) {
        if let Err(error) = self.session.exp_string(text) {
            panic!("{text:?}: {error}");
        }
    }

    /// Types a line that leaves the input open.
    fn types(&mut self, line: &str) {
        self.session.send_line(line).expect("the terminal takes it");
    }

    /// Types a line that ends the input, and waits until it was taken.
    #[track_caller]
    fn enters(&mut self, line: &str) {
        self.types(line);
        self.sees(ENTERED);
    }

    /// Types a line, and waits for all the texts, in order, and the next prompt.
    #[track_caller]
    fn says(&mut self, line: &str, texts: &[&str]) {
        self.enters(line);
        texts.iter().for_each(|text| self.sees(text));
        self.sees(PROMPTING);
    }

    /// Types a line, and waits for its answer, alone on a line, and the next prompt.
    #[track_caller]
    fn answers(&mut self, line: &str, answer: &str) {
        self.says(line, &[&format!("\r\n{answer}\r\n")]);
    }

    fn leaves(mut self) {
        self.session
            .send_control('d')
            .expect("the terminal takes it");
        self.session.exp_eof().expect("the program ends");
    }
}

#[test]
fn expressions_are_answered_and_kept() {
    let state = state_directory("repl-values");
    let mut repl = Repl::start(&state);
    repl.answers("3 + 4", "7");
    repl.answers("_ * 2", "14");
    repl.answers("__", "7");
    repl.answers("x := 5", "5");
    repl.answers("x + 1", "6");
    repl.answers("'text'", "'text'");
    repl.leaves();
    std::fs::remove_dir_all(state).expect("the directory is there");
}

#[test]
fn open_brackets_wait_for_more_lines() {
    let state = state_directory("repl-lines");
    let mut repl = Repl::start(&state);
    repl.types("Foo = Object (");
    repl.types("  bar = ( ^42 )");
    repl.answers(")", "Foo");
    repl.answers("Foo new bar", "42");
    repl.types("#(1 2");
    repl.answers("3) size", "3");
    repl.leaves();
    std::fs::remove_dir_all(state).expect("the directory is there");
}

#[test]
fn errors_keep_the_state() {
    let state = state_directory("repl-errors");
    let mut repl = Repl::start(&state);
    repl.answers("x := 5", "5");
    repl.says(
        "nil foo",
        &[
            "MessageNotUnderstood: nil does not understand #foo",
            "doIt (input:1)",
        ],
    );
    repl.says(")", &["input:1:1: expected an expression, found ')'"]);
    repl.says("Foo = Zork ( )", &["the superclass Zork is not defined"]);
    repl.answers("x + 1", "6");
    repl.leaves();
    std::fs::remove_dir_all(state).expect("the directory is there");
}

#[test]
fn a_full_heap_can_be_emptied() {
    let state = state_directory("full");
    let mut repl = Repl::start_with(&state, &["--max-heap", "16M"]);
    repl.answers("kept := nil", "nil");
    repl.says(
        "[ true ] whileTrue: [ kept := { kept. nil } ]",
        &["OutOfMemory: out of memory"],
    );
    // Each handler goes on where the last one was told, until none can be told any more.
    repl.says(
        "[ true ] whileTrue: [ [ [ true ] whileTrue: [ kept := { kept. nil } ] ] on: OutOfMemory do: [:error | nil ] ]",
        &["Out of memory, even for handling it"],
    );
    repl.answers("kept := nil", "nil");
    repl.answers("(Array new: 100000) size", "100000");
    repl.leaves();
    std::fs::remove_dir_all(state).expect("the directory is still there");
}

#[test]
fn control_c_interrupts_a_computation() {
    let state = state_directory("repl-interrupt");
    let mut repl = Repl::start(&state);
    for endless in [
        "[true] whileTrue: []",
        "[ 3 foo: 4 ] on: Error do: [:e | e retry ]",
    ] {
        repl.enters(endless);
        // The program takes the signal only while it evaluates.
        std::thread::sleep(std::time::Duration::from_millis(300));
        repl.session
            .send_control('c')
            .expect("the terminal takes it");
        repl.sees("Interrupt");
        repl.sees(PROMPTING);
    }
    repl.answers("3 + 3", "6");
    repl.leaves();
    std::fs::remove_dir_all(state).expect("the directory is there");
}

#[test]
fn commands() {
    let state = state_directory("repl-commands");
    let mut repl = Repl::start(&state);
    repl.says(":help", &[":rtl Class>>selector", ":bench EXPR", ":quit"]);
    repl.says(":nothing", &["There is no command :nothing"]);
    repl.says(":time", &[":time expects EXPR behind it"]);
    repl.says(":time 3 + 4", &["\r\n7\r\n", "s\r\n"]);
    repl.says(":bench 3 + 4", &["median of 40; middle half"]);
    repl.says(":bytecode Object>>isNil", &["push_false", "return_top"]);
    repl.says(":bytecode Object>>zork", &["Object has no method zork"]);
    repl.says(":bytecode Zork>>zork", &["there is no class Zork"]);
    repl.says(":rtl Object>>isNil", &["is no external-call method"]);
    repl.says(":load /nonexistent", &["cannot read /nonexistent"]);
    repl.session
        .send_line(":quit")
        .expect("the terminal takes it");
    repl.session.exp_eof().expect("the program ends");
    std::fs::remove_dir_all(state).expect("the directory is there");
}

#[test]
fn history_lasts() {
    let state = state_directory("repl-history");
    let mut repl = Repl::start(&state);
    repl.answers("1000 + 234", "1234");
    repl.leaves();
    let history = std::fs::read_to_string(state.join("ripley/history")).expect("a history");
    assert!(history.contains("1000 + 234"), "{history}");
    let mut repl = Repl::start(&state);
    repl.answers("\x1b[A", "1234");
    repl.leaves();
    std::fs::remove_dir_all(state).expect("the directory is there");
}

#[test]
fn a_snapshot_is_saved_and_loaded() {
    let state = state_directory("repl-snapshot");
    let image = state.join("kept.image");
    let mut repl = Repl::start(&state);
    repl.says("kept := 'still here'", &["'still here'\r\n"]);
    repl.says(&format!(":save {}", image.display()), &[]);
    repl.leaves();
    let output = Command::new(tests::program())
        .arg("--image")
        .arg(&image)
        .args(["-e", "kept"])
        .output()
        .expect("the program");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "'still here'\n");
    std::fs::remove_dir_all(state).expect("the directory is there");
}

#[test]
fn exit_ends_it_with_a_status() {
    let state = state_directory("repl-exit");
    let mut repl = Repl::start(&state);
    repl.enters("System exit: 3");
    let status = repl.session.process.wait().expect("the program ends");
    assert!(format!("{status:?}").contains('3'), "{status:?}");
    std::fs::remove_dir_all(state).expect("the directory is there");
}
