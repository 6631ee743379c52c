"""An event loop that does not wait: when nothing can happen before the next timer, the clock jumps there.

Real timeouts, back-offs and connections run on it, an hour in a moment and always in the same way. Connections to
127.0.0.1 stay in the process: each is a pair of Unix sockets, which deliver at once, so that silence is certain.
"""

import asyncio
import math
import selectors
import socket
from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any, Final

DEADLINE: Final = 3600.0
"""Seconds of the skipping clock after which a test has failed; a moment when everything waits."""
STUCK: Final = 10.0
"""Real seconds that a thread may take when there is no timer to jump to."""


class _SkippingSelector(selectors.DefaultSelector):
    """Waits for I/O, but not for time: `now` is the time."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Return what is ready; when nothing is, the wait is over."""
        ready: list[tuple[selectors.SelectorKey, int]] = super().select(STUCK if timeout is None else 0.0)
        if not ready and timeout is None:
            raise RuntimeError("nothing can happen any more")
        if not ready and timeout is not None:
            self.now += max(timeout, 0.0)
        return ready


class SkippingLoop(asyncio.SelectorEventLoop):
    """An event loop with its own time and its own 127.0.0.1."""

    def __init__(self) -> None:
        self._skipping = _SkippingSelector()
        self._listening: dict[int, Callable[[], asyncio.BaseProtocol]] = {}
        self._dialled: dict[int, Callable[[], asyncio.BaseProtocol]] = {}
        super().__init__(self._skipping)

    def time(self) -> float:
        """Return the seconds that were skipped."""
        return self._skipping.now

    @property
    def _clock_resolution(self) -> float:
        """As fine as the time itself: a timer that fires a rounding error too early would do so for ever."""
        return math.ulp(self._skipping.now)

    @_clock_resolution.setter
    def _clock_resolution(self, _: float) -> None:
        """Do without what the base class takes from the real clock."""

    def listen(self, factory: Callable[[], asyncio.BaseProtocol]) -> int:
        """Accept connections; return the port."""
        port = 6443 + len(self._listening)
        self._listening[port] = factory
        return port

    def hang_up(self, port: int) -> None:
        """Accept no more connections."""
        del self._listening[port]

    def run_in_executor(  # type: ignore[override] # without the type variables of its stub
        self, _executor: object, func: Callable[..., Any], *args: Any
    ) -> asyncio.Future[Any]:
        """Do at once what a thread would do while the clock jumps."""
        done = self.create_future()
        try:
            done.set_result(func(*args))
        except Exception as error:  # noqa: BLE001 - whoever awaits it decides
            done.set_exception(error)
        return done

    async def sock_connect(self, sock: socket.socket, address: Any) -> None:
        """Choose whom `create_connection` shall connect the socket with. Raises ConnectionRefusedError."""
        if address[1] not in self._listening:
            raise ConnectionRefusedError(f"nobody listens on {address}")
        self._dialled[sock.fileno()] = self._listening[address[1]]

    async def create_connection(self, protocol_factory: Any, *args: Any, sock: Any = None, **kwargs: Any) -> Any:
        """Connect with a listener of this loop by a pair of sockets."""
        accepting = self._dialled.pop(sock.fileno())
        sock.close()
        near, far = socket.socketpair()
        await self.connect_accepted_socket(accepting, far)
        return await super().create_connection(protocol_factory, *args, sock=near, **kwargs)


async def passes(seconds: float) -> None:
    """Let time go by: everything that can happen within it has happened when this returns."""
    await asyncio.sleep(seconds)


def clock() -> Callable[[], float]:
    """Return the clock of the running loop."""
    return asyncio.get_running_loop().time


def skipping(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """Make a test of a coroutine that runs on a SkippingLoop; for modules that are not below such a conftest."""

    @wraps(test)
    def run(**parameters: Any) -> None:
        with asyncio.Runner(loop_factory=SkippingLoop) as runner:
            runner.run(test(**parameters))

    return run
