//! Objects taken out of a heap and into another one.

mod support;

use std::collections::HashMap;

use gc::oop::{TAG_MASK, TAG_POINTER};
use gc::{AdoptError, ClassIndex, Format, HeapOptions, Oop};
use support::{CLASS, World, small};

/// The words of all objects, and the offset in bytes of each object's header among them.
fn save(world: &World) -> (Vec<u8>, HashMap<u64, u64>) {
    let mut offsets = HashMap::new();
    let mut image: Vec<u64> = Vec::new();
    world.heap.for_each_object(&mut |oop| {
        let (start, _) = world.heap.extent(oop);
        offsets.insert(oop.bits(), image.len() as u64 * 8 + (oop.bits() - start));
        image.extend(world.heap.object_words(oop));
    });
    (
        image.iter().flat_map(|word| word.to_le_bytes()).collect(),
        offsets,
    )
}

fn is_pointer(word: u64) -> bool {
    word & TAG_MASK == TAG_POINTER
}

#[expect(
    unsafe_code,
    reason = "the test knows where in the block its object is"
)]
fn oop_at(address: u64) -> Oop {
    // SAFETY: the offset was that of an object when the block was made.
    unsafe { Oop::from_bits(address) }
}

#[test]
fn a_graph_comes_back_from_a_block() {
    let mut source = World::new(small());
    let array = source
        .heap
        .allocate(CLASS, Format::INDEXABLE, 300)
        .expect("room");
    let text = source.bytes(b"in the image");
    let hash = source.heap.identity_hash(text);
    source.heap.set_slot(array, 299, text);
    source.heap.set_slot(array, 0, array);
    source.heap.set_slot(array, 1, Oop::from_char(65));
    let root = source.root(array);
    source.heap.pin(array);
    source.full();
    let array = source.roots.strong[root];
    let (image, offsets) = save(&source);

    let mut target = World::new(small());
    let base = target
        .heap
        .adopt_old_block(&image, &mut |base, word| {
            if is_pointer(word) {
                Some(base + offsets.get(&word)?)
            } else {
                Some(word)
            }
        })
        .expect("a sound block");
    let loaded = oop_at(base + offsets[&array.bits()]);
    target.root(loaded);
    target.verify();
    for _ in 0..2 {
        target.full();
        assert_eq!(target.heap.slot(loaded, 0), loaded);
        assert_eq!(target.heap.slot(loaded, 1), Oop::from_char(65));
        let text = target.heap.slot(loaded, 299);
        assert_eq!(target.heap.bytes(text), b"in the image");
        assert_eq!(target.heap.identity_hash(text), hash);
        assert!(!target.heap.is_pinned(loaded));
    }
    target.verify();
}

fn refusal(words: &[u64]) -> String {
    let mut world = World::new(small());
    world.heap.set_class_limit(ClassIndex::new(100));
    let before = world.heap.stats().mapped_bytes;
    let image: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
    let error = world
        .heap
        .adopt_old_block(&image, &mut |_, word| (word != 0).then_some(word));
    let error = error.expect_err("a malformed block");
    assert!(matches!(error, AdoptError::Malformed { .. }));
    assert_eq!(world.heap.stats().mapped_bytes, before);
    world.verify();
    error.to_string()
}

#[test]
fn malformed_blocks_are_refused_with_a_reason() {
    let header = |class: u64, format: u64, slots: u64| slots << 56 | format << 22 | class;
    let sound = [header(20, 0, 1), 1];
    for (words, reason) in [
        (
            vec![header(20, 0, 3), 1],
            "offset 0 of the block is longer than the block",
        ),
        (vec![header(0, 0, 0)], "has class index 0"),
        (vec![header(200, 0, 0)], "has class index 200"),
        (vec![header(20, 5, 1), 0], "has format 5"),
        (vec![header(20, 16, 1), 0], "has format 16"),
        (vec![header(20, 15, 0)], "without room for a zero byte"),
        (
            vec![header(20, 8, 1), u64::MAX],
            "no zero byte behind its bytes",
        ),
        (vec![u64::MAX], "ends before its header"),
        (
            vec![255 << 56 | 300, header(20, 0, 254)],
            "but no header to it",
        ),
        (
            vec![255 << 56 | 3, header(20, 0, 255)],
            "but no header to it",
        ),
        (
            vec![255 << 56 | 300, header(20, 0, 255), 1],
            "is longer than the block",
        ),
        (
            vec![u64::MAX, header(20, 0, 255), 1],
            "is longer than the block",
        ),
        (vec![header(20, 0, 1), 0], "refers to 0x0"),
    ] {
        let message = refusal(&words);
        assert!(message.contains(reason), "{message}");
        let message = refusal(&[&sound[..], &words].concat());
        assert!(message.contains(if reason.contains("offset 0") {
            "offset 16"
        } else {
            reason
        }));
    }
}

#[test]
fn a_block_that_ends_within_a_word_is_refused() {
    let mut world = World::new(small());
    let error = world
        .heap
        .adopt_old_block(&[0; 12], &mut |_, word| Some(word));
    assert!(
        error
            .expect_err("a refusal")
            .to_string()
            .contains("ends within a word")
    );
}

#[test]
fn a_block_greater_than_the_heap_is_refused() {
    let options = HeapOptions {
        max_heap_bytes: 2 << 20,
        ..small()
    };
    let mut world = World::new(options);
    let error = world
        .heap
        .adopt_old_block(&vec![0; 4 << 20], &mut |_, word| Some(word));
    assert!(matches!(error, Err(AdoptError::OutOfMemory(_))));
}
