//! The read–evaluate–print loop.

use crate::commands;
use crate::complete::Assistant;
use crate::session::{Fault, Session};
use gc::Oop;
use rustyline::error::ReadlineError;
use rustyline::history::FileHistory;
use rustyline::{Config, Editor};
use std::io::IsTerminal;
use std::path::PathBuf;
use std::sync::atomic::Ordering;

type LineEditor = Editor<Assistant, FileHistory>;

/// Runs the REPL until its end of input, `:quit` or `System exit:`; answers the exit status.
pub fn run(session: &mut Session) -> i32 {
    let mut editor = match new_editor() {
        Ok(editor) => editor,
        Err(error) => {
            eprintln!("ripley: cannot use the terminal: {error}");
            return 1;
        }
    };
    watch_interrupts(session);
    println!(
        "Ripley {}. :help shows what else you can type.",
        env!("CARGO_PKG_VERSION")
    );
    let status = converse(session, &mut editor);
    if let Some(path) = history_path() {
        // A history that cannot be kept is no reason to complain at the very end.
        let _ = editor.save_history(&path);
    }
    status
}

fn converse(session: &mut Session, editor: &mut LineEditor) -> i32 {
    loop {
        refresh_words(session, editor);
        match editor.readline("> ") {
            Ok(line) if line.trim().is_empty() => {}
            Ok(line) => {
                // The history is a convenience.
                let _ = editor.add_history_entry(&line);
                if let Some(status) = answer(session, line.trim()) {
                    return status;
                }
            }
            Err(ReadlineError::Interrupted) => {}
            Err(ReadlineError::Eof) => return 0,
            Err(error) => {
                eprintln!("ripley: {error}");
                return 1;
            }
        }
    }
}

/// Answers one input; a status ends the REPL.
fn answer(session: &mut Session, line: &str) -> Option<i32> {
    if line.starts_with(':') {
        return commands::perform(session, line);
    }
    session.vm().interrupt.store(0, Ordering::Relaxed);
    let printed = session
        .evaluate("input", line)
        .and_then(|value| show(session, value));
    report(printed)
}

/// Prints a value and keeps it in `_`, what was there in `__`.
fn show(session: &mut Session, value: Oop) -> Result<(), Fault> {
    let vm = session.vm();
    let previous = vm.global_value("_").unwrap_or(vm.nil());
    let kept = vm
        .set_global("__", previous)
        .and_then(|()| vm.set_global("_", value));
    let text = session.print_string(value)?;
    println!("{text}");
    kept.map_err(|error| Fault::Source(error.to_string()))
}

/// Prints what went wrong; a status ends the REPL.
pub(crate) fn report(result: Result<(), Fault>) -> Option<i32> {
    match result {
        Ok(()) | Err(Fault::Uncaught) => None,
        Err(Fault::Source(message) | Fault::Incomplete(message)) => {
            eprintln!("{message}");
            None
        }
        Err(Fault::Exit(status)) => Some(status),
    }
}

fn new_editor() -> rustyline::Result<LineEditor> {
    let config = Config::builder()
        .auto_add_history(false)
        .max_history_size(5000)?
        .build();
    let mut editor = LineEditor::with_config(config)?;
    let colours = std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    editor.set_helper(Some(Assistant {
        words: Vec::new(),
        colours,
    }));
    if let Some(path) = history_path() {
        // There is none before the first session.
        let _ = editor.load_history(&path);
    }
    Ok(editor)
}

fn history_path() -> Option<PathBuf> {
    let state = std::env::var_os("XDG_STATE_HOME").map(PathBuf::from);
    let home = || std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".local/state"));
    let directory = state.or_else(home)?.join("ripley");
    std::fs::create_dir_all(&directory).ok()?;
    Some(directory.join("history"))
}

fn refresh_words(session: &mut Session, editor: &mut LineEditor) {
    let Some(assistant) = editor.helper_mut() else {
        return;
    };
    let vm = session.vm();
    let mut words = vm.symbol_texts();
    words.extend(vm.global_names());
    words.sort();
    words.dedup();
    assistant.words = words;
}

/// Lets Ctrl-C interrupt a running computation at its next safe point.
#[expect(unsafe_code, reason = "registers a signal handler")]
fn watch_interrupts(session: &mut Session) {
    let interrupt = session.vm().interrupter();
    // SAFETY: the closure stores to two atomics, which a signal handler may, and the session lives
    // until the program ends.
    let watching =
        unsafe { signal_hook::low_level::register(signal_hook::consts::SIGINT, interrupt) };
    if let Err(error) = watching {
        eprintln!("ripley: Ctrl-C will not interrupt computations: {error}");
    }
}
