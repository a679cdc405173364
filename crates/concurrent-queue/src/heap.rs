//! Places in a binary heap. A push or pop first makes all its comparisons, which change nothing,
//! and then moves items, which cannot fail.
//!
//! In a heap the item at `n` is not less than the one at `parent(n)`, so the least item is at 0.

/// Returns the parent of `place`, which must not be 0.
fn parent(place: usize) -> usize {
    (place - 1) / 2
}

/// Finds the place for an item that is added to the heap at `from`, a place without children.
///
/// `is_less(n)` tells whether the new item is less than the one at `n`.
pub(crate) fn place_up<E>(
    from: usize,
    mut is_less: impl FnMut(usize) -> Result<bool, E>,
) -> Result<usize, E> {
    let mut place = from;
    while place > 0 && is_less(parent(place))? {
        place = parent(place);
    }
    Ok(place)
}

/// Finds the place for the last of `len` items when the first is removed. There must be at least
/// two items.
///
/// `is_less(n, m)` tells whether the item at `n` is less than the one at `m`. The lesser child of
/// each place moves up, from the top to the bottom of the heap. Then the last item is moved up from
/// there to its place. Since it comes from the bottom, that place is usually near the bottom, so
/// this takes half as many comparisons as moving the last item down from the top.
pub(crate) fn place_down<E>(
    len: usize,
    mut is_less: impl FnMut(usize, usize) -> Result<bool, E>,
) -> Result<usize, E> {
    let last = len - 1;
    let mut place = 0;
    while 2 * place + 1 < last {
        let (left, right) = (2 * place + 1, 2 * place + 2);
        place = match right < last && !is_less(left, right)? {
            true => right,
            false => left,
        };
    }
    // The item at `place` would move up, unless the last item belongs above it.
    while place > 0 && is_less(last, place)? {
        place = parent(place);
    }
    Ok(place)
}

/// Inserts `item` at `place`, which [`place_up`] has found from the end.
pub(crate) fn insert<T>(heap: &mut Vec<T>, item: T, place: usize) {
    let mut from = heap.len();
    heap.push(item);
    while from > place {
        heap.swap(from, parent(from));
        from = parent(from);
    }
}

/// Removes the first item, and moves the last item to `place`, which [`place_down`] has found.
pub(crate) fn remove_first<T>(heap: &mut Vec<T>, place: usize) -> Option<T> {
    let mut moving = heap.pop()?;
    if heap.is_empty() {
        return Some(moving);
    }
    let mut place = place;
    loop {
        std::mem::swap(&mut heap[place], &mut moving);
        if place == 0 {
            return Some(moving);
        }
        place = parent(place);
    }
}
