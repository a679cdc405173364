//! Behavior seen from outside.

use ft_once::{Claim, Leader, Note, Once, Party, Turn, Waiting};
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    pin::{Pin, pin},
    sync::{
        Arc, Barrier,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    task::{Context, Poll, Wake, Waker},
    thread,
    time::Instant,
};

#[derive(Default)]
struct Bell(AtomicUsize);

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, SeqCst);
    }
}

fn bell() -> (Arc<Bell>, Waker) {
    let bell = Arc::new(Bell::default());
    (Arc::clone(&bell), Waker::from(bell))
}

fn lead<T>(once: &Once<T>) -> Leader<'_, T> {
    match once.try_claim(Some(Party::thread())) {
        Some(Turn::Leader(leader)) => leader,
        _ => panic!("there is a value, or a leader"),
    }
}

fn poll<'a, T>(claim: &mut Claim<'a, T>, waker: &Waker) -> Option<Turn<'a, T>> {
    match Pin::new(claim).poll(&mut Context::from_waker(waker)) {
        Poll::Ready(turn) => Some(turn),
        Poll::Pending => None,
    }
}

#[test]
fn first_value_stays() {
    let mut once = Once::default();
    assert_eq!(once.get(), None);
    assert_eq!(once.get_or_init(|| 1), &1);
    assert_eq!(once.get_or_init(|| unreachable!()), &1);
    assert_eq!(
        (once.get(), format!("{once:?}")),
        (Some(&1), "Once(Some(1))".into())
    );
    assert_eq!((once.take(), once.get()), (Some(1), None));
    assert_eq!(once.get_or_init(|| 2), &2);
}

#[test]
fn failures_are_followed_by_the_next_call() {
    let once = Once::new();
    assert_eq!(once.get_or_try_init(|| Err::<u8, _>("no")), Err("no"));
    assert!(catch_unwind(AssertUnwindSafe(|| once.get_or_init(|| panic!()))).is_err());
    assert_eq!(once.get_or_try_init(|| Ok::<_, ()>(3)), Ok(&3));
}

#[test]
fn the_value_is_dropped_once() {
    let value = Arc::new(());
    let once = Once::new();
    once.get_or_init(|| Arc::clone(&value));
    assert_eq!(Arc::strong_count(&value), 2);
    drop(once);
    assert_eq!(Arc::strong_count(&value), 1);
}

/// A failure wakes the first in line and nobody else; a success wakes all.
#[test]
fn who_is_woken() {
    let once = Once::new();
    let leader = lead(&once);
    assert!(once.try_claim(None).is_none());
    let [(first, its), (second, its_too), (third, and_its)] = [bell(), bell(), bell()];
    let mut claims = [(); 3].map(|()| once.claim(None));
    for (claim, waker) in claims.iter_mut().zip([&its, &its_too, &and_its]) {
        assert!(poll(claim, waker).is_none());
    }
    let rung = || [&first, &second, &third].map(|bell| bell.0.load(SeqCst));
    drop(leader);
    assert_eq!(rung(), [1, 0, 0]);
    // A newcomer does not overtake.
    assert!(once.try_claim(None).is_none());
    let [mut one, two, mut three] = claims;
    let Some(Turn::Leader(leader)) = poll(&mut one, &its) else {
        panic!("it is the turn of the first")
    };
    // One that leaves is passed over.
    drop(two);
    drop(leader);
    assert_eq!(rung(), [1, 0, 1]);
    let Some(Turn::Leader(leader)) = poll(&mut three, &and_its) else {
        panic!("it is the turn of the third")
    };
    let mut last = [once.claim(None), once.claim(None)];
    assert!(last.iter_mut().all(|claim| poll(claim, &its).is_none()));
    assert_eq!(leader.set(7), &7);
    assert_eq!(rung(), [3, 0, 1]);
    for claim in &mut last {
        assert!(matches!(poll(claim, &its), Some(Turn::Ready(7))));
    }
    assert!(matches!(once.try_claim(None), Some(Turn::Ready(7))));
}

/// The turn that was handed to a claim goes on when the claim is dropped.
#[test]
fn dropped_claims_pass_on() {
    let once = Once::<u8>::new();
    let leader = lead(&once);
    let ((_, noop), (second, its)) = (bell(), bell());
    let (mut first, mut next) = (once.claim(None), once.claim(None));
    assert!(poll(&mut first, &noop).is_none() && poll(&mut next, &its).is_none());
    drop(leader);
    drop(first);
    assert_eq!(second.0.load(SeqCst), 1);
    assert!(matches!(poll(&mut next, &its), Some(Turn::Leader(_))));
}

