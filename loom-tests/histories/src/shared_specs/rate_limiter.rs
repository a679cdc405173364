//! Of `RateLimiter`.

use crate::linear::Model;
use std::collections::{BTreeMap, VecDeque};

/// The nanoseconds between two permits.
pub const INTERVAL: u64 = 10;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Spec {
    pub now: u64,
    /// When the burst is full again.
    pub full_at: u64,
    pub burst: u64,
    /// The threads that wait, in the order of arrival.
    pub line: VecDeque<usize>,
    /// When each thread has last looked at the clock.
    pub seen: BTreeMap<usize, u64>,
}

#[derive(Clone, Debug)]
pub enum Step {
    Advance(u64),
    /// The thread looks whether anyone waits, and goes on because nobody does.
    FindsNoLine,
    /// The thread looks at the clock.
    Looks,
    /// It takes permits, without having waited.
    Took(u64),
    /// It does not, because they are not there, or because someone waits.
    Refused(u64),
    /// The thread joins the line.
    Joins,
    /// It takes permits, because it is first in line.
    TookInTurn(u64),
    /// It leaves the line.
    Leaves,
    /// It takes permits from the future; the nanoseconds until it may use them.
    Reserved(u64, u64),
    Available(u64),
}

impl Spec {
    pub fn new(burst: u32) -> Self {
        Self {
            now: 0,
            full_at: 0,
            burst: u64::from(burst),
            line: VecDeque::new(),
            seen: BTreeMap::new(),
        }
    }

    fn length(&self) -> u64 {
        self.burst * INTERVAL
    }

    /// When the burst is full again, after a permit that the thread takes.
    fn after(&self, thread: usize, n: u64) -> u64 {
        self.full_at.max(self.seen[&thread]) + n * INTERVAL
    }

    fn take(&mut self, thread: usize, n: u64) -> bool {
        let new = self.after(thread, n);
        let there = new <= self.seen[&thread] + self.length();
        if there {
            self.full_at = new;
        }
        there
    }
}

impl Model for Spec {
    type Step = Step;

    fn step(&mut self, thread: usize, step: &Step) -> bool {
        match *step {
            Step::Advance(by) => {
                self.now += by;
                true
            }
            Step::FindsNoLine => self.line.is_empty(),
            Step::Looks => {
                self.seen.insert(thread, self.now);
                true
            }
            Step::Took(n) => self.take(thread, n),
            Step::Refused(n) => !self.line.is_empty() || !self.clone().take(thread, n),
            Step::Joins => {
                self.line.push_back(thread);
                true
            }
            Step::TookInTurn(n) => self.line.front() == Some(&thread) && self.take(thread, n),
            Step::Leaves => {
                self.line.retain(|&other| other != thread);
                true
            }
            Step::Reserved(n, wait) => {
                self.full_at = self.after(thread, n);
                let usable = self.full_at.saturating_sub(self.length());
                usable.saturating_sub(self.seen[&thread]) == wait
            }
            Step::Available(count) => {
                let ahead = self.full_at.saturating_sub(self.seen[&thread]);
                self.length().saturating_sub(ahead) / INTERVAL == count
            }
        }
    }
}
