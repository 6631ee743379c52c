"""No wrong answer while everything changes: files are saved, closed-loop clients ask all the time.

An answer is right when it is the old one or the new one of its route, and new is never followed by old.
"""

import asyncio
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest
import pytest_asyncio

from tests.feature.harness import http1
from tests.feature.harness.echo import http_backend
from tests.feature.harness.folder_run import folder_run
from tests.feature.harness.http1 import Answer
from tests.feature.harness.manifests import GATEWAY, filled, http_route, service
from tests.feature.harness.ports import free_port

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio(loop_scope="module")]

ROUTES = 100
DEADLINE = 10.0
Said = tuple[int, str | None, str | None]
NOT_FOUND: Said = (404, None, None)


def one_route(number: int, name: str, backend: str = "one") -> str:
    rules = f"- {{filters: [<route:{name}>], backendRefs: [{{name: {backend}, port: 80}}]}}"
    return http_route(f"r{number}", rules, host=f"r{number}.example")


@dataclass
class Run:
    """A served folder, and clients that never stop asking for a route that never changes."""

    folder: Path
    port: int
    backends: dict[str, int]
    steady: int = 0
    wrong: list[Said] = field(default_factory=list)
    latencies: dict[str, list[float]] = field(default_factory=dict)

    def save(self, name: str, text: str) -> None:
        """Save a file as most editors do: write another one and rename it."""
        draft = self.folder / f".{name}.tmp"
        draft.write_text(filled(text, lambda _: self.port))
        draft.rename(self.folder / f"{name}.yaml")

    def delete(self, name: str) -> None:
        (self.folder / f"{name}.yaml").unlink()

    async def ask(self, number: int) -> Said:
        answer = await http1.ask(self.port, "/", host=f"r{number}.example")
        return answer.said

    async def steadily(self) -> None:
        """Ask for the steady route, one request after the other, for ever, on a connection for as long as it is kept.

        It is not when a hundred routes have become more: their listener then finds them host by host, and drains.
        """
        connection = await http1.connect(self.port)
        try:
            while True:
                answer: Answer = await connection.ask("/", host="steady.example")
                self.steady += 1
                if answer.said != (200, "steady", "one"):
                    self.wrong.append(answer.said)
                if answer.one("connection") == "close":
                    await connection.close()
                    connection = await http1.connect(self.port)
        finally:
            await connection.close()

    async def changes(
        self,
        what: str,
        numbers: Iterable[int],
        act: Callable[[int], object],
        old: Callable[[int], Said],
        new: Callable[[int], Said],
    ) -> None:
        """Do something to each route in turn, and ask for it until the new answer is there."""
        for number in numbers:
            began = time.monotonic()
            act(number)
            async with asyncio.timeout(DEADLINE):
                while (said := await self.ask(number)) != new(number):
                    assert said == old(number), f"{what} {number}: {said}"
            self.latencies.setdefault(what, []).append(time.monotonic() - began)
            # New stays new.
            assert await self.ask(number) == new(number)

    async def all_at_once(
        self, act: Callable[[], object], old: Callable[[int], Said], new: Callable[[int], Said]
    ) -> None:
        """Do something to all routes, and ask for all of them until every new answer is there."""
        act()
        arrived: set[int] = set()
        async with asyncio.timeout(DEADLINE):
            while len(arrived) < ROUTES:
                for number in range(ROUTES):
                    said = await self.ask(number)
                    if number in arrived or said != old(number):
                        assert said == new(number), f"{number}: {said}"
                        arrived.add(number)

    def report(self) -> str:
        """Say how long it took from a saved file to the first new answer, in milliseconds."""
        lines = [f"{'change':<10}{'median':>8}{'90 %':>8}{'worst':>8}  ms from saved to served"]
        for what, found in self.latencies.items():
            times = sorted(each * 1000 for each in found)
            ninetieth = times[int(len(times) * 0.9)]
            lines.append(f"{what:<10}{statistics.median(times):>8.1f}{ninetieth:>8.1f}{times[-1]:>8.1f}")
        return "\n".join([*lines, f"{self.steady} steady answers meanwhile, {len(self.wrong)} wrong"])


@asynccontextmanager
async def served() -> AsyncIterator[Run]:
    with tempfile.TemporaryDirectory(prefix="gwd-") as place:
        folder = Path(place) / "manifests"
        folder.mkdir()
        runtime = Path(place) / "run"
        runtime.mkdir(mode=0o700)
        async with http_backend("one") as one, http_backend("two") as two:
            run = Run(folder, free_port(), {"one": one.port, "two": two.port})
            for name, port in run.backends.items():
                run.save(name, service(name, port))
            run.save("gateway", GATEWAY)
            steady = "- {filters: [<route:steady>], backendRefs: [{name: one, port: 80}]}"
            run.save("steady", http_route("steady", steady, host="steady.example"))
            async with folder_run(folder, runtime):
                await first_answer(run)
                yield run


