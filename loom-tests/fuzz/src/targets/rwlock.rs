//! `OwnedRwLock`, beside the specification that its histories have.

use crate::{
    Place, Target,
    fuse::Blown,
    target::{self, of, one},
};
use ft_rwlock::OwnedRwLock;
use ft_sync::TaskToken;
use histories::{
    linear::Model,
    shared_specs::rwlock::{
        Kind::{self, Read, Write},
        Spec, Step,
    },
};
use proptest::{prelude::*, sample::select, strategy::BoxedStrategy};
use std::{
    pin::pin,
    task::{Context, Poll, Waker},
    time::Instant,
};

/// Ways in which a relative is broken.
const DOWNGRADES_IN_TWO_STEPS: u8 = 1;
const WAITS_FOR_NOBODY: u8 = 2;

pub struct Lock<const BROKEN: u8 = 0>(OwnedRwLock);

#[derive(Clone, Debug)]
pub enum Call {
    Try(Kind),
    /// Does nothing if the thread would wait for itself.
    Lock(Kind),
    /// Likewise. The call has a deadline that has passed.
    LockDeadline(Kind),
    /// Likewise, as a task that is polled once and dropped, or releases the lock at once.
    Poll(Kind),
    Downgrade,
    Unlock(Kind),
}

impl<const BROKEN: u8> Lock<BROKEN> {
    fn lock(
        &self,
        kind: Kind,
        deadline: Option<Instant>,
    ) -> Result<bool, ft_rwlock::WouldDeadlock> {
        match kind {
            Read => self.0.read_deadline(deadline),
            Write => self.0.write_deadline(deadline),
        }
    }

    fn unlock(&self, kind: Kind) -> Result<(), ft_rwlock::NotHeld> {
        match kind {
            Read => self.0.unlock_read(),
            Write => self.0.unlock_write(),
        }
    }
}

impl<const BROKEN: u8> Target for Lock<BROKEN> {
    const NAME: &'static str = match BROKEN {
        DOWNGRADES_IN_TWO_STEPS => "rwlock that downgrades by leaving",
        WAITS_FOR_NOBODY => "rwlock that nests as it likes",
        _ => "rwlock",
    };
    const BROKEN: bool = BROKEN > 0;

    type Setup = ();
    type Call = Call;
    type Answer = Step;
    /// What the thread holds.
    type Hand = Vec<Kind>;
    type Model = Spec;

    fn setups() -> BoxedStrategy<()> {
        Just(()).boxed()
    }

    fn calls(_alone: bool) -> Vec<target::Kind<Call>> {
        let kind = || select(vec![Read, Write]);
        vec![
            of(3, kind().prop_map(Call::Try)),
            of(4, kind().prop_map(Call::Lock)),
            of(2, kind().prop_map(Call::LockDeadline)),
            of(2, kind().prop_map(Call::Poll)),
            one(2, Call::Downgrade),
            of(5, kind().prop_map(Call::Unlock)),
        ]
    }

    fn new(_setup: &()) -> Self {
        Self(OwnedRwLock::new())
    }

    fn model(_setup: &()) -> Spec {
        Spec::default()
    }

    fn call(&self, hand: &mut Vec<Kind>, place: Place, call: &Call) -> Result<Vec<Step>, Blown> {
        let lock = &self.0;
        let (reads, writes) = (hand.contains(&Read), hand.contains(&Write));
        assert_eq!(
            (lock.is_reader(), lock.is_writer()),
            (reads, writes),
            "it does not know who has it"
        );
        Ok(match *call {
            Call::Try(kind) => {
                let taken = match kind {
                    // A reader should not get the lock while a writer waits.
                    Read if BROKEN == WAITS_FOR_NOBODY => {
                        lock.try_read() || !lock.is_write_locked()
                    }
                    Read => lock.try_read(),
                    Write => lock.try_write(),
                };
                hand.extend(taken.then_some(kind));
                vec![Step::Try(kind, taken)]
            }
            Call::Lock(kind) | Call::LockDeadline(kind) if writes || (kind == Write && reads) => {
                self.lock(kind, None).expect_err("it would wait for itself");
                Vec::new()
            }
            Call::Lock(kind) => {
                self.lock(kind, None).expect("this thread may wait");
                hand.push(kind);
                vec![Step::Ask(kind), Step::Got(kind)]
            }
            Call::LockDeadline(kind) => {
                let taken = self.lock(kind, Some(Instant::now()));
                if taken.expect("this thread may wait") {
                    hand.push(kind);
                    vec![Step::Ask(kind), Step::Got(kind)]
                } else {
                    vec![Step::Ask(kind), Step::GaveUp(kind)]
                }
            }
            // To the specification, it is this thread that asks.
            Call::Poll(_) if writes || reads => Vec::new(),
            Call::Poll(kind) => {
                let task = TaskToken::new(place.thread as u64);
                let mut future = pin!(match kind {
                    Read => lock.read_async(task),
                    Write => lock.write_async(task),
                });
                match future
                    .as_mut()
                    .poll(&mut Context::from_waker(Waker::noop()))
                {
                    Poll::Pending => vec![Step::Ask(kind), Step::GaveUp(kind)],
                    Poll::Ready(done) => {
                        done.expect("this task may wait");
                        assert!(lock.has_tasks(), "it does not know that a task has it");
                        let unlocked = match kind {
                            Read => lock.unlock_read_of(task),
                            Write => lock.unlock_write_of(task),
                        };
                        unlocked.expect("this task has it");
                        vec![Step::Ask(kind), Step::Got(kind), Step::Unlocked(kind)]
                    }
                }
            }
            Call::Downgrade if writes => {
                if BROKEN == DOWNGRADES_IN_TWO_STEPS {
                    lock.unlock_write().expect("this thread has it");
                    lock.read().expect("this thread does not have it");
                } else {
                    lock.downgrade().expect("this thread has it");
                }
                *hand = vec![Read];
                vec![Step::Downgraded]
            }
            Call::Downgrade => {
                lock.downgrade().expect_err("this thread does not have it");
                Vec::new()
            }
            Call::Unlock(kind) => match hand.iter().position(|&has| has == kind) {
                Some(place) => {
                    hand.swap_remove(place);
                    self.unlock(kind).expect("this thread has it");
                    vec![Step::Unlocked(kind)]
                }
                None => {
                    self.unlock(kind).expect_err("this thread does not have it");
                    Vec::new()
                }
            },
        })
    }

    fn step(model: &mut Spec, place: Place, _call: &Call, step: &Step) -> bool {
        model.step(place.thread, step)
    }

    fn ending(_place: Place, hand: &Vec<Kind>) -> Option<Call> {
        hand.last().map(|&kind| Call::Unlock(kind))
    }

    fn last() -> Vec<Call> {
        vec![Call::Try(Write), Call::Unlock(Write)]
    }
}
