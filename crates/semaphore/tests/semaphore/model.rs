//! Any steps of one thread, compared with a model.

use ft_semaphore::{Permit, Semaphore};
use proptest::prelude::*;
use std::collections::{HashMap, HashSet, VecDeque};

use crate::look;

#[derive(Clone, Debug)]
enum Step {
    TryAcquire,
    Release,
    /// A new acquisition joins the line.
    Join,
    /// One of those in line looks whether it was served.
    Look(usize),
    Leave(usize),
}

/// What a semaphore should do, in the simplest way.
#[derive(Default)]
struct Model {
    limit: usize,
    free: usize,
    line: VecDeque<usize>,
    served: HashSet<usize>,
}

impl Model {
    fn take(&mut self) -> bool {
        let is_free = self.free > 0;
        self.free -= usize::from(is_free);
        is_free
    }

    fn release(&mut self) -> bool {
        if self.free == self.limit {
            return false;
        }
        match self.line.pop_front() {
            Some(first) => drop(self.served.insert(first)),
            None => self.free += 1,
        }
        true
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn as_the_model(
        limit in 1_usize..4,
        steps in prop::collection::vec(prop_oneof![
            Just(Step::TryAcquire),
            Just(Step::Release),
            Just(Step::Join),
            any::<usize>().prop_map(Step::Look),
            any::<usize>().prop_map(Step::Leave),
        ], 0..100),
    ) {
        let semaphore = Semaphore::new(limit);
        let mut model = Model { limit, free: limit, ..Model::default() };
        let mut tasks = HashMap::new();
        let mut ids = Vec::new();
        for (id, step) in steps.into_iter().enumerate() {
            match step {
                Step::TryAcquire => {
                    let permit = semaphore.try_acquire().map(Permit::forget);
                    prop_assert_eq!(permit.is_some(), model.take());
                }
                Step::Release => {
                    prop_assert_eq!(semaphore.release().is_ok(), model.release());
                }
                Step::Join => {
                    let mut task = semaphore.acquire_async();
                    let permit = look(&mut task).map(Permit::forget);
                    prop_assert_eq!(permit.is_some(), model.take());
                    if permit.is_none() {
                        model.line.push_back(id);
                        tasks.insert(id, task);
                        ids.push(id);
                    }
                }
                Step::Look(n) if !ids.is_empty() => {
                    let n = n % ids.len();
                    let id = ids[n];
                    let permit = look(tasks.get_mut(&id).unwrap()).map(Permit::forget);
                    prop_assert_eq!(permit.is_some(), model.served.remove(&id));
                    if permit.is_some() {
                        tasks.remove(&id);
                        ids.remove(n);
                    }
                }
                Step::Leave(n) if !ids.is_empty() => {
                    let id = ids.remove(n % ids.len());
                    tasks.remove(&id);
                    model.line.retain(|&other| other != id);
                    if model.served.remove(&id) {
                        model.release();
                    }
                }
                Step::Look(_) | Step::Leave(_) => {}
            }
            prop_assert_eq!(semaphore.available(), model.free);
            prop_assert_eq!(semaphore.waiting(), model.line.len());
        }
    }
}
