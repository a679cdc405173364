//! Behavior seen from outside. What depends on schedules is in `loom-tests`.

use std::{
    collections::BTreeMap,
    convert::Infallible,
    error::Error,
    sync::{
        Arc, Barrier, Mutex,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    thread,
    time::{Duration, Instant},
};

use ft_gathering_iter::{GatheringIter, InsertError, NextError, Reader, Refusal};
use proptest::prelude::*;

/// Values in the stress test.
const VALUES: u64 = if cfg!(miri) { 200 } else { 100_000 };

const SHORT: Duration = Duration::from_millis(20);

/// Long enough that a test that waits for it has failed.
const LONG: Duration = Duration::from_secs(20);

type Gathering<V = u64> = GatheringIter<V, &'static str>;

fn filled(keys: impl IntoIterator<Item = u64>) -> Gathering {
    let gathering = Gathering::new();
    for key in keys {
        assert_eq!(gathering.insert(key, key * 10), Ok(None));
    }
    gathering
}

fn windowed(window: u64) -> Gathering {
    Gathering::with_window(window.try_into().unwrap())
}

fn refused<V>(
    value: V,
    reason: Refusal<&'static str>,
) -> Result<Option<V>, InsertError<V, &'static str>> {
    Err(InsertError { value, reason })
}

/// What a reader returns without waiting, and why it then stops.
fn available<V>(reader: &Reader<V, &'static str>) -> (Vec<V>, NextError<&'static str>) {
    let mut values = Vec::new();
    loop {
        match reader.try_next() {
            Ok(value) => values.push(value),
            Err(why) => return (values, why),
        }
    }
}

#[test]
fn in_order() {
    let gathering = filled((0..100).rev());
    assert_eq!(gathering.len(), 100);
    assert!(!gathering.is_empty());
    let reader = gathering.drain(100);
    for n in 0..100 {
        assert_eq!(reader.position(), Some(n));
        assert_eq!(reader.try_next(), Ok(n * 10));
    }
    assert_eq!(reader.position(), None);
    assert_eq!(reader.try_next(), Err(NextError::Ended));
    assert!(gathering.is_empty());
}

#[test]
fn end_is_exclusive() {
    let gathering = filled(0..5);
    for reader in [gathering.drain(0), gathering.iter(0)] {
        assert_eq!(available(&reader), (vec![], NextError::Ended));
    }
    assert_eq!(
        available(&gathering.iter(2)),
        (vec![0, 10], NextError::Ended)
    );
    assert_eq!(available(&gathering.iter(u64::MAX)).1, NextError::Missing);
}

#[test]
fn gap_stops() {
    let gathering = filled([0, 2]);
    let reader = gathering.drain(3);
    assert_eq!(available(&reader), (vec![0], NextError::Missing));
    assert_eq!(reader.position(), Some(1));
    gathering.insert(1, 10).unwrap();
    assert_eq!(available(&reader), (vec![10, 20], NextError::Ended));
}

#[test]
fn later_value_replaces() {
    let gathering = Gathering::new();
    assert_eq!(gathering.insert(0, 'a'), Ok(None));
    assert_eq!(gathering.insert(0, 'b'), Ok(Some('a')));
    assert_eq!(available(&gathering.drain(1)).0, ['b']);
}

#[test]
fn copies_stay() {
    let gathering = filled(0..3);
    for _ in 0..3 {
        assert_eq!(available(&gathering.iter(3)).0, [0, 10, 20]);
    }
    assert_eq!(gathering.len(), 3);
    assert_eq!(available(&gathering.drain(3)).0, [0, 10, 20]);
    assert_eq!(available(&gathering.iter(3)), (vec![], NextError::Missing));
}

#[test]
fn keys_are_used_again() {
    let gathering = filled(0..3);
    assert_eq!(available(&gathering.drain(3)).0, [0, 10, 20]);
    let reader = gathering.drain(3);
    assert_eq!(available(&reader), (vec![], NextError::Missing));
    gathering.insert(0, 7).unwrap();
    assert_eq!(available(&reader), (vec![7], NextError::Missing));
}

