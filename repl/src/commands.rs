//! The REPL's own commands: `:help`, `:rtl`, `:asm`, `:bytecode`, `:time`, `:bench`, `:save`, `:load`, `:quit`.

use crate::interactive::report;
use crate::session::{Fault, Session};
use gc::Oop;
use measure::Summary;
use std::path::Path;
use std::time::Instant;

/// A command: its name, what follows it, what it does, and the function.
struct Command {
    name: &'static str,
    operand: &'static str,
    help: &'static str,
    act: fn(&mut Session, &str) -> Result<(), Fault>,
}

const COMMANDS: &[Command] = &[
    Command {
        name: ":help",
        operand: "",
        help: "show this list",
        act: help,
    },
    Command {
        name: ":rtl",
        operand: "Class>>selector",
        help: "the RTL of an external-call method",
        act: rtl,
    },
    Command {
        name: ":asm",
        operand: "Class>>selector",
        help: "RTL and machine code side by side",
        act: asm,
    },
    Command {
        name: ":bytecode",
        operand: "Class>>selector",
        help: "the bytecodes of a method",
        act: bytecode,
    },
    Command {
        name: ":time",
        operand: "EXPR",
        help: "evaluate and show the time it took",
        act: time,
    },
    Command {
        name: ":bench",
        operand: "EXPR",
        help: "evaluate over and over and show the median time and its spread",
        act: bench,
    },
    Command {
        name: ":load",
        operand: "FILE",
        help: "run a script in this image",
        act: load,
    },
    Command {
        name: ":save",
        operand: "FILE",
        help: "save a snapshot",
        act: save,
    },
    Command {
        name: ":quit",
        operand: "",
        help: "leave (also Ctrl-D)",
        act: quit,
    },
];

/// Performs a command line that begins with a colon; a status ends the REPL.
pub(crate) fn perform(session: &mut Session, line: &str) -> Option<i32> {
    let (name, operand) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let Some(command) = COMMANDS.iter().find(|command| command.name == name) else {
        eprintln!("There is no command {name}; :help shows those there are.");
        return None;
    };
    let operand = operand.trim();
    if operand.is_empty() && !command.operand.is_empty() {
        eprintln!("{name} expects {} behind it.", command.operand);
        return None;
    }
    report((command.act)(session, operand))
}

fn help(_: &mut Session, _: &str) -> Result<(), Fault> {
    println!("Type an expression, statements or a class definition; _ and __ are the last values.");
    for each in COMMANDS {
        println!(
            "  {:<27} {}",
            format!("{} {}", each.name, each.operand),
            each.help
        );
    }
    Ok(())
}

/// The method that `Class>>selector`, `Class class>>selector` or, for the methods of an object such
/// as a library, `variable>>selector` names.
fn method_named(session: &mut Session, text: &str) -> Result<Oop, Fault> {
    let unknown = |what: String| Err(Fault::Source(what));
    let Some((class_name, selector)) = text.split_once(">>") else {
        return unknown(format!("expected Class>>selector, found {text}"));
    };
    let (name, class_side) = match class_name.trim().strip_suffix(" class") {
        Some(name) => (name.trim(), true),
        None => (class_name.trim(), false),
    };
    let vm = session.vm();
    let Some(class) = vm.global_value(name).filter(|&class| vm.is_class(class)) else {
        return unknown(format!("there is no class {name}"));
    };
    let class = if class_side {
        vm.class_of(class)
    } else {
        class
    };
    let selector = selector.trim().trim_start_matches('#');
    match vm.method_in(class, selector) {
        Some(method) => Ok(method),
        None => unknown(format!("{} has no method {selector}", vm.class_name(class))),
    }
}

fn rtl(session: &mut Session, operand: &str) -> Result<(), Fault> {
    let method = method_named(session, operand)?;
    let printed = session.vm().send(method, "rtl", &[])?;
    let text = session.vm().send(printed, "asString", &[])?;
    println!("{}", session.vm().text(text).trim_end());
    Ok(())
}

fn asm(session: &mut Session, operand: &str) -> Result<(), Fault> {
    let method = method_named(session, operand)?;
    let printed = session.vm().send(method, "asm", &[])?;
    println!("{}", session.vm().text(printed).trim_end());
    Ok(())
}

fn bytecode(session: &mut Session, operand: &str) -> Result<(), Fault> {
    let method = method_named(session, operand)?;
    print!("{}", session.vm().bytecode_listing(method));
    Ok(())
}

fn time(session: &mut Session, operand: &str) -> Result<(), Fault> {
    let started = Instant::now();
    let value = session.evaluate("input", operand)?;
    let took = started.elapsed();
    println!("{}", session.print_string(value)?);
    println!("{took:.3?}");
    Ok(())
}

fn bench(session: &mut Session, operand: &str) -> Result<(), Fault> {
    let timings = session.evaluate("input", format!("[ {operand} ] timings"))?;
    let vm = session.vm();
    let samples: Vec<f64> = (0..vm.heap().slot_count(timings))
        .filter_map(|index| vm.double(vm.heap().slot(timings, index)))
        .collect();
    let summary =
        Summary::of(&samples).ok_or_else(|| Fault::Source("the timings are not numbers".into()))?;
    println!("{summary}");
    if let Some(warning) = summary.warning() {
        println!("warning: {warning}");
    }
    Ok(())
}

fn load(session: &mut Session, operand: &str) -> Result<(), Fault> {
    let text = std::fs::read(operand)
        .map_err(|error| Fault::Source(format!("cannot read {operand}: {error}")))?;
    session.evaluate(operand, text).map(|_| ())
}

fn save(session: &mut Session, operand: &str) -> Result<(), Fault> {
    session.save(Path::new(operand)).map_err(Fault::Source)
}

fn quit(_: &mut Session, _: &str) -> Result<(), Fault> {
    Err(Fault::Exit(0))
}
