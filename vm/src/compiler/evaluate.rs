//! Code of statements and expressions.
//!
//! An expression is compiled for its value, which is left on the operand stack, or for its effect.
//! Inlined messages are in [`super::control`], variables and literals in [`super::access`].

use super::ast::{Binding, Expression, Message, Send, Statement};
use super::codegen::{Generator, NUMBER_LIMIT};
use super::error::{ErrorKind, Result};
use super::inline;
use crate::bytecode::{Bytecode, SpecialSend};

impl<'a> Generator<'a, '_> {
    /// Statements, all for their effect.
    pub(super) fn effects(&mut self, statements: &[Statement<'a>]) -> Result<()> {
        for statement in statements {
            self.at(statement.at);
            if statement.is_return {
                self.returned(statement.value)?;
            } else {
                self.effect(statement.value)?;
            }
        }
        Ok(())
    }

    /// Statements, leaving the value of the last; nil where there is none.
    pub(super) fn values(&mut self, statements: &[Statement<'a>]) -> Result<()> {
        let Some((last, before)) = statements.split_last() else {
            self.emit(Bytecode::PushNil {});
            return Ok(());
        };
        self.effects(before)?;
        self.at(last.at);
        match last.is_return {
            true => self.returned(last.value),
            false => self.value(last.value),
        }
    }

    fn returned(&mut self, value: Expression<'a>) -> Result<()> {
        let is_self = matches!(value, Expression::Variable(variable)
            if variable.binding.get() == Binding::SelfReference);
        if self.is_in_block() {
            self.value(value)?;
            self.emit(Bytecode::ReturnHome {});
        } else if is_self {
            self.emit(Bytecode::ReturnSelf {});
        } else {
            self.value(value)?;
            self.emit(Bytecode::ReturnTop {});
        }
        Ok(())
    }

    // --- expressions ---------------------------------------------------------------------------

    /// Compiles for the effect: the operand stack stays as it is.
    pub(super) fn effect(&mut self, expression: Expression<'a>) -> Result<()> {
        match expression {
            Expression::Variable(variable)
                if !matches!(variable.binding.get(), Binding::Global) =>
            {
                Ok(())
            }
            Expression::Literal(_) => Ok(()),
            Expression::Send(send) => self.send(send, false),
            Expression::Variable(_)
            | Expression::Block(_)
            | Expression::Brace(_)
            | Expression::Assign(_) => {
                self.value(expression)?;
                self.emit(Bytecode::Pop {});
                Ok(())
            }
        }
    }

    /// Compiles for the value.
    pub(super) fn value(&mut self, expression: Expression<'a>) -> Result<()> {
        match expression {
            Expression::Variable(variable) => self.push_variable(variable),
            Expression::Literal(literal) => self.push_literal(literal),
            Expression::Block(block) => return self.block(block),
            Expression::Send(send) => return self.send(send, true),
            Expression::Brace(brace) => {
                brace
                    .elements
                    .iter()
                    .try_for_each(|&element| self.value(element))?;
                self.at(brace.at);
                self.emit(Bytecode::MakeArray {
                    size: brace.elements.len() as u16,
                });
            }
            Expression::Assign(assign) => {
                self.value(assign.value)?;
                for target in assign.targets.iter().rev() {
                    self.at(target.name.at);
                    self.store_variable(target);
                }
            }
        }
        Ok(())
    }

    /// A chain of messages with its cascade.
    fn send(&mut self, send: &'a Send<'a>, for_value: bool) -> Result<()> {
        let last = send.messages.len() - 1;
        for index in 0..send.messages.len() {
            let is_last = index == last && send.cascade.is_empty();
            match inline::plan(send, index) {
                Some(plan) => self.inlined(send, index, plan, for_value || !is_last)?,
                None => {
                    if index == 0 {
                        self.value(send.receiver)?;
                    }
                    if index == last && !send.cascade.is_empty() {
                        self.emit(Bytecode::Duplicate {});
                    }
                    self.message(&send.messages[index], self.is_super_send(send, index))?;
                    if is_last && !for_value {
                        self.emit(Bytecode::Pop {});
                    }
                }
            }
        }
        let is_super = self.is_super_send(send, last);
        for (index, message) in send.cascade.iter().enumerate() {
            self.emit(Bytecode::Pop {});
            if index + 1 < send.cascade.len() {
                self.emit(Bytecode::Duplicate {});
            }
            self.message(message, is_super)?;
        }
        if !send.cascade.is_empty() && !for_value {
            self.emit(Bytecode::Pop {});
        }
        Ok(())
    }

    fn is_super_send(&self, send: &Send<'a>, index: usize) -> bool {
        index == 0 && inline::is_super(send.receiver)
    }

    /// Compiles arguments and send; the receiver is on the stack.
    fn message(&mut self, message: &Message<'a>, is_super: bool) -> Result<()> {
        if message.arguments.len() > NUMBER_LIMIT {
            let kind = ErrorKind::TooMany {
                what: "arguments of a message",
                limit: NUMBER_LIMIT,
            };
            return self.fail(message.selector.at, kind);
        }
        message
            .arguments
            .iter()
            .try_for_each(|&argument| self.value(argument))?;
        self.at(message.selector.at);
        let text = message.selector.text;
        match SpecialSend::from_selector(text) {
            Some(special) if !is_super => {
                self.emit(Bytecode::SendSpecial {
                    selector: special as u8,
                });
            }
            _ => {
                let selector = self.code().symbol(text);
                let arguments = message.arguments.len() as u8;
                self.emit(match is_super {
                    true => Bytecode::SendSuper {
                        selector,
                        arguments,
                    },
                    false => Bytecode::Send {
                        selector,
                        arguments,
                    },
                });
            }
        }
        Ok(())
    }
}
