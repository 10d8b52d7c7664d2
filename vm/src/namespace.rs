//! The kernel's names and the program's.
//!
//! Methods share a Global object for each name they mention. When the kernel is complete, the table of
//! globals gets new Global objects with the values of the old ones, which only the kernel's methods
//! still hold:
//!
//! ```text
//!   kernel methods ---> Global Set ---> the kernel's Set
//!   the table      ---> Global Set ---> the kernel's Set, until the program has its own
//! ```
//!
//! So a program can have its own `Set`, and the kernel goes on to use the one it was written for.

use crate::compiler::draft::{ClassDraft, CodeDraft, PrimitiveKind, SuperclassDraft};
use crate::header;
use crate::install::{InstallError, Origin};
use crate::known::{class, global, method};
use crate::loader::LoadError;
use crate::lookup;
use crate::vm::Vm;
use gc::OutOfMemory;
use gc::oop::Oop;

/// What becomes of a kernel class when a program defines a class of its name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Namesake {
    /// A definition of the same superclass and fields changes its methods, as scripts and the
    /// REPL do.
    Changes,
    /// It stays, and the program has a class of its own beside it: files of the class path.
    Stays,
}

/// Classes that a program's objects have without naming them: those of literals and blocks, of
/// `system`, of classes and methods, and what all inherit from.
const UNNAMED: &[&str] = &[
    "Object",
    "Class",
    "Metaclass",
    "Method",
    "Primitive",
    "Block",
    "Block1",
    "Block2",
    "Block3",
    "Nil",
    "Boolean",
    "True",
    "False",
    "System",
    "Array",
    "String",
    "Symbol",
    "Integer",
    "Double",
    "Character",
];

impl Vm {
    /// Ends bootstrap: all classes there are now belong to the kernel, and the names that programs use are
    /// no longer those that the kernel uses.
    pub fn separate_kernel(&mut self) -> Result<(), OutOfMemory> {
        for class_object in self.classes.clone() {
            if class_object != self.nil() {
                let metaclass = self.class_of(class_object);
                let format = self.instance_format(metaclass).of_kernel();
                self.set_instance_format(metaclass, format);
                self.mark_kernel_methods(class_object);
                self.mark_kernel_methods(metaclass);
            }
        }
        let kernel = self.all_globals();
        self.globals.clear();
        for variable in kernel {
            let value = self.heap().slot(variable, global::VALUE);
            if value != variable {
                let name = self.text(self.heap().slot(variable, global::NAME));
                self.set_global(&name, value)?;
            }
        }
        self.review_methods(None);
        Ok(())
    }

    fn mark_kernel_methods(&mut self, class_object: Oop) {
        for (_, compiled) in lookup::methods_of(self.heap(), class_object, self.nil()) {
            let header = lookup::header_of(self.heap(), compiled).with(header::OF_KERNEL);
            let header = Oop::small(header.0 as i64);
            self.heap_mut().set_slot(compiled, method::HEADER, header);
        }
    }

    /// True for a class that was there when bootstrap ended.
    pub fn is_kernel_class(&self, class_object: Oop) -> bool {
        self.instance_format(self.class_of(class_object))
            .is_of_kernel()
    }

    /// The kernel's class of a name, whatever the program calls so.
    pub fn kernel_class(&self, name: &str) -> Option<Oop> {
        let symbol = self.existing_symbol(name.as_bytes())?;
        let named = |&each: &Oop| {
            each != self.nil()
                && self.heap().slot(each, class::NAME) == symbol
                && self.is_kernel_class(each)
        };
        self.classes.iter().copied().find(named)
    }

    /// Looks at the class path for classes that the kernel has too. The program's name is unset, so
    /// that the class is loaded when it is first asked for; what a file says of a class that a
    /// program uses without naming it is added to the kernel's now.
    pub fn prepare_class_path(&mut self) -> Result<(), LoadError> {
        let is_kernel_class = |value| self.is_class(value) && self.is_kernel_class(value);
        let mut names = self.global_names();
        names.retain(|name| {
            self.global_value(name).is_some_and(is_kernel_class) && self.is_on_class_path(name)
        });
        for name in &names {
            let variable = self.global(name)?;
            self.set_global(name, variable)?;
        }
        for name in names.iter().filter(|name| UNNAMED.contains(&name.as_str())) {
            self.load_class(name)?;
        }
        Ok(())
    }

    /// The kernel class that a class file describes, if it does: one with `primitive` bodies, or one of
    /// a class that programs use without naming it. What has fields of its own is another class.
    pub(crate) fn described_kernel_class(&self, draft: &ClassDraft) -> Option<Oop> {
        let kernel = self.kernel_class(&draft.name)?;
        let methods = || draft.instance_methods.iter().chain(&draft.class_methods);
        if methods().any(is_som_primitive) {
            return Some(kernel);
        }
        let has_fields = !draft.instance_fields.is_empty() || !draft.class_fields.is_empty();
        (UNNAMED.contains(&draft.name.as_str()) && !has_fields).then_some(kernel)
    }

    /// Adds to a kernel class the methods of a class file that it has not got. Its own methods stay,
    /// since the kernel relies on them.
    pub(crate) fn describe_kernel_class(
        &mut self,
        kernel: Oop,
        draft: &ClassDraft,
        superclass: Oop,
        origin: Origin<'_>,
    ) -> Result<(), InstallError> {
        let above = superclass == self.nil() || self.inherits_from(kernel, superclass);
        if !above || draft.superclass_is(&draft.name) {
            let expected = self.class_name(self.heap().slot(kernel, class::SUPERCLASS));
            return Err(InstallError::Definition(format!(
                "{0} has `primitive` methods, so it is the kernel's {0}, whose superclass is {expected}",
                draft.name
            )));
        }
        let metaclass = self.class_of(kernel);
        for (methods, fields, holder) in [
            (&draft.instance_methods, &draft.instance_fields, kernel),
            (&draft.class_methods, &draft.class_fields, metaclass),
        ] {
            // Methods that know fields by number are for other instances than the kernel's.
            let mine = methods.iter().filter(|_| fields.is_empty());
            for each in mine {
                self.add_missing_method(each, holder, origin)
                    .map_err(|error| error.of_method(each.name_position.offset))?;
            }
        }
        Ok(())
    }

    fn add_missing_method(
        &mut self,
        draft: &CodeDraft,
        holder: Oop,
        origin: Origin<'_>,
    ) -> Result<(), InstallError> {
        let selector = self.symbol(&draft.selector)?;
        if lookup::lookup(self.heap(), holder, selector, self.nil()).is_some() {
            return Ok(());
        }
        let compiled = self.code_object(draft, holder, origin)?;
        Ok(self.add_method(holder, selector, compiled)?)
    }
}

fn is_som_primitive(draft: &CodeDraft) -> bool {
    draft.primitive == PrimitiveKind::SomPrimitive
}

impl ClassDraft {
    fn superclass_is(&self, name: &str) -> bool {
        matches!(&self.superclass, SuperclassDraft::Named(each) if each == name)
    }
}
