//! Histories of `OwnedRwLock`: which threads may have it at the same time, and which thread is next.

use ft_rwlock::{OwnedRwLock, WouldDeadlock};
use histories::linear::{Dice, Subject, check};
use histories::shared_specs::rwlock::{
    Kind::{self, Read, Write},
    Spec, Step,
};
use histories::tasks::{block_on, this_task};
use std::time::{Duration, Instant};

#[derive(Clone, Debug)]
enum Call {
    Try(Kind),
    Lock(Kind),
    LockTimeout(Kind),
    Unlock,
    Downgrade,
    UnlockAll,
}

/// The type under test, and its broken relatives.
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
    fn wait(&self, kind: Kind, deadline: Option<Instant>) -> bool {
        let got = match kind {
            Read => self.real().read_deadline(deadline),
            Write => self.real().write_deadline(deadline),
        };
        got.unwrap()
    }
    fn downgrade(&self) {
        self.real().downgrade().unwrap();
    }
}

impl Lock for OwnedRwLock {
    fn real(&self) -> &OwnedRwLock {
        self
    }
}

/// A lock whose readers announce themselves from the start.
struct Biased(OwnedRwLock);

impl Default for Biased {
    fn default() -> Self {
        Self(OwnedRwLock::biased())
    }
}

impl Lock for Biased {
    fn real(&self) -> &OwnedRwLock {
        &self.0
    }
}

/// A lock that one thread in two uses as a task.
#[derive(Default)]
struct AmongTasks(OwnedRwLock);

impl Lock for AmongTasks {
    fn real(&self) -> &OwnedRwLock {
        &self.0
    }
    fn try_lock(&self, kind: Kind) -> bool {
        match (this_task(), kind) {
            (None, Read) => self.0.try_read(),
            (None, Write) => self.0.try_write(),
            (Some(task), Read) => self.0.try_read_for(task),
            (Some(task), Write) => self.0.try_write_for(task),
        }
    }
    fn unlock(&self, kind: Kind) {
        let done = match (this_task(), kind) {
            (None, Read) => self.0.unlock_read(),
            (None, Write) => self.0.unlock_write(),
            (Some(task), Read) => self.0.unlock_read_of(task),
            (Some(task), Write) => self.0.unlock_write_of(task),
        };
        done.unwrap();
    }
    fn wait(&self, kind: Kind, deadline: Option<Instant>) -> bool {
        let got = match (this_task(), kind) {
            (None, Read) => self.0.read_deadline(deadline),
            (None, Write) => self.0.write_deadline(deadline),
            (Some(task), Read) => waited(block_on(self.0.read_async(task), deadline)),
            (Some(task), Write) => waited(block_on(self.0.write_async(task), deadline)),
        };
        got.unwrap()
    }
    fn downgrade(&self) {
        let done = match this_task() {
            None => self.0.downgrade(),
            Some(task) => self.0.downgrade_of(task),
        };
        done.unwrap();
    }
}

fn waited(done: Option<Result<(), WouldDeadlock>>) -> Result<bool, WouldDeadlock> {
    done.map_or(Ok(false), |done| done.map(|()| true))
}

struct Recorded<L>(L);

impl<L: Lock> Subject for Recorded<L> {
    type Model = Spec;
    type Call = Call;
    /// What the thread holds, in order.
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
            // The thread would wait for itself.
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
                if lock.wait(kind, deadline) {
                    hand.push(kind);
                    vec![Step::Ask(kind), Step::Got(kind)]
                } else {
                    vec![Step::Ask(kind), Step::GaveUp(kind)]
                }
            }
            Call::Downgrade if hand.last() == Some(&Write) => {
                lock.downgrade();
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

#[test]
fn everything_with_announced_readers() {
    check::<Recorded<Biased>>();
}

#[test]
fn everything_among_tasks() {
    check::<Recorded<AmongTasks>>();
}

/// Broken locks, which must be found out.
#[cfg(ft_shuttle)]
mod broken {
    use super::*;
    use ft_sync::atomic::{AtomicUsize, Ordering::SeqCst};
    use histories::linear::{hangs, rejects};

    /// Leaves a task in the line that has given up: the lock is handed to it, and lost.
    #[derive(Default)]
    struct TasksStay(AmongTasks);

    impl Lock for TasksStay {
        fn real(&self) -> &OwnedRwLock {
            self.0.real()
        }
        fn try_lock(&self, kind: Kind) -> bool {
            self.0.try_lock(kind)
        }
        fn unlock(&self, kind: Kind) {
            self.0.unlock(kind);
        }
        fn wait(&self, kind: Kind, deadline: Option<Instant>) -> bool {
            match (this_task(), kind) {
                (Some(task), Write) => {
                    let mut future = Box::pin(self.real().write_async(task));
                    let done = block_on(future.as_mut(), deadline);
                    std::mem::forget(future);
                    waited(done).unwrap()
                }
                _ => self.0.wait(kind, deadline),
            }
        }
        fn downgrade(&self) {
            self.0.downgrade();
        }
    }

    #[test]
    fn tasks_stay() {
        hangs::<Recorded<TasksStay>>();
    }

    /// Lets a reader in beside a writer: it reads without the lock if no thread was writing when it looked.
    #[derive(Default)]
    struct ReaderBesideWriter {
        lock: OwnedRwLock,
        /// How many threads read without the lock.
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

    /// Unlocks reading one time too few, so that no thread can ever write.
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
