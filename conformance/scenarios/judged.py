"""The closed-loop client as scenarios use it: what is right changes while it asks, and it judges every answer."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from conformance.build import built
from conformance.scenarios.load_client import heard
from conformance.scenarios.scenario import Figure, none_of
from conformance.scenarios.world import World

_PATIENCE = 90.0
_SHOW_EVERY = 5.0
NOT_FOUND = "404"


def answer(route: str, backend: str) -> str:
    """Return how a backend's answer through a route is written."""
    return f"200 {route} {backend}"


@dataclass(slots=True, kw_only=True, eq=False)
class Asked:
    """A host and path that is asked all the time: the number of its newest right answer, and how far that has got."""

    number: int
    host: str
    path: str
    newest: int = -1
    expected: int = -1
    arrived: int = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Since when (Unix seconds) answers of a host and path are right; `because` names an object that goes, or is ""."""

    at: float
    host: str
    path: str
    answers: tuple[str, ...]
    because: str


@dataclass(slots=True, kw_only=True)
class Judged:
    """The client while it runs. `told` is what it was told is right; `total` is filled when it has ended."""

    process: asyncio.subprocess.Process
    log: Path
    show: Callable[[], str]
    targets: list[Asked] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)
    asked: int = 0
    wrong: int = 0
    has_ended: bool = False
    total: dict[str, float] = field(default_factory=dict)
    happened: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def ask(self, host: str, *answers: str, path: str = "/") -> Asked:
        """Ask for a host and path too, of which one of these answers is right."""
        found = Asked(number=len(self.targets), host=host, path=path)
        self.targets.append(found)
        await self.expect(found, *answers)
        return found

    async def expect(self, target: Asked, *answers: str, because: str = "") -> None:
        """Let one of these answers be right from now on, beside the one before; returns when the client knows."""
        target.newest += 1
        self.told.append(Told(at=time.time(), host=target.host, path=target.path, answers=answers, because=because))
        self._tell("expect", target.number, target.host, target.path, *answers)
        await self._until(lambda: target.expected == target.newest)

    def forget(self, target: Asked) -> None:
        """Ask no more for this."""
        self._tell("forget", target.number)

    def pause(self, nanoseconds: int) -> None:
        """Wait for so long after each request on a connection."""
        self._tell("pause", nanoseconds)

    def pin(self, *addresses: str) -> None:
        """Let every other connection go to one of these proxies from now on, so that each of them always has some."""
        self._tell("pin", *addresses)

    async def arrived(self, *targets: Asked) -> None:
        """Wait until every connection has got the newest answer of each target."""
        late = [*targets]

        def all_there() -> bool:
            late[:] = [each for each in late if each.arrived < each.newest]
            return not late

        try:
            async with asyncio.timeout(_PATIENCE):
                await self._until(all_there)
        except TimeoutError as error:
            raise TimeoutError(f"after {_PATIENCE:g} s still the old answer: {late[0].host}{late[0].path}") from error

    async def asked_for(self, count: float) -> None:
        """Wait until so many requests were made."""
        await self._until(lambda: self.asked >= count)

    async def _until(self, holds: Callable[[], bool]) -> None:
        async with self.happened:
            await self.happened.wait_for(lambda: self.has_ended or holds())
        if self.has_ended:
            raise ConnectionError("the client has ended")

    def _tell(self, *words: object) -> None:
        if self.process.stdin is None:
            raise RuntimeError("the client has no standard input")
        self.process.stdin.write(("\t".join(map(str, words)) + "\n").encode())

    async def listen(self) -> None:
        """Read what the client says until it ends."""
        if self.process.stdout is None:
            raise RuntimeError("the client has no standard output")
        shown, before = time.monotonic(), 0
        async for line in self.process.stdout:
            text = line.decode()
            if text.startswith("{"):
                self.total = json.loads(text)
                continue
            word, first, second = text.split()
            async with self.happened:
                if word == "arrived":
                    self.targets[int(first)].arrived = int(second)
                elif word == "expecting":
                    self.targets[int(first)].expected = int(second)
                else:
                    self.asked, self.wrong = int(first), int(second)
                self.happened.notify_all()
            if (past := time.monotonic() - shown) > _SHOW_EVERY:
                rate = (self.asked - before) / past
                print(f"  {self.asked:,} requests, {self.wrong} wrong, {rate:,.0f}/s; {self.show()}", flush=True)
                shown, before = time.monotonic(), self.asked
        async with self.happened:
            self.has_ended = True
            self.happened.notify_all()

    def figures(self, *, at_least: int) -> tuple[Figure, ...]:
        """Return what was asked and answered."""
        for line in self.log.read_text().splitlines()[:10]:
            print(f"  wrong: {line}")
        total = self.total
        return (
            Figure(what="requests", value=total["asked"], at_least=at_least),
            none_of("wrong answers", total["wrong"]),
            none_of("of these, the old one after the new one", total["back"]),
            none_of("of these, no answer at all", total["broken"]),
            Figure(what="connections refused, and tried again", value=total["refused"]),
            Figure(what="connections that Envoy ended with an answer", value=total["bye"]),
            Figure(what="latency, median", value=total["median"], unit="ms"),
            Figure(what="latency, 99.9 %", value=total["p999"], unit="ms"),
            Figure(what="latency, longest", value=total["longest"], unit="ms"),
        )


@asynccontextmanager
async def judged(
    world: World, address: str, *, show: Callable[[], str], connections: int = 8, flags: Sequence[str] = ()
) -> AsyncIterator[Judged]:
    """Run the client until the block ends; `show` says more for the lines of progress."""
    log = world.folder / "wrong.tsv"
    flags = (f"-address={address}", f"-log={log}", f"-connections={connections}", *flags)
    command = (str(built("loadclient")), "closed", *flags)
    async with heard(command, lambda process: Judged(process=process, log=log, show=show), "the client") as running:
        yield running