#[test]
fn draining_readers_share() {
    let gathering = filled(0..4);
    let (one, other) = (gathering.drain(6), gathering.drain(5));
    assert_eq!(one.try_next(), Ok(0));
    assert_eq!(other.try_next(), Ok(10));
    assert_eq!(other.try_next(), Ok(20));
    assert_eq!(one.try_next(), Ok(30));
    assert_eq!(one.try_next(), Err(NextError::Missing));
    assert_eq!(other.try_next(), Err(NextError::Missing));
    gathering.insert(4, 40).unwrap();
    assert_eq!(one.try_next(), Ok(40));
    assert_eq!(other.try_next(), Err(NextError::Ended));
}

/// Whatever way the other one ends.
#[test]
fn sharing_ends_with_the_last() {
    /// Those that are not dropped.
    static KEPT: Mutex<Vec<Reader<u64, &str>>> = Mutex::new(Vec::new());
    let ends: [fn(Reader<u64, &'static str>); 3] = [
        drop,
        |reader| {
            reader.close();
            KEPT.lock().unwrap().push(reader);
        },
        |reader| {
            assert_eq!(reader.try_next(), Ok(10));
            KEPT.lock().unwrap().push(reader);
        },
    ];
    for end in ends {
        let gathering = filled(0..2);
        let one = gathering.drain(2);
        assert_eq!(one.try_next(), Ok(0));
        end(one);
        // Nobody is in progress: key 0 is not passed over.
        let other = gathering.drain(1);
        assert_eq!(other.try_next(), Err(NextError::Missing));
        gathering.insert(0, 5).unwrap();
        assert_eq!(other.try_next(), Ok(5));
    }
}

#[test]
fn reader_is_not_in_progress_before_its_first_call() {
    let gathering = filled(0..2);
    let (one, unused) = (gathering.drain(3), gathering.drain(3));
    assert_eq!(available(&one), (vec![0, 10], NextError::Missing));
    drop(one);
    assert_eq!(available(&unused), (vec![], NextError::Missing));
    assert_eq!(unused.position(), Some(0));
}

#[test]
fn key_inserted_again_is_not_passed_over() {
    let gathering = filled(0..2);
    let suspended = gathering.drain(2);
    assert_eq!(suspended.try_next(), Ok(0));
    gathering.insert(0, 7).unwrap();
    assert_eq!(available(&gathering.drain(2)).0, [7, 10]);
}

#[test]
fn closing_keeps_what_is_there() {
    let gathering = filled([0, 1, 3]);
    assert!(!gathering.is_closed());
    assert!(gathering.close());
    assert!(!gathering.close());
    assert!(!gathering.fail("late"));
    assert!(gathering.is_closed());
    assert_eq!(gathering.failure(), None);
    assert_eq!(gathering.insert(2, 5), refused(5, Refusal::Closed));
    assert_eq!(
        available(&gathering.iter(9)),
        (vec![0, 10], NextError::Ended)
    );
    assert_eq!(
        available(&gathering.drain(9)),
        (vec![0, 10], NextError::Ended)
    );
    assert_eq!(gathering.len(), 1);
}

#[test]
fn failing_comes_after_what_is_there() {
    let gathering = filled([0, 1, 3]);
    assert!(gathering.fail("broken"));
    assert!(!gathering.fail("again"));
    assert!(!gathering.close());
    assert_eq!(gathering.failure(), Some("broken"));
    let reader = gathering.drain(9);
    assert_eq!(reader.failed_at(), None);
    assert_eq!(
        available(&reader),
        (vec![0, 10], NextError::Failed("broken"))
    );
    assert_eq!(reader.try_next(), Err(NextError::Ended));
    assert_eq!((reader.failed_at(), reader.position()), (Some(2), None));
    // All there: it does not notice.
    gathering.insert(0, 1).unwrap();
    assert_eq!(available(&gathering.drain(1)), (vec![1], NextError::Ended));
}

#[test]
fn failure_is_an_item() {
    let gathering = filled(0..2);
    gathering.fail("broken");
    let items: Vec<_> = gathering.drain(9).collect();
    assert_eq!(items, [Ok(0), Ok(10), Err("broken")]);
}

#[test]
fn failure_is_taken_back() {
    let gathering = filled([]);
    assert_eq!(gathering.clear_failure(), None);
    gathering.fail("broken");
    assert_eq!(gathering.clear_failure(), Some("broken"));
    assert_eq!(available(&gathering.drain(1)), (vec![], NextError::Missing));
    assert!(gathering.fail("again"));
    assert_eq!(gathering.clear_failure(), Some("again"));
    gathering.close();
    assert_eq!(gathering.clear_failure(), None);
    assert!(gathering.is_closed());
}

#[test]
fn closed_reader_ends() {
    let gathering = filled(0..3);
    let reader = gathering.iter(3);
    assert_eq!(reader.try_next(), Ok(0));
    reader.close();
    assert_eq!(reader.try_next(), Err(NextError::Ended));
    reader.close();
    assert_eq!(available(&gathering.iter(3)).0.len(), 3);
}

#[test]
fn window_follows_readers() {
    let gathering = windowed(2);
    assert_eq!(gathering.window().unwrap().get(), 2);
    for key in [1, 0] {
        gathering.try_insert(key, key).unwrap();
    }
    assert_eq!(gathering.try_insert(2, 2), refused(2, Refusal::Full));
    assert_eq!(gathering.try_insert(u64::MAX, 2), refused(2, Refusal::Full));
    assert_eq!(available(&gathering.iter(2)).0, [0, 1]);
    assert_eq!(gathering.try_insert(2, 2), refused(2, Refusal::Full));
    let reader = gathering.drain(9);
    assert_eq!(reader.try_next(), Ok(0));
    assert_eq!(gathering.try_insert(2, 2), Ok(None));
    assert_eq!(gathering.try_insert(3, 3), refused(3, Refusal::Full));
    // Inserting again what is within, or behind, needs no room.
    assert_eq!(gathering.try_insert(2, 3), Ok(Some(2)));
    assert_eq!(gathering.try_insert(0, 3), Ok(None));
    drop(reader);
    assert_eq!(gathering.try_insert(2, 2), refused(2, Refusal::Full));
}

#[test]
fn window_and_end() {
    let gathering = windowed(1);
    gathering.fail("broken");
    assert_eq!(gathering.insert(0, 0), Ok(None));
    assert_eq!(
        gathering.insert(1, 1),
        refused(1, Refusal::Failed("broken"))
    );
    gathering.clear_failure();
    gathering.close();
    assert_eq!(gathering.insert(0, 0), refused(0, Refusal::Closed));
    assert_eq!(gathering.insert(1, 1), refused(1, Refusal::Closed));
}

#[test]
fn clear_returns_all() {
    let gathering = filled(0..50);
    let reader = gathering.drain(50);
    assert_eq!(reader.try_next(), Ok(0));
    let mut values = gathering.clear();
    values.sort();
    assert_eq!(values, (1..50).map(|n| n * 10).collect::<Vec<_>>());
    assert!(gathering.is_empty());
    assert_eq!(reader.try_next(), Err(NextError::Missing));
}

#[test]
fn visit_sees_all() {
    let gathering = filled(0..50);
    gathering.fail("broken");
    let seen = AtomicUsize::new(0);
    let value = |_: &u64| {
        seen.fetch_add(1, SeqCst);
        Ok(())
    };
    assert_eq!(gathering.visit(value, |&reason| Err(reason)), Err("broken"));
    assert_eq!(seen.load(SeqCst), 50);
    assert_eq!(gathering.visit(|_| Err("first"), |_| Ok(())), Err("first"));
}

#[test]
fn clones_are_for_the_same_values() {
    let gathering = windowed(1);
    let clone = gathering.clone();
    assert_eq!(clone.insert(0, 7), Ok(None));
    assert_eq!(available(&gathering.drain(1)).0, [7]);
    assert!(gathering.close());
    assert!(clone.is_closed());
}

#[test]
fn values_die_once() {
    struct Counted(Arc<AtomicUsize>);
    impl Drop for Counted {
        fn drop(&mut self) {
            self.0.fetch_add(1, SeqCst);
        }
    }
    let drops = Arc::new(AtomicUsize::new(0));
    let value = || Counted(Arc::clone(&drops));
    let gathering: Gathering<Counted> = Gathering::new();
    for key in 0..10 {
        assert!(gathering.insert(key, value()).is_ok());
    }
    assert!(gathering.insert(3, value()).is_ok_and(|old| old.is_some()));
    assert_eq!(drops.load(SeqCst), 1);
    let reader = gathering.drain(10);
    drop(reader.try_next());
    assert_eq!(drops.load(SeqCst), 2);
    drop(gathering);
    // The reader is a handle, too.
    assert_eq!(drops.load(SeqCst), 2);
    drop(reader);
    assert_eq!(drops.load(SeqCst), 11);
}

#[test]
fn timeouts_leave_no_trace() {
    let gathering = windowed(1);
    let reader = gathering.drain(2);
    let start = Instant::now();
    assert_eq!(reader.next_timeout(SHORT), Err(NextError::Missing));
    assert_eq!(
        reader.next_deadline(Instant::now() + SHORT),
        Err(NextError::Missing)
    );
    assert_eq!(
        gathering.insert_timeout(1, 1, SHORT),
        refused(1, Refusal::Full)
    );
    let deadline = Instant::now() + SHORT;
    assert_eq!(
        gathering.insert_deadline(1, 1, deadline),
        refused(1, Refusal::Full)
    );
    assert!(start.elapsed() >= 4 * SHORT);
    assert_eq!(reader.position(), Some(0));
    gathering.insert_timeout(0, 0, Duration::MAX).unwrap();
    assert_eq!(reader.next_timeout(Duration::MAX), Ok(0));
    gathering.insert_timeout(1, 1, LONG).unwrap();
    assert_eq!(reader.next_timeout(LONG), Ok(1));
}

#[test]
fn waiting_insertion_wakes() {
    let gathering = windowed(1);
    gathering.insert(0, 0).unwrap();
    thread::scope(|scope| {
        let late = scope.spawn(|| gathering.insert_timeout(1, 1, LONG));
        let reader = gathering.drain(2);
        assert_eq!(reader.next_timeout(LONG), Ok(0));
        assert_eq!(reader.next_timeout(LONG), Ok(1));
        assert_eq!(late.join().unwrap(), Ok(None));
    });
}

#[test]
fn abandoned_insertion() {
    let gathering = windowed(1);
    let mut insertion = gathering.insertion(1, 1);
    assert!(insertion.attempt().is_none());
    drop(insertion);
    let mut insertion = gathering.insertion(0, 0);
    assert_eq!(insertion.attempt(), Some(Ok(None)));
    assert_eq!(insertion.attempt(), None);
    assert_eq!(
        available(&gathering.drain(2)),
        (vec![0], NextError::Missing)
    );
}

/// Neither leaves a note that it waits.
#[test]
fn giving_up_leaves_no_trace() {
    let gathering = windowed(1);
    for reader in [gathering.drain(1), gathering.iter(1)] {
        assert_eq!(reader.try_next(), Err(NextError::Missing));
        assert_eq!(reader.try_next(), Err(NextError::Missing));
        let event = Arc::clone(reader.event());
        assert_eq!(Arc::strong_count(&event), 3);
        drop(reader);
        assert_eq!(Arc::strong_count(&event), 1);
    }
    let mut insertion = gathering.insertion(1, 1);
    assert!(insertion.attempt().is_none());
    let event = Arc::clone(insertion.event());
    assert_eq!(Arc::strong_count(&event), 3);
    drop(insertion);
    assert_eq!(Arc::strong_count(&event), 1);
}

/// Who waits for a key is woken by what happens to that key, whoever else waits for it or gives up,
/// and by nothing else that happens in its shard.
#[test]
fn each_is_woken_by_its_own_key() {
    type Way = fn(&Gathering, [&Reader<u64, &'static str>; 4]);
    // 0 and 1 wait for key 1, 2 waits for key 2, 3 for nothing, and 4 for room: that key 0 is taken.
    let ways: [(Way, &[usize]); 7] = [
        (|it, _| _ = it.insert(0, 0), &[]),
        (|it, _| _ = it.insert(1, 1), &[0, 1]),
        (|it, _| _ = it.insert(2, 2), &[2]),
        (
            |it, _| {
                it.insert(0, 0).unwrap();
                assert_eq!(it.drain(1).try_next(), Ok(0));
            },
            &[4],
        ),
        (
            |it, [first, ..]| {
                first.close();
                it.insert(1, 1).unwrap();
                it.insert(2, 2).unwrap();
            },
            &[0, 1, 2],
        ),
        (
            |it, [first, ..]| {
                first.close();
                it.fail("broken");
            },
            &[0, 1, 2, 4],
        ),
        (|it, _| assert!(it.close()), &[0, 1, 2, 4]),
    ];
    for (index, (way, expected)) in ways.into_iter().enumerate() {
        let gathering = Gathering::with_shards(1, 4.try_into().ok());
        let readers = [(); 4].map(|()| gathering.iter(9));
        let [first, second, third, idle] = readers.each_ref();
        gathering.insert(0, 0).unwrap();
        assert_eq!([first, second, third].map(|it| it.try_next()), [Ok(0); 3]);
        gathering.insert(1, 1).unwrap();
        assert_eq!(third.try_next(), Ok(1));
        assert_eq!(gathering.clear().len(), 2);

        let mut insertion = gathering.insertion(4, 4);
        let room = Arc::clone(insertion.event());
        let [one, two, three, none] = readers.each_ref().map(Reader::event);
        let listeners = [one, two, three, none, &room].map(|event| event.listen());
        for reader in [first, second, third] {
            assert_eq!(reader.try_next(), Err(NextError::Missing));
        }
        assert!(insertion.attempt().is_none());
        way(&gathering, [first, second, third, idle]);
        let past = Some(Instant::now());
        let woken = listeners.map(|listener| listener.wait_deadline(past));
        let woken: Vec<_> = (0..5).filter(|&n| woken[n]).collect();
        assert_eq!(woken, expected, "{index}");
    }
}

#[test]
fn threads_share_a_reader() {
    let gathering: GatheringIter<u64> = GatheringIter::new();
    let reader = gathering.drain(1000);
    let mut all = thread::scope(|scope| {
        let readers = [(); 3].map(|()| scope.spawn(|| reader.rest()));
        for key in (0..1000).rev() {
            gathering.insert(key, key).unwrap();
        }
        readers.map(|thread| thread.join().unwrap()).concat()
    });
    all.sort();
    assert_eq!(all, (0..1000).collect::<Vec<_>>());
}

trait Rest {
    fn rest(&self) -> Vec<u64>;
}

impl Rest for Reader<u64, Infallible> {
    /// What this thread gets, which is in order.
    fn rest(&self) -> Vec<u64> {
        let mut iter = self;
        let values: Vec<_> = iter.by_ref().map(|Ok(value)| value).collect();
        assert!(values.is_sorted());
        values
    }
}

/// Producers, some of them held back by a window, draining readers that share, and readers that see
/// everything, in one go.
#[test]
fn stress() {
    const PRODUCERS: u64 = 4;
    for window in [None, Some(16)] {
        let gathering: GatheringIter<u64> = match window {
            None => GatheringIter::new(),
            Some(window) => GatheringIter::with_window(window.try_into().unwrap()),
        };
        let start = Barrier::new(PRODUCERS as usize + 2);
        // In progress before either of the threads is.
        let readers = [(); 2].map(|()| gathering.drain(VALUES));
        for reader in &readers {
            assert_eq!(reader.try_next(), Err(NextError::Missing));
        }
        let taken = thread::scope(|scope| {
            for first in 0..PRODUCERS {
                let (gathering, start) = (&gathering, &start);
                scope.spawn(move || {
                    start.wait();
                    for key in (first..VALUES).step_by(PRODUCERS as usize) {
                        gathering.insert(key, key).unwrap();
                    }
                });
            }
            let threads = readers.each_ref().map(|reader| {
                let start = &start;
                scope.spawn(move || {
                    start.wait();
                    reader.rest()
                })
            });
            threads.map(|thread| thread.join().unwrap())
        });
        let mut taken = taken.concat();
        taken.sort();
        assert_eq!(taken, (0..VALUES).collect::<Vec<_>>());
        assert!(gathering.is_empty());
    }
}

#[test]
fn copying_readers_see_all() {
    let gathering: GatheringIter<u64> = GatheringIter::new();
    thread::scope(|scope| {
        let readers = [(); 3].map(|()| scope.spawn(|| gathering.iter(500).rest()));
        for key in (0..500).rev() {
            gathering.insert(key, key).unwrap();
        }
        for reader in readers {
            assert_eq!(reader.join().unwrap(), (0..500).collect::<Vec<_>>());
        }
    });
}

#[test]
fn ends_wake() {
    let ends: [(fn(&Gathering), _); 2] = [
        (|gathering| assert!(gathering.close()), NextError::Ended),
        (
            |gathering| assert!(gathering.fail("x")),
            NextError::Failed("x"),
        ),
    ];
    for (end, outcome) in ends {
        let gathering = windowed(1);
        thread::scope(|scope| {
            let readers = [gathering.drain(1), gathering.iter(1)]
                .map(|reader| scope.spawn(move || reader.next_timeout(LONG)));
            let late = scope.spawn(|| gathering.insert_timeout(1, 1, LONG));
            thread::sleep(SHORT);
            end(&gathering);
            for reader in readers {
                assert_eq!(reader.join().unwrap(), Err(outcome));
            }
            assert_ne!(late.join().unwrap(), refused(1, Refusal::Full));
        });
    }
}

#[test]
fn messages() {
    assert_eq!(
        NextError::<()>::Missing.to_string(),
        "next value is missing"
    );
    assert_eq!(
        NextError::<()>::Ended.to_string(),
        "there are no more values"
    );
    let gathering = windowed(1);
    let full = gathering.try_insert(1, 1).unwrap_err();
    assert_eq!(full.to_string(), "key is beyond the window");
    let others: [Refusal<()>; 2] = [Refusal::Closed, Refusal::Failed(())];
    assert_eq!(
        others.map(|reason| InsertError { value: 1, reason }.to_string()),
        [
            "gathering is closed",
            "key is beyond the window, and gathering has failed"
        ]
    );
    assert_eq!(
        NextError::Failed(()).to_string(),
        "next value is missing, and gathering has failed"
    );
    gathering.insert(0, 0).unwrap();
    gathering.fail("broken");
    assert_eq!(
        format!("{gathering:?}"),
        "GatheringIter { len: 1, window: Some(1), state: failed, .. }"
    );
    assert_eq!(
        format!("{:?}", gathering.drain(3)),
        "Reader { position: Some(0), end: 3, drains: true, .. }"
    );
}

/// An error of ours has the reason of the failure as its source, and else none.
#[test]
fn sources() {
    let reason: std::num::ParseIntError = "x".parse::<u64>().unwrap_err();
    let source = |err: &dyn Error| err.source().map(|source| source.to_string());
    assert_eq!(
        source(&NextError::Failed(reason.clone())),
        Some(reason.to_string())
    );
    let refused = |reason| InsertError { value: 1, reason };
    assert_eq!(
        source(&refused(Refusal::Failed(reason.clone()))),
        Some(reason.to_string())
    );
    let missing: NextError<Infallible> = NextError::Missing;
    assert_eq!(source(&missing), None);
    let closed = InsertError::<_, Infallible> {
        value: 1,
        reason: Refusal::Closed,
    };
    assert_eq!(source(&closed), None);
}

#[derive(Clone, Debug)]
enum Step {
    Insert(u64, u32),
    /// Of one of two draining readers.
    Drain(usize),
    Copy,
    /// Make this reader anew: 0 and 1 drain, 2 copies.
    Restart(usize),
    Fail,
    ClearFailure,
    Close,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => (0..6u64, any::<u32>()).prop_map(|(key, value)| Step::Insert(key, value)),
        6 => (0..2usize).prop_map(Step::Drain),
        3 => Just(Step::Copy),
        1 => (0..3usize).prop_map(Step::Restart),
        1 => Just(Step::Fail),
        1 => Just(Step::ClearFailure),
        1 => prop_oneof![9 => Just(Step::ClearFailure), 1 => Just(Step::Close)],
    ]
}

/// What the documentation says, in the plainest way.
#[derive(Default)]
struct Model {
    values: BTreeMap<u64, u32>,
    window: Option<u64>,
    taken: u64,
    failed: bool,
    closed: bool,
    readers: [ModelReader; 3],
}

#[derive(Default)]
struct ModelReader {
    position: u64,
    in_progress: bool,
}

impl Model {
    const END: u64 = 5;

    fn insert(&mut self, key: u64, value: u32) -> Result<Option<u32>, Refusal<&'static str>> {
        let has_room = self.window.is_none_or(|n| key < self.taken + n);
        match (has_room, self.closed, self.failed) {
            (_, true, _) => Err(Refusal::Closed),
            (true, ..) => Ok(self.values.insert(key, value)),
            (false, _, true) => Err(Refusal::Failed("x")),
            (false, ..) => Err(Refusal::Full),
        }
    }

    fn next(&mut self, reader: usize) -> Result<u32, NextError<&'static str>> {
        let drains = reader < 2;
        loop {
            let key = self.readers[reader].position;
            if key == Self::END {
                return Err(NextError::Ended);
            }
            self.readers[reader].in_progress = drains;
            let value = match drains {
                true => self.values.remove(&key),
                false => self.values.get(&key).copied(),
            };
            if value.is_some() || drains && key < self.taken {
                self.readers[reader].position += 1;
                if drains && value.is_some() {
                    self.taken = self.taken.max(key + 1);
                }
                if key + 1 == Self::END {
                    self.end(reader);
                }
                match value {
                    Some(value) => return Ok(value),
                    None => continue,
                }
            }
            let why = match (self.failed, self.closed) {
                (true, _) => NextError::Failed("x"),
                (_, true) => NextError::Ended,
                _ => return Err(NextError::Missing),
            };
            self.readers[reader].position = Self::END;
            self.end(reader);
            return Err(why);
        }
    }

    fn end(&mut self, reader: usize) {
        self.readers[reader].in_progress = false;
        if !self.readers.iter().any(|reader| reader.in_progress) {
            self.taken = 0;
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(miri) { 5 } else { 500 }))]

    #[test]
    fn like_the_model(
        window in proptest::option::of(1..4u64),
        shards in 1..5usize,
        steps in prop::collection::vec(step(), 1..60),
    ) {
        let gathering = Gathering::with_shards(shards, window.map(|n| n.try_into().unwrap()));
        let make = |reader| match reader {
            2 => gathering.iter(Model::END),
            _ => gathering.drain(Model::END),
        };
        let mut readers = [0, 1, 2].map(make);
        let mut model = Model { window, ..Model::default() };
        for step in steps {
            match step {
                Step::Insert(key, value) => {
                    let done = gathering.try_insert(key, value);
                    prop_assert_eq!(done.map_err(|err| err.reason), model.insert(key, value));
                }
                Step::Drain(reader) => {
                    prop_assert_eq!(readers[reader].try_next(), model.next(reader));
                }
                Step::Copy => prop_assert_eq!(readers[2].try_next(), model.next(2)),
                Step::Restart(reader) => {
                    // The old one is dropped.
                    readers[reader] = make(reader);
                    model.end(reader);
                    model.readers[reader].position = 0;
                }
                Step::Fail => {
                    prop_assert_eq!(gathering.fail("x"), !model.failed && !model.closed);
                    model.failed |= !model.closed;
                }
                Step::ClearFailure => {
                    let failure = gathering.clear_failure();
                    prop_assert_eq!(failure.is_some(), std::mem::take(&mut model.failed));
                }
                Step::Close => {
                    prop_assert_eq!(gathering.close(), !model.failed && !model.closed);
                    model.closed |= !model.failed;
                }
            }
            prop_assert_eq!(gathering.len(), model.values.len());
        }
    }
}

/// A panic while a value is cloned, or visited, hides nothing from later visits. Found by fuzzing.
#[test]
fn visits_after_a_panic() {
    let gathering = filled([0]);
    let panicking = std::panic::AssertUnwindSafe(|| {
        gathering.visit(|_| panic!("the visitor panics"), |_| Ok::<_, ()>(()))
    });
    std::panic::catch_unwind(panicking).unwrap_err();
    assert_eq!(gathering.visit(|&n| Err(n), |_| Ok(())), Err(0));
}
