//! The table of keys, shared by all threads.

use crate::{error::KeyError, registration::Destructor};
use ft_sync::atomic::{
    AtomicPtr, AtomicU32,
    Ordering::{AcqRel, Acquire, Relaxed, Release},
};
use std::{array, ffi::c_void, mem, ptr, sync::LazyLock};

/// The low bits of a key's number are its place in the table. The other bits count how often that
/// place was used before.
const PLACE_BITS: u32 = 10;

/// The low bits of a slot's state are its phase. The bits above are its generation.
const PHASE_BITS: u32 = 2;
/// The bits of a state that are in use: as many bits for the generation as a key has room for.
const STATE: u32 = u32::MAX >> (PLACE_BITS - PHASE_BITS);
const PHASE: u32 = 0b11;
/// No key; the slot can be used.
const FREE: u32 = 0b00;
/// One thread is making a key.
const BUSY: u32 = 0b01;
/// A key.
const LIVE: u32 = 0b10;

/// The largest number of keys in a table.
pub(crate) const MAX: usize = 1 << PLACE_BITS;

/// The keys of this process. Created on first use, without allocating.
pub(crate) static KEYS: LazyLock<Keys<MAX>> = LazyLock::new(Keys::new);

/// A table of up to `N` keys and their destructors.
///
/// A number is reused only after its place in the table has had 2^22 other keys.
pub struct Keys<const N: usize> {
    slots: [Slot; N],
}

struct Slot {
    /// A generation, which rises with each deletion, and a phase, which goes from [`FREE`] through
    /// [`BUSY`] to [`LIVE`] and back.
    state: AtomicU32,
    /// A [`Destructor`], or null. While the phase is [`LIVE`] it is that of the key.
    destructor: AtomicPtr<c_void>,
}

impl<const N: usize> Keys<N> {
    /// Creates a table without keys.
    #[expect(
        clippy::new_without_default,
        reason = "an array of any length has no default"
    )]
    pub fn new() -> Self {
        const { assert!(N <= MAX) };
        Self {
            slots: array::from_fn(|_| Slot {
                state: AtomicU32::new(FREE),
                destructor: AtomicPtr::new(ptr::null_mut()),
            }),
        }
    }

    /// Creates a key and returns its number, which may be 0.
    ///
    /// # Safety
    ///
    /// Until the key is deleted, and the threads that were ending at that moment have ended, the
    /// destructor may be called with every value that is set under the key and is not null, in the
    /// thread that set it.
    pub unsafe fn create(&self, destructor: Option<Destructor>) -> Result<u32, KeyError> {
        let destructor = destructor.map_or(ptr::null_mut(), |it| it as *mut c_void);
        for (place, slot) in (0..).zip(&self.slots) {
            // Relaxed: the exchange checks it again.
            let free = slot.state.load(Relaxed);
            if free & PHASE != FREE {
                continue;
            }
            // Acquire: pairs with the exchange in `delete`, so that our destructor replaces that of
            // the previous key, and never the other way round.
            // Relaxed: on failure another thread has the slot, and we try the next one.
            if (slot.state)
                .compare_exchange(free, free | BUSY, Acquire, Relaxed)
                .is_err()
            {
                continue;
            }
            // Release: pairs with the second look in `destructor`.
            slot.destructor.store(destructor, Release);
            // Release: pairs with the first look in `destructor`, which then finds our destructor.
            slot.state.store(free | LIVE, Release);
            return Ok(free >> PHASE_BITS << PLACE_BITS | place);
        }
        Err(KeyError::Exhausted)
    }

    /// Deletes a key. Its values are forgotten, and no destructor is called.
    pub fn delete(&self, key: u32) -> Result<(), KeyError> {
        let (slot, live) = self.find(key).ok_or(KeyError::NoKey)?;
        let next = (((live >> PHASE_BITS) + 1) << PHASE_BITS | FREE) & STATE;
        // AcqRel: the Acquire pairs with the Release of LIVE in `create`, and the Release pairs
        // with the Acquire of the next `create`.
        // Relaxed: on failure there is no such key, and nothing is read.
        match slot.state.compare_exchange(live, next, AcqRel, Relaxed) {
            Ok(_) => Ok(()),
            Err(_) => Err(KeyError::NoKey),
        }
    }

    /// Returns whether it is a key.
    pub fn is_live(&self, key: u32) -> bool {
        // Relaxed: nothing else is read.
        self.find(key)
            .is_some_and(|(slot, live)| slot.state.load(Relaxed) == live)
    }

    /// Returns the destructor of a key, if the key exists and has one.
    pub fn destructor(&self, key: u32) -> Option<Destructor> {
        let (slot, live) = self.find(key)?;
        // Acquire: pairs with the Release of LIVE in `create`. So the destructor is that of this
        // key, or of a later one in its place.
        if slot.state.load(Acquire) != live {
            return None;
        }
        // Acquire: pairs with the Release in `create`. If the destructor is that of a later key,
        // the thread that made that key took the slot before, and the load below sees that.
        let destructor = slot.destructor.load(Acquire);
        // Relaxed: ordered by the load above, and nothing is read after it.
        if slot.state.load(Relaxed) != live {
            return None;
        }
        // SAFETY: `create` made it from such an option, or `new` made it from null, which is
        // `None`.
        unsafe { mem::transmute::<*mut c_void, Option<Destructor>>(destructor) }
    }

    /// Returns the slot of a key, and the state that the slot has while the key exists.
    fn find(&self, key: u32) -> Option<(&Slot, u32)> {
        let slot = self.slots.get(place(key))?;
        Some((slot, key >> PLACE_BITS << PHASE_BITS | LIVE))
    }
}

/// Returns the place of a key in its table.
pub(crate) fn place(key: u32) -> usize {
    key as usize & (MAX - 1)
}
