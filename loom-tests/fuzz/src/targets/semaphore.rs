//! `Semaphore`, beside the specification that its histories have.

use crate::{
    Place, Target,
    fuse::Blown,
    target::{Kind, of, one},
};
use ft_semaphore::{Permit, Semaphore};
use histories::{
    linear::Model,
    shared_specs::semaphore::{Spec, Step},
};
use proptest::{prelude::*, strategy::BoxedStrategy};
use std::{
    pin::pin,
    task::{Context, Poll, Waker},
    time::Instant,
};

/// Ways in which a relative is broken.
const HAS_ONE_MORE: u8 = 1;
const LOOKS_THEN_RELEASES: u8 = 2;

pub struct Permits<const BROKEN: u8 = 0> {
    semaphore: Semaphore,
    limit: usize,
}

#[derive(Clone, Debug)]
pub enum Call {
    /// Does nothing if the thread has two permits.
    Try,
    /// Does nothing if the thread has a permit.
    Acquire,
    /// Likewise. The call has a deadline that has passed.
    AcquireDeadline,
    /// Likewise, as a task that is polled once and dropped.
    Poll,
    /// Does nothing if the thread has no permit.
    Release,
    /// Releases a permit, whether the thread has one or not.
    ReleaseAny,
    /// Takes so many permits, without waiting, and releases them.
    TryMany(usize),
    /// Likewise, as a task that is polled once and dropped.
    PollMany(usize),
    /// Changes the limit by so much, and then back, while this thread has no permit.
    Limit(usize),
    Available,
    Waiting,
}

impl<const BROKEN: u8> Target for Permits<BROKEN> {
    const NAME: &'static str = match BROKEN {
        HAS_ONE_MORE => "semaphore with one permit too many",
        LOOKS_THEN_RELEASES => "semaphore that looks and then releases",
        _ => "semaphore",
    };
    const BROKEN: bool = BROKEN > 0;

    type Setup = usize;
    type Call = Call;
    type Answer = Step;
    /// How many permits the thread has.
    type Hand = usize;
    type Model = Spec;

    fn setups() -> BoxedStrategy<usize> {
        (1..4_usize).boxed()
    }

    fn calls(alone: bool) -> Vec<Kind<Call>> {
        // Beside a limit that is lowered, a release of what nobody has may succeed: see `Semaphore::release`. The
        // broken relatives change no limit.
        let any = u32::from(alone || Self::BROKEN);
        vec![
            one(3, Call::Try),
            one(4, Call::Acquire),
            one(2, Call::AcquireDeadline),
            one(2, Call::Poll),
            one(5, Call::Release),
            one(any, Call::ReleaseAny),
            of(1, (0..5_usize).prop_map(Call::TryMany)),
            of(1, (0..5_usize).prop_map(Call::PollMany)),
            of(1, (0..5_usize).prop_map(Call::Limit)),
            one(1, Call::Available),
            one(1, Call::Waiting),
        ]
    }

    fn new(&limit: &usize) -> Self {
        Self {
            semaphore: Semaphore::new(limit + usize::from(BROKEN == HAS_ONE_MORE)),
            limit,
        }
    }

    fn model(&limit: &usize) -> Spec {
        Spec::new(limit)
    }

    fn call(&self, has: &mut usize, _place: Place, call: &Call) -> Result<Vec<Step>, Blown> {
        let semaphore = &self.semaphore;
        let release = || match BROKEN {
            LOOKS_THEN_RELEASES => {
                let full = semaphore.available() == semaphore.limit();
                if !full {
                    let _ = semaphore.release();
                }
                !full
            }
            _ => semaphore.release().is_ok(),
        };
        let asked = |has: &mut usize, permit: Option<Permit<'_>>| {
            *has += usize::from(permit.is_some());
            match permit.map(|permit| permit.forget()) {
                Some(()) => vec![Step::Ask(1), Step::Got],
                None => vec![Step::Ask(1), Step::GaveUp],
            }
        };
        Ok(match *call {
            // A thread that waits has no permit, so another thread has one, and that one does not wait.
            Call::Acquire if *has == 0 => asked(has, Some(semaphore.acquire())),
            Call::AcquireDeadline if *has == 0 => {
                asked(has, semaphore.acquire_deadline(Instant::now()))
            }
            Call::Poll if *has == 0 => {
                let mut task = pin!(semaphore.acquire_async());
                let mut context = Context::from_waker(Waker::noop());
                match task.as_mut().poll(&mut context) {
                    Poll::Ready(permit) => asked(has, Some(permit)),
                    Poll::Pending => asked(has, None),
                }
            }
            Call::TryMany(n) => match semaphore.try_acquire_many(n) {
                None => vec![Step::Try(n, false)],
                Some(permits) => {
                    // Another thread may have released them.
                    permits.forget();
                    let done = semaphore.release_many(n).is_ok();
                    vec![Step::Try(n, true), Step::Released(n, done)]
                }
            },
            Call::PollMany(n) => {
                let mut task = pin!(semaphore.acquire_many_async(n));
                let mut context = Context::from_waker(Waker::noop());
                match task.as_mut().poll(&mut context) {
                    Poll::Pending => vec![Step::Ask(n), Step::GaveUp],
                    Poll::Ready(permits) => {
                        permits.forget();
                        let done = semaphore.release_many(n).is_ok();
                        vec![Step::Ask(n), Step::Got, Step::Released(n, done)]
                    }
                }
            }
            // A thread that waits must not wait for ever.
            Call::Limit(by) if *has == 0 && BROKEN == 0 => {
                semaphore.set_limit(by);
                // Not the limit from before: that may be the one of another such call.
                semaphore.set_limit(self.limit);
                vec![Step::Limit(by), Step::Limit(self.limit)]
            }
            Call::Try if *has < 2 => {
                let taken = semaphore.try_acquire().map(|permit| permit.forget());
                *has += usize::from(taken.is_some());
                vec![Step::Try(1, taken.is_some())]
            }
            Call::Release if *has > 0 => {
                *has -= 1;
                vec![Step::Released(1, release())]
            }
            Call::ReleaseAny => vec![Step::Released(1, release())],
            Call::Available => vec![Step::Available(semaphore.available())],
            Call::Waiting => vec![Step::Waiting(semaphore.waiting())],
            _ => Vec::new(),
        })
    }

    fn step(model: &mut Spec, place: Place, _call: &Call, step: &Step) -> bool {
        model.step(place.thread, step)
    }

    fn ending(_place: Place, &has: &usize) -> Option<Call> {
        (has > 0).then_some(Call::Release)
    }

    fn last() -> Vec<Call> {
        vec![Call::Available, Call::Waiting, Call::Try, Call::Release]
    }
}
