"""Objects that take every role that an operation has for an object."""

from collections.abc import Callable, Iterator


class Fuse:
    """Does a deed when it is lit for the n-th time, and never again."""

    def __init__(self, deed: Callable[[], object] = int, n: int = 1) -> None:
        self.deed = deed
        self.left = n

    def light(self) -> None:
        self.left -= 1
        if self.left == 0:
            self.deed()


class Imp:
    """Takes every role that an operation has for an object, and lights a fuse in each."""

    # How it compares with others.
    equal = True

    def __init__(self, fuse: Fuse | None = None) -> None:
        self.fuse = fuse

    def act(self) -> None:
        if self.fuse is not None:
            self.fuse.light()

    def __eq__(self, other: object) -> bool:
        self.act()
        return self.equal

    def __ne__(self, other: object) -> bool:
        self.act()
        return not self.equal

    def __hash__(self) -> int:
        self.act()
        return 1

    def __lt__(self, other: object) -> bool:
        self.act()
        return False

    __le__ = __gt__ = __ge__ = __lt__

    def __bool__(self) -> bool:
        self.act()
        return True

    def __index__(self) -> int:
        self.act()
        return 1

    __int__ = __len__ = __index__

    def __float__(self) -> float:
        # A timeout of 0: no wait.
        self.act()
        return 0.0

    def __call__(self, *_args: object, **_kwargs: object) -> int:
        self.act()
        return 1

    def __iter__(self) -> Iterator:
        self.act()
        return iter((self,))

    def keys(self) -> tuple:
        self.act()
        return (self,)

    def __getitem__(self, key: object) -> object:
        self.act()
        if key.__class__ is int and key != 0:
            raise IndexError
        return 1

    def __setitem__(self, key: object, value: object) -> None:
        self.act()

    def __delitem__(self, key: object) -> None:
        self.act()

    def __contains__(self, key: object) -> bool:
        self.act()
        return True

    def __repr__(self) -> str:
        self.act()
        return "Imp"

    def __format__(self, spec: str) -> str:
        self.act()
        return "Imp"

    def __binary__(self, other: object) -> int:
        self.act()
        return 1

    def __enter__(self) -> object:
        self.act()
        return self

    def __exit__(self, *_: object) -> None:
        self.act()

    def __await__(self) -> Iterator:
        self.act()
        return iter(())

    def __unary__(self) -> int:
        self.act()
        return 1

    __neg__ = __pos__ = __abs__ = __invert__ = __trunc__ = __floor__ = __ceil__ = __unary__
    __next__ = __unary__

    def __pow__(self, *_args: object) -> int:
        self.act()
        return 1

    __rpow__ = __ipow__ = __round__ = __pow__


def words(text: str) -> list[str]:
    return text.split()


BINARY = words("add sub mul matmul truediv floordiv mod divmod lshift rshift and or xor")
for _name in BINARY:
    setattr(Imp, f"__{_name}__", Imp.__binary__)
    setattr(Imp, f"__r{_name}__", Imp.__binary__)
    if _name != "divmod":
        setattr(Imp, f"__i{_name}__", Imp.__binary__)
