//! `Barrier`, beside the specification that its histories have.

use crate::{
    Place, Target,
    fuse::Blown,
    target::{Kind, of, one},
};
use ft_barrier::{Barrier, BrokenBarrier, Enter, Entry, Turn};
use histories::{
    linear::Model,
    shared_specs::barrier::{Spec, Step},
};
use proptest::{prelude::*, strategy::BoxedStrategy};
use std::{
    mem,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Waker},
};

/// Ways in which a relative is broken.
const COUNTS_LEAVERS: u8 = 1;
const ABORTS_BY_RESET: u8 = 2;

pub struct Gate<const BROKEN: u8 = 0>(Arc<Barrier>);

/// A thread does what up to this many parties do.
const PARTIES: usize = 4;

/// The parties of a thread.
#[derive(Default)]
pub struct Hand([Option<Party>; PARTIES]);

enum Party {
    Waits(Enter<Arc<Barrier>>),
    Leads(Turn<Arc<Barrier>>),
}

/// The number is that of the party.
#[derive(Clone, Debug)]
pub enum Call {
    /// The party comes, or looks how it is let through.
    Look(usize),
    Leave(usize),
    /// The party opens the barrier, if it leads.
    Open(usize),
    GiveUp(usize),
    Abort,
    Reset,
    Waiting,
    IsBroken,
    LeaveAll,
}

impl<const BROKEN: u8> Target for Gate<BROKEN> {
    const NAME: &'static str = match BROKEN {
        COUNTS_LEAVERS => "barrier that counts parties that have left",
        ABORTS_BY_RESET => "barrier that a reset breaks",
        _ => "barrier",
    };
    const BROKEN: bool = BROKEN > 0;

    type Setup = usize;
    type Call = Call;
    type Answer = Step;
    type Hand = Hand;
    type Model = Spec;

    fn setups() -> BoxedStrategy<usize> {
        (1..4_usize).boxed()
    }

    fn calls(_alone: bool) -> Vec<Kind<Call>> {
        vec![
            of(9, (0..PARTIES).prop_map(Call::Look)),
            of(2, (0..PARTIES).prop_map(Call::Leave)),
            of(6, (0..PARTIES).prop_map(Call::Open)),
            of(1, (0..PARTIES).prop_map(Call::GiveUp)),
            one(1, Call::Abort),
            one(2, Call::Reset),
            one(1, Call::Waiting),
            one(1, Call::IsBroken),
        ]
    }

    fn new(&parties: &usize) -> Self {
        Self(Arc::new(Barrier::new(parties)))
    }

    fn model(&parties: &usize) -> Spec {
        Spec::new(parties)
    }

    fn call(&self, hand: &mut Hand, place: Place, call: &Call) -> Result<Vec<Step>, Blown> {
        let barrier = &self.0;
        let id = |party: usize| place.thread * PARTIES + party;
        let leave = |id: usize, party: Option<Party>| match party {
            None => Vec::new(),
            Some(Party::Waits(enter)) => {
                match BROKEN {
                    COUNTS_LEAVERS => mem::forget(enter),
                    _ => drop(enter),
                }
                vec![Step::Left(id)]
            }
            Some(Party::Leads(_)) => vec![Step::DropsLead(id)],
        };
        Ok(match *call {
            Call::Look(n) => match hand.0[n].take() {
                None => look(id(n), &mut hand.0[n], Enter::new(Arc::clone(barrier)), true),
                Some(Party::Waits(enter)) => look(id(n), &mut hand.0[n], enter, false),
                leads => {
                    hand.0[n] = leads;
                    Vec::new()
                }
            },
            Call::Leave(n) => leave(id(n), hand.0[n].take()),
            Call::Open(n) => match hand.0[n].take() {
                Some(Party::Leads(turn)) => vec![Step::Got(id(n), turn.open().ok())],
                other => {
                    hand.0[n] = other;
                    Vec::new()
                }
            },
            Call::GiveUp(n) => match hand.0[n].take() {
                Some(Party::Waits(mut enter)) => match enter.give_up() {
                    Err(BrokenBarrier) => vec![Step::GaveUp(id(n))],
                    Ok(entry) => vec![entered(id(n), &mut hand.0[n], entry)],
                },
                other => {
                    hand.0[n] = other;
                    Vec::new()
                }
            },
            Call::Abort => {
                barrier.abort();
                vec![Step::Abort]
            }
            Call::Reset => {
                match BROKEN {
                    ABORTS_BY_RESET => barrier.abort(),
                    _ => barrier.reset(),
                }
                vec![Step::Reset]
            }
            Call::Waiting => vec![Step::Waiting(barrier.waiting())],
            Call::IsBroken => vec![Step::IsBroken(barrier.is_broken())],
            Call::LeaveAll => {
                let parties = hand.0.iter_mut().enumerate();
                parties
                    .flat_map(|(n, party)| leave(id(n), party.take()))
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
        vec![Call::Waiting, Call::IsBroken]
    }
}

fn look(
    id: usize,
    party: &mut Option<Party>,
    mut enter: Enter<Arc<Barrier>>,
    comes: bool,
) -> Vec<Step> {
    let mut steps = Vec::new();
    if comes {
        steps.push(Step::Ask(id));
    }
    let mut context = Context::from_waker(Waker::noop());
    steps.push(match Pin::new(&mut enter).poll(&mut context) {
        Poll::Ready(Ok(entry)) => entered(id, party, entry),
        Poll::Ready(Err(BrokenBarrier)) => Step::Got(id, None),
        Poll::Pending => {
            *party = Some(Party::Waits(enter));
            Step::Waits(id)
        }
    });
    steps
}

fn entered(id: usize, party: &mut Option<Party>, entry: Entry<Arc<Barrier>>) -> Step {
    match entry {
        Entry::Through(index) => Step::Got(id, Some(index)),
        Entry::Lead(turn) => {
            *party = Some(Party::Leads(turn));
            Step::Leads(id)
        }
    }
}
