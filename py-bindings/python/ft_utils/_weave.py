"""The functions of `ft_utils.weave` without its gate, and ``C_API``, which ``ft_weave.h`` uses."""

from ft_utils._native import (
    WEAVE_C_API as C_API,
)
from ft_utils._native import (
    register_native_destructor,
    registered_native_destructors,
    run_native_destructors,
    unregister_native_destructor,
)

__all__ = [
    "C_API",
    "register_native_destructor",
    "registered_native_destructors",
    "run_native_destructors",
    "unregister_native_destructor",
]
