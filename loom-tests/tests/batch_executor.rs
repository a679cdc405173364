//! Models of `ft-batch-executor`.
//!
//! In loom no load sees a store that has yet to run. So the two orderings that keep a filler from
//! overwriting a word before it is read, Release of a claim and Acquire at the begin of a batch,
//! can be weakened without a model failing; the argument for them is in the code.
#![cfg(ft_loom)]

use std::num::NonZeroUsize;

use ft_batch_executor::{BatchBuffer, BatchExecutor, LoadError, TryLoadError};
use ft_sync::{
    Arc, UnsafeCell,
    atomic::{
        AtomicUsize,
        Ordering::{Relaxed, SeqCst},
    },
    thread,
};
use loom_tests::{
    check,
    pairs::{Watched, each_pair},
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
    let others: Vec<_> = (1..threads)
        .map(|_| {
            let theirs = Arc::clone(shared);
            thread::spawn(move || work(&theirs))
        })
        .collect();
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

/// Loads that fill race with loads that claim, over slots used again: each value goes out once, each
/// thread's in order, and the source has run for whole batches.
fn loads_race(size: usize, each: [usize; 2], left: usize) {
    check(move || {
        let ours = executor(size, &[]);
        let theirs = Arc::clone(&ours);
        let load = move |executor: &Executor, count: usize| -> Vec<_> {
            (0..count).map(|_| executor.load().unwrap()).collect()
        };
        let other = thread::spawn(move || load(&theirs, each[1]));
        let mine = load(&ours, each[0]);
        let others = other.join().unwrap();
        assert!(mine.is_sorted() && others.is_sorted());
        let total = each[0] + each[1];
        assert_eq!(
            sorted([mine, others].concat()),
            (0..total).collect::<Vec<_>>()
        );
        assert_eq!(ours.len(), left);
        // The next batch begins where the last one has ended.
        (0..left).for_each(|n| assert_eq!(ours.load(), Ok(total + n)));
    });
}

/// As above, the ring as large as the batch.
#[test]
fn loads_race_batches_of_two() {
    loads_race(2, [3, 2], 1);
}

/// As above, a ring larger than the batch.
#[test]
fn loads_race_batches_of_three() {
    loads_race(3, [3, 2], 1);
}

/// As above, nothing ever in the buffer.
#[test]
fn loads_race_batches_of_one() {
    loads_race(1, [2, 2], 0);
}

/// A claim that was about to happen when its batch was used up, and replaced, takes nothing from
/// the new one without claiming it.
#[test]
fn stale_claim_fails() {
    check(|| {
        let ours = executor(2, &[]);
        assert_eq!(ours.load(), Ok(0));
        let theirs = Arc::clone(&ours);
        let other = thread::spawn(move || theirs.try_load().ok());
        let mine = [(); 4].map(|()| ours.try_load().ok());
        let all = mine.into_iter().chain([other.join().unwrap()]).flatten();
        let all = sorted(all.collect());
        assert_eq!(all, (1..=all.len()).collect::<Vec<_>>());
    });
}

/// The source runs on one thread at a time, and sees what it wrote on another.
#[test]
fn source_runs_alone() {
    check(|| {
        let state = UnsafeCell::new(0);
        let source = move || {
            // SAFETY: what the model checks: the executor lets one thread in at a time.
            Ok::<_, ()>(state.with_mut(|calls| unsafe {
                *calls += 1;
                *calls
            }))
        };
        let executor = Arc::new(BatchExecutor::<usize, _>::new(2, source));
        let loaded = on_threads(3, &executor, |executor| executor.load().unwrap());
        assert_eq!(sorted(loaded), [1, 2, 3]);
    });
}

/// What a filler wrote before it produced a value is visible to whoever gets it.
#[test]
fn value_is_published() {
    check(|| {
        let source = || {
            let cell = Box::new(UnsafeCell::new(0));
            // SAFETY: nobody else knows the cell yet.
            cell.with_mut(|data| unsafe { *data = 7 });
            Ok::<_, ()>(cell)
        };
        let executor = Arc::new(BatchExecutor::new(2, source));
        on_threads(2, &executor, |executor| {
            let cell = executor.load().unwrap();
            // SAFETY: the value is ours alone.
            assert_eq!(cell.with(|data| unsafe { *data }), 7);
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
            let cell = Box::new(UnsafeCell::new(0));
            // SAFETY: nobody else knows the cell yet.
            cell.with_mut(|data| unsafe { *data = called });
            if called == 2 { Err(()) } else { Ok(cell) }
        };
        let executor = Arc::new(BatchExecutor::new(2, source));
        let seen = on_threads(2, &executor, |executor| {
            let cell = executor.load().ok()?;
            // SAFETY: the value is ours alone.
            Some(cell.with(|data| unsafe { *data }))
        });
        // One filled and got the error, then the other got the value before; or the first came
        // back too late for that one.
        assert_eq!(sorted(seen), [None, Some(1)]);
    });
}

/// When the filler fails with nothing produced, one that waits runs the source next.
#[test]
fn failure_hands_over() {
    check(|| {
        let executor = executor(1, &[0]);
        let loaded = on_threads(2, &executor, |executor| executor.load());
        assert!(loaded.contains(&Err(LoadError::Source(0))));
        assert!(loaded.contains(&Ok(1)));
    });
}

/// The same with two that wait, and two failures in a row: no wake-up is lost on the way.
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

/// Values produced before an error are not lost: each goes out once, and the error to one caller.
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

/// Three threads, batches of one: whoever waits is woken, though the values never are in the buffer.
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
        let filler = Arc::clone(&executor);
        let filler = thread::spawn(move || filler.load());
        let impatient = Arc::clone(&executor);
        let impatient = thread::spawn(move || drop(impatient.filled().listen()));
        let ours = executor.load();
        let theirs = filler.join().unwrap();
        impatient.join().unwrap();
        assert!([ours, theirs].contains(&Ok(1)), "{ours:?} {theirs:?}");
    });
}

/// However two fillers, who may fail, follow one another: when both are gone nobody is the filler.
#[test]
fn nobody_waits_for_a_filler_that_is_gone() {
    check(|| {
        let executor = executor(2, &[1, 2]);
        let theirs = Arc::clone(&executor);
        let other = thread::spawn(move || theirs.try_load());
        let ours = executor.try_load();
        let theirs = other.join().unwrap();
        // Wherever both were: nobody fills any more.
        assert_ne!(
            executor.try_load(),
            Err(TryLoadError::Busy),
            "{ours:?} {theirs:?}"
        );
    });
}

/// A value that counts its drops.
struct Counted(Arc<AtomicUsize>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_add(1, Relaxed);
    }
}

/// Values that are never loaded are dropped once with the executor, as are those that are.
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
        // The call that failed made none.
        let made = made.load(SeqCst);
        assert_eq!(drops.load(SeqCst), made - usize::from(made > 4));
    });
}

/// The number of values never exceeds what a filler leaves to others, even when a look at it
/// spans two batches.
#[test]
fn length_stays_in_bounds() {
    check(|| {
        let executor = executor(2, &[]);
        let theirs = Arc::clone(&executor);
        let other = thread::spawn(move || assert!(theirs.len() <= 1));
        (0..3).for_each(|n| assert_eq!(executor.load(), Ok(n)));
        other.join().unwrap();
        assert_eq!(executor.len(), 1);
    });
}

/// No two operations use a value at once, whatever they are.
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
