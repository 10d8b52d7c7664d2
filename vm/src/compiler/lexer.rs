//! Tokens.

use super::error::{CompileError, ErrorKind, Result};
use super::number;
use super::source::Source;

/// The kinds of tokens.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TokenKind {
    /// A name.
    Identifier,
    /// A name with a colon.
    Keyword,
    /// One or more operator characters.
    Operator,
    /// An unsigned number.
    Number,
    /// `'…'`
    String,
    /// `#name`, `#key:word:`, `#+`; also `#'…'`.
    Symbol,
    /// `$a`
    Character,
    /// `#(`
    OpenLiteralArray,
    /// `#[`
    OpenByteArray,
    /// `:=`
    Assign,
    /// `:`
    Colon,
    /// `^`
    Caret,
    /// `.`
    Period,
    /// `;`
    Semicolon,
    /// `(`
    OpenParenthesis,
    /// `)`
    CloseParenthesis,
    /// `[`
    OpenBracket,
    /// `]`
    CloseBracket,
    /// `{`
    OpenBrace,
    /// `}`
    CloseBrace,
    /// Four or more dashes.
    Separator,
    /// The end of the text.
    End,
}

/// A token: its kind and its bytes in the text.
#[derive(Clone, Copy, Debug)]
pub struct Token {
    /// The kind.
    pub kind: TokenKind,
    /// The first byte.
    pub start: u32,
    /// The byte behind it.
    pub end: u32,
}

/// Reads tokens one after the other. A copy reads ahead.
#[derive(Clone, Copy)]
pub struct Lexer<'a> {
    source: &'a Source,
    at: usize,
    comment: Option<(u32, u32)>,
}

/// Whether operators are made of this character.
pub fn is_operator(byte: u8) -> bool {
    matches!(
        byte,
        b'~' | b'&' | b'|' | b'*' | b'/' | b'\\' | b'+' | b'=' | b'>' | b'<' | b',' | b'@' | b'%'
    ) || byte == b'-'
}

impl<'a> Lexer<'a> {
    /// A lexer at the start of the text, behind a byte order mark and a `#!` line.
    pub fn new(source: &'a Source) -> Lexer<'a> {
        let text = source.text();
        let mut at = if text.starts_with('\u{feff}') { 3 } else { 0 };
        if text[at..].starts_with("#!") {
            at = text[at..].find('\n').map_or(text.len(), |end| at + end);
        }
        Lexer {
            source,
            at,
            comment: None,
        }
    }

    /// Where the next token is looked for.
    pub fn at(&self) -> usize {
        self.at
    }

    /// Goes on at another place.
    pub fn go_to(&mut self, at: usize) {
        self.at = at;
    }

    /// The text of the last comment before the last token.
    pub fn comment(&self) -> Option<&'a str> {
        let (start, end) = self.comment?;
        Some(&self.source.text()[start as usize..end as usize])
    }

