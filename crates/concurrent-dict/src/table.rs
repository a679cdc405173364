//! The table inside the dictionary: one part, and shards once threads meet there or it has grown.
//!
//! A new table has one part, without any allocation. The thread that has to wait for another one
//! when it wants to write there, or finds that there are [`FIRST`] entries, divides it: it moves the
//! entries to the shards, publishes these, and releases the lock. That happens once. From then on
//! nobody uses the first part: a thread that has waited for its lock looks again, and goes to the
//! shards. So nothing has to be reclaimed before the table is dropped.

use crate::part::{Part, ReadGuard, Slot, WriteGuard};
use crossbeam_utils::CachePadded;
use ft_sync::atomic::{
    AtomicPtr,
    Ordering::{Acquire, Relaxed, Release},
};
use std::{mem, num::NonZero, ptr, slice, sync::OnceLock};

/// So many entries the first part has before the table is divided: no more than fit where there is
/// room for 4,096. So the lock of a part is not held for long while the part grows or is copied, and
/// the parts of most dictionaries are small enough for the allocator to keep their memory.
const FIRST: usize = if cfg!(any(ft_loom, ft_shuttle)) {
    2
} else {
    3_584
};

pub(crate) struct Table<K, V> {
    first: Part<K, V>,
    /// Null, or the shards, which have all entries. It is set once, by a thread that has the first
    /// part locked for writing.
    divided: AtomicPtr<CachePadded<Part<K, V>>>,
    /// Once the table is divided, it has 2 to this power shards, and at least 2.
    bits: u32,
}

/// How far a caller that goes through all parts has come.
#[derive(Clone, Debug, Default)]
pub struct Walk {
    /// The next shard; [`usize::MAX`] if the first part was the only one when the walk began.
    next: usize,
}

// SAFETY: the table owns its entries.
unsafe impl<K: Send, V: Send> Send for Table<K, V> {}
// SAFETY: a thread that holds the lock of a part for reading gets shared references to it, and one
// that holds it for writing gets an exclusive reference.
unsafe impl<K: Send + Sync, V: Send + Sync> Sync for Table<K, V> {}

impl<K, V> Table<K, V> {
    /// Creates an empty table with room for so many entries, which is divided into this number of
    /// shards when it has to be. That number must be a power of two, and at least 2.
    ///
    /// # Panics
    ///
    /// If so many entries cannot be addressed.
    pub(crate) fn with_capacity(shards: usize, capacity: usize) -> Self {
        debug_assert!(shards.is_power_of_two() && shards >= 2);
        Self::assert_addressable(capacity);
        let is_divided = capacity >= FIRST;
        let this = Self {
            first: Part::with_capacity(if is_divided { 0 } else { capacity }),
            divided: AtomicPtr::new(ptr::null_mut()),
            bits: shards.ilog2(),
        };
        if is_divided {
            // Relaxed: no other thread has seen the table.
            (this.divided).store(Box::into_raw(this.parts(capacity)).cast(), Relaxed);
        }
        this
    }

    /// Panics if so many entries cannot be addressed. The share of one shard may be small enough for
    /// an attempt to allocate it, which would end the process.
    fn assert_addressable(entries: usize) {
        let most = isize::MAX as usize / size_of::<Slot<K, V>>();
        assert!(entries <= most, "capacity overflow");
    }

    /// Returns the number of shards that the table has once it is divided.
    pub(crate) fn shards(&self) -> usize {
        1 << self.bits
    }

    /// Adds up the numbers of entries of all parts, without taking a lock.
    pub(crate) fn len(&self) -> usize {
        loop {
            if let Some(shards) = self.divided() {
                // Relaxed: nothing else is read. A thread that knows of a write, because it
                // happened before, sees at least the number that this write left.
                return shards.iter().map(|part| part.len.load(Relaxed)).sum();
            }
            // Acquire: pairs with the Release in the drop of `WriteGuard`. The thread that divided
            // the table leaves 0 here after it has published the shards. If we see that 0, we see
            // the shards below.
            let len = self.first.len.load(Acquire);
            if self.divided().is_none() {
                return len;
            }
        }
    }

