//! Parsing of statements and expressions.

use super::ast::{
    Assign, Binding, Block, Brace, Expression, Message, Name, Send, Sequence, Statement, Variable,
};
use super::error::{ErrorKind, Result};
use super::lexer::{Token, TokenKind};
use super::parser::{Opened, Parser};
use bumpalo::collections::Vec as ArenaVec;
use std::cell::Cell;

impl<'a> Parser<'a> {
    /// Parses statements up to a token that cannot go on.
    pub(super) fn statements(&mut self) -> Result<&'a [Statement<'a>]> {
        let mut statements = ArenaVec::new_in(self.arena);
        while !matches!(
            self.token.kind,
            TokenKind::CloseParenthesis | TokenKind::CloseBracket | TokenKind::End
        ) {
            let statement = self.statement()?;
            statements.push(statement);
            if !self.take_if(TokenKind::Period)? || statement.is_return {
                break;
            }
        }
        Ok(statements.into_bump_slice())
    }

    /// Parses one statement.
    pub(super) fn statement(&mut self) -> Result<Statement<'a>> {
        let at = self.token.start;
        let is_return = self.take_if(TokenKind::Caret)?;
        let value = self.expression()?;
        Ok(Statement {
            value,
            is_return,
            at,
        })
    }

    /// Parses an expression.
    pub(super) fn expression(&mut self) -> Result<Expression<'a>> {
        self.nested(Parser::unchecked_expression)
    }

    fn unchecked_expression(&mut self) -> Result<Expression<'a>> {
        if !self.at(TokenKind::Identifier) {
            let receiver = self.primary()?;
            return self.messages(receiver);
        }
        let first = self.variable()?;
        if !self.at(TokenKind::Assign) {
            return self.messages(Expression::Variable(first));
        }
        let mut targets = ArenaVec::new_in(self.arena);
        let mut variable = first;
        let value = loop {
            if !self.take_if(TokenKind::Assign)? {
                break self.messages(Expression::Variable(variable))?;
            }
            targets.push(variable);
            if !self.at(TokenKind::Identifier) {
                let receiver = self.primary()?;
                break self.messages(receiver)?;
            }
            variable = self.variable()?;
        };
        let targets = targets.into_bump_slice();
        Ok(Expression::Assign(
            self.arena.alloc(Assign { targets, value }),
        ))
    }

    fn variable(&mut self) -> Result<&'a Variable<'a>> {
        let token = self.advance()?;
        let name = self.name(token);
        Ok(self.arena.alloc(Variable {
            name,
            binding: Cell::new(Binding::Global),
        }))
    }

    // --- messages ------------------------------------------------------------------------------

    /// Parses the messages and the cascade to a receiver.
    fn messages(&mut self, receiver: Expression<'a>) -> Result<Expression<'a>> {
        if !self.at_name_or_operator() {
            return Ok(receiver);
        }
        let mut messages = ArenaVec::new_in(self.arena);
        while self.at(TokenKind::Identifier) {
            messages.push(self.unary_message()?);
        }
        while self.at(TokenKind::Operator) {
            messages.push(self.binary_message()?);
        }
        if self.at(TokenKind::Keyword) {
            messages.push(self.keyword_message()?);
        }
        let mut cascade = ArenaVec::new_in(self.arena);
        while self.take_if(TokenKind::Semicolon)? {
            cascade.push(if self.at(TokenKind::Identifier) {
                self.unary_message()?
            } else if self.at(TokenKind::Operator) {
                self.binary_message()?
            } else if self.at(TokenKind::Keyword) {
                self.keyword_message()?
            } else {
                return self.expected("a message after ';'");
            });
        }
        let messages = messages.into_bump_slice();
        let cascade = cascade.into_bump_slice();
        Ok(Expression::Send(self.arena.alloc(Send {
            receiver,
            messages,
            cascade,
        })))
    }

    fn unary_message(&mut self) -> Result<Message<'a>> {
        let token = self.advance()?;
        Ok(Message {
            selector: self.name(token),
            arguments: &[],
        })
    }

    fn binary_message(&mut self) -> Result<Message<'a>> {
        let token = self.advance()?;
        let receiver = self.primary()?;
        let argument = if self.at(TokenKind::Identifier) {
            let mut messages = ArenaVec::new_in(self.arena);
            while self.at(TokenKind::Identifier) {
                messages.push(self.unary_message()?);
            }
            self.send(receiver, messages)
        } else {
            receiver
        };
        let arguments = self.arena.alloc_slice_copy(&[argument]);
        Ok(Message {
            selector: self.name(token),
            arguments,
        })
    }

    fn send(
        &self,
        receiver: Expression<'a>,
        messages: ArenaVec<'a, Message<'a>>,
    ) -> Expression<'a> {
        let messages = messages.into_bump_slice();
        Expression::Send(self.arena.alloc(Send {
            receiver,
            messages,
            cascade: &[],
        }))
    }

    fn keyword_message(&mut self) -> Result<Message<'a>> {
        let at = self.token.start;
        let mut parts = ArenaVec::new_in(self.arena);
        let mut arguments = ArenaVec::new_in(self.arena);
        while self.at(TokenKind::Keyword) {
            let keyword = self.advance()?;
            parts.push(self.text(keyword));
            arguments.push(self.keyword_argument()?);
        }
        let selector = Name {
            text: self.joined(&parts),
            at,
        };
        Ok(Message {
            selector,
            arguments: arguments.into_bump_slice(),
        })
    }

    /// An argument of a keyword message: unary and binary messages only.
    fn keyword_argument(&mut self) -> Result<Expression<'a>> {
        let receiver = self.primary()?;
        if !matches!(self.token.kind, TokenKind::Identifier | TokenKind::Operator) {
            return Ok(receiver);
        }
        let mut messages = ArenaVec::new_in(self.arena);
        while self.at(TokenKind::Identifier) {
            messages.push(self.unary_message()?);
        }
        while self.at(TokenKind::Operator) {
            messages.push(self.binary_message()?);
        }
        Ok(self.send(receiver, messages))
    }

    // --- primaries -----------------------------------------------------------------------------

    fn primary(&mut self) -> Result<Expression<'a>> {
        match self.token.kind {
            TokenKind::Identifier => self.variable().map(Expression::Variable),
            TokenKind::OpenParenthesis => self.parenthesised(),
            TokenKind::OpenBracket => self.block(),
            TokenKind::OpenBrace => self.brace(),
            TokenKind::Number
            | TokenKind::String
            | TokenKind::Symbol
            | TokenKind::Character
            | TokenKind::OpenLiteralArray
            | TokenKind::OpenByteArray => self.literal_expression(),
            TokenKind::Operator if self.at_operator("-") => self.literal_expression(),
            TokenKind::Keyword
            | TokenKind::Operator
            | TokenKind::Assign
            | TokenKind::Colon
            | TokenKind::Caret
            | TokenKind::Period
            | TokenKind::Semicolon
            | TokenKind::CloseParenthesis
            | TokenKind::CloseBracket
            | TokenKind::CloseBrace
            | TokenKind::Separator
            | TokenKind::End => self.expected("an expression"),
        }
    }

    #[inline(never)]
    fn literal_expression(&mut self) -> Result<Expression<'a>> {
        let literal = self.literal()?;
        Ok(Expression::Literal(self.arena.alloc(literal)))
    }

    #[inline(never)]
    fn parenthesised(&mut self) -> Result<Expression<'a>> {
        let opened = Opened {
            what: "parenthesis",
            at: self.token.start,
        };
        self.advance()?;
        let expression = self.expression()?;
        self.close(TokenKind::CloseParenthesis, ")", opened)?;
        Ok(expression)
    }

    #[inline(never)]
    fn brace(&mut self) -> Result<Expression<'a>> {
        let at = self.token.start;
        let opened = Opened { what: "array", at };
        self.advance()?;
        let mut elements = ArenaVec::new_in(self.arena);
        while !self.at(TokenKind::CloseBrace) {
            elements.push(self.expression()?);
            if !self.take_if(TokenKind::Period)? {
                break;
            }
        }
        self.close(TokenKind::CloseBrace, "}", opened)?;
        let limit = usize::from(u16::MAX);
        if elements.len() > limit {
            return self.fail(
                at,
                ErrorKind::TooMany {
                    what: "elements in { }",
                    limit,
                },
            );
        }
        let elements = elements.into_bump_slice();
        Ok(Expression::Brace(self.arena.alloc(Brace { elements, at })))
    }

    #[inline(never)]
    fn block(&mut self) -> Result<Expression<'a>> {
        let Token { start, .. } = self.advance()?;
        let opened = Opened {
            what: "block",
            at: start,
        };
        let parameters = self.block_parameters(opened)?;
        let temporaries = self.names_between_bars("temporary")?;
        let statements = self.statements()?;
        self.close(TokenKind::CloseBracket, "]", opened)?;
        let body = Sequence {
            temporaries,
            statements,
        };
        let end = self.previous.end;
        let scope = Cell::new(0);
        let block = Block {
            parameters,
            body,
            start,
            end,
            scope,
        };
        Ok(Expression::Block(self.arena.alloc(block)))
    }

    fn block_parameters(&mut self, opened: Opened) -> Result<&'a [Name<'a>]> {
        let mut parameters = ArenaVec::new_in(self.arena);
        while self.take_if(TokenKind::Colon)? {
            parameters.push(self.declared_name("the name of a block parameter after ':'")?);
        }
        if !parameters.is_empty() && !self.at(TokenKind::CloseBracket) {
            if !self.at_operator_start('|') {
                let opened = self.opened_at(opened);
                return self.expected(format!("'|' after the parameters of {opened}"));
            }
            self.take_operator_start()?;
        }
        Ok(parameters.into_bump_slice())
    }
}
