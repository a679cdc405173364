"""Wrappers that stand for a shared object in one thread."""

import copy
import math
import operator as op
import os
from types import FunctionType, GenericAlias

from ft_utils._native import BatchExecutor as BatchExecutor


def _unary(function):
    """Make a method that hands the wrapped object to a function."""

    def method(self, /):
        return function(_get(self))

    return method


def _binary(function):
    """Make a method that hands the wrapped object and an operand to a function."""

    def method(self, other, /):
        return function(_get(self), _unwrap(other))

    return method


def _reflected(function):
    """Make a method that hands an operand and the wrapped object to a function."""

    def method(self, other, /):
        return function(_unwrap(other), _get(self))

    return method


def _in_place(function):
    """Make a method that replaces the wrapped object with what a function makes of it."""

    def method(self, other, /):
        _set(self, function(_get(self), _unwrap(other)))
        return self

    return method


def _operators(function, in_place):
    """Make ``w + x``, ``x + w`` and ``w += x``, or the like."""
    return _binary(function), _reflected(function), _in_place(in_place)


def _unwrap(operand):
    return operand.wrapped if isinstance(operand, LocalWrapper) else operand


class LocalWrapper:
    """Stands for another object: operators, items, calls and attributes are forwarded to it.

    Each thread makes its own, so that handing the wrapper around inside the thread does not touch
    the reference count of the object, which other threads use too.

    Results are those of the wrapped object, not wrapped. An operand that is a wrapper is unwrapped.
    An in-place operator replaces the wrapped object with the result. Threads that do so to the same
    wrapper may undo each other's work.
    """

    __slots__ = {"__weakref__": None, "wrapped": "The object that everything is forwarded to."}

    def __new__(cls, wrapped):
        self = object.__new__(cls)
        _set(self, wrapped)
        return self

    __class_getitem__ = classmethod(GenericAlias)

    # Attributes

    def __getattribute__(self, name, /):
        if name not in _DESCRIPTION and hasattr(type(self), name):
            try:
                return object.__getattribute__(self, name)
            except AttributeError:
                pass  # Only classes have it, as __name__.
        return getattr(_get(self), name)

    def __setattr__(self, name, value, /):
        _refuse(name)
        setattr(_get(self), name, value)

    def __delattr__(self, name, /):
        _refuse(name)
        delattr(_get(self), name)

    def __dir__(self):
        return {*dir(type(self)), *dir(_get(self))}

    # Operators

    __add__, __radd__, __iadd__ = _operators(op.add, op.iadd)
    __sub__, __rsub__, __isub__ = _operators(op.sub, op.isub)
    __mul__, __rmul__, __imul__ = _operators(op.mul, op.imul)
    __matmul__, __rmatmul__, __imatmul__ = _operators(op.matmul, op.imatmul)
    __truediv__, __rtruediv__, __itruediv__ = _operators(op.truediv, op.itruediv)
    __floordiv__, __rfloordiv__, __ifloordiv__ = _operators(op.floordiv, op.ifloordiv)
    __mod__, __rmod__, __imod__ = _operators(op.mod, op.imod)
    __lshift__, __rlshift__, __ilshift__ = _operators(op.lshift, op.ilshift)
    __rshift__, __rrshift__, __irshift__ = _operators(op.rshift, op.irshift)
    __and__, __rand__, __iand__ = _operators(op.and_, op.iand)
    __or__, __ror__, __ior__ = _operators(op.or_, op.ior)
    __xor__, __rxor__, __ixor__ = _operators(op.xor, op.ixor)
    __divmod__, __rdivmod__ = _binary(divmod), _reflected(divmod)
    __ipow__ = _in_place(op.ipow)

    def __pow__(self, exponent, modulus=None, /):
        return pow(_get(self), _unwrap(exponent), _unwrap(modulus))

    def __rpow__(self, base, modulus=None, /):
        return pow(_unwrap(base), _get(self), _unwrap(modulus))

    __neg__ = _unary(op.neg)
    __pos__ = _unary(op.pos)
    __abs__ = _unary(abs)
    __invert__ = _unary(op.invert)

    # Comparison, hash and truth

    __eq__ = _binary(op.eq)
    __ne__ = _binary(op.ne)
    __lt__ = _binary(op.lt)
    __le__ = _binary(op.le)
    __gt__ = _binary(op.gt)
    __ge__ = _binary(op.ge)
    __hash__ = _unary(hash)
    __bool__ = _unary(bool)

    # Conversions

    __index__ = _unary(op.index)
    __int__ = _unary(int)
    __float__ = _unary(float)
    __complex__ = _unary(complex)
    __trunc__ = _unary(math.trunc)
    __floor__ = _unary(math.floor)
    __ceil__ = _unary(math.ceil)
    __str__ = _unary(str)
    __bytes__ = _unary(bytes)
    __fspath__ = _unary(os.fspath)

    def __round__(self, ndigits=None, /):
        return round(_get(self), ndigits)

    def __format__(self, spec, /):
        return format(_get(self), spec)

    def __repr__(self):
        return f"<{type(self).__name__}: {_get(self)!r}>"

    def __buffer__(self, flags, /):
        return memoryview(_get(self))

    # Containers and iterators

    __len__ = _unary(len)
    __length_hint__ = _unary(op.length_hint)
    __contains__ = _binary(op.contains)
    __iter__ = _unary(iter)
    __next__ = _unary(next)
    __reversed__ = _unary(reversed)

    def __getitem__(self, key, /):
        return _get(self)[key]

    def __setitem__(self, key, value, /):
        _get(self)[key] = value

    def __delitem__(self, key, /):
        del _get(self)[key]

    # Calls, classes and contexts

    def __call__(self, /, *args, **kwargs):
        return _get(self)(*args, **kwargs)

    def __instancecheck__(self, instance, /):
        return isinstance(instance, _get(self))

    def __subclasscheck__(self, subclass, /):
        return issubclass(subclass, _get(self))

    def __enter__(self):
        return _enter(_get(self), "__enter__", "__exit__", "context manager")

    def __exit__(self, /, *exception):
        return _get(self).__exit__(*exception)

    # Coroutines

    def __await__(self):
        return _result(_get(self)).__await__()

    __aiter__ = _unary(aiter)
    __anext__ = _unary(anext)

    def __aenter__(self):
        return _enter(_get(self), "__aenter__", "__aexit__", "asynchronous context manager")

    def __aexit__(self, /, *exception):
        return _get(self).__aexit__(*exception)

    # Copies: another wrapper, of the same object or of a copy

    def __deepcopy__(self, memo, /):
        return type(self)(copy.deepcopy(_get(self), memo))

    def __reduce_ex__(self, protocol, /):
        return type(self), (_get(self),)


