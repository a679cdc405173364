//! Counted objects in type-stable memory, for the tests of [`StableReference`].
//!
//! A pool keeps the memory of a dead object for the next one, and its count in place: as the
//! allocator of free-threaded Python does. All its memory is freed with the pool.
//!
//! [`StableReference`]: ft_atomic_reference::StableReference

use ft_atomic_reference::TryCount;
use ft_sync::{
    Mutex, UnsafeCell,
    atomic::{
        AtomicUsize,
        Ordering::{AcqRel, Acquire, Relaxed, Release},
    },
};
use std::{fmt, marker::PhantomData, ops::Deref, ptr::NonNull, sync::Arc};

/// Memory for objects.
pub struct Pool<T>(Arc<Mutex<Places<T>>>);

struct Places<T> {
    /// All of them. They do not move.
    all: Vec<NonNull<Place<T>>>,
    /// Those without an object.
    free: Vec<NonNull<Place<T>>>,
}

/// The memory of one object.
pub struct Place<T> {
    /// The references to the object. If there are none, there is no object.
    count: AtomicUsize,
    object: UnsafeCell<Option<Object<T>>>,
}

struct Object<T> {
    value: T,
    /// Keeps the memory, and takes the place back.
    pool: Arc<Mutex<Places<T>>>,
}

/// A counted reference to an object in a pool.
///
/// All objects in one slot must be of one pool.
pub struct Pooled<T>(NonNull<Place<T>>, PhantomData<Arc<T>>);

// SAFETY: the places belong to the pool. Who has the lock may move them and the objects in them.
unsafe impl<T: Send + Sync> Send for Places<T> {}
// SAFETY: as `Arc`.
unsafe impl<T: Send + Sync> Send for Pooled<T> {}
// SAFETY: as `Arc`.
unsafe impl<T: Send + Sync> Sync for Pooled<T> {}

impl<T> Default for Pool<T> {
    fn default() -> Self {
        let (all, free) = (Vec::new(), Vec::new());
        Self(Arc::new(Mutex::new(Places { all, free })))
    }
}

impl<T> Pool<T> {
    /// Makes an object. It is at the place of the one that died last, if there is such a place.
    pub fn make(&self, value: T) -> Pooled<T> {
        let place = {
            let mut places = self.0.lock().unwrap();
            places.free.pop().unwrap_or_else(|| {
                let place = Box::new(Place {
                    count: AtomicUsize::new(0),
                    object: UnsafeCell::new(None),
                });
                let place = NonNull::from(Box::leak(place));
                places.all.push(place);
                place
            })
        };
        let pool = Arc::clone(&self.0);
        // SAFETY: the place is in the pool's memory. It was free, so nobody else uses it.
        unsafe {
            let object = Object { value, pool };
            place.as_ref().object.with_mut(|to| *to = Some(object));
            // Release: pairs with `try_count`, which may find the object before anyone gave it away.
            place.as_ref().count.store(1, Release);
        }
        Pooled(place, PhantomData)
    }
}

impl<T> Drop for Places<T> {
    fn drop(&mut self) {
        for place in &self.all {
            // SAFETY: they come from boxes, and nobody has an object in one any more.
            drop(unsafe { Box::from_raw(place.as_ptr()) });
        }
    }
}

impl<T> Pooled<T> {
    fn place(&self) -> &Place<T> {
        // SAFETY: the object keeps its pool, and that its memory.
        unsafe { self.0.as_ref() }
    }

    /// Returns whether two references are to the same object.
    pub fn is(&self, other: &Self) -> bool {
        self.0 == other.0
    }

    /// Returns how many references there are.
    pub fn count(&self) -> usize {
        // Relaxed: it is only a look.
        self.place().count.load(Relaxed)
    }
}

impl<T> Deref for Pooled<T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.place().object.with(|object| {
            // SAFETY: the object does not change as long as there is a reference to it.
            let object = unsafe { (*object).as_ref() };
            &object.expect("it is alive").value
        })
    }
}

impl<T> Clone for Pooled<T> {
    fn clone(&self) -> Self {
        // Relaxed: the object lives already.
        self.place().count.fetch_add(1, Relaxed);
        Self(self.0, PhantomData)
    }
}

impl<T> Drop for Pooled<T> {
    fn drop(&mut self) {
        let place = self.place();
        // Release and acquire: all uses of the object happen before its end.
        if place.count.fetch_sub(1, AcqRel) > 1 {
            return;
        }
        // SAFETY: this was the last reference, and no new one comes from a count of 0.
        let object = place.object.with_mut(|object| unsafe { (*object).take() });
        let Object { value, pool } = object.expect("it was alive");
        pool.lock().unwrap().free.push(self.0);
        drop(value);
    }
}

// SAFETY:
// * A place does not move. Two objects that live at the same time have different ones.
// * The memory stays a place until the pool is gone. If the objects in a slot are of one pool, the one
//   that is in it keeps the pool.
unsafe impl<T> TryCount for Pooled<T> {
    type Target = Place<T>;

    fn into_ptr(this: Self) -> *mut Place<T> {
        std::mem::ManuallyDrop::new(this).0.as_ptr()
    }

    fn as_ptr(this: &Self) -> *mut Place<T> {
        this.0.as_ptr()
    }

    unsafe fn from_ptr(ptr: *mut Place<T>) -> Self {
        // SAFETY: the caller's promise; it is not null then.
        Self(unsafe { NonNull::new_unchecked(ptr) }, PhantomData)
    }

    unsafe fn try_count(ptr: *mut Place<T>) -> Option<Self> {
        // SAFETY: the memory is still a place.
        let count = unsafe { &(*ptr).count };
        let add = |count| (count > 0).then_some(count + 1);
        // Acquire, if there is no object: pairs with its end in `drop`.
        count.fetch_update(AcqRel, Acquire, add).ok()?;
        // SAFETY: this reference was counted just now.
        Some(unsafe { Self::from_ptr(ptr) })
    }
}

impl<T: fmt::Debug> fmt::Debug for Pooled<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}
