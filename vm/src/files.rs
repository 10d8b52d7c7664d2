//! Open files, known to the image by number.

use std::fs::File;

/// The table of open files.
#[derive(Default)]
pub struct Files {
    open: Vec<Option<File>>,
}

impl Files {
    /// Keeps an open file and answers its number, from 0.
    pub fn add(&mut self, file: File) -> usize {
        match self.open.iter().position(Option::is_none) {
            Some(number) => {
                self.open[number] = Some(file);
                number
            }
            None => {
                self.open.push(Some(file));
                self.open.len() - 1
            }
        }
    }

    /// The open file of a number.
    pub fn get(&mut self, number: usize) -> Option<&mut File> {
        self.open.get_mut(number)?.as_mut()
    }

    /// Closes a file; false where it was not open.
    pub fn close(&mut self, number: usize) -> bool {
        self.open.get_mut(number).and_then(Option::take).is_some()
    }
}
