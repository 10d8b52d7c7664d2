//! Snapshots: the heap and the tables around it, as bytes.
//!
//! ```text
//!  0   magic "RIPLEY\r\n"          8 bytes
//!  8   version                     u32
//! 12   CRC-32 of all that follows  u32
//! 16   length of all that follows  u64
//! 24   counts: primitives, classes, globals, symbols, object words   5 × u32, u64 for words
//!      primitive names, each u16 length and bytes
//!      nil, true, false, then the class table, globals and symbols: words
//!      the objects' words
//! ```
//!
//! All numbers are little endian. A word that refers to an object holds the offset of the
//! object's header from the first object, whose tag bits are zero like those of an address; other
//! words are as in memory. Machine code is not saved, and the method headers' primitive numbers
//! are given anew by name, so that an image outlives a change of the primitive table. Aliens to C
//! memory are saved as `#stale`.
#![expect(unsafe_code, reason = "turns the words of an adopted block into oops")]

use crate::bytes::{Reader, Writer};
use gc::OutOfMemory;
use gc::layout::{ClassIndex, Header, OVERFLOW_COUNT_MASK, SLOTS_OVERFLOW};
use gc::oop::{Oop, TAG_CHARACTER, TAG_FLOAT, TAG_INTEGER, TAG_MASK, TAG_POINTER};
use hashbrown::HashMap;
use std::fmt;
use vm::header::MethodHeader;
use vm::known::{alien, class, global, index, method};
use vm::vm::{Options, Vm};

const MAGIC: &[u8; 8] = b"RIPLEY\r\n";
/// Version of the format; images of other versions are refused.
pub const VERSION: u32 = 3;
const PRELUDE_BYTES: usize = 24;

/// Why bytes are no image.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ImageError {
    /// They do not begin like an image.
    NotAnImage,
    /// They were written by another version of the format.
    Version(u32),
    /// They end too early.
    Truncated {
        /// Bytes that should be there.
        expected: u64,
        /// Bytes that are there.
        found: u64,
    },
    /// The checksum does not match.
    Corrupt,
    /// The contents contradict each other.
    Malformed(String),
    /// The VM could not be made, or the heap has no room.
    Vm(String),
}

impl fmt::Display for ImageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ImageError::NotAnImage => f.write_str("this is not a Ripley image"),
            ImageError::Version(found) => {
                write!(
                    f,
                    "the image has format version {found}, this program reads {VERSION}"
                )
            }
            ImageError::Truncated { expected, found } => {
                write!(f, "the image is cut short: {found} bytes of {expected}")
            }
            ImageError::Corrupt => f.write_str("the image is corrupt: its checksum is wrong"),
            ImageError::Malformed(what) => write!(f, "the image is malformed: {what}"),
            ImageError::Vm(message) => f.write_str(message),
        }
    }
}

impl std::error::Error for ImageError {}

fn malformed(what: impl Into<String>) -> ImageError {
    ImageError::Malformed(what.into())
}

/// The bytes of an image of everything in the VM's heap.
///
/// # Errors
/// Where the heap has no room for what saving needs.
pub fn save(vm: &mut Vm) -> Result<Vec<u8>, OutOfMemory> {
    let stale = vm.symbol("stale")?;
    vm.collect_for_snapshot();
    let (objects, offsets) = lay_out(vm);
    let mut writer = Writer::default();
    let names: Vec<&str> = vm::primitives::names().collect();
    let (classes, globals, symbols) = (
        vm.class_table().to_vec(),
        vm.all_globals(),
        vm.all_symbols(),
    );
    let words: usize = objects.iter().map(|&each| vm.heap().extent(each).1).sum();
    for count in [names.len(), classes.len(), globals.len(), symbols.len()] {
        writer.u32(count as u32);
    }
    writer.u64(words as u64);
    names.iter().for_each(|name| writer.text(name));
    let context = &vm.context;
    for &word in [context.nil, context.true_object, context.false_object]
        .iter()
        .chain(&classes)
        .chain(&globals)
        .chain(&symbols)
    {
        writer.u64(relative(word, &offsets));
    }
    for &object in &objects {
        write_object(vm, object, stale, &offsets, &mut writer);
    }
    Ok(seal(writer.into_bytes()))
}

/// Every object, and the offset of each header from the first word.
fn lay_out(vm: &Vm) -> (Vec<Oop>, HashMap<u64, u64>) {
    let mut objects = Vec::new();
    vm.heap()
        .for_each_object(&mut |object| objects.push(object));
    let mut offsets = HashMap::with_capacity(objects.len());
    let mut at = 0;
    for &object in &objects {
        let (start, words) = vm.heap().extent(object);
        offsets.insert(object.bits(), at + (object.bits() - start));
        at += 8 * words as u64;
    }
    (objects, offsets)
}

