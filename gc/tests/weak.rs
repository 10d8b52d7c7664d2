//! Weak objects, weak tables of the VM, ephemerons and finalization.

mod support;

use gc::{CollectionKind, Format, Oop};
use support::{CLASS, World, small};

const KINDS: [CollectionKind; 2] = [CollectionKind::Scavenge, CollectionKind::Full];

fn weak_array(world: &mut World, values: &[Oop]) -> usize {
    let oop = world
        .heap
        .allocate(CLASS, Format::WEAK, values.len())
        .expect("room");
    for (index, &value) in values.iter().enumerate() {
        world.heap.set_slot(oop, index, value);
    }
    world.root(oop)
}

fn ephemeron(world: &mut World, key: Oop, value: Oop) -> Oop {
    let oop = world
        .heap
        .allocate(CLASS, Format::EPHEMERON, 2)
        .expect("room");
    world.heap.set_slot(oop, 0, key);
    world.heap.set_slot(oop, 1, value);
    oop
}

#[test]
fn weak_slots_of_the_dead_become_nil() {
    for kind in KINDS {
        let mut world = World::new(small());
        let (live, dead) = (world.bytes(b"live"), world.bytes(b"dead"));
        let kept = world.root(live);
        let weak = weak_array(&mut world, &[live, dead, Oop::small(5), dead]);
        world.collect(kind);
        let oop = world.roots.strong[weak];
        assert_eq!(world.heap.slot(oop, 0), world.roots.strong[kept]);
        assert_eq!(world.heap.slot(oop, 1), world.heap.nil());
        assert_eq!(world.heap.slot(oop, 2), Oop::small(5));
        assert_eq!(world.heap.slot(oop, 3), world.heap.nil());
        assert_eq!(world.heap.stats().weak_cleared, 2);
    }
}

#[test]
fn an_old_weak_object_loses_young_and_old_ones() {
    let mut world = World::new(small());
    let oop = world
        .heap
        .allocate_old(CLASS, Format::WEAK, 2)
        .expect("room");
    world.root(oop);
    let young = world.fixed(1);
    let old = world
        .heap
        .allocate_old(CLASS, Format::FIXED, 1)
        .expect("room");
    world.heap.set_slot(oop, 0, young);
    world.heap.set_slot(oop, 1, old);
    world.scavenge();
    assert_eq!(world.heap.slot(oop, 0), world.heap.nil());
    assert_eq!(
        world.heap.slot(oop, 1),
        old,
        "a scavenge does not know the old dead"
    );
    world.full();
    assert_eq!(world.heap.slot(oop, 1), world.heap.nil());
}

#[test]
fn weak_tables_hear_where_their_objects_went() {
    for kind in KINDS {
        let mut world = World::new(small());
        let (live, dead) = (world.bytes(b"live"), world.bytes(b"dead"));
        world.root(live);
        world.roots.weak = vec![Some(live), Some(dead), Some(Oop::small(1))];
        world.collect(kind);
        let live = world.roots.strong[0];
        assert_eq!(world.roots.weak, [Some(live), None, Some(Oop::small(1))]);
    }
}

#[test]
fn an_ephemeron_keeps_its_value_only_as_long_as_its_key() {
    for kind in KINDS {
        let mut world = World::new(small());
        let key = world.bytes(b"key");
        let key_root = world.root(key);
        let value = world.bytes(b"value");
        let ephemeron = ephemeron(&mut world, key, value);
        let root = world.root(ephemeron);
        world.collect(kind);
        let oop = world.roots.strong[root];
        assert_eq!(world.heap.slot(oop, 0), world.roots.strong[key_root]);
        assert_eq!(world.heap.bytes(world.heap.slot(oop, 1)), b"value");
        world.roots.strong[key_root] = Oop::ZERO;
        world.full();
        let oop = world.roots.strong[root];
        assert_eq!(world.heap.slot(oop, 0), world.heap.nil());
        assert_eq!(world.heap.slot(oop, 1), world.heap.nil());
    }
}

#[test]
fn an_ephemeron_whose_value_refers_to_its_key_dies() {
    for kind in KINDS {
        let mut world = World::new(small());
        let key = world.fixed(1);
        let value = world.fixed(1);
        world.heap.set_slot(value, 0, key);
        let oop = ephemeron(&mut world, key, value);
        world.root(oop);
        world.collect(kind);
        assert_eq!(world.heap.slot(world.roots.strong[0], 0), world.heap.nil());
    }
}

