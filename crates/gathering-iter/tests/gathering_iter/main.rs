//! Behavior seen from outside. What depends on schedules is in `loom-tests`.

use ft_gathering_iter::{GatheringIter, InsertError, NextError, Reader, Refusal};

mod ends;
mod errors;
mod model;
mod order;
mod threads;
mod values;
mod waiting;
mod window;

type Gathering<V = u64> = GatheringIter<V, &'static str>;

fn filled(keys: impl IntoIterator<Item = u64>) -> Gathering {
    let gathering = Gathering::new();
    for key in keys {
        assert_eq!(gathering.insert(key, key * 10), Ok(None));
    }
    gathering
}

fn windowed(window: u64) -> Gathering {
    Gathering::with_window(window.try_into().unwrap())
}

fn refused<V>(
    value: V,
    reason: Refusal<&'static str>,
) -> Result<Option<V>, InsertError<V, &'static str>> {
    Err(InsertError { value, reason })
}

/// What a reader returns without waiting, and why it then stops.
fn available<V>(reader: &Reader<V, &'static str>) -> (Vec<V>, NextError<&'static str>) {
    let mut values = Vec::new();
    loop {
        match reader.try_next() {
            Ok(value) => values.push(value),
            Err(why) => return (values, why),
        }
    }
}
