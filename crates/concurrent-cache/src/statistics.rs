//! What a cache counts.

use crossbeam_utils::CachePadded;
use ft_sync::{
    ThreadToken,
    atomic::{
        AtomicPtr, AtomicU64,
        Ordering::{Acquire, Relaxed, Release},
    },
};
use std::{ptr, time::Duration};

use crate::cause::Cause;

/// What has happened in a cache since it was made, or since its statistics were
/// [reset](crate::ConcurrentCache::reset_statistics).
///
/// A call that finds a value is a hit, also if it has waited for another caller to compute the value,
/// and if it then renews the value. A call that finds none is a miss. Calls that only peek, or ask
/// whether there is a value, are neither; and nor is
/// [`try_claim_refresh`](crate::ConcurrentCache::try_claim_refresh).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Statistics {
    /// How many calls found a value.
    pub hits: u64,
    /// How many calls found none.
    pub misses: u64,
    /// How many entries were evicted to make room, or were not stored: see
    /// [`Cause::Evicted`](crate::Cause::Evicted).
    pub evicted: u64,
    /// How many entries have expired.
    pub expired: u64,
    /// How many entries were removed by a call.
    pub removed: u64,
    /// How many values were replaced by others.
    pub replaced: u64,
    /// How many computations have brought a value.
    pub computed: u64,
    /// How many computations have failed or were given up.
    pub failed: u64,
    /// How long the computations took that have brought a value.
    pub computing: Duration,
}

/// The counters. Each thread counts in one stripe, which few others use, and which the first of them
/// allocates.
pub(crate) struct Counters(Box<[AtomicPtr<CachePadded<Stripe>>]>);

#[derive(Default)]
pub(crate) struct Stripe {
    hits: AtomicU64,
    misses: AtomicU64,
    causes: [AtomicU64; Cause::COUNT],
    computed: AtomicU64,
    failed: AtomicU64,
    nanos: AtomicU64,
}

impl Counters {
    pub(crate) fn new(stripes: usize) -> Self {
        let stripes = stripes.next_power_of_two();
        Self(
            (0..stripes)
                .map(|_| AtomicPtr::new(ptr::null_mut()))
                .collect(),
        )
    }

    #[inline]
    fn mine(&self) -> &Stripe {
        let place = &self.0[ThreadToken::current().get() as usize & (self.0.len() - 1)];
        // Acquire: pairs with the Release in `add`, so that the zeros are seen.
        let stripe = place.load(Acquire);
        if stripe.is_null() {
            return Self::add(place);
        }
        // SAFETY: a stripe lives as long as `self`.
        unsafe { &*stripe }
    }

    #[cold]
    fn add(place: &AtomicPtr<CachePadded<Stripe>>) -> &Stripe {
        let new = Box::into_raw(Box::default());
        // Release: pairs with the Acquire in `mine` and `stripes`.
        // Acquire: pairs with the Release of a thread that was faster.
        match place.compare_exchange(ptr::null_mut(), new, Release, Acquire) {
            // SAFETY: a stripe lives as long as the counters.
            Ok(_) => unsafe { &*new },
            Err(theirs) => {
                // SAFETY: it was a box, which nobody else has seen.
                drop(unsafe { Box::from_raw(new) });
                // SAFETY: as above.
                unsafe { &*theirs }
            }
        }
    }

    fn stripes(&self) -> impl Iterator<Item = &Stripe> {
        // Acquire: pairs with the Release in `add`.
        let stripes = self.0.iter().map(|place| place.load(Acquire));
        // SAFETY: as in `mine`.
        stripes.filter_map(|stripe| unsafe { stripe.as_ref() }.map(|stripe| &**stripe))
    }

    // Relaxed, in all of these: they count, and publish nothing.
    #[inline]
    pub(crate) fn asked(&self, found: bool) {
        let stripe = self.mine();
        let counter = if found { &stripe.hits } else { &stripe.misses };
        counter.fetch_add(1, Relaxed);
    }

    pub(crate) fn gone(&self, cause: Cause) {
        self.mine().causes[cause as usize].fetch_add(1, Relaxed);
    }

    pub(crate) fn computed(&self, nanos: u64) {
        let stripe = self.mine();
        stripe.computed.fetch_add(1, Relaxed);
        stripe.nanos.fetch_add(nanos, Relaxed);
    }

    pub(crate) fn failed(&self) {
        self.mine().failed.fetch_add(1, Relaxed);
    }

    pub(crate) fn sum(&self) -> Statistics {
        self.total(|counter| counter.load(Relaxed))
    }

    /// Sets all to 0, and returns what they were.
    pub(crate) fn take(&self) -> Statistics {
        self.total(|counter| counter.swap(0, Relaxed))
    }

    fn total(&self, read: impl Fn(&AtomicU64) -> u64) -> Statistics {
        let sum = |counter: &dyn Fn(&Stripe) -> &AtomicU64| {
            let counts = self.stripes().map(|stripe| read(counter(stripe)));
            counts.fold(0, u64::wrapping_add)
        };
        let cause = |cause: Cause| sum(&|stripe| &stripe.causes[cause as usize]);
        Statistics {
            hits: sum(&|stripe| &stripe.hits),
            misses: sum(&|stripe| &stripe.misses),
            evicted: cause(Cause::Evicted),
            expired: cause(Cause::Expired),
            removed: cause(Cause::Removed),
            replaced: cause(Cause::Replaced),
            computed: sum(&|stripe| &stripe.computed),
            failed: sum(&|stripe| &stripe.failed),
            computing: Duration::from_nanos(sum(&|stripe| &stripe.nanos)),
        }
    }
}

impl Drop for Counters {
    fn drop(&mut self) {
        for place in &self.0 {
            // Relaxed: `self` is borrowed exclusively.
            let stripe = place.load(Relaxed);
            if !stripe.is_null() {
                // SAFETY: `add` has made it of a box, and nobody can use it any more.
                drop(unsafe { Box::from_raw(stripe) });
            }
        }
    }
}
