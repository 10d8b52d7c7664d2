//! The symbol table: one Symbol for each text.

use crate::known::index;
use gc::oop::Oop;
use gc::{Heap, OutOfMemory};
use hashbrown::HashTable;
use std::hash::{BuildHasher, RandomState};

/// Symbols by text. Symbols live in old space, never move and are kept for ever.
pub struct SymbolTable {
    table: HashTable<Oop>,
    hasher: RandomState,
}

impl Default for SymbolTable {
    fn default() -> SymbolTable {
        SymbolTable {
            table: HashTable::new(),
            hasher: RandomState::new(),
        }
    }
}

impl SymbolTable {
    /// The table of Symbols that an image held.
    pub fn of(heap: &Heap, symbols: &[Oop]) -> SymbolTable {
        let mut made = SymbolTable::default();
        for &symbol in symbols {
            let hash = made.hasher.hash_one(heap.bytes(symbol));
            let hasher = &made.hasher;
            made.table
                .insert_unique(hash, symbol, |&each| hasher.hash_one(heap.bytes(each)));
        }
        made
    }

    /// The Symbol of `text`, where there is one.
    pub fn find(&self, heap: &Heap, text: &[u8]) -> Option<Oop> {
        let hash = self.hasher.hash_one(text);
        self.table
            .find(hash, |&each| heap.bytes(each) == text)
            .copied()
    }

    /// The Symbol of `text`, made where there is none.
    pub fn intern(&mut self, heap: &mut Heap, text: &[u8]) -> Result<Oop, OutOfMemory> {
        if let Some(found) = self.find(heap, text) {
            return Ok(found);
        }
        let symbol = heap.allocate_bytes_old(index::SYMBOL, text.len())?;
        heap.bytes_mut(symbol).copy_from_slice(text);
        // Method dictionaries probe by it, so every Symbol has its hash from the start.
        heap.identity_hash(symbol);
        let hash = self.hasher.hash_one(text);
        let hasher = &self.hasher;
        self.table
            .insert_unique(hash, symbol, |&each| hasher.hash_one(heap.bytes(each)));
        Ok(symbol)
    }

    /// Every Symbol, in no particular order.
    pub fn each(&self) -> impl Iterator<Item = Oop> + '_ {
        self.table.iter().copied()
    }

    /// Every Symbol as a root. Symbols do not move, so the table's order stays right.
    pub fn each_mut(&mut self) -> impl Iterator<Item = &mut Oop> {
        self.table.iter_mut()
    }
}
