//! The parties, under the mutex of the barrier.
//!
//! Parties wait in a line. When the line has all but one of the parties of a round, the next one to
//! come leads: the others leave the line and become the members of the round. Parties that come
//! before the leader has opened the barrier form a new line. If that line has all parties of a round
//! when the barrier opens, its first leads the next round.

use ft_sync::{Line, Standing};
use std::task::Waker;

pub(crate) struct State {
    line: Line<Verdict>,
    /// The round whose parties have all come, and whose leader has not opened the barrier.
    round: Option<Round>,
    /// The number of the next round.
    next: u64,
    is_broken: bool,
}

struct Round {
    number: u64,
    /// The members, by their indices: the place of each, and its waker. `None` stands for the leader,
    /// if it was a member, and for members that have left.
    members: Vec<Option<(usize, Waker)>>,
    /// The place of a leader that does not know yet that it leads.
    appointed: Option<usize>,
}

/// What a party that has left the line will learn when it looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    /// It is the member of the current round with this index, and waits for the leader.
    Member(usize),
    /// The barrier was opened; the index of the party.
    Through(usize),
    /// It leads.
    Leads { round: u64, index: usize },
    /// The barrier was broken or reset.
    Broken,
}

/// A place, which its holder gives up by [`State::look`] or [`State::leave`].
pub(crate) struct Place(usize);

/// How a wait ends.
pub(crate) enum End {
    Through(usize),
    Leads { round: u64, index: usize },
    Broken,
}

pub(crate) enum Came {
    Waits(Place),
    /// There is nothing to wait for. Returns the waker, to be dropped outside of the lock.
    Ended(End, Waker),
}

pub(crate) enum Looked {
    /// Still waiting. Returns the old waker, to be dropped outside of the lock.
    Waits(Option<Waker>),
    /// Returns the new waker, to be dropped outside of the lock.
    Ended(End, Waker),
    /// The wait was begun in another process. Returns the new waker.
    Forgotten(Waker),
}

impl State {
    pub(crate) fn new() -> Self {
        Self {
            line: Line::new(),
            round: None,
            next: 0,
            is_broken: false,
        }
    }

    pub(crate) fn is_broken(&self) -> bool {
        self.is_broken
    }

    pub(crate) fn waiting(&self) -> usize {
        self.line.len()
    }

    /// Adds a party.
    pub(crate) fn come(&mut self, parties: usize, waker: Waker) -> Came {
        if self.is_broken {
            return Came::Ended(End::Broken, waker);
        }
        if self.round.is_some() || self.line.len() + 1 < parties {
            return Came::Waits(Place(self.line.join(waker)));
        }
        let round = self.begin_round(parties - 1);
        let index = parties - 1;
        Came::Ended(End::Leads { round, index }, waker)
    }

    /// Makes the first in line the members of a new round. Returns its number.
    fn begin_round(&mut self, members: usize) -> u64 {
        let number = self.next;
        self.next += 1;
        let serve = |index| self.line.serve(Verdict::Member(index));
        let members = (0..members).map(serve).collect();
        self.round = Some(Round {
            number,
            members,
            appointed: None,
        });
        number
    }

    /// If all parties of a round are in line, appoints the first of them to lead it. Returns its waker.
    fn appoint(&mut self, parties: usize) -> Option<Waker> {
        if self.line.len() < parties {
            return None;
        }
        let (round, index) = (self.next, parties - 1);
        let (place, waker) = self.line.serve(Verdict::Leads { round, index })?;
        self.begin_round(parties - 1);
        self.round.as_mut()?.appointed = Some(place);
        Some(waker)
    }

    /// Lets the members of a round through, if this round has not ended. Returns the wakers to wake.
    pub(crate) fn open(&mut self, number: u64, parties: usize) -> Option<Vec<Waker>> {
        let round = self.round.take_if(|round| round.number == number)?;
        let mut woken = Vec::new();
        for (index, member) in round.members.into_iter().enumerate() {
            if let Some((place, waker)) = member {
                self.line.change_verdict(place, Verdict::Through(index));
                woken.push(waker);
            }
        }
        woken.extend(self.appoint(parties));
        Some(woken)
    }

    /// Breaks the barrier, if this round has not ended. Returns the wakers to wake.
    pub(crate) fn give_up_lead(&mut self, number: u64) -> Vec<Waker> {
        match &self.round {
            Some(round) if round.number == number => self.end_round(true),
            _ => Vec::new(),
        }
    }

