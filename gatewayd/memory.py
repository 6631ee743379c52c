"""How the collector, the allocator and asyncio are set for a process that keeps hundreds of thousands of values.

Of glibc's allocator: https://man7.org/linux/man-pages/man3/mallopt.3.html. Where there is none, nothing is set.
Of jemalloc, which the image preloads (deploy/Dockerfile): https://jemalloc.net/jemalloc.3.html
"""

import ctypes
import gc
from asyncio import sslproto
from typing import Final

from gatewayd.api import compact

YOUNG: Final = 200_000
"""Values are freed by their reference counts; cycles are rare, and a search every 700 objects only costs time."""
LARGE: Final = 128 * 1024
"""Bytes of a buffer that is mapped for itself, and goes back to the system when it is freed."""
FEW: Final = 1_000
"""Of fewer rows nothing is worth a search of some milliseconds."""
READ_BYTES: Final = 16 * 1024
"""What a TLS connection reads at a time: the most that one TLS record holds."""
_ALL_ARENAS: Final = 4096
"""jemalloc's MALLCTL_ARENAS_ALL."""
_ARENA_MAX: Final = -8
_MMAP_THRESHOLD: Final = -3
_TRIM_THRESHOLD: Final = -1


def tune_collector() -> None:
    """Make the cycle collector run seldom, and leave what is there now alone. To be called once, after the imports.

    What the imports left for it is freed before the process fills: later the holes would stand where nothing moves.
    """
    gc.set_threshold(YOUNG, 20, 100)
    gc.collect()
    gc.freeze()


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

    First what was kept for others to come, then cycles, then whatever pages are free.
    """

    def __init__(self) -> None:
        self._highest = 0

    def look(self, rows: int) -> bool:
        """Take note of how many rows there are; return whether memory was given back."""
        if rows * 2 > self._highest or self._highest < FEW:
            self._highest = max(self._highest, rows)
            return False
        self._highest = rows
        compact.forget()
        gc.collect()
        _give_back()
        return True


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
