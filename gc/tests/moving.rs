//! What moves, what does not, and what is remembered: nursery, old space, pinning, held addresses.

mod support;

use gc::{CollectionKind, Format, HeapOptions, Oop};
use support::{CLASS, World, small};

#[test]
fn a_survivor_moves_twice_and_then_stays() {
    let mut world = World::new(small());
    let oop = world.bytes(b"hello");
    let root = world.root(oop);
    world.scavenge();
    let aged = world.roots.strong[root];
    assert_ne!(aged, oop);
    assert!(world.heap.is_young(aged));
    world.scavenge();
    let old = world.roots.strong[root];
    assert!(!world.heap.is_young(old));
    world.scavenge();
    world.full();
    assert_eq!(world.roots.strong[root], old);
    assert_eq!(world.heap.bytes(old), b"hello");
}

#[test]
fn identity_hash_moves_with_the_object() {
    let mut world = World::new(small());
    let oop = world.fixed(1);
    let hash = world.heap.identity_hash(oop);
    let root = world.root(oop);
    for _ in 0..3 {
        world.scavenge();
        assert_eq!(world.heap.identity_hash(world.roots.strong[root]), hash);
    }
    assert_ne!(hash, 0);
}

#[test]
fn identity_hashes_are_spread() {
    let mut world = World::new(small());
    let mut seen = std::collections::HashSet::new();
    for _ in 0..20_000 {
        let oop = world.fixed(0);
        seen.insert(world.heap.identity_hash(oop));
        world.poll();
    }
    assert_eq!(seen.len(), 20_000);
}

#[test]
fn an_old_object_keeps_a_young_one_alive() {
    let mut world = World::new(small());
    let holder = world
        .heap
        .allocate_old(CLASS, Format::FIXED, 2)
        .expect("room");
    world.root(holder);
    let young = world.bytes(b"kept");
    world.heap.set_slot(holder, 1, young);
    assert_eq!(world.heap.stats().remembered, 1);
    for _ in 0..4 {
        world.scavenge();
        assert_eq!(world.heap.bytes(world.heap.slot(holder, 1)), b"kept");
    }
    assert_eq!(world.heap.stats().remembered, 0, "its object is old by now");
}

#[test]
fn objects_that_fall_over_to_old_space_are_remembered_from_birth() {
    let mut world = World::new(small());
    while !world.heap.collection_due() {
        world.fixed(3);
    }
    let mut oop = world.fixed(3);
    while world.heap.is_young(oop) {
        oop = world.fixed(3);
    }
    assert!(world.heap.header(oop).has(gc::layout::FLAG_REMEMBERED));
    world.root(oop);
    world.poll();
    world.verify();
}

#[test]
fn slot_counts_about_the_overflow_mark_survive_every_collection() {
    let mut world = World::new(small());
    let counts = [
        0, 1, 253, 254, 255, 256, 257, 1000, 8190, 8191, 9000, 200_000,
    ];
    for &slots in &counts {
        let pointers = world
            .heap
            .allocate(CLASS, Format::INDEXABLE, slots)
            .expect("room");
        let words = world
            .heap
            .allocate(CLASS, Format::WORDS, slots)
            .expect("room");
        for index in 0..slots {
            world
                .heap
                .set_slot(pointers, index, Oop::small(index as i64));
            world.heap.set_word(words, index, index as u64 * 3);
        }
        world.root(pointers);
        world.root(words);
        world.poll();
    }
    for kind in [
        CollectionKind::Scavenge,
        CollectionKind::Scavenge,
        CollectionKind::Full,
    ] {
        world.collect(kind);
        for (&slots, pair) in counts.iter().zip(world.roots.strong.chunks(2)) {
            assert_eq!(world.heap.slot_count(pair[0]), slots);
            assert_eq!(world.heap.slot_count(pair[1]), slots);
            for index in 0..slots {
                assert_eq!(world.heap.slot(pair[0], index), Oop::small(index as i64));
                assert_eq!(world.heap.word(pair[1], index), index as u64 * 3);
            }
        }
    }
}

#[test]
fn byte_objects_of_every_length_end_with_a_zero_byte() {
    let mut world = World::new(small());
    for len in (0..70).chain([2030, 2031, 2032, 2033, 70_000, 2_000_000]) {
        let oop = world.bytes(&vec![0xFF; len]);
        assert_eq!(world.heap.byte_len(oop), len);
        let slots = world.heap.slot_count(oop);
        let last = world.heap.word(oop, slots - 1);
        assert_eq!(last >> 56, 0);
        world.root(oop);
    }
    world.full();
    world.verify();
}

