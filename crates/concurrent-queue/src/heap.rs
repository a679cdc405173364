//! Where things go in a binary heap: all the comparisons of a push or a pop come first, and change
//! nothing; then the moves, which cannot fail.
//!
//! In a heap the item at `n` is not less than the one at `parent(n)`, so the least is at 0.

/// Returns the place above `place`, which is not 0.
fn parent(place: usize) -> usize {
    (place - 1) / 2
}

/// Finds the place for an item that is put into the heap at `from`, a place with nothing below.
///
/// `is_less(n)` tells whether the item is less than the one at `n`.
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

/// Finds the place for the last of `len` items, of which there are at least two, when the first
/// is taken away.
///
/// `is_less(n, m)` tells whether the item at `n` is less than the one at `m`. The lesser items move
/// up from the top to the bottom, and the last item goes to where it belongs among them: as it
/// comes from the bottom, that is most often near there, and takes half the comparisons of going
/// down with it.
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
    // What is at `place` would move up, unless the last item belongs above it.
    while place > 0 && is_less(last, place)? {
        place = parent(place);
    }
    Ok(place)
}

/// Puts `item` in at `place`, found by [`place_up`] from the end.
pub(crate) fn insert<T>(heap: &mut Vec<T>, item: T, place: usize) {
    let mut from = heap.len();
    heap.push(item);
    while from > place {
        heap.swap(from, parent(from));
        from = parent(from);
    }
}

/// Takes the first item out, and puts the last one in at `place`, found by [`place_down`].
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
