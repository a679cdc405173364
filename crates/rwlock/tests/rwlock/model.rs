//! Any steps of one thread, compared with what they do to two numbers.

use ft_rwlock::OwnedRwLock;
use proptest::prelude::*;

#[derive(Clone, Copy, Debug)]
enum Step {
    TryRead,
    TryWrite,
    UnlockRead,
    UnlockWrite,
    Downgrade,
    Read,
    Write,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    use Step::*;
    let step = prop::sample::select(vec![
        TryRead,
        TryRead,
        TryWrite,
        UnlockRead,
        UnlockRead,
        UnlockWrite,
        Downgrade,
        Read,
        Write,
    ]);
    prop::collection::vec(step, 0..60)
}

proptest! {
    /// One thread sees a number of readers, and whether there is a writer.
    #[test]
    fn like_two_numbers(steps in steps()) {
        let lock = OwnedRwLock::new();
        let (mut readers, mut writing) = (0_usize, false);
        for step in steps {
            match step {
                Step::TryRead => {
                    prop_assert_eq!(lock.try_read(), !writing);
                    readers += usize::from(!writing);
                }
                Step::TryWrite => {
                    let free = !writing && readers == 0;
                    prop_assert_eq!(lock.try_write(), free);
                    writing |= free;
                }
                Step::UnlockRead => {
                    prop_assert_eq!(lock.unlock_read().is_ok(), readers > 0);
                    readers = readers.saturating_sub(1);
                }
                Step::UnlockWrite => {
                    prop_assert_eq!(lock.unlock_write().is_ok(), writing);
                    writing = false;
                }
                Step::Downgrade => {
                    prop_assert_eq!(lock.downgrade().is_ok(), writing);
                    readers += usize::from(writing);
                    writing = false;
                }
                Step::Read => {
                    prop_assert_eq!(lock.read().is_ok(), !writing);
                    readers += usize::from(!writing);
                }
                Step::Write => {
                    let free = !writing && readers == 0;
                    prop_assert_eq!(lock.write().is_ok(), free);
                    writing |= free;
                }
            }
            prop_assert_eq!(lock.readers(), readers);
            prop_assert_eq!(lock.is_write_locked(), writing);
            prop_assert_eq!((lock.is_reader(), lock.is_writer()), (readers > 0, writing));
            prop_assert_eq!((lock.readers_waiting(), lock.writers_waiting()), (0, 0));
        }
    }
}
