//! The entries of one part of the cache as the policy sees them, in two queues.

use crate::life::Life;
use ft_sync::Arc;

/// The end of a list, and the neighbor that an entry at the end of a queue does not have.
const NONE: u32 = u32::MAX;

/// One entry, or a free place for one.
pub(crate) struct Node {
    pub(crate) hash: u64,
    /// A number that no other value in this part ever has, or 0 if the place is free.
    pub(crate) stamp: u64,
    pub(crate) weight: u64,
    pub(crate) life: Option<Arc<Life>>,
    /// The time under which the entry is in the list of deadlines, if it has a life.
    pub(crate) due: u64,
    pub(crate) place: Place,
    before: u32,
    /// The next entry of the queue, or the next free place.
    after: u32,
}

/// The queues.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// New entries, which leave in the order in which they came.
    Window,
    /// Entries that were asked for more than others.
    Main,
}

/// One queue: its ends, and the sum of its weights.
#[derive(Clone, Copy)]
struct Ends {
    first: u32,
    last: u32,
    weight: u64,
}

/// Entries, each in one of the queues. Every operation takes constant time.
pub(crate) struct Nodes {
    nodes: Vec<Node>,
    free: u32,
    queues: [Ends; 2],
}

impl Nodes {
    pub(crate) const fn new() -> Self {
        let empty = Ends {
            first: NONE,
            last: NONE,
            weight: 0,
        };
        Self {
            nodes: Vec::new(),
            free: NONE,
            queues: [empty; 2],
        }
    }

    /// Returns how many entries there ever were at the same time.
    pub(crate) fn places(&self) -> usize {
        self.nodes.len()
    }

    pub(crate) fn get(&self, index: u32) -> &Node {
        &self.nodes[index as usize]
    }

    pub(crate) fn get_mut(&mut self, index: u32) -> &mut Node {
        &mut self.nodes[index as usize]
    }

    /// Returns the sum of the weights in a queue.
    pub(crate) fn weight(&self, queue: Place) -> u64 {
        self.queues[queue as usize].weight
    }

    /// Returns the entry that has been in the queue for the longest time.
    pub(crate) fn first(&self, queue: Place) -> Option<u32> {
        let first = self.queues[queue as usize].first;
        (first != NONE).then_some(first)
    }

    /// Returns whether there is one entry in the queue, or none.
    pub(crate) fn is_single(&self, queue: Place) -> bool {
        let ends = self.queues[queue as usize];
        ends.first == ends.last
    }

    /// Adds an entry to the end of the window.
    pub(crate) fn add(&mut self, hash: u64, stamp: u64, weight: u64) -> u32 {
        let node = Node {
            hash,
            stamp,
            weight,
            life: None,
            due: 0,
            place: Place::Window,
            before: NONE,
            after: NONE,
        };
        let index = match self.free {
            NONE => {
                self.nodes.push(node);
                (self.nodes.len() - 1) as u32
            }
            index => {
                self.free = self.get(index).after;
                *self.get_mut(index) = node;
                index
            }
        };
        self.link(index, Place::Window);
        index
    }

    /// Removes an entry.
    pub(crate) fn remove(&mut self, index: u32) {
        self.unlink(index);
        let free = self.free;
        let node = self.get_mut(index);
        node.stamp = 0;
        node.life = None;
        node.after = free;
        self.free = index;
    }

    /// Moves an entry to the end of a queue.
    pub(crate) fn move_to(&mut self, index: u32, queue: Place) {
        self.unlink(index);
        self.link(index, queue);
    }

    /// Changes the weight of an entry.
    pub(crate) fn reweigh(&mut self, index: u32, weight: u64) {
        let node = self.get_mut(index);
        let (before, place) = (std::mem::replace(&mut node.weight, weight), node.place);
        let queue = &mut self.queues[place as usize];
        queue.weight = queue.weight - before + weight;
    }

    fn link(&mut self, index: u32, queue: Place) {
        let last = std::mem::replace(&mut self.queues[queue as usize].last, index);
        match last {
            NONE => self.queues[queue as usize].first = index,
            last => self.get_mut(last).after = index,
        }
        let node = self.get_mut(index);
        (node.before, node.after, node.place) = (last, NONE, queue);
        let weight = node.weight;
        self.queues[queue as usize].weight += weight;
    }

    fn unlink(&mut self, index: u32) {
        let node = self.get(index);
        let (before, after, weight) = (node.before, node.after, node.weight);
        let queue = node.place as usize;
        match before {
            NONE => self.queues[queue].first = after,
            before => self.get_mut(before).after = after,
        }
        match after {
            NONE => self.queues[queue].last = before,
            after => self.get_mut(after).before = before,
        }
        self.queues[queue].weight -= weight;
    }
}
