//! Entries that bypass PyO3, for calls that do not have to wait.

use super::{class::PyGatheringIter, reader::GatheringReader};
use crate::runtime::{
    awaiting::{ring, ringing},
    fast_calls::{Done, exact_i64},
    object::Object,
};
use ft_gathering_iter::NextError;
use pyo3::prelude::*;

mod source {
    use super::*;

    crate::runtime::fast_calls::fast! { PyGatheringIter:
        two c"insert" = |this, py, key, value| {
            let key = u64::try_from(exact_i64(key)?).ok()?;
            let core = this.core.get()?;
            ringing(py, || core.try_insert(key, Object::new(&value))).ok()?;
            Some(Done::none(py))
        };
    }
}

mod reader {
    use super::*;

    crate::runtime::fast_calls::fast! { GatheringReader:
        next tp_iternext = |this, _| {
            if this.is_local {
                return None;
            }
            // With the GIL no other thread can insert meanwhile.
            let next = match cfg!(Py_GIL_DISABLED) {
                true => this.reader.try_next_soon(),
                false => this.reader.try_next(),
            };
            match next {
                Ok(value) => Some(Done::object(value)),
                Err(NextError::Missing) => None,
                // An iterator ends only once, so the cost of attaching does not matter here.
                // Attaching is needed, because raising goes through PyO3, which has to know that
                // the thread is attached.
                Err(reason) => Some(Python::attach(|py| {
                    // Tasks may wait with this reader.
                    ring(py);
                    this.no_value(py, reason).unwrap_or_else(|err| err.restore(py));
                    Done(std::ptr::null_mut())
                })),
            }
        };
    }
}

/// Puts the faster entries in front of the methods.
pub(crate) fn speed_up(py: Python<'_>) -> PyResult<()> {
    source::speed_up(py)?;
    reader::speed_up(py)
}
