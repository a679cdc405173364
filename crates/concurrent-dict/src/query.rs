//! How keys are looked up.

use std::{
    borrow::Borrow,
    convert::Infallible,
    hash::{BuildHasher, Hash},
};

/// A value with which a key of type `K` can be looked up.
///
/// Everything that is [`Eq`] and [`Hash`] is a query for the keys that
/// [borrow](std::borrow::Borrow) it, and most programs need nothing else. Implement this trait for
/// keys whose equality may fail, may take long, or may call back into the dictionary, such as the
/// objects of an interpreter. The dictionary calls [`peek`](Query::peek) while it holds its lock.
/// Where that cannot decide, it calls [`compare`](Query::compare) with no lock held.
///
/// Equality must be reflexive for keys that [`is_same`](Query::is_same) calls the same, and equal
/// keys must have equal hashes. Otherwise lookups miss keys; nothing worse happens.
///
/// ```
/// use ft_concurrent_dict::{ConcurrentDict, Query};
/// use std::{hash::BuildHasher, sync::Arc};
///
/// /// Names whose equality is decided by a service, which may fail.
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
///     fn keep(stored: &Arc<str>) -> Arc<str> {
///         Arc::clone(stored)
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
    /// The error of a comparison.
    type Error;

    /// Returns the hash. It is called once per operation, with no lock held.
    ///
    /// `build` is the hasher of the dictionary; a query that has its own hash may ignore it. All 64
    /// bits should depend on the key: some bits choose the shard, others the place in the shard.
    /// [`spread`](crate::spread) makes such a hash of a number.
    fn hash<S: BuildHasher>(&self, build: &S) -> u64;

    /// Returns `true` if this query and a stored key with the same hash are equal at first sight,
    /// for example because they are the same object. `false` means nothing.
    ///
    /// It is called under the lock of a shard, before [`peek`](Query::peek). `peek` is asked about
    /// the same keys only if this method returned `true` for none of them. Implementing it is
    /// optional.
    #[inline]
    fn glance(&self, stored: &K) -> bool {
        self.peek(stored) == Some(true)
    }

    /// Returns whether this query and a stored key are equal, if that can be decided immediately,
    /// or else `None`. After `None` the dictionary calls [`compare`](Query::compare).
    ///
    /// It is called under the lock of a shard. So it must be short, and it must call neither the
    /// dictionary nor anything that could wait for a thread that does.
    fn peek(&self, stored: &K) -> Option<bool>;

    /// Returns whether this query and a stored key are equal. It is called with no lock held.
    ///
    /// # Errors
    ///
    /// An error ends the operation and becomes its result. The operation has changed nothing.
    fn compare(&self, stored: &K) -> Result<bool, Self::Error>;

    /// Returns a copy of a stored key, which is compared with no lock held. It is called under the
    /// lock of a shard, after [`peek`](Query::peek) returned `None` for the key.
    ///
    /// A query that always decides at once never keeps a key, so its keys need not be [`Clone`].
    fn keep(stored: &K) -> K;

    /// Returns whether two stored keys are the same key, so that the verdict on one also holds for
    /// the other. Like [`peek`](Query::peek), it is called under the lock of a shard.
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

    fn keep(_: &K) -> K {
        unreachable!("`peek` decides at once")
    }

    fn is_same(one: &K, other: &K) -> bool {
        one.borrow() == other.borrow()
    }
}
