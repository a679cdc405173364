//! Making one call, and checking its answer.

use crate::{
    fuse::{self, Blown},
    ledger,
    program::Step,
    target::{Place, Target},
};
use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
};

/// Makes a call. Returns `None` if foreign code failed in it.
///
/// # Errors
///
/// What is wrong with the call, as far as it can be seen without the model.
pub(crate) fn make<T: Target>(
    target: &T,
    hand: &mut T::Hand,
    place: Place,
    step: &Step<T>,
) -> Result<Option<Vec<T::Answer>>, String> {
    fuse::light(step.fuse);
    let answer = catch_unwind(AssertUnwindSafe(|| target.call(hand, place, &step.call)));
    let blown = fuse::put_out();
    match answer {
        Ok(Ok(_)) if blown => Err("foreign code failed, and the caller did not hear of it".into()),
        Ok(Ok(answers)) => Ok(Some(answers)),
        Ok(Err(Blown)) => Ok(None),
        Err(panic) if panic.is::<Blown>() => Ok(None),
        Err(panic) => match message(&*panic) {
            Some(text) => Err(format!("a panic: {text}")),
            // This panic is shuttle's own. It ends what is left of a schedule that has failed.
            None => resume_unwind(panic),
        },
    }
}

/// Returns whether the model gives the same answers.
#[cfg(not(ft_shuttle))]
pub(crate) fn follow<T: Target>(
    model: &mut T::Model,
    place: Place,
    step: &Step<T>,
    answers: &[T::Answer],
) -> bool {
    let mut follow = |answer| T::step(model, place, &step.call, answer);
    answers.iter().all(&mut follow)
}

/// Checks that there are as many tokens as there should be.
pub(crate) fn audit(wanted: Option<usize>) -> Result<(), String> {
    let alive = ledger::alive()?;
    match wanted {
        Some(wanted) if wanted != alive => {
            Err(format!("{alive} values are alive, and should be {wanted}"))
        }
        _ => Ok(()),
    }
}

/// Returns the message of a panic, if it has one.
pub(crate) fn message(panic: &(dyn Any + Send)) -> Option<String> {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
    text.map(str::to_owned)
}
