//! The methods of cached functions that take any arguments: see `runtime::fast_calls::packed`.

use super::{function::CachedFunction, method::CachedMethod};
use crate::runtime::fast_calls::{Class, packed};
use pyo3::{intern, prelude::*};

/// Puts the entries in front of the methods. Called before any code can use the classes.
pub(crate) fn take_any_arguments(py: Python<'_>) -> PyResult<()> {
    macro_rules! all {
        ($class:ty) => {
            let class = Class::of::<$class>(py);
            packed!(class, c"cache_key");
            packed!(class, c"cache_invalidate");
            let call = packed!(class, c"_call");
            // Python code that asks for `__call__` gets the method, and calls take the slot.
            let kind = py.get_type::<$class>();
            // It is gone if the module is imported again.
            if let Some(call) = kind.getattr_opt(intern!(py, "_call"))? {
                kind.setattr(intern!(py, "__call__"), call)?;
                kind.delattr(intern!(py, "_call"))?;
            }
            // SAFETY: the class is not in use yet.
            unsafe { (*class.as_ptr()).tp_call = Some(call) };
        };
    }
    all!(CachedFunction);
    all!(CachedMethod);
    Ok(())
}
