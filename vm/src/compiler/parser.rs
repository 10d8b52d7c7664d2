//! The parser's handling of tokens, names and errors; parsing of classes and methods.

use super::ast::{Class, Method, Name, Sequence, Side, Superclass};
use super::error::{CompileError, ErrorKind, Result};
use super::lexer::{Lexer, Token, TokenKind};
use super::source::{Position, Source};
use bumpalo::Bump;
use bumpalo::collections::Vec as ArenaVec;

/// How deep expressions may be nested. Parser and code generator recurse, so the limit is what
/// keeps them within a 2 MiB stack, unoptimised builds included.
pub const NESTING_LIMIT: u32 = 256;

/// The names that cannot be declared.
pub(super) const RESERVED: &[&str] = &["self", "super", "nil", "true", "false"];

/// A parser: one token ahead.
pub(super) struct Parser<'a> {
    pub(super) source: &'a Source,
    pub(super) arena: &'a Bump,
    pub(super) lexer: Lexer<'a>,
    pub(super) token: Token,
    /// The token before the current one.
    pub(super) previous: Token,
    depth: u32,
}

/// What an opening token belongs to and where it stands, for messages.
#[derive(Clone, Copy)]
pub(super) struct Opened {
    pub(super) what: &'static str,
    pub(super) at: u32,
}

/// The text between two offsets in quotes, shortened; a phrase where the text has ended.
pub(super) fn quote(source: &Source, start: usize, end: usize) -> String {
    let text = source.text();
    let start = text.floor_char_boundary(start);
    let rest = &text[start..];
    if rest.is_empty() {
        return "the end of the text".to_owned();
    }
    let mut characters = rest
        .char_indices()
        .map(|(at, c)| (start + at, c))
        .peekable();
    let mut quoted = String::from("'");
    while let Some((_, character)) = characters.next_if(|&(at, _)| at < end) {
        if quoted.len() > 32 {
            quoted.push('…');
            break;
        }
        quoted.extend(character.escape_debug().filter(|_| character.is_control()));
        quoted.extend((!character.is_control()).then_some(character));
    }
    quoted.push('\'');
    quoted
}

