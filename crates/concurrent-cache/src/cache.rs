//! The cache itself: its parts, and what all operations share.

use crate::{
    callbacks::{Listener, Weigher},
    cause::Cause,
    cell::Cell,
    clock::{Clock, SystemClock, nanos},
    duty::Never,
    few::Few,
    life::Terms,
    marks::Marks,
    policy::{Id, MAX_CAPACITY, Policy, Victim},
    sketch::mix,
    statistics::{Counters, Statistics},
};
use crossbeam_utils::CachePadded;
use ft_concurrent_dict::ConcurrentDict;
use ft_sync::{
    Mutex, MutexGuard,
    atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed},
};
use std::{
    fmt,
    hash::{BuildHasher, RandomState},
    panic::{RefUnwindSafe, UnwindSafe},
    sync::PoisonError,
};

/// A bounded map that forgets what it is asked for least. See the [crate docs](crate) for how it
/// works and what it guarantees.
///
/// Operations take constant time, and an insertion that evicts takes amortized constant time; with
/// entries that expire, insertions and removals take logarithmic time.
pub struct ConcurrentCache<K, V, S = RandomState, C = SystemClock> {
    pub(crate) table: ConcurrentDict<K, Cell<V>, S>,
    /// The keys whose values are being computed. It holds no values.
    pub(crate) claims: ConcurrentDict<K, Never, S>,
    /// The order of eviction, divided by hashes. Each is locked inside of a shard of the table, and
    /// nothing is locked inside of it.
    pub(crate) parts: Box<[CachePadded<Mutex<Policy>>]>,
    pub(crate) marks: Marks,
    /// How many computations are in progress. A leader increments it, and then looks for the key. An
    /// insertion reads it while the shard of the key is locked for writing. If the leader has
    /// looked before that, the insertion sees its increment. Otherwise the computation begins after
    /// the insertion.
    pub(crate) computing: AtomicUsize,
    /// Incremented when values are removed whose keys are not known.
    pub(crate) epoch: AtomicU64,
    /// Whether there ever was an entry with times. It is never unset.
    pub(crate) timed: AtomicBool,
    /// It is divided among the parts. Whoever sets it then tells each part.
    capacity: AtomicU64,
    pub(crate) weighted: bool,
    pub(crate) terms: Terms,
    counters: Option<Counters>,
    weigher: Option<Weigher<K, V>>,
    pub(crate) listener: Option<Listener<K, V>>,
    clock: C,
}

/// The numbers of a new cache.
pub(crate) struct Limits {
    pub(crate) capacity: u64,
    pub(crate) weighted: bool,
    pub(crate) parts: u32,
    pub(crate) shards: usize,
    pub(crate) stripes: usize,
}

/// An entry that has left the table.
pub(crate) struct Gone<K, V> {
    key: K,
    value: V,
    cause: Cause,
}

// As for the dictionary; and no foreign code is called while the order of eviction is locked.
impl<K, V, S: UnwindSafe, C: UnwindSafe> UnwindSafe for ConcurrentCache<K, V, S, C> {}
impl<K, V, S: RefUnwindSafe, C: RefUnwindSafe> RefUnwindSafe for ConcurrentCache<K, V, S, C> {}

impl<K: Clone, V, S: BuildHasher + Clone, C> ConcurrentCache<K, V, S, C> {
    pub(crate) fn from_parts(
        limits: &Limits,
        terms: Terms,
        weigher: Option<Weigher<K, V>>,
        listener: Option<Listener<K, V>>,
        hasher: S,
        clock: C,
    ) -> Self {
        let count = limits.parts;
        let parts = (0..count).map(|part| {
            let share = share(limits.capacity, part, count);
            CachePadded::new(Mutex::new(Policy::new(share, part, count)))
        });
        Self {
            table: ConcurrentDict::with_shards_and_hasher(limits.shards, hasher.clone()),
            claims: ConcurrentDict::with_shards_and_hasher(2, hasher),
            parts: parts.collect(),
            marks: Marks::new(),
            computing: AtomicUsize::new(0),
            epoch: AtomicU64::new(0),
            timed: AtomicBool::new(terms.is_timed()),
            capacity: AtomicU64::new(limits.capacity),
            weighted: limits.weighted,
            terms,
            counters: (limits.stripes > 0).then(|| Counters::new(limits.stripes)),
            weigher,
            listener,
            clock,
        }
    }
}

impl<K: Clone, V, S: BuildHasher, C: Clock> ConcurrentCache<K, V, S, C> {
    /// Sets the largest number of entries, or the largest sum of their weights. If there are more, the
    /// policy evicts some, as it does for an insertion. [`u64::MAX`] means no bound.
    ///
    /// When the call returns, the cache is no larger than its new capacity, unless another thread
    /// has set another one. Meanwhile other operations go on, each with the old bound or the new one.
    ///
    /// The number of [parts](crate::Builder::parts) stays as it is, and each gets an equal share. So a
    /// cache that was made for many entries answers less when it is left with a few for each part.
    pub fn set_capacity(&self, capacity: u64) {
        // Relaxed: of several threads that set it, each reads it again under the lock of each part.
        // The one whose number stays does so after it was stored.
        (self.capacity).store(capacity.min(MAX_CAPACITY), Relaxed);
        let count = self.parts.len() as u32;
        for number in 0..count {
            loop {
                let mut victims = Few::new();
                let mut part = self.part(number);
                // Relaxed: as above.
                let share = share(self.capacity.load(Relaxed), number, count);
                let done = part.approach(share, &self.marks, &mut victims);
                drop(part);
                self.tell_all(self.evict(victims));
                if done {
                    break;
                }
            }
        }
    }

