//! Histories of `ConcurrentQueue`: strictly first in, first out, with a bound, closed and drained.

use ft_concurrent_queue::{
    ConcurrentQueue, PopTimeoutError, PushTimeoutError, TryPopError, TryPushError, TryPushManyError,
};
use histories::linear::{Dice, Subject, check};
use histories::shared_specs::concurrent_queue::{Spec, Step};
use std::{collections::VecDeque, marker::PhantomData, time::Duration};

#[derive(Debug)]
enum Call {
    TryPush(u32),
    Push(u32),
    PushTimeout(u32),
    TryPushMany(Vec<u32>),
    TryPop,
    Pop,
    PopTimeout,
    TryPopMany(usize),
    Peek,
    Len,
    IsEmpty,
    IsFull,
    IsClosed,
    Close,
    CloseAndDrain,
}

/// The type under test, and its broken relatives.
trait Queue: Send + Sync + 'static {
    fn bounded(capacity: usize) -> Self;
    fn real(&self) -> &ConcurrentQueue<u32>;
    fn try_push(&self, item: u32) -> Result<(), TryPushError<u32>> {
        self.real().try_push(item)
    }
    fn try_pop(&self) -> Result<u32, TryPopError> {
        self.real().try_pop()
    }
}

impl Queue for ConcurrentQueue<u32> {
    fn bounded(capacity: usize) -> Self {
        match capacity {
            usize::MAX => ConcurrentQueue::unbounded(),
            capacity => ConcurrentQueue::bounded(capacity),
        }
    }
    fn real(&self) -> &ConcurrentQueue<u32> {
        self
    }
}

/// Which calls are made.
trait Mix: Send + Sync + 'static {
    const CALLS: usize = 4;
    fn any(dice: &mut Dice, item: impl FnMut() -> u32, may_wait: bool) -> Call;
}

struct Recorded<Q, M>(Q, PhantomData<M>);

const SHORT: Duration = Duration::from_micros(20);

impl<Q: Queue, M: Mix> Subject for Recorded<Q, M> {
    type Model = Spec;
    type Call = Call;
    type Hand = ();

    fn new(dice: &mut Dice) -> (Self, Spec) {
        let capacity = dice.pick(&[usize::MAX, usize::MAX, 1, 2, 3]);
        let queue = Q::bounded(capacity);
        // So the queue comes to the end of a block or lap, which has 32 slots (2 under shuttle).
        for item in 0..dice.pick(&[0, 0, 29, 30, 31]) {
            queue.try_push(item).unwrap();
            queue.try_pop().unwrap();
        }
        let items: VecDeque<u32> = (0..dice.below(3).min(capacity) as u32).collect();
        items.iter().for_each(|&item| queue.try_push(item).unwrap());
        let model = Spec {
            items,
            capacity,
            closed: false,
        };
        (Self(queue, PhantomData), model)
    }

    fn script(&self, thread: usize, dice: &mut Dice) -> Vec<Call> {
        let mut item = 100 * (thread as u32 + 1);
        let mut next = || {
            item += 1;
            item
        };
        // The first thread never waits, and closes the queue in the end, so that no thread waits for ever.
        let mut calls = dice.times(M::CALLS, |dice| M::any(dice, &mut next, thread > 0));
        if thread == 0 {
            calls.push(match dice.one_in(2) {
                true => Call::Close,
                false => Call::CloseAndDrain,
            });
        }
        calls
    }

