//! What the line editor asks: completion, multi-line input, colours.

use rustyline::completion::Completer;
use rustyline::highlight::{CmdKind, Highlighter};
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{Context, Helper, Hinter};
use std::borrow::Cow;
use vm::compiler::{self, Arena, Source};

/// The words to complete from, taken from the image before each prompt.
#[derive(Helper, Hinter, Default)]
pub struct Assistant {
    /// Globals and selectors, sorted.
    pub words: Vec<String>,
    /// Whether the terminal shows colours.
    pub colours: bool,
}

fn word_start(line: &str, position: usize) -> usize {
    let part = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    line[..position].char_indices().rev().take_while(|&(_, c)| part(c)).last().map_or(position, |it| it.0)
}

impl Completer for Assistant {
    type Candidate = String;

    fn complete(
        &self,
        line: &str,
        position: usize,
        _: &Context<'_>,
    ) -> rustyline::Result<(usize, Vec<String>)> {
        let start = word_start(line, position);
        let prefix = &line[start..position];
        if prefix.is_empty() {
            return Ok((start, Vec::new()));
        }
        let first = self.words.partition_point(|word| word.as_str() < prefix);
        let matching = self.words[first..].iter().take_while(|word| word.starts_with(prefix));
        Ok((start, matching.cloned().collect()))
    }
}

/// True where more text could make the input right.
fn is_incomplete(text: &str) -> bool {
    let Ok(source) = Source::new("input", text) else { return false };
    let arena = Arena::new();
    compiler::parse_script(&arena, &source).is_err_and(|error| error.incomplete)
}

impl Validator for Assistant {
    /// Waits for more lines while brackets, a string or a comment are open.
    fn validate(&self, context: &mut ValidationContext<'_>) -> rustyline::Result<ValidationResult> {
        let text = context.input();
        if text.starts_with(':') || !is_incomplete(text) {
            return Ok(ValidationResult::Valid(None));
        }
        Ok(ValidationResult::Incomplete)
    }
}

impl Highlighter for Assistant {
    fn highlight_prompt<'b, 's: 'b, 'p: 'b>(&'s self, prompt: &'p str, _: bool) -> Cow<'b, str> {
        if self.colours { format!("\x1b[1;36m{prompt}\x1b[0m").into() } else { prompt.into() }
    }

    fn highlight_char(&self, _: &str, _: usize, _: CmdKind) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn open_brackets_wait_for_more() {
        for text in ["(3 + 4", "[ :x | x", "'abc", "\"note", "Foo = Object ( bar = ( ^1 )"] {
            assert!(is_incomplete(text), "{text}");
        }
        for text in ["3 + 4", "3 + )", "", "x := 5."] {
            assert!(!is_incomplete(text), "{text}");
        }
    }

    #[test]
    fn words_begin_behind_the_last_separator() {
        assert_eq!(word_start("3 print", 7), 2);
        assert_eq!(word_start("x at:pu", 7), 2);
        assert_eq!(word_start("x ", 2), 2);
        assert_eq!(word_start("größe", 7), 0);
    }
}
