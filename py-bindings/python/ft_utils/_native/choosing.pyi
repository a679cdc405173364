"""Types of the choice between several cases."""

from collections.abc import Coroutine
from types import GenericAlias
from typing import Any, Generic, NoReturn, TypeVar, final, overload

_A = TypeVar("_A")
_B = TypeVar("_B")
_C = TypeVar("_C")
_D = TypeVar("_D")
_T = TypeVar("_T")
_T_co = TypeVar("_T_co", covariant=True)

# What select() returns is the case that took effect, and its value.
@final
class Case(Generic[_T_co]):
    # Refused: the calls that use a case share it.
    def __copy__(self) -> NoReturn: ...
    def __deepcopy__(self, _memo: object) -> NoReturn: ...
    def __class_getitem__(cls, key: Any) -> GenericAlias: ...

@overload
def select(
    first: Case[_A], second: Case[_B], /, *, timeout: float | None = None
) -> tuple[Case[_A | _B], _A | _B]: ...
@overload
def select(
    first: Case[_A], second: Case[_B], third: Case[_C], /, *, timeout: float | None = None
) -> tuple[Case[_A | _B | _C], _A | _B | _C]: ...
@overload
def select(
    first: Case[_A],
    second: Case[_B],
    third: Case[_C],
    fourth: Case[_D],
    /,
    *,
    timeout: float | None = None,
) -> tuple[Case[_A | _B | _C | _D], _A | _B | _C | _D]: ...
@overload
def select(*cases: Case[_T], timeout: float | None = None) -> tuple[Case[_T], _T]: ...
@overload
def select_async(
    first: Case[_A], second: Case[_B], /, *, timeout: float | None = None
) -> Coroutine[Any, Any, tuple[Case[_A | _B], _A | _B]]: ...
@overload
def select_async(
    first: Case[_A], second: Case[_B], third: Case[_C], /, *, timeout: float | None = None
) -> Coroutine[Any, Any, tuple[Case[_A | _B | _C], _A | _B | _C]]: ...
@overload
def select_async(
    first: Case[_A],
    second: Case[_B],
    third: Case[_C],
    fourth: Case[_D],
    /,
    *,
    timeout: float | None = None,
) -> Coroutine[Any, Any, tuple[Case[_A | _B | _C | _D], _A | _B | _C | _D]]: ...
@overload
def select_async(
    *cases: Case[_T], timeout: float | None = None
) -> Coroutine[Any, Any, tuple[Case[_T], _T]]: ...
