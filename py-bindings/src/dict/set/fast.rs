//! Entries that bypass PyO3, for elements that are exactly a str, an int or bytes.

use super::class::PyConcurrentSet;
use crate::runtime::{
    fast_calls::{self, Done},
    probe::PlainProbe,
};

fast_calls::fast! { PyConcurrentSet:
    contains sq_contains = |this, element| this.has(&PlainProbe::new(&element)?).ok();
    one c"remove" = |this, py, element| {
        this.take(&PlainProbe::new(&element)?).ok()??;
        Some(Done::none(py))
    };
    one c"discard" = |this, py, element| {
        let removed = this.take(&PlainProbe::new(&element)?).ok()?;
        Some(Done::bool(py, removed.is_some()))
    };
    one c"add" = |this, py, element| {
        let probe = PlainProbe::new(&element)?;
        Some(Done::bool(py, this.insert(&probe, || probe.key()).ok()?))
    };
}