    fn call(&self, _thread: usize, _hand: &mut (), call: &Call) -> Vec<Step> {
        let queue = &self.0;
        match *call {
            Call::TryPush(item) => pushed(item, queue.try_push(item)),
            Call::Push(item) => match queue.real().push(item) {
                Ok(()) => vec![Step::Pushed(item)],
                Err(_) => vec![Step::PushClosed],
            },
            Call::PushTimeout(item) => match queue.real().push_timeout(item, SHORT) {
                Ok(()) => vec![Step::Pushed(item)],
                Err(PushTimeoutError::Timeout(_)) => vec![Step::Full],
                Err(PushTimeoutError::Closed(_)) => vec![Step::PushClosed],
            },
            Call::TryPushMany(ref items) => {
                let result = queue
                    .real()
                    .try_push_many(&mut items.iter().copied().collect());
                let (count, end) = match result {
                    Ok(count) => (count, None),
                    Err(TryPushManyError::Full { pushed }) => (pushed, Some(Step::Full)),
                    Err(TryPushManyError::Closed { pushed }) => (pushed, Some(Step::PushClosed)),
                };
                let pushed = items[..count].iter().copied().map(Step::Pushed);
                pushed.chain(end).collect()
            }
            Call::TryPop => vec![popped(queue.try_pop())],
            Call::Pop => vec![popped(queue.real().pop().map_err(|_| TryPopError::Closed))],
            Call::PopTimeout => vec![match queue.real().pop_timeout(SHORT) {
                Ok(item) => Step::Popped(item),
                Err(PopTimeoutError::Timeout) => Step::Empty,
                Err(PopTimeoutError::Closed) => Step::PopClosed,
            }],
            Call::TryPopMany(max) => {
                let mut items = Vec::new();
                match queue.real().try_pop_many(max, &mut items) {
                    Ok(count) if count == max => items.into_iter().map(Step::Popped).collect(),
                    // Between two runs other threads can pop. The call ends early only when the queue is empty.
                    Ok(_) => drained(items).collect(),
                    Err(error) => vec![popped(Err(error))],
                }
            }
            Call::Peek => vec![queue.real().peek().map_or(Step::Nothing, Step::Peeked)],
            Call::Len => vec![Step::Len(queue.real().len())],
            Call::IsEmpty => vec![Step::IsEmpty(queue.real().is_empty())],
            Call::IsFull => vec![Step::IsFull(queue.real().is_full())],
            Call::IsClosed => vec![Step::IsClosed(queue.real().is_closed())],
            Call::Close => {
                let here = queue.real().close();
                vec![Step::Closed { here }]
            }
            Call::CloseAndDrain => {
                let items = queue.real().close_and_drain();
                // No other thread closes the queue.
                let closed = Step::Closed { here: true };
                [closed].into_iter().chain(drained(items)).collect()
            }
        }
    }

    fn last(&self) -> Vec<Step> {
        let items = std::iter::from_fn(|| self.0.try_pop().ok());
        drained(items.collect()).collect()
    }
}

fn pushed(item: u32, result: Result<(), TryPushError<u32>>) -> Vec<Step> {
    let end = match result {
        Ok(()) => Step::Pushed(item),
        Err(TryPushError::Full(_)) => Step::Full,
        Err(TryPushError::Closed(_)) => Step::PushClosed,
    };
    vec![end]
}

fn popped(result: Result<u32, TryPopError>) -> Step {
    match result {
        Ok(item) => Step::Popped(item),
        Err(TryPopError::Empty) => Step::Empty,
        Err(TryPopError::Closed) => Step::PopClosed,
    }
}

fn drained(items: Vec<u32>) -> impl Iterator<Item = Step> {
    items.into_iter().map(Step::Popped).chain([Step::Nothing])
}

/// Pushes and pops that do not wait, and nothing else.
struct PushPop;

impl Mix for PushPop {
    const CALLS: usize = 5;

    fn any(dice: &mut Dice, mut item: impl FnMut() -> u32, _may_wait: bool) -> Call {
        match dice.below(2) {
            0 => Call::TryPush(item()),
            _ => Call::TryPop,
        }
    }
}

/// As [`PushPop`], and pushes and pops that wait.
struct Waiting;

impl Mix for Waiting {
    fn any(dice: &mut Dice, mut item: impl FnMut() -> u32, may_wait: bool) -> Call {
        match dice.below(if may_wait { 6 } else { 2 }) {
            0 => Call::TryPush(item()),
            1 => Call::TryPop,
            2 => Call::Push(item()),
            3 => Call::Pop,
            4 => Call::PushTimeout(item()),
            _ => Call::PopTimeout,
        }
    }
}

/// All operations.
struct Everything;

impl Mix for Everything {
    fn any(dice: &mut Dice, mut item: impl FnMut() -> u32, may_wait: bool) -> Call {
        match dice.below(if may_wait { 16 } else { 12 }) {
            0 | 1 => Call::TryPush(item()),
            2 | 3 => Call::TryPop,
            4 => Call::TryPushMany((0..2 + dice.below(2)).map(|_| item()).collect()),
            5 => Call::TryPopMany(1 + dice.below(3)),
            6 => Call::Peek,
            7 | 8 => Call::Len,
            9 => Call::IsEmpty,
            10 => Call::IsFull,
            11 => Call::IsClosed,
            12 => Call::Push(item()),
            13 => Call::Pop,
            14 => Call::PushTimeout(item()),
            _ => Call::PopTimeout,
        }
    }
}

