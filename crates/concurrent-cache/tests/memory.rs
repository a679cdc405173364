//! How much memory a cache takes.

use ft_concurrent_cache::{Builder, ConcurrentCache};
use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
};

/// The system's allocator, which counts.
struct Counting;

thread_local! {
    /// Bytes that this thread has allocated and not released.
    static BYTES: Cell<isize> = const { Cell::new(0) };
}

fn count(size: usize, sign: isize) {
    // A thread that ends counts no more.
    let _ = BYTES.try_with(|bytes| bytes.set(bytes.get() + sign * size as isize));
}

// SAFETY: it does what the system's allocator does.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size(), 1);
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        count(layout.size(), -1);
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(place, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Returns the bytes that a cache takes, itself included, after keys from 0 on were stored.
fn bytes(builder: Builder<u64, u64>, keys: u64) -> usize {
    let before = BYTES.get();
    let cache = builder.build();
    for key in 0..keys {
        cache.insert(key, key);
    }
    let bytes = BYTES.get() - before;
    drop(cache);
    assert_eq!(BYTES.get(), before);
    bytes as usize + size_of::<ConcurrentCache<u64, u64>>()
}

#[test]
fn few_entries_take_little() {
    for capacity in [8, 1_000, 1_000_000, u64::MAX] {
        for (keys, most) in [(0, 1_280), (5, 2_560)] {
            let builder = Builder::default().max_entries(capacity).parts(1);
            let used = bytes(builder.record_statistics(), keys);
            // The pointers to the stripes of statistics depend on the machine.
            assert!(
                used < most + 64 * 8,
                "{capacity}: {keys} keys take {used} bytes"
            );
        }
    }
}

/// Without a bound nothing is evicted, so nothing is kept that would help to choose.
#[test]
fn without_a_bound_entries_take_less() {
    const KEYS: u64 = 100_000;
    let without = bytes(Builder::default().max_entries(u64::MAX).parts(1), KEYS);
    let with = bytes(Builder::default().max_entries(KEYS).parts(1), KEYS);
    let entries = KEYS as usize;
    // A mark and at least 16 bytes of the sketch for each.
    assert!(with - without >= 17 * entries, "{with}, {without}");
}
