//! Random programs over a graph of objects, compared with a model that never collects.

mod support;

use std::collections::HashMap;

use gc::{CollectionKind, Format, HeapOptions, Oop};
use support::{CLASS, World, small};

/// A small generator of pseudo-random numbers (xorshift64*).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() >> 33) as usize % limit
    }
}

/// What an object should be; slot 0 of a node holds its number in the model.
#[derive(Clone)]
enum Expected {
    Node(Vec<Option<usize>>),
    Bytes(Vec<u8>),
}

/// The heap beside its model. Root `i` of the heap is the object with number `roots[i]`.
struct Model {
    world: World,
    random: Random,
    objects: Vec<Expected>,
    hashes: HashMap<usize, u32>,
    roots: Vec<usize>,
    held: usize,
}

const ROOTS: usize = 40;
const ROOT_SLOTS: usize = 60;

impl Model {
    fn new(options: HeapOptions, seed: u64) -> Model {
        let mut model = Model {
            world: World::new(options),
            random: Random(seed),
            objects: Vec::new(),
            hashes: HashMap::new(),
            roots: Vec::new(),
            held: 0,
        };
        for _ in 0..ROOTS {
            let (number, oop) = model.new_node(ROOT_SLOTS);
            model.roots.push(number);
            model.world.root(oop);
        }
        model
    }

    fn new_node(&mut self, slots: usize) -> (usize, Oop) {
        let number = self.objects.len();
        let old = self.random.below(10) == 0;
        let format = if self.random.below(2) == 0 {
            Format::FIXED
        } else {
            Format::INDEXABLE
        };
        let heap = &mut self.world.heap;
        let oop = if old {
            heap.allocate_old(CLASS, format, slots + 1)
        } else {
            heap.allocate(CLASS, format, slots + 1)
        };
        let oop = oop.expect("room");
        heap.set_slot(oop, 0, Oop::small(number as i64));
        self.objects.push(Expected::Node(vec![None; slots]));
        (number, oop)
    }

    fn new_bytes(&mut self) -> (usize, Oop) {
        let number = self.objects.len();
        let sizes = [0, 1, 7, 8, 9, 20, 100, 2031, 2032, 2040, 70_000];
        let most = if self.random.below(100) == 0 {
            sizes.len()
        } else {
            7
        };
        let len = sizes[self.random.below(most)];
        let mut content = vec![0; len + 8];
        content[..8].copy_from_slice(&(number as u64).to_le_bytes());
        content[8..].fill_with(|| self.random.next() as u8);
        let oop = self.world.bytes(&content);
        self.objects.push(Expected::Bytes(content));
        (number, oop)
    }

    /// Some reachable object, from a random root on a random path.
    fn some_object(&mut self) -> (usize, Oop) {
        let root = self.random.below(ROOTS);
        let (mut number, mut oop) = (self.roots[root], self.world.roots.strong[root]);
        for _ in 0..self.random.below(8) {
            match self.some_child(number, oop) {
                Some((next, child)) => (number, oop) = (next, child),
                None => break,
            }
        }
        (number, oop)
    }

    /// Some reachable object with slots.
    fn some_holder(&mut self) -> (usize, Oop) {
        let (number, oop) = self.some_object();
        match &self.objects[number] {
            Expected::Node(slots) if !slots.is_empty() => (number, oop),
            Expected::Node(_) | Expected::Bytes(_) => {
                let root = self.random.below(ROOTS);
                (self.roots[root], self.world.roots.strong[root])
            }
        }
    }

    fn some_child(&mut self, number: usize, oop: Oop) -> Option<(usize, Oop)> {
        let Expected::Node(slots) = &self.objects[number] else {
            return None;
        };
        let index = self.random.below(slots.len().max(1));
        let next = (*slots.get(index)?)?;
        Some((next, self.world.heap.slot(oop, index + 1)))
    }

    fn store(&mut self, (number, oop): (usize, Oop), value: Option<(usize, Oop)>) {
        let Expected::Node(slots) = &mut self.objects[number] else {
            return;
        };
        if slots.is_empty() {
            return;
        }
        let index = self.random.below(slots.len());
        slots[index] = value.map(|(number, _)| number);
        let nil = self.world.heap.nil();
        self.world
            .heap
            .set_slot(oop, index + 1, value.map_or(nil, |(_, oop)| oop));
    }