/// Each ephemeron's value is the next one's key; the first key is alive.
#[test]
fn chains_of_ephemerons_are_followed_to_their_end() {
    for kind in KINDS {
        for forward in [true, false] {
            let mut world = World::new(small());
            let keys: Vec<Oop> = (0..200).map(|_| world.fixed(1)).collect();
            world.root(keys[0]);
            let mut pairs: Vec<(Oop, Oop)> = keys.windows(2).map(|w| (w[0], w[1])).collect();
            if !forward {
                pairs.reverse();
            }
            for (key, value) in pairs {
                let oop = ephemeron(&mut world, key, value);
                world.root(oop);
            }
            world.collect(kind);
            for &oop in &world.roots.strong[1..] {
                assert_ne!(world.heap.slot(oop, 1), world.heap.nil());
            }
            world.roots.strong[0] = Oop::ZERO;
            world.full();
            for &oop in &world.roots.strong[1..] {
                assert_eq!(world.heap.slot(oop, 0), world.heap.nil());
            }
        }
    }
}

#[test]
fn an_ephemeron_reached_only_through_another_one_counts() {
    for kind in KINDS {
        let mut world = World::new(small());
        let (first, second) = (world.fixed(1), world.fixed(1));
        world.root(first);
        world.root(second);
        let value = world.bytes(b"far");
        let inner = ephemeron(&mut world, second, value);
        let outer = ephemeron(&mut world, first, inner);
        world.root(outer);
        world.collect(kind);
        let inner = world.heap.slot(world.roots.strong[2], 1);
        assert_eq!(world.heap.bytes(world.heap.slot(inner, 1)), b"far");
    }
}

#[test]
fn an_ephemeron_with_an_immediate_key_is_strong() {
    for kind in KINDS {
        let mut world = World::new(small());
        let value = world.bytes(b"value");
        let oop = ephemeron(&mut world, Oop::small(3), value);
        world.root(oop);
        world.collect(kind);
        let value = world.heap.slot(world.roots.strong[0], 1);
        assert_eq!(world.heap.bytes(value), b"value");
    }
}

#[test]
fn a_dead_object_with_a_finalizer_is_queued_once_with_what_it_refers_to() {
    for kind in KINDS {
        let mut world = World::new(small());
        let resource = world.bytes(b"resource");
        let oop = world.fixed(1);
        world.heap.set_slot(oop, 0, resource);
        world.heap.register_finalizer(oop);
        world.heap.register_finalizer(oop);
        let root = world.root(oop);
        world.collect(kind);
        assert!(!world.heap.has_finalizable());
        world.roots.strong[root] = Oop::ZERO;
        world.full();
        world.full();
        let oop = world.heap.take_finalizable().expect("one that died");
        assert_eq!(world.heap.bytes(world.heap.slot(oop, 0)), b"resource");
        assert_eq!(world.heap.take_finalizable(), None);
        world.full();
        assert_eq!(world.heap.take_finalizable(), None);
        assert_eq!(world.heap.stats().finalized, 1);
    }
}

#[test]
fn finalizable_objects_that_refer_to_each_other_are_queued_together() {
    let mut world = World::new(small());
    let (first, second) = (world.fixed(1), world.fixed(1));
    world.heap.set_slot(first, 0, second);
    world.heap.set_slot(second, 0, first);
    world.heap.register_finalizer(first);
    world.heap.register_finalizer(second);
    world.scavenge();
    let first = world.heap.take_finalizable().expect("the first");
    let second = world.heap.take_finalizable().expect("the second");
    assert_eq!(world.heap.slot(first, 0), second);
    assert_eq!(world.heap.slot(second, 0), first);
}

#[test]
fn an_object_can_be_registered_again_after_it_was_queued() {
    let mut world = World::new(small());
    let oop = world.fixed(0);
    world.heap.register_finalizer(oop);
    for _ in 0..3 {
        world.full();
        let oop = world.heap.take_finalizable().expect("it died again");
        world.heap.register_finalizer(oop);
    }
}

#[test]
fn weak_slots_forget_what_waits_for_finalization_but_weak_tables_do_not() {
    for kind in KINDS {
        let mut world = World::new(small());
        let oop = world.bytes(b"dying");
        world.heap.register_finalizer(oop);
        let weak = weak_array(&mut world, &[oop]);
        world.roots.weak = vec![Some(oop)];
        world.collect(kind);
        assert_eq!(
            world.heap.slot(world.roots.strong[weak], 0),
            world.heap.nil()
        );
        let queued = world.heap.take_finalizable();
        assert_eq!(world.roots.weak[0], queued);
        world.full();
        assert_eq!(world.roots.weak[0], None);
    }
}

