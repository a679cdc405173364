//! `RawIntervalLock`, beside the specification that its histories have.

use crate::{
    Place, Target,
    fuse::Blown,
    target::{Kind, one},
};
use ft_interval_lock::RawIntervalLock;
use ft_sync::TaskToken;
use histories::{
    linear::Model,
    shared_specs::interval_lock::{Spec, Step},
};
use proptest::{prelude::*, strategy::BoxedStrategy};
use std::{
    pin::pin,
    task::{Context, Poll, Waker},
    time::{Duration, Instant},
};

/// Ways in which a relative is broken.
const CEDES_TO_NOBODY: u8 = 1;
const LOOKS_FREE_TO_ITS_OWNER: u8 = 2;

pub struct Lock<const BROKEN: u8 = 0>(RawIntervalLock);

#[derive(Clone, Debug)]
pub enum Call {
    Try,
    /// Does nothing if this thread has the lock.
    Lock,
    /// Likewise. The call has a deadline that has passed.
    LockDeadline,
    /// Likewise, as a task that is polled once and dropped, or releases the lock at once.
    Poll,
    /// This call and the next are errors if this thread does not have the lock.
    Cede,
    Unlock,
    IsLocked,
}

impl<const BROKEN: u8> Target for Lock<BROKEN> {
    const NAME: &'static str = match BROKEN {
        CEDES_TO_NOBODY => "interval_lock that cedes by leaving",
        LOOKS_FREE_TO_ITS_OWNER => "interval_lock that looks free",
        _ => "interval_lock",
    };
    const BROKEN: bool = BROKEN > 0;

    type Setup = ();
    type Call = Call;
    type Answer = Step;
    /// Whether the thread has the lock.
    type Hand = bool;
    type Model = Spec;

    fn setups() -> BoxedStrategy<()> {
        Just(()).boxed()
    }

    fn calls(_alone: bool) -> Vec<Kind<Call>> {
        vec![
            one(2, Call::Try),
            one(4, Call::Lock),
            one(2, Call::LockDeadline),
            one(2, Call::Poll),
            one(3, Call::Cede),
            one(4, Call::Unlock),
            one(1, Call::IsLocked),
        ]
    }

    fn new(_setup: &()) -> Self {
        Self(RawIntervalLock::new(Duration::ZERO))
    }

    fn model(_setup: &()) -> Spec {
        Spec::default()
    }

    fn call(&self, has: &mut bool, place: Place, call: &Call) -> Result<Vec<Step>, Blown> {
        let lock = &self.0;
        let asked = |has| vec![Step::Ask, if has { Step::Got } else { Step::GaveUp }];
        assert_eq!(lock.is_owner(), *has, "it does not know its owner");
        Ok(match (call, *has) {
            (Call::IsLocked, true) if BROKEN == LOOKS_FREE_TO_ITS_OWNER => {
                vec![Step::IsLocked(false)]
            }
            (Call::IsLocked, _) => vec![Step::IsLocked(lock.is_locked())],
            (Call::Try, _) => {
                let taken = lock.try_lock();
                *has |= taken;
                vec![Step::Try(taken)]
            }
            (Call::Lock, true) => {
                lock.lock().expect_err("it would wait for itself");
                Vec::new()
            }
            (Call::LockDeadline, true) => {
                let now = Some(Instant::now());
                lock.lock_deadline(now)
                    .expect_err("it would wait for itself");
                Vec::new()
            }
            (Call::Lock, false) => {
                lock.lock().expect("this thread does not have it");
                *has = true;
                asked(true)
            }
            (Call::LockDeadline, false) => {
                let taken = lock.lock_deadline(Some(Instant::now()));
                *has = taken.expect("this thread does not have it");
                asked(*has)
            }
            // To the specification, it is this thread that asks.
            (Call::Poll, true) => Vec::new(),
            (Call::Poll, false) => {
                let task = TaskToken::new(place.thread as u64);
                let mut context = Context::from_waker(Waker::noop());
                match pin!(lock.lock_async(task)).poll(&mut context) {
                    Poll::Pending => asked(false),
                    Poll::Ready(taken) => {
                        taken.expect("this task does not have it");
                        assert!(lock.has_task() && lock.is_owner_task(task) && !lock.is_owner());
                        lock.unlock_of(task).expect("this task has it");
                        vec![Step::Ask, Step::Got, Step::Unlocked]
                    }
                }
            }
            (Call::Cede, true) if BROKEN == CEDES_TO_NOBODY => {
                let others = lock.waiters() > 0;
                lock.unlock().expect("this thread has it");
                while !lock.try_lock() {
                    ft_sync::thread::yield_now();
                }
                match others {
                    true => vec![Step::Ceded, Step::Got],
                    false => vec![Step::Kept],
                }
            }
            (Call::Cede, true) => match lock.cede().expect("this thread has it") {
                true => vec![Step::Ceded, Step::Got],
                false => vec![Step::Kept],
            },
            (Call::Cede, false) => {
                lock.cede().expect_err("this thread does not have it");
                lock.poll().expect_err("this thread does not have it");
                Vec::new()
            }
            (Call::Unlock, true) => {
                lock.unlock().expect("this thread has it");
                *has = false;
                vec![Step::Unlocked]
            }
            (Call::Unlock, false) => {
                lock.unlock().expect_err("this thread does not have it");
                Vec::new()
            }
        })
    }

    fn step(model: &mut Spec, place: Place, _call: &Call, step: &Step) -> bool {
        model.step(place.thread, step)
    }

    fn ending(_place: Place, has: &bool) -> Option<Call> {
        has.then_some(Call::Unlock)
    }

    fn last() -> Vec<Call> {
        vec![Call::IsLocked, Call::Try, Call::Unlock]
    }
}
