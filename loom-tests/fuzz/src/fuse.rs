//! Foreign code that fails or panics in a generated place.
//!
//! Each call of foreign code (comparisons, clones, sources, closures) burns the fuse of its thread, and the call that
//! comes to its end fails.

use ft_sync::thread_local;
use std::{cell::Cell, panic};

/// How foreign code fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// With an error. Foreign code that cannot return one does not fail.
    Fails,
    /// With a panic.
    Panics,
}

/// When foreign code fails.
#[derive(Clone, Copy, Debug)]
pub struct Fuse {
    /// How many calls succeed before that.
    pub after: u8,
    /// How.
    pub kind: Kind,
}

/// The error with which foreign code fails, or the value with which it panics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Blown;

#[derive(Clone, Copy)]
enum State {
    Out,
    Lit(Fuse),
    Blown,
}

thread_local! {
    static STATE: Cell<State> = const { Cell::new(State::Out) };
}

/// Lights the fuse of this thread, if there is one to light.
pub(crate) fn light(fuse: Option<Fuse>) {
    STATE.with(|state| state.set(fuse.map_or(State::Out, State::Lit)));
}

/// Puts the fuse out, so that nothing fails from now on, and returns whether it has blown before.
pub fn put_out() -> bool {
    STATE.with(|state| matches!(state.replace(State::Out), State::Blown))
}

/// Called by foreign code that can fail.
///
/// # Errors
///
/// If this is the call that shall fail.
pub fn burn() -> Result<(), Blown> {
    match next() {
        None => Ok(()),
        Some(Kind::Fails) => Err(Blown),
        Some(Kind::Panics) => blow(),
    }
}

/// Called by foreign code that cannot fail, except by a panic.
pub fn burn_or_panic() {
    let lit =
        STATE.with(|state| matches!(state.get(), State::Lit(fuse) if fuse.kind == Kind::Panics));
    if lit && next().is_some() {
        blow();
    }
}

fn next() -> Option<Kind> {
    STATE.with(|state| {
        let State::Lit(fuse) = state.get() else {
            return None;
        };
        let left = fuse.after.checked_sub(1);
        state.set(left.map_or(State::Blown, |after| State::Lit(Fuse { after, ..fuse })));
        left.is_none().then_some(fuse.kind)
    })
}

/// Unwinds without calling the panic hook, which would print something.
fn blow() -> ! {
    panic::resume_unwind(Box::new(Blown))
}

/// Puts the fuse out if it is one for a panic. Foreign code may still fail with an error.
pub fn no_panics() {
    STATE.with(|state| {
        if matches!(state.get(), State::Lit(fuse) if fuse.kind == Kind::Panics) {
            state.set(State::Out);
        }
    });
}
