//! Primitives of files and directories.
//!
//! A file is known to the image by a handle, a SmallInteger: 0, 1 and 2 are the standard streams, and
//! from 3 on it is a number of [`crate::files::Files`]. Counts and positions are in bytes. When the
//! system refuses, its words are the detail of the failure.

use super::Arguments;
use super::sequences::check_bytes;
use crate::failure::Failure;
use crate::vm::Vm;
use gc::oop::Oop;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};

const STANDARD_INPUT: i64 = 0;
const STANDARD_OUTPUT: i64 = 1;
const STANDARD_ERROR: i64 = 2;
const FIRST_FILE: i64 = 3;

/// Keeps what the system said.
fn checked<T>(vm: &mut Vm, what: &str, result: io::Result<T>) -> Result<T, Failure> {
    result.map_err(|error| {
        vm.failure_detail = Some(format!("{what}: {error}"));
        Failure::System
    })
}

fn file(vm: &mut Vm, handle: i64) -> Result<&mut File, Failure> {
    let number = usize::try_from(handle - FIRST_FILE).map_err(|_| Failure::NotFound)?;
    vm.files.get(number).ok_or(Failure::NotFound)
}

/// `… open: path mode: symbol`: a handle. The modes are `read`, `write` (made or emptied), `append`
/// and `update` (read and written, made where it is not there).
pub(super) fn file_open(vm: &mut Vm, arguments: Arguments) -> Result<Oop, Failure> {
    let (path, mode) = (arguments.text(vm, 0)?, arguments.text(vm, 1)?);
    let mut options = OpenOptions::new();
    match mode.as_str() {
        "read" => options.read(true),
        "write" => options.write(true).create(true).truncate(true),
        "append" => options.append(true).create(true),
        "update" => options.read(true).write(true).create(true).truncate(false),
        _ => return Err(Failure::OutOfRange),
    };
    let opened = checked(vm, &path, options.open(&path))?;
    Ok(Oop::small(vm.files.add(opened) as i64 + FIRST_FILE))
}

/// `… close: handle`.
pub(super) fn file_close(vm: &mut Vm, arguments: Arguments) -> Result<Oop, Failure> {
    let number = usize::try_from(arguments.integer(0)? - FIRST_FILE);
    let number = number.map_err(|_| Failure::NotFound)?;
    if vm.files.close(number) {
        Ok(vm.nil())
    } else {
        Err(Failure::NotFound)
    }
}

/// The bytes of an argument that `count` of them from index `start` on are in, and that range.
fn bytes_range(
    vm: &Vm,
    arguments: Arguments,
    first: usize,
) -> Result<(Oop, std::ops::Range<usize>), Failure> {
    let object = arguments.get(first);
    check_bytes(vm, object)?;
    let start = arguments
        .integer(first + 1)?
        .checked_sub(1)
        .ok_or(Failure::BadIndex)?;
    let start = usize::try_from(start).map_err(|_| Failure::BadIndex)?;
    let count = arguments.size(vm, first + 2)?;
    match start.checked_add(count) {
        Some(end) if end <= vm.heap().byte_len(object) => Ok((object, start..end)),
        _ => Err(Failure::BadIndex),
    }
}

/// `… read: handle into: bytes from: start count: count`: the number of bytes read, 0 at the end.
pub(super) fn file_read(vm: &mut Vm, arguments: Arguments) -> Result<Oop, Failure> {
    let handle = arguments.integer(0)?;
    let (object, range) = bytes_range(vm, arguments, 1)?;
    if vm.is_guarded(object) {
        return Err(Failure::ReadOnly);
    }
    // The heap and the table of files are parts of the same VM: the bytes take a detour.
    let mut buffer = vec![0; range.len()];
    let result = if handle == STANDARD_INPUT {
        // What was asked should be seen before the answer is waited for.
        io::stdout()
            .flush()
            .and_then(|()| io::stdin().read(&mut buffer))
    } else {
        file(vm, handle)?.read(&mut buffer)
    };
    let count = checked(vm, "read", result)?;
    let place = range.start..range.start + count;
    vm.heap_mut().bytes_mut(object)[place].copy_from_slice(&buffer[..count]);
    Ok(Oop::small(count as i64))
}

/// `… write: handle bytes: bytes from: start count: count`: the number of bytes written, at least 1
/// where there are any to write.
pub(super) fn file_write(vm: &mut Vm, arguments: Arguments) -> Result<Oop, Failure> {
    let handle = arguments.integer(0)?;
    let (object, range) = bytes_range(vm, arguments, 1)?;
    let count = range.len();
    let result = if handle == STANDARD_OUTPUT {
        io::stdout().write_all(&vm.heap().bytes(object)[range])
    } else if handle == STANDARD_ERROR {
        // What was printed before comes before. Errors are reported here, so neither what cannot
        // be flushed nor what cannot be written may be one more error.
        let _ = io::stdout().flush();
        let _ = io::stderr().write_all(&vm.heap().bytes(object)[range]);
        Ok(())
    } else {
        let bytes = vm.heap().bytes(object)[range].to_vec();
        file(vm, handle)?.write_all(&bytes)
    };
    checked(vm, "write", result)?;
    Ok(Oop::small(count as i64))
}

