//! Parsing of scripts: class definitions and statements.

use super::ast::{ScriptItem, Statement, Statements};
use super::error::Result;
use super::lexer::TokenKind;
use super::parser::{Parser, RESERVED};
use bumpalo::collections::Vec as ArenaVec;

/// The most statements that are compiled as one unit, so that a very long script does not run out
/// of literals.
const UNIT_STATEMENT_LIMIT: usize = 4096;

impl<'a> Parser<'a> {
    /// Parses the rest of the text as a script.
    pub(super) fn script(&mut self) -> Result<Vec<ScriptItem<'a>>> {
        let mut items = Vec::new();
        while !self.at(TokenKind::End) {
            if self.at_class()? {
                let class = self.class()?;
                items.push(ScriptItem::Class(self.keep(class)));
                self.take_if(TokenKind::Period)?;
            } else {
                let unit = self.unit()?;
                items.push(ScriptItem::Statements(self.keep(unit)));
            }
        }
        Ok(items)
    }

    /// Whether a class definition starts here: `Name = (` or `Name = Superclass (`, Name being
    /// capitalised. `Name = (` before a literal or `self` is a comparison all the same.
    fn at_class(&self) -> Result<bool> {
        let is_capitalised = |text: &str| text.starts_with(char::is_uppercase);
        if !self.at(TokenKind::Identifier) || !is_capitalised(self.text(self.token)) {
            return Ok(false);
        }
        let mut lexer = self.lexer;
        let equals = lexer.read()?;
        if equals.kind != TokenKind::Operator || self.text(equals) != "=" {
            return Ok(false);
        }
        let mut token = lexer.read()?;
        if token.kind == TokenKind::Identifier {
            return Ok(lexer.read()?.kind == TokenKind::OpenParenthesis);
        }
        if token.kind != TokenKind::OpenParenthesis {
            return Ok(false);
        }
        token = lexer.read()?;
        // What could be the first token of a class body.
        Ok(match token.kind {
            TokenKind::Identifier => !RESERVED.contains(&self.text(token)),
            TokenKind::Operator
            | TokenKind::Keyword
            | TokenKind::Separator
            | TokenKind::CloseParenthesis
            | TokenKind::End => true,
            TokenKind::Number
            | TokenKind::String
            | TokenKind::Symbol
            | TokenKind::Character
            | TokenKind::OpenLiteralArray
            | TokenKind::OpenByteArray
            | TokenKind::Assign
            | TokenKind::Colon
            | TokenKind::Caret
            | TokenKind::Period
            | TokenKind::Semicolon
            | TokenKind::OpenParenthesis
            | TokenKind::OpenBracket
            | TokenKind::CloseBracket
            | TokenKind::OpenBrace
            | TokenKind::CloseBrace => false,
        })
    }

    /// Statements up to the next class definition, the end or the limit.
    fn unit(&mut self) -> Result<Statements<'a>> {
        let start = self.token.start;
        let mut declarations = ArenaVec::new_in(self.arena);
        let mut statements: ArenaVec<'_, Statement<'a>> = ArenaVec::new_in(self.arena);
        while !self.at(TokenKind::End)
            && statements.len() < UNIT_STATEMENT_LIMIT
            && !self.at_class()?
        {
            if self.at_operator_start('|') {
                declarations.extend_from_slice(self.names_between_bars("variable")?);
                continue;
            }
            if self.take_if(TokenKind::Period)? {
                continue;
            }
            if statements.last().is_some_and(|last| last.is_return) {
                return self.expected("a class definition or the end of the text after the return");
            }
            statements.push(self.statement()?);
            if !self.at(TokenKind::End) && !self.take_if(TokenKind::Period)? {
                return self.expected("'.' or the end of the text after the statement");
            }
        }
        Ok(Statements {
            declarations: declarations.into_bump_slice(),
            statements: statements.into_bump_slice(),
            start,
            end: self.previous.end,
        })
    }
}
