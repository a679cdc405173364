"""The operations of ConcurrentDeque."""

from .lines import COMPARISONS, SHARED, SUBSCRIPT, of

OPERATIONS = {
    "ConcurrentDeque": of(
        """
        ConcurrentDeque([x, x, 0])
        ConcurrentDeque(x)
        ConcurrentDeque(x, x)
        ConcurrentDeque(maxlen=x)
        """,
        SHARED
        + SUBSCRIPT
        + COMPARISONS
        + """
        o < ConcurrentDeque((x,))
        o == ConcurrentDeque((x, x, 0))
        o.maxlen
        o.append(x)
        o.appendleft(x)
        o.pop()
        o.pop(timeout=x)
        o.popleft()
        o.popleft(timeout=x)
        o.popping()
        o.poppingleft()
        step(select_async(o.popping(), o.poppingleft()))
        select(o.poppingleft(), timeout=0)
        o.extend(x)
        o.extend(o)
        o.extendleft(x)
        o.insert(x, x)
        o.remove(x)
        o.index(x)
        o.index(x, x, x)
        o.count(x)
        o.rotate(x)
        o.reverse()
        o.clear()
        o.copy()
        o.__len__()
        o.__contains__(x)
        o.__iter__()
        o.__reversed__()
        o.__getitem__(x)
        o.__setitem__(x, x)
        o.__delitem__(x)
        o.__add__(o)
        o.__add__(x)
        o.__radd__(x)
        o.__iadd__(x)
        o.__mul__(x)
        o.__rmul__(x)
        o.__imul__(x)
        """,
        """
        o.pop(timeout=None)
        o.popleft(timeout=None)
        """,
    ),
    "ConcurrentDequeIterator": of(
        """
        iter(ConcurrentDeque([x, x]))
        reversed(ConcurrentDeque([x, x]))
        """,
        """
        o.__iter__()
        o.__next__()
        o.__length_hint__()
        """,
    ),
}
