"""How the collector, the allocator and asyncio are set for a process that keeps hundreds of thousands of values.

Of glibc's allocator: https://man7.org/linux/man-pages/man3/mallopt.3.html. Where there is none, nothing is set.
Of jemalloc, which the image preloads (deploy/Dockerfile): https://jemalloc.net/jemalloc.3.html
"""

import ctypes
import gc
import sys
from asyncio import sslproto
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Final

YOUNG: Final = 200_000
"""Values are freed by their reference counts; cycles are rare, and a search every 700 objects only costs time."""
LARGE: Final = 128 * 1024
"""Bytes of a buffer that is mapped for itself, and goes back to the system when it is freed."""
FEW: Final = 1_000
"""Of fewer rows nothing is worth a search of some milliseconds."""
READ_BYTES: Final = 16 * 1024
"""What a TLS connection reads at a time: the most that one TLS record holds."""
CALM: Final = 90
"""Looks without a change after which no more goes; by then what proxies that drain still needed has gone as well."""
_ALL_ARENAS: Final = 4096
"""jemalloc's MALLCTL_ARENAS_ALL."""
_ARENA_MAX: Final = -8
_MMAP_THRESHOLD: Final = -3
_TRIM_THRESHOLD: Final = -1


def tune_collector() -> None:
    """Make the cycle collector run seldom. To be called once, by a composition root."""
    gc.set_threshold(YOUNG, 20, 100)


def tune_allocator() -> bool:
    """Keep no more than is used; return whether the C library can be told. To be called before threads are started.

    By itself glibc gives each thread a heap of its own, and after the first freed message of some MiB puts all of them
    into these heaps, where one small object above holds them.
    """
    options = ((_ARENA_MAX, 1), (_MMAP_THRESHOLD, LARGE), (_TRIM_THRESHOLD, LARGE))
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    return mallopt is not None and all(mallopt(option, value) for option, value in options)


def tune_connections() -> None:
    """Let each TLS connection of asyncio keep a small buffer. To be called before connections are made.

    By itself each has one of 256 KiB, all of it touched; and a replica watches each kind over a connection of its own.
    """
    sslproto.SSLProtocol.max_size = READ_BYTES


class Tide:
    """Gives memory back to the system after most of what there was has gone.

    Each time that half has gone, and once more when no more goes. First goes what was kept for others to come, by
    `forget` and by functions that keep their results: a thousand of these may hold a page each. Then cycles, then
    whatever pages are free.
    """

    def __init__(self, *forget: Callable[[], None]) -> None:
        self._forget = forget
        self._highest = self._last = self._calm = 0
        self._is_ebbing = False

    def look(self, rows: int) -> bool:
        """Take note of how many rows there are, once a second; return whether memory was given back."""
        self._calm = self._calm + 1 if rows == self._last else 0
        self._last = rows
        if rows * 2 <= self._highest and self._highest >= FEW:
            self._highest = rows
            self._is_ebbing = True
        elif self._is_ebbing and self._calm >= CALM:
            self._is_ebbing = False
        else:
            self._highest = max(self._highest, rows)
            return False
        for forget in (*self._forget, *_kept_results()):
            forget()
        gc.collect()
        _give_back()
        return True


def _kept_results() -> Iterator[Callable[[], None]]:
    """Yield what empties each `lru_cache` of a module of ours."""
    kind = type(lru_cache(len))
    for name, module in tuple(sys.modules.items()):
        if name.startswith("gatewayd."):
            yield from (each.cache_clear for each in vars(module).values() if isinstance(each, kind))


def _give_back() -> None:
    """Give free pages to the system, by whichever allocator there is."""
    library = ctypes.CDLL(None)
    mallctl, trim = getattr(library, "mallctl", None), getattr(library, "malloc_trim", None)
    if mallctl is not None:
        nothing = (None, None, None, ctypes.c_size_t(0))
        mallctl(b"thread.tcache.flush", *nothing)
        mallctl(b"arena.%d.purge" % _ALL_ARENAS, *nothing)
    if trim is not None:
        trim(0)
