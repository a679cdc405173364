//! A concurrent hash map whose key comparisons may fail and may run any code, because no lock is
//! held while a comparison runs.
//!
//! ```
//! use ft_concurrent_dict::ConcurrentDict;
//! use std::thread;
//!
//! let words = ConcurrentDict::new();
//! thread::scope(|scope| {
//!     for text in ["to be or", "not to be"] {
//!         let words = &words;
//!         scope.spawn(move || {
//!             for word in text.split(' ') {
//!                 words.entry(word, |entry| *entry.or_insert(word, 0) += 1);
//!             }
//!         });
//!     }
//! });
//! assert_eq!(words.get("be"), Some(2));
//! assert_eq!(words.len(), 4);
//! ```
//!
//! Keys that are [`Eq`] and [`Hash`] have the usual methods. For other keys, such as the objects of
//! an interpreter whose equality calls back into the interpreter, implement [`Query`] and use
//! [`try_read`](ConcurrentDict::try_read) and [`try_entry`](ConcurrentDict::try_entry). Every other
//! operation can be built from these two.
//!
//! # How it works
//!
//! A new dictionary is one raw hash table, which allocates nothing until it is used. Once threads meet
//! there, or it has thousands of keys, it is divided into shards. Each shard is a raw hash table of
//! [hashbrown](https://docs.rs/hashbrown) behind a read-write lock. An operation locks one shard and
//! looks at the keys that have the same hash. If the query cannot decide immediately whether such a
//! key is equal, the operation copies the key out, unlocks the shard, compares, and then locks the
//! shard again. The verdict stays valid whatever other threads did meanwhile, because it belongs to
//! the key and not to a place in the table. The operation takes effect under the lock at the visit
//! that leaves nothing to decide.
//!
//! The lock is part of this crate. Each thread has a slot, in a cache line that no other thread
//! writes to. A reader stores in its slot which lock it reads under, and goes on if no writer has
//! that lock. So readers do not slow each other down, even if all of them read one key. A writer
//! takes the lock and then looks at the slots of all living threads that have ever read. So a write
//! costs more, the more such threads there are. An overwrite is two atomic operations, allocates
//! nothing, and returns the old value immediately.
//!
//! # Costs and progress
//!
//! To look up, insert or remove a key takes constant time on average: a comparison for each key
//! with the same hash, and at times the growth of one shard. A write also looks at the slot of each
//! living thread that has ever read. [`len`](ConcurrentDict::len) looks at each shard; what goes
//! through the keys takes time in proportion to them, and locks a shard for its part of that.
//! Operations are not lock-free: see *Guarantees* for who waits for whom.
//!
//! [`Flight`], [`Party`], [`Waiting`] and what belongs to them are types of `ft-once`: a new major
//! version of that is one of this crate.
//!
//! # Orderings
//!
//! A reader writes its slot and then looks at the lock. A writer writes the lock and then looks at
//! the slots. All four accesses are `SeqCst`, so at least one of the two sees the other. A reader
//! that sees the writer withdraws its announcement and waits. A writer that sees the reader waits
//! for the slot to change. Every store that ends a reading or a writing is a `Release`, and all
//! four accesses above acquire.
//!
//! # Guarantees
//!
//! - Operations on one key are linearizable. [`len`](ConcurrentDict::len),
//!   [`clear`](ConcurrentDict::clear) and iteration go from shard to shard. They see or empty each
//!   shard at one moment, but not all shards at the same moment.
//! - While it holds a lock, the dictionary calls [`Query::peek`], [`Query::is_same`], `Clone` of
//!   keys and values, [`Query::keep`], the closures that it is given, and nothing else: no hash
//!   function, no comparison that may take long, no destructor of a key or value. Only `==` of two
//!   dictionaries hashes and compares under a lock.
//! - A lock is held for a few instructions, and for longer while a part grows, is divided, or is
//!   gone through as a whole. A thread that has to wait for it looks again and again and sleeps in
//!   between, for at most a millisecond. Waiting threads are not served in order.
//! - A closure that reads may read in this dictionary and in others, to any depth. A reading inside
//!   of another one never waits for a writer that waits for readers. Unless both are in the same
//!   shard, it writes to the lock of its shard, so it costs more.
//! - The child of a fork may use a dictionary if no other thread of the parent was writing to it at
//!   the time of the fork. Threads that were reading in the parent are forgotten in the child.

mod dict;
mod entry;
mod iter;
mod lock;
mod map;
mod once;
mod part;
mod plain;
mod query;
mod spread;
mod table;
mod whole;

pub use dict::ConcurrentDict;
pub use entry::{Entry, OccupiedEntry, VacantEntry};
pub use ft_once::{Deadlock, Flight, Note, Party, Waiting};
pub use iter::{IntoIter, Iter};
pub use once::{Claim, Leader, Suspended};
pub use query::Query;
pub use spread::spread;
pub use table::Walk;

/// No type here may be covariant: otherwise a short-lived reference that was put in could come out
/// as a long-lived one. So these examples must not compile.
///
/// ```compile_fail,E0597
/// use ft_concurrent_dict::ConcurrentDict;
///
/// let dict: ConcurrentDict<&'static str, u8> = ConcurrentDict::new();
/// let short = String::from("gone before it is read");
/// let shorter: &ConcurrentDict<&str, u8> = &dict;
/// shorter.insert(short.as_str(), 1);
/// ```
///
/// ```compile_fail,E0597
/// use ft_concurrent_dict::ConcurrentDict;
///
/// let dict: ConcurrentDict<u8, &'static str> = ConcurrentDict::new();
/// let short = String::from("gone before it is read");
/// let shorter: &ConcurrentDict<u8, &str> = &dict;
/// shorter.insert(1, short.as_str());
/// ```
#[cfg(doctest)]
struct Invariance;

/// Its example is a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
