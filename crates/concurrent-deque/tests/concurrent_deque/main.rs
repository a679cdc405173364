//! Behavior seen from outside. What depends on schedules is in `loom-tests`.

use std::cell::Cell;
use std::convert::Infallible;
use std::sync::Arc;

use ft_concurrent_deque::{ConcurrentDeque, Query};

mod items;
mod memory;
mod model;
mod operations;
mod search;
mod stress;
mod waiting;

fn deque<T>(items: impl IntoIterator<Item = T>) -> ConcurrentDeque<T> {
    items.into_iter().collect()
}

/// An item with an identity: equal numbers do not make two of them the same.
type Unique = Arc<usize>;

fn unique(numbers: impl IntoIterator<Item = usize>) -> Vec<Unique> {
    numbers.into_iter().map(Arc::new).collect()
}

/// A query that counts its comparisons, and calls `meanwhile` at each.
struct Find<F> {
    number: usize,
    compared: Cell<usize>,
    meanwhile: F,
}

fn find<F: Fn(usize)>(number: usize, meanwhile: F) -> Find<F> {
    let compared = Cell::new(0);
    Find {
        number,
        compared,
        meanwhile,
    }
}

impl<F: Fn(usize)> Query<Unique> for Find<F> {
    type Error = Infallible;

    fn matches(&self, item: &Unique) -> Result<bool, Infallible> {
        self.compared.set(self.compared.get() + 1);
        (self.meanwhile)(**item);
        Ok(**item == self.number)
    }

    fn is_same(one: &Unique, other: &Unique) -> bool {
        Arc::ptr_eq(one, other)
    }
}