#[test]
fn large_objects_neither_move_nor_leak() {
    let mut world = World::new(small());
    let before = world.heap.stats().mapped_bytes;
    for round in 0..20u8 {
        let oop = world.bytes(&vec![round; 3 << 20]);
        let root = world.root(oop);
        let young = world.fixed(1);
        world.root(young);
        world.full();
        assert_eq!(world.roots.strong[root], oop);
        assert!(world.heap.bytes(oop).iter().all(|&byte| byte == round));
        world.roots.strong.clear();
    }
    world.full();
    assert_eq!(world.heap.stats().large_bytes, 0);
    assert!(world.heap.stats().mapped_bytes <= before + (1 << 20));
}

/// Fills bytes that C is told the address of, and looks at them through that address later.
struct Buffer {
    address: *const u8,
    len: usize,
    sum: u64,
}

impl Buffer {
    fn of(world: &World, oop: Oop) -> Buffer {
        let (address, len) = (world.heap.body_address(oop), world.heap.byte_len(oop));
        let mut buffer = Buffer {
            address,
            len,
            sum: 0,
        };
        buffer.sum = buffer.checksum();
        buffer
    }

    #[expect(unsafe_code, reason = "reads as C would")]
    fn checksum(&self) -> u64 {
        // SAFETY: the test keeps the addresses held, so the bytes are where they were.
        let bytes = unsafe { std::slice::from_raw_parts(self.address, self.len + 1) };
        assert_eq!(bytes[self.len], 0);
        bytes
            .iter()
            .fold(7, |sum, &byte| sum * 31 % 1_000_000_007 + u64::from(byte))
    }
}

/// A call that gives away addresses and is called back, each time holding, allocating and
/// collecting.
fn call_with_buffers(world: &mut World, depth: usize, callbacks: usize) {
    let first_root = world.roots.strong.len();
    for index in 0..8 {
        let content: Vec<u8> = (0..index * 37 + depth).map(|byte| byte as u8).collect();
        let oop = world.bytes(&content);
        world.root(oop);
    }
    let held = world.roots.strong[first_root..].to_vec();
    let buffers: Vec<Buffer> = held.iter().map(|&oop| Buffer::of(world, oop)).collect();
    world.heap.hold_addresses();
    for index in 0..callbacks {
        for size in 0..20 {
            world.fixed(size);
        }
        if depth > 0 && index % 50 == 0 {
            call_with_buffers(world, depth - 1, 20);
        }
        world.collect(if index % 200 == 0 {
            CollectionKind::Full
        } else {
            CollectionKind::Scavenge
        });
        assert!(buffers.iter().all(|buffer| buffer.checksum() == buffer.sum));
    }
    assert_eq!(world.roots.strong[first_root..], held);
    world.heap.release_addresses();
    world.roots.strong.truncate(first_root);
}

#[test]
fn held_addresses_stay_good_through_ten_thousand_collections() {
    let mut world = World::new(HeapOptions {
        verify: false,
        ..small()
    });
    call_with_buffers(&mut world, 3, 10_000);
    assert!(!world.heap.addresses_held());
    let stats = world.heap.stats();
    assert!(stats.tenured_segments > 0);
    assert!(
        stats.mapped_bytes < 64 << 20,
        "{} bytes are mapped",
        stats.mapped_bytes
    );
    world.full();
    world.verify();
}

#[test]
fn a_call_that_goes_on_does_not_tenure_later_nurseries() {
    let mut world = World::new(small());
    let oop = world.bytes(b"argument");
    let root = world.root(oop);
    world.heap.hold_addresses();
    world.scavenge();
    assert_eq!(world.roots.strong[root], oop);
    assert_eq!(world.heap.stats().tenured_segments, 1);
    let later = world.bytes(b"made in a callback");
    world.root(later);
    world.scavenge();
    assert_ne!(
        world.roots.strong[root + 1],
        later,
        "nobody has its address"
    );
    assert_eq!(world.heap.stats().tenured_segments, 1);
    let inner = world.bytes(b"argument of a call in the callback");
    world.root(inner);
    world.heap.hold_addresses();
    world.scavenge();
    assert_eq!(world.roots.strong[root + 2], inner);
    world.heap.release_addresses();
    world.heap.release_addresses();
    assert_eq!(world.heap.bytes(world.roots.strong[root]), b"argument");
}

