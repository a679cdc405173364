//! Comparisons, listeners and destructors that fail, and that use the cache.

use ft_concurrent_cache::{Cause, Claim, ConcurrentCache, Party, Query, Terms};
use ft_test_support::LONG;
use std::{
    cell::Cell,
    hash::BuildHasher,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, OnceLock, mpsc},
    thread,
};

/// A key that can only be compared outside of the lock. All have the same hash.
#[derive(Clone, Debug)]
struct Name(Arc<str>);

impl Name {
    fn new(name: &str) -> Self {
        Self(name.into())
    }
}

/// Looks for a key, and does something at each comparison.
struct Probe<'a>(&'a str, &'a dyn Fn() -> Result<(), String>);

impl Query<Name> for Probe<'_> {
    type Error = String;

    fn hash<S: BuildHasher>(&self, _: &S) -> u64 {
        7
    }
    fn peek(&self, _: &Name) -> Option<bool> {
        None
    }
    fn compare(&self, stored: &Name) -> Result<bool, String> {
        self.1()?;
        Ok(*self.0 == *stored.0)
    }
    fn keep(stored: &Name) -> Name {
        stored.clone()
    }
    fn is_same(one: &Name, other: &Name) -> bool {
        Arc::ptr_eq(&one.0, &other.0)
    }
}

type Cache = ConcurrentCache<Name, u32>;

fn fine() -> Result<(), String> {
    Ok(())
}

fn get(cache: &Cache, name: &str) -> Option<u32> {
    cache.try_read(&Probe(name, &fine), |value| *value).unwrap()
}

fn insert(cache: &Cache, name: &str, value: u32) -> Option<u32> {
    let new = || Name::new(name);
    cache
        .try_insert(&Probe(name, &fine), new, value, Terms::new())
        .unwrap()
}

#[test]
fn keys_of_one_hash() {
    let cache = Cache::new(3);
    for (value, name) in ["a", "b", "c"].into_iter().enumerate() {
        assert_eq!(insert(&cache, name, value as u32), None);
    }
    assert_eq!(
        (get(&cache, "a"), get(&cache, "c"), get(&cache, "d")),
        (Some(0), Some(2), None)
    );
    assert_eq!(insert(&cache, "b", 9), Some(1));
    assert_eq!(insert(&cache, "d", 10), None);
    assert_eq!((cache.len(), get(&cache, "d")), (3, Some(10)));
}

#[test]
fn comparisons_that_fail() {
    let cache = Cache::new(10);
    insert(&cache, "a", 1);
    let failing = Probe("a", &|| Err("no".into()));
    let no = || "no".to_owned();
    assert_eq!(cache.try_read(&failing, |value| *value), Err(no()));
    assert_eq!(cache.try_contains(&failing), Err(no()));
    assert_eq!(cache.try_remove(&failing), Err(no()));
    assert_eq!(
        cache.try_insert(&failing, || Name::new("a"), 2, Terms::new()),
        Err(no())
    );
    assert!(cache.try_claim(&failing, || Name::new("a")).is_err());
    assert_eq!(
        (get(&cache, "a"), cache.len(), cache.weight()),
        (Some(1), 1, 1)
    );
    // A failure to publish hands the duty over.
    let Ok(Claim::Leader(leader)) = cache.try_claim(&Probe("b", &fine), || Name::new("b")) else {
        panic!("it is missing");
    };
    let failing = Probe("b", &|| Err("no".into()));
    assert_eq!(leader.publish(&failing, || Name::new("b"), 2), Err(no()));
    assert!(matches!(
        cache.try_claim(&Probe("b", &fine), || Name::new("b")),
        Ok(Claim::Leader(_))
    ));
}

#[test]
fn comparisons_that_use_the_cache() {
    let cache = Cache::new(2);
    insert(&cache, "a", 1);
    insert(&cache, "b", 2);
    let left = Cell::new(3_u32);
    let busy = || {
        // New keys would have to be compared for ever.
        if left.replace(left.get().saturating_sub(1)) == 0 {
            return Ok(());
        }
        cache.clear();
        insert(&cache, "c", 3);
        insert(&cache, "d", 4);
        insert(&cache, "e", 5);
        Ok(())
    };
    let inserted = cache.try_insert(&Probe("f", &busy), || Name::new("f"), 6, Terms::new());
    assert_eq!(inserted, Ok(None));
    assert_eq!(
        (cache.len(), cache.weight(), get(&cache, "f")),
        (2, 2, Some(6))
    );
}

#[test]
fn listener_that_uses_the_cache() {
    let cache: Arc<OnceLock<ConcurrentCache<u64, u64>>> = Arc::default();
    let heard = Arc::new(Mutex::new(0));
    let (theirs, count) = (Arc::clone(&cache), Arc::clone(&heard));
    let made = ConcurrentCache::builder()
        .max_entries(2)
        .listener(move |key, value, cause| {
            *count.lock().unwrap() += 1;
            let cache = theirs.get().unwrap();
            assert_ne!(cache.get(key), Some(*value));
            if cause == Cause::Evicted && *key < 100 {
                cache.insert(key + 100, *value);
            }
        })
        .build();
    let cache = cache.get_or_init(|| made);
    for key in 0..10 {
        cache.insert(key, key);
        assert!(cache.len() <= 2);
    }
    assert!(*heard.lock().unwrap() > 8);
}

