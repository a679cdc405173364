//! What is done under the one lock of a gathering: everything but plain insertions and readings.

use std::{collections::BTreeMap, ptr::NonNull};

use crate::{
    notes::Notes,
    segment::{Index, Segment, Table},
    slot::Slot,
};

/// What the one lock guards. A thread that has it may lock slots, but not the other way round.
pub(crate) struct Slow<V, E> {
    pub(crate) index: Index<V>,
    /// The values of keys that have no segment.
    pub(crate) strays: BTreeMap<u64, V>,
    pub(crate) notes: Notes,
    /// How many draining readers are in progress.
    pub(crate) draining: usize,
    /// The reason, while gathering has failed.
    pub(crate) failure: Option<E>,
}

impl<V, E> Slow<V, E> {
    pub(crate) const fn new() -> Self {
        Self {
            index: Index::new(),
            strays: BTreeMap::new(),
            notes: Notes::new(),
            draining: 0,
            failure: None,
        }
    }

    /// Returns whether it is time for a key without a segment to get one: readers are near, or so
    /// many keys nearby are in use that a segment needs no more than some times the memory.
    pub(crate) fn is_dense(&self, key: u64, bits: u32, taken: u64) -> bool {
        let (number, size) = (key >> bits, 1 << bits);
        let first = number << bits;
        if first <= taken.saturating_add(size) {
            return true;
        }
        let enough = (size / 8).max(1) as usize;
        let strays = self.strays.range(first..=first | (size - 1));
        if strays.take(enough).count() == enough {
            return true;
        }
        let before = number.checked_sub(1).and_then(|it| self.index.get(it));
        before.is_some_and(|before| {
            let used = before.slots().filter(|slot| slot.is_used());
            used.take(enough).count() == enough
        })
    }

    /// Makes a segment. Returns a new table to be used from now on, if there is one.
    pub(crate) fn add(&mut self, number: u64, bits: u32) -> Option<NonNull<Table<V>>> {
        let Self {
            index,
            strays,
            notes,
            ..
        } = self;
        index.add(number, bits, |key| (strays.remove(&key), notes.has(key)));
        index.enter(number)
    }

    /// Takes out all values, and puts aside all segments without notes.
    pub(crate) fn clear(&mut self, bits: u32) -> Vec<V> {
        let strays = std::mem::take(&mut self.strays);
        let mut values: Vec<V> = strays.into_values().collect();
        let mut numbers = Vec::new();
        for segment in self.index.iter() {
            let first = segment.number() << bits;
            for key in first..=first | ((1 << bits) - 1) {
                let mut slot = segment.slot(key).lock();
                values.extend(slot.take());
                slot.watch(self.notes.has(key));
                slot.pass();
            }
            numbers.push(segment.number());
        }
        numbers.into_iter().for_each(|it| self.index.retire(it));
        values
    }

    /// Returns the number of values.
    pub(crate) fn len(&self) -> usize {
        let slots = self.index.iter().flat_map(Segment::slots);
        self.strays.len() + slots.filter(|slot| Slot::has_value(slot)).count()
    }
}
