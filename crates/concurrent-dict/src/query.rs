//! How a key is looked for.

use std::{
    borrow::Borrow,
    convert::Infallible,
    hash::{BuildHasher, Hash},
};

/// Something that can be looked up among keys of type `K`.
///
/// Everything that is [`Eq`] and [`Hash`] is a query for the keys that
/// [borrow](std::borrow::Borrow) it, and most programs need no other. Implement this for keys
/// whose equality may fail, may take its time, or may call back into the dictionary: an
/// interpreter's objects, say. The dictionary decides what it can with [`peek`](Query::peek)
/// under its lock, and calls [`compare`](Query::compare), with no lock held, for the rest.
///
/// Equality must be reflexive for the keys that [`is_same`](Query::is_same) calls the same, and
/// equal keys must have equal hashes. If they do not, lookups miss keys; nothing worse happens.
///
/// ```
/// use ft_concurrent_dict::{ConcurrentDict, Query};
/// use std::{hash::BuildHasher, sync::Arc};
///
/// /// Names that are equal if a (fallible) service says so.
/// struct Name<'a>(&'a Arc<str>);
///
/// impl Query<Arc<str>> for Name<'_> {
///     type Error = String;
///
///     fn hash<S: BuildHasher>(&self, build: &S) -> u64 {
///         build.hash_one(self.0.to_lowercase())
///     }
///     fn peek(&self, stored: &Arc<str>) -> Option<bool> {
///         Arc::ptr_eq(self.0, stored).then_some(true)
///     }
///     fn compare(&self, stored: &Arc<str>) -> Result<bool, String> {
///         if self.0.contains('?') {
///             return Err(format!("no such name: {}", self.0));
///         }
///         Ok(self.0.eq_ignore_ascii_case(stored))
///     }
///     fn is_same(one: &Arc<str>, other: &Arc<str>) -> bool {
///         Arc::ptr_eq(one, other)
///     }
/// }
///
/// let dict = ConcurrentDict::<Arc<str>, u32>::new();
/// let (loud, soft) = (Arc::from("ADA"), Arc::from("ada"));
/// dict.try_entry(&Name(&loud), |entry| *entry.or_insert(loud.clone(), 1815))?;
/// assert_eq!(dict.try_read(&Name(&soft), |born| born.copied()), Ok(Some(1815)));
/// # Ok::<(), String>(())
/// ```
pub trait Query<K> {
    /// What a comparison can fail with.
    type Error;

    /// Returns the hash; called once per operation, with no lock held.
    ///
    /// `build` is the dictionary's hasher; a query that brings its own hash may ignore it. All 64
    /// bits should depend on the key: some choose the shard, some the place in it.
    fn hash<S: BuildHasher>(&self, build: &S) -> u64;

    /// Tells whether this and a stored key, whose hash is the same, are equal at first sight: the
    /// same object, say. `false` may mean anything.
    ///
    /// Called under the lock of a shard, before [`peek`](Query::peek), which asks about the same keys
    /// only if this never said `true`. It may be left out.
    #[inline]
    fn glance(&self, stored: &K) -> bool {
        self.peek(stored) == Some(true)
    }

    /// Tells at once whether this and a stored key are equal, if that can be told.
    ///
    /// Called under the lock of a shard: it must be short, and must not call the dictionary, nor
    /// anything that could wait for a thread that does. `None` leaves the question to
    /// [`compare`](Query::compare).
    fn peek(&self, stored: &K) -> Option<bool>;

    /// Tells whether this and a stored key are equal; called with no lock held.
    ///
    /// # Errors
    ///
    /// An error ends the operation, which has changed nothing, and becomes its result.
    fn compare(&self, stored: &K) -> Result<bool, Self::Error>;

    /// Tells whether two stored keys are one and the same, so that a verdict on one holds for
    /// the other; called under the lock of a shard, like [`peek`](Query::peek).
    fn is_same(one: &K, other: &K) -> bool;
}

impl<K, Q> Query<K> for Q
where
    K: Borrow<Q>,
    Q: Eq + Hash + ?Sized,
{
    type Error = Infallible;

    #[inline]
    fn hash<S: BuildHasher>(&self, build: &S) -> u64 {
        build.hash_one(self)
    }

    #[inline]
    fn peek(&self, stored: &K) -> Option<bool> {
        Some(self == stored.borrow())
    }

    fn compare(&self, stored: &K) -> Result<bool, Infallible> {
        Ok(self == stored.borrow())
    }

    fn is_same(one: &K, other: &K) -> bool {
        one.borrow() == other.borrow()
    }
}