/// `… flush: handle`.
pub(super) fn file_flush(vm: &mut Vm, arguments: Arguments) -> Result<Oop, Failure> {
    let handle = arguments.integer(0)?;
    let result = match handle {
        STANDARD_OUTPUT => io::stdout().flush(),
        STANDARD_INPUT | STANDARD_ERROR => Ok(()),
        _ => file(vm, handle)?.flush(),
    };
    checked(vm, "flush", result)?;
    Ok(vm.nil())
}

/// `… seek: handle to: position`: goes there, or to the end for nil; answers the position.
pub(super) fn file_seek(vm: &mut Vm, arguments: Arguments) -> Result<Oop, Failure> {
    let handle = arguments.integer(0)?;
    let target = if arguments.get(1) == vm.nil() {
        SeekFrom::End(0)
    } else {
        let position = arguments.integer(1)?;
        SeekFrom::Start(u64::try_from(position).map_err(|_| Failure::OutOfRange)?)
    };
    let result = file(vm, handle)?.seek(target);
    let position = checked(vm, "seek", result)?;
    Ok(vm.u64_object(position)?)
}

/// `… positionOf: handle`.
pub(super) fn file_position(vm: &mut Vm, arguments: Arguments) -> Result<Oop, Failure> {
    let handle = arguments.integer(0)?;
    let result = file(vm, handle)?.stream_position();
    let position = checked(vm, "position", result)?;
    Ok(vm.u64_object(position)?)
}

/// `… size: handle`.
pub(super) fn file_size(vm: &mut Vm, arguments: Arguments) -> Result<Oop, Failure> {
    let handle = arguments.integer(0)?;
    let result = file(vm, handle)?.metadata();
    let size = checked(vm, "size", result)?.len();
    Ok(vm.u64_object(size)?)
}

/// `… kind: path`: the Symbol `file`, `directory` or `other`, nil where there is nothing.
pub(super) fn path_kind(vm: &mut Vm, arguments: Arguments) -> Result<Oop, Failure> {
    let path = arguments.text(vm, 0)?;
    let kind = match fs::metadata(path) {
        Ok(found) if found.is_file() => "file",
        Ok(found) if found.is_dir() => "directory",
        Ok(_) => "other",
        Err(_) => return Ok(vm.nil()),
    };
    Ok(vm.symbol(kind)?)
}

/// `… remove: path`: removes a file or an empty directory.
pub(super) fn path_remove(vm: &mut Vm, arguments: Arguments) -> Result<Oop, Failure> {
    let path = arguments.text(vm, 0)?;
    let is_directory = fs::symlink_metadata(&path).is_ok_and(|found| found.is_dir());
    let result = if is_directory {
        fs::remove_dir(&path)
    } else {
        fs::remove_file(&path)
    };
    checked(vm, &path, result)?;
    Ok(vm.nil())
}

/// `… rename: path to: newPath`.
pub(super) fn path_rename(vm: &mut Vm, arguments: Arguments) -> Result<Oop, Failure> {
    let (from, to) = (arguments.text(vm, 0)?, arguments.text(vm, 1)?);
    checked(vm, &from, fs::rename(&from, to))?;
    Ok(vm.nil())
}

/// `… makeDirectory: path`: with the directories above it where they are missing.
pub(super) fn make_directory(vm: &mut Vm, arguments: Arguments) -> Result<Oop, Failure> {
    let path = arguments.text(vm, 0)?;
    checked(vm, &path, fs::create_dir_all(&path))?;
    Ok(vm.nil())
}

/// `… entries: path`: the names in a directory, sorted.
pub(super) fn directory_entries(vm: &mut Vm, arguments: Arguments) -> Result<Oop, Failure> {
    use std::os::unix::ffi::OsStringExt;
    let path = arguments.text(vm, 0)?;
    let entries: io::Result<Vec<_>> = fs::read_dir(&path).and_then(|entries| {
        entries
            .map(|entry| Ok(entry?.file_name().into_vec()))
            .collect()
    });
    let mut names = checked(vm, &path, entries)?;
    names.sort();
    let mut strings = Vec::with_capacity(names.len());
    for name in names {
        strings.push(vm.string(&name)?);
    }
    Ok(vm.array(&strings)?)
}
