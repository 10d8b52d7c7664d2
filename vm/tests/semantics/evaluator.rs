//! Evaluates a syntax tree. Knows neither inlining nor copied variables.

use super::Value as AnyValue;
use std::cell::RefCell;
use std::rc::Rc;
use vm::compiler::ast::{Block, Expression, Literal, Method, Send, Statement};

pub(crate) type Value<'a> = AnyValue<Closure<'a>>;

/// A block with the environment it was made in.
#[derive(Debug)]
pub(crate) struct Closure<'a> {
    block: &'a Block<'a>,
    environment: Rc<Environment<'a>>,
}

#[derive(Debug)]
struct Environment<'a> {
    names: RefCell<Vec<(&'a str, Value<'a>)>>,
    outer: Option<Rc<Environment<'a>>>,
}

/// A value, or the value that the method returns.
type Outcome<'a> = Result<Value<'a>, Value<'a>>;

pub(crate) fn run<'a>(method: &'a Method<'a>, arguments: &[Value<'a>]) -> Value<'a> {
    let environment = Environment {
        names: RefCell::default(),
        outer: None,
    };
    for (name, value) in method.arguments.iter().zip(arguments) {
        environment
            .names
            .borrow_mut()
            .push((name.text, value.clone()));
    }
    for name in method.body.temporaries {
        environment.names.borrow_mut().push((name.text, Value::Nil));
    }
    match statements(method.body.statements, &Rc::new(environment)) {
        Ok(_) => Value::Nil,
        Err(returned) => returned,
    }
}

fn statements<'a>(list: &'a [Statement<'a>], environment: &Rc<Environment<'a>>) -> Outcome<'a> {
    let mut last = Value::Nil;
    for statement in list {
        last = expression(statement.value, environment)?;
        if statement.is_return {
            return Err(last);
        }
    }
    Ok(last)
}

fn call<'a>(closure: &Closure<'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let outer = Some(Rc::clone(&closure.environment));
    let environment = Environment {
        names: RefCell::default(),
        outer,
    };
    for (name, value) in closure.block.parameters.iter().zip(arguments) {
        environment
            .names
            .borrow_mut()
            .push((name.text, value.clone()));
    }
    for name in closure.block.body.temporaries {
        environment.names.borrow_mut().push((name.text, Value::Nil));
    }
    statements(closure.block.body.statements, &Rc::new(environment))
}

fn with_variable<'a, T>(
    environment: &Rc<Environment<'a>>,
    name: &str,
    with: impl FnOnce(&mut Value<'a>) -> T,
) -> Option<T> {
    let mut environment = Some(environment);
    while let Some(place) = environment {
        let mut names = place.names.borrow_mut();
        if let Some((_, value)) = names.iter_mut().find(|(each, _)| *each == name) {
            return Some(with(value));
        }
        environment = place.outer.as_ref();
    }
    None
}

fn expression<'a>(node: Expression<'a>, environment: &Rc<Environment<'a>>) -> Outcome<'a> {
    Ok(match node {
        Expression::Variable(variable) => match variable.name.text {
            "true" => Value::Boolean(true),
            "false" => Value::Boolean(false),
            name => with_variable(environment, name, |value| value.clone()).unwrap_or(Value::Nil),
        },
        Expression::Literal(&Literal::Integer(value)) => Value::Integer(value),
        Expression::Literal(_) | Expression::Brace(_) => Value::Nil,
        Expression::Block(block) => Value::Block(Rc::new(Closure {
            block,
            environment: Rc::clone(environment),
        })),
        Expression::Assign(assign) => {
            let value = expression(assign.value, environment)?;
            for target in assign.targets {
                with_variable(environment, target.name.text, |place| {
                    *place = value.clone()
                });
            }
            value
        }
        Expression::Send(send) => chain(send, environment)?,
    })
}

