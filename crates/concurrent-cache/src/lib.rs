//! A bounded cache for many threads. Most hits write nothing that threads share, and a missing value
//! is computed once, however many callers ask for it.
//!
//! ```
//! use ft_concurrent_cache::ConcurrentCache;
//! use std::{thread, time::Duration};
//!
//! let squares = ConcurrentCache::builder()
//!     .max_entries(1_000)
//!     .time_to_live(Duration::from_secs(60))
//!     .record_statistics()
//!     .build();
//! thread::scope(|scope| {
//!     for _ in 0..4 {
//!         scope.spawn(|| {
//!             for n in 0..100_u64 {
//!                 assert_eq!(squares.get_or_compute(n, || n * n), n * n);
//!             }
//!         });
//!     }
//! });
//! let statistics = squares.statistics();
//! assert_eq!((statistics.computed, statistics.hits), (100, 300));
//! ```
//!
//! Keys that are [`Eq`] and [`Hash`](std::hash::Hash) have the usual methods. For
//! other keys, such as the objects of an interpreter whose equality calls back into the
//! interpreter, implement [`Query`] and use the methods whose names begin with `try_`.
//!
//! # How it works
//!
//! Keys and values are in the table of [`ft_concurrent_dict`]. So comparisons of keys may fail and
//! may run any code, because no lock is held while they run, and readers announce themselves in
//! memory of their own thread. A hit increments a counter of two bits in an array of bytes, one byte
//! for each entry, unless the counter is at its limit already, as that of a hot entry is. It moves
//! nothing in a list, and reads the clock only if there are entries that expire.
//!
//! What is evicted is decided when something is inserted, by W-TinyLFU over queues that a hand
//! walks: see `policy.rs` for the papers. A new entry first goes through a small window. If the
//! cache is full then, it stays only if it was asked for more often than the entry of the main queue
//! that is next to leave. A sketch remembers how often keys were asked for, including keys that have
//! left. Its size depends only on the number of entries. The policy is weak where a program asks only
//! for what is new; `cargo xtask hit-rates` compares its hit rates with those of other crates.
//!
//! The order of eviction, with the weights and deadlines, is behind a lock, or, in a large cache,
//! behind one lock for each [part](Builder::parts). It is taken while the shard of the key is
//! locked, so that the table and the order always agree about the key. What must leave the cache is
//! first taken out of the order, and then out of the table, after all locks are released.
//!
//! # Guarantees
//!
//! - **Bound.** The sum of the weights in the order is never larger than the capacity. The table
//!   holds more only while a call removes what it has already taken out of the order. For an
//!   insertion that is one entry, or two that have expired; if the capacity is a weight, it is also
//!   everything that the new entry takes the place of. For
//!   [`remove_expired`](ConcurrentCache::remove_expired) it is up to 64 entries, and for
//!   [`set_capacity`](ConcurrentCache::set_capacity) about a 64th of the weight, or 64 if that is more.
//!   When no thread is inside of such a call, the table holds no more than the capacity.
//! - **Memory** besides keys and values is a constant for each entry that was there at the same
//!   time. What was evicted leaves nothing behind.
//! - **Operations on one key are linearizable**, for a map that may forget a key at any time. A value
//!   that was removed, replaced or has expired is never returned by a call that begins later.
//! - **Computations.** One caller at a time computes a key. If it fails, panics or gives up, one of
//!   those that wait takes over. If the key is inserted or removed during the computation, the
//!   result is not stored, and those that wait do not get it. The caller that computes it gets it,
//!   or the value that was inserted. So a removal is final: nothing that was computed before it comes
//!   back. For [`clear`](ConcurrentCache::clear) and [`remove_if`](ConcurrentCache::remove_if) this
//!   is so for all computations in progress.
//! - **Foreign code**: under a lock the cache calls what the dictionary calls there (a [`Query`]'s
//!   `glance`, `peek`, `keep` and `is_same`, which for plain keys means `==`), `Clone` of keys and
//!   values, functions that make a key or read a value, and perhaps [`Clock::now`]. Everything else
//!   is called with no lock held: [`Query::compare`] and [`Query::hash`], computations, weighers,
//!   listeners, predicates, and destructors of keys and values.
//! - **Progress.** Locks are held for a few instructions, except when the cache grows and when it
//!   evicts. Eviction looks at one entry on average, and at each entry at most four times. A hit
//!   waits only for a thread that changes the same shard. Callers that wait for a computation sleep
//!   on an [`Event`](ft_sync::Event), in a way that suits threads and tasks: see
//!   [`try_claim`](ConcurrentCache::try_claim).
//! - **Expired entries** are never returned, except
//!   [while they are renewed](Terms::stale_while_revalidate). Their memory is released when they are
//!   looked up, by insertions (two each), by eviction, or by
//!   [`remove_expired`](ConcurrentCache::remove_expired). There is no thread in the background.
//! - The child of a fork may use a cache if no other thread of the parent was changing it at the
//!   time of the fork. Computations of the parent's other threads are claimed anew.
//!
//! # Public dependencies
//!
//! [`Query`], [`Walk`], [`Flight`] and what belongs to them are types of `ft-concurrent-dict` and
//! `ft-once`: a new major version of one of these is one of this crate.
//!
//! # Where it comes from
//!
//! The ideas are those of Caffeine and, in Rust, of moka (TinyLFU, causes of removal, single-flight
//! computation) and quick_cache (queues that hits do not touch). Unlike in moka there is no log of
//! reads that has to be applied later, so the bound is exact, and unlike in quick_cache capacity is
//! divided only if it is large.

mod builder;
mod cache;
mod callbacks;
mod cause;
mod cell;
mod claim;
mod clock;
mod duty;
mod few;
mod hashed;
mod life;
mod marks;
mod nodes;
mod peek;
mod policy;
mod read;
mod sketch;
mod statistics;
mod store;
mod whole;

pub use builder::Builder;
pub use cache::ConcurrentCache;
pub use cause::Cause;
pub use claim::{Claim, Leader, Suspended};
pub use clock::{Clock, ManualClock, SystemClock};
pub use ft_concurrent_dict::{Deadlock, Flight, Note, Party, Query, Waiting, Walk};
pub use life::Terms;
pub use statistics::Statistics;

/// Its example is a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
