//! A source text with its name, and positions in it.

use super::error::{CompileError, ErrorKind, Result};

/// A place in a source text.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Position {
    /// Bytes from the start of the text.
    pub offset: u32,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
}

/// A source text: UTF-8, shorter than 2 GiB, with an index of its lines.
#[derive(Debug)]
pub struct Source {
    name: String,
    text: String,
    line_starts: Vec<u32>,
    /// The number of characters that start before each stretch of the text, so that columns in
    /// very long lines are cheap.
    characters_before: Vec<u32>,
}

/// Bytes of a stretch.
const STRETCH: usize = 1024;

impl Source {
    /// A source of the given bytes. `name` is what messages call it: a file name, say.
    ///
    /// # Errors
    /// The text is not UTF-8 (the position is that of the first bad byte) or is too long.
    pub fn new(name: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Result<Source> {
        let name = name.into();
        let bytes = bytes.into();
        if bytes.len() > i32::MAX as usize {
            let source = Source::indexed(name, String::new());
            return Err(CompileError::new(&source, 0, ErrorKind::TextTooLong));
        }
        match String::from_utf8(bytes) {
            Ok(text) => Ok(Source::indexed(name, text)),
            Err(error) => {
                let at = error.utf8_error().valid_up_to();
                let byte = error.as_bytes()[at];
                let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
                let source = Source::indexed(name, text);
                Err(CompileError::new(&source, at, ErrorKind::NotUtf8(byte)))
            }
        }
    }

    fn indexed(name: String, text: String) -> Source {
        let line_ends = text.bytes().enumerate().filter(|&(_, byte)| byte == b'\n');
        let mut line_starts = vec![0];
        line_starts.extend(line_ends.map(|(at, _)| at as u32 + 1));
        let mut characters_before = vec![0];
        for stretch in text.as_bytes().chunks(STRETCH) {
            let before = characters_before.last().copied().unwrap_or_default();
            characters_before.push(before + characters(stretch));
        }
        Source {
            name,
            text,
            line_starts,
            characters_before,
        }
    }

    /// What messages call the text.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The line that byte `offset` is in, from 1.
    pub fn line(&self, offset: usize) -> u32 {
        self.line_starts
            .partition_point(|&start| start as usize <= offset) as u32
    }

    /// Line and column of byte `offset`. An offset within a character counts as its start.
    pub fn position(&self, offset: usize) -> Position {
        let offset = self.text.floor_char_boundary(offset);
        let line = self.line(offset);
        let start = self.line_starts[line as usize - 1] as usize;
        let column = self.characters(offset) - self.characters(start) + 1;
        Position {
            offset: offset as u32,
            line,
            column,
        }
    }

    /// The number of characters before byte `offset`.
    fn characters(&self, offset: usize) -> u32 {
        let stretch = offset / STRETCH;
        let rest = &self.text.as_bytes()[stretch * STRETCH..offset];
        self.characters_before[stretch] + characters(rest)
    }

    /// The bytes of line `line` (from 1), its line end excluded.
    pub(super) fn line_range(&self, line: u32) -> std::ops::Range<usize> {
        let start = self.line_starts[line as usize - 1] as usize;
        let end = match self.line_starts.get(line as usize) {
            Some(&next) => next as usize - 1,
            None => self.text.len(),
        };
        start..end
    }
}

/// The number of characters that start in `bytes`, a part of a UTF-8 text.
fn characters(bytes: &[u8]) -> u32 {
    let is_start = |&&byte: &&u8| byte & 0b1100_0000 != 0b1000_0000;
    bytes.iter().filter(is_start).count() as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_characters() {
        let source = Source::new("x", "äb\n\ncd").expect("UTF-8");
        let at = |offset| {
            let position = source.position(offset);
            (position.line, position.column)
        };
        assert_eq!(at(0), (1, 1));
        assert_eq!(at(1), (1, 1));
        assert_eq!(at(2), (1, 2));
        assert_eq!(at(3), (1, 3));
        assert_eq!(at(4), (2, 1));
        assert_eq!(at(6), (3, 2));
        assert_eq!(at(99), (3, 3));
        assert_eq!(source.line_range(1), 0..3);
        assert_eq!(source.line_range(3), 5..7);
    }

    #[test]
    fn columns_of_long_lines_are_exact() {
        let text = "aéß€".repeat(1000);
        let source = Source::new("x", text.as_str()).expect("UTF-8");
        for (index, (offset, _)) in text.char_indices().enumerate() {
            assert_eq!(source.position(offset).column as usize, index + 1);
        }
        assert_eq!(source.position(text.len()).column, 4001);
    }

    #[test]
    fn bad_bytes_are_placed() {
        let error = Source::new("x", b"ab\nc\xffd".to_vec()).expect_err("not UTF-8");
        assert_eq!((error.position.line, error.position.column), (2, 2));
    }
}