type Real<M> = Recorded<ConcurrentQueue<u32>, M>;

#[test]
fn push_and_pop() {
    check::<Real<PushPop>>();
}

#[test]
fn waiting_and_closing() {
    check::<Real<Waiting>>();
}

#[test]
fn everything() {
    check::<Real<Everything>>();
}

/// Broken queues, which must be found out.
#[cfg(ft_shuttle)]
mod broken {
    use super::*;
    use ft_sync::atomic::{AtomicUsize, Ordering::SeqCst};
    use histories::linear::rejects;

    /// Keeps the order in each of two lanes, but not across them.
    struct TwoLanes {
        lanes: [ConcurrentQueue<u32>; 2],
        pushes: AtomicUsize,
        pops: AtomicUsize,
    }

    impl Queue for TwoLanes {
        fn bounded(_capacity: usize) -> Self {
            Self {
                lanes: [ConcurrentQueue::unbounded(), ConcurrentQueue::unbounded()],
                pushes: AtomicUsize::new(0),
                pops: AtomicUsize::new(0),
            }
        }
        fn real(&self) -> &ConcurrentQueue<u32> {
            &self.lanes[0]
        }
        fn try_push(&self, item: u32) -> Result<(), TryPushError<u32>> {
            self.lanes[self.pushes.fetch_add(1, SeqCst) % 2].try_push(item)
        }
        fn try_pop(&self) -> Result<u32, TryPopError> {
            let lane = self.pops.fetch_add(1, SeqCst);
            (self.lanes[lane % 2].try_pop()).or_else(|_| self.lanes[(lane + 1) % 2].try_pop())
        }
    }

    #[test]
    fn two_lanes() {
        rejects::<Recorded<TwoLanes, PushPop>>();
    }

    /// Looks whether there is room, and then pushes, which is two steps.
    struct LookThenPush(ConcurrentQueue<u32>, usize);

    impl Queue for LookThenPush {
        fn bounded(capacity: usize) -> Self {
            Self(ConcurrentQueue::unbounded(), capacity)
        }
        fn real(&self) -> &ConcurrentQueue<u32> {
            &self.0
        }
        fn try_push(&self, item: u32) -> Result<(), TryPushError<u32>> {
            if self.0.len() >= self.1 {
                return Err(TryPushError::Full(item));
            }
            self.0.try_push(item)
        }
    }

    #[test]
    fn look_then_push() {
        rejects::<Recorded<LookThenPush, PushPop>>();
    }

    /// Takes the first item in two steps, so that two threads get the same item.
    struct PeekThenPop(ConcurrentQueue<u32>);

    impl Queue for PeekThenPop {
        fn bounded(capacity: usize) -> Self {
            Self(Queue::bounded(capacity))
        }
        fn real(&self) -> &ConcurrentQueue<u32> {
            &self.0
        }
        fn try_pop(&self) -> Result<u32, TryPopError> {
            let first = self.0.peek();
            self.0.try_pop().map(|item| first.unwrap_or(item))
        }
    }

    #[test]
    fn peek_then_pop() {
        rejects::<Recorded<PeekThenPop, PushPop>>();
    }

    /// Returns that the queue is empty when another pop was faster, though items are left.
    struct GivesUp(ConcurrentQueue<u32>, AtomicUsize);

    impl Queue for GivesUp {
        fn bounded(capacity: usize) -> Self {
            Self(Queue::bounded(capacity), AtomicUsize::new(0))
        }
        fn real(&self) -> &ConcurrentQueue<u32> {
            &self.0
        }
        fn try_pop(&self) -> Result<u32, TryPopError> {
            let before = self.1.load(SeqCst);
            let exchanged = self.1.compare_exchange(before, before + 1, SeqCst, SeqCst);
            exchanged.map_err(|_| TryPopError::Empty)?;
            self.0.try_pop()
        }
    }

    #[test]
    fn gives_up() {
        rejects::<Recorded<GivesUp, PushPop>>();
    }
}