fn relative(word: Oop, offsets: &HashMap<u64, u64>) -> u64 {
    if word.is_pointer() {
        offsets[&word.bits()]
    } else {
        word.bits()
    }
}

fn write_object(
    vm: &Vm,
    object: Oop,
    stale: Oop,
    offsets: &HashMap<u64, u64>,
    writer: &mut Writer,
) {
    let heap = vm.heap();
    let mut words = heap.object_words(object);
    if heap.format_of(object).has_pointers() {
        let slots = heap.slot_count(object);
        let body = words.len() - slots;
        for index in 0..slots {
            words[body + index] = relative(heap.slot(object, index), offsets);
        }
        if vm.is_compiled_code(object) {
            words[body + method::CODE] = Oop::ZERO.bits();
            words[body + method::COUNTER] = Oop::ZERO.bits();
        }
        if refers_to_c_memory(vm, object) {
            words[body + alien::ADDRESS] = offsets[&stale.bits()];
        }
    }
    words.iter().for_each(|&word| writer.u64(word));
}

/// True for an Alien with the address of C memory, not of a place in other memory.
fn refers_to_c_memory(vm: &Vm, object: Oop) -> bool {
    let class = vm.class_of(object);
    class != vm.nil()
        && vm.heap().slot_count(object) >= alien::COUNT
        && vm.inherits_from(class, vm.class_at(index::ALIEN))
        && vm.heap().slot(object, alien::DATA) == vm.nil()
        && vm.integer(vm.heap().slot(object, alien::ADDRESS)).is_some()
}

/// Puts magic, version, checksum and length in front of the contents.
fn seal(contents: Vec<u8>) -> Vec<u8> {
    let mut writer = Writer::default();
    writer.bytes(MAGIC);
    writer.u32(VERSION);
    writer.u32(crc32fast::hash(&contents));
    writer.u64(contents.len() as u64);
    writer.bytes(&contents);
    writer.into_bytes()
}

/// The contents behind the prelude, checked.
fn unseal(image: &[u8]) -> Result<&[u8], ImageError> {
    if image.len() < PRELUDE_BYTES || &image[..8] != MAGIC {
        return Err(ImageError::NotAnImage);
    }
    let mut reader = Reader::new(&image[8..PRELUDE_BYTES]);
    let (version, checksum, length) = (reader.u32()?, reader.u32()?, reader.u64()?);
    if version != VERSION {
        return Err(ImageError::Version(version));
    }
    let contents = &image[PRELUDE_BYTES..];
    if contents.len() as u64 != length {
        let found = contents.len() as u64;
        return Err(ImageError::Truncated {
            expected: length,
            found,
        });
    }
    if crc32fast::hash(contents) != checksum {
        return Err(ImageError::Corrupt);
    }
    Ok(contents)
}

/// Makes a VM of an image's bytes.
pub fn load(image: &[u8], options: Options) -> Result<Box<Vm>, ImageError> {
    let contents = unseal(image)?;
    let mut reader = Reader::new(contents);
    let counts = [reader.u32()?, reader.u32()?, reader.u32()?, reader.u32()?];
    let words = reader.u64()?;
    let names = (0..counts[0])
        .map(|_| reader.text())
        .collect::<Result<Vec<_>, _>>()?;
    let roots = reader.words(3)?;
    let classes = reader.words(counts[1] as usize)?;
    let globals = reader.words(counts[2] as usize)?;
    let symbols = reader.words(counts[3] as usize)?;
    let objects = reader.rest();
    if objects.len() as u64 != words.saturating_mul(8) {
        return Err(malformed("the objects' length is not what the header says"));
    }
    let headers = header_offsets(objects)?;
    let mut vm = Vm::empty(options).map_err(ImageError::Vm)?;
    vm.heap_mut().set_class_limit(ClassIndex::new(counts[1]));
    let base = adopt(&mut vm, objects, &headers)?;
    let place = |word: &u64| absolute(base, *word, &headers).map(oop);
    let place_all = |words: &[u64]| {
        let placed = words.iter().map(place).collect::<Option<Vec<Oop>>>();
        placed.ok_or_else(|| malformed("a table refers to no object"))
    };
    let (roots, classes) = (place_all(&roots)?, place_all(&classes)?);
    let (globals, symbols) = (place_all(&globals)?, place_all(&symbols)?);
    check_tables(&vm, &roots, [&classes, &globals, &symbols])?;
    vm.adopt_tables([roots[0], roots[1], roots[2]], classes, &globals, &symbols)
        .map_err(|error| ImageError::Vm(error.to_string()))?;
    renumber_primitives(&mut vm, &names)?;
    Ok(vm)
}

