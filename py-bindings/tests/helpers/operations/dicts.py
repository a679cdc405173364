"""The operations of ConcurrentDict."""

from .lines import COMPARISONS, SHARED, SUBSCRIPT, of

OPERATIONS = {
    "ConcurrentDict": of(
        """
        ConcurrentDict(4, {x: x, 0: 0})
        ConcurrentDict(x)
        ConcurrentDict.fromkeys(x)
        ConcurrentDict.fromkeys([0, x], x)
        ConcurrentDict({x: x})
        ConcurrentDict(dictionary=((x, x),))
        ConcurrentDict(x, x)
        """,
        SHARED
        + SUBSCRIPT
        + COMPARISONS
        + """
        o == {x: x, 0: 0}
        ConcurrentDict(0, {0: x}) == ConcurrentDict(0, {0: x})
        o.fromkeys(x)
        o.__iter__()
        o.__bool__()
        o.__len__()
        o.__or__(x)
        o.__ror__(x)
        o.__or__({x: x})
        o.__ror__({x: x})
        o.__ior__(x)
        o.__ior__({x: x})
        o.__getitem__(x)
        o.__setitem__(x, x)
        o.__delitem__(x)
        o.__contains__(x)
        o.get(x)
        o.get(x, x)
        o.setdefault(x)
        o.setdefault(x, x)
        o.pop(x)
        o.pop(x, x)
        o.popitem()
        o.update(x)
        o.update({x: x})
        o.update(((x, x),))
        o.update(key=x)
        o.clear()
        o.copy()
        o.compare_exchange(x, x, x)
        o.compare_exchange(x, MISSING, x)
        o.compare_exchange(x, x, MISSING)
        o.update_with(x, x)
        o.update_with(x, x, x)
        o.add(x)
        o.add(x, x)
        o.add(0, 2**40)
        o.add_many(x)
        o.add_many((x, x))
        o.add_many({x: 2**40})
        step(o.get_or_insert_async(x, x))
        step(o.get_or_insert_async("new", x))
        o.keys()
        o.keys() <= x
        o.keys() == {x: x}.keys()
        o.values()
        o.items()
        o.items() == {x: x}.items()
        o.as_dict()
        """,
        # It waits if another thread makes the value.
        """
        o.get_or_insert(x, x)
        o.get_or_insert("new", x)
        """,
    ),
    "ConcurrentDictIterator": of(
        "iter(ConcurrentDict(2, {x: x}))",
        """
        o.__iter__()
        o.__next__()
        """,
    ),
}
