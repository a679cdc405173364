use ft_compat::Protected;
use pyo3::{PyTraverseError, PyVisit, exceptions::PyValueError, prelude::*};

/// An account, with a function that is asked before it changes.
///
/// With `&mut self` instead of the cells, `deposit` would raise "Already borrowed" when two threads
/// call it, and when `check` asks for the balance.
#[pyclass(frozen)]
pub struct Account {
    balance: Protected<i64>,
    check: Protected<Option<Py<PyAny>>>,
}

#[pymethods]
impl Account {
    #[new]
    #[pyo3(signature = (check=None))]
    fn new(check: Option<Py<PyAny>>) -> Self {
        Self {
            balance: Protected::new(0),
            check: Protected::new(check),
        }
    }

    #[getter]
    fn balance(&self, py: Python<'_>) -> i64 {
        *self.balance.get(py)
    }

    /// Adds an amount, unless `check(account, balance)` says no to what that makes.
    fn deposit(slf: &Bound<'_, Self>, amount: i64) -> PyResult<()> {
        let (this, py) = (slf.get(), slf.py());
        this.balance.try_update(py, |balance| {
            let balance = balance + amount;
            if let Some(check) = &*this.check.get(py) {
                if !check.call1(py, (slf, balance))?.is_truthy(py)? {
                    return Err(PyValueError::new_err("not allowed"));
                }
            }
            Ok(balance)
        })?;
        Ok(())
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.check.traverse(|check| visit.call(check))
    }

    fn __clear__(&self, py: Python<'_>) {
        self.check.take(py);
    }
}
