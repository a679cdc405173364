"""What json.dumps() asks for an object that it does not know."""

from collections.abc import Mapping
from typing import Any

from ft_utils._native import (
    AtomicFlag,
    AtomicInt64,
    AtomicReference,
    ConcurrentCache,
    ConcurrentDeque,
    ConcurrentDict,
    ConcurrentSet,
    LocalWrapper,
    StripedCounter,
)


def json_default(obj: object) -> Any:
    """Return a builtin object with the contents of a container, a number or a flag of this package.

    >>> import json
    >>> state = {"jobs": AtomicInt64(3), "seen": ConcurrentSet(["a"]), "by": ConcurrentDict()}
    >>> json.dumps(state, default=json_default)
    '{"jobs": 3, "seen": ["a"], "by": {}}'

    A mapping becomes a dict, a set or a deque a list, an AtomicReference the object that it holds,
    a LocalWrapper the object that it stands for. Queues, locks and all other objects raise
    TypeError, as they do without this function. If threads write meanwhile, the text is no
    snapshot of one moment: each object is read as its own iteration reads it.
    """
    if type(obj) is LocalWrapper:  # isinstance() asks the object that it stands for
        return obj.wrapped
    if isinstance(obj, AtomicInt64 | AtomicReference | AtomicFlag):
        return obj.get()
    if isinstance(obj, StripedCounter):
        return obj.sum()
    if isinstance(obj, ConcurrentDict | ConcurrentCache):
        items: Mapping[Any, Any] = obj
        return dict(items.items())
    if isinstance(obj, ConcurrentSet | ConcurrentDeque):
        return list(obj)
    raise TypeError(f"Object of type {type(obj).__name__} is not JSON serializable")
