//! Primitives that look into classes and methods and change them.

use super::Arguments;
use crate::failure::Failure;
use crate::header::MethodHeader;
use crate::known::{index, method};
use crate::lookup;
use crate::vm::Vm;
use gc::oop::Oop;

fn class_receiver(vm: &Vm, arguments: Arguments) -> Result<Oop, Failure> {
    let object = arguments.receiver();
    if vm.is_class(object) {
        Ok(object)
    } else {
        Err(Failure::WrongType)
    }
}

/// The Symbol with the text of an argument, where there is one.
fn selector(vm: &Vm, arguments: Arguments) -> Result<Option<Oop>, Failure> {
    let text = arguments.get(0);
    if !vm.is_string(text) {
        return Err(Failure::WrongType);
    }
    if vm.heap().class_index_of(text) == index::SYMBOL {
        return Ok(Some(text));
    }
    Ok(vm.existing_symbol(vm.heap().bytes(text)))
}

/// The class's own methods in the order of their definition.
pub(super) fn class_methods(vm: &mut Vm, arguments: Arguments) -> Result<Oop, Failure> {
    let class_object = class_receiver(vm, arguments)?;
    let mut methods: Vec<Oop> = lookup::methods_of(vm.heap(), class_object, vm.nil())
        .into_iter()
        .map(|(_, method)| method)
        .collect();
    methods.sort_by_cached_key(|&each| {
        let selector = vm.heap().slot(each, method::SELECTOR);
        (first_line(vm, each), vm.text(selector))
    });
    Ok(vm.array(&methods)?)
}

/// The line on which a method's code begins; a method compiled by itself comes last.
fn first_line(vm: &Vm, compiled: Oop) -> i64 {
    let lines = vm.heap().slot(compiled, method::LINES);
    if lines == vm.nil() || vm.heap().slot_count(lines) < 2 {
        return i64::MAX;
    }
    vm.heap().slot(lines, 1).as_i64().unwrap_or(i64::MAX)
}

/// The method that instances of the class run for a selector, or nil.
pub(super) fn class_lookup(vm: &mut Vm, arguments: Arguments) -> Result<Oop, Failure> {
    let class_object = class_receiver(vm, arguments)?;
    let nil = vm.nil();
    let found = selector(vm, arguments)?
        .and_then(|selector| lookup::lookup(vm.heap(), class_object, selector, nil));
    Ok(found.unwrap_or(nil))
}

/// Makes a method, which must have been made for the class, one that its instances find.
pub(super) fn class_add_method(vm: &mut Vm, arguments: Arguments) -> Result<Oop, Failure> {
    let class_object = class_receiver(vm, arguments)?;
    let added = arguments.get(0);
    let class = vm.heap().class_index_of(added);
    let is_method = class == index::METHOD || class == index::PRIMITIVE;
    if !is_method || vm.heap().slot(added, method::HOLDER) != class_object {
        return Err(Failure::WrongType);
    }
    let selector = vm.heap().slot(added, method::SELECTOR);
    vm.add_method(class_object, selector, added)?;
    Ok(added)
}

/// Takes a method out of the class.
pub(super) fn class_remove_method(vm: &mut Vm, arguments: Arguments) -> Result<Oop, Failure> {
    let class_object = class_receiver(vm, arguments)?;
    let selector = selector(vm, arguments)?.ok_or(Failure::NotFound)?;
    if vm.remove_method(class_object, selector)? {
        Ok(class_object)
    } else {
        Err(Failure::NotFound)
    }
}

/// All classes, once each, without the metaclasses.
pub(super) fn class_table(vm: &mut Vm, _: Arguments) -> Result<Oop, Failure> {
    let metaclass = vm.class_at(index::METACLASS);
    let mut classes = Vec::new();
    for &each in vm.class_table() {
        let is_metaclass = each == vm.nil() || vm.class_of(each) == metaclass;
        if !is_metaclass && !classes.contains(&each) {
            classes.push(each);
        }
    }
    Ok(vm.array(&classes)?)
}

fn code_receiver(vm: &Vm, arguments: Arguments) -> Result<(Oop, MethodHeader), Failure> {
    let object = arguments.receiver();
    if !vm.is_compiled_code(object) {
        return Err(Failure::WrongType);
    }
    Ok((object, lookup::header_of(vm.heap(), object)))
}

/// The number of arguments of a method or block.
pub(super) fn method_argument_count(vm: &mut Vm, arguments: Arguments) -> Result<Oop, Failure> {
    let (_, header) = code_receiver(vm, arguments)?;
    Ok(Oop::small(header.arguments() as i64))
}

/// The number of temporaries of a method or block.
pub(super) fn method_temporary_count(vm: &mut Vm, arguments: Arguments) -> Result<Oop, Failure> {
    let (_, header) = code_receiver(vm, arguments)?;
    Ok(Oop::small(header.temporaries() as i64))
}

/// The instructions of a method or block, one a line.
pub(super) fn method_disassembly(vm: &mut Vm, arguments: Arguments) -> Result<Oop, Failure> {
    let (compiled, _) = code_receiver(vm, arguments)?;
    let text = {
        let heap = vm.heap();
        let literals = heap.slot(compiled, method::LITERALS);
        let literal = |number: u16| vm.literal_text(heap.slot(literals, usize::from(number)));
        let code = heap.bytes(heap.slot(compiled, method::BYTECODES));
        crate::bytecode::disassemble(code, &literal)
    };
    Ok(vm.string(text.as_bytes())?)
}

/// The listing of a method's or block's machine code, which is made if need be, with those of
/// the blocks in it; nil where it stays interpreted.
pub(super) fn method_machine_code(vm: &mut Vm, arguments: Arguments) -> Result<Oop, Failure> {
    let (compiled, _) = code_receiver(vm, arguments)?;
    let mut text = String::new();
    let mut pending = vec![compiled];
    while let Some(each) = pending.pop() {
        text.push_str(&vm.machine_code_listing(each).unwrap_or_default());
        let literals = vm.heap().slot(each, method::LITERALS);
        for position in (0..vm.heap().slot_count(literals)).rev() {
            let literal = vm.heap().slot(literals, position);
            pending.extend(vm.block_code(literal));
        }
    }
    if text.is_empty() {
        return Ok(vm.nil());
    }
    Ok(vm.string(text.as_bytes())?)
}

impl Vm {
    /// The listing of the code of one method or block.
    fn machine_code_listing(&mut self, compiled: Oop) -> Option<String> {
        let code = match self.heap().slot(compiled, method::CODE).as_i64()? {
            0 => self.compile(compiled)?,
            code => u64::try_from(code).ok()?,
        };
        self.generator.as_ref()?.listing(code)
    }

    /// A literal of a method as listings show it.
    fn literal_text(&self, literal: Oop) -> String {
        if self.is_string(literal) {
            return format!("{:?}", self.text(literal));
        }
        if self.is_compiled_code(literal) {
            return self.code_name(literal);
        }
        match self.number(literal) {
            Some(crate::numbers::Number::Large(value)) => value.to_string(),
            _ if !literal.is_pointer() => format!("{literal:?}"),
            _ if self.heap().class_index_of(literal) == index::GLOBAL => {
                self.text(self.heap().slot(literal, crate::known::global::NAME))
            }
            _ => format!("a {}", self.class_name(self.class_of(literal))),
        }
    }
}
