//! Histories of `Semaphore`: there are never more permits than its limit, and first come, first served.

use ft_semaphore::Semaphore;
use histories::linear::{Dice, Subject, check};
use histories::shared_specs::semaphore::{Spec, Step};
use std::time::Duration;

#[derive(Debug)]
enum Call {
    Try,
    Acquire,
    AcquireTimeout,
    Release,
    /// Releases even a permit that this thread does not have.
    ReleaseAny,
    Available,
    Waiting,
}

/// The type under test, and its broken relatives.
trait Permits: Send + Sync + 'static {
    fn new(permits: usize) -> Self;
    fn real(&self) -> &Semaphore;
    fn try_acquire(&self) -> bool {
        self.real().try_acquire().map(|it| it.forget()).is_some()
    }
    fn release(&self) -> bool {
        self.real().release().is_ok()
    }
    fn set_limit(&self, limit: usize) {
        self.real().set_limit(limit);
    }
}

impl Permits for Semaphore {
    fn new(permits: usize) -> Self {
        Semaphore::new(permits)
    }
    fn real(&self) -> &Semaphore {
        self
    }
}

struct Recorded<P>(P);

impl<P: Permits> Subject for Recorded<P> {
    type Model = Spec;
    type Call = Call;
    /// How many permits the thread has.
    type Hand = usize;

    fn new(dice: &mut Dice) -> (Self, Spec) {
        let limit = 1 + dice.below(2);
        (Self(P::new(limit)), Spec::new(limit))
    }

    fn script(&self, _thread: usize, dice: &mut Dice) -> Vec<Call> {
        let mut calls = dice.times(6, |dice| match dice.below(10) {
            0 => Call::Try,
            1..=3 => Call::Acquire,
            4 => Call::AcquireTimeout,
            5 => Call::ReleaseAny,
            6 => Call::Available,
            7 => Call::Waiting,
            _ => Call::Release,
        });
        calls.extend([Call::Release, Call::Release]);
        calls
    }

    fn call(&self, _thread: usize, has: &mut usize, call: &Call) -> Vec<Step> {
        let semaphore = &self.0;
        match *call {
            // A thread that waits has no permit, so another thread has one, and that one does not wait.
            Call::Try if *has < 2 => {
                let taken = semaphore.try_acquire();
                *has += usize::from(taken);
                vec![Step::Try(1, taken)]
            }
            Call::Acquire if *has == 0 => {
                semaphore.real().acquire().forget();
                *has += 1;
                vec![Step::Ask(1), Step::Got]
            }
            Call::AcquireTimeout if *has < 2 => {
                let permit = semaphore.real().acquire_timeout(Duration::from_micros(20));
                match permit {
                    Some(permit) => {
                        permit.forget();
                        *has += 1;
                        vec![Step::Ask(1), Step::Got]
                    }
                    None => vec![Step::Ask(1), Step::GaveUp],
                }
            }
            Call::Release if *has > 0 => {
                *has -= 1;
                vec![Step::Released(1, semaphore.release())]
            }
            Call::ReleaseAny => vec![Step::Released(1, semaphore.release())],
            Call::Available => vec![Step::Available(semaphore.real().available())],
            Call::Waiting => vec![Step::Waiting(semaphore.real().waiting())],
            _ => Vec::new(),
        }
    }

    fn last(&self) -> Vec<Step> {
        vec![Step::Available(self.0.real().available())]
    }
}

#[test]
fn everything() {
    check::<Recorded<Semaphore>>();
}

#[derive(Debug)]
enum ManyCall {
    Try(usize),
    /// Waits for a short time.
    Acquire(usize),
    Release,
    Limit(usize),
    Available,
}

/// Many permits at once, and a limit that changes.
struct Many<P>(P);

impl<P: Permits> Subject for Many<P> {
    type Model = Spec;
    type Call = ManyCall;
    /// How many permits the thread has.
    type Hand = usize;

    fn new(_dice: &mut Dice) -> (Self, Spec) {
        (Self(P::new(2)), Spec::new(2))
    }

