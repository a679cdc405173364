//! Behavior seen from outside.

use std::{
    convert::Infallible,
    error::Error,
    num::{NonZeroUsize, ParseIntError},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
        mpsc,
    },
    thread,
    time::{Duration, Instant},
};

use ft_batch_executor::{BatchBuffer, BatchExecutor, LoadError, LoadTimeoutError, TryLoadError};
use ft_test_support::{passed, start_together};
use proptest::prelude::*;

/// Loads per thread in the stress test.
const LOADS: usize = 20_000;

fn counting() -> impl FnMut() -> Result<usize, Infallible> {
    let mut numbers = 0..;
    move || Ok(numbers.next().unwrap())
}

#[test]
fn batches_in_order() {
    for size in [1, 2, 3, 4, 5, 1000] {
        let calls = AtomicUsize::new(0);
        let executor = BatchExecutor::new(size, || Ok::<_, Infallible>(calls.fetch_add(1, SeqCst)));
        assert_eq!(calls.load(SeqCst), 0);
        for n in 0..3 * size {
            assert_eq!(executor.len(), (size - n % size) % size);
            assert_eq!(executor.load(), Ok(n));
            assert_eq!(calls.load(SeqCst), (n / size + 1) * size);
        }
        assert!(executor.is_empty());
    }
}

#[test]
fn error_goes_to_the_filler() {
    let mut answers = vec![Ok(1), Ok(2), Err("a"), Err("b"), Ok(3), Ok(4), Ok(5)].into_iter();
    let executor = BatchExecutor::new(3, || answers.next().unwrap());
    assert_eq!(executor.load(), Err(LoadError::Source("a")));
    assert_eq!(executor.len(), 2);
    assert_eq!(executor.try_load(), Ok(1_usize));
    assert_eq!(executor.load(), Ok(2));
    assert_eq!(executor.try_load(), Err(TryLoadError::Source("b")));
    assert_eq!(executor.load_timeout(Duration::ZERO), Ok(3));
    assert_eq!(executor.len(), 2);
}

#[test]
fn panic_loses_nothing() {
    let mut numbers = 0..;
    let executor = BatchExecutor::new(4, move || {
        let n = numbers.next().unwrap();
        assert_ne!(n, 2, "no twos");
        Ok::<usize, ()>(n)
    });
    let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| executor.load()));
    assert!(result.is_err());
    assert_eq!(executor.load(), Ok(0));
    assert_eq!(executor.load(), Ok(1));
    assert_eq!(executor.load(), Ok(3));
}

#[test]
fn reentrant_load_fails() {
    let buffer = BatchBuffer::try_new(NonZeroUsize::new(2).unwrap()).unwrap();
    let inner = || buffer.load_with(|| Ok::<usize, ()>(7));
    let answer = buffer.load_with(|| {
        assert_eq!(inner(), Err(LoadError::Reentrant));
        assert_eq!(buffer.take(), None);
        let timeout = Duration::from_secs(1000);
        let timed = buffer.load_timeout_with(timeout, || Ok::<usize, ()>(7));
        assert_eq!(timed, Err(LoadTimeoutError::Reentrant));
        let tried = buffer.try_load_with(|| Ok::<usize, ()>(7));
        assert_eq!(tried, Err(TryLoadError::Reentrant));
        Ok::<usize, ()>(1)
    });
    assert_eq!(answer, Ok(1));
    assert_eq!(buffer.len(), 1);
}

#[test]
fn too_large_is_an_error() {
    for size in [
        usize::MAX,
        usize::MAX / 2,
        usize::MAX / 8,
        1 << (usize::BITS - 3),
    ] {
        let size = NonZeroUsize::new(size).unwrap();
        assert!(BatchBuffer::<usize>::try_new(size).is_err(), "{size}");
    }
}

#[test]
#[should_panic(expected = "size must be positive")]
fn size_zero_panics() {
    BatchExecutor::new(0, counting());
}

#[test]
fn large_batches_touch_no_memory_yet() {
    // This would take long if the buffers were written to.
    let buffers: Vec<_> = (0..8)
        .map(|_| BatchBuffer::<usize>::try_new(NonZeroUsize::new(1 << 24).unwrap()).unwrap())
        .collect();
    for buffer in &buffers {
        assert_eq!(
            buffer.load_with(|| Err::<usize, _>(())),
            Err(LoadError::Source(()))
        );
    }
}

