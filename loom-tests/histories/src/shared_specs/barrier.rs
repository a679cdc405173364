//! Of `Barrier`.

use crate::linear::Model;
use std::collections::{BTreeMap, VecDeque};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Spec {
    pub parties: usize,
    pub is_broken: bool,
    /// The parties that wait for others to come.
    pub line: VecDeque<usize>,
    /// The parties of a round that are all there, while the barrier is not open.
    pub round: Option<Round>,
    /// The parties whose wait has ended, and the index of each, or `None` if it was broken. They do not know it yet.
    pub ended: BTreeMap<usize, Option<usize>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Round {
    pub leader: usize,
    /// The index of the leader.
    pub index: usize,
    /// The others, by their indices.
    pub members: BTreeMap<usize, usize>,
}

/// The first number is the party, where there is one.
#[derive(Clone, Debug)]
pub enum Step {
    /// The party comes.
    Ask(usize),
    /// It learns that it leads.
    Leads(usize),
    /// It is through, or was broken. If it leads, it opens the barrier.
    Got(usize, Option<usize>),
    /// It looks, and waits on.
    Waits(usize),
    Left(usize),
    /// It breaks the barrier, because it gives up, or finds it broken.
    GaveUp(usize),
    /// It leads, and does not open the barrier.
    DropsLead(usize),
    Abort,
    Reset,
    Waiting(usize),
    IsBroken(bool),
}

impl Spec {
    pub fn new(parties: usize) -> Self {
        Self {
            parties,
            is_broken: false,
            line: VecDeque::new(),
            round: None,
            ended: BTreeMap::new(),
        }
    }

    fn begin(&mut self, leader: usize) {
        let members = self.line.drain(..self.parties - 1).enumerate().collect();
        let index = self.parties - 1;
        self.round = Some(Round {
            leader,
            index,
            members,
        });
    }

    fn begin_next(&mut self) {
        self.round = None;
        if self.line.len() >= self.parties {
            let leader = self.line.pop_front().expect("there is at least one party");
            self.begin(leader);
        }
    }

    fn end(&mut self, breaks: bool) {
        self.is_broken = breaks;
        let round = self.round.take().into_iter();
        let of_round = round.flat_map(|it| it.members.into_values().chain([it.leader]));
        let all = of_round.chain(self.line.drain(..));
        self.ended.extend(all.map(|party| (party, None)));
    }

    fn leads(&self, party: usize) -> bool {
        (self.round.as_ref()).is_some_and(|round| round.leader == party)
    }

    /// Takes the party out of the line and the members.
    fn leave(&mut self, party: usize) -> bool {
        let before = self.line.len();
        self.line.retain(|&other| other != party);
        let mut left = self.line.len() < before;
        if let Some(round) = &mut self.round {
            let before = round.members.len();
            round.members.retain(|_, other| *other != party);
            left |= round.members.len() < before;
        }
        left
    }
}

impl Model for Spec {
    type Step = Step;

    fn step(&mut self, _thread: usize, step: &Step) -> bool {
        match *step {
            Step::Ask(party) => {
                if self.is_broken {
                    self.ended.insert(party, None);
                } else if self.round.is_none() && self.line.len() + 1 == self.parties {
                    self.begin(party);
                } else {
                    self.line.push_back(party);
                }
                true
            }
            Step::Leads(party) => self.leads(party),
            Step::Got(party, Some(index)) if self.leads(party) => {
                let round = self.round.take().expect("it leads");
                let through = round.members.iter();
                self.ended
                    .extend(through.map(|(&index, &party)| (party, Some(index))));
                self.begin_next();
                index == round.index
            }
            Step::Got(party, got) => self.ended.remove(&party) == Some(got),
            Step::Waits(party) => self.clone().leave(party),
            Step::Left(party) if self.leads(party) => {
                let round = self.round.as_mut().expect("it leads");
                match round.members.pop_first() {
                    Some((index, leader)) => (round.leader, round.index) = (leader, index),
                    None => self.begin_next(),
                }
                true
            }
            Step::Left(party) => self.leave(party) || self.ended.remove(&party).is_some(),
            Step::GaveUp(party) => {
                if self.leave(party) {
                    self.end(true);
                    return true;
                }
                self.ended.remove(&party) == Some(None)
            }
            Step::DropsLead(party) => {
                if self.leads(party) {
                    self.end(true);
                }
                self.ended.remove(&party) == Some(None)
            }
            Step::Abort => {
                self.end(true);
                true
            }
            Step::Reset => {
                self.end(false);
                true
            }
            Step::Waiting(count) => self.line.len() == count,
            Step::IsBroken(broken) => self.is_broken == broken,
        }
    }
}