    fn script(&self, _thread: usize, dice: &mut Dice) -> Vec<ManyCall> {
        let mut calls = dice.times(6, |dice| match dice.below(10) {
            0 | 1 => ManyCall::Try(1 + dice.below(3)),
            2..=4 => ManyCall::Acquire(1 + dice.below(3)),
            5 | 6 => ManyCall::Limit(dice.below(4)),
            7 => ManyCall::Available,
            _ => ManyCall::Release,
        });
        calls.push(ManyCall::Release);
        calls
    }

    fn call(&self, _thread: usize, has: &mut usize, call: &ManyCall) -> Vec<Step> {
        let semaphore = self.0.real();
        match *call {
            ManyCall::Try(n) => {
                let permits = semaphore.try_acquire_many(n);
                let taken = permits.map(|it| it.forget()).is_some();
                *has += if taken { n } else { 0 };
                vec![Step::Try(n, taken)]
            }
            ManyCall::Acquire(n) => {
                let mut place = semaphore.acquire_many_async(n);
                let soon = std::time::Instant::now() + Duration::from_micros(20);
                match place.wait_deadline(Some(soon)) {
                    Some(permits) => {
                        permits.forget();
                        *has += n;
                        vec![Step::Ask(n), Step::Got]
                    }
                    None => {
                        drop(place);
                        vec![Step::Ask(n), Step::GaveUp]
                    }
                }
            }
            ManyCall::Release => {
                let n = std::mem::take(has);
                vec![Step::Released(n, semaphore.release_many(n).is_ok())]
            }
            ManyCall::Limit(limit) => {
                self.0.set_limit(limit);
                vec![Step::Limit(limit)]
            }
            ManyCall::Available => vec![Step::Available(semaphore.available())],
        }
    }

    fn last(&self) -> Vec<Step> {
        vec![
            Step::Waiting(self.0.real().waiting()),
            Step::Available(self.0.real().available()),
        ]
    }
}

#[test]
fn many_at_once() {
    check::<Many<Semaphore>>();
}

/// Broken semaphores, which must be found out.
#[cfg(ft_shuttle)]
mod broken {
    use super::*;
    use ft_sync::atomic::{AtomicUsize, Ordering::SeqCst};
    use histories::linear::{hangs, rejects};

    /// Gives a released permit to the next thread that comes, and not to the one that has waited longest.
    struct Unfair(Semaphore, AtomicUsize);

    impl Permits for Unfair {
        fn new(permits: usize) -> Self {
            Self(Semaphore::new(permits), AtomicUsize::new(0))
        }
        fn real(&self) -> &Semaphore {
            &self.0
        }
        fn try_acquire(&self) -> bool {
            let kept = self.1.load(SeqCst);
            if kept > 0
                && self
                    .1
                    .compare_exchange(kept, kept - 1, SeqCst, SeqCst)
                    .is_ok()
            {
                return true;
            }
            self.0.try_acquire().map(|it| it.forget()).is_some()
        }
        fn release(&self) -> bool {
            if self.0.waiting() > 0 {
                self.1.fetch_add(1, SeqCst);
                return true;
            }
            self.0.release().is_ok()
        }
    }

    #[test]
    fn unfair() {
        hangs::<Recorded<Unfair>>();
    }

    /// Changes the limit in two steps: for a moment there are no permits.
    struct ThroughZero(Semaphore);

    impl Permits for ThroughZero {
        fn new(permits: usize) -> Self {
            Self(Semaphore::new(permits))
        }
        fn real(&self) -> &Semaphore {
            &self.0
        }
        fn set_limit(&self, limit: usize) {
            self.0.set_limit(0);
            self.0.set_limit(limit);
        }
    }

    #[test]
    fn through_zero() {
        rejects::<Many<ThroughZero>>();
    }

    /// Looks whether a permit is free, and then takes one.
    struct LookThenTake(Semaphore);

    impl Permits for LookThenTake {
        fn new(permits: usize) -> Self {
            Self(Semaphore::new(permits))
        }
        fn real(&self) -> &Semaphore {
            &self.0
        }
        fn try_acquire(&self) -> bool {
            let free = self.0.available() > 0;
            if let Some(permit) = self.0.try_acquire() {
                permit.forget();
            }
            free
        }
    }

    #[test]
    fn look_then_take() {
        rejects::<Recorded<LookThenTake>>();
    }
}
