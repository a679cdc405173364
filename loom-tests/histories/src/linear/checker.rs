//! The search for an order that explains a history.

use std::{collections::HashSet, fmt, hash::Hash};

/// A sequential specification: an object as one thread alone would see it.
pub trait Model: Clone + Eq + Hash + fmt::Debug + Send + Sync + 'static {
    /// One atomic step of an operation, with what it returned.
    type Step: Clone + fmt::Debug + Send + 'static;

    /// Returns whether this step of this thread can happen now, with this result, and makes it happen.
    ///
    /// If it cannot, the state does not matter any more.
    fn step(&mut self, thread: usize, step: &Self::Step) -> bool;
}

/// One operation, from its call to its return.
#[derive(Clone, Debug)]
pub struct Operation<S> {
    /// The thread that called it.
    pub thread: usize,
    /// When it was called. No two moments of a history are the same.
    pub called: u64,
    /// When it returned.
    pub returned: u64,
    /// Its atomic steps in order, with what it returned. Most operations have one step.
    pub steps: Vec<S>,
}

/// What happened to one object.
pub type History<S> = Vec<Operation<S>>;

/// A history that no order of its steps explains.
#[derive(Clone, Debug)]
pub struct Rejected<M: Model> {
    history: History<M::Step>,
    /// The longest order that the search has found, by operation and step.
    prefix: Vec<(usize, usize)>,
    /// The state after these steps.
    state: M,
}

/// The most steps in a history, because the bits of a number stand for a set of them.
const MAX_STEPS: usize = u128::BITS as usize;

/// One step of the history.
struct Entry<'a, S> {
    operation: usize,
    /// Its place in the operation.
    place: usize,
    thread: usize,
    called: u64,
    returned: u64,
    step: &'a S,
}

/// A state of the search.
struct Node<M> {
    /// The steps that have happened.
    done: u128,
    state: M,
    /// The first return among the operations that are not over. No operation that was called later can be next.
    limit: u64,
    /// The next step to try.
    next: usize,
}

/// Finds out whether the steps of `history` can be put in an order that `model` allows, in which
/// every operation comes after all those that had returned when it was called.
///
/// # Errors
///
/// [`Rejected`], which can be printed, if there is no such order.
///
/// # Panics
///
/// If there are more than 128 steps.
///
/// ```
/// use histories::linear::{Model, Operation, linearize};
///
/// #[derive(Clone, Debug, PartialEq, Eq, Hash)]
/// struct Register(u8);
///
/// #[derive(Clone, Debug)]
/// enum Step { Read(u8), Write(u8) }
///
/// impl Model for Register {
///     type Step = Step;
///     fn step(&mut self, _thread: usize, step: &Step) -> bool {
///         match *step {
///             Step::Read(value) => self.0 == value,
///             Step::Write(value) => { self.0 = value; true }
///         }
///     }
/// }
///
/// let op = |thread, called, returned, step| Operation { thread, called, returned, steps: vec![step] };
/// // The write may have happened between the two reads, because both happen during it.
/// let write = op(0, 1, 6, Step::Write(7));
/// let (old, new) = (op(1, 2, 3, Step::Read(0)), op(1, 4, 5, Step::Read(7)));
/// assert!(linearize(Register(0), &[write.clone(), old, new]).is_ok());
/// // But it cannot have happened before the first read and after the second.
/// let (new, old) = (op(1, 2, 3, Step::Read(7)), op(1, 4, 5, Step::Read(0)));
/// assert!(linearize(Register(0), &[write, new, old]).is_err());
/// ```
pub fn linearize<M: Model>(
    model: M,
    history: &[Operation<M::Step>],
) -> Result<(), Box<Rejected<M>>> {
    let entries = entries(history);
    assert!(
        entries.len() <= MAX_STEPS,
        "a history of more than {MAX_STEPS} steps"
    );
    let all = |done: u128| done.count_ones() as usize == entries.len();
    let node = |done, state| Node {
        done,
        state,
        limit: limit(&entries, done),
        next: 0,
    };
    if all(0) {
        return Ok(());
    }
    // The states in which the search has been. To come to one of them by another way shows nothing new.
    let mut seen = HashSet::new();
    // The steps from each node to the one after it.
    let mut order: Vec<usize> = Vec::new();
    let mut nodes = vec![node(0, model)];
    let mut furthest = (order.clone(), nodes[0].state.clone());
    while let Some(here) = nodes.last_mut() {
        let Some(next) = (here.next..entries.len()).find(|&next| can_be_next(&entries, here, next))
        else {
            nodes.pop();
            order.pop();
            continue;
        };
        here.next = next + 1;
        let mut state = here.state.clone();
        if !state.step(entries[next].thread, entries[next].step) {
            continue;
        }
        let done = here.done | 1 << next;
        if all(done) {
            return Ok(());
        }
        if seen.insert((done, state.clone())) {
            order.push(next);
            if order.len() > furthest.0.len() {
                furthest = (order.clone(), state.clone());
            }
            nodes.push(node(done, state));
        }
    }
    let (order, state) = furthest;
    let place = |&at: &usize| (entries[at].operation, entries[at].place);
    Err(Box::new(Rejected {
        history: history.to_vec(),
        prefix: order.iter().map(place).collect(),
        state,
    }))
}

