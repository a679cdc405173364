//! The methods that users of `HashMap` look for first.

use ft_concurrent_dict::ConcurrentDict;
use ft_test_support::start_together;
use std::{
    collections::BTreeMap,
    hash::{BuildHasherDefault, DefaultHasher},
    panic::{self, AssertUnwindSafe},
};

/// A key and a value that cannot be cloned.
#[derive(Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Single(u32);

fn numbers(n: u32) -> ConcurrentDict<Single, Single> {
    (0..n).map(|n| (Single(n), Single(n + 1))).collect()
}

#[test]
fn keys_and_values_need_not_be_cloned() {
    let dict = numbers(2);
    assert_eq!(dict.insert(Single(1), Single(7)), Some(Single(2)));
    assert_eq!(dict.read(&Single(1), |value| value.map(|v| v.0)), Some(7));
    assert!(dict.read(&Single(9), |value| value.is_none()));
    assert_eq!(dict.remove(&Single(1)), Some(Single(7)));
    assert_eq!(dict.pop_any(), Some((Single(0), Single(1))));
    dict.clear();
}

/// Many keys with one hash are told apart, and the key that is stored stays.
#[test]
fn insert_among_keys_with_one_hash() {
    #[derive(Debug)]
    struct Same(u32, &'static str);
    impl PartialEq for Same {
        fn eq(&self, other: &Self) -> bool {
            self.0 == other.0
        }
    }
    impl Eq for Same {}
    impl std::hash::Hash for Same {
        fn hash<H: std::hash::Hasher>(&self, _: &mut H) {}
    }
    let dict = ConcurrentDict::new();
    for n in 0..20 {
        assert_eq!(dict.insert(Same(n, "first"), n), None);
    }
    for n in 0..20 {
        assert_eq!(dict.insert(Same(n, "second"), n + 100), Some(n));
    }
    assert_eq!(dict.len(), 20);
    for (key, value) in dict {
        assert_eq!((key.1, value), ("first", key.0 + 100));
    }
}

#[test]
fn entries_insert_and_modify() {
    let dict = ConcurrentDict::<&str, i32>::new();
    assert_eq!(dict.entry("a", |entry| *entry.or_insert_with("a", || 1)), 1);
    let kept = dict.entry("a", |entry| *entry.or_insert_with("a", || unreachable!()));
    assert_eq!(kept, 1);
    let failed = dict.entry("b", |entry| {
        entry.or_try_insert_with("b", || Err("no")).copied()
    });
    assert_eq!(failed, Err("no"));
    assert!(!dict.contains_key("b"));
    let made = dict.entry("b", |entry| {
        entry.or_try_insert_with("b", || Ok::<_, ()>(2)).copied()
    });
    assert_eq!(made, Ok(2));
    let there = dict.entry("b", |entry| {
        entry.or_try_insert_with("b", || Err("no")).copied()
    });
    assert_eq!(there, Ok(2));
    let modified = dict.entry("b", |entry| {
        *entry.and_modify(|b| *b *= 10).or_insert("b", 0)
    });
    assert_eq!(modified, 20);
    let absent = dict.entry("c", |entry| {
        *entry.and_modify(|_| unreachable!()).or_default("c")
    });
    assert_eq!(absent, 0);
}

#[test]
fn a_panic_in_an_entry_leaves_it_as_it_was() {
    let dict: ConcurrentDict<&str, i32> = [("a", 1)].into_iter().collect();
    let panics = |key: &'static str| {
        let insert = || {
            dict.entry(key, |entry| {
                *entry.or_insert_with(key, || panic!("made to"))
            })
        };
        panic::catch_unwind(AssertUnwindSafe(insert)).is_err()
    };
    assert!(!panics("a"));
    assert!(panics("b"));
    assert_eq!((dict.get("a"), dict.get("b")), (Some(1), None));
}

#[test]
fn remove_if_is_asked_once() {
    let dict = numbers(3);
    let mut asked = 0;
    let removed = dict.remove_if(&Single(1), |key, value| {
        asked += 1;
        (key, value) == (&Single(1), &Single(2))
    });
    assert_eq!(removed, Some((Single(1), Single(2))));
    assert_eq!(dict.remove_if(&Single(1), |_, _| unreachable!()), None);
    assert_eq!(dict.remove_if(&Single(2), |_, _| false), None);
    assert_eq!((asked, dict.len()), (1, 2));
}