/// While one thread is in the source, another waits until its deadline.
#[test]
fn wait_for_the_filler() {
    let (entered, has_entered) = mpsc::channel();
    let (go_on, may_go_on) = mpsc::channel();
    let mut numbers = 0..;
    let executor = Arc::new(BatchExecutor::new(3, move || {
        entered.send(()).unwrap();
        may_go_on.recv().unwrap();
        Ok::<usize, ()>(numbers.next().unwrap())
    }));
    let theirs = Arc::clone(&executor);
    let filler = thread::spawn(move || theirs.load());
    has_entered.recv().unwrap();

    assert_eq!(executor.try_load(), Err(TryLoadError::Busy));
    let timeout = Duration::from_millis(20);
    let start = Instant::now();
    assert_eq!(
        executor.load_timeout(timeout),
        Err(LoadTimeoutError::Timeout)
    );
    assert!(start.elapsed() >= timeout);

    let waiters = [(); 2].map(|()| {
        let theirs = Arc::clone(&executor);
        thread::spawn(move || theirs.load())
    });
    (0..3).for_each(|_| go_on.send(()).unwrap());
    assert_eq!(filler.join().unwrap(), Ok(0));
    let mut got = waiters.map(|waiter| waiter.join().unwrap());
    got.sort_by_key(|answer| answer.ok());
    assert_eq!(got, [Ok(1), Ok(2)]);
}

#[test]
fn values_move_out() {
    let executor = BatchExecutor::new(3, || Ok::<_, ()>(Arc::new(5)));
    let mut values: Vec<_> = (0..3).map(|_| executor.load().unwrap()).collect();
    assert!(values.iter().all(|value| Arc::strong_count(value) == 1));
    let unread = Arc::new(6);
    let executor = BatchExecutor::new(3, || Ok::<_, ()>(Arc::clone(&unread)));
    values.push(executor.load().unwrap());
    assert_eq!(Arc::strong_count(&unread), 4);
    let _ = executor.into_source();
    values.clear();
    assert_eq!(Arc::strong_count(&unread), 1);
}

#[test]
fn quiescent_visit() {
    let buffer = BatchBuffer::try_new(NonZeroUsize::new(5).unwrap()).unwrap();
    let mut source = counting();
    assert_eq!(buffer.load_with(&mut source), Ok(0));
    assert_eq!(buffer.take(), Some(1));
    let mut seen = vec![];
    let mut visit = |&n: &usize| {
        seen.push(n);
        if n == 3 { Err("enough") } else { Ok(()) }
    };
    // SAFETY: nobody else has the buffer.
    let answer = unsafe { buffer.for_each_quiescent(&mut visit) };
    assert_eq!(answer, Err("enough"));
    assert_eq!(seen, [2, 3]);
    assert_eq!(buffer.len(), 3);
}

#[test]
fn messages() {
    assert_eq!(
        LoadError::<()>::Reentrant.to_string(),
        "the source asked for a value of the batch that it is producing"
    );
    let error = LoadError::Source(std::fmt::Error);
    assert!(std::error::Error::source(&error).is_some());
    let executor = BatchExecutor::new(2, counting());
    executor.load().unwrap();
    assert_eq!(
        format!("{executor:?}"),
        "BatchExecutor { size: 2, len: 1, .. }"
    );
}

proptest! {
    /// One thread against a model: a failing call ends its batch, what came before stays.
    #[test]
    fn like_a_list(
        size in 1_usize..6,
        failures in proptest::collection::vec(any::<bool>(), 1..40),
        steps in proptest::collection::vec(any::<bool>(), 0..80),
    ) {
        let mut calls = 0;
        let source = |calls: &mut usize| {
            let call = *calls;
            *calls += 1;
            if failures[call % failures.len()] { Err(call) } else { Ok(call) }
        };
        let buffer = BatchBuffer::try_new(NonZeroUsize::new(size).unwrap()).unwrap();
        let mut model = std::collections::VecDeque::new();
        let mut model_calls = 0;
        for only_take in steps {
            if only_take {
                prop_assert_eq!(buffer.take(), model.pop_front());
                continue;
            }
            let expected = model.pop_front().map_or_else(
                || {
                    for _ in 0..size {
                        model.push_back(source(&mut model_calls)?);
                    }
                    Ok(model.pop_front().unwrap())
                },
                Ok,
            );
            let answer = buffer.load_with(|| source(&mut calls));
            prop_assert_eq!(answer, expected.map_err(LoadError::Source));
            prop_assert_eq!(buffer.len(), model.len());
            prop_assert_eq!(calls, model_calls);
        }
    }
}