#[test]
fn a_second_call_at_the_same_depth_holds_its_own_addresses() {
    let mut world = World::new(small());
    world.fixed(1);
    world.heap.hold_addresses();
    world.scavenge();
    world.heap.release_addresses();
    let oop = world.bytes(b"argument of the second call");
    world.root(oop);
    world.heap.hold_addresses();
    world.scavenge();
    assert_eq!(world.roots.strong[0], oop);
    world.heap.release_addresses();
}

#[test]
#[should_panic(expected = "released that were not held")]
fn releasing_what_is_not_held_is_a_bug() {
    World::new(small()).heap.release_addresses();
}

#[test]
fn a_pinned_object_stays_where_it_is() {
    let mut world = World::new(small());
    let oop = world.bytes(b"pinned");
    world.root(oop);
    world.heap.pin(oop);
    world.heap.pin(oop);
    assert_eq!(world.heap.stats().pinned, 1);
    for _ in 0..5 {
        world.fixed(10);
        world.scavenge();
        world.full();
        assert_eq!(world.roots.strong[0], oop);
    }
    assert!(world.heap.is_pinned(oop));
    world.heap.unpin(oop);
    assert!(!world.heap.is_pinned(oop));
    assert_eq!(world.heap.stats().pinned, 0);
}

#[test]
fn pinning_does_not_keep_alive() {
    let mut world = World::new(small());
    let young = world.fixed(1);
    let old = world
        .heap
        .allocate_old(CLASS, Format::FIXED, 1)
        .expect("room");
    let large = world.heap.allocate_bytes(CLASS, 2 << 20).expect("room");
    for oop in [young, old, large] {
        world.heap.pin(oop);
    }
    assert_eq!(world.heap.stats().pinned, 3);
    world.full();
    world.full();
    assert_eq!(world.heap.stats().pinned, 0);
}

#[test]
fn unpinning_a_young_object_lets_it_move() {
    let mut world = World::new(small());
    let oop = world.fixed(1);
    world.root(oop);
    world.heap.pin(oop);
    world.heap.unpin(oop);
    world.scavenge();
    assert_ne!(world.roots.strong[0], oop);
    assert_eq!(world.heap.stats().tenured_segments, 0);
}

#[test]
fn eden_regains_its_size_after_it_was_cut() {
    let mut world = World::new(small());
    let size = world.heap.nursery.size;
    world.heap.hold_addresses();
    world.fixed(1);
    world.scavenge();
    assert!(world.heap.nursery.size < size);
    world.heap.release_addresses();
    world.full();
    assert_eq!(world.heap.nursery.size, size);
}

#[test]
fn single_slots_of_a_big_array_are_remembered() {
    for old in [true, false] {
        let mut world = World::new(small());
        let array = if old {
            world.heap.allocate_old(CLASS, Format::INDEXABLE, 50_000)
        } else {
            world.heap.allocate(CLASS, Format::INDEXABLE, 50_000)
        };
        let array = array.expect("room");
        world.root(array);
        for index in 0..50_000 {
            let text = world.bytes(&(index as u32).to_le_bytes());
            world.heap.set_slot(array, index, text);
            world.poll();
        }
        for index in 0..50_000 {
            let text = world.heap.slot(array, index);
            assert_eq!(world.heap.bytes(text), (index as u32).to_le_bytes());
        }
        world.full();
        assert_eq!(world.heap.stats().remembered, 0);
    }
}

#[test]
fn too_many_stores_into_a_big_array_remember_it_as_a_whole() {
    let mut world = World::new(small());
    let array = world
        .heap
        .allocate_old(CLASS, Format::INDEXABLE, 5000)
        .expect("room");
    world.root(array);
    let text = world.bytes(b"again and again");
    for index in 0..200_000 {
        world.heap.set_slot(array, index % 5000, text);
    }
    assert!(world.heap.stats().remembered < 100_000);
    world.scavenge();
    for index in 0..5000 {
        let text = world.heap.slot(array, index);
        assert_eq!(world.heap.bytes(text), b"again and again");
    }
    world.heap.set_slot(array, 0, Oop::ZERO);
    world.heap.remember_slot(array, 4999);
    world.scavenge();
    world.verify();
}

#[test]
fn a_big_weak_object_stays_weak() {
    let mut world = World::new(small());
    let weak = world
        .heap
        .allocate_old(CLASS, Format::WEAK, 5000)
        .expect("room");
    world.root(weak);
    for index in 0..5000 {
        let text = world.bytes(b"dead");
        world.heap.set_slot(weak, index, text);
    }
    world.scavenge();
    assert!((0..5000).all(|index| world.heap.slot(weak, index) == world.heap.nil()));
}