    /// Ends the waits of all parties, and breaks the barrier or mends it. Returns the wakers to wake.
    pub(crate) fn end_round(&mut self, breaks: bool) -> Vec<Waker> {
        self.is_broken = breaks;
        let mut woken = Vec::new();
        if let Some(round) = self.round.take() {
            if let Some(place) = round.appointed {
                self.line.change_verdict(place, Verdict::Broken);
            }
            for (place, waker) in round.members.into_iter().flatten() {
                self.line.change_verdict(place, Verdict::Broken);
                woken.push(waker);
            }
        }
        while let Some((_, waker)) = self.line.serve(Verdict::Broken) {
            woken.push(waker);
        }
        woken
    }

    /// Returns whether the party has not learned, and would not learn now, how its wait ends.
    pub(crate) fn waits(&self, place: &Place) -> bool {
        let standing = self.line.standing(place.0);
        matches!(
            standing,
            Standing::Waiting | Standing::Served(Verdict::Member(_))
        )
    }

    /// Tells a party how its wait has ended, and takes its place back. If it has not ended, replaces
    /// the waker.
    pub(crate) fn look(&mut self, place: &Place, waker: Waker) -> Looked {
        let looked = match self.line.standing(place.0) {
            Standing::Waiting => return Looked::Waits(self.line.replace_waker(place.0, waker)),
            Standing::Served(Verdict::Member(index)) => {
                let member = self.member(index);
                return Looked::Waits(member.replace((place.0, waker)).map(|(_, old)| old));
            }
            Standing::Served(Verdict::Through(index)) => Looked::Ended(End::Through(index), waker),
            Standing::Served(Verdict::Leads { round, index }) => {
                if let Some(round) = &mut self.round {
                    round.appointed.take_if(|appointed| *appointed == place.0);
                }
                Looked::Ended(End::Leads { round, index }, waker)
            }
            Standing::Served(Verdict::Broken) => Looked::Ended(End::Broken, waker),
            Standing::Forgotten => Looked::Forgotten(waker),
        };
        self.line.leave(place.0);
        looked
    }

    fn member(&mut self, index: usize) -> &mut Option<(usize, Waker)> {
        let round = self.round.as_mut();
        &mut round.expect("a member has a round").members[index]
    }

    /// Takes back the place of a party that leaves. Returns its waker, to be dropped, and the wakers
    /// to wake.
    pub(crate) fn leave(&mut self, place: &Place, parties: usize) -> (Option<Waker>, Vec<Waker>) {
        let mut woken = Vec::new();
        let mut own = None;
        match self.line.standing(place.0) {
            Standing::Served(Verdict::Member(index)) => {
                own = self.member(index).take().map(|(_, waker)| waker);
            }
            Standing::Served(Verdict::Leads { round, .. }) => {
                woken.extend(self.appoint_another(round, parties));
            }
            _ => {}
        }
        let in_line = self.line.leave(place.0);
        (own.or(in_line), woken)
    }

    /// Appoints a member to lead this round, if it has not ended. If there is no member left, the
    /// round ends. Returns the waker to wake.
    fn appoint_another(&mut self, number: u64, parties: usize) -> Option<Waker> {
        let round = (self.round.as_mut()).filter(|round| round.number == number)?;
        let members = round.members.iter_mut().enumerate();
        let mut left = members.filter_map(|(index, member)| Some((index, member.take()?)));
        let Some((index, (place, waker))) = left.next() else {
            self.round = None;
            return self.appoint(parties);
        };
        round.appointed = Some(place);
        let leads = Verdict::Leads {
            round: number,
            index,
        };
        self.line.change_verdict(place, leads);
        Some(waker)
    }

    /// In the child of a fork, forgets the parties of the parent. Returns their wakers; otherwise
    /// returns `None`.
    pub(crate) fn forget_ancestors(&mut self) -> Option<Vec<Waker>> {
        let mut forgotten = self.line.forget_ancestors()?;
        if let Some(round) = self.round.take() {
            if let Some(place) = round.appointed {
                self.line.change_verdict(place, Verdict::Broken);
            }
            for (place, waker) in round.members.into_iter().flatten() {
                self.line.change_verdict(place, Verdict::Broken);
                forgotten.push(waker);
            }
        }
        Some(forgotten)
    }
}
