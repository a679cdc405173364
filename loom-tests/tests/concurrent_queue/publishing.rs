//! What one thread wrote is visible to another.

use ft_concurrent_queue::{ConcurrentQueue, TryPopError};
use ft_sync::Arc;
use loom_tests::{check, data::Data, threads};

use crate::{both, queue};

/// What a thread wrote before a push is visible after the pop.
#[test]
fn item_is_published() {
    check(|| {
        let queue = Arc::new(ConcurrentQueue::unbounded());
        both(
            &queue,
            |queue| {
                let cell = Arc::new(Data::new(0));
                // Nobody else knows the cell yet.
                cell.write(7);
                queue.try_push(cell).unwrap();
            },
            |queue| {
                if let Ok(cell) = queue.try_pop() {
                    // The cell came with the item, and only we have it.
                    assert_eq!(cell.read(), 7);
                }
            },
        );
    });
}

/// What a thread wrote before a pop is visible after a push into the room that the pop made.
#[test]
fn room_is_published() {
    check(|| {
        let queue = queue(Some(1), 1);
        let cell = Arc::new(Data::new(0));
        let theirs = Arc::clone(&cell);
        both(
            &queue,
            move |queue| {
                // The other thread looks only after it has seen the pop.
                theirs.write(7);
                queue.try_pop().unwrap();
            },
            |queue| {
                if queue.try_push(1).is_ok() {
                    // There was no room before the pop, and the cell was written before.
                    assert_eq!(cell.read(), 7);
                }
            },
        );
    });
}

/// The same if a third thread looks at the pops and notes the room for the push. It must not end with a fence
/// before it notes the room, and a pop does.
#[test]
fn noted_room_is_published() {
    check(|| {
        let queue = queue(Some(3), 3);
        let cell = Arc::new(Data::new(0));
        let theirs = Arc::clone(&cell);
        let popping = threads::spawn(&queue, move |queue| {
            // The other thread looks only after it has seen the pop.
            theirs.write(7);
            queue.try_pop().unwrap();
        });
        both(
            &queue,
            |queue| queue.try_push(1).is_ok(),
            |queue| {
                if queue.try_push(2).is_ok() {
                    // There was no room before the pop, and the cell was written before.
                    assert_eq!(cell.read(), 7);
                }
            },
        );
        popping.join().unwrap();
    });
}

/// What a thread wrote before closing is visible to a pop that finds the queue closed.
fn close_is_published(filled: usize) {
    check(move || {
        let queue = queue(None, filled);
        let cell = Arc::new(Data::new(0));
        let theirs = Arc::clone(&cell);
        both(
            &queue,
            move |queue| {
                // The other thread looks only after it has seen the close.
                theirs.write(7);
                queue.close();
            },
            |queue| {
                queue.try_iter().take(filled).for_each(drop);
                if queue.try_pop() == Err(TryPopError::Closed) {
                    // Closed, so the cell was written.
                    assert_eq!(cell.read(), 7);
                }
            },
        );
    });
}

/// The same in a block that has room.
#[test]
fn close_is_published_here() {
    close_is_published(0);
}

/// The same at the end of a block.
#[test]
fn close_is_published_next() {
    close_is_published(2);
}
