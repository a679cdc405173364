//! Models of `ft-batch-executor`.
//!
//! Under loom no load sees a store that has yet to run. So no model fails if one weakens the two orderings that
//! keep a filler from overwriting a word before it is read: Release of a claim, and Acquire at the beginning of a
//! batch. The argument for them is in the code.
#![cfg(ft_loom)]

use std::num::NonZeroUsize;

use ft_batch_executor::{BatchBuffer, BatchExecutor, LoadError, TryLoadError};
use ft_sync::{
    Arc,
    atomic::{
        AtomicUsize,
        Ordering::{Relaxed, SeqCst},
    },
};
use loom_tests::{
    check,
    data::{Counted, Data},
    pairs::{Watched, each_pair},
    threads::{both, spawn},
};

type Source = Box<dyn FnMut() -> Result<usize, usize> + Send>;
type Executor = Arc<BatchExecutor<usize, Source>>;

/// An executor whose source counts, and fails for the numbers in `failing`, with the number.
fn executor(size: usize, failing: &'static [usize]) -> Executor {
    let mut called = 0;
    let source = move || {
        let number = called;
        called += 1;
        if failing.contains(&number) {
            Err(number)
        } else {
            Ok(number)
        }
    };
    Arc::new(BatchExecutor::new(size, Box::new(source)))
}

/// Runs `work` on `threads` threads, this one among them, and returns what all of them return.
fn on_threads<A: Send + Sync + 'static, R: 'static>(
    threads: usize,
    shared: &Arc<A>,
    work: fn(&A) -> R,
) -> Vec<R> {
    let others: Vec<_> = (1..threads).map(|_| spawn(shared, work)).collect();
    let mut results = vec![work(shared)];
    results.extend(others.into_iter().map(|other| other.join().unwrap()));
    results
}

fn sorted<T: Ord>(mut values: Vec<T>) -> Vec<T> {
    values.sort_unstable();
    values
}

/// Claims that race for a batch get each of its values once.
#[test]
fn claims_race() {
    check(|| {
        let buffer = Arc::new(BatchBuffer::try_new(NonZeroUsize::new(4).unwrap()).unwrap());
        let mut numbers = 0_usize..;
        let first = buffer.load_with(|| numbers.next().ok_or(()));
        assert_eq!(first, Ok(0));
        let taken = on_threads(2, &buffer, |buffer| [buffer.take(), buffer.take()]);
        let all = sorted(taken.into_iter().flatten().flatten().collect());
        assert_eq!(all, [1, 2, 3]);
    });
}

/// Loads that fill race with loads that claim, while slots are used again. Each value goes out once, each thread's
/// values are in order, and the source has run for whole batches.
fn loads_race(size: usize, each: [usize; 2], left: usize) {
    check(move || {
        let ours = executor(size, &[]);
        let load = |count: usize| {
            move |executor: &BatchExecutor<usize, Source>| -> Vec<_> {
                (0..count).map(|_| executor.load().unwrap()).collect()
            }
        };
        let (others, mine) = both(&ours, load(each[1]), load(each[0]));
        assert!(mine.is_sorted() && others.is_sorted());
        let total = each[0] + each[1];
        assert_eq!(
            sorted([mine, others].concat()),
            (0..total).collect::<Vec<_>>()
        );
        assert_eq!(ours.len(), left);
        // The next batch begins where the last one ended.
        (0..left).for_each(|n| assert_eq!(ours.load(), Ok(total + n)));
    });
}

/// As above, with a ring as large as the batch.
#[test]
fn loads_race_batches_of_two() {
    loads_race(2, [3, 2], 1);
}

/// As above, with a ring larger than the batch.
#[test]
fn loads_race_batches_of_three() {
    loads_race(3, [3, 2], 1);
}

/// As above, with a buffer that is always empty.
#[test]
fn loads_race_batches_of_one() {
    loads_race(1, [2, 2], 0);
}

/// A claim that is about to happen when its batch is used up and replaced takes nothing from the new batch without
/// claiming it.
#[test]
fn stale_claim_fails() {
    check(|| {
        let ours = executor(2, &[]);
        assert_eq!(ours.load(), Ok(0));
        let other = spawn(&ours, |executor| executor.try_load().ok());
        let mine = [(); 4].map(|()| ours.try_load().ok());
        let all = mine.into_iter().chain([other.join().unwrap()]).flatten();
        let all = sorted(all.collect());
        assert_eq!(all, (1..=all.len()).collect::<Vec<_>>());
    });
}

/// The source runs on one thread at a time, and sees what it wrote on other threads.
#[test]
fn source_runs_alone() {
    check(|| {
        let calls = Data::new(0);
        let source = move || Ok::<_, ()>(calls.add(1));
        let executor = Arc::new(BatchExecutor::<usize, _>::new(2, source));
        let loaded = on_threads(3, &executor, |executor| executor.load().unwrap());
        assert_eq!(sorted(loaded), [1, 2, 3]);
    });
}

/// What a filler wrote before it produced a value is visible to the thread that gets the value.
#[test]
fn value_is_published() {
    check(|| {
        let source = || {
            let cell = Box::new(Data::new(0));
            cell.write(7);
            Ok::<_, ()>(cell)
        };
        let executor = Arc::new(BatchExecutor::new(2, source));
        on_threads(2, &executor, |executor| {
            let cell = executor.load().unwrap();
            assert_eq!(cell.read(), 7);
        });
    });
}

