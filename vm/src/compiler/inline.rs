//! Which messages become jumps instead of sends.
//!
//! A message is inlined when its block arguments, and its receiver where that must be a block, are
//! literal blocks with the parameters the selector calls for. One function decides, for the
//! analysis of variables and for code generation alike.

use super::ast::{Block, Expression, Literal, Message, Send};

/// A message that becomes jumps.
#[derive(Clone, Copy)]
pub(super) enum Inlined<'a> {
    /// `ifTrue:` and its kin.
    Conditional {
        /// Run when the receiver is true.
        when_true: Option<&'a Block<'a>>,
        /// Run when the receiver is false.
        when_false: Option<&'a Block<'a>>,
    },
    /// `and:`, `&&`
    And(&'a Block<'a>),
    /// `or:`, `||`
    Or(&'a Block<'a>),
    /// `ifNil:` and its kin. The block for not nil may have a parameter.
    NilTest {
        /// Run when the receiver is nil.
        when_nil: Option<&'a Block<'a>>,
        /// Run when it is not.
        when_not_nil: Option<&'a Block<'a>>,
    },
    /// `whileTrue:` and its kin: the receiver is the condition.
    While {
        /// Run before each round.
        condition: &'a Block<'a>,
        /// Run in each round.
        body: Option<&'a Block<'a>>,
        /// The value of the condition that goes on.
        while_value: bool,
    },
    /// `repeat`: the receiver is the body.
    Repeat(&'a Block<'a>),
    /// `to:do:`, `to:by:do:`, `downTo:do:`; the receiver is the start.
    Count {
        /// The last value.
        limit: Expression<'a>,
        /// What the counter grows by: a literal.
        step: Step,
        /// Run in each round, with the counter.
        body: &'a Block<'a>,
    },
    /// `timesRepeat:`; the receiver is the number of rounds.
    Times(&'a Block<'a>),
}

/// By what a counter changes; negative steps count down.
#[derive(Clone, Copy)]
pub(super) enum Step {
    /// An Integer other than 0.
    Integer(i64),
    /// A Double other than 0.
    Double(f64),
}

impl Step {
    pub(super) fn is_descending(self) -> bool {
        match self {
            Step::Integer(step) => step < 0,
            Step::Double(step) => step < 0.0,
        }
    }
}

/// How message `index` of `send` is inlined; `None` where it is sent.
pub(super) fn plan<'a>(send: &Send<'a>, index: usize) -> Option<Inlined<'a>> {
    let message = &send.messages[index];
    let receives_cascade = index + 1 == send.messages.len() && !send.cascade.is_empty();
    let first_receiver = (index == 0).then_some(send.receiver);
    if receives_cascade || first_receiver.is_some_and(is_super) {
        return None;
    }
    if let Some(Expression::Block(block)) = first_receiver {
        block_receiver(block, message)
    } else {
        any_receiver(message)
    }
}

/// Whether an expression is the word `super`.
pub(super) fn is_super(expression: Expression<'_>) -> bool {
    matches!(expression, Expression::Variable(variable) if variable.name.text == "super")
}

/// The argument as a literal block with the given number of parameters.
fn block<'a>(message: &Message<'a>, argument: usize, parameters: usize) -> Option<&'a Block<'a>> {
    let Some(Expression::Block(block)) = message.arguments.get(argument) else {
        return None;
    };
    (block.parameters.len() == parameters).then_some(*block)
}

/// As [`block`], with one parameter or none.
fn block_of_value<'a>(message: &Message<'a>, argument: usize) -> Option<&'a Block<'a>> {
    block(message, argument, 1).or_else(|| block(message, argument, 0))
}

fn block_receiver<'a>(receiver: &'a Block<'a>, message: &Message<'a>) -> Option<Inlined<'a>> {
    if !receiver.parameters.is_empty() {
        return None;
    }
    let condition = receiver;
    match message.selector.text {
        "whileTrue" => Some(Inlined::While {
            condition,
            body: None,
            while_value: true,
        }),
        "whileFalse" => Some(Inlined::While {
            condition,
            body: None,
            while_value: false,
        }),
        "whileTrue:" => block(message, 0, 0).map(|body| {
            let body = Some(body);
            Inlined::While {
                condition,
                body,
                while_value: true,
            }
        }),
        "whileFalse:" => block(message, 0, 0).map(|body| {
            let body = Some(body);
            Inlined::While {
                condition,
                body,
                while_value: false,
            }
        }),
        "repeat" => Some(Inlined::Repeat(receiver)),
        _ => None,
    }
}

fn any_receiver<'a>(message: &Message<'a>) -> Option<Inlined<'a>> {
    let conditional = |when_true, when_false| Inlined::Conditional {
        when_true,
        when_false,
    };
    let nil_test = |when_nil, when_not_nil| Inlined::NilTest {
        when_nil,
        when_not_nil,
    };
    match message.selector.text {
        "ifTrue:" => block(message, 0, 0).map(|yes| conditional(Some(yes), None)),
        "ifFalse:" => block(message, 0, 0).map(|no| conditional(None, Some(no))),
        "ifTrue:ifFalse:" => block(message, 0, 0)
            .zip(block(message, 1, 0))
            .map(|(yes, no)| conditional(Some(yes), Some(no))),
        "ifFalse:ifTrue:" => block(message, 0, 0)
            .zip(block(message, 1, 0))
            .map(|(no, yes)| conditional(Some(yes), Some(no))),
        "and:" | "&&" => block(message, 0, 0).map(Inlined::And),
        "or:" | "||" => block(message, 0, 0).map(Inlined::Or),
        "ifNil:" => block(message, 0, 0).map(|nil| nil_test(Some(nil), None)),
        "ifNotNil:" => block_of_value(message, 0).map(|value| nil_test(None, Some(value))),
        "ifNil:ifNotNil:" => block(message, 0, 0)
            .zip(block_of_value(message, 1))
            .map(|(nil, value)| nil_test(Some(nil), Some(value))),
        "ifNotNil:ifNil:" => block_of_value(message, 0)
            .zip(block(message, 1, 0))
            .map(|(value, nil)| nil_test(Some(nil), Some(value))),
        "timesRepeat:" => block(message, 0, 0).map(Inlined::Times),
        "to:do:" => counted(message, Step::Integer(1)),
        "downTo:do:" => counted(message, Step::Integer(-1)),
        "to:by:do:" => literal_step(message.arguments[1]).and_then(|step| counted(message, step)),
        _ => None,
    }
}

/// A step that a counter can go by: a number other than 0.
fn literal_step(step: Expression<'_>) -> Option<Step> {
    let Expression::Literal(literal) = step else {
        return None;
    };
    match *literal {
        Literal::Integer(step) if step != 0 => Some(Step::Integer(step)),
        Literal::Double(step) if step != 0.0 => Some(Step::Double(step)),
        Literal::Nil
        | Literal::True
        | Literal::False
        | Literal::Integer(_)
        | Literal::LargeInteger(_)
        | Literal::Double(_)
        | Literal::Character(_)
        | Literal::Symbol(_)
        | Literal::String(_)
        | Literal::Array(_)
        | Literal::ByteArray(_) => None,
    }
}

fn counted<'a>(message: &Message<'a>, step: Step) -> Option<Inlined<'a>> {
    let body = block(message, message.arguments.len() - 1, 1)?;
    Some(Inlined::Count {
        limit: message.arguments[0],
        step,
        body,
    })
}
