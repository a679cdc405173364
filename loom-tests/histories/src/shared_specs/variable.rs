//! Of `AtomicInt64`, `AtomicFlag` and `AtomicReference`.

/// Whether a compare-exchange of `variable` gives this result. Makes the variable what it is then.
pub fn compare_exchange<T: Copy + Eq>(
    variable: &mut T,
    expected: T,
    new: T,
    result: Result<T, T>,
) -> bool {
    let before = *variable;
    if before == expected {
        *variable = new;
        result == Ok(before)
    } else {
        result == Err(before)
    }
}
