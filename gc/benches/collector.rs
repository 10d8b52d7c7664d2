//! What the collector costs: `cargo bench -p gc`, with a maximal live heap in MiB as an argument
//! (`cargo bench -p gc -- 1024`). Prints tables; nothing is asserted.

#![expect(
    unsafe_code,
    reason = "collecting promises that the roots hold every oop in use"
)]

use std::hint::black_box;
use std::time::{Duration, Instant};

use gc::{ClassIndex, Format, GcStats, Heap, HeapOptions, Oop, Roots};

const CLASS: ClassIndex = ClassIndex::new(20);

#[derive(Default)]
struct Table(Vec<Oop>);

impl Roots for Table {
    fn visit(&mut self, visitor: &mut dyn FnMut(&mut Oop)) {
        self.0.iter_mut().for_each(visitor);
    }
}

struct World {
    heap: Heap,
    roots: Table,
}

impl World {
    fn new() -> World {
        let mut heap = Heap::new(HeapOptions::default()).expect("a heap");
        let nil = heap.allocate_old(CLASS, Format::FIXED, 0).expect("nil");
        heap.set_nil(nil);
        World {
            heap,
            roots: Table::default(),
        }
    }

    fn poll(&mut self) {
        if self.heap.collection_due() {
            // SAFETY: the benches keep what they go on using in the table.
            unsafe { self.heap.collect(&mut self.roots) };
        }
    }

    fn scavenge(&mut self) {
        // SAFETY: as for `poll`.
        unsafe { self.heap.scavenge(&mut self.roots) };
    }

    fn full(&mut self) {
        // SAFETY: as for `poll`.
        unsafe { self.heap.collect_full(&mut self.roots) };
    }

    fn fixed(&mut self, slots: usize) -> Oop {
        self.heap
            .allocate(CLASS, Format::FIXED, slots)
            .expect("room")
    }

    /// A binary tree of `2^(depth + 1) - 1` nodes, built at safe points on the root table.
    fn tree(&mut self, depth: usize) -> Oop {
        self.poll();
        if depth == 0 {
            return self.fixed(2);
        }
        let left = self.tree(depth - 1);
        self.roots.0.push(left);
        let right = self.tree(depth - 1);
        self.roots.0.push(right);
        self.poll();
        let node = self.fixed(2);
        let right = self.roots.0.pop().expect("pushed above");
        let left = self.roots.0.pop().expect("pushed above");
        self.heap.set_slot(node, 0, left);
        self.heap.set_slot(node, 1, right);
        node
    }
}

fn per_second(count: usize, time: Duration) -> f64 {
    count as f64 / time.as_secs_f64() / 1e6
}

fn millis(ns: u64) -> f64 {
    ns as f64 / 1e6
}

fn allocation_rate() {
    println!("allocation, all garbage             objects/us        MB/s");
    for slots in [0, 2, 4, 8, 32] {
        let mut world = World::new();
        let count = 40_000_000 / (slots + 2);
        let begun = Instant::now();
        for _ in 0..count {
            black_box(world.fixed(slots));
            world.poll();
        }
        let time = begun.elapsed();
        let rate = per_second(count, time);
        println!(
            "  {slots:>2} slots                          {rate:>10.1} {:>11.0}",
            rate * ((slots + 1) * 8) as f64
        );
    }
    let mut world = World::new();
    let begun = Instant::now();
    for _ in 0..5_000_000 {
        black_box(world.heap.allocate_bytes(CLASS, 40).expect("room"));
        world.poll();
    }
    println!(
        "  40 bytes                          {:>10.1}",
        per_second(5_000_000, begun.elapsed())
    );
}

