//! Of `Once`.

use crate::linear::Model;
use std::collections::{BTreeSet, VecDeque};

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Spec {
    pub value: Option<u32>,
    /// Who has the turn to compute the value. It may not know it yet.
    pub leader: Option<usize>,
    /// Those that wait for the value or for the turn, in the order of arrival.
    pub line: VecDeque<usize>,
    /// Those that the value is there for. They do not know it yet.
    pub passed: BTreeSet<usize>,
}

/// What someone who asks for the value gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Got {
    Value(u32),
    Turn,
}

/// The first number is that of a thread or task.
#[derive(Clone, Debug)]
pub enum Step {
    Get(Option<u32>),
    /// It asks and does not wait. `None` means that someone else has the turn.
    Try(usize, Option<Got>),
    /// It asks, and waits in line if someone has the turn.
    Ask(usize),
    Got(usize, Got),
    /// It has to wait longer.
    Waits(usize),
    /// It stops waiting. If it has the turn by now, it passes the turn on.
    GaveUp(usize),
    Set(usize, u32),
    /// Its computation fails, so the next in line has the turn.
    Failed(usize),
}

impl Spec {
    fn ask(&mut self, id: usize) {
        if self.value.is_some() {
            self.passed.insert(id);
        } else if self.leader.is_none() {
            self.leader = Some(id);
        } else {
            self.line.push_back(id);
        }
    }

    fn got(&mut self, id: usize, got: Got) -> bool {
        match got {
            Got::Value(value) => self.passed.remove(&id) && self.value == Some(value),
            Got::Turn => self.leader == Some(id),
        }
    }

    fn fail(&mut self, id: usize) -> bool {
        let leads = self.leader == Some(id);
        if leads {
            self.leader = self.line.pop_front();
        }
        leads
    }
}

impl Model for Spec {
    type Step = Step;

    fn step(&mut self, _thread: usize, step: &Step) -> bool {
        match *step {
            Step::Get(value) => self.value == value,
            Step::Try(_, None) => self.value.is_none() && self.leader.is_some(),
            Step::Try(id, Some(got)) => {
                let is_free = self.value.is_some() || self.leader.is_none();
                self.ask(id);
                is_free && self.got(id, got)
            }
            Step::Ask(id) => {
                self.ask(id);
                true
            }
            Step::Got(id, got) => self.got(id, got),
            Step::Waits(id) => self.line.contains(&id),
            Step::GaveUp(id) => {
                let before = self.line.len();
                self.line.retain(|&other| other != id);
                self.line.len() < before || self.passed.remove(&id) || self.fail(id)
            }
            Step::Set(id, value) => {
                let leads = self.leader.take() == Some(id) && self.value.is_none();
                self.value = Some(value);
                self.passed.extend(self.line.drain(..));
                leads
            }
            Step::Failed(id) => self.fail(id),
        }
    }
}