    fn bytes(&self) -> &'a [u8] {
        self.source.text().as_bytes()
    }

    fn byte(&self, offset: usize) -> u8 {
        self.bytes().get(self.at + offset).copied().unwrap_or(0)
    }

    fn error<T>(&self, at: usize, kind: ErrorKind) -> Result<T> {
        Err(CompileError::new(self.source, at, kind))
    }

    fn unterminated<T>(&self, at: usize, what: &'static str, close: &'static str) -> Result<T> {
        let kind = ErrorKind::Unterminated { what, close };
        Err(CompileError::new(self.source, at, kind).incomplete(true))
    }

    /// Reads the next token.
    pub fn read(&mut self) -> Result<Token> {
        self.skip_blanks()?;
        let start = self.at;
        let Some(&first) = self.bytes().get(start) else {
            return Ok(Token {
                kind: TokenKind::End,
                start: start as u32,
                end: start as u32,
            });
        };
        let kind = match first {
            b'a'..=b'z' | b'A'..=b'Z' | b'_' | 0x80.. => self.identifier()?,
            b'0'..=b'9' => {
                self.at = number::extent(self.bytes(), start);
                TokenKind::Number
            }
            b'\'' => self.string()?,
            b'#' => self.pound()?,
            b'$' => self.character()?,
            b':' if self.byte(1) == b'=' => self.take(2, TokenKind::Assign),
            b':' => self.take(1, TokenKind::Colon),
            b'^' => self.take(1, TokenKind::Caret),
            b'.' => self.take(1, TokenKind::Period),
            b';' => self.take(1, TokenKind::Semicolon),
            b'(' => self.take(1, TokenKind::OpenParenthesis),
            b')' => self.take(1, TokenKind::CloseParenthesis),
            b'[' => self.take(1, TokenKind::OpenBracket),
            b']' => self.take(1, TokenKind::CloseBracket),
            b'{' => self.take(1, TokenKind::OpenBrace),
            b'}' => self.take(1, TokenKind::CloseBrace),
            _ if is_operator(first) => self.operator(),
            _ => return self.error(start, ErrorKind::UnexpectedCharacter(first as char)),
        };
        Ok(Token {
            kind,
            start: start as u32,
            end: self.at as u32,
        })
    }

    fn take(&mut self, width: usize, kind: TokenKind) -> TokenKind {
        self.at += width;
        kind
    }

    fn skip_blanks(&mut self) -> Result<()> {
        self.comment = None;
        loop {
            match self.byte(0) {
                b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c => self.at += 1,
                b'"' => {
                    let start = self.at + 1;
                    let Some(length) = self.bytes()[start..].iter().position(|&b| b == b'"') else {
                        return self.unterminated(self.at, "comment", "a double quote");
                    };
                    self.at = start + length + 1;
                    self.comment = Some((start as u32, (start + length) as u32));
                }
                0x80.. => match self.source.text()[self.at..].chars().next() {
                    Some(c) if c.is_whitespace() => self.at += c.len_utf8(),
                    _ => return Ok(()),
                },
                _ => return Ok(()),
            }
        }
    }

    /// Moves behind a name; answers whether there was one.
    fn skip_name(&mut self) -> bool {
        let start = self.at;
        loop {
            match self.byte(0) {
                b'a'..=b'z' | b'A'..=b'Z' | b'_' => self.at += 1,
                b'0'..=b'9' if self.at > start => self.at += 1,
                0x80.. => match self.source.text()[self.at..].chars().next() {
                    Some(c) if c.is_alphabetic() || (self.at > start && c.is_alphanumeric()) => {
                        self.at += c.len_utf8();
                    }
                    _ => return self.at > start,
                },
                _ => return self.at > start,
            }
        }
    }

    fn identifier(&mut self) -> Result<TokenKind> {
        if !self.skip_name() {
            let found = self.source.text()[self.at..]
                .chars()
                .next()
                .unwrap_or_default();
            return self.error(self.at, ErrorKind::UnexpectedCharacter(found));
        }
        if self.byte(0) == b':' && self.byte(1) != b'=' {
            self.at += 1;
            return Ok(TokenKind::Keyword);
        }
        Ok(TokenKind::Identifier)
    }

    fn string(&mut self) -> Result<TokenKind> {
        let start = self.at;
        self.at += 1;
        loop {
            match self.bytes().get(self.at) {
                None => return self.unterminated(start, "string", "a quote"),
                Some(b'\\') => self.at += 2,
                Some(b'\'') if self.byte(1) == b'\'' => self.at += 2,
                Some(b'\'') => return Ok(self.take(1, TokenKind::String)),
                Some(_) => self.at += 1,
            }
        }
    }

    fn pound(&mut self) -> Result<TokenKind> {
        let start = self.at;
        self.at += 1;
        while matches!(self.byte(0), b' ' | b'\t' | b'\n' | b'\r') {
            self.at += 1;
        }
        match self.byte(0) {
            b'(' => Ok(self.take(1, TokenKind::OpenLiteralArray)),
            b'[' => Ok(self.take(1, TokenKind::OpenByteArray)),
            b'\'' => self.string().map(|_| TokenKind::Symbol),
            byte if is_operator(byte) => {
                while is_operator(self.byte(0)) {
                    self.at += 1;
                }
                Ok(TokenKind::Symbol)
            }
            _ => {
                if !self.skip_name() {
                    let expected = "a symbol, '(' or '[' after '#'".to_owned();
                    let found = super::parser::quote(self.source, self.at, self.at + 1);
                    let incomplete = self.at >= self.bytes().len();
                    let kind = ErrorKind::Expected { expected, found };
                    let error = CompileError::new(self.source, start, kind);
                    return Err(error.incomplete(incomplete));
                }
                while self.byte(0) == b':' && self.byte(1) != b'=' {
                    self.at += 1;
                    self.skip_name();
                }
                Ok(TokenKind::Symbol)
            }
        }
    }

    fn character(&mut self) -> Result<TokenKind> {
        match self.source.text()[self.at + 1..].chars().next() {
            Some(character) => Ok(self.take(1 + character.len_utf8(), TokenKind::Character)),
            None => self.unterminated(self.at, "character literal", "a character after '$'"),
        }
    }

    /// A run of operator characters, or four or more dashes. A dash directly before a digit is
    /// not taken into a longer operator: `3--4` subtracts -4.
    fn operator(&mut self) -> TokenKind {
        let start = self.at;
        while self.byte(0) == b'-' {
            self.at += 1;
        }
        if self.at - start >= 4 {
            return TokenKind::Separator;
        }
        self.at = start + 1;
        while is_operator(self.byte(0)) && !(self.byte(0) == b'-' && self.byte(1).is_ascii_digit())
        {
            self.at += 1;
        }
        TokenKind::Operator
    }
}
