//! What a hit writes: a small counter for each entry.

use ft_sync::atomic::{
    AtomicPtr, AtomicU8,
    Ordering::{Acquire, Relaxed, Release},
};
use std::{array, ptr};

/// From this many hits on, a hit writes nothing.
const MOST: u8 = 3;
/// How many counters the first segment has. Each further one has twice as many.
const FIRST: u32 = 64;
const SEGMENTS: usize = 15;
/// The largest number of counters: one byte each.
const PLACES: u32 = 1 << 20;

/// The counters of a cache, in segments that are allocated when they are needed, and stay. If there
/// are more entries than counters, entries share them, which makes eviction a little less precise.
pub(crate) struct Marks {
    /// Null, or the first counter of a segment.
    segments: [AtomicPtr<AtomicU8>; SEGMENTS],
}

impl Marks {
    pub(crate) fn new() -> Self {
        Self {
            segments: array::from_fn(|_| AtomicPtr::new(ptr::null_mut())),
        }
    }

    /// Returns the segment of a counter, and its place there.
    #[inline]
    fn locate(place: u32) -> (usize, usize) {
        let place = (place & (PLACES - 1)) + FIRST;
        let segment = place.ilog2() - FIRST.ilog2();
        (segment as usize, (place - (FIRST << segment)) as usize)
    }

    /// Makes sure that there is such a counter.
    pub(crate) fn reserve(&self, place: u32) {
        let (segment, _) = Self::locate(place);
        // Relaxed: whoever uses it loads it again.
        if self.segments[segment].load(Relaxed).is_null() {
            self.add_segment(segment);
        }
    }

    #[cold]
    fn add_segment(&self, segment: usize) {
        let counts: Box<[_]> = (0..FIRST << segment).map(|_| AtomicU8::new(0)).collect();
        let counts = Box::into_raw(counts).cast::<AtomicU8>();
        // Release: pairs with the Acquire in `at`, so that the zeros are seen.
        // Relaxed: if another part was faster, its segment is not read here.
        let added =
            self.segments[segment].compare_exchange(ptr::null_mut(), counts, Release, Relaxed);
        if added.is_err() {
            // SAFETY: nobody else has seen it.
            unsafe { release(counts, segment) };
        }
    }

    #[inline]
    fn at(&self, place: u32) -> Option<&AtomicU8> {
        let (segment, index) = Self::locate(place);
        // Acquire: pairs with the Release in `add_segment`.
        let counts = self.segments[segment].load(Acquire);
        // SAFETY: a segment has `FIRST << segment` counters, and lives as long as `self`.
        (!counts.is_null()).then(|| unsafe { &*counts.add(index) })
    }

    /// Counts a hit, if there is such a counter.
    #[inline]
    pub(crate) fn hit(&self, place: u32) {
        let Some(counter) = self.at(place) else {
            return;
        };
        // Relaxed, here and below: the counts decide only which entry is evicted first. Of two hits
        // at once one may not be counted.
        let count = counter.load(Relaxed);
        if count < MOST {
            counter.store(count + 1, Relaxed);
        }
    }

    /// Returns the count.
    pub(crate) fn get(&self, place: u32) -> u8 {
        self.at(place).map_or(0, |counter| counter.load(Relaxed))
    }

    /// Replaces the count, if there is such a counter.
    pub(crate) fn set(&self, place: u32, count: u8) {
        if let Some(counter) = self.at(place) {
            counter.store(count, Relaxed);
        }
    }
}

impl Drop for Marks {
    fn drop(&mut self) {
        for (segment, counts) in self.segments.iter().enumerate() {
            // Relaxed: `self` is borrowed exclusively.
            let counts = counts.load(Relaxed);
            if !counts.is_null() {
                // SAFETY: it was made by `add_segment`, and nobody can use it any more.
                unsafe { release(counts, segment) };
            }
        }
    }
}

/// Drops a segment.
///
/// # Safety
///
/// It must come from `add_segment`, and must not be used afterwards.
unsafe fn release(counts: *mut AtomicU8, segment: usize) {
    let counts = ptr::slice_from_raw_parts_mut(counts, (FIRST as usize) << segment);
    // SAFETY: the caller's promise; it was a box of that many counters.
    drop(unsafe { Box::from_raw(counts) });
}

#[cfg(all(test, not(any(ft_loom, ft_shuttle))))]
mod tests {
    use super::*;

    #[test]
    fn each_place_has_a_counter_of_its_own() {
        let marks = Marks::new();
        marks.hit(7);
        assert_eq!(marks.get(7), 0);
        (0..1_000).for_each(|place| marks.reserve(place));
        let often = [0, 63, 64, 191, 192];
        (0..1_000).chain(often).for_each(|place| marks.hit(place));
        let twice = (0..1_000).filter(|&place| marks.get(place) == 2);
        assert_eq!(twice.collect::<Vec<_>>(), often);
    }

    #[test]
    fn the_last_places_are_shared() {
        let marks = Marks::new();
        marks.reserve(PLACES - 1);
        marks.reserve(u32::MAX);
        marks.hit(u32::MAX);
        assert_eq!(marks.get(PLACES - 1), 1);
    }
}
