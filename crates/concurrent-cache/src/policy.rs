//! Which entry is evicted.
//!
//! This is W-TinyLFU (Einziger, Friedman and Manes, 2017; Einziger, Eytan, Friedman and Manes,
//! "Adaptive Software Cache Management", 2018), whose queues are not in the order of use, but are
//! walked by a hand, as in CLOCK and in S3-FIFO (Yang and others, "FIFO queues are all you need for
//! cache eviction", 2023). So a hit need not take part: it only marks the entry.
//!
//! New entries go through a *window* of one hundredth of the capacity. An entry that leaves the
//! window meets the entry of the *main* queue that is next to be evicted, and stays only if it was
//! asked for more often, by at least two. The frequencies come from the sketch. It counts each
//! insertion, and the marks of hits when the hand gets to them.
//!
//! The distance of two is not in the papers. Without it, many keys that are asked for equally often
//! push each other out because the sketch overestimates some of them.

use crate::{
    few::Few,
    life::Life,
    marks::Marks,
    nodes::{Nodes, Place},
    sketch::Sketch,
};
use ft_sync::Arc;
use std::collections::BTreeSet;

/// One window for that many parts of the capacity.
const WINDOW_PART: u64 = 100;
/// An entry stays if its count is larger by more than this.
const LEAD: u64 = 1;
/// How many expired entries an insertion removes at most, beside the one that it may evict.
const REAPED: usize = 2;

/// The largest capacity, which stands for no bound. Sums of weights cannot overflow below it.
pub(crate) const MAX_CAPACITY: u64 = u64::MAX / 4;
/// A capacity is lowered by such a part of it at once, so that nobody waits for long.
const STEP: u64 = 64;

/// Entries, their order of eviction, and the deadlines of those that expire.
pub(crate) struct Policy {
    capacity: u64,
    /// The weight that the window may have.
    window: u64,
    nodes: Nodes,
    sketch: Sketch,
    /// The time and the index of each entry that expires. If the entry was read since, the time is
    /// too early.
    deadlines: BTreeSet<(u64, u32)>,
    last_stamp: u64,
    /// The number of this part, and how many there are: they choose the marks.
    part: u32,
    parts: u32,
}

/// An entry of the policy, as the table knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Id {
    /// The place of the entry in its part, and the part: `parts * index + part`. It is also the
    /// number of its mark.
    pub(crate) mark: u32,
    /// Each value that was ever stored in a part has another stamp.
    pub(crate) stamp: u64,
}

/// An entry that the policy has given up, and that has to be removed from the table.
pub(crate) struct Victim {
    pub(crate) hash: u64,
    pub(crate) id: Id,
    pub(crate) expired: bool,
}

/// What an insertion tells the policy.
pub(crate) struct Arrival {
    pub(crate) hash: u64,
    pub(crate) weight: u64,
    pub(crate) life: Option<Arc<Life>>,
    /// The time, if the clock was read.
    pub(crate) now: Option<u64>,
}

impl Policy {
    pub(crate) fn new(capacity: u64, part: u32, parts: u32) -> Self {
        Self {
            capacity,
            window: window_of(capacity),
            nodes: Nodes::new(),
            sketch: Sketch::new(),
            deadlines: BTreeSet::new(),
            last_stamp: 0,
            part,
            parts,
        }
    }

    /// Changes the capacity, if it becomes smaller then in steps, and returns whether it is as it
    /// should be.
    pub(crate) fn approach(
        &mut self,
        capacity: u64,
        marks: &Marks,
        victims: &mut Few<Victim>,
    ) -> bool {
        if !self.is_bounded() && capacity < MAX_CAPACITY {
            // From now on the policy needs them.
            self.sketch.reserve(self.nodes.places());
            (0..self.nodes.places() as u32).for_each(|index| marks.reserve(self.mark(index)));
        }
        let weight = self.weight();
        self.capacity = capacity.max(weight - (weight / STEP).max(STEP).min(weight));
        self.window = window_of(self.capacity);
        self.shrink(marks, victims);
        self.capacity == capacity
    }

    pub(crate) fn weight(&self) -> u64 {
        self.nodes.weight(Place::Window) + self.nodes.weight(Place::Main)
    }

    /// Adds an entry, whose weight must not exceed the capacity, and gives up others for it.
    pub(crate) fn admit(&mut self, new: Arrival, marks: &Marks, victims: &mut Few<Victim>) -> Id {
        self.reap(new.now, REAPED, victims);
        let stamp = self.next_stamp();
        let index = self.nodes.add(new.hash, stamp, new.weight);
        if self.is_bounded() {
            self.sketch.reserve(self.nodes.places());
            self.sketch.add(new.hash, 1);
            marks.reserve(self.mark(index));
            marks.set(self.mark(index), 0);
        }
        self.set_life(index, new.life);
        self.shrink(marks, victims);
        self.id(index, stamp)
    }

