//! Calls made by libffi, for comparison: from the description that the image makes of a call.
//!
//! The library is the system's own, found when it is first needed. What its structures look like is in `ffi.h`; on
//! x86-64 they have been the same since version 3.0.

use crate::library::Libraries;
use std::ffi::c_void;
use std::ptr;

/// `ffi_type`.
#[repr(C)]
#[derive(Debug)]
struct Type {
    size: usize,
    alignment: u16,
    kind: u16,
    elements: *mut *mut Type,
}

/// `FFI_TYPE_STRUCT`.
const STRUCT: u16 = 13;
/// `FFI_UNIX64`.
const UNIX64: u32 = 2;
/// `FFI_GNUW64`: Microsoft's convention as GCC has it.
const GNUW64: u32 = 4;
/// `FFI_OK`.
const OK: u32 = 0;

/// `ffi_cif`, with room for what a version may add.
#[repr(C)]
#[derive(Default, Debug)]
struct Cif {
    words: [u64; 16],
}

type PrepareFunction = unsafe extern "C" fn(*mut Cif, u32, u32, *mut Type, *mut *mut Type) -> u32;
type PrepareVariadicFunction =
    unsafe extern "C" fn(*mut Cif, u32, u32, u32, *mut Type, *mut *mut Type) -> u32;

/// A call as libffi has understood it.
#[derive(Debug)]
pub struct Described {
    /// Address of `ffi_call`.
    pub(crate) function: u64,
    cif: Box<Cif>,
    /// Offsets of the arguments in the reserved area, in bytes.
    arguments: Box<[usize]>,
    /// Offset of the result.
    result: usize,
    /// What the cif refers to.
    _types: Types,
    _argument_types: Box<[*mut Type]>,
}

impl Described {
    /// Has libffi prepare the call of a description. The error is what the description, or the system, lacks.
    /// `errno` stays as it was.
    pub(crate) fn new(libraries: &mut Libraries, description: &str) -> Result<Described, String> {
        // SAFETY: the address of this thread's errno is good for as long as the thread.
        let errno = unsafe { libc::__errno_location() };
        // SAFETY: as above.
        let before = unsafe { *errno };
        let made = Described::prepared(libraries, description);
        // SAFETY: as above.
        unsafe { *errno = before };
        made
    }

    fn prepared(libraries: &mut Libraries, description: &str) -> Result<Described, String> {
        let library = libraries.open("ffi").map_err(
            |_| "marshalling through libffi needs libffi.so, which the system does not have",
        )?;
        let symbol = |name: &str| {
            let address = libraries.symbol(library, name);
            address.ok_or_else(|| format!("the system's libffi has no {name}"))
        };
        let function = symbol("ffi_call")?;
        let prepare = [symbol("ffi_prep_cif")?, symbol("ffi_prep_cif_var")?];
        let mut reader = Reader {
            rest: description,
            symbol: &symbol,
            types: Types::default(),
        };
        let convention = match reader.word() {
            "sysv" => UNIX64,
            "ms" => GNUW64,
            other => return Err(format!("{other} is no convention")),
        };
        let fixed = reader.word().parse::<u32>().ok();
        let (result_type, result) = reader.value()?;
        let (mut argument_types, mut arguments) = (Vec::new(), Vec::new());
        while !reader.rest.is_empty() {
            let (each, offset) = reader.value()?;
            argument_types.push(each);
            arguments.push(offset);
        }
        let mut cif = Box::<Cif>::default();
        let mut argument_types = argument_types.into_boxed_slice();
        let (count, types) = (argument_types.len() as u32, argument_types.as_mut_ptr());
        let status = match fixed {
            None => {
                // SAFETY: the symbol is libffi's function with this signature.
                let prepare =
                    unsafe { std::mem::transmute::<usize, PrepareFunction>(prepare[0] as usize) };
                // SAFETY: all types live as long as the cif.
                unsafe { prepare(&mut *cif, convention, count, result_type, types) }
            }
            Some(fixed) => {
                // SAFETY: as above.
                let prepare = unsafe {
                    std::mem::transmute::<usize, PrepareVariadicFunction>(prepare[1] as usize)
                };
                // SAFETY: as above.
                unsafe { prepare(&mut *cif, convention, fixed, count, result_type, types) }
            }
        };
        if status != OK {
            return Err(format!("libffi refuses {description} (status {status})"));
        }
        reader.types.check_sizes()?;
        Ok(Described {
            function,
            cif,
            arguments: arguments.into(),
            result,
            _types: reader.types,
            _argument_types: argument_types,
        })
    }

