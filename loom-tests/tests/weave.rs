//! Models of what threads share in `ft-weave`: the table of keys.
//!
//! Lists of destructors belong to their threads, so there is nothing to explore in them.
#![cfg(ft_loom)]

use ft_sync::{
    Arc,
    atomic::{AtomicU32, AtomicUsize, Ordering::Relaxed, Ordering::SeqCst},
    thread,
};
use ft_weave::{
    Destructor, KeyError,
    parts::{Keys, Locals},
};
use loom_tests::check;
use std::{ffi::c_void, ptr};

/// How often each of two destructors was called.
#[derive(Default)]
struct Calls([AtomicUsize; 2]);

impl Calls {
    fn value(&self) -> *mut c_void {
        ptr::from_ref(self).cast_mut().cast()
    }

    fn count(&self) -> [usize; 2] {
        [0, 1].map(|which| self.0[which].load(SeqCst))
    }
}

unsafe extern "C" fn first(calls: *mut c_void) {
    // SAFETY: the models set no other values.
    unsafe { &*calls.cast::<Calls>() }.0[0].fetch_add(1, SeqCst);
}

unsafe extern "C" fn second(calls: *mut c_void) {
    // SAFETY: as above.
    unsafe { &*calls.cast::<Calls>() }.0[1].fetch_add(1, SeqCst);
}

fn new_key<const N: usize>(keys: &Keys<N>, destructor: Destructor) -> u32 {
    // SAFETY: both take all values that are set.
    unsafe { keys.create(Some(destructor)) }.unwrap()
}

/// A thread that ends while its key is deleted, and another made in the same place, calls its own
/// destructor at most once, and never the other's.
#[test]
fn ending_against_deletion_and_reuse() {
    check(|| {
        let keys = Arc::new(Keys::<1>::new());
        let calls = Arc::new(Calls::default());
        let key = new_key(&keys, first);
        let (their_keys, their_calls) = (Arc::clone(&keys), Arc::clone(&calls));
        let ending = thread::spawn(move || {
            let locals = Locals::default();
            // The key may have been deleted already.
            let _ = locals.set(&their_keys, key, their_calls.value());
            locals.run(&their_keys)
        });
        keys.delete(key).unwrap();
        let later = new_key(&keys, second);
        assert_ne!(later, key);
        let called = ending.join().unwrap();
        assert_eq!(calls.count(), [called, 0]);
        assert!(called <= 1);
    });
}

/// Of two threads that delete a key, one does, and a third cannot set it any more.
#[test]
fn deleted_once() {
    check(|| {
        let keys = Arc::new(Keys::<1>::new());
        let key = new_key(&keys, first);
        let theirs = Arc::clone(&keys);
        let other = thread::spawn(move || theirs.delete(key));
        let results = [keys.delete(key), other.join().unwrap()];
        assert!(results.contains(&Ok(())) && results.contains(&Err(KeyError::NoKey)));
        let locals = Locals::default();
        let set = locals.set(&keys, key, ptr::null_mut());
        assert_eq!(set, Err(KeyError::NoKey));
    });
}

/// Threads that make keys at the same time get different ones, each with its own destructor, also
/// where keys were deleted before.
#[test]
fn made_at_the_same_time() {
    check(|| {
        let keys = Arc::new(Keys::<2>::new());
        let old = new_key(&keys, second);
        let theirs = Arc::clone(&keys);
        let other = thread::spawn(move || {
            let key = new_key(&theirs, first);
            (key, called(&theirs, key))
        });
        keys.delete(old).unwrap();
        let key = new_key(&keys, second);
        let ours = called(&keys, key);
        let (their_key, theirs) = other.join().unwrap();
        assert_ne!(key, their_key);
        assert_eq!((ours, theirs), ([0, 1], [1, 0]));
        // This holds for the key in the old one's place, too.
        assert!(key != old && their_key != old);
    });
}

/// Returns which destructors a thread calls after it has set a key.
fn called<const N: usize>(keys: &Keys<N>, key: u32) -> [usize; 2] {
    let calls = Arc::new(Calls::default());
    let locals = Locals::default();
    locals.set(keys, key, calls.value()).unwrap();
    assert_eq!(locals.run(keys), 1);
    calls.count()
}

/// A thread that finds a key live also finds its destructor, however it came by the number.
#[test]
fn a_key_comes_with_its_destructor() {
    check(|| {
        let keys = Arc::new(Keys::<1>::new());
        let number = Arc::new(AtomicU32::new(0));
        let old = new_key(&keys, second);
        keys.delete(old).unwrap();
        let (theirs, their_number) = (Arc::clone(&keys), Arc::clone(&number));
        let making = thread::spawn(move || {
            // Relaxed: the table publishes the key.
            their_number.store(new_key(&theirs, first), Relaxed);
        });
        let key = number.load(Relaxed);
        let (locals, calls) = (Locals::default(), Arc::new(Calls::default()));
        if locals.set(&keys, key, calls.value()).is_ok() {
            assert_eq!(locals.run(&keys), 1);
            assert_eq!(calls.count(), [1, 0]);
        }
        making.join().unwrap();
    });
}
