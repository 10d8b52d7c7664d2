//! The first objects: nil, true, false and the class objects that the VM knows by heart.

use crate::classes::InstanceFormat;
use crate::known::{self, Shape, index};
use crate::vm::Vm;
use gc::OutOfMemory;
use gc::layout::{ClassIndex, Format};
use gc::oop::Oop;

/// Classes whose instances only the VM makes, since it trusts what is in them.
const SEALED: &[ClassIndex] = &[
    index::CLASS,
    index::METACLASS,
    index::METHOD,
    index::COMPILED_BLOCK,
    index::PRIMITIVE,
    index::BLOCK,
    index::BLOCK_1,
    index::BLOCK_2,
    index::BLOCK_3,
    index::BLOCK_N,
    index::GLOBAL,
    index::HOME,
    index::SYMBOL,
    index::LARGE_POSITIVE,
    index::LARGE_NEGATIVE,
    index::DOUBLE,
];

impl Vm {
    /// Fills an empty heap with the objects that everything else refers to. The known classes
    /// get their names, indices and shapes; superclasses, fields and methods come from sources.
    pub fn genesis(&mut self) -> Result<(), OutOfMemory> {
        self.heap_mut()
            .set_class_limit(ClassIndex::new(gc::layout::CLASS_INDEX_MASK));
        let nil = self.heap_mut().allocate_old(index::NIL, Format::FIXED, 0)?;
        self.heap_mut().set_nil(nil);
        self.context.nil = nil;
        self.context.true_object = self
            .heap_mut()
            .allocate_old(index::TRUE, Format::FIXED, 0)?;
        self.context.false_object = self
            .heap_mut()
            .allocate_old(index::FALSE, Format::FIXED, 0)?;
        let first_free = ClassIndex::FIRST_FREE.index() as usize + known::CLASSES.len();
        self.classes = vec![nil; first_free];
        self.heap_mut()
            .set_class_limit(ClassIndex::new(first_free as u32));
        self.intern_selectors()?;
        for &(name, index, shape) in known::CLASSES {
            self.make_known_class(name, index, shape)?;
        }
        for &(name, index) in known::IMMEDIATE_CLASSES {
            let class_object = self.global_value(name).expect("a known class");
            self.classes[index.index() as usize] = class_object;
        }
        Ok(())
    }

    fn make_known_class(
        &mut self,
        name: &str,
        index: ClassIndex,
        shape: Shape,
    ) -> Result<(), OutOfMemory> {
        if let Some(other) = self.global_value(name) {
            // A second representation of a class that has an object already.
            self.classes[index.index() as usize] = other;
            return Ok(());
        }
        let made = self.new_class_pair(name, Some(index), 0)?;
        let format = InstanceFormat::new(shape, known_fields(name).len());
        let format = if SEALED.contains(&index) {
            format.sealed()
        } else {
            format
        };
        self.set_instance_format(made, format);
        self.set_global(name, made)
    }

    /// True for a class that the VM knows by heart.
    pub fn is_known_class(&self, class_object: Oop) -> bool {
        let first_free = ClassIndex::FIRST_FREE.index() as usize + known::CLASSES.len();
        (self.index_of_class(class_object).index() as usize) < first_free
    }
}

/// The names of the slots that the VM uses of a class.
pub fn known_fields(name: &str) -> &'static [&'static str] {
    known::FIELDS
        .iter()
        .find(|row| row.0 == name)
        .map_or(&[], |row| row.1)
}