#[test]
fn listener_that_panics() {
    let cache = ConcurrentCache::builder()
        .max_weight(10)
        .listener(|_, _, _| panic!("the listener"))
        .build();
    for key in 0..10 {
        cache.insert_with(key, key, Terms::new().weight(1));
    }
    let heavy = catch_unwind(AssertUnwindSafe(|| {
        cache.insert_with(10, 10, Terms::new().weight(8));
    }));
    assert!(heavy.is_err());
    assert_eq!(cache.get(&10), Some(10));
    assert!((cache.weight(), cache.len()) == (10, 3));
}

/// A key whose clone panics, and a value that uses the cache when it is dropped.
#[test]
fn clones_that_panic() {
    #[derive(PartialEq, Eq, Hash)]
    struct Key(u64);
    impl Clone for Key {
        fn clone(&self) -> Self {
            assert!(self.0 < 100, "no copies");
            Self(self.0)
        }
    }
    let cache = ConcurrentCache::new(2);
    for key in [1, 2, 3, 100, 101] {
        let inserted = catch_unwind(AssertUnwindSafe(|| cache.insert(Key(key), key)));
        assert_eq!(inserted.is_err(), key >= 100);
    }
    assert_eq!(
        (cache.len(), cache.weight(), cache.get(&Key(3))),
        (2, 2, Some(3))
    );
}

#[test]
fn destructors_that_use_the_cache() {
    #[derive(Clone)]
    struct Value(Arc<OnceLock<ConcurrentCache<u64, Value>>>, u64);
    impl Drop for Value {
        fn drop(&mut self) {
            if let Some(cache) = self.0.get() {
                assert!(cache.len() <= 3);
                cache.contains_key(&self.1);
            }
        }
    }
    let shared: Arc<OnceLock<ConcurrentCache<u64, Value>>> = Arc::default();
    let cache = shared.get_or_init(|| ConcurrentCache::new(3));
    for key in 0..20 {
        cache.insert(key % 7, Value(Arc::clone(&shared), key));
    }
    cache.remove_if(|key, _| *key < 3);
    cache.clear();
    assert!(cache.is_empty());
}

/// A computed value that is not stored is dropped outside of the lock.
#[test]
fn destructors_of_values_that_are_not_stored() {
    type Shared = Arc<OnceLock<ConcurrentCache<u64, Value>>>;
    #[derive(Clone)]
    struct Value(Shared);
    impl Drop for Value {
        fn drop(&mut self) {
            if thread::panicking() {
                return;
            }
            let (shared, (used, is_used)) = (Arc::clone(&self.0), mpsc::channel());
            // If the lock is held, this thread waits.
            thread::spawn(move || {
                let cache = shared.get().unwrap();
                cache.contains_key(&1);
                used.send(())
            });
            assert!(is_used.recv_timeout(LONG).is_ok(), "dropped under a lock");
        }
    }
    let shared = Shared::default();
    let cache = shared.get_or_init(|| ConcurrentCache::new(3));
    let lead = || match cache.try_claim(&1, || 1) {
        Ok(Claim::Leader(leader)) => leader,
        _ => panic!("it is missing, and nobody computes it"),
    };
    // The key was removed meanwhile.
    let leader = lead();
    cache.remove(&1);
    let Ok(_) = leader.publish(&1, || 1, Value(Arc::clone(&shared)));
    assert!(!cache.contains_key(&1));
    // There is another value meanwhile.
    let leader = lead();
    cache.insert(1, Value(Arc::clone(&shared)));
    let Ok(_) = leader.publish(&1, || 1, Value(Arc::clone(&shared)));
    cache.clear();
    assert!(cache.is_empty());
}

/// A value that is stored while a refresh begins is later than the one to be renewed.
#[test]
fn an_insertion_while_a_refresh_begins() {
    let cache = Cache::new(3);
    insert(&cache, "a", 1);
    let compared = Cell::new(0);
    let second = || {
        compared.set(compared.get() + 1);
        if compared.get() == 2 {
            insert(&cache, "a", 5);
        }
        Ok(())
    };
    let claim = cache.try_claim_refresh(Party::thread, &Probe("a", &second), || Name::new("a"));
    let Ok(Claim::Stale(_, leader)) = claim else {
        panic!("it is there, and nobody renews it");
    };
    assert_eq!(compared.get(), 2);
    let published = leader.publish(&Probe("a", &fine), || Name::new("a"), 9);
    assert_eq!((published, get(&cache, "a")), (Ok(5), Some(5)));
}

/// A value without room puts the previous one out; but not if the listener's key cannot be had.
#[test]
fn a_key_that_cannot_be_cloned() {
    let builder = ConcurrentCache::builder().max_weight(3).parts(1);
    let cache: Cache = builder.listener(|_, _, _| {}).build();
    let heavy = |name, new: &dyn Fn() -> Name| {
        let terms = Terms::new().weight(5);
        let call = || cache.try_insert(&Probe(name, &fine), new, 9, terms);
        catch_unwind(AssertUnwindSafe(call))
    };
    assert!(heavy("a", &|| panic!("no key")).is_err());
    assert_eq!(get(&cache, "a"), None);

    insert(&cache, "a", 1);
    // There is a key that the listener can be told.
    assert_eq!(heavy("a", &|| panic!("no key")).unwrap(), Ok(Some(1)));
    assert_eq!((get(&cache, "a"), cache.weight()), (None, 0));
}
