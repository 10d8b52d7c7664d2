//! The program's jobs: a script, an expression, a class of a class path, standard input.

use crate::interactive;
use crate::options::CommandLine;
use crate::session::{Fault, Session};
use std::io::{IsTerminal, Read};

/// Exit status after an uncaught error.
const UNCAUGHT: i32 = 1;
/// Exit status for a bad command line, or a file that cannot be read.
const BAD_COMMAND_LINE: i32 = 2;

/// Does what the command line says and answers the exit status.
pub fn run(line: &CommandLine) -> i32 {
    let mut session = match Session::start(line, script_arguments(line)) {
        Ok(session) => session,
        Err(message) => return complain(&message),
    };
    let mut status = perform(line, &mut session);
    if let Some(path) = &line.save
        && let Err(message) = session.save(path)
    {
        eprintln!("ripley: {message}");
        status = UNCAUGHT;
    }
    if line.stats {
        eprintln!("{}", session.statistics());
    }
    // The process ends now. Until it has, functions that C was given for `atexit` may be called.
    std::mem::forget(session);
    status
}

/// What `System arguments` answers: what follows FILE; with `-e`, all operands.
fn script_arguments(line: &CommandLine) -> Vec<String> {
    let skipped = usize::from(line.expression.is_none());
    line.operands.iter().skip(skipped).cloned().collect()
}

fn perform(line: &CommandLine, session: &mut Session) -> i32 {
    if let Some(expression) = &line.expression {
        return finish(evaluate_and_print(session, expression));
    }
    if line.class_path.is_some() {
        let Some(class) = line.operands.first() else {
            return complain("-cp expects the name of a class behind the path");
        };
        return finish(run_class(session, class, &line.operands));
    }
    match line.operands.first() {
        Some(path) => run_file(session, path),
        None if std::io::stdin().is_terminal() => interactive::run(session),
        None => run_standard_input(session),
    }
}

fn run_file(session: &mut Session, path: &str) -> i32 {
    match std::fs::read(path) {
        Ok(text) => finish(session.evaluate(path, text).map(|_| ())),
        Err(error) => complain(&format!("cannot read {path}: {error}")),
    }
}

fn run_standard_input(session: &mut Session) -> i32 {
    let mut text = Vec::new();
    match std::io::stdin().read_to_end(&mut text) {
        Ok(_) => finish(session.evaluate("standard input", text).map(|_| ())),
        Err(error) => complain(&format!("cannot read standard input: {error}")),
    }
}

fn evaluate_and_print(session: &mut Session, expression: &str) -> Result<(), Fault> {
    let value = session.evaluate("-e", expression)?;
    println!("{}", session.print_string(value)?);
    Ok(())
}

/// Sends `run: { class name. arguments… }`, or `run` where the class has only that, to a new
/// instance of a class of the class path.
fn run_class(session: &mut Session, name: &str, operands: &[String]) -> Result<(), Fault> {
    let vm = session.vm();
    vm.prepare_class_path()?;
    let class = vm.load_class(name)?;
    let instance = vm.send(class, "new", &[])?;
    let takes_arguments = vm.class_understands(instance, "run:");
    if !takes_arguments {
        return Ok(vm.send(instance, "run", &[]).map(|_| ())?);
    }
    let full = |_| Fault::Source("the heap is full".into());
    let strings = operands.iter().map(|each| vm.string(each.as_bytes()));
    let strings = strings.collect::<Result<Vec<_>, _>>().map_err(full)?;
    let array = vm.array(&strings).map_err(full)?;
    Ok(vm.send(instance, "run:", &[array]).map(|_| ())?)
}

/// The exit status of a job, its message being printed.
fn finish(result: Result<(), Fault>) -> i32 {
    match result {
        Ok(()) => 0,
        Err(Fault::Exit(status)) => status,
        Err(Fault::Uncaught) => UNCAUGHT,
        Err(Fault::Source(message) | Fault::Incomplete(message)) => {
            eprintln!("{message}");
            UNCAUGHT
        }
    }
}

fn complain(message: &str) -> i32 {
    eprintln!("ripley: {message}");
    BAD_COMMAND_LINE
}
