"""Calls one function on several threads at once: `race.py broken` or `race.py sound`."""

import sys
import threading


def main() -> None:
    if sys.argv[1] == "broken":
        from racy import bump
    else:
        from ft_utils.concurrency import AtomicInt64

        bump = AtomicInt64(0).incr
    start = threading.Barrier(4)

    def call() -> None:
        start.wait()
        for _ in range(100):
            bump()

    threads = [threading.Thread(target=call) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if sys._is_gil_enabled():
        sys.exit("the GIL is on: nothing could be found")


main()
