"""Native destructors: the end of a thread."""

import _thread
import ctypes
import sys
import threading

import ft_utils._weave as native
import pytest
from helpers.limits import VERY_LONG
from helpers.threads import Task, wait_until

from .shared import JOIN_IS_THE_END, needs_compiler

# Compilers take their time where other tests run.
pytestmark = pytest.mark.timeout(VERY_LONG)


@needs_compiler
class TestEnds:
    def test_value_at_the_end(self, plain):
        def body() -> None:
            plain.set(0, 1)
            plain.register(0)
            plain.set(0, 2)

        assert plain.lines_of(body) == [2, -1]

    def test_null_is_passed_on(self, plain):
        assert plain.lines_of(lambda: plain.register(0)) == [0, -1]

    def test_no_variable_and_no_destructor(self, plain):
        def body() -> None:
            native.register_native_destructor(0, plain.destructor["write"])
            native.register_native_destructor(plain.address(0), 0)

        assert plain.lines_of(body) == [-1]

    def test_order_and_multiplicity(self, plain):
        def body() -> None:
            plain.set(0, 1)
            plain.set(1, 2)
            plain.register(1, "write_ten")
            plain.register(0)
            plain.register(1)
            plain.register(0)
            plain.register(0, "write_ten")
            plain.register(0)

        assert plain.lines_of(body) == [20, 1, 2, 1, 10, 1, -1]

    def test_unregistering(self, plain):
        def body() -> None:
            plain.set(0, 1)
            plain.set(1, 2)
            assert plain.unregister(0) is False
            plain.register(0)
            plain.register(1)
            plain.register(0, "write_ten")
            plain.register(1, "write_ten")
            assert plain.unregister(0) is True
            assert plain.unregister(0) is False
            plain.register(0)

        assert plain.lines_of(body) == [2, 20, 1, -1]

    def test_lists_belong_to_threads(self, plain):
        def body() -> None:
            plain.set(0, 1)
            plain.register(0)
            address = plain.address(0)

            def other() -> None:
                assert native.registered_native_destructors() == []
                assert native.unregister_native_destructor(address) is False
                plain.set(0, 3)
                plain.register(0)

            assert plain.lines_of(other) == [3, -1]

        assert plain.lines_of(body) == [1, -1]

    def test_listed_in_order(self, plain):
        def body() -> None:
            plain.register(1)
            plain.register(0, "write_ten")
            expected = [
                (plain.address(1), plain.destructor["write"]),
                (plain.address(0), plain.destructor["write_ten"]),
            ]
            assert native.registered_native_destructors() == expected

        assert plain.lines_of(body) == [0, 0, -1]

    def test_registering_in_a_destructor(self, plain):
        def body() -> None:
            plain.set(0, 5)
            plain.register(0, "register_again")

        assert plain.lines_of(body, more=3) == [5, -1, 5, 5, 5]

    def test_unregistering_in_a_destructor(self, plain):
        def body() -> None:
            plain.set(1, 4)
            plain.register(0, "unregister")
            plain.register(1)

        # None of the list, which goes on; then two of three; and the third in the next round.
        assert plain.lines_of(body, more=1) == [100, 102, 4, -1, -1]

    def test_run_now(self, plain):
        def body() -> None:
            log = plain.new_log()
            plain.library.plain_use(log)
            plain.set(0, 6)
            plain.register(0, "register_again")
            plain.register(0, "write_ten")
            assert native.run_native_destructors() == 5
            assert plain.read(log) == [6, 60, 6, 6, 6]
            # The registrations of the last round are still there.
            assert plain.unregister(0) is True
            assert native.run_native_destructors() == 0

        Task(body).result()

    @pytest.mark.thread_unsafe(reason="replaces a hook")
    def test_threads_that_fail(self, plain, monkeypatch):
        failed = []
        monkeypatch.setattr(threading, "excepthook", lambda args: failed.append(args.exc_type))

        def body(error: type[BaseException]) -> None:
            plain.set(0, 1)
            plain.register(0)
            raise error

        assert plain.lines_of(lambda: body(KeyError)) == [1, -1]
        assert plain.lines_of(lambda: body(SystemExit)) == [1, -1]
        assert failed[:1] == [KeyError]

    @pytest.mark.thread_unsafe(reason="replaces a hook")
    def test_low_level_threads(self, plain, monkeypatch):
        failed = []
        monkeypatch.setattr(sys, "unraisablehook", lambda args: failed.append(args.exc_type))

        def body(error: type[BaseException] | None = None) -> None:
            plain.set(0, 1)
            plain.register(0)
            if error:
                raise error

        start = _thread.start_new_thread
        assert plain.lines_of(body, start) == [1, -1]
        assert plain.lines_of(lambda: body(SystemExit), start) == [1, -1]
        assert plain.lines_of(lambda: body(KeyError), start) == [1, -1]
        assert failed == [KeyError]

    def test_threads_that_python_never_sees(self, plain):
        log = plain.new_log()
        assert plain.library.plain_thread(log) == 0
        assert plain.read(log) == [7]

    @pytest.mark.thread_unsafe(reason="starts 2000 threads")
    def test_one_after_the_other(self, plain):
        log = plain.new_log()

        def work(number: int) -> None:
            plain.library.plain_use(log)
            plain.set(0, number)
            plain.register(0)

        for number in range(2000):
            thread = threading.Thread(target=work, args=(number,))
            thread.start()
            thread.join()
            if JOIN_IS_THE_END:
                assert plain.library.plain_read(log, (ctypes.c_long * 8192)()) == number + 1
        wait_until(lambda: len(plain.read(log)) == 2000)
        lines = plain.read(log)
        assert (lines if JOIN_IS_THE_END else sorted(lines)) == list(range(2000))

    @pytest.mark.thread_unsafe(reason="starts 2000 threads")
    def test_four_at_a_time(self, plain):
        log = plain.new_log()

        def work(number: int) -> None:
            plain.library.plain_use(log)
            plain.set(0, number)
            plain.register(0)
            plain.register(1)
            assert plain.unregister(1)
            plain.register(0)

        for number in range(0, 2000, 4):
            threads = [threading.Thread(target=work, args=(number + n,)) for n in range(4)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            if JOIN_IS_THE_END:
                lines = plain.read(log)[2 * number :]
                assert sorted(lines) == sorted(2 * list(range(number, number + 4)))
        wait_until(lambda: len(plain.read(log)) == 4000)
        assert sorted(plain.read(log)) == sorted(2 * list(range(2000)))