# The slot itself, since a wrapper's own attribute lookup is for its users.
_get = LocalWrapper.wrapped.__get__
_set = LocalWrapper.wrapped.__set__

for _name, _method in vars(LocalWrapper).items():
    if isinstance(_method, FunctionType):
        _method.__name__ = _name
        _method.__qualname__ = f"LocalWrapper.{_name}"

# What a class has to have, but a wrapper answers for the wrapped object.
_DESCRIPTION = frozenset(
    {
        "__annotations__",
        "__doc__",
        "__firstlineno__",
        "__module__",
        "__slots__",
        "__static_attributes__",
    }
)

# What a wrapper has of its own. The last is where `LocalWrapper[int](5)` would put `[int]`.
_READ_ONLY = frozenset({"wrapped", "__class__", "__orig_class__"})


def _refuse(name):
    if name in _READ_ONLY:
        raise AttributeError(f"attribute {name!r} of a LocalWrapper is read-only")


def _enter(manager, enter, leave, protocol):
    """Enter a context only if it can be left, as the `with` statement does."""
    try:
        enter, _ = getattr(manager, enter), getattr(manager, leave)
    except AttributeError:
        kind = type(manager).__name__
        raise TypeError(f"{kind!r} object does not support the {protocol} protocol") from None
    return enter()


async def _result(awaitable):
    return await awaitable
