//! An update: an exchange that is repeated until it succeeds.

/// The references before and after an atomic change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change<T> {
    /// The reference that was replaced.
    pub before: T,
    /// The reference that was stored.
    pub after: T,
}

/// Repeats `f` and an exchange until the exchange succeeds.
#[inline]
pub(crate) fn change<T: Clone, E>(
    mut before: T,
    mut f: impl FnMut(&T) -> Result<T, E>,
    compare_exchange: impl Fn(&T, T) -> Result<T, T>,
) -> Result<Change<T>, E> {
    loop {
        let after = f(&before)?;
        match compare_exchange(&before, after.clone()) {
            Ok(before) => return Ok(Change { before, after }),
            Err(current) => before = current,
        }
    }
}