#[test]
fn tenuring_in_place_keeps_finalizers_and_weak_references() {
    let mut world = World::new(small());
    let oop = world.bytes(b"dying");
    world.heap.register_finalizer(oop);
    let weak = weak_array(&mut world, &[oop]);
    world.heap.hold_addresses();
    world.scavenge();
    assert_eq!(world.heap.slot(world.roots.strong[weak], 0), oop);
    assert_eq!(world.heap.take_finalizable(), None);
    world.heap.release_addresses();
    world.full();
    assert_eq!(world.heap.take_finalizable(), Some(oop));
    assert_eq!(
        world.heap.slot(world.roots.strong[weak], 0),
        world.heap.nil()
    );
}

#[test]
fn a_registered_ephemeron_is_queued_whole_when_its_key_dies() {
    for kind in KINDS {
        for old in [false, true] {
            let mut world = World::new(small());
            let key = world.bytes(b"key");
            let root = world.root(key);
            // The value refers to the key, and nothing but the registration to the ephemeron.
            let value = world.fixed(1);
            world.heap.set_slot(value, 0, key);
            let oop = ephemeron(&mut world, key, value);
            world.heap.register_finalizer(oop);
            if old {
                world.full();
            }
            world.collect(kind);
            world.full();
            assert!(!world.heap.has_finalizable());
            let key = world.roots.strong[root];
            let weak = weak_array(&mut world, &[key]);
            world.roots.strong[root] = Oop::ZERO;
            world.full();
            let oop = world.roots.strong[weak];
            assert_eq!(world.heap.slot(oop, 0), world.heap.nil());
            // It stays whole while it waits.
            world.full();
            world.scavenge();
            let oop = world.heap.take_finalizable().expect("one with a dead key");
            assert_eq!(world.heap.format_of(oop), Format::FIXED);
            let key = world.heap.slot(oop, 0);
            assert_eq!(world.heap.bytes(key), b"key");
            assert_eq!(world.heap.slot(world.heap.slot(oop, 1), 0), key);
            world.full();
            assert_eq!(world.heap.take_finalizable(), None);
        }
    }
}

#[test]
fn a_scavenge_fires_old_and_young_ephemerons_with_young_keys() {
    let mut world = World::new(small());
    let nil = world.heap.nil();
    let old = world
        .heap
        .allocate_old(CLASS, Format::EPHEMERON, 2)
        .expect("room");
    let key = world.bytes(b"key");
    world.heap.set_slot(old, 0, key);
    world.heap.register_finalizer(old);
    let young = ephemeron(&mut world, key, nil);
    world.heap.register_finalizer(young);
    world.scavenge();
    let (first, second) = (world.heap.take_finalizable(), world.heap.take_finalizable());
    let (first, second) = (first.expect("one"), second.expect("the other"));
    assert_ne!(first, second);
    assert_eq!(world.heap.slot(first, 0), world.heap.slot(second, 0));
    world.full();
    assert_eq!(world.heap.take_finalizable(), None);
}

#[test]
fn what_is_cancelled_is_not_queued() {
    for kind in KINDS {
        let mut world = World::new(small());
        let (object, key) = (world.fixed(0), world.fixed(0));
        let watching = ephemeron(&mut world, key, key);
        world.root(watching);
        for oop in [object, watching] {
            world.heap.register_finalizer(oop);
            assert!(world.heap.cancel_finalizer(oop));
            assert!(!world.heap.cancel_finalizer(oop));
        }
        world.collect(kind);
        world.full();
        assert_eq!(world.heap.take_finalizable(), None);
        let watching = world.roots.strong[0];
        assert_eq!(world.heap.slot(watching, 0), world.heap.nil());
        // Once more, on an object that a list may still have.
        let key = world.bytes(b"key");
        world.heap.set_slot(watching, 0, key);
        world.heap.register_finalizer(watching);
        world.full();
        assert_eq!(world.heap.take_finalizable(), Some(watching));
        assert_eq!(world.heap.take_finalizable(), None);
    }
}

/// Each ephemeron's value is the next one's key: what one of them keeps fires later.
#[test]
fn a_chain_of_registered_ephemerons_fires_together_with_nothing_lost() {
    for kind in KINDS {
        let mut world = World::new(small());
        let keys: Vec<Oop> = (0..50).map(|_| world.fixed(1)).collect();
        for pair in keys.windows(2) {
            let oop = ephemeron(&mut world, pair[0], pair[1]);
            world.heap.register_finalizer(oop);
        }
        world.collect(kind);
        let mut fired = 0;
        while let Some(oop) = world.heap.take_finalizable() {
            assert_ne!(world.heap.slot(oop, 1), world.heap.nil());
            fired += 1;
        }
        assert_eq!(fired, 49);
    }
}
