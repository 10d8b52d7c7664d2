//! From drafts to objects: methods, literals and classes.

use crate::bytecode::Opcode;
use crate::classes::{InstanceFormat, NAMED_SLOTS_MAX};
use crate::compiler::draft::{
    ClassDraft, CodeDraft, CodeKind, ExternalPragma, LiteralDraft, PrimitiveKind,
};
use crate::header::{self, MethodHeader};
use crate::known::{block, block_class, class, index, method};
use crate::lookup;
use crate::namespace::Namesake;
use crate::primitives;
use crate::vm::Vm;
use gc::OutOfMemory;
use gc::layout::Format;
use gc::oop::Oop;
use std::fmt;

/// Why a class or method could not be installed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum InstallError {
    /// What is wrong with the definition.
    Definition(String),
    /// What is wrong with a method of a class, and the byte of the text at which it begins.
    Method(u32, String),
    /// The heap is full.
    OutOfMemory,
}

impl fmt::Display for InstallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            InstallError::Definition(message) | InstallError::Method(_, message) => {
                f.write_str(message)
            }
            InstallError::OutOfMemory => f.write_str("the heap is full"),
        }
    }
}

impl From<OutOfMemory> for InstallError {
    fn from(_: OutOfMemory) -> InstallError {
        InstallError::OutOfMemory
    }
}

impl InstallError {
    /// The same error, said to be of the method that begins at a byte of the text.
    pub(crate) fn of_method(self, offset: u32) -> InstallError {
        match self {
            InstallError::Definition(message) => InstallError::Method(offset, message),
            InstallError::Method(..) | InstallError::OutOfMemory => self,
        }
    }

    /// The byte of the text that the error is about; `whole` where it is about all of it.
    pub fn offset(&self, whole: u32) -> u32 {
        match self {
            InstallError::Method(offset, _) => *offset,
            InstallError::Definition(_) | InstallError::OutOfMemory => whole,
        }
    }
}

fn refuse<T>(message: String) -> Result<T, InstallError> {
    Err(InstallError::Definition(message))
}

/// Where a method's source came from.
#[derive(Clone, Copy, Debug)]
pub struct Origin<'a> {
    /// Name of the file or other source.
    pub name: &'a str,
    /// Its whole text.
    pub text: &'a str,
}

/// Number of arguments that a selector takes.
pub fn argument_count(selector: &[u8]) -> usize {
    match selector.first() {
        Some(first) if first.is_ascii_alphabetic() || *first == b'_' || !first.is_ascii() => {
            selector.iter().filter(|&&byte| byte == b':').count()
        }
        Some(_) => 1,
        None => 0,
    }
}

impl Vm {
    /// The object of a literal.
    fn literal_object(
        &mut self,
        literal: &LiteralDraft,
        outer: Oop,
        origin: Origin<'_>,
    ) -> Result<Oop, InstallError> {
        Ok(match literal {
            LiteralDraft::Nil => self.nil(),
            LiteralDraft::True => self.boolean(true),
            LiteralDraft::False => self.boolean(false),
            LiteralDraft::Integer(value) => self.integer_object(value)?,
            LiteralDraft::Double(value) => self.double_object(*value)?,
            LiteralDraft::Character(code_point) => Oop::from_char(*code_point),
            LiteralDraft::Symbol(text) => self.symbol(text)?,
            LiteralDraft::String(bytes) => self.string(bytes)?,
            LiteralDraft::ByteArray(bytes) => {
                let made = self
                    .heap_mut()
                    .allocate_bytes(index::BYTE_ARRAY, bytes.len())?;
                self.heap_mut().bytes_mut(made).copy_from_slice(bytes);
                made
            }
            LiteralDraft::Array(elements) => {
                let objects = elements
                    .iter()
                    .map(|element| self.literal_object(element, outer, origin))
                    .collect::<Result<Vec<_>, _>>()?;
                self.array(&objects)?
            }
            LiteralDraft::Global(name) => self.global(name)?,
            LiteralDraft::Block(draft) => self.code_object(draft, outer, origin)?,
            LiteralDraft::CleanBlock(draft) => self.clean_block(draft, outer, origin)?,
        })
    }

    /// The Block of code that is clean: it has neither receiver nor home.
    fn clean_block(
        &mut self,
        draft: &CodeDraft,
        outer: Oop,
        origin: Origin<'_>,
    ) -> Result<Oop, InstallError> {
        let code = self.code_object(draft, outer, origin)?;
        let class = block_class(draft.argument_count);
        let made = self
            .heap_mut()
            .allocate_old(class, Format::INDEXABLE, block::COUNT)?;
        self.heap_mut().set_slot(made, block::METHOD, code);
        Ok(made)
    }