/// Returns all steps, those of one operation one after the other.
fn entries<S>(history: &[Operation<S>]) -> Vec<Entry<'_, S>> {
    let mut entries = Vec::new();
    for (operation, it) in history.iter().enumerate() {
        for (place, step) in it.steps.iter().enumerate() {
            entries.push(Entry {
                operation,
                place,
                thread: it.thread,
                called: it.called,
                returned: it.returned,
                step,
            });
        }
    }
    entries
}

fn limit<S>(entries: &[Entry<'_, S>], done: u128) -> u64 {
    let left =
        |(at, entry): (usize, &Entry<'_, S>)| (done & 1 << at == 0).then_some(entry.returned);
    let left = entries.iter().enumerate().filter_map(left);
    left.min().unwrap_or(u64::MAX)
}

fn can_be_next<S, M>(entries: &[Entry<'_, S>], here: &Node<M>, next: usize) -> bool {
    let is_done = |at: usize| here.done & 1 << at != 0;
    let entry = &entries[next];
    // The steps of an operation are side by side.
    let is_in_turn = entry.place == 0 || is_done(next - 1);
    !is_done(next) && is_in_turn && entry.called < here.limit
}

impl<M: Model> fmt::Display for Rejected<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut by_call: Vec<_> = self.history.iter().collect();
        by_call.sort_by_key(|it| it.called);
        writeln!(f, "what happened, by the time of the call:")?;
        for it in by_call {
            let (called, returned) = (it.called, it.returned);
            writeln!(
                f,
                "  thread {}  {called:>4} to {returned:<4}  {:?}",
                it.thread, it.steps
            )?;
        }
        writeln!(f, "the best order that was found:")?;
        for &(operation, place) in &self.prefix {
            let it = &self.history[operation];
            writeln!(f, "  thread {}  {:?}", it.thread, it.steps[place])?;
        }
        writeln!(f, "after which none of these could be next:")?;
        for (operation, it) in self.history.iter().enumerate() {
            let in_order = |(first, _): &&(usize, usize)| *first == operation;
            let done = self.prefix.iter().filter(in_order).count();
            if let Some(step) = it.steps.get(done) {
                writeln!(f, "  thread {}  {step:?}", it.thread)?;
            }
        }
        write!(f, "in this state: {:?}", self.state)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linear::Dice;
    use std::collections::VecDeque;

    /// A queue, and a register that a separate step reads.
    #[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
    struct Queue(VecDeque<u8>);

    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    enum Step {
        Push(u8),
        Pop(Option<u8>),
        Len(usize),
    }
    use Step::{Len, Pop, Push};

    impl Model for Queue {
        type Step = Step;

        fn step(&mut self, _thread: usize, step: &Step) -> bool {
            match *step {
                Push(item) => {
                    self.0.push_back(item);
                    true
                }
                Pop(item) => self.0.pop_front() == item,
                Len(len) => self.0.len() == len,
            }
        }
    }

    fn op(thread: usize, called: u64, returned: u64, step: Step) -> Operation<Step> {
        Operation {
            thread,
            called,
            returned,
            steps: vec![step],
        }
    }

    fn is_linearizable(history: &[Operation<Step>]) -> bool {
        linearize(Queue::default(), history).is_ok()
    }

    #[test]
    fn nothing() {
        assert!(is_linearizable(&[]));
    }

    #[test]
    fn sequential() {
        let good = [
            op(0, 1, 2, Push(1)),
            op(1, 3, 4, Push(2)),
            op(0, 5, 6, Pop(Some(1))),
        ];
        assert!(is_linearizable(&good));
        let last_in = [
            op(0, 1, 2, Push(1)),
            op(1, 3, 4, Push(2)),
            op(0, 5, 6, Pop(Some(2))),
        ];
        assert!(!is_linearizable(&last_in));
    }

    #[test]
    fn overlapping_pushes_go_either_way() {
        for (first, second) in [(1, 2), (2, 1)] {
            let history = [
                op(0, 1, 4, Push(1)),
                op(1, 2, 3, Push(2)),
                op(0, 5, 6, Pop(Some(first))),
                op(0, 7, 8, Pop(Some(second))),
            ];
            assert!(is_linearizable(&history));
        }
    }

    #[test]
    fn two_pops_of_one_item() {
        let history = [
            op(0, 1, 2, Push(1)),
            op(0, 3, 5, Pop(Some(1))),
            op(1, 4, 6, Pop(Some(1))),
        ];
        assert!(!is_linearizable(&history));
    }

    #[test]
    fn empty_beside_an_item() {
        // A pop finds nothing, though an item was there all the time, and another was pushed meanwhile.
        let history = [
            op(0, 1, 2, Push(1)),
            op(1, 3, 6, Pop(None)),
            op(0, 4, 5, Push(2)),
        ];
        assert!(!is_linearizable(&history));
    }

    #[test]
    fn order_across_threads_is_kept() {
        // The history is sequentially consistent, but the first operation had returned before the second was called.
        let history = [
            op(0, 1, 2, Push(1)),
            op(1, 3, 4, Pop(None)),
            op(1, 5, 6, Pop(Some(1))),
        ];
        assert!(!is_linearizable(&history));
    }

    #[test]
    fn steps_of_one_operation_in_order() {
        let pushes = |steps: [Step; 2]| Operation {
            thread: 0,
            called: 1,
            returned: 6,
            steps: steps.to_vec(),
        };
        // Another step may come between the two.
        let between = op(1, 2, 5, Len(1));
        assert!(is_linearizable(&[
            pushes([Push(1), Push(2)]),
            between.clone(),
            op(0, 7, 8, Pop(Some(1))),
        ]));
        assert!(!is_linearizable(&[
            pushes([Push(2), Push(1)]),
            between,
            op(0, 7, 8, Pop(Some(1))),
        ]));
    }

    #[test]
    fn rejection_says_what_and_why() {
        let rejected = linearize(
            Queue::default(),
            &[op(0, 1, 2, Push(1)), op(1, 3, 4, Pop(None))],
        );
        let text = rejected.unwrap_err().to_string();
        assert!(text.contains("none of these could be next:\n  thread 1  Pop(None)\n"));
        assert!(text.ends_with("in this state: Queue([1])"), "{text}");
    }

    /// Decides it by trying every order.
    fn by_force(state: &Queue, left: &[Operation<Step>]) -> bool {
        left.is_empty()
            || (0..left.len()).any(|next| {
                let mut rest = left.to_vec();
                let chosen = rest.remove(next);
                let mut state = state.clone();
                rest.iter().all(|other| other.returned > chosen.called)
                    && state.step(0, &chosen.steps[0])
                    && by_force(&state, &rest)
            })
    }

    /// A few operations with random times and answers, most of them wrong.
    fn any_history(dice: &mut Dice) -> History<Step> {
        let count = 2 + dice.below(5);
        let mut times: Vec<u64> = (0..2 * count as u64).collect();
        (0..count)
            .map(|thread| {
                let one = times.swap_remove(dice.below(times.len()));
                let other = times.swap_remove(dice.below(times.len()));
                let step = match dice.below(5) {
                    0 | 1 => Push(1 + dice.below(2) as u8),
                    2 => Pop(Some(1 + dice.below(2) as u8)),
                    3 => Pop(None),
                    _ => Len(dice.below(3)),
                };
                op(thread, one.min(other), one.max(other), step)
            })
            .collect()
    }

    #[test]
    fn same_as_trying_every_order() {
        let mut dice = Dice::new(1, 0);
        let mut good = 0;
        for _ in 0..5_000 {
            let history = any_history(&mut dice);
            let expected = by_force(&Queue::default(), &history);
            assert_eq!(is_linearizable(&history), expected, "{history:?}");
            good += usize::from(expected);
        }
        assert!((1_000..4_000).contains(&good), "{good} of one kind");
    }
}
