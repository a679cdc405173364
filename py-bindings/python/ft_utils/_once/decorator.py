"""The decorator ``call_once``."""

import functools
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar, overload

from ft_utils._native import Once, share

_T = TypeVar("_T")


@overload
def call_once(
    function: Callable[[], Coroutine[Any, Any, _T]], *, keep_errors: bool = False
) -> Once[_T]: ...
@overload
def call_once(function: Callable[[], _T], *, keep_errors: bool = False) -> Once[_T]: ...
@overload
def call_once(
    function: None = None, *, keep_errors: bool = False
) -> Callable[[Callable[[], _T]], Once[_T]]: ...
def call_once(function: Any = None, *, keep_errors: bool = False) -> Any:
    """Make a function without arguments one that is called once, for all threads and tasks.

    It becomes a Once. With keep_errors=True, an exception that the function raises is its result.

    >>> @call_once
    ... def settings():
    ...     print("reads the file")
    ...     return {"size": 3}
    >>> settings() is settings()
    reads the file
    True
    """
    if function is None:
        return functools.partial(call_once, keep_errors=keep_errors)
    once = Once(function, keep_errors=keep_errors)
    # As for any function, threads do not contend for the count of its references.
    share(once)
    return functools.update_wrapper(once, function)