    fn step(&mut self) {
        match self.random.below(100) {
            0..50 => {
                let sizes = [0, 1, 2, 3, 4, 10, 30, 252, 253, 254, 255, 9000];
                let most = if self.random.below(200) == 0 {
                    sizes.len()
                } else {
                    7
                };
                let slots = sizes[self.random.below(most)];
                let node = self.new_node(slots);
                let holder = self.some_holder();
                self.store(holder, Some(node));
            }
            50..65 => {
                let bytes = self.new_bytes();
                let holder = self.some_holder();
                self.store(holder, Some(bytes));
            }
            65..80 => {
                let (holder, value) = (self.some_holder(), self.some_object());
                self.store(holder, Some(value));
            }
            80..89 => {
                let holder = self.some_holder();
                self.store(holder, None);
            }
            89 => {
                let (number, oop) = self.new_node(ROOT_SLOTS);
                let root = self.random.below(ROOTS);
                self.roots[root] = number;
                self.world.roots.strong[root] = oop;
            }
            90..95 => {
                let (number, oop) = self.some_object();
                let hash = self.world.heap.identity_hash(oop);
                assert_eq!(*self.hashes.entry(number).or_insert(hash), hash);
            }
            95 => {
                let (_, oop) = self.some_object();
                if self.world.heap.is_pinned(oop) {
                    self.world.heap.unpin(oop);
                } else if self.random.below(20) == 0 {
                    self.world.heap.pin(oop);
                }
            }
            96 => {
                if self.held > 0 && self.random.below(2) == 0 {
                    self.world.heap.release_addresses();
                    self.held -= 1;
                } else if self.held < 3 && self.random.below(20) == 0 {
                    self.world.heap.hold_addresses();
                    self.held += 1;
                }
            }
            _ => self.world.poll(),
        }
    }

    /// Compares everything reachable with the model.
    fn compare(&mut self) {
        let mut seen: HashMap<usize, Oop> = HashMap::new();
        let mut waiting: Vec<(usize, Oop)> = self
            .roots
            .iter()
            .copied()
            .zip(self.world.roots.strong.iter().copied())
            .collect();
        while let Some((number, oop)) = waiting.pop() {
            if let Some(&before) = seen.get(&number) {
                assert_eq!(before, oop, "object {number} exists twice");
                continue;
            }
            seen.insert(number, oop);
            if let Some(&hash) = self.hashes.get(&number) {
                assert_eq!(self.world.heap.identity_hash(oop), hash);
            }
            match &self.objects[number] {
                Expected::Bytes(content) => assert_eq!(self.world.heap.bytes(oop), content),
                Expected::Node(slots) => {
                    let heap = &self.world.heap;
                    assert_eq!(heap.slot(oop, 0).as_i64(), Some(number as i64));
                    assert_eq!(heap.slot_count(oop), slots.len() + 1);
                    for (index, slot) in slots.iter().enumerate() {
                        let value = heap.slot(oop, index + 1);
                        match slot {
                            None => assert_eq!(value, heap.nil()),
                            Some(next) => waiting.push((*next, value)),
                        }
                    }
                }
            }
        }
    }

    fn run(&mut self, steps: usize, compare_every: usize) {
        for step in 0..steps {
            self.step();
            if step % compare_every == compare_every - 1 {
                let full = self.random.below(3) == 0;
                let kind = if full {
                    CollectionKind::Full
                } else {
                    CollectionKind::Scavenge
                };
                self.world.collect(kind);
                self.compare();
            }
        }
        self.world.full();
        self.compare();
        self.world.verify();
    }
}

#[test]
fn a_random_program_sees_the_graph_it_built() {
    for seed in 1..=2 {
        Model::new(small(), seed).run(40_000, 5000);
    }
}

#[test]
fn a_random_program_under_stress_sees_the_graph_it_built() {
    let options = HeapOptions {
        stress: true,
        nursery_bytes: 32 << 10,
        ..small()
    };
    Model::new(options, 11).run(6_000, 1000);
}

#[test]
fn a_long_random_program_without_checks_sees_the_graph_it_built() {
    let options = HeapOptions {
        verify: false,
        nursery_bytes: 32 << 10,
        ..small()
    };
    let mut model = Model::new(options, 99);
    model.run(300_000, 30_000);
    let stats = model.world.heap.stats();
    assert!(
        stats.mark_steps > 20,
        "{} steps of marking",
        stats.mark_steps
    );
    assert!(stats.bytes_promoted > 4 << 20);
}
