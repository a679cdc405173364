//! The search: it finds keys, and calls no comparison that could run other code while a lock is
//! held.

use crate::{
    entry::Entry,
    query::Query,
    table::{Shard, Slot, Table},
};
use hashbrown::raw::Bucket;

/// A table, with the one loop that looks for keys in it.
pub(crate) struct Map<K, V> {
    pub(crate) table: Table<K, V>,
}

/// The outcome of a first look under the lock. It suffices for nearly all operations.
enum Glance<K, V> {
    Found(Bucket<(Slot<K, V>, dashmap::SharedValue<()>)>),
    Absent,
    /// There are keys with this hash, and none of them is equal at a glance.
    Unclear,
}

/// The outcome of a thorough look under the lock.
enum Look<K, V> {
    Found(Bucket<(Slot<K, V>, dashmap::SharedValue<()>)>),
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

impl<K: Clone, V> Map<K, V> {
    pub(crate) fn new(shards: usize) -> Self {
        Self {
            table: Table::new(shards),
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
        let place = self.table.shard_of(hash);
        let shard = self.table.read(place);
        match glance(&shard, hash, query) {
            Glance::Found(bucket) => {
                // SAFETY: the bucket belongs to this shard, which nobody changes while it is locked
                // for reading.
                let (slot, _) = unsafe { bucket.as_ref() };
                Ok(f(Some(&slot.value)))
            }
            Glance::Absent => Ok(f(None)),
            Glance::Unclear => {
                drop(shard);
                self.read_slow(place, hash, query, f)
            }
        }
    }

    /// Each turn of the loop either returns or adds a verdict on a key that had none.
    #[cold]
    fn read_slow<Q, R>(
        &self,
        place: usize,
        hash: u64,
        query: &Q,
        f: impl FnOnce(Option<&V>) -> R,
    ) -> Result<R, Q::Error>
    where
        Q: Query<K> + ?Sized,
    {
        let mut verdicts = Verdicts::new();
        loop {
            let shard = self.table.read(place);
            match look(&shard, hash, query, &mut verdicts) {
                Look::Found(bucket) => {
                    // SAFETY: the bucket belongs to this shard, which nobody changes while it is
                    // locked for reading.
                    let (slot, _) = unsafe { bucket.as_ref() };
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
        let place = self.table.shard_of(hash);
        let mut shard = self.table.write(place);
        match glance(&shard, hash, query) {
            Glance::Found(bucket) => Ok(f(Entry::occupied(&mut shard, bucket))),
            Glance::Absent => Ok(f(Entry::vacant(&mut shard, hash))),
            Glance::Unclear => {
                drop(shard);
                self.entry_slow(place, hash, query, f)
            }
        }
    }

    #[cold]
    fn entry_slow<Q, R>(
        &self,
        place: usize,
        hash: u64,
        query: &Q,
        f: impl FnOnce(Entry<'_, K, V>) -> R,
    ) -> Result<R, Q::Error>
    where
        Q: Query<K> + ?Sized,
    {
        let mut verdicts = Verdicts::new();
        loop {
            let mut shard = self.table.write(place);
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
        let mut shard = self.table.write(self.table.shard_of(hash));
        let (slot, _) =
            shard.remove_entry(hash, |(slot, _)| slot.hash == hash && is_it(&slot.value))?;
        drop(shard);
        Some((slot.key, slot.value))
    }

    /// Removes any one entry of a shard and returns it.
    pub(crate) fn pop_from(&self, shard: usize) -> Option<(K, V)> {
        let mut shard = self.table.write(shard);
        // SAFETY: the iterator is used once, while the shard is locked.
        let bucket = unsafe { shard.iter() }.next()?;
        // SAFETY: the bucket is full and belongs to this shard, and is not used again.
        let ((slot, _), _) = unsafe { shard.remove(bucket) };
        drop(shard);
        Some((slot.key, slot.value))
    }

    /// Adds up the sizes of the shards, one after another.
    pub(crate) fn len(&self) -> usize {
        (0..self.table.shards())
            .map(|shard| self.table.read(shard).len())
            .sum()
    }

    /// Returns what `f` makes of each slot of one shard, while the shard is locked for reading.
    pub(crate) fn collect_in<T>(
        &self,
        shard: usize,
        mut f: impl FnMut(&Slot<K, V>) -> T,
    ) -> Vec<T> {
        let shard = self.table.read(shard);
        let mut collected = Vec::with_capacity(shard.len());
        // SAFETY: the iterator is dropped before the guard of the shard.
        for bucket in unsafe { shard.iter() } {
            // SAFETY: as above, and nobody changes the shard while it is locked for reading.
            collected.push(f(&unsafe { bucket.as_ref() }.0));
        }
        collected
    }

    /// Empties one shard and returns its contents, so that the caller can drop them outside of the
    /// lock.
    pub(crate) fn take_shard(&self, shard: usize) -> Shard<K, V> {
        std::mem::take(&mut *self.table.write(shard))
    }
}

#[inline]
fn glance<K, V, Q>(shard: &Shard<K, V>, hash: u64, query: &Q) -> Glance<K, V>
where
    Q: Query<K> + ?Sized,
{
    let mut met = false;
    let found = shard.find(hash, |(slot, _)| {
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

fn look<K: Clone, V, Q>(
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
    let found = shard.find(hash, |(slot, _)| {
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
fn recall<K: Clone, Q>(
    stored: &K,
    verdicts: &mut Verdicts<K>,
    judged: usize,
    next: &mut usize,
) -> bool
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
        verdicts.push((stored.clone(), false));
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
