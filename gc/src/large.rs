//! Large objects: each has a mapping of its own, which goes back to the system with it.

#![expect(
    unsafe_code,
    reason = "writes the header of an object at the start of its mapping"
)]

use crate::layout::{ClassIndex, FLAG_MARKED, FLAG_PINNED, Format, WORD_BYTES, object_words};
use crate::memory::Mapping;
use crate::object::Object;
use crate::pin::Pins;

/// From this many bytes on an object has its own mapping.
pub(crate) const LARGE_BYTES: usize = 1 << 20;

struct Large {
    mapping: Mapping,
    object: Object,
}

/// The large objects, in the order in which they were allocated.
pub(crate) struct LargeSpace {
    objects: Vec<Large>,
    /// Mappings of dead objects that still wait to be given back: unmapping takes its time.
    doomed: Vec<Mapping>,
    /// Bytes of all mappings, the doomed ones included.
    pub(crate) mapped_bytes: usize,
    /// Bytes of the objects.
    pub(crate) used_bytes: usize,
}

impl LargeSpace {
    pub(crate) fn new() -> LargeSpace {
        LargeSpace {
            objects: Vec::new(),
            doomed: Vec::new(),
            mapped_bytes: 0,
            used_bytes: 0,
        }
    }

    /// Maps an object, whose body is zero, where that takes at most `allowance` bytes.
    pub(crate) fn allocate(
        &mut self,
        class: ClassIndex,
        format: Format,
        slots: usize,
        allowance: usize,
    ) -> Option<Object> {
        let bytes = object_words(slots).checked_mul(WORD_BYTES)?;
        if bytes > allowance {
            return None;
        }
        let mapping = Mapping::new(bytes)?;
        // SAFETY: the mapping is fresh and has room for the object.
        let object = unsafe { Object::create(mapping.start(), class, format, slots) };
        self.mapped_bytes += mapping.bytes();
        self.used_bytes += bytes;
        self.objects.push(Large { mapping, object });
        Some(object)
    }

    /// The objects.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Object> {
        self.objects.iter().map(|large| large.object)
    }

    /// Dooms the unmarked and unmarks the others.
    pub(crate) fn sweep(&mut self, pins: &mut Pins) {
        let (live, dead) = std::mem::take(&mut self.objects)
            .into_iter()
            .partition::<Vec<Large>, _>(|large| large.object.has(FLAG_MARKED));
        for large in &live {
            large.object.clear_flag(FLAG_MARKED);
        }
        for large in dead {
            self.used_bytes -= large.object.bytes();
            pins.old -= u64::from(large.object.has(FLAG_PINNED));
            self.doomed.push(large.mapping);
        }
        self.objects = live;
    }

    /// Gives doomed mappings back to the system until `budget` bytes were given or none is left.
    pub(crate) fn release(&mut self, budget: usize) {
        let mut released = 0;
        while released < budget
            && let Some(mapping) = self.doomed.pop()
        {
            released += mapping.bytes();
        }
        self.mapped_bytes -= released;
    }
}
