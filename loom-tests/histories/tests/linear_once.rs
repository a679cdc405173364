//! Histories of `Once`: one computes at a time, in the order in which they came, until there is a value, and then all
//! see it.

use ft_once::{Claim, Leader, Once, Party, Suspended, Turn};
use histories::{
    linear::{Dice, Subject, check},
    shared_specs::once::{Got, Spec, Step},
    tasks::block_on,
};
use std::time::{Duration, Instant};

/// From here on values were computed by [`Call::Init`].
const BY_INIT: u32 = 100;

#[derive(Debug)]
enum Call {
    Get,
    Try,
    Wait,
    WaitTimeout,
    /// As a task, which is dropped at a deadline.
    Await,
    /// Asks, and computes the value if it has to. It fails, or it does not.
    Init(bool),
    /// Ends the computation that the thread has begun, if it has.
    Set,
    Fail,
}

/// The type under test, and its broken relatives.
trait Value: Send + Sync + 'static {
    fn new() -> Self;
    fn real(&self) -> &Once<u32>;
    fn get(&self) -> Option<u32> {
        self.real().get().copied()
    }
    fn set(&self, leader: Leader<'_, u32>, value: u32) {
        leader.set(value);
    }
    fn fail(&self, leader: Leader<'_, u32>) {
        drop(leader);
    }
}

impl Value for Once<u32> {
    fn new() -> Self {
        Once::new()
    }
    fn real(&self) -> &Once<u32> {
        self
    }
}

struct Recorded<V>(V);

impl<V: Value> Subject for Recorded<V> {
    type Model = Spec;
    type Call = Call;
    /// The duty to compute the value.
    type Hand = Option<Suspended>;

    fn new(_dice: &mut Dice) -> (Self, Spec) {
        (Self(V::new()), Spec::default())
    }

    fn script(&self, _thread: usize, dice: &mut Dice) -> Vec<Call> {
        let mut calls = dice.times(7, |dice| match dice.below(16) {
            0 | 1 => Call::Get,
            2 | 3 => Call::Try,
            4 | 5 => Call::Wait,
            6 | 7 => Call::WaitTimeout,
            8 | 9 => Call::Await,
            10 => Call::Init(true),
            11 => Call::Init(false),
            12 => Call::Set,
            _ => Call::Fail,
        });
        calls.push(Call::Fail);
        calls
    }

    fn call(&self, thread: usize, hand: &mut Option<Suspended>, call: &Call) -> Vec<Step> {
        let (once, has_the_turn) = (self.0.real(), hand.is_some());
        let mut note = |turn: Turn<'_, u32>| match turn {
            Turn::Ready(&value) => Got::Value(value),
            Turn::Leader(leader) => {
                *hand = Some(leader.suspend());
                Got::Turn
            }
        };
        let deadline = Instant::now() + Duration::from_micros(20);
        match *call {
            Call::Get => vec![Step::Get(self.0.get())],
            Call::Set => match hand.take() {
                None => Vec::new(),
                Some(duty) => {
                    let value = thread as u32;
                    self.0.set(once.resume(duty), value);
                    vec![Step::Set(thread, value)]
                }
            },
            Call::Fail => match hand.take() {
                None => Vec::new(),
                Some(duty) => {
                    self.0.fail(once.resume(duty));
                    vec![Step::Failed(thread)]
                }
            },
            // It would wait for itself.
            _ if has_the_turn => Vec::new(),
            Call::Try => vec![Step::Try(thread, once.try_claim(None).map(note))],
            Call::Wait => {
                let got = note(once.claim(None).wait());
                vec![Step::Ask(thread), Step::Got(thread, got)]
            }
            Call::WaitTimeout => {
                let mut claim: Claim<'_, u32> = once.claim(Some(Party::thread()));
                let turn = claim.wait_deadline(Some(deadline)).map(note);
                drop(claim);
                let got = turn.map(|got| Step::Got(thread, got));
                vec![Step::Ask(thread), got.unwrap_or(Step::GaveUp(thread))]
            }
            Call::Await => {
                let turn = block_on(once.claim(None), Some(deadline)).map(note);
                let got = turn.map(|got| Step::Got(thread, got));
                vec![Step::Ask(thread), got.unwrap_or(Step::GaveUp(thread))]
            }
            Call::Init(fails) => {
                let (mut computed, value) = (false, BY_INIT + thread as u32);
                let result = once.get_or_try_init(|| {
                    computed = true;
                    if fails { Err(()) } else { Ok(value) }
                });
                let mut steps = vec![Step::Ask(thread)];
                match result {
                    _ if computed => {
                        steps.push(Step::Got(thread, Got::Turn));
                        steps.push(match result {
                            Ok(&value) => Step::Set(thread, value),
                            Err(()) => Step::Failed(thread),
                        });
                    }
                    Ok(&value) => steps.push(Step::Got(thread, Got::Value(value))),
                    Err(()) => unreachable!("only a computation fails"),
                }
                steps
            }
        }
    }

    fn last(&self) -> Vec<Step> {
        let got = self.0.real().try_claim(None).map(|turn| match turn {
            Turn::Ready(&value) => Got::Value(value),
            Turn::Leader(_) => Got::Turn,
        });
        vec![Step::Try(Self::THREADS, got)]
    }
}

#[test]
fn everything() {
    check::<Recorded<Once<u32>>>();
}

/// Broken relatives, which must be found out.
#[cfg(ft_shuttle)]
mod broken {
    use super::*;
    use ft_sync::atomic::{AtomicBool, Ordering::SeqCst};
    use histories::linear::{hangs, rejects};

    /// Shows the value of [`Call::Set`] only after those in line have it.
    struct ShowsLate(Once<u32>, AtomicBool);

    impl Value for ShowsLate {
        fn new() -> Self {
            Self(Once::new(), AtomicBool::new(false))
        }
        fn real(&self) -> &Once<u32> {
            &self.0
        }
        fn get(&self) -> Option<u32> {
            let shown = self.1.load(SeqCst);
            let value = self.0.get().copied();
            value.filter(|&value| shown || value >= BY_INIT)
        }
        fn set(&self, leader: Leader<'_, u32>, value: u32) {
            leader.set(value);
            self.1.store(true, SeqCst);
        }
    }

    #[test]
    fn shows_late() {
        rejects::<Recorded<ShowsLate>>();
    }

    /// Keeps the turn when a computation fails.
    struct KeepsTheTurn(Once<u32>);

    impl Value for KeepsTheTurn {
        fn new() -> Self {
            Self(Once::new())
        }
        fn real(&self) -> &Once<u32> {
            &self.0
        }
        fn fail(&self, leader: Leader<'_, u32>) {
            let _ = leader.suspend();
        }
    }

    #[test]
    fn keeps_the_turn() {
        hangs::<Recorded<KeepsTheTurn>>();
    }
}
