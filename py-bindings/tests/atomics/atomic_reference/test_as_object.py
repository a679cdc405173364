"""AtomicReference: identity, text, subclasses and handles."""

import copy
import gc
import inspect
import operator
import pickle

import pytest
from ft_utils.concurrency import AtomicFlag, AtomicReference
from ft_utils.local import LocalWrapper
from helpers.programs import run_python


@pytest.mark.parametrize("content", [None, 0, "", [], AtomicReference()])
def test_always_true(content):
    assert bool(AtomicReference(content)) is True


def test_identity():
    ref, other = AtomicReference(1), AtomicReference(1)
    assert ref == ref
    assert ref != other
    assert {ref: 1, other: 2}[ref] == 1
    for call in (operator.lt, operator.add):
        with pytest.raises(TypeError):
            call(ref, other)
    for call in (len, iter, int, operator.index):
        with pytest.raises(TypeError):
            call(ref)


def test_text():
    assert repr(AtomicReference()) == "AtomicReference(None)"
    assert str(AtomicReference("x")) == f"{AtomicReference('x')}" == "AtomicReference('x')"
    ref = AtomicReference()
    ref.set([ref])
    assert repr(ref) == "AtomicReference([AtomicReference(...)])"
    ref.set(ref)
    assert repr(ref) == "AtomicReference(AtomicReference(...))"
    ref.set(None)

    class Silent:
        def __repr__(self):
            raise LookupError

    ref.set(Silent())
    for _ in range(2):
        with pytest.raises(LookupError):
            repr(ref)
    assert repr(type("Mine", (AtomicReference,), {})(1)) == "Mine(1)"


def test_text_of_a_deep_one():
    run_python(
        "from ft_utils import AtomicReference\n"
        "x = None\n"
        "for _ in range(100_000): x = AtomicReference(x)\n"
        "try: repr(x)\n"
        "except RecursionError: pass\n"
        "else: raise AssertionError\n"
    )


@pytest.mark.parametrize("kind", [AtomicReference, AtomicFlag])
def test_everything_is_documented(kind):
    assert kind.__module__ == "ft_utils.concurrency"
    assert pickle.loads(pickle.dumps(kind)) is kind
    for name in dir(kind):
        method = getattr(kind, name)
        if not name.startswith("_"):
            assert inspect.signature(method) is not None
            assert inspect.getdoc(method)


def test_closed_for_attributes():
    ref = AtomicReference(1)
    with pytest.raises(AttributeError):
        ref.note = 1


def test_subclass():
    class Named(AtomicReference):
        def __new__(cls, name, obj):
            return super().__new__(cls, obj)

        def __init__(self, name, obj):
            self.name = name

        def get(self):
            return [super().get()]

    one = Named("n", 5)
    assert (one.name, one.get()) == ("n", [5])
    assert one.exchange(6) == 5
    assert type(one.handle()) is AtomicReference


def test_subscription():
    assert AtomicReference[int](5).get() == 5


def test_no_copies():
    ref = AtomicReference(1)
    for call in (copy.copy, copy.deepcopy, pickle.dumps):
        with pytest.raises(TypeError, match=r"cannot copy or pickle.*handle\(\)"):
            call(ref)
    with pytest.raises(TypeError):
        copy.deepcopy([ref])


def test_through_a_wrapper():
    wrapper = LocalWrapper(AtomicReference(1))
    wrapper.set(2)
    assert wrapper.compare_exchange(2, 3) is True
    assert wrapper.get() == 3


def test_handle_shares_the_place():
    ref = AtomicReference(1)
    handle = ref.handle()
    second = handle.handle()
    second.set("new")
    assert ref.get() == handle.get() == "new"
    assert handle != ref
    del ref, second
    gc.collect()
    assert handle.exchange(2) == "new"
    assert handle.get() == 2
