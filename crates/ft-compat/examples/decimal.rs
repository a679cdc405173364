use ft_compat::RaceOnce;
use pyo3::{prelude::*, types::PyType};

static DECIMAL: RaceOnce<Py<PyType>> = RaceOnce::new();

/// Converts an amount of money; importing `decimal` takes long, so it is done when first needed.
#[pyfunction]
pub fn to_decimal<'py>(py: Python<'py>, cents: i64) -> PyResult<Bound<'py, PyAny>> {
    let decimal = DECIMAL.get_or_try_init(py, || {
        let decimal = py.import("decimal")?.getattr("Decimal")?;
        PyResult::Ok(decimal.cast_into::<PyType>()?.unbind())
    })?;
    decimal.bind(py).call1((cents,))?.div(100)
}