    /// Makes the Method or CompiledBlock of a draft. `holder` is the class, or the code that a
    /// block stands in; nil for statements of a script.
    pub fn code_object(
        &mut self,
        draft: &CodeDraft,
        holder: Oop,
        origin: Origin<'_>,
    ) -> Result<Oop, InstallError> {
        let class = match draft.kind {
            CodeKind::Method if draft.primitive != PrimitiveKind::None => index::PRIMITIVE,
            CodeKind::Method => index::METHOD,
            CodeKind::Block => index::COMPILED_BLOCK,
        };
        let made = self
            .heap_mut()
            .allocate_old(class, Format::FIXED, method::COUNT)?;
        let selector = self.symbol(&draft.selector)?;
        let header = self.header_for(draft)?;
        // One more return of the topmost value, for messages that the VM sends in place of a
        // block's result.
        let mut code = draft.bytecodes.clone();
        code.push(Opcode::ReturnTop as u8);
        let bytecodes = self
            .heap_mut()
            .allocate_bytes_old(index::BYTE_ARRAY, code.len())?;
        self.heap_mut().bytes_mut(bytecodes).copy_from_slice(&code);
        let heap = self.heap_mut();
        heap.set_slot(made, method::SELECTOR, selector);
        heap.set_slot(made, method::HOLDER, holder);
        heap.set_slot(made, method::HEADER, Oop::small(header.0 as i64));
        heap.set_slot(made, method::BYTECODES, bytecodes);
        heap.set_slot(made, method::CODE, Oop::ZERO);
        heap.set_slot(made, method::COUNTER, Oop::ZERO);
        let literals = self.literal_array(draft, made, origin)?;
        self.heap_mut().set_slot(made, method::LITERALS, literals);
        self.record_source(made, draft, origin)?;
        if let Some(external) = &draft.external {
            let description = self.external_description(external)?;
            self.heap_mut()
                .set_slot(made, method::EXTERNAL, description);
        }
        Ok(made)
    }

    fn literal_array(
        &mut self,
        draft: &CodeDraft,
        code: Oop,
        origin: Origin<'_>,
    ) -> Result<Oop, InstallError> {
        let count = draft.literals.len();
        let array = self
            .heap_mut()
            .allocate_old(index::ARRAY, Format::INDEXABLE, count)?;
        for (position, literal) in draft.literals.iter().enumerate() {
            let object = self.literal_object(literal, code, origin)?;
            self.heap_mut().set_slot(array, position, object);
        }
        Ok(array)
    }

    fn record_source(
        &mut self,
        code: Oop,
        draft: &CodeDraft,
        origin: Origin<'_>,
    ) -> Result<(), InstallError> {
        let name = self.symbol(origin.name)?;
        self.heap_mut().set_slot(code, method::SOURCE_NAME, name);
        if draft.kind == CodeKind::Method {
            let text = origin.text.get(draft.source.clone()).unwrap_or("");
            let source = self.string(text.as_bytes())?;
            self.heap_mut().set_slot(code, method::SOURCE, source);
        }
        let numbers = draft.lines.iter().flat_map(|&(pc, line)| [pc, line]);
        let numbers: Vec<Oop> = numbers
            .map(|number| Oop::small(i64::from(number)))
            .collect();
        let lines = self.array(&numbers)?;
        self.heap_mut().set_slot(code, method::LINES, lines);
        Ok(())
    }

    /// `{ C text. library name or nil. whether the user wrote failure code. line. column }`.
    fn external_description(&mut self, external: &ExternalPragma) -> Result<Oop, InstallError> {
        let text = self.string(external.text.as_bytes())?;
        let library = match &external.library {
            Some(name) => self.string(name.as_bytes())?,
            None => self.nil(),
        };
        let line = Oop::small(i64::from(external.position.line));
        let column = Oop::small(i64::from(external.position.column));
        let has_failure_code = self.boolean(external.has_failure_code);
        Ok(self.array(&[text, library, has_failure_code, line, column])?)
    }

