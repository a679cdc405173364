//! `TaskTracker`, beside a number.

use crate::{
    Place, Target,
    fuse::Blown,
    target::{Kind, of, one},
};
use ft_concurrent_queue::TaskTracker;
use proptest::{prelude::*, strategy::BoxedStrategy};
use std::time::Instant;

/// Ways in which a relative is broken.
const GOES_BELOW: u8 = 1;

pub struct Tasks<const BROKEN: u8 = 0>(TaskTracker);

#[derive(Clone, Debug)]
pub enum Call {
    Add,
    Attempt {
        succeeds: bool,
    },
    Done,
    Discard(usize),
    Unfinished,
    /// The call has a deadline that has passed.
    Wait,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    Ok(bool),
    Count(u64),
}

impl<const BROKEN: u8> Target for Tasks<BROKEN> {
    const NAME: &'static str = match BROKEN {
        GOES_BELOW => "task_tracker that is done too often",
        _ => "task_tracker",
    };
    const BROKEN: bool = BROKEN > 0;

    type Setup = ();
    type Call = Call;
    type Answer = Answer;
    type Hand = ();
    type Model = u64;

    fn setups() -> BoxedStrategy<()> {
        Just(()).boxed()
    }

    fn calls(alone: bool) -> Vec<Kind<Call>> {
        vec![
            one(4, Call::Add),
            one(3, Call::Attempt { succeeds: true }),
            // The attempt counts for as long as it lasts.
            one(2 * u32::from(alone), Call::Attempt { succeeds: false }),
            one(6, Call::Done),
            of(1, (0..4_usize).prop_map(Call::Discard)),
            one(2, Call::Unfinished),
            one(1, Call::Wait),
        ]
    }

    fn new(_setup: &()) -> Self {
        Self(TaskTracker::new())
    }

    fn model(_setup: &()) -> u64 {
        0
    }

    fn call(&self, _hand: &mut (), _place: Place, call: &Call) -> Result<Vec<Answer>, Blown> {
        let tasks = &self.0;
        Ok(vec![match *call {
            Call::Add => {
                tasks.add();
                Answer::Ok(true)
            }
            Call::Attempt { succeeds } => {
                let attempt = tasks.attempt();
                if succeeds {
                    attempt.succeeded();
                }
                Answer::Ok(true)
            }
            Call::Done if BROKEN == GOES_BELOW => {
                let any = tasks.unfinished() > 0;
                tasks.discard(1);
                Answer::Ok(any || tasks.task_done().is_ok())
            }
            Call::Done => Answer::Ok(tasks.task_done().is_ok()),
            Call::Discard(count) => {
                tasks.discard(count);
                Answer::Ok(true)
            }
            Call::Unfinished => Answer::Count(tasks.unfinished()),
            Call::Wait => Answer::Ok(tasks.wait_deadline(Some(Instant::now()))),
        }])
    }

    fn step(tasks: &mut u64, _place: Place, call: &Call, answer: &Answer) -> bool {
        let before = *tasks;
        let expected = match *call {
            Call::Add | Call::Attempt { succeeds: true } => {
                *tasks += 1;
                Answer::Ok(true)
            }
            Call::Attempt { succeeds: false } => Answer::Ok(true),
            Call::Done => {
                *tasks = before.saturating_sub(1);
                Answer::Ok(before > 0)
            }
            Call::Discard(count) => {
                *tasks = before.saturating_sub(count as u64);
                Answer::Ok(true)
            }
            Call::Unfinished => Answer::Count(before),
            Call::Wait => Answer::Ok(before == 0),
        };
        expected == *answer
    }

    fn last() -> Vec<Call> {
        vec![Call::Unfinished, Call::Done]
    }
}
