"""Calls one function on several threads at once: `race.py broken` or `race.py sound`."""

import sys
import threading

CALLS = 20_000


def main() -> None:
    if sys.argv[1] == "broken":
        from racy import bump
    else:
        from ft_utils.concurrency import AtomicInt64

        bump = AtomicInt64(0).incr
    start = threading.Barrier(4)

    def call() -> None:
        start.wait()
        # For longer than a turn on a processor, so that they meet.
        for _ in range(CALLS):
            bump()

    threads = [threading.Thread(target=call) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if sys._is_gil_enabled():
        sys.exit("the GIL is on: nothing could be found")


main()
