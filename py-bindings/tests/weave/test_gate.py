"""Native destructors: ft_utils.ENABLE_EXPERIMENTAL."""

import ft_utils
import ft_utils._weave as native
import pytest
from ft_utils import weave
from helpers.limits import VERY_LONG

from .shared import FUNCTIONS

# Compilers take their time where other tests run.
pytestmark = pytest.mark.timeout(VERY_LONG)


@pytest.mark.parametrize("flag", [False, 0, None, ""])
@pytest.mark.thread_unsafe(reason="sets the flag")
def test_closed(monkeypatch, flag):
    monkeypatch.setattr(ft_utils, "ENABLE_EXPERIMENTAL", flag)
    for call in (
        lambda: weave.register_native_destructor(8, 0),
        lambda: weave.unregister_native_destructor(8),
        weave.registered_native_destructors,
        weave.run_native_destructors,
    ):
        with pytest.raises(RuntimeError, match="ENABLE_EXPERIMENTAL"):
            call()
    assert native.registered_native_destructors() == []


@pytest.mark.parametrize("flag", [True, 1, "yes"])
@pytest.mark.thread_unsafe(reason="sets the flag")
def test_open(monkeypatch, flag):
    functions = {name: getattr(weave, name) for name in FUNCTIONS}
    monkeypatch.setattr(ft_utils, "ENABLE_EXPERIMENTAL", flag)
    for _ in range(2):
        assert weave.register_native_destructor(8, 0) is None
        assert weave.unregister_native_destructor(8) is True
        assert weave.register_native_destructor(var=8, destructor=0) is None
        assert weave.registered_native_destructors() == [(8, 0)]
        assert weave.unregister_native_destructor(var=8) is True
        assert weave.run_native_destructors() == 0
        # They are what they were, for those who have imported them.
        assert functions == {name: getattr(weave, name) for name in FUNCTIONS}
    monkeypatch.setattr(ft_utils, "ENABLE_EXPERIMENTAL", False)
    for function in functions.values():
        with pytest.raises((RuntimeError, TypeError)):
            function()
    with pytest.raises(RuntimeError):
        weave.register_native_destructor(8, 0)