async def first_answer(run: Run) -> None:
    """Wait until the steady route is served for the first time."""
    async with asyncio.timeout(DEADLINE):
        while True:
            try:
                answer = await http1.ask(run.port, "/", host="steady.example")
            except OSError:
                await asyncio.sleep(0)
                continue
            if answer.said == (200, "steady", "one"):
                return


@pytest_asyncio.fixture(loop_scope="module")
async def run() -> AsyncIterator[Run]:
    async with served() as found:
        clients = [asyncio.create_task(found.steadily()) for _ in range(2)]
        yield found
        for client in clients:
            assert not client.done(), client.exception()
            client.cancel()
        await asyncio.gather(*clients, return_exceptions=True)
        assert found.wrong == []
        assert found.steady > 0


def answers(name: str, backend: str = "one") -> Callable[[int], Said]:
    return lambda _: (200, name, backend)


def nothing(_: int) -> Said:
    return NOT_FOUND


async def test_a_hundred_routes_added_changed_switched_reordered_and_removed(run: Run) -> None:
    def save(name: str, backend: str) -> Callable[[int], None]:
        return lambda number: run.save(f"r{number}", one_route(number, name, backend))

    def reorder(first: str, second: str) -> Callable[[int], None]:
        rules = "".join(
            f"- {{filters: [<route:{name}>], backendRefs: [{{name: {backend}, port: 80}}]}}\n"
            for name, backend in ((first, "one"), (second, "two"))
        )
        return lambda number: run.save(f"r{number}", http_route(f"r{number}", rules, host=f"r{number}.example"))

    def forget(number: int) -> None:
        run.delete(f"r{number}")

    everyone = range(ROUTES)
    await run.changes("add", everyone, save("v1", "one"), nothing, answers("v1"))
    await run.changes("change", everyone, save("v2", "one"), answers("v1"), answers("v2"))
    await run.changes("switch", everyone, save("v2", "two"), answers("v2"), answers("v2", "two"))
    some = range(0, ROUTES, 5)
    await run.changes("two rules", some, reorder("v3", "v4"), answers("v2", "two"), answers("v3"))
    await run.changes(
        "reorder", some, lambda number: run.save(f"r{number}", swapped(number)), answers("v3"), answers("v4", "two")
    )
    await run.changes("remove", some, forget, answers("v4", "two"), nothing)
    print(f"\n{run.report()}")  # noqa: T201


def swapped(number: int) -> str:
    """Return the route of two equal matches the other way round."""
    rules = "".join(
        f"- {{filters: [<route:{name}>], backendRefs: [{{name: {backend}, port: 80}}]}}\n"
        for name, backend in (("v4", "two"), ("v3", "one"))
    )
    return http_route(f"r{number}", rules, host=f"r{number}.example")


async def test_a_hundred_routes_at_once(run: Run) -> None:
    def save_all(name: str, backend: str) -> None:
        for number in range(ROUTES):
            run.save(f"r{number}", one_route(number, name, backend))

    def remove_all() -> None:
        for number in range(ROUTES):
            run.delete(f"r{number}")

    await run.all_at_once(lambda: save_all("v1", "one"), nothing, answers("v1"))
    await run.all_at_once(lambda: save_all("v2", "two"), answers("v1"), answers("v2", "two"))
    await run.all_at_once(remove_all, answers("v2", "two"), nothing)


async def test_new_services_with_their_routes(run: Run) -> None:
    """Clusters come before the routes to them and go after: never a 503 between."""

    def save(number: int) -> None:
        own = service(f"s{number}", run.backends["two"])
        run.save(f"r{number}", own + one_route(number, "own", f"s{number}"))

    def forget(number: int) -> None:
        run.delete(f"r{number}")

    numbers = range(0, ROUTES, 4)
    await run.changes("with service", numbers, save, nothing, answers("own", "two"))
    await run.changes("without", numbers, forget, answers("own", "two"), nothing)
    print(f"\n{run.report()}")  # noqa: T201


async def test_endpoints_that_move_all_the_time(run: Run) -> None:
    ports = run.backends
    run.save("moving", service("moving", ports["one"]))
    await run.changes("add", [0], lambda _: run.save("r0", one_route(0, "m", "moving")), nothing, answers("m"))

    for turn in range(20):
        old, new = ("one", "two") if turn % 2 == 0 else ("two", "one")
        move = partial(run.save, "moving", service("moving", ports[new]))
        await run.changes("move", [0], lambda _, move=move: move(), answers("m", old), answers("m", new))  # type: ignore[misc]
    print(f"\n{run.report()}")  # noqa: T201
