"""A small service that looks pages up in a slow backend, with a cache before it.

One process has three servers: one with a thread for each connection, and two that have an event
loop each. All of them use one cache. Clients ask for pages over HTTP on 127.0.0.1; a few pages are
asked for often, most of them seldom (Zipf's law, with the same seed for each cache). For each kind
of cache the table shows

* hits: the requests that the backend had nothing to do with
* calls: those that it had
* p50 and p99: the time in which half of the requests, or 99 in 100, were answered

ConcurrentCache asks the backend once, however many threads and tasks want a page at the same time,
and tasks await it. The other caches know nothing of event loops: there, a thread waits for each
task. Caches that are not installed are left out. If a client gets a wrong page, the exit status
is 1.

    python cached_service.py [--threads N] [--requests N] [--pages N] [--size N] [--delay MS]
"""

import argparse
import asyncio
import http.client
import random
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from functools import lru_cache, partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import import_module
from typing import NamedTuple

from ft_utils import AtomicInt64, ConcurrentCache

SEED = 20
LOOPS = 2


class Backend:
    """What takes long: a database, say, or another service."""

    def __init__(self, delay: float) -> None:
        self._delay = delay
        self.calls = AtomicInt64()

    def fetch(self, page: str) -> bytes:
        self.calls.incr()
        time.sleep(self._delay)
        return content(page)

    async def fetch_async(self, page: str) -> bytes:
        self.calls.incr()
        await asyncio.sleep(self._delay)
        return content(page)


def content(page: str) -> bytes:
    return f"This is page {page}.".encode()


# The caches. Each is two functions that return a page: for threads, and for tasks.


class Lookup(NamedTuple):
    get: Callable[[str], bytes]
    get_async: Callable[[str], Awaitable[bytes]]


def with_concurrent_cache(backend: Backend, size: int) -> Lookup:
    cache: ConcurrentCache[str, bytes] = ConcurrentCache(size, ttl=60)
    return Lookup(
        lambda page: cache.get_or_compute(page, partial(backend.fetch, page)),
        lambda page: cache.get_or_compute_async(page, partial(backend.fetch_async, page)),
    )


def with_lru_cache(backend: Backend, size: int) -> Lookup:
    return in_threads(lru_cache(size)(backend.fetch))


def with_cachetools(backend: Backend, size: int) -> Lookup:
    cachetools = import_module("cachetools")
    cache = cachetools.TTLCache(size, ttl=60)
    return in_threads(cachetools.cached(cache, lock=threading.Lock())(backend.fetch))


def with_cachebox(backend: Backend, size: int) -> Lookup:
    cachebox = import_module("cachebox")
    cache = cachebox.TTLCache(size, 60)

    # Not its decorator, which would call the backend for one page at a time.
    def get(page: str) -> bytes:
        found: bytes | None = cache.get(page)
        if found is None:
            cache[page] = found = backend.fetch(page)
        return found

    return in_threads(get)


def with_cereggii(backend: Backend, _size: int) -> Lookup:
    pages = import_module("cereggii").AtomicDict()

    def get(page: str) -> bytes:
        found: bytes | None = pages.get(page)
        if found is None:
            pages[page] = found = backend.fetch(page)
        return found

    return in_threads(get)


def in_threads(get: Callable[[str], bytes]) -> Lookup:
    return Lookup(get, lambda page: asyncio.to_thread(get, page))


CACHES = {
    "ConcurrentCache": with_concurrent_cache,
    "functools.lru_cache": with_lru_cache,
    "cachetools and a lock": with_cachetools,
    "cachebox": with_cachebox,
    "cereggii (no bound)": with_cereggii,
}


# The service.


