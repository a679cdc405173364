//! Histories of `OwnedRwLock`: who may have it at the same time, and whose turn it is.
#![cfg(not(loom))]

use ft_rwlock::OwnedRwLock;
use loom_tests::linear::{Dice, Model, Subject, check};
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    time::{Duration, Instant},
};

/// A phase-fair lock: who has it, and who waits for it, in the order of arrival.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Spec {
    /// How often each thread reads.
    readers: BTreeMap<usize, usize>,
    writer: Option<usize>,
    waiting_readers: BTreeSet<usize>,
    waiting_writers: VecDeque<usize>,
    /// Those who have come from the line: they do not know it yet, and may still give up.
    called: BTreeSet<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Read,
    Write,
}
use Kind::{Read, Write};

#[derive(Clone, Debug)]
enum Step {
    Try(Kind, bool),
    /// Takes the lock, or a place in the line.
    Ask(Kind),
    /// Has the lock.
    Got(Kind),
    /// Leaves the line, or has the lock by now and passes it on.
    GaveUp(Kind),
    Unlocked(Kind),
    Downgraded,
}

impl Spec {
    /// Whether one more may come in without waiting.
    fn admits(&self, thread: usize, kind: Kind) -> bool {
        match kind {
            // A waiting writer keeps new readers out; present ones may nest.
            Read => {
                self.writer.is_none()
                    && (self.waiting_writers.is_empty() || self.readers.contains_key(&thread))
            }
            Write => {
                self.is_free() && self.waiting_writers.is_empty() && self.waiting_readers.is_empty()
            }
        }
    }

    fn is_free(&self) -> bool {
        self.writer.is_none() && self.readers.is_empty()
    }

    fn take(&mut self, thread: usize, kind: Kind) {
        match kind {
            Read => *self.readers.entry(thread).or_default() += 1,
            Write => self.writer = Some(thread),
        }
    }

    fn has(&self, thread: usize, kind: Kind) -> bool {
        match kind {
            Read => self.readers.contains_key(&thread),
            Write => self.writer == Some(thread),
        }
    }

    fn unlock(&mut self, thread: usize, kind: Kind) {
        match kind {
            Read => {
                let count = self.readers.get_mut(&thread).expect("looked at before");
                *count -= 1;
                if *count == 0 {
                    self.readers.remove(&thread);
                }
            }
            Write => self.writer = None,
        }
        self.call_next(if kind == Read { Write } else { Read });
    }

    /// Lets those in whose turn it is; `first` says whose, if both could come.
    fn call_next(&mut self, first: Kind) {
        if self.writer.is_some() {
            return;
        }
        if first == Read || self.waiting_writers.is_empty() {
            for reader in std::mem::take(&mut self.waiting_readers) {
                self.take(reader, Read);
                self.called.insert(reader);
            }
        }
        if self.is_free() {
            if let Some(writer) = self.waiting_writers.pop_front() {
                self.take(writer, Write);
                self.called.insert(writer);
            }
        }
    }
}

impl Model for Spec {
    type Step = Step;

    fn step(&mut self, thread: usize, step: &Step) -> bool {
        match *step {
            Step::Try(kind, taken) => {
                let admitted = self.admits(thread, kind);
                if admitted {
                    self.take(thread, kind);
                }
                taken == admitted
            }
            Step::Ask(kind) => {
                if self.admits(thread, kind) {
                    self.take(thread, kind);
                } else if kind == Read {
                    self.waiting_readers.insert(thread);
                } else {
                    self.waiting_writers.push_back(thread);
                }
                true
            }
            Step::Got(kind) => {
                let waits = self.waiting_readers.contains(&thread);
                self.called.remove(&thread);
                !waits && self.has(thread, kind)
            }
            Step::GaveUp(kind) => {
                if self.called.remove(&thread) {
                    self.unlock(thread, kind);
                    return true;
                }
                let waiting = self.waiting_readers.len() + self.waiting_writers.len();
                self.waiting_readers.remove(&thread);
                self.waiting_writers.retain(|&other| other != thread);
                // Those who waited because of it alone go ahead.
                self.call_next(Write);
                self.waiting_readers.len() + self.waiting_writers.len() < waiting
            }
            Step::Unlocked(kind) => {
                let had = self.has(thread, kind);
                if had {
                    self.unlock(thread, kind);
                }
                had
            }
            Step::Downgraded => {
                let had = self.has(thread, Write);
                self.take(thread, Read);
                self.writer = None;
                self.call_next(Read);
                had
            }
        }
    }
}

#[derive(Clone, Debug)]
enum Call {
    Try(Kind),
    Lock(Kind),
    LockTimeout(Kind),
    Unlock,
    Downgrade,
    UnlockAll,
}

/// What is under test, and its broken relatives.
trait Lock: Default + Send + Sync + 'static {
    fn real(&self) -> &OwnedRwLock;
    fn try_lock(&self, kind: Kind) -> bool {
        match kind {
            Read => self.real().try_read(),
            Write => self.real().try_write(),
        }
    }
    fn unlock(&self, kind: Kind) {
        let done = match kind {
            Read => self.real().unlock_read(),
            Write => self.real().unlock_write(),
        };
        done.unwrap();
    }
}

