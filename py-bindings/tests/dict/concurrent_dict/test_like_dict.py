"""ConcurrentDict: generated operations, beside dict."""

from ft_utils.concurrency import MISSING, ConcurrentDict
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from .shared import Key


class LikeDict(RuleBasedStateMachine):
    """After the same calls on both, both hold the same items."""

    keys = st.sampled_from(
        [0, 1, True, 1.0, -1, -2, "a", "b", b"a", None, (), (1,), 2**70, 1.5]
    ) | st.builds(Key, st.integers(0, 3), st.integers(0, 1))
    values = st.integers(-3, 3)

    def __init__(self):
        super().__init__()
        self.ours, self.plain = ConcurrentDict(2), {}

    def both(self, call):
        outcomes = []
        for d in (self.ours, self.plain):
            try:
                outcomes.append((call(d), None))
            except KeyError as error:
                outcomes.append((None, repr(error.args)))
        assert outcomes[0] == outcomes[1]

    @rule(key=keys, value=values)
    def write(self, key, value):
        self.both(lambda d: d.__setitem__(key, value))

    @rule(key=keys, value=values)
    def read(self, key, value):
        self.both(lambda d: (key in d, d.get(key), d.get(key, value)))
        self.both(lambda d: d[key])

    @rule(key=keys)
    def delete(self, key):
        self.both(lambda d: d.__delitem__(key))

    @rule(key=keys, value=values)
    def pop(self, key, value):
        self.both(lambda d: d.pop(key, value))
        self.both(lambda d: d.pop(key))

    @rule(key=keys, value=values)
    def setdefault(self, key, value):
        self.both(lambda d: d.setdefault(key, value))

    @rule(items=st.lists(st.tuples(keys, values), max_size=6))
    def update(self, items):
        self.both(lambda d: d.update(items))

    @rule(items=st.lists(st.tuples(keys, values), max_size=6))
    def merge(self, items):
        self.both(lambda d: (d | dict(items)) == dict([*d.items(), *items]))
        self.both(lambda d: d.__ior__(items) is d)

    @rule()
    def popitem(self):
        if self.plain:
            key, value = self.ours.popitem()
            assert self.plain.pop(key) == value

    @rule(key=keys, n=values)
    def add(self, key, n):
        self.plain[key] = self.plain.get(key, 0) + n
        assert self.ours.add(key, n) == self.plain[key]

    @rule(keys=st.lists(keys, max_size=6))
    def add_many(self, keys):
        self.ours.add_many(keys)
        for key in keys:
            self.plain[key] = self.plain.get(key, 0) + 1

    @rule(key=keys, expected=values | st.just(MISSING), new=values | st.just(MISSING))
    def compare_exchange(self, key, expected, new):
        matches = self.plain.get(key, MISSING) == expected
        assert self.ours.compare_exchange(key, expected, new) is matches
        if matches and new is MISSING:
            self.plain.pop(key, None)
        elif matches:
            self.plain[key] = new

    @rule(key=keys, value=values)
    def get_or_insert(self, key, value):
        expected = self.plain.setdefault(key, value)
        assert self.ours.get_or_insert(key, lambda: value) == expected

    @rule(key=keys, default=values)
    def update_with(self, key, default):
        self.plain[key] = -self.plain.get(key, default)
        assert self.ours.update_with(key, lambda v: -v, default) == self.plain[key]

    @rule(counts=st.dictionaries(keys, values, max_size=4))
    def add_counts(self, counts):
        self.ours.add_many(counts)
        for key, n in counts.items():
            self.plain[key] = self.plain.get(key, 0) + n

    @rule(items=st.dictionaries(keys, values, max_size=4))
    def merge_into_other(self, items):
        self.both(lambda d: (items | d) == {**items, **dict(d.items())})

    @rule(keys=st.lists(keys, max_size=6), value=values)
    def make_anew(self, keys, value):
        self.ours, self.plain = ConcurrentDict.fromkeys(keys, value), dict.fromkeys(keys, value)

    @rule()
    def copy(self):
        old, self.ours = self.ours, self.ours.copy()
        old.clear()

    @rule()
    def go_on_with_a_handle(self):
        self.ours = self.ours.handle()

    @rule()
    def clear(self):
        self.both(lambda d: d.clear())

    @invariant()
    def same_views(self):
        assert self.ours.as_dict() == self.plain
        assert sorted(map(repr, self.ours.keys())) == sorted(map(repr, self.plain.keys()))
        assert sorted(map(repr, self.ours.values())) == sorted(map(repr, self.plain.values()))
        assert sorted(map(repr, self.ours.items())) == sorted(map(repr, self.plain.items()))

    @invariant()
    def same(self):
        assert self.ours == self.plain
        assert len(self.ours) == len(self.plain)
        assert bool(self.ours) is bool(self.plain)
        # The same keys, not only equal ones.
        assert sorted(map(repr, self.ours)) == sorted(map(repr, self.plain))


TestLikeDict = LikeDict.TestCase