fn chain<'a>(node: &'a Send<'a>, environment: &Rc<Environment<'a>>) -> Outcome<'a> {
    let mut receiver = expression(node.receiver, environment)?;
    let mut result = receiver.clone();
    for message in node.messages {
        receiver = result;
        let arguments = values(message.arguments, environment)?;
        result = send(&receiver, message.selector.text, &arguments)?;
    }
    for message in node.cascade {
        let arguments = values(message.arguments, environment)?;
        result = send(&receiver, message.selector.text, &arguments)?;
    }
    Ok(result)
}

fn values<'a>(
    nodes: &'a [Expression<'a>],
    environment: &Rc<Environment<'a>>,
) -> Result<Vec<Value<'a>>, Value<'a>> {
    nodes
        .iter()
        .map(|&node| expression(node, environment))
        .collect()
}

/// The value of a block, anything else as it is.
fn value<'a>(of: &Value<'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    if let Value::Block(closure) = of {
        call(closure, arguments)
    } else {
        Ok(of.clone())
    }
}

fn is(value: &Value<'_>, wanted: bool) -> bool {
    matches!(value, Value::Boolean(boolean) if *boolean == wanted)
}

fn send<'a>(receiver: &Value<'a>, selector: &str, arguments: &[Value<'a>]) -> Outcome<'a> {
    let branch = |index: Option<usize>| match index {
        Some(index) => value(&arguments[index], std::slice::from_ref(receiver)),
        None => Ok(Value::Nil),
    };
    let is_nil = matches!(receiver, Value::Nil);
    match selector {
        "ifTrue:" => branch(is(receiver, true).then_some(0)),
        "ifFalse:" => branch(is(receiver, false).then_some(0)),
        "ifTrue:ifFalse:" => branch(Some(usize::from(is(receiver, false)))),
        "ifFalse:ifTrue:" => branch(Some(usize::from(is(receiver, true)))),
        "and:" | "&&" if is(receiver, false) => Ok(Value::Boolean(false)),
        "or:" | "||" if is(receiver, true) => Ok(Value::Boolean(true)),
        "and:" | "&&" | "or:" | "||" => branch(Some(0)),
        "ifNil:" if is_nil => branch(Some(0)),
        "ifNil:" => Ok(receiver.clone()),
        "ifNotNil:" => branch((!is_nil).then_some(0)),
        "ifNil:ifNotNil:" => branch(Some(usize::from(!is_nil))),
        "ifNotNil:ifNil:" => branch(Some(usize::from(is_nil))),
        "value" | "value:" => value(receiver, arguments),
        "repeat" => loop {
            value(receiver, &[])?;
        },
        "whileTrue" | "whileTrue:" | "whileFalse" | "whileFalse:" => {
            while is(&value(receiver, &[])?, selector.starts_with("whileTrue")) {
                arguments
                    .first()
                    .map_or(Ok(Value::Nil), |body| value(body, &[]))?;
            }
            Ok(Value::Nil)
        }
        "to:do:" => count(receiver, &arguments[0], 1, &arguments[1]),
        "downTo:do:" => count(receiver, &arguments[0], -1, &arguments[1]),
        "to:by:do:" => {
            let Value::Integer(step) = arguments[1] else {
                return Ok(Value::Nil);
            };
            count(receiver, &arguments[0], step, &arguments[2])
        }
        "timesRepeat:" => {
            count(&Value::Integer(1), receiver, 1, &arguments[0])?;
            Ok(receiver.clone())
        }
        "do:" => {
            let Value::List(list) = receiver else {
                return Ok(Value::Nil);
            };
            let elements = list.borrow().clone();
            for element in elements {
                value(&arguments[0], &[element])?;
            }
            Ok(receiver.clone())
        }
        _ => Ok(receiver.send(selector, arguments)),
    }
}

fn count<'a>(start: &Value<'a>, limit: &Value<'a>, step: i64, body: &Value<'a>) -> Outcome<'a> {
    if let (&Value::Integer(first), &Value::Integer(limit)) = (start, limit) {
        let mut counter = first;
        while if step > 0 {
            counter <= limit
        } else {
            counter >= limit
        } {
            value(body, &[Value::Integer(counter)])?;
            counter += step;
        }
    }
    Ok(start.clone())
}