#[test]
fn deadlines() {
    let once = Once::new();
    let leader = lead(&once);
    let mut claim = once.claim(None);
    assert!(claim.wait_deadline(Some(Instant::now())).is_none());
    leader.set(1);
    assert!(matches!(
        claim.wait_deadline(Some(Instant::now())),
        Some(Turn::Ready(1))
    ));
}

#[test]
fn suspended_duties_are_resumed() {
    let once = Once::new();
    let duty = lead(&once).suspend();
    assert!(once.try_claim(None).is_none());
    drop(once.resume(duty));
    let duty = lead(&once).suspend();
    assert_eq!(once.resume(duty).set(5), &5);
}

#[test]
fn tasks() {
    let once = Once::new();
    let waker = Waker::noop();
    let mut cx = Context::from_waker(waker);
    {
        let mut first = Box::pin(once.get_or_init_async(std::future::pending));
        assert!(first.as_mut().poll(&mut cx).is_pending());
        let mut second = pin!(once.get_or_try_init_async(async || Err::<u8, _>("no")));
        assert!(second.as_mut().poll(&mut cx).is_pending());
        // A cancelled computation.
        drop(first);
        assert_eq!(second.as_mut().poll(&mut cx), Poll::Ready(Err("no")));
    }
    let mut third = pin!(once.get_or_init_async(async || 3));
    assert_eq!(third.as_mut().poll(&mut cx), Poll::Ready(&3));
    let mut fourth = pin!(once.get_or_init_async(async || 4));
    assert_eq!(fourth.as_mut().poll(&mut cx), Poll::Ready(&3));
}

#[test]
#[should_panic(expected = "asked for the same value")]
fn own_value() {
    let once = Once::<u8>::new();
    once.get_or_init(|| *once.get_or_init(|| 1));
}

/// Two threads that ask for each other's value: one of them gets the error, and then the value.
#[test]
fn each_others_values() {
    let (both, onces) = (Barrier::new(2), [Once::new(), Once::new()]);
    let ask = |ours: usize| {
        onces[ours].get_or_init(|| {
            both.wait();
            let other = &onces[1 - ours];
            catch_unwind(AssertUnwindSafe(|| *other.get_or_init(|| 0_usize))).unwrap_or(9)
        })
    };
    let found = thread::scope(|scope| {
        let other = scope.spawn(|| *ask(0));
        [*ask(1), other.join().unwrap()]
    });
    // The one that was refused has 9, and the other one got that.
    assert_eq!(found, [9, 9]);
}

/// A wait for one whose leader has just failed is no circle.
#[test]
fn without_a_leader_there_is_no_circle() {
    let once = Once::<u8>::new();
    drop(lead(&once));
    assert_eq!(once.flight().leader(), None);
    assert!(Waiting::begin(once.flight(), Party::thread(), Note::new(())).is_ok());
    let _leader = lead(&once);
    assert!(Waiting::begin(once.flight(), Party::thread(), Note::new(())).is_err());
}

const THREADS: usize = if cfg!(miri) { 3 } else { 8 };
const ROUNDS: usize = if cfg!(miri) { 5 } else { 300 };

/// In each round all threads ask at once, and the first computations fail.
#[test]
fn stress() {
    let all = Barrier::new(THREADS);
    let rounds: Vec<(Once<usize>, AtomicUsize, AtomicUsize)> =
        (0..ROUNDS).map(|_| Default::default()).collect();
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                for (once, calls, inside) in &rounds {
                    all.wait();
                    let compute = || {
                        assert_eq!(inside.fetch_add(1, SeqCst), 0);
                        let call = calls.fetch_add(1, SeqCst);
                        inside.fetch_sub(1, SeqCst);
                        if call < 2 { Err(call) } else { Ok(call) }
                    };
                    let found = once.get_or_try_init(compute);
                    assert!(matches!(found, Ok(&2) | Err(0 | 1)));
                }
            });
        }
    });
    for (once, calls, _) in &rounds {
        assert_eq!((once.get(), calls.load(SeqCst)), (Some(&2), 3));
    }
}

/// A child of a fork computes what another thread of the parent was computing.
#[cfg(all(unix, not(miri)))]
#[test]
fn forks() {
    use ft_test_support::in_child;

    let (once, started, go) = (Once::new(), Barrier::new(2), Barrier::new(2));
    thread::scope(|scope| {
        scope.spawn(|| {
            once.get_or_init(|| {
                started.wait();
                go.wait();
                1
            })
        });
        started.wait();
        assert!(in_child(|| once.get_or_init(|| 2) == &2));
        go.wait();
    });
    assert_eq!(once.get(), Some(&1));
}
