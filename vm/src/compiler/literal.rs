//! Parsing of literals.

use super::ast::Literal;
use super::error::{CompileError, ErrorKind, Result};
use super::lexer::{Token, TokenKind};
use super::number::{self, Number};
use super::parser::{Opened, Parser, quote};
use bumpalo::collections::Vec as ArenaVec;

impl<'a> Parser<'a> {
    /// Whether a literal starts here that is written alike everywhere.
    pub(super) fn at_literal(&self) -> bool {
        match self.token.kind {
            TokenKind::Operator => self.at_operator("-"),
            TokenKind::Number
            | TokenKind::String
            | TokenKind::Symbol
            | TokenKind::Character
            | TokenKind::OpenLiteralArray
            | TokenKind::OpenByteArray => true,
            TokenKind::Identifier
            | TokenKind::Keyword
            | TokenKind::Assign
            | TokenKind::Colon
            | TokenKind::Caret
            | TokenKind::Period
            | TokenKind::Semicolon
            | TokenKind::OpenParenthesis
            | TokenKind::CloseParenthesis
            | TokenKind::OpenBracket
            | TokenKind::CloseBracket
            | TokenKind::OpenBrace
            | TokenKind::CloseBrace
            | TokenKind::Separator
            | TokenKind::End => false,
        }
    }

    /// Parses a literal, where [`Self::at_literal`] says that there is one.
    pub(super) fn literal(&mut self) -> Result<Literal<'a>> {
        if self.at(TokenKind::OpenLiteralArray) {
            return self.nested(Parser::literal_array);
        }
        if self.at(TokenKind::OpenByteArray) {
            return self.byte_array();
        }
        if self.at(TokenKind::Number) {
            return self.number(false);
        }
        let token = self.advance()?;
        if token.kind == TokenKind::String {
            return self
                .string(token.start as usize, token)
                .map(Literal::String);
        }
        if token.kind == TokenKind::Symbol {
            return self.symbol(token).map(Literal::Symbol);
        }
        if token.kind == TokenKind::Character {
            let character = self.text(token).chars().nth(1).unwrap_or_default();
            return Ok(Literal::Character(character));
        }
        if !self.at(TokenKind::Number) {
            return self.expected("a receiver before '-', or a number after it");
        }
        self.number(true)
    }

    fn number(&mut self, is_negative: bool) -> Result<Literal<'a>> {
        let token = self.advance()?;
        match number::parse(self.text(token), is_negative) {
            Ok(Number::Integer(value)) => Ok(Literal::Integer(value)),
            Ok(Number::LargeInteger(large)) => Ok(Literal::LargeInteger(self.arena.alloc(large))),
            Ok(Number::Double(value)) => Ok(Literal::Double(value)),
            Err(why) => self.fail(token.start, ErrorKind::BadNumber(why)),
        }
    }

    /// The text of the string whose opening quote is at `start`, escapes replaced.
    fn string(&self, start: usize, token: Token) -> Result<&'a str> {
        let whole: &'a str = self.source.text();
        let inner = &whole[start + 1..token.end as usize - 1];
        if !inner.bytes().any(|byte| byte == b'\\' || byte == b'\'') {
            return Ok(inner);
        }
        let mut text = bumpalo::collections::String::with_capacity_in(inner.len(), self.arena);
        let mut characters = inner.char_indices();
        while let Some((at, character)) = characters.next() {
            match character {
                '\\' => match self.escape(characters.next().map(|(_, escape)| escape)) {
                    Ok(escaped) => text.push(escaped),
                    Err(kind) => {
                        return Err(CompileError::new(self.source, start + 1 + at, kind));
                    }
                },
                '\'' => {
                    // The lexer ends a string at a single quote, so this one is doubled.
                    characters.next();
                    text.push('\'');
                }
                other => text.push(other),
            }
        }
        Ok(text.into_bump_str())
    }

    fn escape(&self, escape: Option<char>) -> std::result::Result<char, ErrorKind> {
        match escape.unwrap_or_default() {
            't' => Ok('\t'),
            'b' => Ok('\u{8}'),
            'n' => Ok('\n'),
            'r' => Ok('\r'),
            'f' => Ok('\u{c}'),
            '0' => Ok('\0'),
            '\'' => Ok('\''),
            '\\' => Ok('\\'),
            other => Err(ErrorKind::UnknownEscape(other)),
        }
    }

    fn symbol(&self, token: Token) -> Result<&'a str> {
        let text = self.text(token)[1..].trim_start();
        if text.starts_with('\'') {
            return self.string(token.end as usize - text.len(), token);
        }
        Ok(text)
    }

    /// `#( … )` or, inside of one, `( … )`.
    fn literal_array(&mut self) -> Result<Literal<'a>> {
        let opened = Opened {
            what: "literal array",
            at: self.token.start,
        };
        self.advance()?;
        let mut elements = ArenaVec::new_in(self.arena);
        while !self.at(TokenKind::CloseParenthesis) {
            elements.push(self.literal_element(opened)?);
        }
        self.advance()?;
        Ok(Literal::Array(elements.into_bump_slice()))
    }

    /// An element of a literal array: names are Symbols there, and `#` may be left out.
    pub(super) fn literal_element(&mut self, opened: Opened) -> Result<Literal<'a>> {
        if self.at(TokenKind::OpenParenthesis) {
            return self.nested(Parser::literal_array);
        }
        if self.at(TokenKind::OpenBracket) {
            return self.byte_array();
        }
        if self.at(TokenKind::Keyword) {
            return self.bare_keywords().map(Literal::Symbol);
        }
        if self.take_if(TokenKind::Identifier)? {
            return Ok(match self.previous_text() {
                "nil" => Literal::Nil,
                "true" => Literal::True,
                "false" => Literal::False,
                name => Literal::Symbol(name),
            });
        }
        let is_sign = self.at_operator("-") && self.peek()?.kind == TokenKind::Number;
        if self.at(TokenKind::Operator) && !is_sign {
            self.advance()?;
            return Ok(Literal::Symbol(self.previous_text()));
        }
        if !self.at_literal() {
            let opened = self.opened_at(opened);
            return self.expected(format!("a literal, or ')' to close {opened}"));
        }
        self.literal()
    }

    /// `at:put:` without `#`: keywords that follow each other directly.
    fn bare_keywords(&mut self) -> Result<&'a str> {
        let start = self.token.start;
        loop {
            let end = self.advance()?.end;
            if !self.at(TokenKind::Keyword) || self.token.start != end {
                return Ok(&self.source.text()[start as usize..end as usize]);
            }
        }
    }

    /// `#[ … ]` or, inside of a literal array, `[ … ]`.
    fn byte_array(&mut self) -> Result<Literal<'a>> {
        let opened = Opened {
            what: "byte array",
            at: self.token.start,
        };
        self.advance()?;
        let mut bytes = ArenaVec::new_in(self.arena);
        while !self.at(TokenKind::CloseBracket) {
            let token = self.token;
            if token.kind != TokenKind::Number {
                let opened = self.opened_at(opened);
                return self.expected(format!(
                    "an Integer from 0 to 255, or ']' to close {opened}"
                ));
            }
            let byte = if let Literal::Integer(value) = self.number(false)? {
                value
            } else {
                -1
            };
            let Ok(byte) = u8::try_from(byte) else {
                let found = quote(self.source, token.start as usize, token.end as usize);
                let why = format!("expected an Integer from 0 to 255, found {found}");
                return self.fail(token.start, ErrorKind::BadNumber(why));
            };
            bytes.push(byte);
        }
        self.advance()?;
        Ok(Literal::ByteArray(bytes.into_bump_slice()))
    }
}
