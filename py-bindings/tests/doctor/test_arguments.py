"""ft_utils.doctor: arguments of examine()."""

import doctest
import inspect
import threading

import pytest
from ft_utils import __main__ as command
from ft_utils.doctor import examine

pytestmark = pytest.mark.thread_unsafe(reason="starts processes")


def test_examinations_at_once(site):
    outcomes = []

    def work():
        outcomes.append([one.outcome for one in examine(["declares", "raises"]).imports])

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes == [["imported", "raised"]] * 3


@pytest.mark.parametrize("timeout", [0, -1, float("nan"), float("inf")])
def test_bad_timeout(timeout):
    with pytest.raises(ValueError, match="timeout"):
        examine([], timeout=timeout)


@pytest.mark.parametrize("name", ["", "a-b", "a..b", ".a", "a b", "-c"])
def test_bad_module_name(name):
    with pytest.raises(ValueError, match="is not the name of a module"):
        examine([name])
    with pytest.raises(SystemExit) as caught:
        command.main(["doctor", name, "--json"])
    assert caught.value.code == 2


def test_string_is_not_taken_for_a_list():
    with pytest.raises(TypeError, match="not the string"):
        examine("numpy")


def test_examples_of_docstrings():
    tested = doctest.testmod(inspect.getmodule(examine))
    assert tested.attempted >= 3
    assert tested.failed == 0
