//! Histories of `AtomicFlag`. Each operation is one step, and a wait sees every setting since it began.

use ft_atomic_int::AtomicFlag;
use histories::{
    linear::{Dice, Model, Subject, check},
    shared_specs::variable::compare_exchange,
};
use std::time::{Duration, Instant};

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Spec {
    set: bool,
    /// A bit for each waiting thread: whether the flag was set since its call.
    seen: u8,
}

#[derive(Clone, Debug)]
enum Step {
    Load(bool),
    Exchanged {
        new: bool,
        before: bool,
    },
    Compared {
        expected: bool,
        new: bool,
        result: Result<bool, bool>,
    },
    /// A wait begins.
    Watch,
    /// A wait ends because the flag is set, or was set meanwhile.
    Waited,
    /// A wait ends though the flag was not set meanwhile.
    TimedOut,
}

impl Model for Spec {
    type Step = Step;

    fn step(&mut self, thread: usize, step: &Step) -> bool {
        let before = self.set;
        let fits = match *step {
            Step::Load(value) => value == before,
            Step::Exchanged { new, before: told } => {
                self.set = new;
                told == before
            }
            Step::Compared {
                expected,
                new,
                result,
            } => compare_exchange(&mut self.set, expected, new, result),
            Step::Watch => {
                self.seen &= !(1 << thread);
                true
            }
            Step::Waited => self.set || self.seen & 1 << thread != 0,
            Step::TimedOut => !self.set && self.seen & 1 << thread == 0,
        };
        if self.set {
            self.seen = !0;
        }
        fits
    }
}

#[derive(Debug)]
enum Call {
    Load,
    TestAndSet,
    Clear,
    Exchange(bool),
    CompareExchange(bool, bool),
    Wait,
    WaitTimeout,
}

/// The type under test, and its broken relatives.
trait Flag: Send + Sync + 'static {
    fn new(value: bool) -> Self;
    fn real(&self) -> &AtomicFlag;
    fn wait(&self) {
        self.real().wait();
    }
    fn test_and_set(&self) -> bool {
        self.real().test_and_set()
    }
}

impl Flag for AtomicFlag {
    fn new(value: bool) -> Self {
        AtomicFlag::new(value)
    }
    fn real(&self) -> &AtomicFlag {
        self
    }
}

struct Recorded<F>(F);

impl<F: Flag> Subject for Recorded<F> {
    type Model = Spec;
    type Call = Call;
    type Hand = ();

    fn new(dice: &mut Dice) -> (Self, Spec) {
        let set = dice.one_in(2);
        (Self(F::new(set)), Spec { set, seen: 0 })
    }

    fn script(&self, thread: usize, dice: &mut Dice) -> Vec<Call> {
        // The first thread sets the flag in the end, and no other thread clears it. So no thread waits for ever.
        let calls = if thread == 0 { 4 } else { 7 };
        let mut script = dice.times(4, |dice| match dice.below(calls) {
            0 => Call::Load,
            1 => Call::TestAndSet,
            2 if thread == 0 => Call::Clear,
            3 if thread == 0 => Call::Exchange(dice.one_in(2)),
            2 | 3 => Call::CompareExchange(false, true),
            4 | 5 => Call::Wait,
            _ => Call::WaitTimeout,
        });
        if thread == 0 {
            script.push(Call::CompareExchange(true, dice.one_in(2)));
            script.push(Call::TestAndSet);
        }
        script
    }

    fn call(&self, _thread: usize, _hand: &mut (), call: &Call) -> Vec<Step> {
        let flag = self.0.real();
        let exchanged = |new, before| vec![Step::Exchanged { new, before }];
        match *call {
            Call::Load => vec![Step::Load(flag.load())],
            Call::TestAndSet => exchanged(true, self.0.test_and_set()),
            // Does not tell what was before: not a step of its own.
            Call::Clear => exchanged(false, flag.exchange(false)),
            Call::Exchange(new) => exchanged(new, flag.exchange(new)),
            Call::CompareExchange(expected, new) => vec![Step::Compared {
                expected,
                new,
                result: flag.compare_exchange(expected, new),
            }],
            Call::Wait => {
                self.0.wait();
                vec![Step::Watch, Step::Waited]
            }
            Call::WaitTimeout => {
                let deadline = Instant::now() + Duration::from_micros(20);
                match flag.wait_deadline(Some(deadline)) {
                    true => vec![Step::Watch, Step::Waited],
                    false => vec![Step::Watch, Step::TimedOut],
                }
            }
        }
    }

    fn last(&self) -> Vec<Step> {
        vec![Step::Load(self.0.real().load())]
    }
}

#[test]
fn everything() {
    check::<Recorded<AtomicFlag>>();
}

/// Broken flags, which must be found out.
#[cfg(ft_shuttle)]
mod broken {
    use super::*;
    use histories::linear::{hangs, rejects};

    /// Sets in two steps, so that two threads find it clear.
    struct LookThenSet(AtomicFlag);

    impl Flag for LookThenSet {
        fn new(value: bool) -> Self {
            Self(AtomicFlag::new(value))
        }
        fn real(&self) -> &AtomicFlag {
            &self.0
        }
        fn test_and_set(&self) -> bool {
            let before = self.0.load();
            self.0.store(true);
            before
        }
    }

    #[test]
    fn look_then_set() {
        rejects::<Recorded<LookThenSet>>();
    }

    /// Waits without a second look after it began to listen, so it may miss the setting.
    struct LookThenListen(AtomicFlag);

    impl Flag for LookThenListen {
        fn new(value: bool) -> Self {
            Self(AtomicFlag::new(value))
        }
        fn real(&self) -> &AtomicFlag {
            &self.0
        }
        fn wait(&self) {
            if !self.0.load() {
                self.0.became_set().listen().wait();
            }
        }
    }

    #[test]
    fn look_then_listen() {
        hangs::<Recorded<LookThenListen>>();
    }
}
