"""The operations of ConcurrentSet."""

from .lines import COMPARISONS, SHARED, SUBSCRIPT, of

OPERATIONS = {
    "ConcurrentSet": of(
        """
        ConcurrentSet([x, 0])
        ConcurrentSet(x)
        """,
        SHARED
        + SUBSCRIPT
        + COMPARISONS
        + """
        o == {x, 0}
        o <= ConcurrentSet([x])
        o.__iter__()
        o.__bool__()
        o.__len__()
        o.__contains__(x)
        o.__or__(x)
        o.__ror__(x)
        o.__and__(x)
        o.__rand__(x)
        o.__sub__(x)
        o.__rsub__(x)
        o.__xor__(x)
        o.__rxor__(x)
        o.__or__({x})
        o.__and__({x})
        o.__sub__({x})
        o.__xor__({x})
        o.__ior__(x)
        o.__iand__(x)
        o.__isub__(x)
        o.__ixor__(x)
        o.__ior__({x, 1})
        o.__iand__({x, 1})
        o.__isub__({x, 2})
        o.__ixor__({x, 3})
        o.add(x)
        o.discard(x)
        o.remove(x)
        o.pop()
        o.update(x)
        o.update((x,), (x,))
        o.intersection_update(x)
        o.intersection_update((x,), (x,))
        o.difference_update(x)
        o.difference_update((x,), (x,))
        o.symmetric_difference_update(x)
        o.symmetric_difference_update((x,))
        o.union(x)
        o.union((x,), (x,))
        o.intersection(x)
        o.intersection((x,), (x,))
        o.difference(x)
        o.difference((x,), (x,))
        o.symmetric_difference(x)
        o.symmetric_difference((x,))
        o.isdisjoint(x)
        o.isdisjoint((x,))
        o.issubset(x)
        o.issubset((x,))
        o.issuperset(x)
        o.issuperset((x,))
        o.clear()
        o.copy()
        """,
    ),
    "ConcurrentSetIterator": of(
        "iter(ConcurrentSet([x]))",
        """
        o.__iter__()
        o.__next__()
        """,
    ),
}
