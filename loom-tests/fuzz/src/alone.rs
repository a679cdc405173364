//! A program of one thread, side by side with the model.

use crate::{
    ledger, play,
    program::{Program, Step},
    target::{Place, Target},
};

/// Runs the program, and returns how many calls were made.
///
/// # Errors
///
/// What went wrong.
pub(crate) fn run<T: Target>(program: &Program<T>) -> Result<u64, String> {
    ledger::begin();
    let target = T::new(&program.setup);
    let mut model = T::model(&program.setup);
    let mut hand = T::Hand::default();
    let mut calls = 0;
    let mut tell = |place: Place, step: &Step<T>, hand: &mut T::Hand| {
        calls += 1;
        let before = model.clone();
        let said = |what: &str| {
            let Place { index, .. } = place;
            format!("call {index}, {step:?}\n  {what}\n  before: {before:?}")
        };
        let answers = play::make(&target, hand, place, step).map_err(|what| said(&what))?;
        let made = answers.as_deref().unwrap_or_default();
        if !play::follow::<T>(&mut model, place, step, made) {
            return Err(said(&format!("wrong answer: {made:?}")));
        }
        play::audit(T::tokens(&model)).map_err(|what| said(&format!("{what}, after {answers:?}")))
    };
    let mut place = Place {
        thread: 0,
        index: 0,
    };
    for step in &program.threads[0] {
        tell(place, step, &mut hand)?;
        place.index += 1;
    }
    while let Some(call) = T::ending(place, &hand) {
        tell(place, &Step { call, fuse: None }, &mut hand)?;
        place.index += 1;
    }
    for call in T::last() {
        tell(place, &Step { call, fuse: None }, &mut hand)?;
        place.index += 1;
    }
    drop(hand);
    drop(target);
    play::audit(Some(0)).map_err(|what| format!("in the end\n  {what}"))?;
    Ok(calls)
}
