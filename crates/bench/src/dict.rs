//! The dictionary, beside `dashmap`, `papaya` and `scc`, all with the standard library's hasher.

use crate::cell::{Cell, Numbers, Run, THREADS, libraries, on_threads};
use dashmap::DashMap;
use ft_concurrent_dict::ConcurrentDict;
use std::hint::black_box;

/// How many keys there are.
const KEYS: u64 = 1024;

trait Dict: Sync {
    fn get(&self, key: u64) -> Option<u64>;
    fn insert(&self, key: u64, value: u64);
    fn remove(&self, key: u64);
}

impl Dict for ConcurrentDict<u64, u64> {
    fn get(&self, key: u64) -> Option<u64> {
        self.get(&key)
    }

    fn insert(&self, key: u64, value: u64) {
        self.insert(key, value);
    }

    fn remove(&self, key: u64) {
        self.remove(&key);
    }
}

impl Dict for DashMap<u64, u64> {
    fn get(&self, key: u64) -> Option<u64> {
        self.get(&key).map(|value| *value)
    }

    fn insert(&self, key: u64, value: u64) {
        self.insert(key, value);
    }

    fn remove(&self, key: u64) {
        self.remove(&key);
    }
}

impl Dict for papaya::HashMap<u64, u64> {
    fn get(&self, key: u64) -> Option<u64> {
        self.pin().get(&key).copied()
    }

    fn insert(&self, key: u64, value: u64) {
        self.pin().insert(key, value);
    }

    fn remove(&self, key: u64) {
        self.pin().remove(&key);
    }
}

impl Dict for scc::HashMap<u64, u64> {
    fn get(&self, key: u64) -> Option<u64> {
        self.read_sync(&key, |_, value| *value)
    }

    fn insert(&self, key: u64, value: u64) {
        self.upsert_sync(key, value);
    }

    fn remove(&self, key: u64) {
        self.remove_sync(&key);
    }
}

fn filled<D: Dict>(dict: D) -> D {
    (0..KEYS).for_each(|key| dict.insert(key, key));
    dict
}

/// Calls `work` on each thread with keys, in another order on each.
fn each_key<D: Dict>(
    dict: &D,
    threads: usize,
    operations: usize,
    work: impl Fn(&D, u64, &mut Numbers) + Sync,
) -> Run {
    on_threads(threads, |index| {
        let mut numbers = Numbers::new(index);
        for _ in 0..operations {
            let key = numbers.next() % KEYS;
            work(dict, key, &mut numbers);
        }
    })
}

fn get<D: Dict>(dict: &D, key: u64, _: &mut Numbers) {
    black_box(dict.get(key));
}

fn get_hot<D: Dict>(dict: &D, _: u64, _: &mut Numbers) {
    black_box(dict.get(7));
}

fn overwrite<D: Dict>(dict: &D, key: u64, _: &mut Numbers) {
    dict.insert(key, key);
}

fn mixed<D: Dict>(dict: &D, key: u64, numbers: &mut Numbers) {
    if numbers.once_in(10) {
        overwrite(dict, key, numbers);
    } else {
        get(dict, key, numbers);
    }
}

fn remove_insert<D: Dict>(dict: &D, key: u64, _: &mut Numbers) {
    dict.remove(key);
    dict.insert(key, key);
}

macro_rules! cells {
    ($cells:ident, $($name:literal => $work:ident,)+) => {
        $(for threads in THREADS {
            $cells.push(Cell {
                primitive: "dict",
                work: $name,
                threads,
                libraries: libraries! {
                    move |dict: &_, operations| each_key(dict, threads, operations, $work);
                    "ours" => || filled(ConcurrentDict::<u64, u64>::new()),
                    "dashmap" => || filled(DashMap::<u64, u64>::new()),
                    "papaya" => || filled(papaya::HashMap::<u64, u64>::new()),
                    "scc" => || filled(scc::HashMap::<u64, u64>::new()),
                },
            });
        })+
    };
}

pub(crate) fn cells() -> Vec<Cell> {
    let mut cells = Vec::new();
    cells! { cells,
        "get" => get,
        "get one hot key" => get_hot,
        "overwrite" => overwrite,
        "one write in ten" => mixed,
        "remove and insert" => remove_insert,
    }
    cells
}