impl<'a> Parser<'a> {
    /// A parser at the first token.
    pub(super) fn new(arena: &'a Bump, source: &'a Source) -> Result<Parser<'a>> {
        let mut lexer = Lexer::new(source);
        let token = lexer.read()?;
        Ok(Parser {
            source,
            arena,
            lexer,
            token,
            previous: token,
            depth: 0,
        })
    }

    // --- tokens --------------------------------------------------------------------------------

    pub(super) fn advance(&mut self) -> Result<Token> {
        let token = self.token;
        self.previous = token;
        self.token = self.lexer.read()?;
        Ok(token)
    }

    /// The token after the current one.
    pub(super) fn peek(&self) -> Result<Token> {
        let mut lexer = self.lexer;
        lexer.read()
    }

    pub(super) fn text(&self, token: Token) -> &'a str {
        &self.source.text()[token.start as usize..token.end as usize]
    }

    /// The text of the token before the current one.
    pub(super) fn previous_text(&self) -> &'a str {
        &self.source.text()[self.previous.start as usize..self.previous.end as usize]
    }

    pub(super) fn at(&self, kind: TokenKind) -> bool {
        self.token.kind == kind
    }

    /// The current token can start a message or a method pattern.
    pub(super) fn at_name_or_operator(&self) -> bool {
        self.at(TokenKind::Identifier)
            || self.at(TokenKind::Operator)
            || self.at(TokenKind::Keyword)
    }

    pub(super) fn at_operator(&self, text: &str) -> bool {
        self.at(TokenKind::Operator) && self.text(self.token) == text
    }

    /// The current token is an operator that starts with the character.
    pub(super) fn at_operator_start(&self, first: char) -> bool {
        self.at(TokenKind::Operator) && self.text(self.token).starts_with(first)
    }

    pub(super) fn take_if(&mut self, kind: TokenKind) -> Result<bool> {
        let found = self.at(kind);
        if found {
            self.advance()?;
        }
        Ok(found)
    }

    /// Takes the first character of an operator and leaves the rest to be read anew.
    pub(super) fn take_operator_start(&mut self) -> Result<()> {
        self.lexer.go_to(self.token.start as usize + 1);
        self.token.end = self.token.start + 1;
        self.advance().map(drop)
    }

    // --- errors --------------------------------------------------------------------------------

    pub(super) fn fail<T>(&self, at: u32, kind: ErrorKind) -> Result<T> {
        Err(CompileError::new(self.source, at as usize, kind))
    }

    /// The current token is not what is expected.
    pub(super) fn expected<T>(&self, expected: impl Into<String>) -> Result<T> {
        let Token { kind, start, end } = self.token;
        let found = quote(self.source, start as usize, end as usize);
        let kind_of_error = ErrorKind::Expected {
            expected: expected.into(),
            found,
        };
        let error = CompileError::new(self.source, start as usize, kind_of_error);
        Err(error.incomplete(kind == TokenKind::End))
    }

    pub(super) fn opened_at(&self, opened: Opened) -> String {
        let position = self.source.position(opened.at as usize);
        format!(
            "the {} opened at {}:{}",
            opened.what, position.line, position.column
        )
    }

    /// Takes the token that closes what `opened` says.
    pub(super) fn close(&mut self, kind: TokenKind, close: &str, opened: Opened) -> Result<()> {
        if self.at(kind) {
            return self.advance().map(drop);
        }
        let opened = self.opened_at(opened);
        self.expected(format!("'{close}' to close {opened}"))
    }

    /// Runs `parse` one nesting level deeper.
    pub(super) fn nested<T>(&mut self, parse: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        if self.depth >= NESTING_LIMIT {
            return self.fail(self.token.start, ErrorKind::TooDeep(NESTING_LIMIT));
        }
        self.depth += 1;
        let result = parse(self);
        self.depth -= 1;
        result
    }

    // --- names ---------------------------------------------------------------------------------

    pub(super) fn name(&self, token: Token) -> Name<'a> {
        Name {
            text: self.text(token),
            at: token.start,
        }
    }

    /// Takes a name that is declared here.
    pub(super) fn declared_name(&mut self, what: &str) -> Result<Name<'a>> {
        if !self.at(TokenKind::Identifier) {
            return self.expected(what);
        }
        let token = self.advance()?;
        let name = self.name(token);
        if RESERVED.contains(&name.text) {
            return self.fail(name.at, ErrorKind::Reserved(name.text.to_owned()));
        }
        Ok(name)
    }

    /// Takes `| a b |` where it stands here.
    pub(super) fn names_between_bars(&mut self, what: &'static str) -> Result<&'a [Name<'a>]> {
        if !self.at_operator_start('|') {
            return Ok(&[]);
        }
        let opened = self.token.start;
        self.take_operator_start()?;
        let mut names = ArenaVec::new_in(self.arena);
        while self.at(TokenKind::Identifier) {
            names.push(self.declared_name(what)?);
        }
        if !self.at_operator_start('|') {
            let position = self.source.position(opened as usize);
            let Position { line, column, .. } = position;
            return self.expected(format!(
                "a {what} name or '|' to close the {what}s opened at {line}:{column}"
            ));
        }
        self.take_operator_start()?;
        Ok(names.into_bump_slice())
    }

    // --- classes -------------------------------------------------------------------------------

    /// Parses a class definition, which starts at the current token.
    pub(super) fn class(&mut self) -> Result<Class<'a>> {
        let before = self.lexer.comment();
        let start = self.token.start;
        let name = self.declared_name("the name of a class")?;
        if !self.at_operator("=") {
            return self.expected(format!("'=' after the class name '{}'", name.text));
        }
        self.advance()?;
        let superclass = self.superclass()?;
        let opened = Opened {
            what: "class body",
            at: self.token.start,
        };
        if !self.take_if(TokenKind::OpenParenthesis)? {
            return self.expected("'(' to open the class body");
        }
        let comment = self.lexer.comment().or(before);
        let instance_side = self.side(opened)?;
        let class_side = if self.take_if(TokenKind::Separator)? {
            self.side(opened)?
        } else {
            Side::default()
        };
        self.close(TokenKind::CloseParenthesis, ")", opened)?;
        let end = self.previous.end;
        Ok(Class {
            name,
            superclass,
            comment,
            instance_side,
            class_side,
            start,
            end,
        })
    }

    fn superclass(&mut self) -> Result<Superclass<'a>> {
        if !self.at(TokenKind::Identifier) {
            return Ok(Superclass::Default);
        }
        if self.text(self.token) == "nil" {
            self.advance()?;
            return Ok(Superclass::Nil);
        }
        self.declared_name("the name of the superclass")
            .map(Superclass::Named)
    }

    fn side(&mut self, opened: Opened) -> Result<Side<'a>> {
        // `||` alone is an empty list of fields, but before an argument and `=` the selector of
        // a method.
        let is_method = self.at_operator("||") && self.peek()?.kind == TokenKind::Identifier;
        let fields = if is_method {
            &[]
        } else {
            self.names_between_bars("field")?
        };
        let mut methods = ArenaVec::new_in(self.arena);
        while self.at_name_or_operator() {
            methods.push(self.method()?);
        }
        if !self.at(TokenKind::CloseParenthesis) && !self.at(TokenKind::Separator) {
            let opened = self.opened_at(opened);
            return self.expected(format!("a method, or ')' to close {opened}"));
        }
        Ok(Side {
            fields,
            methods: methods.into_bump_slice(),
        })
    }

    // --- methods -------------------------------------------------------------------------------

    /// Parses a method, which starts at the current token.
    pub(super) fn method(&mut self) -> Result<Method<'a>> {
        let start = self.token.start;
        let (selector, arguments) = self.pattern()?;
        if !self.at_operator("=") {
            return self.expected(format!(
                "'=' after the method pattern of '{}'",
                selector.text
            ));
        }
        self.advance()?;
        let mut method = Method {
            selector,
            arguments,
            is_primitive: false,
            pragmas: &[],
            body: Sequence::default(),
            start,
            end: 0,
        };
        if self.at(TokenKind::Identifier) && self.text(self.token) == "primitive" {
            self.advance()?;
            method.is_primitive = true;
        } else {
            self.method_body(&mut method)?;
        }
        method.end = self.previous.end;
        Ok(method)
    }

    fn method_body(&mut self, method: &mut Method<'a>) -> Result<()> {
        let opened = Opened {
            what: "method body",
            at: self.token.start,
        };
        if !self.take_if(TokenKind::OpenParenthesis)? {
            return self.expected(format!(
                "'(' or 'primitive' as the body of the method '{}'",
                method.selector.text
            ));
        }
        let mut pragmas = ArenaVec::new_in(self.arena);
        self.pragmas(&mut pragmas)?;
        let temporaries = self.names_between_bars("temporary")?;
        self.pragmas(&mut pragmas)?;
        let statements = self.statements()?;
        self.close(TokenKind::CloseParenthesis, ")", opened)?;
        method.pragmas = pragmas.into_bump_slice();
        method.body = Sequence {
            temporaries,
            statements,
        };
        Ok(())
    }

    fn pattern(&mut self) -> Result<(Name<'a>, &'a [Name<'a>])> {
        let first = self.token;
        if self.take_if(TokenKind::Identifier)? {
            return Ok((self.name(first), &[]));
        }
        if self.take_if(TokenKind::Operator)? {
            let argument = self.declared_name("the name of the argument")?;
            return Ok((self.name(first), self.arena.alloc_slice_copy(&[argument])));
        }
        if !self.at(TokenKind::Keyword) {
            return self.expected("a method pattern");
        }
        let mut parts = ArenaVec::new_in(self.arena);
        let mut arguments = ArenaVec::new_in(self.arena);
        while self.at(TokenKind::Keyword) {
            let keyword = self.advance()?;
            parts.push(self.text(keyword));
            arguments.push(self.declared_name("the name of the argument")?);
        }
        let selector = Name {
            text: self.joined(&parts),
            at: first.start,
        };
        Ok((selector, arguments.into_bump_slice()))
    }

    /// The parts of a selector as one.
    pub(super) fn joined(&self, parts: &[&'a str]) -> &'a str {
        match parts {
            [only] => only,
            _ => {
                let mut whole = bumpalo::collections::String::new_in(self.arena);
                parts.iter().for_each(|part| whole.push_str(part));
                whole.into_bump_str()
            }
        }
    }

    /// Makes sure that the text ends here.
    pub(super) fn end(&self, what: &str) -> Result<()> {
        if self.at(TokenKind::End) {
            Ok(())
        } else {
            self.expected(what)
        }
    }
}
