//! Any steps of one thread, compared with what they do to a `HashMap`.

use std::collections::HashMap;

use ft_concurrent_dict::ConcurrentDict;
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Step {
    Insert(u8, u32),
    Remove(u8),
    Get(u8),
    Update(u8),
    Clear,
    Iterate,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => (any::<u8>(), any::<u32>()).prop_map(|(key, value)| Step::Insert(key, value)),
        4 => any::<u8>().prop_map(Step::Remove),
        4 => any::<u8>().prop_map(Step::Get),
        4 => any::<u8>().prop_map(Step::Update),
        1 => Just(Step::Clear),
        1 => Just(Step::Iterate),
    ]
}

proptest! {
    /// One thread sees a `HashMap`.
    #[test]
    fn behaves_like_a_hash_map(steps in proptest::collection::vec(step(), 1..400)) {
        let (dict, mut model) = (ConcurrentDict::<u8, u32>::with_shards(4), HashMap::new());
        for step in steps {
            match step {
                Step::Insert(key, value) => {
                    prop_assert_eq!(dict.insert(key, value), model.insert(key, value));
                }
                Step::Remove(key) => prop_assert_eq!(dict.remove(&key), model.remove(&key)),
                Step::Get(key) => {
                    prop_assert_eq!(dict.get(&key), model.get(&key).copied());
                    prop_assert_eq!(dict.contains_key(&key), model.contains_key(&key));
                }
                Step::Update(key) => {
                    let ours = dict.entry(&key, |entry| {
                        let value = entry.or_insert(key, 0);
                        *value = value.wrapping_add(1);
                        *value
                    });
                    let value = model.entry(key).or_insert(0);
                    *value = value.wrapping_add(1);
                    prop_assert_eq!(ours, *value);
                }
                Step::Clear => {
                    dict.clear();
                    model.clear();
                }
                Step::Iterate => {
                    let copied: Vec<_> = dict.iter().collect();
                    prop_assert_eq!(copied.len(), model.len());
                    prop_assert_eq!(copied.into_iter().collect::<HashMap<_, _>>(), model.clone());
                }
            }
            prop_assert_eq!(dict.len(), model.len());
        }
    }
}
