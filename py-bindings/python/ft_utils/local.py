"""Wrappers that stand in for a shared object in one thread, and calls made in batches."""

from typing import Any, TypeVar

from ft_utils._native import BatchExecutor, LocalWrapper

__all__ = ["BatchExecutor", "LocalWrapper", "get_local_wrapper", "release_local_wrapper"]

_T = TypeVar("_T")


def get_local_wrapper(wrapped: _T) -> LocalWrapper[_T]:
    """Return a new wrapper of an object."""
    return LocalWrapper(wrapped)


def release_local_wrapper(wrapper: LocalWrapper[Any]) -> None:
    """Check the type, and do nothing else: a wrapper is released with its last reference."""
    if not isinstance(wrapper, LocalWrapper):
        raise TypeError(f"expected a LocalWrapper, not {type(wrapper).__name__!r}")
