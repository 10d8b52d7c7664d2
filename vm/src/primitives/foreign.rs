//! Primitives behind the in-image FFI compiler: libraries, symbols, external methods.

use super::Arguments;
use crate::bytecode::Bytecode;
use crate::compiler::draft::{CodeDraft, CodeKind, LiteralDraft, PrimitiveKind};
use crate::compiler::source::Position;
use crate::failure::Failure;
use crate::foreign::{ExternalCode, ExternalMethod, NotInstalled};
use crate::header::{self, MethodHeader};
use crate::install::{self, InstallError, Origin};
use crate::known::{index, method};
use crate::lookup;
use crate::vm::Vm;
use gc::{Format, Oop};
use num_traits::ToPrimitive;

/// name → a handle; or, where no such library is found, an Array of `{ file name. words }`.
pub(super) fn library_open(vm: &mut Vm, arguments: Arguments) -> Result<Oop, Failure> {
    let name = arguments.text(vm, 0)?;
    let foreign = vm.foreign.clone().ok_or(Failure::Unsupported)?;
    let attempts = match foreign.open(&name) {
        Ok(handle) => return Ok(vm.u64_object(handle)?),
        Err(not_found) => not_found.attempts,
    };
    let mut rows = Vec::with_capacity(attempts.len());
    for (file, words) in attempts {
        let row = [vm.string(file.as_bytes())?, vm.string(words.as_bytes())?];
        rows.push(vm.array(&row)?);
    }
    Ok(vm.array(&rows)?)
}

/// name, handle → the symbol's address, or nil.
pub(super) fn library_symbol(vm: &mut Vm, arguments: Arguments) -> Result<Oop, Failure> {
    let name = arguments.text(vm, 0)?;
    let handle = vm
        .integer(arguments.get(1))
        .and_then(|handle| handle.to_u64());
    let handle = handle.ok_or(Failure::WrongType)?;
    let foreign = vm.foreign.clone().ok_or(Failure::Unsupported)?;
    match foreign.symbol(handle, &name) {
        Some(address) => Ok(vm.u64_object(address)?),
        None => Ok(vm.nil()),
    }
}

/// `errno` as it was right after the last external call.
pub(super) fn errno(vm: &mut Vm, _: Arguments) -> Result<Oop, Failure> {
    Ok(Oop::small(i64::from(vm.context.errno as i32)))
}

/// The processor this program runs on, a Symbol as compilers call it.
pub(super) fn machine(vm: &mut Vm, _: Arguments) -> Result<Oop, Failure> {
    Ok(vm.symbol(std::env::consts::ARCH)?)
}

/// superclass, name → a new class without a global.
pub(super) fn new_subclass(vm: &mut Vm, arguments: Arguments) -> Result<Oop, Failure> {
    let superclass = arguments.get(0);
    if !vm.is_class(superclass) {
        return Err(Failure::WrongType);
    }
    let name = arguments.text(vm, 1)?;
    vm.anonymous_subclass(superclass, &name)
        .map_err(|error| match error {
            InstallError::OutOfMemory => Failure::OutOfMemory,
            InstallError::Definition(message) | InstallError::Method(_, message) => {
                vm.failure_detail = Some(message);
                Failure::Compilation
            }
        })
}

/// holder class, selector, external → a Method that calls a foreign function once it is installed.
/// Its failure code is `^self externalCallFailed: external arguments: { … }`.
pub(super) fn new_external_method(vm: &mut Vm, arguments: Arguments) -> Result<Oop, Failure> {
    let (holder, selector, external) = (arguments.get(0), arguments.get(1), arguments.get(2));
    if !vm.is_class(holder) || vm.heap().class_index_of(selector) != index::SYMBOL {
        return Err(Failure::WrongType);
    }
    let count = install::argument_count(vm.heap().bytes(selector));
    if count > header::COUNT_MAX {
        return Err(Failure::ArgumentCount);
    }
    let draft = failure_code(vm.text(selector), count);
    let origin = Origin {
        name: "declaration",
        text: "",
    };
    let made = vm
        .code_object(&draft, holder, origin)
        .map_err(|_| Failure::OutOfMemory)?;
    let literals = vm.heap().slot(made, method::LITERALS);
    vm.heap_mut().set_slot(literals, 0, external);
    let header = MethodHeader(lookup::header_of(vm.heap(), made).0).with(header::EXTERNAL);
    vm.heap_mut()
        .set_slot(made, method::HEADER, Oop::small(header.0 as i64));
    vm.heap_mut().set_slot(made, method::EXTERNAL, external);
    Ok(made)
}

/// method → a copy of an external-call method, without code.
pub(super) fn copy_external_method(vm: &mut Vm, arguments: Arguments) -> Result<Oop, Failure> {
    let original = arguments.get(0);
    if !vm.is_external(original) {
        return Err(Failure::WrongType);
    }
    let slots = vm.heap().slot_count(original);
    let made = vm
        .heap_mut()
        .allocate_old(index::METHOD, Format::FIXED, slots)?;
    for slot in 0..slots {
        let value = match slot {
            method::CODE | method::COUNTER => Oop::ZERO,
            _ => vm.heap().slot(original, slot),
        };
        vm.heap_mut().set_slot(made, slot, value);
    }
    Ok(made)
}