    fn header_for(&self, draft: &CodeDraft) -> Result<MethodHeader, InstallError> {
        let mut header =
            MethodHeader::new(draft.argument_count, draft.temporary_count, draft.max_stack);
        if draft.needs_home {
            header = header.with(header::NEEDS_HOME);
        }
        if draft.external.is_some() {
            header = header.with(header::EXTERNAL);
        }
        for pragma in &draft.pragmas {
            header = match (pragma.selector.as_str(), pragma.arguments.as_slice()) {
                ("marker:", [LiteralDraft::Symbol(name)]) if name == "handler" => {
                    header.with(header::HANDLER)
                }
                ("marker:", [LiteralDraft::Symbol(name)]) if name == "ensure" => {
                    header.with(header::ENSURE)
                }
                _ => header,
            };
        }
        if let PrimitiveKind::Named {
            name,
            error_temporary,
        } = &draft.primitive
        {
            let Some(number) = primitives::number_of(name) else {
                return refuse(format!(
                    "{} names the unknown primitive {name}",
                    draft.selector
                ));
            };
            header = header.with_primitive(number);
            if let Some(temporary) = error_temporary {
                header = header.with_reason_in(*temporary);
            }
        }
        Ok(header)
    }

    /// Adds a method to a class.
    pub fn install_method(
        &mut self,
        draft: &CodeDraft,
        holder: Oop,
        origin: Origin<'_>,
    ) -> Result<Oop, InstallError> {
        let selector = self.symbol(&draft.selector)?;
        if draft.primitive == PrimitiveKind::SomPrimitive {
            // The kernel has the primitive: the method of that name, perhaps inherited, stays.
            let nil = self.nil();
            return match lookup::lookup(self.heap(), holder, selector, nil) {
                Some(kept) => Ok(kept),
                None => refuse(format!(
                    "{}>>{} is declared primitive, but the kernel has no such primitive",
                    self.class_name(holder),
                    draft.selector
                )),
            };
        }
        let compiled = self.code_object(draft, holder, origin)?;
        self.add_method(holder, selector, compiled)?;
        Ok(compiled)
    }

    /// Puts a compiled method into a class.
    pub fn add_method(
        &mut self,
        holder: Oop,
        selector: Oop,
        compiled: Oop,
    ) -> Result<(), OutOfMemory> {
        let nil = self.nil();
        self.keep_called_method(holder, selector);
        lookup::add_method(self.heap_mut(), holder, selector, compiled, nil)?;
        self.method_changed(selector);
        Ok(())
    }

    /// Takes a method out of a class; false where it has none of its own for the selector.
    pub fn remove_method(&mut self, holder: Oop, selector: Oop) -> Result<bool, OutOfMemory> {
        let nil = self.nil();
        self.keep_called_method(holder, selector);
        let removed = lookup::remove_method(self.heap_mut(), holder, selector, nil)?;
        self.method_changed(selector);
        Ok(removed)
    }

    /// Defines a class below a superclass: makes it, or changes the one of that name where its
    /// fields and superclass stay as they are or it is one the VM knows. `namesake` says what
    /// becomes of a kernel class of that name.
    pub fn define_class(
        &mut self,
        draft: &ClassDraft,
        superclass: Oop,
        origin: Origin<'_>,
        namesake: Namesake,
    ) -> Result<Oop, InstallError> {
        if namesake == Namesake::Stays
            && let Some(kernel) = self.described_kernel_class(draft)
        {
            self.describe_kernel_class(kernel, draft, superclass, origin)?;
            self.set_global(&draft.name, kernel)?;
            return Ok(kernel);
        }
        let may_change = |found: Oop| namesake == Namesake::Changes || !self.is_kernel_class(found);
        let existing = self
            .global_value(&draft.name)
            .filter(|&found| self.is_class(found) && may_change(found));
        let defined = match existing {
            Some(found) if self.heap().slot(found, class::FIELDS) == self.nil() => {
                self.complete_known_class(found, draft, superclass)?
            }
            Some(found) if self.can_change(found, draft, superclass) => found,
            _ => self.new_class(draft, superclass)?,
        };
        if let Some(comment) = &draft.comment {
            let comment = self.string(comment.as_bytes())?;
            self.heap_mut().set_slot(defined, class::COMMENT, comment);
        }
        let metaclass = self.class_of(defined);
        for (methods, holder) in [
            (&draft.instance_methods, defined),
            (&draft.class_methods, metaclass),
        ] {
            for each in methods {
                self.install_method(each, holder, origin)
                    .map_err(|error| error.of_method(each.name_position.offset))?;
            }
        }
        self.set_global(&draft.name, defined)?;
        Ok(defined)
    }

