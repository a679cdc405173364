//! Histories of `BatchBuffer`: every value that the source makes goes to one caller, in order.

use ft_batch_executor::{BatchBuffer, LoadError, LoadTimeoutError, TryLoadError};
use ft_sync::atomic::{AtomicUsize, Ordering::SeqCst};
use histories::linear::{Dice, Model, Subject, check};
use std::time::Duration;

/// The source makes the numbers from 0 on. Each number that is one less than a multiple of this is an error
/// instead.
const ERROR: usize = 7;

fn is_error(number: usize) -> bool {
    number % ERROR == ERROR - 1
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Spec {
    /// The values from `next` up to, but not including, `end` are ready.
    next: usize,
    end: usize,
    /// The number that the source makes next.
    source: usize,
    size: usize,
    /// A bit for each thread in the middle of a load. One of them may be filling, or may have filled without having
    /// said so yet, though others have its values.
    loading: u8,
}

#[derive(Clone, Debug)]
enum Step {
    Loading,
    Loaded(usize),
    Failed(usize),
    Busy,
    /// The thread is no longer in the middle of a load.
    Over,
    Took(Option<usize>),
    Len(usize),
}

impl Model for Spec {
    type Step = Step;

    fn step(&mut self, thread: usize, step: &Step) -> bool {
        let is_empty = self.next == self.end;
        match *step {
            Step::Loading => {
                self.loading |= 1 << thread;
                true
            }
            Step::Loaded(value) if !is_empty => {
                self.next += 1;
                value == self.next - 1
            }
            Step::Loaded(_) | Step::Failed(_) => {
                // The thread makes a batch. It ends early with an error, and the values made before stay.
                self.next = self.source;
                let batch = self.source..self.source + self.size;
                let error = batch.clone().find(|&number| is_error(number));
                self.end = error.unwrap_or(batch.end);
                self.source = error.map_or(batch.end, |error| error + 1);
                match (step, error) {
                    (Step::Failed(number), Some(error)) => is_empty && *number == error,
                    (Step::Loaded(value), None) => {
                        self.next += 1;
                        *value == self.next - 1
                    }
                    _ => false,
                }
            }
            Step::Busy => is_empty && self.loading & !(1 << thread) != 0,
            Step::Over => {
                self.loading &= !(1 << thread);
                true
            }
            Step::Took(None) => is_empty,
            Step::Took(Some(value)) => {
                self.next += 1;
                !is_empty && value == self.next - 1
            }
            Step::Len(len) => self.end - self.next == len,
        }
    }
}

#[derive(Debug)]
enum Call {
    Load,
    TryLoad,
    LoadTimeout,
    Take,
    Len,
}

/// The type under test, and its broken relatives.
trait Batches: Send + Sync + 'static {
    fn new(size: usize) -> Self;
    fn real(&self) -> &BatchBuffer<usize>;
    fn take(&self) -> Option<usize> {
        self.real().take()
    }
}

impl Batches for BatchBuffer<usize> {
    fn new(size: usize) -> Self {
        BatchBuffer::try_new(size.try_into().unwrap()).unwrap()
    }
    fn real(&self) -> &BatchBuffer<usize> {
        self
    }
}

struct Recorded<B> {
    buffer: B,
    source: AtomicUsize,
}

impl<B: Batches> Subject for Recorded<B> {
    type Model = Spec;
    type Call = Call;
    type Hand = ();

    fn new(dice: &mut Dice) -> (Self, Spec) {
        let size = 1 + dice.below(3);
        let subject = Self {
            buffer: B::new(size),
            source: AtomicUsize::new(0),
        };
        let spec = Spec {
            next: 0,
            end: 0,
            source: 0,
            size,
            loading: 0,
        };
        (subject, spec)
    }

    fn script(&self, _thread: usize, dice: &mut Dice) -> Vec<Call> {
        dice.times(5, |dice| match dice.below(7) {
            0..=2 => Call::Load,
            3 => Call::TryLoad,
            4 => Call::LoadTimeout,
            5 => Call::Take,
            _ => Call::Len,
        })
    }

    fn call(&self, _thread: usize, _hand: &mut (), call: &Call) -> Vec<Step> {
        let buffer = self.buffer.real();
        let source = || {
            let number = self.source.fetch_add(1, SeqCst);
            if is_error(number) {
                Err(number)
            } else {
                Ok(number)
            }
        };
        let loaded = match *call {
            Call::Take => return vec![Step::Took(self.buffer.take())],
            Call::Len => return vec![Step::Len(buffer.len())],
            Call::TryLoad => buffer.try_load_with(source),
            Call::Load => buffer.load_with(source).map_err(|error| match error {
                LoadError::Source(number) => TryLoadError::Source(number),
                LoadError::Reentrant => TryLoadError::Reentrant,
            }),
            Call::LoadTimeout => {
                let loaded = buffer.load_timeout_with(Duration::from_micros(20), source);
                loaded.map_err(|error| match error {
                    LoadTimeoutError::Source(number) => TryLoadError::Source(number),
                    LoadTimeoutError::Reentrant => TryLoadError::Reentrant,
                    LoadTimeoutError::Timeout => TryLoadError::Busy,
                })
            }
        };
        let end = match loaded {
            Ok(value) => Step::Loaded(value),
            Err(TryLoadError::Source(number)) => Step::Failed(number),
            Err(TryLoadError::Busy) => Step::Busy,
            Err(TryLoadError::Reentrant) => unreachable!("the source does not load"),
        };
        vec![Step::Loading, end, Step::Over]
    }

    fn last(&self) -> Vec<Step> {
        let left = std::iter::from_fn(|| self.buffer.take());
        let left = left.map(|value| Step::Took(Some(value)));
        left.chain([Step::Took(None)]).collect()
    }
}

#[test]
fn everything() {
    check::<Recorded<BatchBuffer<usize>>>();
}

/// Remembers the value that it returned last, and returns it again when there is none.
#[cfg(ft_shuttle)]
struct Repeats(BatchBuffer<usize>, AtomicUsize);

#[cfg(ft_shuttle)]
impl Batches for Repeats {
    fn new(size: usize) -> Self {
        Self(Batches::new(size), AtomicUsize::new(usize::MAX))
    }
    fn real(&self) -> &BatchBuffer<usize> {
        &self.0
    }
    fn take(&self) -> Option<usize> {
        match self.0.take() {
            Some(value) => {
                self.1.store(value, SeqCst);
                Some(value)
            }
            None => Some(self.1.swap(usize::MAX, SeqCst)).filter(|&value| value != usize::MAX),
        }
    }
}

#[cfg(ft_shuttle)]
#[test]
fn broken_repeats() {
    histories::linear::rejects::<Recorded<Repeats>>();
}
