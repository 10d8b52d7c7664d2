//! Class objects: making them, and making instances of them.
//!
//! Every class is the only instance of its metaclass, every metaclass an instance of Metaclass:
//!
//! ```text
//!            class                 class                     class
//!   aPoint --------> Point ----------------> Point class --------------> Metaclass
//!                      | superclass              | superclass
//!                      v                         v
//!                    Object ---------------> Object class
//!                      | superclass              | superclass
//!                      v                         v
//!                     nil                      Class
//! ```

use crate::failure::Failure;
use crate::known::{self, Shape, class, index};
use crate::vm::Vm;
use gc::OutOfMemory;
use gc::layout::{ClassIndex, Format};
use gc::oop::Oop;

/// What a class knows of its instances' layout: the class's `format` slot, a SmallInteger.
///
/// ```text
///  bit 0..16   number of named slots
///  bit 16..21  format of the header
///  bit 21      sealed: instances come only from the VM
///  bit 22      kernel: in a metaclass, its class belongs to the kernel
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct InstanceFormat(i64);

const SEALED: i64 = 1 << 21;
const KERNEL: i64 = 1 << 22;

impl InstanceFormat {
    /// Instances of a shape with `named` slots.
    pub fn new(shape: Shape, named: usize) -> InstanceFormat {
        let sealed = if shape == Shape::Immediate { SEALED } else { 0 };
        InstanceFormat(named as i64 | i64::from(shape.format().bits()) << 16 | sealed)
    }

    /// The same with another number of named slots.
    #[must_use]
    pub fn with_named(self, named: usize) -> InstanceFormat {
        InstanceFormat(self.0 & !0xFFFF | named as i64)
    }

    /// The same, with instances that only the VM makes.
    #[must_use]
    pub fn sealed(self) -> InstanceFormat {
        InstanceFormat(self.0 | SEALED)
    }

    /// The same, of a metaclass whose class belongs to the kernel.
    #[must_use]
    pub fn of_kernel(self) -> InstanceFormat {
        InstanceFormat(self.0 | KERNEL)
    }

    /// True for a metaclass whose class belongs to the kernel.
    pub fn is_of_kernel(self) -> bool {
        self.0 & KERNEL != 0
    }

    /// Number of named slots.
    pub fn named(self) -> usize {
        (self.0 & 0xFFFF) as usize
    }

    /// The header's format; that of byte objects stands for every length.
    pub fn format(self) -> Format {
        Format::from_bits((self.0 >> 16 & 31) as u8)
    }

    /// True where only the VM makes instances.
    pub fn is_sealed(self) -> bool {
        self.0 & SEALED != 0
    }
}

/// Most named slots of an instance.
pub const NAMED_SLOTS_MAX: usize = 0xFFFF;

/// Largest indexable size that a request may ask for: what a 47-bit address space could hold.
const INDEXED_MAX: usize = 1 << 44;

impl Vm {
    /// The layout of a class's instances.
    pub fn instance_format(&self, class_object: Oop) -> InstanceFormat {
        let bits = self.heap().slot(class_object, class::FORMAT).as_i64();
        InstanceFormat(bits.expect("a class's format"))
    }

    pub(crate) fn set_instance_format(&mut self, class_object: Oop, format: InstanceFormat) {
        self.heap_mut()
            .set_slot(class_object, class::FORMAT, Oop::small(format.0));
    }

    /// A new instance with `indexed` indexable elements; its slots are nil, its bytes zero.
    ///
    /// # Errors
    /// `WrongType` where only the VM makes instances, `BadSize` where the class has no indexable
    /// part or the size is impossible, `OutOfMemory`.
    #[inline]
    pub fn instantiate(&mut self, class_object: Oop, indexed: usize) -> Result<Oop, Failure> {
        let layout = self.instance_format(class_object);
        if layout.is_sealed() {
            return Err(Failure::WrongType);
        }
        let index = self.index_of_class(class_object);
        let format = layout.format();
        if indexed > INDEXED_MAX || (indexed > 0 && format == Format::FIXED) {
            return Err(Failure::BadSize);
        }
        let heap = self.heap_mut();
        if format.is_bytes() {
            return Ok(heap.allocate_bytes(index, indexed)?);
        }
        Ok(heap.allocate(index, format, layout.named() + indexed)?)
    }

    /// Number of indexable elements of an object, where it has any.
    pub fn indexed_size(&self, object: Oop) -> Option<usize> {
        if !object.is_pointer() {
            return None;
        }
        let format = self.heap().format_of(object);
        if format.is_bytes() {
            return Some(self.heap().byte_len(object));
        }
        let named = self.instance_format(self.class_of(object)).named();
        (format != Format::FIXED).then(|| self.heap().slot_count(object) - named)
    }

