//! The search: it finds keys, and calls no comparison that could run other code while a lock is
//! held.

use crate::{
    entry::Entry,
    part::{Shard, Slot},
    query::Query,
    table::{Table, Walk},
};
use hashbrown::raw::Bucket;
use std::{hash::Hash, mem};

/// A table, with the one loop that looks for keys in it.
pub(crate) struct Map<K, V> {
    pub(crate) table: Table<K, V>,
}

/// The outcome of a first look under the lock. It suffices for nearly all operations.
enum Glance<K, V> {
    Found(Bucket<Slot<K, V>>),
    Absent,
    /// There are keys with this hash, and none of them is equal at a glance.
    Unclear,
}

/// The outcome of a thorough look under the lock.
enum Look<K, V> {
    Found(Bucket<Slot<K, V>>),
    Absent,
    /// There are keys with this hash of which it is not known whether they are equal. They have
    /// been added to the verdicts, from this place on.
    Undecided(usize),
}

/// Keys to be compared outside of the lock, and whether they are equal to the query.
///
/// The keys are kept alive here, so that no new key can take over their identity meanwhile. Nearly
/// all operations leave this empty, and then it does not allocate.
type Verdicts<K> = Vec<(K, bool)>;

impl<K, V> Map<K, V> {
    pub(crate) fn new(shards: usize) -> Self {
        Self::with_capacity(shards, 0)
    }

    pub(crate) fn with_capacity(shards: usize, capacity: usize) -> Self {
        Self {
            table: Table::with_capacity(shards, capacity),
        }
    }

    /// Calls `f` with the value for `query`, while the shard is locked for reading.
    #[inline]
    pub(crate) fn read<Q, R>(
        &self,
        hash: u64,
        query: &Q,
        f: impl FnOnce(Option<&V>) -> R,
    ) -> Result<R, Q::Error>
    where
        Q: Query<K> + ?Sized,
    {
        let shard = self.table.read(hash);
        match glance(&shard, hash, query) {
            Glance::Found(bucket) => {
                // SAFETY: the bucket belongs to this shard, which nobody changes while it is locked
                // for reading.
                let slot = unsafe { bucket.as_ref() };
                Ok(f(Some(&slot.value)))
            }
            Glance::Absent => Ok(f(None)),
            Glance::Unclear => {
                drop(shard);
                self.read_slow(hash, query, f)
            }
        }
    }

    /// Each turn of the loop either returns or adds a verdict on a key that had none.
    #[cold]
    fn read_slow<Q, R>(
        &self,
        hash: u64,
        query: &Q,
        f: impl FnOnce(Option<&V>) -> R,
    ) -> Result<R, Q::Error>
    where
        Q: Query<K> + ?Sized,
    {
        let mut verdicts = Verdicts::new();
        loop {
            let shard = self.table.read(hash);
            match look(&shard, hash, query, &mut verdicts) {
                Look::Found(bucket) => {
                    // SAFETY: the bucket belongs to this shard, which nobody changes while it is
                    // locked for reading.
                    let slot = unsafe { bucket.as_ref() };
                    return Ok(f(Some(&slot.value)));
                }
                Look::Absent => return Ok(f(None)),
                Look::Undecided(judged) => {
                    drop(shard);
                    judge(query, &mut verdicts, judged)?;
                }
            }
        }
    }