/// In one part, and in shards.
#[test]
fn retain_keeps_changes_and_removes() {
    for n in [10, 10_000] {
        let dict = numbers(n);
        dict.retain(|key, value| {
            value.0 *= 2;
            key.0 % 3 == 0
        });
        let kept: BTreeMap<_, _> = dict.into_iter().map(|(k, v)| (k.0, v.0)).collect();
        let expected = (0..n).step_by(3).map(|n| (n, 2 * n + 2));
        assert!(kept.into_iter().eq(expected));
    }
}

/// Values are dropped outside of the lock.
#[test]
fn retain_drops_outside_of_the_lock() {
    struct Uses(std::sync::Weak<ConcurrentDict<u8, Uses>>);
    impl Drop for Uses {
        fn drop(&mut self) {
            if let Some(dict) = self.0.upgrade() {
                dict.remove(&1);
            }
        }
    }
    let dict = std::sync::Arc::new(ConcurrentDict::new());
    for key in 0..2 {
        dict.insert(key, Uses(std::sync::Arc::downgrade(&dict)));
    }
    dict.retain(|&key, _| key != 0);
    assert!(dict.is_empty());
}

#[test]
fn room_is_made_and_given_back() {
    for (before, more) in [(0, 10), (10, 1_000), (10, 100_000), (10_000, 100_000)] {
        let dict = numbers(before);
        dict.reserve(more);
        for n in before..before + 100 {
            dict.insert(Single(n), Single(n + 1));
        }
        dict.shrink_to_fit();
        assert!(dict == numbers(before + 100));
    }
    assert!(ConcurrentDict::<u8, u8>::with_capacity(100_000).is_empty());
}

/// So much memory no machine has. The dictionary is as it was.
#[test]
fn room_for_too_many() {
    for n in [3, 10_000] {
        let dict = numbers(n);
        let reserve = || dict.reserve(usize::MAX);
        let panic = panic::catch_unwind(AssertUnwindSafe(reserve)).unwrap_err();
        let text = panic.downcast_ref::<&str>();
        assert!(
            text.is_some_and(|text| text.contains("capacity overflow")),
            "{text:?}"
        );
        assert!(dict == numbers(n));
    }
    // With many shards there is some memory that has room for the share of one.
    let dict = ConcurrentDict::<u8, u8>::with_shards(1024);
    panic::catch_unwind(AssertUnwindSafe(|| dict.reserve(usize::MAX))).unwrap_err();
    panic::catch_unwind(|| ConcurrentDict::<u8, u8>::with_capacity(usize::MAX)).unwrap_err();
}

#[test]
fn equality_is_that_of_maps() {
    let (one, mut other) = (numbers(5_000), numbers(5_000));
    assert!(one == other);
    other.insert(Single(7), Single(0));
    assert!(one != other);
    other.extend([(Single(7), Single(8))]);
    assert!(one == other);
    #[allow(clippy::eq_op)]
    let is_itself = one == one;
    assert!(is_itself);
    other.remove(&Single(7));
    assert!(one != other);
    other.insert(Single(9_999), Single(0));
    assert!(one != other, "as many keys, but not the same");
}

#[test]
fn a_hasher_of_ones_own() {
    type Fixed = BuildHasherDefault<DefaultHasher>;
    let dict = ConcurrentDict::with_capacity_and_hasher(10, Fixed::default());
    dict.insert("a", 1);
    let other = ConcurrentDict::with_hasher(Fixed::default());
    other.insert("a", 1);
    assert_eq!(dict, other);
}

#[test]
fn by_value_iteration_tells_how_much_is_left() {
    for n in [0, 10, 10_000] {
        let mut items = numbers(n).into_iter();
        assert_eq!(items.len(), n as usize);
        let seen = items.by_ref().take(4).count();
        assert_eq!(items.len(), n as usize - seen);
        assert_eq!(
            items
                .map(|(key, _)| key)
                .collect::<std::collections::HashSet<_>>()
                .len(),
            n as usize - seen
        );
    }
}

/// Threads that make room, give it back, and write at once lose nothing.
#[test]
fn room_is_made_while_threads_write() {
    let dict = ConcurrentDict::new();
    start_together(4, |me| {
        for n in 0..2_000 {
            dict.insert((me, n), n);
            match n % 500 {
                100 => dict.reserve(3_000),
                300 => dict.shrink_to_fit(),
                _ => (),
            }
        }
    });
    assert_eq!(dict.len(), 8_000);
    assert!((0..4).all(|me| (0..2_000).all(|n| dict.get(&(me, n)) == Some(n))));
}
