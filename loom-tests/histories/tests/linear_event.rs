//! Histories of tokens that are put down one at a time and taken by threads that wait for them with an `Event`.

use ft_sync::{
    Event,
    atomic::{AtomicUsize, Ordering::SeqCst},
};
use histories::linear::{Dice, Model, Subject, check};
use std::time::{Duration, Instant};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Spec(usize);

#[derive(Clone, Debug)]
enum Step {
    Put,
    Took(bool),
}

impl Model for Spec {
    type Step = Step;

    fn step(&mut self, _thread: usize, step: &Step) -> bool {
        let (before, is_there) = (self.0, self.0 > 0);
        match *step {
            Step::Put => {
                self.0 = before + 1;
                true
            }
            Step::Took(taken) => {
                self.0 = before.saturating_sub(1);
                taken == is_there
            }
        }
    }
}

#[derive(Debug)]
enum Call {
    Put,
    TryTake,
    Take,
    TakeTimeout,
    /// Listens, and takes nothing. A notification that it gets must go to another listener.
    Listen,
}

/// The type under test, and its broken relatives.
trait Tokens: Default + Send + Sync + 'static {
    fn parts(&self) -> (&AtomicUsize, &Event);

    fn put(&self) {
        let (count, changed) = self.parts();
        count.fetch_add(1, SeqCst);
        changed.notify(1);
    }

    fn try_take(&self) -> Option<()> {
        let (count, _) = self.parts();
        let less = |count: usize| count.checked_sub(1);
        count.fetch_update(SeqCst, SeqCst, less).ok().map(drop)
    }

    fn take(&self, deadline: Option<Instant>) -> bool {
        let (_, changed) = self.parts();
        changed.wait_until(deadline, || self.try_take()).is_some()
    }
}

#[derive(Default)]
struct Right(AtomicUsize, Event);

impl Tokens for Right {
    fn parts(&self) -> (&AtomicUsize, &Event) {
        (&self.0, &self.1)
    }
}

struct Recorded<T>(T);

impl<T: Tokens> Subject for Recorded<T> {
    type Model = Spec;
    type Call = Call;
    type Hand = ();

    const THREADS: usize = 4;

    fn new(_dice: &mut Dice) -> (Self, Spec) {
        (Self(T::default()), Spec(0))
    }

    fn script(&self, thread: usize, dice: &mut Dice) -> Vec<Call> {
        if thread < 2 {
            // These are enough for all that the other threads may take.
            return dice.times(6, |_| Call::Put);
        }
        dice.times(6, |dice| match dice.below(6) {
            0..=2 => Call::Take,
            3 => Call::TryTake,
            4 => Call::TakeTimeout,
            _ => Call::Listen,
        })
    }

    fn call(&self, _thread: usize, _hand: &mut (), call: &Call) -> Vec<Step> {
        vec![match call {
            Call::Put => {
                self.0.put();
                Step::Put
            }
            Call::TryTake => Step::Took(self.0.try_take().is_some()),
            Call::Take => Step::Took(self.0.take(None)),
            Call::TakeTimeout => {
                let deadline = Instant::now() + Duration::from_micros(20);
                Step::Took(self.0.take(Some(deadline)))
            }
            Call::Listen => {
                let (_, changed) = self.0.parts();
                let listener = changed.listen();
                ft_sync::thread::yield_now();
                drop(listener);
                return Vec::new();
            }
        }]
    }
}

#[test]
fn everything() {
    check::<Recorded<Right>>();
}

/// Wrong uses of an event, which must be found out.
#[cfg(ft_shuttle)]
mod broken {
    use super::*;
    use histories::linear::{hangs, rejects};

    /// Notifies first, and then puts the token down.
    #[derive(Default)]
    struct NotifyThenPut(AtomicUsize, Event);

    impl Tokens for NotifyThenPut {
        fn parts(&self) -> (&AtomicUsize, &Event) {
            (&self.0, &self.1)
        }
        fn put(&self) {
            self.1.notify(1);
            self.0.fetch_add(1, SeqCst);
        }
    }

    #[test]
    fn notify_then_put() {
        hangs::<Recorded<NotifyThenPut>>();
    }

    /// Takes a token in two steps, so that two threads take the same.
    #[derive(Default)]
    struct LookThenTake(AtomicUsize, Event);

    impl Tokens for LookThenTake {
        fn parts(&self) -> (&AtomicUsize, &Event) {
            (&self.0, &self.1)
        }
        fn try_take(&self) -> Option<()> {
            self.0.load(SeqCst).checked_sub(1)?;
            let less = |count: usize| Some(count.saturating_sub(1));
            self.0.fetch_update(SeqCst, SeqCst, less).ok().map(drop)
        }
    }

    #[test]
    fn look_then_take() {
        rejects::<Recorded<LookThenTake>>();
    }
}
