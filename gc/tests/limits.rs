//! The greatest heap size, requests that cannot be met, wrong accesses, and the heap check.

mod support;

use gc::{ClassIndex, Format, Heap, HeapError, HeapOptions, Oop, OutOfMemory};
use support::{CLASS, World, small};

fn tight() -> HeapOptions {
    HeapOptions {
        nursery_bytes: 128 << 10,
        max_heap_bytes: 8 << 20,
        verify: false,
        stress: false,
        trace: false,
    }
}

/// Allocates as a VM does: a failure is answered with a full collection and a second try.
fn allocate(world: &mut World, slots: usize) -> Result<Oop, OutOfMemory> {
    world.poll();
    world
        .heap
        .allocate(CLASS, Format::FIXED, slots)
        .or_else(|_| {
            world.full();
            world.heap.allocate(CLASS, Format::FIXED, slots)
        })
}

/// Builds a list on root 0 until memory is out; answers its length.
fn fill_with_list(world: &mut World, slots: usize) -> usize {
    for length in 0.. {
        match allocate(world, slots) {
            Ok(oop) => {
                world.heap.set_slot(oop, 0, world.roots.strong[0]);
                world.roots.strong[0] = oop;
            }
            Err(error) => {
                assert!(error.requested_bytes >= slots * 8);
                return length;
            }
        }
        assert!(length < 1_000_000, "the limit is not kept");
    }
    unreachable!("a list without end")
}

#[test]
fn running_out_is_an_error_after_which_the_program_goes_on() {
    for slots in [2, 100, 5000, 200_000] {
        let mut world = World::new(tight());
        let nil = world.heap.nil();
        world.root(nil);
        let mut lengths = Vec::new();
        for _ in 0..3 {
            lengths.push(fill_with_list(&mut world, slots));
            // There is room to handle the error in, for who tells the program.
            assert!(world.heap.grant_headroom());
            for _ in 0..100 {
                world
                    .heap
                    .allocate(CLASS, Format::FIXED, 2)
                    .expect("room for the handler");
            }
            world.roots.strong[0] = world.heap.nil();
            world.full();
            assert!(world.heap.stats().live_bytes < 4096);
        }
        assert!(
            lengths[0] * (slots + 1) * 8 > 5 << 20,
            "{slots} slots: {lengths:?}"
        );
        assert!(
            lengths.iter().all(|&length| length >= lengths[0] * 9 / 10),
            "{lengths:?}"
        );
        world.verify();
    }
}

#[test]
fn a_program_that_ignores_every_error_is_stopped_from_growing() {
    let mut world = World::new(tight());
    let nil = world.heap.nil();
    world.root(nil);
    let mut failures = 0;
    for _ in 0..400_000 {
        world.poll();
        match world.heap.allocate(CLASS, Format::FIXED, 8) {
            Ok(oop) => {
                world.heap.set_slot(oop, 0, world.roots.strong[0]);
                world.roots.strong[0] = oop;
            }
            Err(_) => failures += 1,
        }
        if failures > 15 {
            break;
        }
    }
    assert!(failures > 15);
    let mapped = world.heap.stats().mapped_bytes;
    assert!(mapped <= 8 << 20, "{mapped}");
    world.roots.strong.clear();
    world.full();
    world
        .heap
        .allocate(CLASS, Format::FIXED, 8)
        .expect("room again");
    world.verify();
}

#[test]
fn impossible_sizes_are_errors() {
    let mut world = World::new(small());
    for slots in [
        1 << 28,
        1 << 40,
        1 << 56,
        1 << 60,
        usize::MAX / 8,
        usize::MAX,
    ] {
        assert!(
            world
                .heap
                .allocate(CLASS, Format::INDEXABLE, slots)
                .is_err(),
            "{slots}"
        );
        assert!(
            world.heap.allocate(CLASS, Format::WORDS, slots).is_err(),
            "{slots}"
        );
        assert!(
            world.heap.allocate_old(CLASS, Format::WEAK, slots).is_err(),
            "{slots}"
        );
    }
    for len in [1 << 31, 1 << 60, usize::MAX - 7, usize::MAX] {
        assert!(world.heap.allocate_bytes(CLASS, len).is_err(), "{len}");
        assert!(world.heap.allocate_bytes_old(CLASS, len).is_err(), "{len}");
    }
    world.poll();
    world.fixed(3);
    world.verify();
}

#[test]
fn a_nursery_greater_than_the_heap_is_refused() {
    let options = HeapOptions {
        nursery_bytes: 1 << 20,
        max_heap_bytes: 1 << 20,
        ..small()
    };
    let error = Heap::new(options).err().expect("an error");
    assert_eq!(
        error,
        HeapError::NurseryTooBig {
            nursery: 2 << 20,
            max_heap: 1 << 20
        }
    );
    assert!(error.to_string().contains("2097152"));
}

#[test]
fn the_heap_grows_and_shrinks() {
    let mut world = World::new(HeapOptions {
        verify: false,
        ..small()
    });
    for _ in 0..60 {
        let oop = world
            .heap
            .allocate(CLASS, Format::INDEXABLE, 6000)
            .expect("room");
        world.root(oop);
        for index in 0..200 {
            let child = world.bytes(&[index as u8; 1000]);
            let parent = *world.roots.strong.last().expect("the parent");
            world.heap.set_slot(parent, index, child);
            world.poll();
        }
    }
    let grown = world.heap.stats().mapped_bytes;
    assert!(grown > 14 << 20, "{grown}");
    world.roots.strong.truncate(2);
    world.full();
    let shrunk = world.heap.stats().mapped_bytes;
    assert!(
        shrunk < grown / 2,
        "{shrunk} of {grown} bytes are still mapped"
    );
    world.verify();
}

