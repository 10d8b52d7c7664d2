//! Names of machine code for `perf report`: lines of `/tmp/perf-PID.map`.

use std::fs::OpenOptions;
use std::io::{self, Write};

/// Appends the line of a piece of code: its address and size in hexadecimal, and its name.
pub fn append(address: u64, size: usize, name: &str) -> io::Result<()> {
    let path = format!("/tmp/perf-{}.map", std::process::id());
    let mut file = OpenOptions::new().create(true).append(true).open(path)?;
    file.write_all(line(address, size, name).as_bytes())
}

fn line(address: u64, size: usize, name: &str) -> String {
    format!("{address:x} {size:x} {}\n", name.replace('\n', " "))
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_line_is_what_perf_reads() {
        assert_eq!(
            super::line(0x7f00_1000, 48, "LibM>>cos:"),
            "7f001000 30 LibM>>cos:\n"
        );
    }
}
