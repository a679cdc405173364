"""mypy's stubtest, which compares the stubs with the installed package: `cargo xtask test` runs it.

The classes of `ft_utils._native` have their types in modules of their own (`_native/atomics.pyi`,
...), which exist for type checkers only. stubtest imports each module whose types it checks, so it
gets modules here that have what `_native` has.
"""

import sys
from pathlib import Path
from types import ModuleType

import ft_utils
from ft_utils import _native
from mypy import stubtest


class Room(ModuleType):
    """The runtime side of one module of types."""

    def __getattr__(self, name: str) -> object:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(_native, name)


stubs = (Path(ft_utils.__file__).parent / "_native").glob("[!_]*.pyi")
rooms = [f"{_native.__name__}.{stub.stem}" for stub in stubs]
assert rooms, "the installed package has no stubs"
sys.modules.update({name: Room(name) for name in rooms})
sys.exit(stubtest.main())