/// The code of an external method that fails; literal 0 is put in later.
fn failure_code(selector: String, count: usize) -> CodeDraft {
    let mut bytecodes = Vec::new();
    Bytecode::PushSelf {}.encode(&mut bytecodes);
    Bytecode::PushLiteral { literal: 0 }.encode(&mut bytecodes);
    for index in 0..count {
        Bytecode::PushArgument { index: index as u8 }.encode(&mut bytecodes);
    }
    Bytecode::MakeArray { size: count as u16 }.encode(&mut bytecodes);
    Bytecode::Send {
        selector: 1,
        arguments: 2,
    }
    .encode(&mut bytecodes);
    Bytecode::ReturnTop {}.encode(&mut bytecodes);
    CodeDraft {
        selector,
        kind: CodeKind::Method,
        argument_count: count,
        temporary_count: 0,
        copied_count: 0,
        max_stack: count + 3,
        literals: vec![
            LiteralDraft::Nil,
            LiteralDraft::Symbol("externalCallFailed:arguments:".into()),
        ],
        bytecodes,
        lines: Vec::new(),
        pragmas: Vec::new(),
        primitive: PrimitiveKind::None,
        external: None,
        needs_home: false,
        source: 0..0,
        name_position: Position::default(),
    }
}

/// RTL, method, address of the function, name for listings: makes the method callable.
pub(super) fn install_external(vm: &mut Vm, arguments: Arguments) -> Result<Oop, Failure> {
    let (rtl, target) = (arguments.get(0), arguments.get(1));
    if vm.heap().class_index_of(rtl) != index::ARRAY || !vm.is_external(target) {
        return Err(Failure::WrongType);
    }
    let function = vm
        .integer(arguments.get(2))
        .and_then(|address| address.to_u64());
    let function = function.ok_or(Failure::WrongType)?;
    let name = arguments.text(vm, 3)?;
    let argument_count = lookup::header_of(vm.heap(), target).arguments();
    vm.disown_code(target);
    keep_alive(vm, target, rtl)?;
    let foreign = vm.foreign.clone().ok_or(Failure::Unsupported)?;
    let code = vm.making_room(|vm| {
        let description = ExternalMethod {
            name: &name,
            method: target,
            argument_count,
            rtl: arguments.get(0),
            function,
        };
        foreign.install(&mut vm.context, &description)
    })?;
    vm.own_code(target, code);
    Ok(arguments.receiver())
}

/// Makes the RTL one more literal of the method: its code refers to objects that the RTL names.
fn keep_alive(vm: &mut Vm, target: Oop, rtl: Oop) -> Result<(), Failure> {
    let literals = vm.heap().slot(target, method::LITERALS);
    let count = vm.heap().slot_count(literals);
    let grown = vm
        .heap_mut()
        .allocate_old(index::ARRAY, Format::INDEXABLE, count + 1)?;
    for position in 0..count {
        let literal = vm.heap().slot(literals, position);
        vm.heap_mut().set_slot(grown, position, literal);
    }
    vm.heap_mut().set_slot(grown, count, rtl);
    vm.heap_mut().set_slot(target, method::LITERALS, grown);
    Ok(())
}

impl Vm {
    /// Does what needs room in the code space, and where there is none once more after making some, be it by a
    /// full collection, after which the code of dead methods goes. The stack is published.
    pub(super) fn making_room<T>(
        &mut self,
        mut make: impl FnMut(&mut Vm) -> Result<T, NotInstalled>,
    ) -> Result<T, Failure> {
        let mut made = make(self);
        let has_no_room = |made: &_| matches!(made, Err(NotInstalled::NoRoom(_)));
        if has_no_room(&made) && self.evict_code() {
            made = make(self);
        }
        if has_no_room(&made) {
            self.collect_everything();
            self.evict_code();
            made = make(self);
        }
        made.map_err(|reason| {
            let (NotInstalled::Wrong(message) | NotInstalled::NoRoom(message)) = reason;
            self.failure_detail = Some(message);
            Failure::Compilation
        })
    }

    /// True for an external-call method.
    pub(crate) fn is_external(&self, object: Oop) -> bool {
        self.heap().class_index_of(object) == index::METHOD
            && lookup::header_of(self.heap(), object).has(header::EXTERNAL)
    }
}

/// What an external method is executed by; `None` before it is linked.
pub(super) fn installed_code(vm: &Vm, target: Oop) -> Option<ExternalCode> {
    ExternalCode::from_slot(vm.heap().slot(target, method::CODE).as_i64()?)
}

/// method → the listing of its RTL and machine code, or nil where it has none.
pub(super) fn external_listing(vm: &mut Vm, arguments: Arguments) -> Result<Oop, Failure> {
    let target = arguments.get(0);
    if !vm.is_external(target) {
        return Err(Failure::WrongType);
    }
    let Some(code) = installed_code(vm, target) else {
        return Ok(vm.nil());
    };
    let foreign = vm.foreign.as_ref().ok_or(Failure::Unsupported)?;
    let listing = foreign.listing(code);
    Ok(vm.string(listing.as_bytes())?)
}
