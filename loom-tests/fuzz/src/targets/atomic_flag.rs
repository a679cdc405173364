//! `AtomicFlag`, beside a `bool`.

use crate::{
    Place, Target,
    fuse::Blown,
    target::{Kind, of, one},
};
use ft_atomic_int::AtomicFlag;
use proptest::{prelude::*, strategy::BoxedStrategy};
use std::{
    pin::pin,
    task::{Context, Waker},
    time::Instant,
};

/// Ways in which a relative is broken.
const TESTS_THEN_SETS: u8 = 1;
const EXCHANGES_NOTHING: u8 = 2;

pub struct Flag<const BROKEN: u8 = 0>(AtomicFlag);

#[derive(Clone, Debug)]
pub enum Call {
    Load,
    Store(bool),
    TestAndSet,
    Clear,
    Exchange(bool),
    CompareExchange(bool, bool),
    /// The call has a deadline that has passed.
    Wait,
    /// Waits as a task that is polled once and dropped.
    Poll,
}

impl<const BROKEN: u8> Target for Flag<BROKEN> {
    const NAME: &'static str = match BROKEN {
        TESTS_THEN_SETS => "atomic_flag that tests and then sets",
        EXCHANGES_NOTHING => "atomic_flag that does not exchange",
        _ => "atomic_flag",
    };
    const BROKEN: bool = BROKEN > 0;

    type Setup = bool;
    type Call = Call;
    type Answer = Result<bool, bool>;
    type Hand = ();
    type Model = bool;

    fn setups() -> BoxedStrategy<bool> {
        any::<bool>().boxed()
    }

    fn calls(alone: bool) -> Vec<Kind<Call>> {
        let exchange = (any::<bool>(), any::<bool>());
        vec![
            one(2, Call::Load),
            of(1, any::<bool>().prop_map(Call::Store)),
            one(3, Call::TestAndSet),
            one(2, Call::Clear),
            of(1, any::<bool>().prop_map(Call::Exchange)),
            of(
                2,
                exchange.prop_map(|(old, new)| Call::CompareExchange(old, new)),
            ),
            // These calls also return whether the flag was set meanwhile.
            one(u32::from(alone), Call::Wait),
            one(u32::from(alone), Call::Poll),
        ]
    }

    fn new(&value: &bool) -> Self {
        Self(AtomicFlag::new(value))
    }

    fn model(&value: &bool) -> bool {
        value
    }

    fn call(
        &self,
        _hand: &mut (),
        _place: Place,
        call: &Call,
    ) -> Result<Vec<Result<bool, bool>>, Blown> {
        let flag = &self.0;
        Ok(vec![match *call {
            Call::Load => Ok(flag.load()),
            Call::Store(value) => {
                flag.store(value);
                Ok(value)
            }
            Call::TestAndSet if BROKEN == TESTS_THEN_SETS => {
                let before = flag.load();
                flag.store(true);
                Ok(before)
            }
            Call::TestAndSet => Ok(flag.test_and_set()),
            Call::Clear => {
                flag.clear();
                Ok(false)
            }
            Call::Exchange(_) if BROKEN == EXCHANGES_NOTHING => Ok(flag.load()),
            Call::Exchange(value) => Ok(flag.exchange(value)),
            Call::CompareExchange(old, new) => flag.compare_exchange(old, new),
            Call::Wait => Ok(flag.wait_deadline(Some(Instant::now()))),
            Call::Poll => {
                let mut context = Context::from_waker(Waker::noop());
                Ok(pin!(flag.wait_async()).poll(&mut context).is_ready())
            }
        }])
    }

    fn step(value: &mut bool, _place: Place, call: &Call, answer: &Result<bool, bool>) -> bool {
        let before = *value;
        let expected = match *call {
            Call::Load | Call::Wait | Call::Poll => Ok(before),
            Call::Store(new) => {
                *value = new;
                Ok(new)
            }
            Call::TestAndSet => {
                *value = true;
                Ok(before)
            }
            Call::Clear => {
                *value = false;
                Ok(false)
            }
            Call::Exchange(new) => {
                *value = new;
                Ok(before)
            }
            Call::CompareExchange(old, new) if old == before => {
                *value = new;
                Ok(before)
            }
            Call::CompareExchange(..) => Err(before),
        };
        expected == *answer
    }

    fn last() -> Vec<Call> {
        vec![Call::Load]
    }
}
