//! Parsing of literals and pragmas.

use super::ast::{Literal, Name, Pragma, PragmaKind};
use super::error::{CompileError, ErrorKind, Result};
use super::lexer::{Token, TokenKind};
use super::number::{self, Number};
use super::parser::{Opened, Parser};
use bumpalo::collections::Vec as ArenaVec;

impl<'a> Parser<'a> {
    /// Parses a literal as it stands in an expression.
    pub(super) fn literal(&mut self) -> Result<Literal<'a>> {
        match self.token.kind {
            TokenKind::Operator if self.at_operator("-") => {
                self.advance()?;
                if !self.at(TokenKind::Number) {
                    return self.expected("an operand of '-', or a number after the sign");
                }
                self.number(true)
            }
            TokenKind::Number => self.number(false),
            TokenKind::String => {
                let token = self.advance()?;
                self.string(token.start as usize, token)
                    .map(Literal::String)
            }
            TokenKind::Symbol => {
                let token = self.advance()?;
                self.symbol(token).map(Literal::Symbol)
            }
            TokenKind::Character => {
                let token = self.advance()?;
                let character = self.text(token).chars().nth(1).unwrap_or_default();
                Ok(Literal::Character(character))
            }
            TokenKind::OpenLiteralArray => self.nested(Parser::literal_array),
            TokenKind::OpenByteArray => self.byte_array(),
            _ => self.expected("a literal"),
        }
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
    fn literal_element(&mut self, opened: Opened) -> Result<Literal<'a>> {
        match self.token.kind {
            TokenKind::Identifier => {
                let token = self.advance()?;
                Ok(match self.text(token) {
                    "nil" => Literal::Nil,
                    "true" => Literal::True,
                    "false" => Literal::False,
                    name => Literal::Symbol(name),
                })
            }
            TokenKind::Keyword => self.bare_keywords().map(Literal::Symbol),
            TokenKind::Operator => {
                if self.at_operator("-") && self.peek()?.kind == TokenKind::Number {
                    return self.literal();
                }
                let token = self.advance()?;
                Ok(Literal::Symbol(self.text(token)))
            }
            TokenKind::OpenParenthesis => self.nested(Parser::literal_array),
            TokenKind::OpenBracket => self.byte_array(),
            TokenKind::Number
            | TokenKind::String
            | TokenKind::Symbol
            | TokenKind::Character
            | TokenKind::OpenLiteralArray
            | TokenKind::OpenByteArray => self.literal(),
            _ => {
                let opened = self.opened_at(opened);
                self.expected(format!("a literal, or ')' to close {opened}"))
            }
        }
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
            let byte = match self.number(false)? {
                Literal::Integer(value) => u8::try_from(value).ok(),
                _ => None,
            };
            match byte {
                Some(byte) => bytes.push(byte),
                None => {
                    let found = self.text(token);
                    let why = format!("expected an Integer from 0 to 255, found '{found}'");
                    return self.fail(token.start, ErrorKind::BadNumber(why));
                }
            }
        }
        self.advance()?;
        Ok(Literal::ByteArray(bytes.into_bump_slice()))
    }

    // --- pragmas -------------------------------------------------------------------------------

    /// Parses the pragmas that stand here.
    pub(super) fn pragmas(&mut self, pragmas: &mut ArenaVec<'a, Pragma<'a>>) -> Result<()> {
        while self.at_operator_start('<') {
            let at = self.token.start;
            self.take_operator_start()?;
            let keyword = self.text(self.token);
            let kind = match self.token.kind {
                TokenKind::Keyword if keyword == "C:" => self.c_text(at)?,
                TokenKind::Keyword if keyword == "library:" => self.library(at)?,
                TokenKind::Keyword if keyword == "primitive:" => self.primitive(at)?,
                TokenKind::Keyword | TokenKind::Identifier => self.other_pragma(at)?,
                _ => return self.expected("a keyword or name after '<', as a pragma has"),
            };
            pragmas.push(Pragma { at, kind });
        }
        Ok(())
    }

    fn close_pragma(&mut self, at: u32) -> Result<()> {
        if !self.at_operator_start('>') {
            let opened = self.opened_at(Opened { what: "pragma", at });
            return self.expected(format!("'>' to close {opened}"));
        }
        self.take_operator_start()
    }

    /// The symbol or string that a pragma's keyword has.
    fn pragma_name(&mut self, what: &str) -> Result<&'a str> {
        match self.pragma_literal()? {
            Some(Literal::Symbol(name) | Literal::String(name)) => Ok(name),
            _ => self.expected(what),
        }
    }

    fn library(&mut self, at: u32) -> Result<PragmaKind<'a>> {
        self.advance()?;
        let name = self.pragma_name("the name of the library, a string")?;
        self.close_pragma(at)?;
        Ok(PragmaKind::Library(name))
    }

    fn primitive(&mut self, at: u32) -> Result<PragmaKind<'a>> {
        self.advance()?;
        let name = self.pragma_name("the name of the primitive, a symbol")?;
        let mut error = None;
        if self.at(TokenKind::Keyword) && self.text(self.token) == "error:" {
            self.advance()?;
            error = Some(self.declared_name("the name of the temporary after 'error:'")?);
        }
        self.close_pragma(at)?;
        Ok(PragmaKind::Primitive { name, error })
    }

    fn other_pragma(&mut self, at: u32) -> Result<PragmaKind<'a>> {
        let mut parts = ArenaVec::new_in(self.arena);
        let mut arguments = ArenaVec::new_in(self.arena);
        if self.at(TokenKind::Identifier) {
            let token = self.advance()?;
            parts.push(self.text(token));
        }
        while self.at(TokenKind::Keyword) && arguments.len() == parts.len() {
            let token = self.advance()?;
            parts.push(self.text(token));
            match self.pragma_literal()? {
                Some(argument) => arguments.push(argument),
                None => return self.expected("a literal"),
            }
        }
        self.close_pragma(at)?;
        let selector = self.joined(&parts);
        Ok(PragmaKind::Other {
            selector,
            arguments: arguments.into_bump_slice(),
        })
    }

    /// A literal in a pragma: as in a literal array, but `>` ends the pragma. `None` where there
    /// is none.
    fn pragma_literal(&mut self) -> Result<Option<Literal<'a>>> {
        let token = self.token;
        match token.kind {
            TokenKind::Identifier | TokenKind::Number | TokenKind::String => {}
            TokenKind::Character | TokenKind::OpenLiteralArray | TokenKind::OpenByteArray => {}
            TokenKind::Operator if self.at_operator("-") => {}
            TokenKind::Symbol => {
                let text = self.text(token);
                // `<marker: #+>`: the last character of the run closes the pragma.
                if text.len() > 2 && text.ends_with('>') && !self.peek_closes()? {
                    self.token.end -= 1;
                    self.lexer.go_to(self.token.end as usize);
                }
            }
            _ => return Ok(None),
        }
        self.literal_element(Opened {
            what: "pragma",
            at: token.start,
        })
        .map(Some)
    }

    /// Whether the token after the current one starts with `>`.
    fn peek_closes(&self) -> Result<bool> {
        let next = self.peek()?;
        Ok(next.kind == TokenKind::Operator && self.text(next).starts_with('>'))
    }

    /// `<C: text>`. The keyword is the current token, so the lexer has not looked at the C text.
    fn c_text(&mut self, at: u32) -> Result<PragmaKind<'a>> {
        let start = self.token.end as usize;
        let Some(end) = c_extent(self.source.text().as_bytes(), start) else {
            let kind = ErrorKind::Unterminated {
                what: "C declaration",
                close: "'>'",
            };
            return Err(CompileError::new(self.source, at as usize, kind).incomplete(true));
        };
        let text = &self.source.text()[start..end];
        let blanks = text.len() - text.trim_start().len();
        self.lexer.go_to(end + 1);
        self.token.end = end as u32 + 1;
        self.advance()?;
        Ok(PragmaKind::C(Name {
            text: text.trim(),
            at: (start + blanks) as u32,
        }))
    }
}

/// Where the `>` is that ends the C text from `start` on: not within parentheses, brackets,
/// braces, strings, character constants or comments.
fn c_extent(text: &[u8], start: usize) -> Option<usize> {
    let mut depth = 0_u32;
    let mut at = start;
    loop {
        match *text.get(at)? {
            b'>' if depth == 0 => return Some(at),
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            quote @ (b'"' | b'\'') => {
                at += 1;
                while *text.get(at)? != quote {
                    at += 1 + usize::from(text[at] == b'\\');
                }
            }
            b'/' if text.get(at + 1) == Some(&b'*') => {
                at += 2;
                while !text.get(at..at + 2).is_some_and(|two| two == b"*/") {
                    text.get(at)?;
                    at += 1;
                }
                at += 1;
            }
            _ => {}
        }
        at += 1;
    }
}