    /// Removes what the policy has given up, and returns it.
    pub(crate) fn evict(&self, victims: Few<Victim>) -> Few<Gone<K, V>> {
        let mut gone = Few::new();
        for victim in victims {
            // Another thread may have removed it, or given it a new value.
            let removed = (self.table).remove_by_hash(victim.hash, |cell| cell.id() == victim.id);
            if let Some(removed) = removed {
                gone.push(Gone::evicted(removed, &victim));
            }
        }
        gone
    }

    /// Returns the time, if there are entries with times.
    #[inline]
    pub(crate) fn time(&self) -> Option<u64> {
        // Relaxed: a thread that does not see it yet reads the clock when it meets such an entry.
        self.timed.load(Relaxed).then(|| self.now())
    }

    pub(crate) fn now(&self) -> u64 {
        nanos(self.clock.now())
    }
}

impl<K, V, S, C> ConcurrentCache<K, V, S, C> {
    /// Returns the largest number of entries, or the largest sum of their weights; [`u64::MAX`] if
    /// there is no bound.
    pub fn capacity(&self) -> u64 {
        // Relaxed: whoever needs the bound of a part locks the part.
        match self.capacity.load(Relaxed) {
            MAX_CAPACITY => u64::MAX,
            capacity => capacity,
        }
    }

    /// Returns what was counted, or zeros if [nothing is
    /// counted](crate::Builder::record_statistics). The counters are read one after another.
    pub fn statistics(&self) -> Statistics {
        let counters = self.counters.as_ref();
        counters.map_or_else(Statistics::default, Counters::sum)
    }

    /// Counts from 0 again, and returns what was counted until now. Everything that happens is
    /// counted once: in what one of the calls returns, or later.
    pub fn reset_statistics(&self) -> Statistics {
        let counters = self.counters.as_ref();
        counters.map_or_else(Statistics::default, Counters::take)
    }

    pub(crate) fn weigh(&self, key: &K, value: &V) -> Option<u64> {
        self.weigher.as_ref().map(|weigher| weigher(key, value))
    }

    /// Tells the listener that entries are gone, and drops them.
    pub(crate) fn tell_all(&self, gone: impl IntoIterator<Item = Gone<K, V>>) {
        for Gone { key, value, cause } in gone {
            self.tell(Some(&key), &value, cause);
        }
    }

    /// Counts a value that is gone, and tells the listener.
    pub(crate) fn tell(&self, key: Option<&K>, value: &V, cause: Cause) {
        if let Some(counters) = &self.counters {
            counters.gone(cause);
        }
        if let (Some(listener), Some(key)) = (&self.listener, key) {
            listener(key, value, cause);
        }
    }

    #[inline]
    pub(crate) fn asked(&self, found: bool) {
        if let Some(counters) = &self.counters {
            counters.asked(found);
        }
    }

    pub(crate) fn counters(&self) -> Option<&Counters> {
        self.counters.as_ref()
    }

    /// Removes an entry from the policy, while its shard of the table is locked.
    pub(crate) fn forget(&self, id: Id) {
        let part = id.mark & (self.parts.len() as u32 - 1);
        self.part(part).forget(id);
    }

    pub(crate) fn has_room(&self, hash: u64, weight: u64) -> bool {
        // Relaxed: if it is set at the same time, the policy gives the entry up.
        let capacity = self.capacity.load(Relaxed);
        match self.weighted {
            false => capacity > 0,
            true => weight <= share(capacity, self.part_of(hash), self.parts.len() as u32),
        }
    }

    pub(crate) fn part_of(&self, hash: u64) -> u32 {
        // The table has other uses for the bits of the hash as they are.
        (mix(hash) >> 40) as u32 & (self.parts.len() as u32 - 1)
    }

    pub(crate) fn part(&self, part: u32) -> MutexGuard<'_, Policy> {
        // Nothing panics while the lock is held.
        let part = self.parts[part as usize].lock();
        part.unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns what a part may hold. The first parts take what is left over.
fn share(capacity: u64, part: u32, parts: u32) -> u64 {
    match capacity {
        MAX_CAPACITY => MAX_CAPACITY,
        _ => {
            let (part, parts) = (u64::from(part), u64::from(parts));
            capacity / parts + u64::from(part < capacity % parts)
        }
    }
}

impl<K, V> Gone<K, V> {
    pub(crate) fn evicted((key, cell): (K, Cell<V>), victim: &Victim) -> Self {
        let cause = match victim.expired {
            true => Cause::Expired,
            false => Cause::Evicted,
        };
        let value = cell.value;
        Self { key, value, cause }
    }

    pub(crate) fn removed((key, cell): (K, Cell<V>), over: bool) -> Self {
        Self {
            key,
            value: cell.value,
            cause: if over { Cause::Expired } else { Cause::Removed },
        }
    }
}

impl<K, V, S, C> fmt::Debug for ConcurrentCache<K, V, S, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConcurrentCache")
            .field("capacity", &self.capacity())
            .finish_non_exhaustive()
    }
}
