//! `BatchBuffer`, beside a counter. Its source fails or panics in generated places.

use crate::{
    Place, Target, Token,
    fuse::{self, Blown},
    target::{Kind, one},
};
use ft_batch_executor::{BatchBuffer, LoadError, TryLoadError};
use ft_sync::atomic::{AtomicU32, Ordering::SeqCst};
use proptest::{prelude::*, strategy::BoxedStrategy};
use std::{
    cell::Cell,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
};

/// Ways in which a relative is broken.
const FILLS_TOO_MUCH: u8 = 1;
const LOADS_TWICE: u8 = 2;

pub struct Batches<const BROKEN: u8 = 0> {
    buffer: BatchBuffer<Box<Token>>,
    /// How many values the source has made.
    made: AtomicU32,
}

#[derive(Clone, Debug)]
pub enum Call {
    Load,
    /// Does not wait if another thread is in the source.
    TryLoad,
    Take,
    Len,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    Value(Option<u32>),
    /// The source has failed, after that many values.
    Failed(u32),
    Busy,
    Len(usize),
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Model {
    size: u32,
    /// The values from the first number up to, but not including, the second are there. The source makes the second
    /// one next.
    next: u32,
    made: u32,
}

impl<const BROKEN: u8> Batches<BROKEN> {
    fn load(&self, waits: bool) -> Answer {
        let made_here = Cell::new(0);
        let source = || {
            fuse::burn()?;
            made_here.set(made_here.get() + 1);
            Ok(Box::new(Token::new(self.made.fetch_add(1, SeqCst))))
        };
        let load = || match waits {
            true => self.buffer.load_with(source).map_err(|err| match err {
                LoadError::Source(blown) => TryLoadError::Source(blown),
                err => panic!("{err}"),
            }),
            false => self.buffer.try_load_with(source),
        };
        match catch_unwind(AssertUnwindSafe(load)) {
            Ok(Ok(value)) => Answer::Value(Some(value.value())),
            Ok(Err(TryLoadError::Source(Blown))) => {
                fuse::put_out();
                Answer::Failed(made_here.get())
            }
            Ok(Err(TryLoadError::Busy)) => Answer::Busy,
            Ok(Err(err)) => panic!("{err}"),
            Err(panic) if panic.is::<Blown>() => {
                fuse::put_out();
                Answer::Failed(made_here.get())
            }
            Err(panic) => resume_unwind(panic),
        }
    }
}

impl<const BROKEN: u8> Target for Batches<BROKEN> {
    const NAME: &'static str = match BROKEN {
        FILLS_TOO_MUCH => "batch_executor with one value too many",
        LOADS_TWICE => "batch_executor that loses a value",
        _ => "batch_executor",
    };
    const BROKEN: bool = BROKEN > 0;

    type Setup = u32;
    type Call = Call;
    type Answer = Answer;
    type Hand = ();
    type Model = Model;

    fn setups() -> BoxedStrategy<u32> {
        (1..6_u32).boxed()
    }

    fn calls(alone: bool) -> Vec<Kind<Call>> {
        vec![
            one(6, Call::Load),
            // The call may find another thread in the source.
            one(2 * u32::from(alone), Call::TryLoad),
            one(4, Call::Take),
            one(2, Call::Len),
        ]
    }

    fn new(&size: &u32) -> Self {
        let size = size as usize + usize::from(BROKEN == FILLS_TOO_MUCH);
        Self {
            buffer: BatchBuffer::try_new(size.try_into().unwrap()).unwrap(),
            made: AtomicU32::new(0),
        }
    }

    fn model(&size: &u32) -> Model {
        Model {
            size,
            next: 0,
            made: 0,
        }
    }

    fn call(&self, _hand: &mut (), _place: Place, call: &Call) -> Result<Vec<Answer>, Blown> {
        Ok(vec![match *call {
            Call::Load if BROKEN == LOADS_TWICE && self.buffer.len() == 2 => {
                self.buffer.take();
                self.load(true)
            }
            Call::Load => self.load(true),
            Call::TryLoad => self.load(false),
            Call::Take => Answer::Value(self.buffer.take().map(|value| value.value())),
            Call::Len => Answer::Len(self.buffer.len()),
        }])
    }

    fn step(model: &mut Model, _place: Place, call: &Call, answer: &Answer) -> bool {
        let is_empty = model.next == model.made;
        let expected = match (call, answer) {
            // The values made before stay.
            (Call::Load | Call::TryLoad, Answer::Failed(made)) => {
                model.made += made;
                return is_empty && *made < model.size;
            }
            (Call::Take, _) if is_empty => Answer::Value(None),
            (Call::Load | Call::TryLoad | Call::Take, _) => {
                if is_empty {
                    model.made += model.size;
                }
                model.next += 1;
                Answer::Value(Some(model.next - 1))
            }
            (Call::Len, _) => Answer::Len((model.made - model.next) as usize),
        };
        expected == *answer
    }

    fn last() -> Vec<Call> {
        vec![Call::Len, Call::Load, Call::Take]
    }

    fn tokens(model: &Model) -> Option<usize> {
        Some((model.made - model.next) as usize)
    }
}
