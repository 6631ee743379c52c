"""Load on a gateway, and the judgement of every single answer."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import quantiles

import aiohttp

from conformance.build import built
from conformance.scenarios import manifests
from conformance.scenarios.scenario import Figure, none_of
from conformance.scenarios.world import SHOP, World

_AT_ONCE = 10
_PROBE_SECONDS = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A URL, and what alone is right: 200, one of these routes, a Pod of one of these Deployments."""

    url: str
    routes: frozenset[str]
    backends: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One request: `began` in Unix seconds, `seconds` it took, `tries` connections, what it got (status 0: nothing).

    `connected`: since when its connection was one, 0 where there was none.
    """

    connected: float
    began: float
    seconds: float
    target: int
    status: int
    route: str
    pod: str
    serial: str
    tries: int
    failure: str

    @property
    def backend(self) -> str:
        """Return the Deployment of the Pod that answered."""
        return self.pod.rsplit("-", 2)[0]

    def is_right(self, target: Target) -> bool:
        """Return whether the right route and the right backend answered."""
        return self.status == 200 and self.route in target.routes and self.backend in target.backends


def target(host: str, *, routes: Iterable[str], backends: Iterable[str], scheme: str = "http") -> Target:
    """Return the target of a host."""
    return Target(url=f"{scheme}://{host}/", routes=frozenset(routes), backends=frozenset(backends))


@dataclass(slots=True, kw_only=True)
class Load:
    """Load that runs; `answers` is filled when it has ended."""

    targets: Sequence[Target]
    answers: list[Answer] = field(default_factory=list)

    def wrong(self) -> list[Answer]:
        """Return every answer that is not right."""
        return [each for each in self.answers if not each.is_right(self.targets[each.target])]

    def figures(self) -> tuple[Figure, ...]:
        """Return how many requests there were, how many failed, and how long they took."""
        wrong = self.wrong()
        for each in wrong[:5]:
            print(f"  wrong: {each}")
        took = sorted(each.seconds * 1000 for each in self.answers)
        cuts = quantiles(took, n=1000)
        return (
            Figure(what="requests", value=len(self.answers), at_least=1),
            none_of("failed requests", len(wrong)),
            none_of("requests that needed a second connection", sum(each.tries > 1 for each in self.answers)),
            Figure(what="latency, median", value=cuts[499], unit="ms"),
            Figure(what="latency, 99.9 %", value=cuts[998], unit="ms"),
            Figure(what="latency, longest", value=took[-1], unit="ms"),
        )


@asynccontextmanager
async def load(
    world: World, address: str, targets: Sequence[Target], *, rate: int = 200, fresh: int = 10, ca: Path | None = None
) -> AsyncIterator[Load]:
    """Ask the targets in turn, `rate` requests a second, every `fresh`-th on a connection of its own, until the end."""
    name = f"load-{sum(1 for _ in world.folder.glob('load-*.json'))}"
    urls, log = world.folder / f"{name}.json", world.folder / f"{name}.tsv"
    urls.write_text(json.dumps([each.url for each in targets]))
    flags = [f"-address={address}", f"-rate={rate}", f"-targets={urls}", f"-log={log}", f"-fresh={fresh}"]
    if ca is not None:
        flags.append(f"-ca={ca}")
    process = await asyncio.create_subprocess_exec(
        str(built("loadclient")), "load", *flags, stdin=asyncio.subprocess.PIPE
    )
    running = Load(targets=targets)
    try:
        yield running
    finally:
        if process.stdin is not None:
            process.stdin.close()
        code = await process.wait()
        if code == 0:
            running.answers = [answer_of(line.split("\t")) for line in log.read_text().splitlines()]
    if code != 0:
        raise RuntimeError(f"the load client ended with {code}")


def answer_of(columns: Sequence[str]) -> Answer:
    """Read a line of the load client's log."""
    index, connected, began, duration, status, route, pod, serial, tries, failure = columns
    return Answer(
        connected=int(connected) / 1e9,
        began=int(began) / 1e9,
        seconds=int(duration) / 1e9,
        target=int(index),
        status=int(status),
        route=route,
        pod=pod,
        serial=serial,
        tries=int(tries),
        failure=failure,
    )


async def asked(address: str, host: str) -> tuple[int, str, str]:
    """Ask once, on a new connection; return status (0: none), route and Pod."""
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as client,
            client.get(f"http://{address}/", headers={"Host": host}) as response,
        ):
            text = await response.read()
    except (aiohttp.ClientError, OSError, TimeoutError):
        return 0, "", ""
    try:
        said = json.loads(text)
    except ValueError:
        return response.status, "", ""
    return response.status, ",".join(said["headers"].get(manifests.ROUTE_HEADER, ())), said["pod"]


async def until_right(
    world: World, address: str, targets: Iterable[Target], *, within: float = 30.0, in_a_row: int = 1
) -> float:
    """Wait until each target has given its right answer, on so many connections in a row; return the seconds."""
    began = time.monotonic()
    for each in targets:
        host = each.url.removeprefix("http://").rstrip("/")

        async def is_right(wanted: Target = each, name: str = host) -> bool:
            found = [await asked(address, name) for _ in range(in_a_row)]
            return all(
                status == 200 and said in wanted.routes and pod.rsplit("-", 2)[0] in wanted.backends
                for status, said, pod in found
            )

        await world.until(is_right, f"{each.url} answers rightly", within=within)
    return time.monotonic() - began


async def stable_routes(world: World, count: int, backend: str) -> list[Target]:
    """Make routes that stay as they are, each with a host of its own; return their targets."""
    gate = asyncio.Semaphore(_AT_ONCE)

    async def make(name: str) -> Target:
        async with gate:
            await world.put(manifests.route(SHOP, name, [f"{name}.example"], backend))
        return target(f"{name}.example", routes=[name], backends=[backend])

    return list(await asyncio.gather(*(make(f"stable-{index}") for index in range(count))))


async def listens(address: str) -> bool:
    """Return whether a gateway answers at all: a host that no route has gets a 404."""
    return (await asked(address, "nobody.example"))[0] == 404


async def probed(
    world: World, address: str, template: manifests.Object, count: int, *, budget: float = _PROBE_SECONDS
) -> Path:
    """Make `count` routes of a template one by one, each asked until it answers; return the log of every answer.

    When `budget` seconds have passed no more are made. Raises RuntimeError when the probe fails.
    """
    file, log = world.folder / "template.json", world.folder / "probe.tsv"
    file.write_text(json.dumps(template))
    process = await asyncio.create_subprocess_exec(
        str(built("loadclient")),
        "probe",
        f"-address={address}:80",
        f"-api={world.server}{manifests.collection(manifests.GATEWAY_API, 'HTTPRoute', SHOP)}",
        f"-token={world.token}",
        f"-ca={world.run.certificates / 'ca.crt'}",
        f"-template={file}",
        f"-log={log}",
        f"-count={count}",
        f"-budget={budget}s",
    )
    if code := await process.wait():
        raise RuntimeError(f"the probe ended with {code}")
    return log
