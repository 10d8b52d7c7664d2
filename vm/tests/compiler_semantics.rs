//! What compiled code computes, against a direct reading of the syntax tree.
//!
//! A small machine runs the bytecodes; a small evaluator walks the tree, where every block, inlined
//! by the compiler or not, is a closure over an environment. Programs are written out, and made at
//! random. Both keep a log, and both must write the same.

#[path = "semantics/evaluator.rs"]
mod evaluator;
#[path = "semantics/generator.rs"]
mod generator;
#[path = "semantics/machine.rs"]
mod machine;

use std::cell::RefCell;
use std::rc::Rc;
use vm::compiler::{Arena, Source, check, compile_class, parse_class};

/// What both compute with. Blocks differ: `B` is the closure of the machine or of the evaluator.
#[derive(Debug)]
enum Value<B> {
    Nil,
    Boolean(bool),
    Integer(i64),
    List(Rc<RefCell<Vec<Value<B>>>>),
    Block(Rc<B>),
}

impl<B> Clone for Value<B> {
    fn clone(&self) -> Self {
        match self {
            Value::Nil => Value::Nil,
            Value::Boolean(value) => Value::Boolean(*value),
            Value::Integer(value) => Value::Integer(*value),
            Value::List(list) => Value::List(Rc::clone(list)),
            Value::Block(block) => Value::Block(Rc::clone(block)),
        }
    }
}

impl<B> Value<B> {
    fn list() -> Value<B> {
        Value::List(Rc::default())
    }

    /// The value as text, without looking into blocks.
    fn print(&self) -> String {
        match self {
            Value::Nil => "nil".to_owned(),
            Value::Boolean(value) => value.to_string(),
            Value::Integer(value) => value.to_string(),
            Value::List(list) => {
                let elements: Vec<_> = list.borrow().iter().map(Value::print).collect();
                format!("({})", elements.join(" "))
            }
            Value::Block(_) => "block".to_owned(),
        }
    }

    /// Messages whose meaning does not involve blocks. Whatever else answers nil.
    fn send(&self, selector: &str, arguments: &[Value<B>]) -> Value<B> {
        match (self, selector, arguments) {
            (Value::Integer(a), _, [Value::Integer(b)]) => match selector {
                "+" => Value::Integer(a.wrapping_add(*b)),
                "-" => Value::Integer(a.wrapping_sub(*b)),
                "*" => Value::Integer(a.wrapping_mul(*b)),
                "<" => Value::Boolean(a < b),
                "<=" => Value::Boolean(a <= b),
                ">" => Value::Boolean(a > b),
                ">=" => Value::Boolean(a >= b),
                "=" => Value::Boolean(a == b),
                _ => Value::Nil,
            },
            (Value::List(list), "add:", [value]) => {
                list.borrow_mut().push(value.clone());
                value.clone()
            }
            // `+` with anything else than a number is the other operand, so that nil spreads less.
            (_, "+", [other]) => other.clone(),
            (_, "<" | "<=" | ">" | ">=" | "=", _) => Value::Boolean(false),
            (_, "yourself", []) => self.clone(),
            _ => Value::Nil,
        }
    }
}

/// Runs the method `run: log blocks: blocks` of a class both ways; answers both logs.
fn run_both(body: &str) -> (String, String) {
    let text = format!("Test = ( run: log blocks: blocks = (\n{body}\n) )");
    let source = Source::new("test", text.as_str()).expect("UTF-8");
    let arena = Arena::new();
    let compiled = parse_class(&arena, &source).and_then(|class| {
        let draft = compile_class(&source, &class, &[], &[])?;
        Ok((class, draft))
    });
    let (class, draft) = match compiled {
        Ok(compiled) => compiled,
        Err(error) => panic!("{error}\n{text}"),
    };
    let code = &draft.instance_methods[0];
    assert_eq!(check(code), Ok(()));
    let (log, blocks) = (Value::list(), Value::list());
    let result = machine::run(code, &[log.clone(), blocks]);
    let machine = format!("{} -> {}", log.print(), result.print());
    let (log, blocks) = (Value::list(), Value::list());
    let result = evaluator::run(&class.instance_side.methods[0], &[log.clone(), blocks]);
    let evaluator = format!("{} -> {}", log.print(), result.print());
    (machine, evaluator)
}

#[track_caller]
fn check_run(body: &str, expected: &str) {
    let (machine, evaluator) = run_both(body);
    assert_eq!(evaluator, expected, "the test itself: {body}");
    assert_eq!(machine, expected, "{body}");
}

#[test]
fn closures_see_later_stores() {
    check_run(
        "| t b | t := 1. b := [ t ]. t := 2. log add: b value",
        "(2) -> nil",
    );
    check_run(
        "| t b | t := 1. b := [ t := t + 1 ]. b value. b value. log add: t",
        "(3) -> nil",
    );
    check_run(
        "| f | f := [ :n | n < 2 ifTrue: [ n ] ifFalse: [ (f value: n - 1) + 1 ] ]. ^ f value: 9",
        "() -> 9",
    );
    check_run(
        "| t | [ t := 5 ] value. [ [ t := t + 1 ] value ] value. ^ t",
        "() -> 6",
    );
}

