//! Histories of `TaskTracker`: no task is done that was not added, and no thread waits when there is none.

use ft_concurrent_queue::TaskTracker;
use histories::linear::{Dice, Model, Subject, check};
use std::time::{Duration, Instant};

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Spec {
    tasks: usize,
    /// A bit for each thread in the middle of an attempt. The attempt may or may not count as a task, for `unfinished`
    /// and for the threads that wait.
    attempts: u8,
}

#[derive(Clone, Debug)]
enum Step {
    Added,
    Attempt,
    Succeeded,
    Failed,
    Done(bool),
    Discarded(usize),
    Unfinished(u64),
    Waited(bool),
}

impl Model for Spec {
    type Step = Step;

    fn step(&mut self, thread: usize, step: &Step) -> bool {
        let attempts = self.attempts.count_ones() as usize;
        match *step {
            Step::Added => {
                self.tasks += 1;
                true
            }
            Step::Attempt => {
                self.attempts |= 1 << thread;
                true
            }
            Step::Succeeded => {
                self.attempts &= !(1 << thread);
                self.tasks += 1;
                true
            }
            Step::Failed => {
                self.attempts &= !(1 << thread);
                true
            }
            Step::Done(done) => {
                let is_there = self.tasks > 0;
                self.tasks -= usize::from(is_there);
                done == is_there
            }
            Step::Discarded(count) => {
                self.tasks = self.tasks.saturating_sub(count);
                true
            }
            Step::Unfinished(count) => {
                (self.tasks..=self.tasks + attempts).contains(&(count as usize))
            }
            Step::Waited(true) => self.tasks == 0,
            Step::Waited(false) => self.tasks + attempts > 0,
        }
    }
}

#[derive(Debug)]
enum Call {
    Add,
    Succeed,
    Fail,
    Done,
    Discard,
    Unfinished,
    WaitTimeout,
    Wait,
}

/// The type under test, and its broken relatives.
trait Tasks: Default + Send + Sync + 'static {
    fn real(&self) -> &TaskTracker;
    fn done(&self) -> bool {
        self.real().task_done().is_ok()
    }
}

impl Tasks for TaskTracker {
    fn real(&self) -> &TaskTracker {
        self
    }
}

struct Recorded<T>(T);

impl<T: Tasks> Subject for Recorded<T> {
    type Model = Spec;
    type Call = Call;
    type Hand = ();

    fn new(dice: &mut Dice) -> (Self, Spec) {
        let tracker = T::default();
        let tasks = dice.below(3);
        (0..tasks).for_each(|_| tracker.real().add());
        (Self(tracker), Spec { tasks, attempts: 0 })
    }

    fn script(&self, thread: usize, dice: &mut Dice) -> Vec<Call> {
        let mut calls = dice.times(5, |dice| match dice.below(9) {
            0 => Call::Add,
            1 => Call::Succeed,
            2 | 3 => Call::Fail,
            4..=6 => Call::Done,
            7 => Call::Unfinished,
            _ => Call::WaitTimeout,
        });
        match thread {
            0 => calls.push(Call::Discard),
            // Only this thread waits, and only for tasks that the others discard in the end.
            1 => calls = vec![Call::Done, Call::Unfinished, Call::Wait],
            _ => calls.push(Call::Discard),
        }
        calls
    }

    fn call(&self, _thread: usize, _hand: &mut (), call: &Call) -> Vec<Step> {
        let tasks = self.0.real();
        match call {
            Call::Add => {
                tasks.add();
                vec![Step::Added]
            }
            Call::Succeed => {
                let attempt = tasks.attempt();
                attempt.succeeded();
                vec![Step::Attempt, Step::Succeeded]
            }
            Call::Fail => {
                drop(tasks.attempt());
                vec![Step::Attempt, Step::Failed]
            }
            Call::Done => vec![Step::Done(self.0.done())],
            Call::Discard => {
                tasks.discard(100);
                vec![Step::Discarded(100)]
            }
            Call::Unfinished => vec![Step::Unfinished(tasks.unfinished())],
            Call::WaitTimeout => {
                let deadline = Instant::now() + Duration::from_micros(20);
                vec![Step::Waited(tasks.wait_deadline(Some(deadline)))]
            }
            Call::Wait => {
                tasks.wait();
                vec![Step::Waited(true)]
            }
        }
    }

    fn last(&self) -> Vec<Step> {
        vec![Step::Unfinished(self.0.real().unfinished())]
    }
}

#[test]
fn everything() {
    check::<Recorded<TaskTracker>>();
}

/// Looks whether there is a task, and then takes it for done.
#[cfg(ft_shuttle)]
#[derive(Default)]
struct LookThenDo(TaskTracker);

#[cfg(ft_shuttle)]
impl Tasks for LookThenDo {
    fn real(&self) -> &TaskTracker {
        &self.0
    }
    fn done(&self) -> bool {
        let is_there = self.0.unfinished() > 0;
        let _ = self.0.task_done();
        is_there
    }
}

#[cfg(ft_shuttle)]
#[test]
fn broken_look_then_do() {
    histories::linear::rejects::<Recorded<LookThenDo>>();
}
