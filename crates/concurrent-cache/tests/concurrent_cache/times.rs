//! Entries that expire, and values that are renewed.

use crate::Heard;
use ft_concurrent_cache::{Cause, Claim, Clock, ConcurrentCache, ManualClock, Party, Terms};
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);

type Cache = ConcurrentCache<u64, u64, std::hash::RandomState, ManualClock>;

fn cache(
    terms: impl FnOnce(ft_concurrent_cache::Builder<u64, u64>) -> ft_concurrent_cache::Builder<u64, u64>,
) -> (Cache, ManualClock, Heard) {
    let (clock, heard) = (ManualClock::default(), Heard::default());
    let builder = terms(ConcurrentCache::builder().max_entries(10));
    let builder = heard.by(builder).record_statistics().clock(clock.clone());
    (builder.build(), clock, heard)
}

#[test]
fn time_to_live() {
    let (cache, clock, heard) = cache(|it| it.time_to_live(10 * SECOND));
    cache.insert(1, 1);
    clock.advance(9 * SECOND);
    cache.insert(2, 2);
    assert_eq!(cache.get(&1), Some(1));
    clock.advance(SECOND);
    assert_eq!((cache.get(&1), cache.get(&2)), (None, Some(2)));
    assert_eq!(heard.take(), [(1, 1, Cause::Expired)]);
    // A new value has a new life.
    cache.insert(2, 3);
    clock.advance(9 * SECOND);
    assert_eq!(cache.get(&2), Some(3));
    clock.advance(SECOND);
    assert!(!cache.contains_key(&2));
    assert_eq!(cache.insert(2, 4), None);
    assert_eq!(
        heard.take(),
        [(2, 2, Cause::Replaced), (2, 3, Cause::Expired)]
    );
    assert_eq!(cache.statistics().expired, 2);
}

#[test]
fn time_to_idle() {
    let (cache, clock, _) = cache(|it| it.time_to_idle(10 * SECOND));
    cache.insert(1, 1);
    cache.insert(2, 2);
    for _ in 0..5 {
        clock.advance(9 * SECOND);
        assert_eq!(cache.get(&1), Some(1));
    }
    assert_eq!(cache.get(&2), None);
    clock.advance(10 * SECOND);
    assert_eq!(cache.get(&1), None);
    assert!(cache.is_empty());
}

#[test]
fn terms_of_one_entry() {
    let (cache, clock, _) = cache(|it| it.time_to_live(10 * SECOND));
    cache.insert_with(1, 1, Terms::new().time_to_live(SECOND));
    cache.insert_with(2, 2, Terms::new().time_to_live(Duration::MAX));
    cache.insert_with(3, 3, Terms::new().time_to_idle(5 * SECOND));
    cache.insert_with(4, 4, Terms::new().time_to_live(Duration::ZERO));
    assert_eq!(cache.get(&4), None);
    clock.advance(2 * SECOND);
    assert_eq!((cache.get(&1), cache.get(&3)), (None, Some(3)));
    clock.advance(5 * SECOND);
    assert_eq!((cache.get(&3), cache.get(&2)), (None, Some(2)));
    clock.advance(1_000_000 * SECOND);
    assert_eq!(cache.get(&2), Some(2));
}

/// Without times, the first entry with one is noticed.
#[test]
fn times_that_come_later() {
    let (cache, clock, _) = cache(|it| it);
    cache.insert(1, 1);
    clock.advance(SECOND);
    cache.insert_with(2, 2, Terms::new().time_to_live(SECOND));
    assert_eq!(cache.get(&2), Some(2));
    clock.advance(SECOND);
    assert_eq!((cache.get(&1), cache.get(&2)), (Some(1), None));
}

#[test]
fn insertions_remove_what_has_expired() {
    let (cache, clock, heard) = cache(|it| it.time_to_live(10 * SECOND));
    (0..8).for_each(|key| assert_eq!(cache.insert(key, key), None));
    clock.advance(10 * SECOND);
    for (count, key) in (0..4).zip(10..) {
        assert_eq!(cache.len(), 8 - count);
        cache.insert(key, key);
    }
    assert_eq!((cache.len(), heard.take().len()), (4, 8));
    (0..6).for_each(|key| assert_eq!(cache.insert(key, key), None));
    clock.advance(10 * SECOND);
    assert_eq!(cache.len(), 10);
    assert_eq!(cache.remove_expired(), 10);
    assert_eq!(
        (cache.len(), cache.weight(), heard.take().len()),
        (0, 0, 10)
    );
}

/// What was read lately is not removed, although its deadline is listed earlier.
#[test]
fn deadlines_move_with_reads() {
    let (cache, clock, heard) = cache(|it| it.time_to_idle(10 * SECOND));
    (0..4).for_each(|key| assert_eq!(cache.insert(key, key), None));
    clock.advance(8 * SECOND);
    assert_eq!(cache.get(&0), Some(0));
    clock.advance(5 * SECOND);
    cache.remove_expired();
    assert_eq!((cache.len(), heard.take().len()), (1, 3));
    clock.advance(5 * SECOND);
    cache.remove_expired();
    assert_eq!(heard.take(), [(0, 0, Cause::Expired)]);
}

