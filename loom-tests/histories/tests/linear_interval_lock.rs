//! Histories of `RawIntervalLock`: one owner at a time, and first come, first served.

use ft_interval_lock::RawIntervalLock;
use histories::linear::{Dice, Subject, check};
use histories::shared_specs::interval_lock::{Spec, Step};
use histories::tasks::{block_on, this_task};
use std::time::{Duration, Instant};

#[derive(Debug)]
enum Call {
    Try,
    Lock,
    LockTimeout,
    Cede,
    Unlock,
    IsLocked,
}

/// The type under test, and its broken relatives.
trait Lock: Send + Sync + 'static {
    fn new() -> Self;
    fn real(&self) -> &RawIntervalLock;
    fn try_lock(&self) -> bool {
        self.real().try_lock()
    }
    fn unlock(&self) {
        self.real().unlock().unwrap();
    }
    fn cede(&self) -> bool {
        self.real().cede().unwrap()
    }
    fn lock(&self, deadline: Option<Instant>) -> bool {
        self.real().lock_deadline(deadline).unwrap()
    }
}

impl Lock for RawIntervalLock {
    fn new() -> Self {
        RawIntervalLock::new(Duration::ZERO)
    }
    fn real(&self) -> &RawIntervalLock {
        self
    }
}

/// A lock that one thread in two uses as a task.
struct AmongTasks(RawIntervalLock);

impl Lock for AmongTasks {
    fn new() -> Self {
        Self(RawIntervalLock::new(Duration::ZERO))
    }
    fn real(&self) -> &RawIntervalLock {
        &self.0
    }
    fn try_lock(&self) -> bool {
        this_task().map_or_else(|| self.0.try_lock(), |task| self.0.try_lock_for(task))
    }
    fn unlock(&self) {
        let done = this_task().map_or_else(|| self.0.unlock(), |task| self.0.unlock_of(task));
        done.unwrap();
    }
    fn cede(&self) -> bool {
        let ceded = match this_task() {
            None => self.0.cede(),
            Some(task) => {
                let ceded = block_on(self.0.cede_async(task), None);
                ceded.expect("it has no deadline")
            }
        };
        ceded.unwrap()
    }
    fn lock(&self, deadline: Option<Instant>) -> bool {
        match this_task() {
            None => self.0.lock_deadline(deadline).unwrap(),
            Some(task) => block_on(self.0.lock_async(task), deadline)
                .map(Result::unwrap)
                .is_some(),
        }
    }
}

struct Recorded<L>(L);

impl<L: Lock> Subject for Recorded<L> {
    type Model = Spec;
    type Call = Call;
    /// Whether the thread has the lock.
    type Hand = bool;

    fn new(_dice: &mut Dice) -> (Self, Spec) {
        (Self(L::new()), Spec::default())
    }

    fn script(&self, _thread: usize, dice: &mut Dice) -> Vec<Call> {
        let mut calls = dice.times(6, |dice| match dice.below(8) {
            0 => Call::Try,
            1 | 2 => Call::Lock,
            3 => Call::LockTimeout,
            4 => Call::Cede,
            5 => Call::IsLocked,
            _ => Call::Unlock,
        });
        calls.push(Call::Unlock);
        calls
    }

    fn call(&self, _thread: usize, has: &mut bool, call: &Call) -> Vec<Step> {
        let lock = &self.0;
        match (call, *has) {
            (Call::IsLocked, _) => vec![Step::IsLocked(lock.real().is_locked())],
            (Call::Try, _) => {
                let taken = lock.try_lock();
                *has |= taken;
                vec![Step::Try(taken)]
            }
            (Call::Lock, false) => {
                *has = lock.lock(None);
                vec![Step::Ask, Step::Got]
            }
            (Call::LockTimeout, false) => {
                let deadline = Instant::now() + Duration::from_micros(20);
                *has = lock.lock(Some(deadline));
                vec![Step::Ask, if *has { Step::Got } else { Step::GaveUp }]
            }
            (Call::Cede, true) => match lock.cede() {
                true => vec![Step::Ceded, Step::Got],
                false => vec![Step::Kept],
            },
            (Call::Unlock, true) => {
                lock.unlock();
                *has = false;
                vec![Step::Unlocked]
            }
            // The thread would wait for itself, or give up a lock that it does not have.
            _ => Vec::new(),
        }
    }

    fn last(&self) -> Vec<Step> {
        vec![Step::Try(self.0.try_lock())]
    }
}

#[test]
fn everything() {
    check::<Recorded<RawIntervalLock>>();
}

#[test]
fn everything_among_tasks() {
    check::<Recorded<AmongTasks>>();
}

/// Broken locks, which must be found out.
#[cfg(ft_shuttle)]
mod broken {
    use super::*;
    use histories::linear::rejects;

    /// Cedes by giving the lock up and taking it again, so it may get the lock before the threads that waited.
    struct UnlockThenLock(RawIntervalLock);

    impl Lock for UnlockThenLock {
        fn new() -> Self {
            Self(Lock::new())
        }
        fn real(&self) -> &RawIntervalLock {
            &self.0
        }
        fn cede(&self) -> bool {
            let others = self.0.waiters() > 0;
            self.0.unlock().unwrap();
            while !self.0.try_lock() {
                ft_sync::thread::yield_now();
            }
            others
        }
    }

    #[test]
    fn unlock_then_lock() {
        rejects::<Recorded<UnlockThenLock>>();
    }

    /// Returns that the lock is taken while another thread only looks at it.
    struct Coward(RawIntervalLock, ft_sync::Mutex<()>);

    impl Lock for Coward {
        fn new() -> Self {
            Self(Lock::new(), ft_sync::Mutex::new(()))
        }
        fn real(&self) -> &RawIntervalLock {
            &self.0
        }
        fn try_lock(&self) -> bool {
            match self.1.try_lock() {
                Ok(_guard) => self.0.try_lock(),
                Err(_) => false,
            }
        }
    }

    #[test]
    fn coward() {
        rejects::<Recorded<Coward>>();
    }
}
