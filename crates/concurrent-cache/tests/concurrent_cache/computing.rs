//! Missing keys that one caller computes while others wait.

use ft_concurrent_cache::{Claim, ConcurrentCache, Party};
use ft_test_support::{start_together, until};
use std::{
    future::Future,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    task::{Context, Poll, Wake, Waker},
    thread,
};

#[test]
fn computed_once() {
    let (cache, calls) = (
        ConcurrentCache::builder().record_statistics().build(),
        AtomicUsize::new(0),
    );
    let results = start_together(4, |_| {
        cache.get_or_compute("key", || {
            thread::yield_now();
            calls.fetch_add(1, SeqCst)
        })
    });
    assert_eq!(results, [0; 4]);
    let counts = cache.statistics();
    assert_eq!((counts.hits, counts.misses, counts.computed), (3, 1, 1));
}

#[test]
fn failures_are_handed_over() {
    let (cache, calls) = (ConcurrentCache::new(10), AtomicUsize::new(0));
    let results = start_together(4, |_| {
        cache.try_get_or_compute("key", || match calls.fetch_add(1, SeqCst) {
            call @ 0..2 => Err(call),
            call => Ok(call),
        })
    });
    let failed = results.iter().filter(|result| result.is_err()).count();
    assert_eq!(failed, 2);
    assert_eq!(results.iter().filter(|result| **result == Ok(2)).count(), 2);
}

#[test]
fn panics_are_handed_over() {
    let (cache, calls) = (ConcurrentCache::new(10), AtomicUsize::new(0));
    let results = start_together(3, |_| {
        catch_unwind(AssertUnwindSafe(|| {
            cache.get_or_compute("key", || {
                assert!(calls.fetch_add(1, SeqCst) > 0, "the first one fails");
                7
            })
        }))
        .ok()
    });
    let mut results = results;
    results.sort();
    assert_eq!(results, [None, Some(7), Some(7)]);
}

#[test]
#[should_panic(expected = "asked for the same value")]
fn a_key_that_needs_itself() {
    let cache = ConcurrentCache::new(10);
    cache.get_or_compute("key", || cache.get_or_compute("key", || 1));
}

fn lead<'a>(
    cache: &'a ConcurrentCache<u64, u64>,
    key: &u64,
) -> ft_concurrent_cache::Leader<'a, u64, u64> {
    match cache.try_claim(key, || *key) {
        Ok(Claim::Leader(leader)) => leader,
        _ => panic!("the key is missing, and nobody computes it"),
    }
}

/// What is removed during its computation is not stored.
#[test]
fn removals_outdate_computations() {
    let cache = ConcurrentCache::new(10);
    let removals: [fn(&ConcurrentCache<u64, u64>); 3] = [
        |cache| assert_eq!(cache.remove(&1), None),
        |cache| cache.clear(),
        |cache| cache.remove_if(|_, _| false),
    ];
    for remove in removals {
        let leader = lead(&cache, &1);
        remove(&cache);
        assert!(matches!(cache.try_claim(&1, || 1), Ok(Claim::Follower(_))));
        assert_eq!(leader.publish(&1, || 1, 7), Ok(7));
        assert_eq!((cache.get(&1), cache.len()), (None, 0));
        // The next one is stored again.
        assert_eq!(lead(&cache, &1).publish(&1, || 1, 8), Ok(8));
        assert_eq!(cache.remove(&1), Some(8));
    }
    // Another key does not matter.
    let leader = lead(&cache, &1);
    cache.remove(&2);
    assert_eq!(leader.publish(&1, || 1, 9), Ok(9));
    assert_eq!(cache.get(&1), Some(9));
}

/// What is inserted during a computation stays, and so does its absence once it was evicted.
#[test]
fn insertions_outdate_computations() {
    let cache = ConcurrentCache::new(1);
    let leader = lead(&cache, &1);
    cache.insert(1, 5);
    assert!(matches!(cache.try_claim(&1, || 1), Ok(Claim::Ready(5))));
    assert_eq!(leader.publish(&1, || 1, 7), Ok(5));
    cache.remove(&1);
    let leader = lead(&cache, &1);
    cache.insert(1, 5);
    cache.insert(2, 6);
    assert_eq!(cache.get(&1), None);
    assert_eq!(leader.publish(&1, || 1, 7), Ok(7));
    assert_eq!(cache.get(&1), None);
}

/// Those who wait for a value that was outdated compute it anew.
#[test]
fn followers_of_an_outdated_computation() {
    let cache = Arc::new(ConcurrentCache::new(10));
    let leader = lead(&cache, &1);
    let (theirs, waits) = (Arc::clone(&cache), Arc::new(AtomicUsize::new(0)));
    let waiting = Arc::clone(&waits);
    let follower = thread::spawn(move || {
        waiting.store(1, SeqCst);
        theirs.get_or_compute(1, || 8)
    });
    until(|| waits.load(SeqCst) == 1);
    cache.remove(&1);
    assert_eq!(leader.publish(&1, || 1, 7), Ok(7));
    assert_eq!(follower.join().unwrap(), 8);
    assert_eq!(cache.get(&1), Some(8));
}

#[test]
fn suspended_and_resumed() {
    let cache = ConcurrentCache::builder().record_statistics().build();
    let duty = lead(&cache, &1).suspend();
    assert!(matches!(cache.try_claim(&1, || 1), Ok(Claim::Follower(_))));
    assert_eq!(cache.resume(duty).publish(&1, || 1, 7), Ok(7));
    drop(lead(&cache, &2));
    let counts = cache.statistics();
    assert_eq!((counts.computed, counts.failed), (1, 1));
}

struct Bell(AtomicUsize);

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, SeqCst);
    }
}

/// A task waits for a thread.
#[test]
fn waiting_as_a_task() {
    let cache = ConcurrentCache::new(10);
    let leader = lead(&cache, &1);
    let mut task = pin!(async {
        loop {
            let Ok(claim) = cache.try_claim_for(|| Party::task(7), &1, || 1);
            match claim {
                Claim::Ready(value) => return value,
                Claim::Follower(flight) => {
                    let landed = || flight.has_landed().then_some(());
                    flight.changed().wait_until_async(landed).await;
                }
                _ => panic!("there is a leader"),
            }
        }
    });
    let bell = Arc::new(Bell(AtomicUsize::new(0)));
    let waker = Waker::from(Arc::clone(&bell));
    let mut cx = Context::from_waker(&waker);
    assert_eq!(task.as_mut().poll(&mut cx), Poll::Pending);
    assert_eq!(leader.publish(&1, || 1, 7), Ok(7));
    assert_eq!(bell.0.load(SeqCst), 1);
    assert_eq!(task.as_mut().poll(&mut cx), Poll::Ready(7));
}