/// Threads load values from a source that fails and yields now and then. Each value goes to exactly one
/// thread, each thread's values are in order, and no two threads are in the source at once.
#[test]
fn stress() {
    const THREADS: usize = 4;
    for size in [1, 2, 7, 64] {
        let (inside, produced, failed) = (
            AtomicBool::new(false),
            AtomicUsize::new(0),
            AtomicUsize::new(0),
        );
        let mut calls = 0_usize;
        let executor = BatchExecutor::new(size, || {
            assert!(!inside.swap(true, SeqCst));
            calls += 1;
            if calls % 101 == 0 {
                thread::yield_now();
            }
            let answer = if calls % 37 == 0 {
                Err(failed.fetch_add(1, SeqCst))
            } else {
                Ok(produced.fetch_add(1, SeqCst))
            };
            inside.store(false, SeqCst);
            answer
        });
        let loads = |_| {
            let mut mine = vec![];
            while mine.len() < LOADS {
                match executor.load() {
                    Ok(value) => mine.push(value),
                    Err(LoadError::Source(_)) => {}
                    Err(LoadError::Reentrant) => panic!("not reentrant"),
                }
            }
            assert!(mine.is_sorted());
            mine
        };
        let mut all = start_together(THREADS, loads).concat();
        all.extend(std::iter::from_fn(|| {
            (!executor.is_empty()).then(|| executor.load().unwrap())
        }));
        all.sort_unstable();
        assert!(all.into_iter().eq(0..produced.load(SeqCst)));
    }
}

#[test]
fn boxed_values() {
    let buffer = BatchBuffer::try_new(NonZeroUsize::new(2).unwrap()).unwrap();
    let mut names = ["one", "two"].into_iter();
    let source = || Ok::<_, Infallible>(Box::new(names.next().unwrap().to_owned()));
    assert_eq!(*buffer.load_with(source).unwrap(), "one");
    assert_eq!(buffer.take().as_deref().map(String::as_str), Some("two"));
}

#[test]
fn filling_is_announced() {
    let executor = BatchExecutor::new(2, counting_shared());
    let listener = executor.filled().listen();
    executor.load().unwrap();
    assert!(listener.wait_deadline(passed()));
}

fn counting_shared() -> impl Fn() -> Result<usize, Infallible> {
    let numbers = AtomicUsize::new(0);
    move || Ok(numbers.fetch_add(1, SeqCst))
}

#[test]
fn errors_tell_why() {
    let cause = || "x".parse::<u8>().unwrap_err();
    let failed = "the source of a batch failed";
    let reentrant = "the source asked for a value of the batch that it is producing";
    let errors: [(Box<dyn Error>, &str, bool); 8] = [
        (Box::new(LoadError::Source(cause())), failed, true),
        (
            Box::new(LoadError::<ParseIntError>::Reentrant),
            reentrant,
            false,
        ),
        (Box::new(TryLoadError::Source(cause())), failed, true),
        (
            Box::new(TryLoadError::<ParseIntError>::Reentrant),
            reentrant,
            false,
        ),
        (
            Box::new(TryLoadError::<ParseIntError>::Busy),
            "another thread is filling the batch",
            false,
        ),
        (Box::new(LoadTimeoutError::Source(cause())), failed, true),
        (
            Box::new(LoadTimeoutError::<ParseIntError>::Reentrant),
            reentrant,
            false,
        ),
        (
            Box::new(LoadTimeoutError::<ParseIntError>::Timeout),
            "timed out waiting for another thread to fill the batch",
            false,
        ),
    ];
    for (err, text, caused) in errors {
        assert_eq!(err.to_string(), text);
        let source = err.source().map(ToString::to_string);
        assert_eq!(source, caused.then(|| cause().to_string()));
    }
}
