//! Little-endian numbers and texts in a byte sequence.

use crate::snapshot::ImageError;

/// Appends to a byte sequence.
#[derive(Default)]
pub(crate) struct Writer {
    bytes: Vec<u8>,
}

impl Writer {
    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    pub(crate) fn u32(&mut self, value: u32) {
        self.bytes(&value.to_le_bytes());
    }

    pub(crate) fn u64(&mut self, value: u64) {
        self.bytes(&value.to_le_bytes());
    }

    /// A text of at most 65535 bytes, with its length before it.
    pub(crate) fn text(&mut self, text: &str) {
        let length = u16::try_from(text.len()).expect("a short text");
        self.bytes(&length.to_le_bytes());
        self.bytes(text.as_bytes());
    }

    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }
}

/// Reads a byte sequence from its start.
pub(crate) struct Reader<'a> {
    bytes: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Reader<'a> {
        Reader { bytes }
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8], ImageError> {
        if count > self.bytes.len() {
            let (expected, found) = (count as u64, self.bytes.len() as u64);
            return Err(ImageError::Truncated { expected, found });
        }
        let (taken, rest) = self.bytes.split_at(count);
        self.bytes = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], ImageError> {
        Ok(self
            .take(N)?
            .try_into()
            .expect("as many bytes as were taken"))
    }

    pub(crate) fn u32(&mut self) -> Result<u32, ImageError> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    pub(crate) fn u64(&mut self) -> Result<u64, ImageError> {
        Ok(u64::from_le_bytes(self.array()?))
    }

    pub(crate) fn text(&mut self) -> Result<String, ImageError> {
        let length = u16::from_le_bytes(self.array()?);
        let bytes = self.take(usize::from(length))?;
        String::from_utf8(bytes.to_vec())
            .map_err(|_| ImageError::Malformed("a name is not UTF-8".into()))
    }

    pub(crate) fn words(&mut self, count: usize) -> Result<Vec<u64>, ImageError> {
        let bytes = self.take(count.saturating_mul(8))?;
        let word = |chunk: &[u8]| u64::from_le_bytes(chunk.try_into().expect("8 bytes"));
        Ok(bytes.chunks_exact(8).map(word).collect())
    }

    /// Everything that is left.
    pub(crate) fn rest(self) -> &'a [u8] {
        self.bytes
    }
}