    /// Notes that an entry has a new value. If the policy has given the entry up meanwhile, it is a
    /// new one.
    pub(crate) fn renew(
        &mut self,
        id: Id,
        new: Arrival,
        marks: &Marks,
        victims: &mut Few<Victim>,
    ) -> Id {
        let index = self.index(id);
        if self.nodes.get(index).stamp != id.stamp {
            return self.admit(new, marks, victims);
        }
        let stamp = self.next_stamp();
        self.nodes.get_mut(index).stamp = stamp;
        self.nodes.reweigh(index, new.weight);
        self.set_life(index, new.life);
        // The entry may not leave the queue before others that are not used.
        marks.hit(id.mark);
        self.reap(new.now, REAPED, victims);
        self.shrink(marks, victims);
        self.id(index, stamp)
    }

    /// Forgets an entry, unless it was given up already.
    pub(crate) fn forget(&mut self, id: Id) {
        let index = self.index(id);
        if self.nodes.get(index).stamp == id.stamp {
            self.remove(index);
        }
    }

    /// Gives up entries that have expired, up to that many, and returns whether there are more.
    pub(crate) fn reap(
        &mut self,
        now: Option<u64>,
        most: usize,
        victims: &mut Few<Victim>,
    ) -> bool {
        let Some(now) = now else { return false };
        for _ in 0..most {
            let Some(&(due, index)) = self.deadlines.first() else {
                return false;
            };
            if due > now {
                return false;
            }
            let life = self.nodes.get_mut(index).life.take();
            if life.as_ref().is_none_or(|life| life.is_over(now)) {
                self.give_up(index, true, victims);
            } else {
                self.deadlines.remove(&(due, index));
                self.register(index, life);
            }
        }
        true
    }

    /// Nothing is evicted otherwise, so nothing needs to be known of the entries.
    fn is_bounded(&self) -> bool {
        self.capacity < MAX_CAPACITY
    }

    /// Gives up entries until the capacity suffices.
    fn shrink(&mut self, marks: &Marks, victims: &mut Few<Victim>) {
        while self.nodes.weight(Place::Window) > self.window && !self.nodes.is_single(Place::Window)
        {
            let Some(candidate) = self.nodes.first(Place::Window) else {
                break;
            };
            self.count_marks(candidate, marks);
            if self.weight() <= self.capacity {
                self.nodes.move_to(candidate, Place::Main);
            } else {
                self.contest(candidate, marks, victims);
            }
        }
        // An entry that is larger than the window takes its room from the main queue.
        while self.weight() > self.capacity {
            let victim = self.next_of_main(marks).or(self.nodes.first(Place::Window));
            let Some(victim) = victim else { break };
            self.give_up(victim, false, victims);
        }
    }

    /// Decides between an entry that leaves the window and the entry of the main queue that is next.
    fn contest(&mut self, candidate: u32, marks: &Marks, victims: &mut Few<Victim>) {
        let other = self.next_of_main(marks);
        // Most candidates were asked for once, and no count needs to be compared with theirs. Looking
        // for the other may have halved the counts.
        let count = self.count(candidate);
        let loser = match other {
            Some(other) if count > LEAD && count > self.count(other) + LEAD => other,
            _ => candidate,
        };
        self.give_up(loser, false, victims);
    }

    /// Returns the entry of the main queue that is next to be evicted: the first one that has no
    /// marks. Those that have some lose one, and go to the end of the queue.
    fn next_of_main(&mut self, marks: &Marks) -> Option<u32> {
        // Each turn takes a mark, and only hits bring new ones. The bound is for hits that never
        // end.
        for _ in 0..4 * self.nodes.places() {
            let next = self.nodes.first(Place::Main)?;
            let mark = self.mark(next);
            let count = marks.get(mark);
            if count == 0 {
                return Some(next);
            }
            marks.set(mark, count - 1);
            self.sketch.add(self.nodes.get(next).hash, 1);
            self.nodes.move_to(next, Place::Main);
        }
        self.nodes.first(Place::Main)
    }

    /// Adds the marks of an entry to its count.
    fn count_marks(&mut self, index: u32, marks: &Marks) {
        let mark = self.mark(index);
        let count = marks.get(mark);
        if count > 0 {
            marks.set(mark, 0);
            self.sketch
                .add(self.nodes.get(index).hash, u64::from(count));
        }
    }

