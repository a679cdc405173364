//! `Event`, beside a line of listeners.

use crate::{
    Place, Target,
    fuse::Blown,
    target::{Kind, of},
};
use ft_sync::{Event, Listener};
use proptest::{collection::vec, prelude::*, strategy::BoxedStrategy};
use std::time::Instant;

/// Ways in which a relative is broken.
const WAKES_ONE_TOO_FEW: u8 = 1;

pub struct Events<const BROKEN: u8 = 0>;

#[derive(Clone, Debug)]
pub enum Step {
    Listen,
    Notify(usize),
    /// One of the listeners gives up, and its notification goes to another one.
    Drop(usize),
    /// One of the listeners waits with a deadline that has passed, and is gone then.
    Look(usize),
}

fn run(steps: &[Step], broken: u8) {
    let event = Event::new();
    // The listeners in the order in which they came, each with whether it was notified.
    let mut line: Vec<(Listener<'_>, bool)> = Vec::new();
    let notify = |line: &mut Vec<(Listener<'_>, bool)>, count: usize| {
        let waiting = line.iter_mut().filter(|(_, notified)| !notified);
        waiting
            .take(count)
            .for_each(|(_, notified)| *notified = true);
    };
    for (index, step) in steps.iter().enumerate() {
        match *step {
            Step::Listen => line.push((event.listen(), false)),
            Step::Notify(count) => {
                event.notify(count - usize::from(broken == WAKES_ONE_TOO_FEW && count == 3));
                notify(&mut line, count);
            }
            Step::Drop(which) if !line.is_empty() => {
                let (listener, notified) = line.remove(which % line.len());
                drop(listener);
                if notified {
                    notify(&mut line, 1);
                }
            }
            Step::Look(which) if !line.is_empty() => {
                let (listener, notified) = line.remove(which % line.len());
                let found = listener.wait_deadline(Some(Instant::now()));
                assert_eq!(found, notified, "step {index}");
            }
            Step::Drop(_) | Step::Look(_) => {}
        }
    }
    for (which, (listener, notified)) in line.into_iter().enumerate() {
        let found = listener.wait_deadline(Some(Instant::now()));
        assert_eq!(found, notified, "listener {which} in the end");
    }
}

impl<const BROKEN: u8> Target for Events<BROKEN> {
    const NAME: &'static str = match BROKEN {
        WAKES_ONE_TOO_FEW => "event that wakes too few",
        _ => "event",
    };
    const BROKEN: bool = BROKEN > 0;

    type Setup = ();
    type Call = Vec<Step>;
    type Answer = ();
    type Hand = ();
    type Model = ();

    fn setups() -> BoxedStrategy<()> {
        Just(()).boxed()
    }

    fn calls(_alone: bool) -> Vec<Kind<Vec<Step>>> {
        let step = prop_oneof![
            6 => Just(Step::Listen),
            2 => prop_oneof![1..4_usize, Just(usize::MAX)].prop_map(Step::Notify),
            2 => (0..9_usize).prop_map(Step::Drop),
            2 => (0..9_usize).prop_map(Step::Look),
        ];
        vec![of(1, vec(step, 0..20))]
    }

    fn new(_setup: &()) -> Self {
        Self
    }

    fn model(_setup: &()) {}

    fn call(&self, _hand: &mut (), _place: Place, steps: &Vec<Step>) -> Result<Vec<()>, Blown> {
        run(steps, BROKEN);
        Ok(vec![()])
    }

    fn step(_model: &mut (), _place: Place, _call: &Vec<Step>, _answer: &()) -> bool {
        true
    }
}
