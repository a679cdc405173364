//! Segments: the slots of neighboring keys; and how a thread finds the segment of a key.

use std::{collections::BTreeMap, marker::PhantomData, ptr, ptr::NonNull};

use ft_sync::atomic::{
    AtomicPtr, AtomicU64,
    Ordering::{Acquire, Relaxed, Release},
};

use crate::slot::Slot;

/// The slots of as many keys as there are slots. A segment is never freed before the whole
/// [`Index`] is. When all of its values were taken out, it is used again for other keys.
pub(crate) struct Segment<V> {
    /// The keys divided by the number of slots. It changes only under the lock of
    /// [`Slow`](crate::slow::Slow), while all slots are passed. So it is valid for a thread that has
    /// locked a slot without that lock.
    number: AtomicU64,
    /// Their number is a power of two.
    slots: Box<[Slot<V>]>,
}

impl<V> Segment<V> {
    fn new(bits: u32) -> Self {
        Self {
            number: AtomicU64::new(0),
            slots: (0..1 << bits).map(|_| Slot::new()).collect(),
        }
    }

    #[inline]
    pub(crate) fn number(&self) -> u64 {
        // Relaxed: `renew` of the slot that a thread has locked has published it. A thread that has
        // locked none looks again when it has.
        self.number.load(Relaxed)
    }

    #[inline]
    pub(crate) fn slot(&self, key: u64) -> &Slot<V> {
        // On 32 bits the key is truncated, but the mask is shorter still.
        &self.slots[key as usize & (self.slots.len() - 1)]
    }

    pub(crate) fn slots(&self) -> impl Iterator<Item = &Slot<V>> {
        self.slots.iter()
    }
}

/// Where to look for segments without a lock. It may lack segments, and a segment in it may have
/// got another number.
pub(crate) struct Table<V> {
    /// How many bits of a hash are not used.
    shift: u32,
    entries: Box<[AtomicPtr<Segment<V>>]>,
}

impl<V> Table<V> {
    fn new(bits: u32) -> Self {
        let empty = |_| AtomicPtr::new(ptr::null_mut());
        Self {
            shift: u64::BITS - bits,
            entries: (0..1 << bits).map(empty).collect(),
        }
    }

    #[inline]
    fn entry(&self, number: u64) -> &AtomicPtr<Segment<V>> {
        // Fibonacci hashing (Knuth, *The Art of Computer Programming*, 6.4): numbers in a row are
        // spread evenly.
        let hash = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        &self.entries[(hash >> self.shift) as usize]
    }

    /// Returns a segment that had this number a moment ago.
    #[inline]
    pub(crate) fn find(&self, number: u64) -> Option<&Segment<V>> {
        // Acquire: pairs with the Release in `Index::enter`, so the segment is complete.
        let segment = self.entry(number).load(Acquire);
        // SAFETY: the pointer is null, or that of a segment of the index to which this table
        // belongs. The index frees the table no later than the segments.
        let segment = unsafe { segment.as_ref() }?;
        (segment.number() == number).then_some(segment)
    }
}

/// All segments. Used under the lock of [`Slow`](crate::slow::Slow), but for [`Table`]s and what
/// they lead to.
pub(crate) struct Index<V> {
    /// Those in use, by number.
    live: BTreeMap<u64, NonNull<Segment<V>>>,
    /// Those not in use. All of their slots are passed.
    spare: Vec<NonNull<Segment<V>>>,
    /// The table in use is the last one. A thread may still look into another one.
    tables: Vec<NonNull<Table<V>>>,
    owns: PhantomData<(Segment<V>, Table<V>)>,
}

// SAFETY: it owns the segments and tables, which contain values, atomics and locks.
unsafe impl<V: Send> Send for Index<V> {}

impl<V> Index<V> {
    pub(crate) const fn new() -> Self {
        Self {
            live: BTreeMap::new(),
            spare: Vec::new(),
            tables: Vec::new(),
            owns: PhantomData,
        }
    }

    pub(crate) fn get(&self, number: u64) -> Option<&Segment<V>> {
        // SAFETY: segments are freed with the index.
        self.live.get(&number).map(|it| unsafe { it.as_ref() })
    }

    /// Returns the segments in use.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Segment<V>> {
        // SAFETY: segments are freed with the index.
        self.live.values().map(|it| unsafe { it.as_ref() })
    }

    /// Adds a segment. `contents` returns for each key what its slot holds, and whether there are
    /// notes about it.
    pub(crate) fn add(
        &mut self,
        number: u64,
        bits: u32,
        mut contents: impl FnMut(u64) -> (Option<V>, bool),
    ) {
        let pointer = self.spare.pop().unwrap_or_else(|| {
            // SAFETY: the pointer of a box is never null.
            unsafe { NonNull::new_unchecked(Box::into_raw(Box::new(Segment::new(bits)))) }
        });
        // SAFETY: segments are freed with the index.
        let segment = unsafe { pointer.as_ref() };
        // Relaxed: the renewal of each slot publishes it.
        segment.number.store(number, Relaxed);
        let first = number << bits;
        for key in first..=first | ((1 << bits) - 1) {
            let (value, is_watched) = contents(key);
            // SAFETY: all slots of new and of spare segments are passed, and the caller has the
            // lock.
            unsafe { segment.slot(key).renew(value, is_watched) };
        }
        self.live.insert(number, pointer);
    }

    /// Enters a segment into the table. Returns a new table to be used from now on, if the old one
    /// has no room.
    pub(crate) fn enter(&mut self, number: u64) -> Option<NonNull<Table<V>>> {
        let table = self.table();
        let room = table.map_or(0, |table| table.entries.len());
        if self.live.len() * 2 <= room {
            let segment = self.live.get(&number)?;
            // Release: pairs with the Acquire in `Table::find`.
            table?.entry(number).store(segment.as_ptr(), Release);
            return None;
        }
        let new = Table::new((room * 2).max(8).trailing_zeros());
        for (&number, segment) in &self.live {
            // Release: as above.
            new.entry(number).store(segment.as_ptr(), Release);
        }
        // SAFETY: the pointer of a box is never null.
        let new = unsafe { NonNull::new_unchecked(Box::into_raw(Box::new(new))) };
        self.tables.push(new);
        Some(new)
    }

    /// Puts a segment aside, if all of its slots are passed.
    pub(crate) fn retire(&mut self, number: u64) {
        let Some(segment) = self.get(number) else {
            return;
        };
        if !segment.slots().all(Slot::is_passed) {
            return;
        }
        let Some(pointer) = self.live.remove(&number) else {
            return;
        };
        if let Some(entry) = self.table().map(|table| table.entry(number)) {
            // Relaxed, twice: entries change under the caller's lock, and null publishes nothing.
            if entry.load(Relaxed) == pointer.as_ptr() {
                entry.store(ptr::null_mut(), Relaxed);
            }
        }
        self.spare.push(pointer);
    }

    fn table(&self) -> Option<&Table<V>> {
        // SAFETY: tables are freed with the index.
        self.tables.last().map(|table| unsafe { table.as_ref() })
    }
}

impl<V> Drop for Index<V> {
    fn drop(&mut self) {
        for table in self.tables.drain(..) {
            // SAFETY: it comes from a box, and threads that use it borrow the owner of the index.
            drop(unsafe { Box::from_raw(table.as_ptr()) });
        }
        let live = std::mem::take(&mut self.live);
        for segment in live.into_values().chain(self.spare.drain(..)) {
            // SAFETY: as above.
            drop(unsafe { Box::from_raw(segment.as_ptr()) });
        }
    }
}