@contextmanager
def threaded_server(lookup: Lookup) -> Iterator[int]:
    """Serve with a thread for each connection; the value is the port."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            body = lookup.get(self.path[1:])
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        # Closing the server waits for the threads.
        daemon_threads = False
        request_queue_size = 128

    with Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def asyncio_server(lookup: Lookup, connections: int) -> Iterator[int]:
    """Serve with tasks on an event loop of its own; the value is the port."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with closing(writer):
            while request := await reader.readline():
                while (await reader.readline()).strip():
                    pass  # The headers say nothing that matters here.
                body = await lookup.get_async(request.split()[1].decode()[1:])
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
                await writer.drain()

    async def start() -> asyncio.Server:
        loop.set_default_executor(ThreadPoolExecutor(connections))
        return await asyncio.start_server(answer, "127.0.0.1", 0)

    async def stop(server: asyncio.Server) -> None:
        server.close()
        await server.wait_closed()
        rest = asyncio.all_tasks() - {asyncio.current_task()}
        await asyncio.gather(*rest, return_exceptions=True)
        await loop.shutdown_default_executor()

    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        server = asyncio.run_coroutine_threadsafe(start(), loop).result()
        try:
            yield server.sockets[0].getsockname()[1]
        finally:
            asyncio.run_coroutine_threadsafe(stop(server), loop).result()
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


# The clients, and the table.


def ask(port: int, pages: list[str]) -> list[float]:
    """Ask for pages, one after the other; return the seconds that each took."""
    seconds = []
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=60)) as connection:
        for page in pages:
            start = time.perf_counter()
            connection.request("GET", f"/{page}")
            body = connection.getresponse().read()
            seconds.append(time.perf_counter() - start)
            if body != content(page):
                raise ValueError(f"page {page} is {body!r}")
    return seconds


def serve(lookup: Lookup, plans: list[list[str]]) -> list[float]:
    """Let a client follow each plan; half of them ask the server with threads."""
    with ExitStack() as stack:
        threaded = stack.enter_context(threaded_server(lookup))
        servers = [asyncio_server(lookup, len(plans)) for _ in range(LOOPS)]
        loops = [stack.enter_context(server) for server in servers]
        ports = [port for loop in loops for port in (threaded, loop)]
        with ThreadPoolExecutor(len(plans)) as clients:
            asked = [
                clients.submit(ask, ports[number % len(ports)], plan)
                for number, plan in enumerate(plans)
            ]
            return sorted(seconds for each in asked for seconds in each.result())


def plan(threads: int, requests: int, pages: int) -> list[list[str]]:
    """Return the pages that each client asks for."""
    chance = random.Random(SEED)
    weights = [1 / rank for rank in range(1, pages + 1)]
    names = [str(page) for page in range(pages)]
    return [chance.choices(names, weights, k=requests) for _ in range(threads)]


def positive(text: str) -> int:
    if (number := int(text)) < 1:
        raise ValueError
    return number


def main() -> int:
    parser = argparse.ArgumentParser(description="A service with a cache before a slow backend.")
    add = partial(parser.add_argument, type=positive, metavar="N")
    add("--threads", default=16, help="clients (%(default)s)")
    add("--requests", default=50, help="of each client (%(default)s)")
    add("--pages", default=300, help="that there are (%(default)s)")
    add("--size", default=60, help="of the cache, in pages (%(default)s)")
    add("--delay", default=20, help="milliseconds that the backend takes (%(default)s)")
    options = parser.parse_args()
    plans = plan(options.threads, options.requests, options.pages)
    print(
        f"{options.threads} clients, {options.requests:,} requests each; {options.pages:,} pages, "
        f"the cache keeps {options.size:,}; one server with threads, {LOOPS} with event loops"
    )
    print(f"{'cache':22}     hits    calls   p50 ms   p99 ms")
    for name, make in CACHES.items():
        backend = Backend(options.delay / 1000)
        try:
            lookup = make(backend, options.size)
        except ImportError:
            print(f"{name:22} is not installed")
            continue
        try:
            seconds = serve(lookup, plans)
        except ValueError as error:
            print(f"{name}: {error}", file=sys.stderr)
            return 1
        calls = backend.calls.get()
        half, most = (seconds[int(len(seconds) * part)] * 1000 for part in (0.5, 0.99))
        print(f"{name:22} {1 - calls / len(seconds):8.1%} {calls:8,} {half:8.2f} {most:8.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