    /// Locks the part to which keys with this hash belong for reading.
    ///
    /// This and [`write`](Self::write) choose the part, and only then come to the code of its lock,
    /// so that the compiler has it once.
    #[inline]
    pub(crate) fn read(&self, hash: u64) -> ReadGuard<'_, K, V> {
        let (part, is_first) = self.part_of(hash);
        let guard = part.read();
        // Nobody divides the table while it is locked, and who did it before released the lock.
        if is_first && self.divided().is_some() {
            drop(guard);
            return self.read_divided(hash);
        }
        guard
    }

    /// Locks the part to which keys with this hash belong for writing.
    #[inline]
    pub(crate) fn write(&self, hash: u64) -> WriteGuard<'_, K, V> {
        let (part, is_first) = self.part_of(hash);
        let (guard, has_waited) = part.write();
        // As in `read`.
        if is_first && self.divided().is_some() {
            drop(guard);
            return self.write_divided(hash);
        }
        if is_first && (has_waited || guard.len() >= FIRST) {
            self.divide(guard, 0);
            return self.write_divided(hash);
        }
        guard
    }

    /// Returns the part to which keys with this hash belong, and whether it is the first part.
    #[inline]
    fn part_of(&self, hash: u64) -> (&Part<K, V>, bool) {
        match self.divided() {
            // SAFETY: `shard_of` is less than the number of shards.
            Some(shards) => (unsafe { shards.get_unchecked(self.shard_of(hash)) }, false),
            None => (&self.first, true),
        }
    }

    #[cold]
    fn read_divided(&self, hash: u64) -> ReadGuard<'_, K, V> {
        self.part_of(hash).0.read()
    }

    #[cold]
    fn write_divided(&self, hash: u64) -> WriteGuard<'_, K, V> {
        self.part_of(hash).0.write().0
    }

    /// Locks the next part of a walk for reading. Returns `None` at the end.
    ///
    /// A walk that begins before the table is divided has one part with all entries, even if the
    /// table is divided before the walk ends. So no walk meets an entry twice.
    pub(crate) fn read_next(&self, walk: &mut Walk) -> Option<ReadGuard<'_, K, V>> {
        if walk.next == 0 && self.divided().is_none() {
            let first = self.first.read();
            // As in `read`.
            if self.divided().is_none() {
                walk.next = usize::MAX;
                return Some(first);
            }
        }
        Some(self.step(walk)?.read())
    }

    /// Locks the next part of a walk for writing, as [`read_next`](Self::read_next) does.
    pub(crate) fn write_next(&self, walk: &mut Walk) -> Option<WriteGuard<'_, K, V>> {
        if walk.next == 0 && self.divided().is_none() {
            let (first, has_waited) = self.first.write();
            // As in `read`.
            if self.divided().is_none() {
                if !has_waited && first.len() < FIRST {
                    walk.next = usize::MAX;
                    return Some(first);
                }
                self.divide(first, 0);
            }
        }
        Some(self.step(walk)?.write().0)
    }

    fn step(&self, walk: &mut Walk) -> Option<&Part<K, V>> {
        let part = self.divided()?.get(walk.next)?;
        walk.next += 1;
        Some(part)
    }

    /// Returns the index of the shard to which keys with this hash belong once the table is divided.
    #[inline]
    pub(crate) fn shard_of(&self, hash: u64) -> usize {
        // The raw tables take the highest seven bits to tell keys apart, and places from the lowest
        // ones. On 32-bit machines the hash is truncated, which does not matter for a hash.
        #[cfg(not(any(ft_loom, ft_shuttle)))]
        return ((hash as usize) << 7) >> (usize::BITS - self.bits);
        #[cfg(any(ft_loom, ft_shuttle))]
        return hash as usize % self.shards();
    }

    /// Returns whether keys with these hashes are in one part now.
    pub(crate) fn share_a_part(&self, one: u64, other: u64) -> bool {
        self.divided().is_none() || self.shard_of(one) == self.shard_of(other)
    }

    #[inline]
    fn divided(&self) -> Option<&[CachePadded<Part<K, V>>]> {
        // Acquire: pairs with the Release in `divide`, so the shards are seen whole.
        let shards = self.divided.load(Acquire);
        if shards.is_null() {
            return None;
        }
        // SAFETY: it points to the shards, which live as long as the table.
        Some(unsafe { slice::from_raw_parts(shards, self.shards()) })
    }

    /// Creates shards, with room for so many entries in all.
    fn parts(&self, capacity: usize) -> Box<[CachePadded<Part<K, V>>]> {
        let shards = self.shards();
        let part = |_| CachePadded::new(Part::with_capacity(capacity.div_ceil(shards)));
        (0..shards).map(part).collect()
    }

    /// Adds an entry that has no equal key to a table that no other thread has seen.
    pub(crate) fn add(&mut self, slot: Slot<K, V>) {
        // Relaxed: no other thread has set it.
        let shards = self.divided.load(Relaxed);
        if shards.is_null() {
            self.first.add(slot);
        } else {
            // SAFETY: it points to the shards, which `self`, borrowed exclusively, owns, and
            // `shard_of` is less than their number.
            unsafe { &mut *shards.add(self.shard_of(slot.hash)) }.add(slot);
        }
    }

    /// Makes room for so many more entries.
    ///
    /// # Panics
    ///
    /// If so many entries cannot be addressed.
    pub(crate) fn reserve(&self, additional: usize) {
        Self::assert_addressable(additional);
        if self.divided().is_none() {
            let (mut first, has_waited) = self.first.write();
            // As in `read`.
            if self.divided().is_none() {
                if has_waited || first.len().saturating_add(additional) >= FIRST {
                    self.divide(first, additional);
                } else {
                    first.reserve(additional, |slot| slot.hash);
                }
                return;
            }
        }
        let each = additional.div_ceil(self.shards());
        for part in self.divided().into_iter().flatten() {
            part.write().0.reserve(each, |slot| slot.hash);
        }
    }

    /// Gives back memory that the entries do not need.
    pub(crate) fn shrink_to_fit(&self) {
        let mut walk = Walk::default();
        while let Some(mut shard) = self.write_next(&mut walk) {
            shard.shrink_to(0, |slot| slot.hash);
        }
    }

    /// Moves all entries to shards, which have room for so many more.
    #[cold]
    fn divide(&self, mut first: WriteGuard<'_, K, V>, additional: usize) {
        // A table that has grown to this size grows on. CPython's dict triples, too.
        let room = first.len().saturating_add(additional.max(first.len() * 2));
        // This may panic, so it comes before the entries are taken.
        let mut shards = self.parts(room);
        let entries = mem::take(&mut *first);
        for slot in entries {
            shards[self.shard_of(slot.hash)].add(slot);
        }
        // Release: pairs with the Acquire in `divided`.
        self.divided.store(Box::into_raw(shards).cast(), Release);
    }

    /// Calls `f` with each part, without locking it, until it returns an error.
    ///
    /// # Safety
    ///
    /// Until this returns, no thread may be inside a method of the table.
    #[cfg(not(any(ft_loom, ft_shuttle)))]
    pub(crate) unsafe fn each_quiescent<E>(
        &self,
        mut f: impl FnMut(&crate::part::Shard<K, V>) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut look = |part: &Part<K, V>| {
            // SAFETY: the lock only protects the data from other methods of the table, and the
            // caller promises that none is running.
            part.shard.with(|shard| f(unsafe { &*shard }))
        };
        match self.divided() {
            Some(shards) => shards.iter().try_for_each(|part| look(part)),
            None => look(&self.first),
        }
    }
}

impl<K, V> Drop for Table<K, V> {
    fn drop(&mut self) {
        // Relaxed: nobody else has the table, and whoever gave it up has released what it did.
        let shards = self.divided.load(Relaxed);
        if !shards.is_null() {
            let shards = ptr::slice_from_raw_parts_mut(shards, self.shards());
            // SAFETY: they came from a box of this length, and nobody uses them any more.
            drop(unsafe { Box::from_raw(shards) });
        }
    }
}

/// Returns the number of shards that suits the machine.
pub(crate) fn shards_of_machine() -> usize {
    static SHARDS: OnceLock<usize> = OnceLock::new();
    *SHARDS.get_or_init(|| {
        // Eight shards for each core: two of `n` threads rarely meet in one of `8 n` shards.
        let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
        cores.saturating_mul(8).next_power_of_two().min(1024)
    })
}
