"""What a control plane serves over some changes, recorded from our translator, so that others can serve the same.

A record is a list of steps; step 0 is the first snapshot, each further step what one change of a route alters in it.
`Record.targets` says what a client has after each step, in the form that `adsclient` checks.
"""

import base64
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.inputs import delta, route, surroundings
from gatewayd.ir.environment import HERE, Environment
from gatewayd.ir.fleet import FleetKey
from gatewayd.ir.proxy import ProxyConfig
from gatewayd.reconciler import Publisher, Reconciler
from gatewayd.store import Delta
from gatewayd.xds.resource import Resource, Snapshot

_MODULUS = 1 << 64
Key = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A resource as a step leaves it; None: it is gone."""

    type_url: str
    name: str
    body: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What `adsclient` calls `sum` and `count`: equal ones mean equal resources."""

    sum: int
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    steps: tuple[tuple[Change, ...], ...]

    def targets(self) -> tuple[Target, ...]:
        """Return what a client has after each step."""
        shares: dict[Key, int] = {}
        total, found = 0, []
        for step in self.steps:
            for each in step:
                total -= shares.pop((each.type_url, each.name), 0)
                if each.body is not None:
                    shares[each.type_url, each.name] = _share(each)
                    total += _share(each)
            found.append(Target(sum=total % _MODULUS, count=len(shares)))
        return tuple(found)

    def write(self, path: Path) -> None:
        """Write it for `gcp`: one JSON object a line."""
        with path.open("w") as file:
            for number, step in enumerate(self.steps):
                for each in step:
                    file.write(json.dumps(_line(number, each)) + "\n")

    def sizes(self) -> dict[str, int]:
        """Return the number of resources of each type at the start."""
        counts: dict[str, int] = {}
        for each in self.steps[0]:
            short = each.type_url.rpartition(".")[2]
            counts[short] = counts.get(short, 0) + 1
        return counts


def _line(number: int, each: Change) -> dict[str, Any]:
    line: dict[str, Any] = {"step": number, "type": each.type_url, "name": each.name}
    if each.body is not None:
        line["body"] = base64.b64encode(each.body).decode()
    return line


def services(routes: int) -> int:
    """Return how many Services so many routes share."""
    return max(1, routes // 10)


def beginning(routes: int, environment: Environment) -> Iterator[Delta]:
    """Yield so many routes, and what they need."""
    yield Delta(kind=Environment, key=HERE, obj=environment)
    yield from surroundings(services(routes))
    yield from (delta(route(number, services(routes), 0)) for number in range(routes))


def filled(publisher: Publisher, objects: Iterable[Delta]) -> Reconciler:
    """Return a reconciler that has published what follows from objects."""
    reconciler = Reconciler(publisher=publisher, on_batch=lambda _batch: None, awaited=())
    reconciler.submit(tuple(objects))
    reconciler.step()
    return reconciler


def change(step: int, routes: int) -> Delta:
    """Return the edit that is step `step`: a route, spread over the table, sets another header."""
    number = step * 7919 % routes
    document = route(number, services(routes), 0)
    document["metadata"]["generation"] = step + 1
    headers = {"set": [{"name": "x-route", "value": f"{number}-{step}"}]}
    document["spec"]["rules"][0]["filters"][0]["requestHeaderModifier"] = headers
    return delta(document)


class _Recorder:
    """Keeps the last snapshot."""

    def __init__(self) -> None:
        self.resources: Mapping[Key, Resource] = {}

    def publish(self, snapshot: Snapshot, config: ProxyConfig) -> None:
        del config
        tables = snapshot.resources.items()
        self.resources = {(url, name): item for url, table in tables for name, item in table.items()}

    def retire(self, fleet: FleetKey) -> None:
        raise AssertionError(fleet)


def recorded(routes: int, changes: int, environment: Environment) -> Record:
    """Return the steps of so many changes."""
    return played(beginning(routes, environment), (change(number, routes) for number in range(1, changes + 1)))


def played(objects: Iterable[Delta], changes: Iterable[Delta]) -> Record:
    """Return what objects come to, and what each change, of one fleet, alters in that."""
    recorder = _Recorder()
    reconciler = filled(recorder, objects)
    before = recorder.resources
    steps = [tuple(_differences({}, before))]
    for each in changes:
        reconciler.submit((each,))
        reconciler.step()
        steps.append(tuple(_differences(before, recorder.resources)))
        before = recorder.resources
    return Record(steps=tuple(steps))


def read(path: Path) -> Record:
    """Read what `write` or `gcp` has written."""
    steps: dict[int, list[Change]] = {}
    with path.open() as file:
        for line in map(json.loads, file):
            body = base64.b64decode(line["body"]) if "body" in line else None
            steps.setdefault(line["step"], []).append(Change(type_url=line["type"], name=line["name"], body=body))
    return Record(steps=tuple(tuple(steps[number]) for number in range(len(steps))))


def _differences(before: Mapping[Key, Resource], now: Mapping[Key, Resource]) -> Iterator[Change]:
    for (url, name), item in now.items():
        old = before.get((url, name))
        if old is None or old.version != item.version:
            yield Change(type_url=url, name=name, body=item.body)
    for url, name in sorted(before.keys() - now.keys()):
        yield Change(type_url=url, name=name, body=None)


def _share(each: Change) -> int:
    """Return the share of a resource in the sum (see `adsclient`)."""
    if each.body is None:
        return 0
    return int.from_bytes(hashlib.sha256(f"{each.type_url}\0{each.name}\0".encode() + each.body).digest()[:8], "little")