/// Sees that the tables refer to objects of the shapes that the VM takes for granted.
fn check_tables(vm: &Vm, roots: &[Oop], tables: [&[Oop]; 3]) -> Result<(), ImageError> {
    let heap = vm.heap();
    let has_slots = |object: Oop, count: usize| {
        object.is_pointer()
            && heap.format_of(object).has_pointers()
            && heap.slot_count(object) >= count
    };
    let is_text = |object: Oop| object.is_pointer() && heap.format_of(object).is_bytes();
    let [classes, globals, symbols] = tables;
    let is_global =
        |&each: &Oop| has_slots(each, global::COUNT) && is_text(heap.slot(each, global::NAME));
    let is_class = |&each: &Oop| each == roots[0] || has_slots(each, class::COUNT);
    if !roots.iter().all(|each| each.is_pointer()) {
        return Err(malformed("nil, true or false is no object"));
    }
    if !classes.iter().all(is_class) {
        return Err(malformed("the class table holds what is no class"));
    }
    if !globals.iter().all(is_global) {
        return Err(malformed("a global is none"));
    }
    if !symbols.iter().all(|&each| is_text(each)) {
        return Err(malformed("a Symbol has no bytes"));
    }
    Ok(())
}

/// Which words of a block are headers: a bit for each.
struct Headers {
    bits: Vec<u64>,
}

impl Headers {
    fn new(bytes: usize) -> Headers {
        Headers {
            bits: vec![0; bytes / 512 + 1],
        }
    }

    /// Marks the header at `offset`, unless that lies behind the block.
    fn insert(&mut self, offset: u64) {
        if let Some(bits) = self.bits.get_mut((offset / 512) as usize) {
            *bits |= 1 << (offset / 8 % 64);
        }
    }

    fn contains(&self, offset: u64) -> bool {
        let bits = self.bits.get((offset / 512) as usize);
        bits.is_some_and(|bits| bits & 1 << (offset / 8 % 64) != 0)
    }
}

/// Offsets of all headers in the objects' words.
fn header_offsets(objects: &[u8]) -> Result<Headers, ImageError> {
    let word = |at: u64| {
        let at = at as usize;
        objects
            .get(at..at + 8)
            .map(|bytes| u64::from_le_bytes(bytes.try_into().expect("8 bytes")))
    };
    let mut headers = Headers::new(objects.len());
    let mut at = 0;
    while at < objects.len() as u64 {
        let first = word(at).ok_or_else(|| malformed("an object is cut short"))?;
        // An overflow word has the overflow mark in its top byte, and a header behind it.
        let (header_at, slots) = if Header(first).slots_byte() == SLOTS_OVERFLOW {
            (at + 8, first & OVERFLOW_COUNT_MASK)
        } else {
            (at, Header(first).slots_byte())
        };
        headers.insert(header_at);
        at = slots
            .checked_mul(8)
            .and_then(|bytes| bytes.checked_add(header_at + 8))
            .ok_or_else(|| malformed("an object has an impossible size"))?;
    }
    Ok(headers)
}

/// The word as it is in a heap where the objects begin at `base`; `None` where it is no word.
fn absolute(base: u64, word: u64, headers: &Headers) -> Option<u64> {
    match word & TAG_MASK {
        TAG_POINTER => headers.contains(word).then(|| base + word),
        TAG_INTEGER | TAG_CHARACTER | TAG_FLOAT => Some(word),
        _ => None,
    }
}

fn adopt(vm: &mut Vm, objects: &[u8], headers: &Headers) -> Result<u64, ImageError> {
    vm.heap_mut()
        .adopt_old_block(objects, &mut |base, word| absolute(base, word, headers))
        .map_err(|error| malformed(error.to_string()))
}

/// The oop of a word that [`absolute`] answered for an adopted block.
fn oop(bits: u64) -> Oop {
    // SAFETY: the word is an immediate, or the address of a header of the block, which the heap
    // has checked and adopted.
    unsafe { Oop::from_bits(bits) }
}

/// Gives every method of the image the number that its primitive has in this program.
fn renumber_primitives(vm: &mut Vm, names: &[String]) -> Result<(), ImageError> {
    if names.iter().map(String::as_str).eq(vm::primitives::names()) {
        return Ok(());
    }
    let mut methods = Vec::new();
    vm.heap().for_each_object(&mut |object| {
        if vm.is_compiled_code(object) {
            methods.push(object);
        }
    });
    for each in methods {
        let header = vm::lookup::header_of(vm.heap(), each);
        if header.primitive() == 0 {
            continue;
        }
        let name = names
            .get(usize::from(header.primitive()) - 1)
            .ok_or_else(|| malformed("a method names a primitive past the table"))?;
        let number = vm::primitives::number_of(name)
            .ok_or_else(|| malformed(format!("the primitive {name} is not in this program")))?;
        let header = MethodHeader(header.0 & !(0xFFF << 32)).with_primitive(number);
        vm.heap_mut()
            .set_slot(each, method::HEADER, Oop::small(header.0 as i64));
    }
    Ok(())
}