/// The same, when the value was produced before the source failed.
#[test]
fn value_before_an_error_is_published() {
    check(|| {
        let mut called = 0;
        let source = move || {
            called += 1;
            let cell = Box::new(Data::new(0));
            cell.write(called);
            if called == 2 { Err(()) } else { Ok(cell) }
        };
        let executor = Arc::new(BatchExecutor::new(2, source));
        let seen = on_threads(2, &executor, |executor| {
            let cell = executor.load().ok()?;
            Some(cell.read())
        });
        // One filled and got the error, then the other got the value before; or the first came
        // back too late for that one.
        assert_eq!(sorted(seen), [None, Some(1)]);
    });
}

/// When the filler fails before it has produced a value, a thread that waits runs the source next.
#[test]
fn failure_hands_over() {
    check(|| {
        let executor = executor(1, &[0]);
        let loaded = on_threads(2, &executor, |executor| executor.load());
        assert!(loaded.contains(&Err(LoadError::Source(0))));
        assert!(loaded.contains(&Ok(1)));
    });
}

/// The same with two threads that wait, and two failures in a row: no wake-up is lost.
#[test]
fn failures_hand_over_among_three() {
    check(|| {
        let executor = executor(2, &[0, 1]);
        let loaded = on_threads(3, &executor, |executor| executor.load());
        let failed = loaded.iter().filter(|answer| answer.is_err()).count();
        assert_eq!(failed, 2);
        assert!(loaded.contains(&Ok(2)));
    });
}

/// Values produced before an error are not lost: each goes out once, and the error goes to one caller.
#[test]
fn error_loses_nothing() {
    check(|| {
        let executor = executor(3, &[2]);
        let loaded = on_threads(2, &executor, |executor| [executor.load(), executor.load()]);
        let loaded: Vec<_> = loaded.into_iter().flatten().collect();
        let values: Vec<_> = loaded.iter().copied().flatten().collect();
        assert_eq!(sorted(values), [0, 1, 3]);
        assert!(loaded.contains(&Err(LoadError::Source(2))));
        assert_eq!(executor.len(), 2);
    });
}

/// With three threads and batches of one, each thread that waits is woken, though no value is ever in the buffer.
#[test]
fn every_waiter_is_woken() {
    check(|| {
        let executor = executor(1, &[]);
        let loaded = on_threads(3, &executor, |executor| executor.load().unwrap());
        assert_eq!(sorted(loaded), [0, 1, 2]);
    });
}

/// A waiter that gives up hands on the wake-up that was meant for it.
#[test]
fn wake_up_is_handed_on() {
    check(|| {
        let executor = executor(1, &[0]);
        let filler = spawn(&executor, |executor| executor.load());
        let impatient = spawn(&executor, |executor| drop(executor.filled().listen()));
        let ours = executor.load();
        let theirs = filler.join().unwrap();
        impatient.join().unwrap();
        assert!([ours, theirs].contains(&Ok(1)), "{ours:?} {theirs:?}");
    });
}

/// However two fillers that may fail follow one another, no thread is the filler once both are gone.
#[test]
fn nobody_waits_for_a_filler_that_is_gone() {
    check(|| {
        let executor = executor(2, &[1, 2]);
        let (theirs, ours) = both(
            &executor,
            |executor| executor.try_load(),
            |executor| executor.try_load(),
        );
        // Wherever both were, no thread fills any more.
        assert_ne!(
            executor.try_load(),
            Err(TryLoadError::Busy),
            "{ours:?} {theirs:?}"
        );
    });
}

/// Each value is dropped once: those that were loaded, and those that were not, with the executor.
#[test]
fn every_value_is_dropped_once() {
    check(|| {
        let drops = Arc::new(AtomicUsize::new(0));
        let made = Arc::new(AtomicUsize::new(0));
        let counters = (Arc::clone(&drops), Arc::clone(&made));
        let source = move || {
            if counters.1.fetch_add(1, Relaxed) == 4 {
                return Err(());
            }
            Ok(Box::new(Counted(Arc::clone(&counters.0))))
        };
        let executor = Arc::new(BatchExecutor::new(3, source));
        on_threads(2, &executor, |executor| {
            drop(executor.load());
            drop(executor.load());
        });
        drop(executor);
        // The call that failed made no value.
        let made = made.load(SeqCst);
        assert_eq!(drops.load(SeqCst), made - usize::from(made > 4));
    });
}

/// The length never exceeds what a filler leaves to others, even when `len` spans two batches.
#[test]
fn length_stays_in_bounds() {
    check(|| {
        let executor = executor(2, &[]);
        let other = spawn(&executor, |executor| assert!(executor.len() <= 1));
        (0..3).for_each(|n| assert_eq!(executor.load(), Ok(n)));
        other.join().unwrap();
        assert_eq!(executor.len(), 1);
    });
}

/// No two operations use a value at the same time, whichever they are.
#[test]
fn each_operation_beside_each() {
    fn source(number: usize) -> impl FnMut() -> Result<Box<Watched>, ()> {
        move || Ok(Box::new(Watched::new(number)))
    }

    each_pair(
        || {
            let buffer = BatchBuffer::try_new(NonZeroUsize::new(2).unwrap()).unwrap();
            drop(buffer.load_with(source(1)));
            buffer
        },
        &[
            ("take", |buffer: &BatchBuffer<Box<Watched>>| {
                drop(buffer.take())
            }),
            ("load", |buffer| {
                (0..2).for_each(|_| drop(buffer.load_with(source(2))));
            }),
            ("try to load", |buffer| {
                (0..2).for_each(|_| drop(buffer.try_load_with(source(3))));
            }),
            ("fail", |buffer| {
                (0..2).for_each(|_| drop(buffer.load_with(|| Err(()))));
            }),
            ("len", |buffer| assert!(buffer.len() <= 2)),
        ],
    );
}
