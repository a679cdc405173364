//! Models of `ft-rwlock`.
#![cfg(ft_loom)]

use ft_rwlock::RawRwLock;
use ft_sync::Arc;
use loom_tests::data::Data;

mod attempts;
mod bias;
mod giving_up;
mod pairs;
mod slots;
mod tasks;
mod turns;

/// A number that the lock guards.
struct Guarded {
    lock: RawRwLock,
    value: Data,
}

impl Guarded {
    fn new() -> Self {
        Self {
            lock: RawRwLock::new(),
            value: Data::new(0),
        }
    }

    /// With a lock whose readers announce themselves.
    fn biased() -> Self {
        Self {
            lock: RawRwLock::biased(),
            value: Data::new(0),
        }
    }

    fn shared() -> Arc<Self> {
        Arc::new(Self::new())
    }

    /// Adds one, with the lock for writing.
    fn add(&self) {
        self.value.add(1);
    }

    /// Reads, with the lock.
    fn value(&self) -> usize {
        self.value.read()
    }

    fn unlock_read(&self) {
        // SAFETY: the models call this after they have locked for reading.
        unsafe { self.lock.unlock_read() };
    }

    fn unlock_write(&self) {
        // SAFETY: the models call this after they have locked for writing.
        unsafe { self.lock.unlock_write() };
    }

    /// Makes a reading of a writing.
    fn downgrade(&self) {
        // SAFETY: the models call this after they have locked for writing.
        unsafe { self.lock.downgrade() };
    }

    fn write(&self) {
        assert!(self.lock.write_deadline(None));
        self.add();
        self.unlock_write();
    }

    fn read(&self) -> usize {
        assert!(self.lock.read_deadline(None));
        let value = self.value();
        self.unlock_read();
        value
    }
}