    /// Calls `f` with the entry for `query`, while the shard is locked for writing.
    #[inline]
    pub(crate) fn entry<Q, R>(
        &self,
        hash: u64,
        query: &Q,
        f: impl FnOnce(Entry<'_, K, V>) -> R,
    ) -> Result<R, Q::Error>
    where
        Q: Query<K> + ?Sized,
    {
        let mut shard = self.table.write(hash);
        match glance(&shard, hash, query) {
            Glance::Found(bucket) => Ok(f(Entry::occupied(&mut shard, bucket))),
            Glance::Absent => Ok(f(Entry::vacant(&mut shard, hash))),
            Glance::Unclear => {
                drop(shard);
                self.entry_slow(hash, query, f)
            }
        }
    }

    /// Stores a value and returns the previous one. A key that is stored already stays.
    pub(crate) fn insert(&self, hash: u64, key: K, value: V) -> Option<V>
    where
        K: Eq + Hash,
    {
        let mut shard = self.table.write(hash);
        // At a glance such keys are either equal or not. The key is dropped outside of the lock.
        match glance(&shard, hash, &key) {
            Glance::Found(bucket) => {
                // SAFETY: the bucket belongs to this shard, which nobody else uses while it is locked
                // for writing.
                let stored = unsafe { &mut bucket.as_mut().value };
                Some(mem::replace(stored, value))
            }
            Glance::Absent | Glance::Unclear => {
                Entry::vacant(&mut shard, hash).or_insert(key, value);
                None
            }
        }
    }

    #[cold]
    fn entry_slow<Q, R>(
        &self,
        hash: u64,
        query: &Q,
        f: impl FnOnce(Entry<'_, K, V>) -> R,
    ) -> Result<R, Q::Error>
    where
        Q: Query<K> + ?Sized,
    {
        let mut verdicts = Verdicts::new();
        loop {
            let mut shard = self.table.write(hash);
            match look(&shard, hash, query, &mut verdicts) {
                Look::Found(bucket) => return Ok(f(Entry::occupied(&mut shard, bucket))),
                Look::Absent => return Ok(f(Entry::vacant(&mut shard, hash))),
                Look::Undecided(judged) => {
                    drop(shard);
                    judge(query, &mut verdicts, judged)?;
                }
            }
        }
    }

    /// Removes the entry that has this hash and whose value `is_it` accepts, and returns it.
    pub(crate) fn remove_value(&self, hash: u64, is_it: impl Fn(&V) -> bool) -> Option<(K, V)> {
        let mut shard = self.table.write(hash);
        let slot = shard.remove_entry(hash, |slot| slot.hash == hash && is_it(&slot.value))?;
        drop(shard);
        Some((slot.key, slot.value))
    }

    /// Removes the entries of the next part of a walk that `is_it` accepts, and returns them.
    pub(crate) fn extract_next(
        &self,
        walk: &mut Walk,
        mut is_it: impl FnMut(&K, &mut V) -> bool,
    ) -> Option<Vec<(K, V)>> {
        let mut extracted = Vec::new();
        let mut shard = self.table.write_next(walk)?;
        // SAFETY: the iterator is used only while the shard is locked.
        for bucket in unsafe { shard.iter() } {
            // SAFETY: the bucket is full, and nobody else can change the shard.
            let slot = unsafe { bucket.as_mut() };
            if is_it(&slot.key, &mut slot.value) {
                // SAFETY: as above, and the bucket is not used again. An iterator may go on after
                // the bucket that it has returned last was removed.
                let (slot, _) = unsafe { shard.remove(bucket) };
                extracted.push((slot.key, slot.value));
            }
        }
        drop(shard);
        Some(extracted)
    }

    /// Removes any one entry and returns it.
    pub(crate) fn pop(&self) -> Option<(K, V)> {
        let mut walk = Walk::default();
        while let Some(mut shard) = self.table.write_next(&mut walk) {
            // SAFETY: the iterator is used once, while the shard is locked.
            let Some(bucket) = unsafe { shard.iter() }.next() else {
                continue;
            };
            // SAFETY: the bucket is full and belongs to this shard, and is not used again.
            let (slot, _) = unsafe { shard.remove(bucket) };
            drop(shard);
            return Some((slot.key, slot.value));
        }
        None
    }

    /// Appends what `f` makes of each slot of the next part of a walk, while that part is locked for
    /// reading. Returns false at the end.
    pub(crate) fn collect_next<T>(
        &self,
        walk: &mut Walk,
        collected: &mut Vec<T>,
        mut f: impl FnMut(&Slot<K, V>) -> T,
    ) -> bool {
        let Some(shard) = self.table.read_next(walk) else {
            return false;
        };
        collected.reserve(shard.len());
        // SAFETY: the iterator is dropped before the guard of the shard.
        let slots = unsafe { shard.iter() }.map(|bucket| {
            // SAFETY: as above, and nobody changes the shard while it is locked for reading.
            unsafe { bucket.as_ref() }
        });
        collected.extend(slots.map(&mut f));
        true
    }

    /// Returns whether `f` accepts each key and its value, part by part, while that part is locked for
    /// reading.
    pub(crate) fn all(&self, mut f: impl FnMut(&K, &V) -> bool) -> bool {
        let mut walk = Walk::default();
        while let Some(shard) = self.table.read_next(&mut walk) {
            // SAFETY: the iterator is used only while the shard is locked, and nobody changes it then.
            let accepts = unsafe { shard.iter() }.all(|bucket| {
                // SAFETY: as above.
                let slot = unsafe { bucket.as_ref() };
                f(&slot.key, &slot.value)
            });
            if !accepts {
                return false;
            }
        }
        true
    }

    /// Copies all entries, part by part, into a map with as many shards. Compares no keys, and hashes
    /// none.
    pub(crate) fn duplicate(&self) -> Self
    where
        K: Clone,
        V: Clone,
    {
        let (mut walk, mut part) = (Walk::default(), Vec::new());
        let copy = |slot: &Slot<K, V>| Slot {
            hash: slot.hash,
            key: slot.key.clone(),
            value: slot.value.clone(),
        };
        let mut table = Table::with_capacity(self.table.shards(), self.table.len());
        while self.collect_next(&mut walk, &mut part, copy) {
            part.drain(..).for_each(|slot| table.add(slot));
        }
        Self { table }
    }

    /// Empties the next part of a walk and returns its contents, so that the caller can drop them
    /// outside of the lock.
    pub(crate) fn take_next(&self, walk: &mut Walk) -> Option<Shard<K, V>> {
        let mut shard = self.table.write_next(walk)?;
        Some(mem::take(&mut *shard))
    }
}

#[inline]
fn glance<K, V, Q>(shard: &Shard<K, V>, hash: u64, query: &Q) -> Glance<K, V>
where
    Q: Query<K> + ?Sized,
{
    let mut met = false;
    let found = shard.find(hash, |slot| {
        slot.hash == hash && {
            met = true;
            query.glance(&slot.key)
        }
    });
    match found {
        Some(bucket) => Glance::Found(bucket),
        None if met => Glance::Unclear,
        None => Glance::Absent,
    }
}

fn look<K, V, Q>(
    shard: &Shard<K, V>,
    hash: u64,
    query: &Q,
    verdicts: &mut Verdicts<K>,
) -> Look<K, V>
where
    Q: Query<K> + ?Sized,
{
    let judged = verdicts.len();
    let mut next = 0;
    let found = shard.find(hash, |slot| {
        slot.hash == hash
            && query
                .peek(&slot.key)
                .unwrap_or_else(|| recall::<K, Q>(&slot.key, verdicts, judged, &mut next))
    });
    match found {
        Some(bucket) => Look::Found(bucket),
        None if verdicts.len() > judged => Look::Undecided(judged),
        None => Look::Absent,
    }
}

/// Returns the verdict on a stored key, from those before `judged`. If there is none, adds the key
/// to the list of keys to be compared.
///
/// After the first key without a verdict, this looks up no more verdicts and only adds keys: at
/// most as many as have verdicts already. So `n` keys with the same hash do not cost `n` squared.
#[cold]
fn recall<K, Q>(stored: &K, verdicts: &mut Verdicts<K>, judged: usize, next: &mut usize) -> bool
where
    Q: Query<K> + ?Sized,
{
    if verdicts.len() == judged {
        let is_same = |(key, _): &(K, bool)| Q::is_same(key, stored);
        // Keys come in the order of their verdicts, unless the shard has changed meanwhile.
        let place = match verdicts.get(*next) {
            Some(verdict) if is_same(verdict) => Some(*next),
            _ => verdicts.iter().position(is_same),
        };
        if let Some(place) = place {
            *next = place + 1;
            return verdicts[place].1;
        }
    }
    if verdicts.len() - judged < judged.max(1) {
        verdicts.push((Q::keep(stored), false));
    }
    false
}

/// Compares the keys that were added, and stops at the first that is equal.
#[cold]
fn judge<K, Q>(query: &Q, verdicts: &mut Verdicts<K>, judged: usize) -> Result<(), Q::Error>
where
    Q: Query<K> + ?Sized,
{
    for place in judged..verdicts.len() {
        let (key, equal) = &mut verdicts[place];
        *equal = query.compare(key)?;
        if *equal {
            verdicts.truncate(place + 1);
            break;
        }
    }
    Ok(())
}