    /// Reserves a class index.
    pub(crate) fn new_class_index(&mut self, class_object: Oop) -> ClassIndex {
        let index = ClassIndex::new(self.classes.len() as u32);
        self.classes.push(class_object);
        self.heap_mut()
            .set_class_limit(ClassIndex::new(index.index() + 1));
        index
    }

    /// Makes a class with its metaclass: no fields, no methods, no superclass yet.
    /// `class_fields` counts the fields of the class side, inherited ones included.
    pub(crate) fn new_class_pair(
        &mut self,
        name: &str,
        known: Option<ClassIndex>,
        class_fields: usize,
    ) -> Result<Oop, OutOfMemory> {
        let metaclass =
            self.heap_mut()
                .allocate_old(index::METACLASS, Format::FIXED, class::COUNT)?;
        let metaclass_index = self.new_class_index(metaclass);
        let slots = class::COUNT + class_fields;
        let made = self
            .heap_mut()
            .allocate_old(metaclass_index, Format::FIXED, slots)?;
        let made_index = match known {
            Some(index) => {
                self.classes[index.index() as usize] = made;
                index
            }
            None => self.new_class_index(made),
        };
        let (symbol, meta_symbol) = (self.symbol(name)?, self.symbol(&format!("{name} class"))?);
        self.describe(made, symbol, made_index, made);
        self.describe(metaclass, meta_symbol, metaclass_index, made);
        self.set_instance_format(metaclass, InstanceFormat::new(Shape::Fixed, slots).sealed());
        self.set_instance_format(made, InstanceFormat::new(Shape::Fixed, 0));
        Ok(made)
    }

    fn describe(&mut self, class_object: Oop, name: Oop, index: ClassIndex, instance: Oop) {
        let heap = self.heap_mut();
        heap.set_slot(class_object, class::NAME, name);
        heap.set_slot(
            class_object,
            class::INDEX,
            Oop::small(i64::from(index.index())),
        );
        heap.set_slot(class_object, class::THIS_CLASS, instance);
    }

    /// Puts a class below a superclass (or nil), and its metaclass below the superclass's.
    pub(crate) fn set_superclass(&mut self, class_object: Oop, superclass: Oop) {
        let metaclass = self.class_of(class_object);
        let above = if superclass == self.nil() {
            self.class_at(index::CLASS)
        } else {
            self.class_of(superclass)
        };
        self.heap_mut()
            .set_slot(class_object, class::SUPERCLASS, superclass);
        self.heap_mut()
            .set_slot(metaclass, class::SUPERCLASS, above);
    }

    /// All instance field names of a class, inherited ones first.
    pub fn field_names(&self, class_object: Oop) -> Vec<String> {
        let fields = self.heap().slot(class_object, class::FIELDS);
        if fields == self.nil() {
            return Vec::new();
        }
        let count = self.heap().slot_count(fields);
        (0..count)
            .map(|index| self.text(self.heap().slot(fields, index)))
            .collect()
    }

    /// Records the field names of a class: strings, inherited ones first.
    pub(crate) fn set_field_names(
        &mut self,
        class_object: Oop,
        names: &[String],
    ) -> Result<(), OutOfMemory> {
        let array = self
            .heap_mut()
            .allocate_old(index::ARRAY, Format::INDEXABLE, names.len())?;
        for (index, name) in names.iter().enumerate() {
            let symbol = self.symbol(name)?;
            self.heap_mut().set_slot(array, index, symbol);
        }
        self.heap_mut().set_slot(class_object, class::FIELDS, array);
        Ok(())
    }

    /// Fails unless `receiver` has the fields that `method` was compiled for.
    pub(crate) fn check_receiver(&self, method: Oop, receiver: Oop) -> Result<(), Failure> {
        let holder = self.heap().slot(method, known::method::HOLDER);
        if holder == self.nil() || self.inherits_from(self.class_of(receiver), holder) {
            Ok(())
        } else {
            Err(Failure::WrongType)
        }
    }

    /// True where only the VM may write the object's slots: what it relies on for its own safety.
    pub fn is_guarded(&self, object: Oop) -> bool {
        object.is_pointer()
            && (self.instance_format(self.class_of(object)).is_sealed() || self.is_class(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instance_formats_keep_their_parts() {
        let format = InstanceFormat::new(Shape::Indexable, 3)
            .with_named(7)
            .sealed();
        assert_eq!(format.named(), 7);
        assert_eq!(format.format(), Format::INDEXABLE);
        assert!(format.is_sealed());
        assert!(!InstanceFormat::new(Shape::Bytes, 0).is_sealed());
        assert!(InstanceFormat::new(Shape::Bytes, 0).format().is_bytes());
    }
}
