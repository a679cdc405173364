//! `Once`, beside the specification that its histories have.

use crate::{
    Place, Target,
    fuse::Blown,
    target::{Kind, of, one},
};
use ft_once::{Once, Suspended, Turn};
use histories::{
    linear::Model,
    shared_specs::once::{Got, Spec, Step},
};
use proptest::{prelude::*, strategy::BoxedStrategy};
use std::{
    mem,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Waker},
    time::Instant,
};

/// Ways in which a relative is broken.
const KEEPS_THE_TURN: u8 = 1;
const FORGETS_LEAVERS: u8 = 2;

pub struct Value<const BROKEN: u8 = 0>(Arc<Once<u32>>);

/// A thread does what up to this many parties do.
const PARTIES: usize = 4;

/// The parties of a thread.
#[derive(Default)]
pub struct Hand([Option<Party>; PARTIES]);

type Claim = Pin<Box<dyn Future<Output = Result<u32, Suspended>>>>;

enum Party {
    Waits(Claim),
    Leads(Suspended),
}

/// The number is that of the party.
#[derive(Clone, Debug)]
pub enum Call {
    Get,
    Try(usize),
    /// The call has a deadline that has passed.
    Wait(usize),
    /// The party comes, or looks whether it has the value or the turn.
    Look(usize),
    /// The party stops waiting.
    Leave(usize),
    Set(usize),
    Fail(usize),
    LeaveAll,
}

impl<const BROKEN: u8> Value<BROKEN> {
    fn leave(&self, id: usize, party: Party) -> Step {
        match party {
            Party::Waits(claim) => {
                match BROKEN {
                    FORGETS_LEAVERS => mem::forget(claim),
                    _ => drop(claim),
                }
                Step::GaveUp(id)
            }
            Party::Leads(duty) => {
                match BROKEN {
                    KEEPS_THE_TURN => mem::forget(self.0.resume(duty)),
                    _ => drop(self.0.resume(duty)),
                }
                Step::Failed(id)
            }
        }
    }
}

impl<const BROKEN: u8> Target for Value<BROKEN> {
    const NAME: &'static str = match BROKEN {
        KEEPS_THE_TURN => "once that keeps the turn after a failure",
        FORGETS_LEAVERS => "once that gives the turn to those that have left",
        _ => "once",
    };
    const BROKEN: bool = BROKEN > 0;

    type Setup = ();
    type Call = Call;
    type Answer = Step;
    type Hand = Hand;
    type Model = Spec;

    fn setups() -> BoxedStrategy<()> {
        Just(()).boxed()
    }

    fn calls(_alone: bool) -> Vec<Kind<Call>> {
        vec![
            one(1, Call::Get),
            of(2, (0..PARTIES).prop_map(Call::Try)),
            of(1, (0..PARTIES).prop_map(Call::Wait)),
            of(9, (0..PARTIES).prop_map(Call::Look)),
            of(3, (0..PARTIES).prop_map(Call::Leave)),
            of(1, (0..PARTIES).prop_map(Call::Set)),
            of(5, (0..PARTIES).prop_map(Call::Fail)),
        ]
    }

    fn new((): &()) -> Self {
        Self(Arc::new(Once::new()))
    }

    fn model((): &()) -> Spec {
        Spec::default()
    }

    fn call(&self, hand: &mut Hand, place: Place, call: &Call) -> Result<Vec<Step>, Blown> {
        let once = &self.0;
        let id = |party: usize| place.thread * PARTIES + party;
        Ok(match *call {
            Call::Get => vec![Step::Get(once.get().copied())],
            Call::Try(n) | Call::Wait(n) if hand.0[n].is_some() => Vec::new(),
            Call::Try(n) => {
                let turn = once.try_claim(None).map(ended);
                vec![Step::Try(
                    id(n),
                    turn.map(|ended| got(&mut hand.0[n], ended)),
                )]
            }
            Call::Wait(n) => {
                let turn = once.claim(None).wait_deadline(Some(Instant::now()));
                let answer = match turn {
                    None => Step::GaveUp(id(n)),
                    Some(turn) => Step::Got(id(n), got(&mut hand.0[n], ended(turn))),
                };
                vec![Step::Ask(id(n)), answer]
            }
            Call::Look(n) => match hand.0[n].take() {
                None => {
                    let once = Arc::clone(once);
                    let claim: Claim = Box::pin(async move { ended(once.claim(None).await) });
                    vec![Step::Ask(id(n)), look(id(n), &mut hand.0[n], claim)]
                }
                Some(Party::Waits(claim)) => vec![look(id(n), &mut hand.0[n], claim)],
                leads => {
                    hand.0[n] = leads;
                    Vec::new()
                }
            },
            Call::Leave(n) | Call::Fail(n) | Call::Set(n) => match (hand.0[n].take(), call) {
                (Some(Party::Leads(duty)), Call::Set(_)) => {
                    once.resume(duty).set(place.value());
                    vec![Step::Set(id(n), place.value())]
                }
                (Some(party @ Party::Waits(_)), Call::Leave(_))
                | (Some(party @ Party::Leads(_)), Call::Fail(_)) => vec![self.leave(id(n), party)],
                (other, _) => {
                    hand.0[n] = other;
                    Vec::new()
                }
            },
            Call::LeaveAll => {
                let parties = hand.0.iter_mut().enumerate();
                parties
                    .filter_map(|(n, party)| Some(self.leave(id(n), party.take()?)))
                    .collect()
            }
        })
    }

    fn step(model: &mut Spec, place: Place, _call: &Call, step: &Step) -> bool {
        model.step(place.thread, step)
    }

    fn ending(_place: Place, hand: &Hand) -> Option<Call> {
        hand.0.iter().any(Option::is_some).then_some(Call::LeaveAll)
    }

    fn last() -> Vec<Call> {
        vec![Call::Get, Call::Try(0)]
    }
}

fn ended(turn: Turn<'_, u32>) -> Result<u32, Suspended> {
    match turn {
        Turn::Ready(&value) => Ok(value),
        Turn::Leader(leader) => Err(leader.suspend()),
    }
}

fn got(party: &mut Option<Party>, ended: Result<u32, Suspended>) -> Got {
    match ended {
        Ok(value) => Got::Value(value),
        Err(duty) => {
            *party = Some(Party::Leads(duty));
            Got::Turn
        }
    }
}

fn look(id: usize, party: &mut Option<Party>, mut claim: Claim) -> Step {
    let mut context = Context::from_waker(Waker::noop());
    match claim.as_mut().poll(&mut context) {
        Poll::Ready(ended) => Step::Got(id, got(party, ended)),
        Poll::Pending => {
            *party = Some(Party::Waits(claim));
            Step::Waits(id)
        }
    }
}