    /// What the arguments of `ffi_call` are for the function at `function`, with the values in the area that begins
    /// at `area`; `values` gets their addresses, and must live through the call.
    pub(crate) fn arguments(&self, function: u64, area: u64, values: &mut Vec<u64>) -> [u64; 4] {
        values.extend(self.arguments.iter().map(|&offset| area + offset as u64));
        [
            &raw const *self.cif as u64,
            function,
            area + self.result as u64,
            values.as_ptr() as u64,
        ]
    }
}

/// The struct types of a call.
#[derive(Default, Debug)]
struct Types {
    made: Vec<(Box<Type>, usize)>,
    elements: Vec<Box<[*mut Type]>>,
}

impl Types {
    fn add(&mut self, elements: Vec<*mut Type>, size: usize) -> *mut Type {
        let mut elements = elements.into_boxed_slice();
        let mut made = Box::new(Type {
            size: 0,
            alignment: 0,
            kind: STRUCT,
            elements: elements.as_mut_ptr(),
        });
        let address = &raw mut *made;
        self.elements.push(elements);
        self.made.push((made, size));
        address
    }

    /// libffi lays structs out by itself.
    fn check_sizes(&self) -> Result<(), String> {
        for (made, size) in &self.made {
            // SAFETY: libffi has written the size through the address that `add` answered.
            let laid_out = unsafe { ptr::read_volatile(&raw const made.size) };
            if laid_out != *size {
                return Err(format!(
                    "libffi makes a struct of {laid_out} bytes where C has {size}"
                ));
            }
        }
        Ok(())
    }
}

/// Reads a description: see `Libffi` in the image.
struct Reader<'a, S> {
    rest: &'a str,
    symbol: &'a S,
    types: Types,
}

impl<'a, S: Fn(&str) -> Result<u64, String>> Reader<'a, S> {
    fn word(&mut self) -> &'a str {
        let (word, rest) = self.rest.split_once(' ').unwrap_or((self.rest, ""));
        self.rest = rest;
        word
    }

    fn value(&mut self) -> Result<(*mut Type, usize), String> {
        let kind = self.kind()?;
        let offset = match self.rest.strip_prefix('@') {
            Some(rest) => {
                self.rest = rest;
                self.number()
            }
            None => 0,
        };
        self.rest = self.rest.trim_start();
        Ok((kind, offset))
    }

    fn number(&mut self) -> usize {
        let end = self.rest.find(|each: char| !each.is_ascii_digit());
        let (digits, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        self.rest = rest;
        digits.parse().unwrap_or(0)
    }

    fn kind(&mut self) -> Result<*mut Type, String> {
        if let Some(rest) = self.rest.strip_prefix('{') {
            self.rest = rest;
            return self.structure();
        }
        let letter = self.rest.chars().next().unwrap_or(' ');
        self.rest = self.rest.get(1..).unwrap_or("");
        let bytes = self.number();
        let name = match (letter, bytes) {
            ('v', _) => "ffi_type_void",
            ('p', _) => "ffi_type_pointer",
            ('s', 1) => "ffi_type_sint8",
            ('s', 2) => "ffi_type_sint16",
            ('s', 4) => "ffi_type_sint32",
            ('s', 8) => "ffi_type_sint64",
            ('u', 1) => "ffi_type_uint8",
            ('u', 2) => "ffi_type_uint16",
            ('u', 4) => "ffi_type_uint32",
            ('u', 8) => "ffi_type_uint64",
            ('f', 4) => "ffi_type_float",
            ('f', 8) => "ffi_type_double",
            ('f', 16) => "ffi_type_longdouble",
            ('c', 4) => "ffi_type_complex_float",
            ('c', 8) => "ffi_type_complex_double",
            ('c', 16) => "ffi_type_complex_longdouble",
            _ => return Err(format!("libffi has no type {letter}{bytes}")),
        };
        Ok((self.symbol)(name)? as *mut c_void as *mut Type)
    }

    fn structure(&mut self) -> Result<*mut Type, String> {
        let mut elements = Vec::new();
        loop {
            elements.push(self.kind()?);
            let next = self.rest.chars().next();
            self.rest = self.rest.get(1..).unwrap_or("");
            match next {
                Some(',') => {}
                Some('}') => break,
                _ => return Err("a struct's description has no end".into()),
            }
        }
        elements.push(ptr::null_mut());
        let size = self.number();
        Ok(self.types.add(elements, size))
    }
}
