//! Entries that bypass PyO3, for the operations at the ends.

use super::class::PyConcurrentDeque;
use crate::runtime::{
    awaiting::ringing,
    fast_calls::{self, Done},
    object::Object,
};

fast_calls::fast! { PyConcurrentDeque:
    one c"append" = |this, py, item| {
        let core = this.core.get()?;
        drop(ringing(py, || core.push_back(Object::new(&item))));
        Some(Done::none(py))
    };
    one c"appendleft" = |this, py, item| {
        let core = this.core.get()?;
        drop(ringing(py, || core.push_front(Object::new(&item))));
        Some(Done::none(py))
    };
    none c"pop" = |this, _| this.core.get()?.pop_back().map(Done::object);
    none c"popleft" = |this, _| this.core.get()?.pop_front().map(Done::object);
}