    /// True where a definition only replaces methods of an existing class.
    fn can_change(&self, existing: Oop, draft: &ClassDraft, superclass: Oop) -> bool {
        let (fields, class_fields) = self.all_fields(draft, superclass);
        self.heap().slot(existing, class::SUPERCLASS) == superclass
            && self.field_names(existing) == fields
            && self.field_names(self.class_of(existing)) == class_fields
    }

    /// Field names that instances of a subclass of `superclass` inherit.
    pub fn inherited_fields(&self, superclass: Oop) -> Vec<String> {
        if superclass == self.nil() {
            Vec::new()
        } else {
            self.field_names(superclass)
        }
    }

    /// Field names that the class side of a subclass of `superclass` inherits.
    pub fn inherited_class_fields(&self, superclass: Oop) -> Vec<String> {
        if superclass == self.nil() {
            return Vm::hidden_class_fields();
        }
        self.field_names(self.class_of(superclass))
    }

    /// The field names of instances and of the class itself, inherited ones first.
    pub(crate) fn all_fields(
        &self,
        draft: &ClassDraft,
        superclass: Oop,
    ) -> (Vec<String>, Vec<String>) {
        let mut fields = self.inherited_fields(superclass);
        fields.extend(draft.instance_fields.iter().map(|field| field.0.clone()));
        let mut class_fields = self.inherited_class_fields(superclass);
        class_fields.extend(draft.class_fields.iter().map(|field| field.0.clone()));
        (fields, class_fields)
    }

    fn new_class(&mut self, draft: &ClassDraft, superclass: Oop) -> Result<Oop, InstallError> {
        let (fields, class_fields) = self.all_fields(draft, superclass);
        self.check_fields(&draft.name, superclass, &fields)?;
        let own_class_fields = class_fields.len().saturating_sub(class::COUNT);
        let made = self.new_class_pair(&draft.name, None, own_class_fields)?;
        self.shape_class(made, superclass, &fields, &class_fields)?;
        Ok(made)
    }

    /// Gives a class that genesis made its place and fields, its instances keeping their shape.
    fn complete_known_class(
        &mut self,
        known: Oop,
        draft: &ClassDraft,
        superclass: Oop,
    ) -> Result<Oop, InstallError> {
        if !draft.class_fields.is_empty() {
            let name = &draft.name;
            return refuse(format!(
                "{name} is known to the VM and cannot have class-side fields"
            ));
        }
        let (fields, class_fields) = self.all_fields(draft, superclass);
        let format = self.instance_format(known);
        self.shape_class(known, superclass, &fields, &class_fields)?;
        self.set_instance_format(known, format.with_named(fields.len()));
        Ok(known)
    }

    /// Makes a nameless subclass without fields of its own.
    pub fn anonymous_subclass(&mut self, superclass: Oop, name: &str) -> Result<Oop, InstallError> {
        let fields = self.inherited_fields(superclass);
        let class_fields = self.inherited_class_fields(superclass);
        let own_class_fields = class_fields.len().saturating_sub(class::COUNT);
        let made = self.new_class_pair(name, None, own_class_fields)?;
        self.shape_class(made, superclass, &fields, &class_fields)?;
        Ok(made)
    }

    /// Gives a class its place and fields.
    pub(crate) fn shape_class(
        &mut self,
        made: Oop,
        superclass: Oop,
        fields: &[String],
        class_fields: &[String],
    ) -> Result<(), InstallError> {
        self.set_superclass(made, superclass);
        let inherited = if superclass == self.nil() {
            InstanceFormat::new(crate::known::Shape::Fixed, 0)
        } else {
            self.instance_format(superclass)
        };
        self.set_instance_format(made, inherited.with_named(fields.len()));
        self.set_field_names(made, fields)?;
        let metaclass = self.class_of(made);
        self.set_field_names(metaclass, class_fields)?;
        Ok(())
    }

    fn check_fields(
        &self,
        name: &str,
        superclass: Oop,
        fields: &[String],
    ) -> Result<(), InstallError> {
        if fields.len() > NAMED_SLOTS_MAX {
            return refuse(format!("{name} has more than {NAMED_SLOTS_MAX} fields"));
        }
        let format = if superclass == self.nil() {
            Format::FIXED
        } else {
            self.instance_format(superclass).format()
        };
        if !fields.is_empty() && !format.has_pointers() {
            let superclass = self.class_name(superclass);
            return refuse(format!(
                "{name} cannot have fields: its superclass {superclass} has bytes"
            ));
        }
        Ok(())
    }
}
