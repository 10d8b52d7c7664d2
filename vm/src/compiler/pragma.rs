//! Parsing of pragmas.

use super::ast::{Literal, Name, Pragma, PragmaKind};
use super::error::{CompileError, ErrorKind, Result};
use super::lexer::TokenKind;
use super::parser::{Opened, Parser};
use bumpalo::collections::Vec as ArenaVec;

impl<'a> Parser<'a> {
    /// Parses the pragmas that stand here.
    pub(super) fn pragmas(&mut self, pragmas: &mut ArenaVec<'a, Pragma<'a>>) -> Result<()> {
        while self.at_operator_start('<') {
            let at = self.token.start;
            self.take_operator_start()?;
            let keyword = self.text(self.token);
            let kind = match keyword {
                "C:" => self.c_text(at)?,
                "library:" => self.library(at)?,
                "primitive:" => self.primitive(at)?,
                _ => self.other_pragma(at)?,
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
        if self.at(TokenKind::Symbol) || self.at(TokenKind::String) {
            let literal = self.pragma_literal()?;
            if let Some(Literal::Symbol(name) | Literal::String(name)) = literal {
                return Ok(name);
            }
        }
        self.expected(what)
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
        if !self.at(TokenKind::Keyword) && !self.at(TokenKind::Identifier) {
            return self.expected("a keyword or name after '<', as a pragma has");
        }
        if self.take_if(TokenKind::Identifier)? {
            parts.push(self.previous_text());
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
        if !self.at_literal() && !self.at(TokenKind::Identifier) {
            return Ok(None);
        }
        // `<marker: #+>`: the last character of the run closes the pragma.
        let text = self.text(token);
        let ends_in_bracket = token.kind == TokenKind::Symbol && text.ends_with('>');
        if ends_in_bracket && text.len() > 2 && !self.peek_closes()? {
            self.token.end -= 1;
            self.lexer.go_to(self.token.end as usize);
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
                while text.get(at..at + 2).is_none_or(|two| two != b"*/") {
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
