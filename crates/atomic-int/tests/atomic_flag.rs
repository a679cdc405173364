//! Behavior of `AtomicFlag` seen from outside.

use ft_atomic_int::AtomicFlag;
use ft_sync::Select;
use ft_test_support::{passed, start_together, until};
use proptest::prelude::*;
use std::{
    cell::Cell,
    pin::pin,
    sync::atomic::{AtomicU64, Ordering::SeqCst},
    task::{Context, Poll, Waker},
    thread,
    time::{Duration, Instant},
};

#[derive(Clone, Copy, Debug)]
enum Step {
    Load,
    Store(bool),
    TestAndSet,
    Clear,
    Exchange(bool),
    CompareExchange(bool, bool),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        Just(Step::Load),
        any::<bool>().prop_map(Step::Store),
        Just(Step::TestAndSet),
        Just(Step::Clear),
        any::<bool>().prop_map(Step::Exchange),
        any::<(bool, bool)>().prop_map(|(expected, new)| Step::CompareExchange(expected, new)),
    ]
}

/// What a `bool` of one thread would answer.
fn plainly(plain: &Cell<bool>, step: Step) -> Result<bool, bool> {
    match step {
        Step::Load => Ok(plain.get()),
        Step::Store(value) => {
            plain.set(value);
            Ok(value)
        }
        Step::TestAndSet => Ok(plain.replace(true)),
        Step::Clear => {
            plain.set(false);
            Ok(false)
        }
        Step::Exchange(value) => Ok(plain.replace(value)),
        Step::CompareExchange(expected, new) if plain.get() == expected => Ok(plain.replace(new)),
        Step::CompareExchange(..) => Err(plain.get()),
    }
}

fn atomically(flag: &AtomicFlag, step: Step) -> Result<bool, bool> {
    match step {
        Step::Load => Ok(flag.load()),
        Step::Store(value) => {
            flag.store(value);
            Ok(flag.load())
        }
        Step::TestAndSet => Ok(flag.test_and_set()),
        Step::Clear => {
            flag.clear();
            Ok(flag.load())
        }
        Step::Exchange(value) => Ok(flag.exchange(value)),
        Step::CompareExchange(expected, new) => flag.compare_exchange(expected, new),
    }
}

proptest! {
    #[test]
    fn like_a_bool(start: bool, steps in proptest::collection::vec(step(), 0..50)) {
        let (flag, plain) = (AtomicFlag::from(start), Cell::new(start));
        let watch = flag.watch();
        let mut was_set = start;
        for step in steps {
            prop_assert_eq!(atomically(&flag, step), plainly(&plain, step));
            prop_assert_eq!(flag.load(), plain.get());
            was_set |= plain.get();
            prop_assert_eq!(watch.was_set(), was_set);
        }
    }
}

#[test]
fn starts_clear() {
    assert!(!AtomicFlag::default().load());
    assert_eq!(format!("{:?}", AtomicFlag::new(true)), "AtomicFlag(true)");
}

/// Setting a clear flag wakes the waiters, and nothing else does.
#[test]
fn setting_is_announced() {
    let steps = [Step::TestAndSet, Step::Clear]
        .into_iter()
        .chain([false, true].map(Step::Store))
        .chain([false, true].map(Step::Exchange))
        .chain(
            [(false, false), (false, true), (true, false), (true, true)]
                .map(|(expected, new)| Step::CompareExchange(expected, new)),
        );
    for step in steps {
        for start in [false, true] {
            let flag = AtomicFlag::new(start);
            let listener = flag.became_set().listen();
            let _ = atomically(&flag, step);
            let woken = listener.wait_deadline(passed());
            assert_eq!(woken, !start && flag.load(), "{step:?} of {start}");
        }
    }
}

#[test]
fn deadline_passes() {
    let flag = AtomicFlag::new(false);
    let deadline = Instant::now() + Duration::from_millis(5);
    assert!(!flag.wait_deadline(Some(deadline)));
    assert!(Instant::now() >= deadline);
    flag.store(true);
    assert!(flag.wait_deadline(Some(deadline)));
}

/// Enough rounds of a lock for an unlucky schedule to occur.
const ROUNDS: u64 = 20_000;
const THREADS: usize = 4;

#[test]
fn lock_of_many_threads() {
    struct Shared(AtomicFlag, std::cell::UnsafeCell<u64>);
    // SAFETY: only the thread that has set the flag touches the cell.
    unsafe impl Sync for Shared {}
    let shared = Shared(AtomicFlag::new(false), 0.into());
    start_together(THREADS, |_| {
        let shared = &shared;
        for _ in 0..ROUNDS {
            until(|| !shared.0.test_and_set());
            // SAFETY: the flag was clear, and this thread set it.
            unsafe { *shared.1.get() += 1 };
            shared.0.clear();
        }
    });
    assert_eq!(shared.1.into_inner(), THREADS as u64 * ROUNDS);
}

#[test]
fn signals_back_and_forth() {
    let (ping, pong) = (AtomicFlag::new(false), AtomicFlag::new(false));
    let rounds = AtomicU64::new(0);
    let missed = thread::scope(|scope| {
        scope.spawn(|| {
            for _ in 0..ROUNDS / 4 {
                ping.wait();
                ping.clear();
                rounds.fetch_add(1, SeqCst);
                pong.store(true);
            }
        });
        let mut missed = 0;
        for round in 1..=ROUNDS / 4 {
            ping.store(true);
            pong.wait();
            pong.clear();
            missed += u64::from(rounds.load(SeqCst) != round);
        }
        missed
    });
    assert!(!ping.load() && !pong.load());
    assert_eq!(missed, 0);
}

/// A case of a choice sees that the flag has been set since it was made.
#[test]
fn first_to_be_set() {
    let [one, other] = [false, false].map(AtomicFlag::new);
    let mut first = Select::new()
        .case(one.setting().map(|()| "one"))
        .case(other.setting().map(|()| "other"));
    assert_eq!(first.try_now(), None);
    thread::scope(|scope| {
        scope.spawn(|| {
            other.store(true);
            other.clear();
        });
        assert_eq!(first.wait(), "other");
    });
}

/// A task passes once the flag has been set, even if it was cleared again; one that is dropped leaves
/// no trace.
#[test]
fn tasks_wait() {
    let flag = AtomicFlag::new(false);
    let mut cx = Context::from_waker(Waker::noop());
    let mut task = pin!(flag.wait_async());
    let mut quitter = Box::pin(flag.wait_async());
    assert!(task.as_mut().poll(&mut cx).is_pending());
    assert!(quitter.as_mut().poll(&mut cx).is_pending());
    drop(quitter);
    flag.store(true);
    flag.clear();
    assert_eq!(task.as_mut().poll(&mut cx), Poll::Ready(()));
}
