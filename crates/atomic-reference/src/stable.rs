//! The slot for objects in type-stable memory.

use crate::change::{Change, change};
use ft_sync::atomic::{
    AtomicPtr,
    Ordering::{Relaxed, SeqCst},
};
use std::{convert::Infallible, fmt, marker::PhantomData, mem::ManuallyDrop};

/// A counted reference to an object that lies in type-stable memory: its count can still be read
/// after the object has died.
///
/// # Safety
///
/// * The pointer is never null. Equal pointers mean the same object, as long as there is a reference
///   to it. Converting to a pointer and back leaves the count as it is.
/// * From the death of an object until every operation on a [`StableReference`] that runs at that
///   moment has ended, [`try_count`](Self::try_count) may be called with the object's address. In
///   this time the memory may become another object of this type, but nothing else.
/// * The functions keep the promises in their documentation.
pub unsafe trait TryCount: Sized {
    /// What the pointer points to.
    type Target;

    /// Turns a reference into a pointer.
    fn into_ptr(this: Self) -> *mut Self::Target;

    /// Returns the pointer of a reference.
    fn as_ptr(this: &Self) -> *mut Self::Target;

    /// Turns a pointer back into the reference that it was.
    ///
    /// # Safety
    ///
    /// The pointer comes from [`into_ptr`](Self::into_ptr), and becomes a reference once.
    unsafe fn from_ptr(ptr: *mut Self::Target) -> Self;

    /// Makes a new reference to the object at an address, if an object lives there. It need not be
    /// the object that the caller knows: that one may have died, and another one taken its place.
    ///
    /// If the result is a reference, it is counted before any later load of the calling thread. If
    /// it is `None`, the object has died, and all that happened before its death happens before the
    /// return.
    ///
    /// # Safety
    ///
    /// At some moment of the running operation on a [`StableReference`] the slot held a reference
    /// with this address.
    unsafe fn try_count(ptr: *mut Self::Target) -> Option<Self>;
}

/// A slot for one reference that threads share and replace in atomic steps, for objects in
/// type-stable memory.
///
/// It does the same as [`AtomicReference`](crate::AtomicReference). Reading is cheaper, because it
/// writes nothing but the count of the object; and so is replacing, which need not look for readers.
/// The cost of an operation does not depend on the number of threads. The price is in what
/// [`TryCount`] demands of the memory. An [`Arc`](std::sync::Arc) does not have it. Objects in a pool
/// have, if the pool keeps their counts in place; so do the objects of a runtime that frees memory
/// only after all threads have passed a safe point.
///
/// ```
/// use ft_atomic_reference::{StableReference, TryCount};
/// use std::{mem, ptr, sync::atomic::{AtomicUsize, Ordering::SeqCst}};
///
/// /// A number, and how many references there are. The memory is never given back.
/// struct Place {
///     count: AtomicUsize,
///     number: u32,
/// }
///
/// struct Counted(&'static Place);
///
/// impl Counted {
///     fn new(number: u32) -> Self {
///         let count = AtomicUsize::new(1);
///         Self(Box::leak(Box::new(Place { count, number })))
///     }
/// }
///
/// impl Drop for Counted {
///     fn drop(&mut self) {
///         self.0.count.fetch_sub(1, SeqCst);
///     }
/// }
///
/// // SAFETY: a place stays one for ever, and each has its own address.
/// unsafe impl TryCount for Counted {
///     type Target = Place;
///
///     fn into_ptr(this: Self) -> *mut Place {
///         let place = Self::as_ptr(&this);
///         mem::forget(this);
///         place
///     }
///     fn as_ptr(this: &Self) -> *mut Place {
///         ptr::from_ref(this.0).cast_mut()
///     }
///     unsafe fn from_ptr(place: *mut Place) -> Self {
///         // SAFETY: it is the address of a place.
///         Self(unsafe { &*place })
///     }
///     unsafe fn try_count(place: *mut Place) -> Option<Self> {
///         // SAFETY: as above.
///         let place = unsafe { &*place };
///         let one_more = |count| (count > 0).then_some(count + 1);
///         place.count.fetch_update(SeqCst, SeqCst, one_more).ok()?;
///         Some(Self(place))
///     }
/// }
///
/// let slot = StableReference::new(Counted::new(1));
/// let first = slot.load();
/// slot.store(Counted::new(2));
/// assert_eq!((first.0.number, slot.load().0.number), (1, 2));
/// // The slot has given up its reference to the first number.
/// assert_eq!(first.0.count.load(SeqCst), 1);
/// ```
///
/// # Algorithm
///
/// A reader loads the pointer, counts a reference to whatever lives at that address, and looks
/// whether the slot still has the same pointer. If so, the object that it has counted is the one in
/// the slot, at the moment of the second look. If not, it gives the count back and starts again. If
/// nothing lives there any more, the slot has changed, and it starts again as well. This is the scheme
/// of Valois (1995), as corrected by Michael and Scott (1995), and that of Linux's
/// `SLAB_TYPESAFE_BY_RCU`.
///
/// A writer exchanges the pointer, and with it the references: the one in the slot becomes the
/// caller's.
///
/// # Orderings and progress
///
/// Every operation is one sequentially consistent step. No operation waits for another one. A store or
/// an exchange is one step of the machine. The other operations are repeated if another thread has
/// replaced the object meanwhile.
pub struct StableReference<T: TryCount> {
    /// From `T::into_ptr`. The slot owns this reference.
    ptr: AtomicPtr<T::Target>,
    owned: PhantomData<T>,
}

// SAFETY: a thread that has the slot can take the reference out of it, or a copy.
unsafe impl<T: TryCount + Send + Sync> Send for StableReference<T> {}
// SAFETY: as above. Threads that share the slot can put references in for each other, and copy them.
unsafe impl<T: TryCount + Send + Sync> Sync for StableReference<T> {}

