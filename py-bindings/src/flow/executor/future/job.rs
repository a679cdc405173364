//! What becomes of a job that comes out of the queue.

use super::{below::as_job, class::PyFuture, observers::report, state::Begun};
use crate::{
    flow::executor::{phase::Phase, workers::broken},
    runtime::{kept::Kept, object::Object},
};
use pyo3::prelude::*;

impl PyFuture {
    /// Runs the job, unless another thread has begun it or it was cancelled.
    pub(crate) fn run(slf: &Bound<'_, Self>) {
        let (this, py) = (slf.get(), slf.py());
        match this.begin() {
            Begun::Call(call) => {
                let is_broken = this.workers.get().is_some_and(|it| it.is_broken());
                let result = match is_broken {
                    true => Err(broken(py)),
                    false => as_job(this, || call.make(py)),
                };
                let outcome = match result {
                    Ok(value) => Kept::Value(Object::from(value.unbind())),
                    Err(err) => Kept::Error(Object::from(err.into_value(py).into_any())),
                };
                let settled = Self::settle(slf, Phase::Finished, Some(outcome)).map(drop);
                report(settled.and(Self::call_back(slf)), slf);
            }
            Begun::Cancelled => report(Self::settle(slf, Phase::Notified, None).map(drop), slf),
            Begun::No => {}
        }
    }

    /// Cancels the job, which will not run.
    pub(crate) fn drop_job(slf: &Bound<'_, Self>) {
        if Self::cancel_pending(slf) {
            report(Self::call_back(slf), slf);
        }
        report(Self::settle(slf, Phase::Notified, None).map(drop), slf);
    }
}
