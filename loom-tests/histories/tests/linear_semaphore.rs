//! Histories of `Semaphore`: there are never more permits than its limit, and first come, first served.

use ft_semaphore::Semaphore;
use histories::linear::{Dice, Subject, check};
use histories::shared_specs::semaphore::{Spec, Step};
use std::{
    collections::{BTreeSet, VecDeque},
    time::Duration,
};

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
        let spec = Spec {
            free: limit,
            limit,
            line: VecDeque::new(),
            served: BTreeSet::new(),
            got: BTreeSet::new(),
        };
        (Self(P::new(limit)), spec)
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
                vec![Step::Try(taken)]
            }
            Call::Acquire if *has == 0 => {
                semaphore.real().acquire().forget();
                *has += 1;
                vec![Step::Ask, Step::Got]
            }
            Call::AcquireTimeout if *has < 2 => {
                let permit = semaphore.real().acquire_timeout(Duration::from_micros(20));
                match permit {
                    Some(permit) => {
                        permit.forget();
                        *has += 1;
                        vec![Step::Ask, Step::Got]
                    }
                    None => vec![Step::Ask, Step::GaveUp],
                }
            }
            Call::Release if *has > 0 => {
                *has -= 1;
                vec![Step::Released(semaphore.release())]
            }
            Call::ReleaseAny => vec![Step::Released(semaphore.release())],
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