#[test]
fn churn_in_old_space_does_not_grow_it_for_ever() {
    let mut world = World::new(HeapOptions {
        verify: false,
        ..small()
    });
    let oop = world
        .heap
        .allocate(CLASS, Format::INDEXABLE, 2000)
        .expect("room");
    world.root(oop);
    let mut state = 1u32;
    for _ in 0..400_000 {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let child = world.fixed(1 + (state >> 8) as usize % 60);
        world
            .heap
            .set_slot(world.roots.strong[0], (state >> 16) as usize % 2000, child);
        world.poll();
    }
    let stats = world.heap.stats();
    assert!(stats.full_collections > 0);
    assert!(
        stats.mapped_bytes < 80 << 20,
        "{} bytes are mapped",
        stats.mapped_bytes
    );
    world.verify();
}

#[test]
#[should_panic(expected = "slot 2 of oop(")]
fn a_slot_out_of_bounds_is_a_bug_with_a_message() {
    let mut world = World::new(small());
    let oop = world.fixed(2);
    world.heap.slot(oop, 2);
}

#[test]
#[should_panic(expected = "slot 0 of 5, which is no heap object")]
fn a_slot_of_an_immediate_is_a_bug_with_a_message() {
    let mut world = World::new(small());
    world.heap.set_slot(Oop::small(5), 0, Oop::ZERO);
}

#[test]
#[should_panic(expected = "slot 0 of oop(")]
fn bytes_have_no_pointer_slots() {
    let mut world = World::new(small());
    let oop = world.bytes(b"abcdefgh");
    world.heap.set_slot(oop, 0, Oop::ZERO);
}

#[test]
#[should_panic(expected = "byte length 0 of oop(")]
fn pointer_objects_have_no_bytes() {
    let mut world = World::new(small());
    let oop = world.fixed(2);
    world.heap.bytes_mut(oop);
}

#[test]
fn every_object_is_shown_once() {
    let mut world = World::new(small());
    let old = world
        .heap
        .allocate_old(ClassIndex::new(30), Format::FIXED, 1)
        .expect("room");
    let large = world
        .heap
        .allocate_bytes(ClassIndex::new(31), 2 << 20)
        .expect("room");
    let survivor = world
        .heap
        .allocate(ClassIndex::new(32), Format::FIXED, 1)
        .expect("room");
    let roots = [old, large, survivor];
    world.roots.strong.extend(roots);
    world.scavenge();
    world
        .heap
        .allocate(ClassIndex::new(33), Format::FIXED, 300)
        .expect("room");
    let mut classes = Vec::new();
    world.heap.for_each_object(&mut |oop| {
        let class = world.heap.class_index_of(oop);
        if class != CLASS {
            classes.push(class.index());
        }
    });
    classes.sort_unstable();
    assert_eq!(classes, [30, 31, 32, 33]);
}

#[test]
fn the_check_finds_a_store_without_barrier() {
    let mut world = World::new(HeapOptions {
        verify: false,
        ..small()
    });
    let old = world
        .heap
        .allocate_old(CLASS, Format::FIXED, 1)
        .expect("room");
    let young = world.fixed(1);
    poke(world.heap.body_address(old), young.bits());
    let error = world.heap.verify(&mut world.roots).expect_err("a fault");
    assert!(error.to_string().contains("is not remembered"), "{error}");
}

#[test]
fn the_check_finds_words_that_are_no_oops() {
    let mut world = World::new(HeapOptions {
        verify: false,
        ..small()
    });
    let oop = world.fixed(2);
    for (word, complaint) in [
        (oop.bits() + 8, "where no object is"),
        (0, "where no object is"),
        (7, "whose tag 7 does not exist"),
    ] {
        poke(world.heap.body_address(oop), word);
        let error = world.heap.verify(&mut world.roots).expect_err("a fault");
        assert!(error.to_string().contains(complaint), "{error}");
        assert!(error.to_string().contains("slot 0"), "{error}");
    }
}

#[test]
fn the_check_finds_a_missing_zero_byte_and_an_unknown_class() {
    let mut world = World::new(HeapOptions {
        verify: false,
        ..small()
    });
    let bytes = world.bytes(b"1234567");
    poke(world.heap.body_address(bytes), u64::MAX);
    let error = world.heap.verify(&mut world.roots).expect_err("a fault");
    assert!(error.to_string().contains("are not 0"), "{error}");
    poke(world.heap.body_address(bytes), 1);
    world.verify();
    world.heap.set_class_limit(ClassIndex::new(CLASS.index()));
    let error = world.heap.verify(&mut world.roots).expect_err("a fault");
    assert!(error.to_string().contains("class index 20"), "{error}");
}

#[expect(unsafe_code, reason = "damages an object, which no safe function does")]
fn poke(address: *const u8, word: u64) {
    // SAFETY: the callers pass the body of an object of at least one word.
    unsafe { *address.cast_mut().cast::<u64>() = word };
}