impl Lock for OwnedRwLock {
    fn real(&self) -> &OwnedRwLock {
        self
    }
}

struct Recorded<L>(L);

impl<L: Lock> Subject for Recorded<L> {
    type Model = Spec;
    type Call = Call;
    /// What it has, in order.
    type Hand = Vec<Kind>;

    fn new(_dice: &mut Dice) -> (Self, Spec) {
        (Self(L::default()), Spec::default())
    }

    fn script(&self, _thread: usize, dice: &mut Dice) -> Vec<Call> {
        let mut calls = dice.times(6, |dice| {
            let kind = dice.pick(&[Read, Write]);
            match dice.below(8) {
                0 => Call::Try(kind),
                1 | 2 => Call::Lock(kind),
                3 => Call::LockTimeout(kind),
                4 => Call::Downgrade,
                _ => Call::Unlock,
            }
        });
        calls.push(Call::UnlockAll);
        calls
    }

    fn call(&self, _thread: usize, hand: &mut Vec<Kind>, call: &Call) -> Vec<Step> {
        let lock = &self.0;
        let deadline = match call {
            Call::LockTimeout(_) => Some(Instant::now() + Duration::from_micros(20)),
            _ => None,
        };
        match *call {
            // It would wait for itself.
            Call::Lock(kind) | Call::LockTimeout(kind)
                if hand.contains(&Write) || (kind == Write && !hand.is_empty()) =>
            {
                Vec::new()
            }
            Call::Try(kind) => {
                let taken = lock.try_lock(kind);
                hand.extend(taken.then_some(kind));
                vec![Step::Try(kind, taken)]
            }
            Call::Lock(kind) | Call::LockTimeout(kind) => {
                let got = match kind {
                    Read => lock.real().read_deadline(deadline),
                    Write => lock.real().write_deadline(deadline),
                };
                if got.unwrap() {
                    hand.push(kind);
                    vec![Step::Ask(kind), Step::Got(kind)]
                } else {
                    vec![Step::Ask(kind), Step::GaveUp(kind)]
                }
            }
            Call::Downgrade if hand.last() == Some(&Write) => {
                lock.real().downgrade().unwrap();
                *hand = vec![Read];
                vec![Step::Downgraded]
            }
            Call::Downgrade => Vec::new(),
            Call::Unlock => {
                let unlock = |kind| {
                    lock.unlock(kind);
                    Step::Unlocked(kind)
                };
                hand.pop().map(unlock).into_iter().collect()
            }
            Call::UnlockAll => {
                let unlock = |kind| {
                    lock.unlock(kind);
                    Step::Unlocked(kind)
                };
                hand.drain(..).rev().map(unlock).collect()
            }
        }
    }

    fn last(&self) -> Vec<Step> {
        vec![Step::Try(Write, self.0.try_lock(Write))]
    }
}

#[test]
fn everything() {
    check::<Recorded<OwnedRwLock>>();
}

/// Locks that are wrong, each in its own way, and found out.
#[cfg(shuttle)]
mod broken {
    use super::*;
    use ft_sync::atomic::{AtomicUsize, Ordering::SeqCst};
    use loom_tests::linear::{hangs, rejects};

    /// Lets a reader in beside a writer: reads without the lock if nobody wrote when it looked.
    #[derive(Default)]
    struct ReaderBesideWriter {
        lock: OwnedRwLock,
        /// How many read without the lock.
        beside: AtomicUsize,
    }

    impl Lock for ReaderBesideWriter {
        fn real(&self) -> &OwnedRwLock {
            &self.lock
        }
        fn try_lock(&self, kind: Kind) -> bool {
            if kind == Write || self.lock.is_writer() || self.lock.is_reader() {
                return match kind {
                    Read => self.lock.try_read(),
                    Write => self.lock.try_write(),
                };
            }
            let may = !self.lock.is_write_locked();
            self.beside.fetch_add(usize::from(may), SeqCst);
            may
        }
        fn unlock(&self, kind: Kind) {
            match kind {
                Read => drop(self.lock.unlock_read()),
                Write => drop(self.lock.unlock_write()),
            }
        }
    }

    #[test]
    fn reader_beside_writer() {
        rejects::<Recorded<ReaderBesideWriter>>();
    }

    /// Gives reading up one time too few: nobody ever writes.
    #[derive(Default)]
    struct Forgetful(OwnedRwLock, AtomicUsize);

    impl Lock for Forgetful {
        fn real(&self) -> &OwnedRwLock {
            &self.0
        }
        fn unlock(&self, kind: Kind) {
            if kind == Read && self.1.fetch_add(1, SeqCst) == 1 {
                return;
            }
            match kind {
                Read => drop(self.0.unlock_read()),
                Write => drop(self.0.unlock_write()),
            }
        }
    }

    #[test]
    fn forgetful() {
        hangs::<Recorded<Forgetful>>();
    }
}