#[test]
fn refresh_ahead() {
    let (cache, clock, _) = cache(|it| it.time_to_live(10 * SECOND).refresh_after(5 * SECOND));
    assert_eq!(cache.get_or_compute(1, || 1), 1);
    clock.advance(5 * SECOND);
    // A plain look returns the old value, and asks for nothing.
    assert_eq!(cache.get(&1), Some(1));
    let Ok(Claim::Stale(1, leader)) = cache.try_claim(&1, || 1) else {
        panic!("this caller should renew it");
    };
    assert!(matches!(cache.try_claim(&1, || 1), Ok(Claim::Ready(1))));
    assert_eq!(leader.publish(&1, || 1, 2), Ok(2));
    clock.advance(4 * SECOND);
    assert_eq!(cache.get_or_compute(1, || unreachable!()), 2);
    // A failure changes nothing, as long as there is an old value.
    clock.advance(4 * SECOND);
    assert_eq!(cache.try_get_or_compute(1, || Err("down")), Ok(2));
    clock.advance(4 * SECOND);
    assert_eq!(cache.try_get_or_compute(1, || Err("down")), Err("down"));
    let counts = cache.statistics();
    assert_eq!((counts.computed, counts.failed), (2, 2));
}

#[test]
fn stale_while_revalidate() {
    let (cache, clock, _) = cache(|it| {
        it.time_to_live(10 * SECOND)
            .stale_while_revalidate(5 * SECOND)
    });
    cache.insert(1, 1);
    clock.advance(12 * SECOND);
    assert_eq!(cache.get(&1), None);
    let Ok(Claim::Stale(1, leader)) = cache.try_claim(&1, || 1) else {
        panic!("this caller should renew it");
    };
    assert!(matches!(cache.try_claim(&1, || 1), Ok(Claim::Ready(1))));
    drop(leader);
    clock.advance(3 * SECOND);
    assert!(matches!(cache.try_claim(&1, || 1), Ok(Claim::Leader(_))));
}

/// A refresh does not bring back what was removed or replaced meanwhile.
#[test]
fn refresh_and_changes() {
    let (cache, _, _) = cache(|it| it.time_to_live(10 * SECOND));
    let refresh = || match cache.try_claim_refresh(Party::thread, &1, || 1) {
        Ok(Claim::Stale(_, leader) | Claim::Leader(leader)) => leader,
        _ => panic!("nobody else computes it"),
    };
    cache.insert(1, 1);
    assert_eq!(refresh().publish(&1, || 1, 2), Ok(2));
    assert_eq!(cache.get(&1), Some(2));
    let leader = refresh();
    cache.insert(1, 3);
    assert_eq!(leader.publish(&1, || 1, 4), Ok(3));
    let leader = refresh();
    cache.remove(&1);
    assert_eq!(leader.publish(&1, || 1, 5), Ok(5));
    assert_eq!(cache.get(&1), None);
    let leader = refresh();
    assert!(matches!(
        cache.try_claim_refresh(Party::thread, &1, || 1),
        Ok(Claim::Follower(_))
    ));
    assert_eq!(leader.publish(&1, || 1, 6), Ok(6));
    assert_eq!(cache.get(&1), Some(6));
}

/// A clock never goes back, and times that it cannot show are for ever.
#[test]
fn the_end_of_time() {
    let (cache, clock, _) = cache(|it| it);
    let forever = Duration::MAX - SECOND;
    let terms = (Terms::new().time_to_live(forever))
        .time_to_idle(forever)
        .refresh_after(forever);
    clock.advance(SECOND);
    cache.insert_with(1, 1, terms.stale_while_revalidate(forever));
    cache.insert_with(2, 2, Terms::new().time_to_live(SECOND));
    clock.advance(1_000_000 * SECOND);
    assert_eq!((cache.get(&1), cache.get(&2)), (Some(1), None));
    let before = clock.now();
    clock.advance(Duration::MAX);
    assert!(clock.now() > before);
    clock.advance(SECOND);
    assert!(clock.now() > before);
}

/// The clock is not read without need.
#[test]
fn no_clock_without_times() {
    #[derive(Debug)]
    struct Broken;
    impl ft_concurrent_cache::Clock for Broken {
        fn now(&self) -> Duration {
            unreachable!("nothing expires")
        }
    }
    let cache = ConcurrentCache::builder()
        .max_entries(2)
        .clock(Broken)
        .build();
    for key in 0..10 {
        cache.get_or_compute(key, || key);
        cache.get(&key);
        cache.insert(key, 1);
    }
    cache.remove(&9);
    cache.remove_if(|_, _| true);
    cache.clear();
}