    fn count(&self, index: u32) -> u64 {
        self.sketch.count(self.nodes.get(index).hash)
    }

    fn give_up(&mut self, index: u32, expired: bool, victims: &mut Few<Victim>) {
        let node = self.nodes.get(index);
        victims.push(Victim {
            hash: node.hash,
            id: self.id(index, node.stamp),
            expired,
        });
        self.remove(index);
    }

    fn remove(&mut self, index: u32) {
        self.set_life(index, None);
        self.nodes.remove(index);
    }

    /// Replaces the life of an entry.
    fn set_life(&mut self, index: u32, life: Option<Arc<Life>>) {
        if !self.deadlines.is_empty() {
            let due = self.nodes.get(index).due;
            self.deadlines.remove(&(due, index));
        }
        self.register(index, life);
    }

    fn register(&mut self, index: u32, life: Option<Arc<Life>>) {
        let node = self.nodes.get_mut(index);
        node.due = 0;
        if let Some(life) = &life {
            let due = life.end();
            if due < u64::MAX {
                node.due = due;
                self.deadlines.insert((due, index));
            }
        }
        node.life = life;
    }

    fn next_stamp(&mut self) -> u64 {
        self.last_stamp += 1;
        self.last_stamp
    }

    fn id(&self, index: u32, stamp: u64) -> Id {
        Id {
            mark: self.mark(index),
            stamp,
        }
    }

    fn index(&self, id: Id) -> u32 {
        // The number of parts is a power of two.
        id.mark >> self.parts.trailing_zeros()
    }

    /// The number of the mark of an entry. Parts share no marks while there are enough.
    fn mark(&self, index: u32) -> u32 {
        index.wrapping_mul(self.parts).wrapping_add(self.part)
    }
}

/// Returns what the window of a cache may weigh.
fn window_of(capacity: u64) -> u64 {
    (capacity / WINDOW_PART).max(1)
}

#[cfg(all(test, not(any(ft_loom, ft_shuttle))))]
mod tests {
    use super::*;

    /// A policy with a set of what should be in the table.
    struct Cache {
        policy: Policy,
        marks: Marks,
        ids: std::collections::HashMap<u64, Id>,
    }

    impl Cache {
        fn new(capacity: u64) -> Self {
            Self {
                policy: Policy::new(capacity, 0, 1),
                marks: Marks::new(),
                ids: Default::default(),
            }
        }

        fn ask(&mut self, key: u64, weight: u64) -> bool {
            if let Some(id) = self.ids.get(&key) {
                self.marks.hit(id.mark);
                return true;
            }
            let mut victims = Few::new();
            let arrival = Arrival {
                hash: key,
                weight,
                life: None,
                now: None,
            };
            let id = self.policy.admit(arrival, &self.marks, &mut victims);
            self.ids.insert(key, id);
            for victim in victims {
                assert_eq!(self.ids.remove(&victim.hash), Some(victim.id));
            }
            assert!(self.policy.weight() <= self.policy.capacity);
            false
        }
    }

    #[test]
    fn new_entries_stay_for_a_while() {
        for capacity in [1, 2, 3, 10, 200] {
            let mut cache = Cache::new(capacity);
            for key in 0..1_000 {
                cache.ask(key, 1);
                assert!(cache.ids.contains_key(&key));
            }
            assert_eq!(cache.ids.len() as u64, capacity);
        }
    }

    #[test]
    fn heavy_entries_make_room() {
        let mut cache = Cache::new(100);
        for key in 0..500 {
            let weight = 1 + key * 7 % 100;
            cache.ask(key, weight);
            assert!(cache.ids.contains_key(&key));
        }
    }

    #[test]
    fn a_scan_does_not_push_out_what_is_used() {
        let mut cache = Cache::new(100);
        for round in 0..10 {
            for turn in 0..200 {
                cache.ask(turn % 50, 1);
            }
            for key in 0..300 {
                cache.ask(1_000 * (round + 1) + key, 1);
            }
        }
        assert!((0..50).all(|key| cache.ids.contains_key(&key)));
    }

    #[test]
    fn a_loop_that_is_too_large_is_kept_in_part() {
        let mut cache = Cache::new(100);
        let asked = (0..150_000).filter(|turn| cache.ask(turn % 150, 1)).count();
        assert!(asked > 90_000, "{asked}");
    }

    #[test]
    fn places_are_used_again() {
        let mut cache = Cache::new(10);
        for key in 0..10_000 {
            cache.ask(key, 1);
        }
        assert_eq!(cache.policy.nodes.places(), 11);
    }
}