impl<T: TryCount> StableReference<T> {
    /// Creates a slot with `value` in it.
    #[inline]
    pub fn new(value: T) -> Self {
        Self {
            ptr: AtomicPtr::new(T::into_ptr(value)),
            owned: PhantomData,
        }
    }

    /// Returns the address of the object. The object may be gone by the time of the return, unless
    /// the caller knows that no other thread replaces it.
    #[inline]
    pub fn as_ptr(&self) -> *mut T::Target {
        self.ptr.load(SeqCst)
    }

    /// Returns a new reference to the object.
    #[inline]
    pub fn load(&self) -> T {
        match self.count(self.as_ptr()) {
            Some(value) => value,
            None => self.load_again(),
        }
    }

    #[cold]
    fn load_again(&self) -> T {
        loop {
            if let Some(value) = self.count(self.as_ptr()) {
                return value;
            }
        }
    }

    /// Makes a reference to the object, if it still is the one with this address.
    #[inline]
    fn count(&self, ptr: *mut T::Target) -> Option<T> {
        // SAFETY: the pointer was in the slot during this operation.
        let value = unsafe { T::try_count(ptr) }?;
        // As we hold a reference, an object that is there now is the one that we have counted. If
        // the slot has another one, ours may never have been in it, and is released.
        if self.as_ptr() != ptr {
            return late(value);
        }
        Some(value)
    }

    /// Calls `f` with the object.
    ///
    /// The object lives until `f` returns, whatever happens to the slot.
    #[inline]
    pub fn with<R>(&self, f: impl FnOnce(&T) -> R) -> R {
        f(&self.load())
    }

    /// Replaces the object, and drops the slot's reference to the previous one.
    #[inline]
    pub fn store(&self, value: T) {
        drop(self.exchange(value));
    }

    /// Replaces the object and returns the previous one.
    #[inline]
    pub fn exchange(&self, value: T) -> T {
        let before = self.ptr.swap(T::into_ptr(value), SeqCst);
        // SAFETY: the slot owned this reference, and the exchange took it out.
        unsafe { T::from_ptr(before) }
    }

    /// Stores `new` if the object is `expected`, by identity, and returns the previous object.
    ///
    /// # Errors
    ///
    /// The present object, if it is another one. In that case nothing has changed.
    #[inline]
    pub fn compare_exchange(&self, expected: &T, mut new: T) -> Result<T, T> {
        loop {
            match self.replace(expected, new) {
                Ok(before) => return Ok(before),
                Err((refused, current)) => match self.count(current) {
                    Some(current) => return Err(current),
                    None => new = refused,
                },
            }
        }
    }

    /// Stores `new` if the object is `expected`, by identity, and returns the previous object.
    ///
    /// It does less than [`compare_exchange`](Self::compare_exchange) if it fails, because it does
    /// not make a reference to the other object.
    ///
    /// # Errors
    ///
    /// `new`, if the object is another one. In that case nothing has changed.
    #[inline]
    pub fn try_replace(&self, expected: &T, new: T) -> Result<T, T> {
        self.replace(expected, new).map_err(|(refused, _)| refused)
    }

    /// If it fails, it returns `new`, and the pointer that was there.
    #[inline]
    fn replace(&self, expected: &T, new: T) -> Result<T, (T, *mut T::Target)> {
        let (expected, new) = (T::as_ptr(expected), T::into_ptr(new));
        match self.ptr.compare_exchange(expected, new, SeqCst, SeqCst) {
            // SAFETY: the slot owned this reference, and the exchange took it out.
            Ok(before) => Ok(unsafe { T::from_ptr(before) }),
            // SAFETY: the slot has not taken this reference.
            Err(current) => Err((unsafe { T::from_ptr(new) }, current)),
        }
    }

    /// Replaces the object by `f` of it, and calls `f` again whenever another thread was faster.
    #[inline]
    pub fn update(&self, mut f: impl FnMut(&T) -> T) -> Change<T>
    where
        T: Clone,
    {
        match self.try_update(|value| Ok::<_, Infallible>(f(value))) {
            Ok(change) => change,
        }
    }

    /// Like [`update`](Self::update), with an `f` that may fail. `f` may use the slot itself; but
    /// if it replaces the object on each call, this never ends.
    ///
    /// # Errors
    ///
    /// The first error of `f`. In that case the object stays in place.
    #[inline]
    pub fn try_update<E>(&self, f: impl FnMut(&T) -> Result<T, E>) -> Result<Change<T>, E>
    where
        T: Clone,
    {
        change(self.load(), f, |before, after| {
            self.compare_exchange(before, after)
        })
    }

    /// Returns the object.
    pub fn into_inner(self) -> T {
        ManuallyDrop::new(self).take()
    }

    /// Takes the reference out, at the end of the slot's life.
    fn take(&mut self) -> T {
        // Relaxed: no other thread has the slot any more.
        let ptr = self.ptr.load(Relaxed);
        // SAFETY: the slot owned this reference, and is not used any more.
        unsafe { T::from_ptr(ptr) }
    }
}

/// Releases what was counted too late.
#[cold]
fn late<T>(value: T) -> Option<T> {
    drop(value);
    None
}

impl<T: TryCount> Drop for StableReference<T> {
    fn drop(&mut self) {
        drop(self.take());
    }
}

impl<T: TryCount + Default> Default for StableReference<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T: TryCount> From<T> for StableReference<T> {
    fn from(value: T) -> Self {
        Self::new(value)
    }
}

impl<T: TryCount + fmt::Debug> fmt::Debug for StableReference<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("StableReference")
            .field(&self.load())
            .finish()
    }
}