#[test]
fn each_round_has_its_own_variables() {
    check_run(
        "1 to: 3 do: [ :i | blocks add: [ i ] ]. blocks do: [ :b | log add: b value ]",
        "(1 2 3) -> nil",
    );
    check_run(
        "1 to: 3 do: [ :i | | t | log add: t. t := i. blocks add: [ t := t + 10 ] ].
         blocks do: [ :b | log add: b value ]. blocks do: [ :b | log add: b value ]",
        "(nil nil nil 11 12 13 21 22 23) -> nil",
    );
    check_run(
        "| i | i := 0. [ i < 3 ] whileTrue: [ | t | t := i. i := i + 1. blocks add: [ t + i ] ].
         blocks do: [ :b | log add: b value ]",
        "(3 4 5) -> nil",
    );
    check_run(
        "| t | 1 to: 3 do: [ :i | t := i. blocks add: [ t ] ]. blocks do: [ :b | log add: b value ]",
        "(3 3 3) -> nil",
    );
    check_run(
        "2 timesRepeat: [ true ifTrue: [ | t | log add: t. t := 1 ] ]",
        "(nil nil) -> nil",
    );
    check_run(
        "2 timesRepeat: [ | t | 1 < 2 ifTrue: [ log add: t ]. t := 1 ]",
        "(nil nil) -> nil",
    );
    check_run(
        "true ifTrue: [ | t | t := 1 ]. true ifTrue: [ | u | log add: u. u := 1 ]",
        "(nil) -> nil",
    );
}

#[test]
fn parameters_can_be_assigned_to() {
    check_run("log := 3. ^ log", "() -> 3");
    check_run(
        "| b | b := [ log ]. log add: 1. log := 4. ^ b value",
        "(1) -> 4",
    );
    check_run("log := 3. ^ [ log + 1 ] value", "() -> 4");
    check_run("^ [ :x | x := x + 1. x ] value: 1", "() -> 2");
    check_run("^ [ :x | [ x := x + 1 ] value. x ] value: 1", "() -> 2");
    check_run(
        "^ 3 ifNotNil: [ :x | x := x + 1. [ x := x * 2 ] value. x ]",
        "() -> 8",
    );
    check_run(
        "1 to: 3 do: [ :i | i := i * 10. log add: i ]",
        "(10 20 30) -> nil",
    );
    check_run(
        "1 to: 2 do: [ :i | blocks add: [ i := i * 10 ]. log add: i ].
         blocks do: [ :b | log add: b value ]. blocks do: [ :b | log add: b value ]",
        "(1 2 10 20 100 200) -> nil",
    );
}

#[test]
fn inlined_messages_have_values() {
    check_run("^ 3 > 4 ifTrue: [ 1 ]", "() -> nil");
    check_run("^ 3 < 4 ifTrue: [ ]", "() -> nil");
    check_run("^ 3 < 4 ifTrue: [ 1 ] ifFalse: [ 2 ]", "() -> 1");
    check_run("^ 3 < 4 ifFalse: [ 1 ] ifTrue: [ 2 ]", "() -> 2");
    check_run("^ [ false ] whileTrue: [ 1 ]", "() -> nil");
    check_run("^ 1 to: 3 do: [ :i | log add: i ]", "(1 2 3) -> 1");
    check_run("^ 5 to: 1 by: -2 do: [ :i | log add: i ]", "(5 3 1) -> 5");
    check_run("^ 3 downTo: 1 do: [ :i | log add: i ]", "(3 2 1) -> 3");
    check_run("^ 2 timesRepeat: [ log add: 7 ]", "(7 7) -> 2");
    check_run("^ nil ifNil: [ 1 ]", "() -> 1");
    check_run("^ 2 ifNil: [ 1 ]", "() -> 2");
    check_run("^ nil ifNotNil: [ :x | x ]", "() -> nil");
    check_run("^ 3 ifNotNil: [ :x | x + 1 ]", "() -> 4");
    check_run("^ (3 ifNotNil: [ :x | [ x + 1 ] ]) value", "() -> 4");
    check_run("^ nil ifNil: [ 1 ] ifNotNil: [ :x | 2 ]", "() -> 1");
    check_run("^ 9 ifNotNil: [ 1 ] ifNil: [ 2 ]", "() -> 1");
    check_run("^ true and: [ 3 < 4 ]", "() -> true");
    check_run(
        "^ (false and: [ log add: 1 ]) or: [ true && [ false ] ]",
        "() -> false",
    );
    check_run(
        "((1 < 2 and: [ 2 < 1 ]) or: [ 3 < 4 ]) ifTrue: [ ^ 1 ]. ^ 2",
        "() -> 1",
    );
    check_run(
        "((1 < 2 or: [ log add: 1 ]) and: [ 4 < 3 ]) ifFalse: [ ^ 1 ]. ^ 2",
        "() -> 1",
    );
    check_run(
        "| n | n := 3. [ n := n - 1. log add: n. n > 0 ] whileTrue. ^ n",
        "(2 1 0) -> 0",
    );
    check_run(
        "| n | n := 0. [ n := n + 1. n > 4 ifTrue: [ ^ n ] ] repeat",
        "() -> 5",
    );
    check_run(
        "| n | n := 3. 1 to: n do: [ :i | n := 1. log add: i ]",
        "(1 2 3) -> nil",
    );
    check_run("log add: 1; add: 2; yourself", "(1 2) -> nil");
    check_run("| a b | a := b := 4. ^ a + b", "() -> 8");
    check_run(
        "blocks add: [ :x | x > 1 ifTrue: [ ^ 8 ]. 2 ]. blocks do: [ :b | log add: (b value: 1). b value: 2 ]. ^ 9",
        "(2) -> 8",
    );
}

#[test]
fn random_programs_agree() {
    for seed in 1..=3000 {
        let program = generator::program(seed);
        let (machine, evaluator) = run_both(&program);
        assert_eq!(machine, evaluator, "seed {seed}:\n{program}");
    }
}