fn scavenge_cost() {
    println!("scavenge of a 4 MiB eden by survivors     survive KB     time ms    MB/s");
    for percent in [0, 1, 5, 10, 25, 50] {
        let mut world = World::new();
        let (mut time, mut copied) = (Duration::ZERO, 0);
        for _ in 0..20 {
            world.roots.0.clear();
            let mut count = 0;
            while !world.heap.collection_due() {
                let node = world.fixed(3);
                count += 1;
                if count % 100 < percent {
                    let next = world.roots.0.last().copied().unwrap_or(Oop::ZERO);
                    world.heap.set_slot(node, 0, next);
                    world.roots.0.clear();
                    world.roots.0.push(node);
                }
            }
            let before = world.heap.stats();
            let begun = Instant::now();
            world.scavenge();
            time += begun.elapsed();
            let after = world.heap.stats();
            copied += after.bytes_survived - before.bytes_survived;
            copied += after.bytes_promoted - before.bytes_promoted;
            world.roots.0.clear();
            world.scavenge();
        }
        println!(
            "  {percent:>3} %                              {:>12.0} {:>11.3} {:>7.0}",
            copied as f64 / 20e3,
            time.as_secs_f64() * 1e3 / 20.0,
            copied as f64 / 1e6 / time.as_secs_f64()
        );
    }
}

fn write_barrier_cost() {
    println!("store into a slot                          ns/store");
    let mut world = World::new();
    let young = world.fixed(4);
    let old = world
        .heap
        .allocate_old(CLASS, Format::FIXED, 4)
        .expect("room");
    let nil = world.heap.nil();
    for (name, holder, value) in [
        ("immediate into old", old, Oop::small(3)),
        ("old into old", old, nil),
        ("young into young", young, young),
        ("young into old, remembered", old, young),
    ] {
        let count = 100_000_000;
        let begun = Instant::now();
        for index in 0..count {
            world
                .heap
                .set_slot(black_box(holder), index & 3, black_box(value));
        }
        println!(
            "  {name:<38} {:>9.2}",
            begun.elapsed().as_secs_f64() * 1e9 / count as f64
        );
    }
}

const TREE_DEPTH: usize = 11;
const TREE_OBJECTS: usize = (2 << TREE_DEPTH) - 1;
const TREE_BYTES: usize = TREE_OBJECTS * 24;

/// Replaces random ones of the trees on the root table.
fn churn(world: &mut World, replacements: usize) {
    let mut state = 99u32;
    let trees = world.roots.0.len();
    for _ in 0..replacements {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let tree = world.tree(TREE_DEPTH);
        world.roots.0[(state >> 8) as usize % trees] = tree;
    }
}

fn pauses(least: usize, most: usize) {
    println!(
        "live heap MiB    full GC ms   ns/object |  incremental: pauses   p50 ms   p99 ms   max ms \
         cycles  MB/s"
    );
    let mut megabytes = least;
    while megabytes <= most {
        let trees = megabytes * (1 << 20) / TREE_BYTES;
        let mut world = World::new();
        for _ in 0..trees {
            let tree = world.tree(TREE_DEPTH);
            world.roots.0.push(tree);
        }
        world.full();
        let begun = Instant::now();
        world.full();
        let full = begun.elapsed();
        let objects = trees * TREE_OBJECTS;
        let before: GcStats = world.heap.stats();
        world.heap.reset_pauses();
        let begun = Instant::now();
        let replacements = trees * 6;
        churn(&mut world, replacements);
        let time = begun.elapsed();
        let after = world.heap.stats();
        println!(
            "  {megabytes:>8} {:>15.1} {:>11.2} | {:>20} {:>8.2} {:>8.2} {:>8.2} {:>6} {:>5.0}",
            full.as_secs_f64() * 1e3,
            full.as_secs_f64() * 1e9 / objects as f64,
            after.pauses.count(),
            millis(after.pauses.percentile_ns(50.0)),
            millis(after.pauses.p99_ns()),
            millis(after.pauses.max_ns()),
            after.full_collections - before.full_collections,
            (replacements * TREE_BYTES) as f64 / 1e6 / time.as_secs_f64(),
        );
        megabytes *= 4;
    }
}

fn main() {
    let most = std::env::args()
        .skip(1)
        .find_map(|argument| argument.parse().ok())
        .unwrap_or(256);
    allocation_rate();
    scavenge_cost();
    write_barrier_cost();
    pauses(16, most);
    pauses(most, most);
}
