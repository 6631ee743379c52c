"""A pod that calls Services at a fixed rate, seen live: every answer as it comes, and the judgement of all of them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from conformance.build import built
from conformance.scenarios.calls import Called, Reply, Span, Verdict
from conformance.scenarios.load_client import heard
from conformance.scenarios.pods import PodHandle
from conformance.scenarios.traffic import Answer, answer_of
from conformance.scenarios.world import World

_FRESH = 3
"""Every third request has a connection of its own."""
_IN_A_ROW = 8
"""So many connections in a row have reached each of the Envoy's two workers, but for one time in 128."""
_PATIENCE = 120.0
_READ_AT_ONCE = 1 << 16


@dataclass(slots=True, kw_only=True)
class Caller:
    """The load client in a pod, while it runs and afterwards."""

    name: str
    process: asyncio.subprocess.Process
    called: Sequence[Called]
    answers: list[Answer] = field(default_factory=list)
    happened: asyncio.Condition = field(default_factory=asyncio.Condition)
    has_ended: bool = False
    # The replies on connections of their own, by target: since when the newest is the same, and how often.
    in_a_row: dict[int, tuple[Reply, list[float]]] = field(default_factory=dict)

    def ask(self, called: Called) -> None:
        """Call a URL from now on."""
        self._tell("ask", called)

    def forget(self, called: Called) -> None:
        """Call a URL no more."""
        self._tell("forget", called)

    def _tell(self, verb: str, called: Called) -> None:
        number = next(number for number, each in enumerate(self.called) if each is called)
        if self.process.stdin is None:
            raise RuntimeError("the client has no standard input")
        self.process.stdin.write(f"{verb} {number}\n".encode())

    async def settled(self, called: Called, since: float) -> None:
        """Wait until connections that were begun after a moment get what is newest, so many in a row."""
        number = next(number for number, each in enumerate(self.called) if each is called)

        def is_so() -> bool:
            reply, times = self.in_a_row.get(number, (None, []))
            return reply == called.newest and sum(each > since for each in times) >= _IN_A_ROW

        try:
            async with asyncio.timeout(_PATIENCE), self.happened:
                await self.happened.wait_for(lambda: self.has_ended or is_so())
        except TimeoutError as error:
            last = self.in_a_row.get(number)
            raise TimeoutError(
                f"after {_PATIENCE:g} s {called.url} does not give {self.name} {called.newest}, but {last}"
            ) from error
        if self.has_ended:
            raise ConnectionError("the client has ended")

    async def listen(self) -> None:
        """Read what the client says until it ends: as much as there is, since nobody shall wait for this."""
        if self.process.stdout is None:
            raise RuntimeError("the client has no standard output")
        rest = b""
        while data := await self.process.stdout.read(_READ_AT_ONCE):
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                self._hear(answer_of(line.decode().split("\t")))
            async with self.happened:
                self.happened.notify_all()
        async with self.happened:
            self.has_ended = True
            self.happened.notify_all()

    def _hear(self, answer: Answer) -> None:
        self.answers.append(answer)
        if answer.connected >= answer.began or not answer.status:
            reply = Reply(answer.status, answer.route, answer.backend)
            before, times = self.in_a_row.get(answer.target, (None, []))
            same = times[1 - _IN_A_ROW :] if reply == before else []
            self.in_a_row[answer.target] = (reply, [*same, answer.began])

    def verdicts(self, away: Sequence[Span]) -> Iterable[tuple[Answer, Verdict]]:
        """Judge all answers."""
        return ((each, self.called[each.target].verdict(each, away)) for each in self.answers)


@asynccontextmanager
async def calling(pod: PodHandle, called: Sequence[Called], *, rate: int, world: World) -> AsyncIterator[Caller]:
    """Let a pod call URLs, so many requests a second together, until the block ends; none is called yet."""
    targets = world.folder / f"{pod.name}.json"
    targets.write_text(json.dumps([each.url for each in called]))
    flags = (f"-rate={rate}", f"-targets={targets}", "-log=-", f"-fresh={_FRESH}", "-forgotten")
    command = pod.within(str(built("loadclient")), "load", *flags)
    async with heard(
        command,
        lambda process: Caller(name=pod.name, process=process, called=called),
        f"the load client of {pod.name}",
    ) as caller:
        yield caller
