//! `Semaphore`, beside the specification that its histories have.

use crate::{
    Place, Target,
    fuse::Blown,
    target::{Kind, one},
};
use ft_semaphore::{Permit, Semaphore};
use histories::{
    linear::Model,
    shared_specs::semaphore::{Spec, Step},
};
use proptest::{prelude::*, strategy::BoxedStrategy};
use std::{
    collections::{BTreeSet, VecDeque},
    pin::pin,
    task::{Context, Poll, Waker},
    time::Instant,
};

/// Ways in which a relative is broken.
const HAS_ONE_MORE: u8 = 1;
const LOOKS_THEN_RELEASES: u8 = 2;

pub struct Permits<const BROKEN: u8 = 0>(Semaphore);

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

    fn calls(_alone: bool) -> Vec<Kind<Call>> {
        vec![
            one(3, Call::Try),
            one(4, Call::Acquire),
            one(2, Call::AcquireDeadline),
            one(2, Call::Poll),
            one(5, Call::Release),
            one(1, Call::ReleaseAny),
            one(1, Call::Available),
            one(1, Call::Waiting),
        ]
    }

    fn new(&limit: &usize) -> Self {
        Self(Semaphore::new(limit + usize::from(BROKEN == HAS_ONE_MORE)))
    }

    fn model(&limit: &usize) -> Spec {
        Spec {
            free: limit,
            limit,
            line: VecDeque::new(),
            served: BTreeSet::new(),
            got: BTreeSet::new(),
        }
    }

    fn call(&self, has: &mut usize, _place: Place, call: &Call) -> Result<Vec<Step>, Blown> {
        let semaphore = &self.0;
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
                Some(()) => vec![Step::Ask, Step::Got],
                None => vec![Step::Ask, Step::GaveUp],
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
            Call::Try if *has < 2 => {
                let taken = semaphore.try_acquire().map(|permit| permit.forget());
                *has += usize::from(taken.is_some());
                vec![Step::Try(taken.is_some())]
            }
            Call::Release if *has > 0 => {
                *has -= 1;
                vec![Step::Released(release())]
            }
            Call::ReleaseAny => vec![Step::Released(release())],
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
