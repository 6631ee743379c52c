"""Notes of everything that happens in a run, as the events of a history."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

from envoy.service.discovery.v3 import discovery_pb2

from conformance.history import audit
from conformance.history.events import (
    Answer,
    Asked,
    Happened,
    Has,
    Hindrance,
    Item,
    Mistake,
    Opened,
    Replied,
    Right,
    Sample,
    Sent,
)
from conformance.scenarios import witness
from conformance.scenarios.judged import Told
from conformance.scenarios.pods import PodHandle
from conformance.scenarios.references import needs
from conformance.scenarios.tap import Stream
from conformance.scenarios.world import World
from gatewayd.infra import layout
from gatewayd.xds.names import NOWHERE
from gatewayd.xds.resource import TYPE_BY_URL

ACCOUNT = f"system:serviceaccount:{layout.NAMESPACE}:{layout.CONTROL_PLANE}"


class Notebook:
    """`owners`: whose each marked word is; words are looked for in the bytes of every resource that is sent."""

    def __init__(self, owners: Mapping[str, str]) -> None:
        self.events: list[Happened] = []
        self.owners = dict(owners)
        self._streams: dict[int, int] = {}
        self._numbers = count()

    # --- as it happens -----------------------------------------------------------------------------------------

    def hear(self, stream: Stream, message: Any) -> None:
        """Note what crosses a stream."""
        number = self._streams.get(id(stream))
        if number is None:
            number = self._streams[id(stream)] = next(self._numbers)
            parts = stream.identity.split("/")
            self.events.append(Opened(at=stream.opened, stream=number, gateway=f"{parts[4]}/{parts[6]}"))
        kind = TYPE_BY_URL[message.type_url].short
        if isinstance(message, discovery_pb2.DeltaDiscoveryResponse):
            self._sent(number, kind, message)
        else:
            self._asked(number, kind, message)

    def _asked(self, number: int, kind: str, message: Any) -> None:
        if message.response_nonce:
            self.events.append(
                Replied(
                    at=time.time(),
                    stream=number,
                    kind=kind,
                    nonce=message.response_nonce,
                    refused=message.error_detail.message,
                )
            )
        has = tuple(message.initial_resource_versions.items())
        if names := tuple(message.resource_names_subscribe) or has:
            self.events.append(Asked(at=time.time(), stream=number, kind=kind, names=tuple(map(str, names)), has=has))

    def _sent(self, number: int, kind: str, message: Any) -> None:
        self.events.append(
            Sent(
                at=time.time(),
                stream=number,
                kind=kind,
                nonce=message.nonce,
                items=tuple(self._item(each) for each in message.resources),
                removed=tuple(message.removed_resources),
            )
        )

    def _item(self, found: Any) -> Item:
        body = found.resource.value
        wanted = ((TYPE_BY_URL[url].short, name) for url, name in needs(found.resource.type_url, body))
        return Item(
            name=found.name,
            version=found.version,
            needs=tuple(sorted({key for key in wanted if key[1] != NOWHERE})),
            words=tuple(word for word in self.owners if word.encode() in body),
        )

    @contextmanager
    def hindrance(self, what: str, *, deaf: bool = True) -> Iterator[None]:
        """Note that something is done that changes may have to wait for, until the block ends."""
        began = time.time()
        try:
            yield
        finally:
            self.events.append(Hindrance(at=began, ended=time.time(), what=what, deaf=deaf))

    @contextmanager
    def mistake(self, subject: str) -> Iterator[None]:
        """Note that an object is wrong until the block ends."""
        began = time.time()
        try:
            yield
        finally:
            self.events.append(Mistake(at=began, ended=time.time(), subject=subject))

    # --- at quiet points ---------------------------------------------------------------------------------------

    async def replica(self, world: World, quiet: int, gateway: str, pod: PodHandle) -> None:
        """Note what a replica gives to a new proxy of a Gateway ("namespace/name")."""
        namespace, _, name = gateway.partition("/")
        held = witness.versions(await witness.served(world, pod, name, namespace=namespace))
        self._has(quiet, "replica", pod, gateway, held)

    async def proxy(self, quiet: int, gateway: str, pod: PodHandle) -> None:
        """Note what a proxy says it has."""
        self._has(quiet, "proxy", pod, gateway, witness.held(await pod.config_dump()))

    def _has(self, quiet: int, role: str, pod: PodHandle, gateway: str, held: witness.Held) -> None:
        rows = tuple(sorted((TYPE_BY_URL[url].short, name, version) for (url, name), version in held.items()))
        self.events.append(Has(at=time.time(), quiet=quiet, role=role, whose=pod.name, gateway=gateway, resources=rows))

    def sample(self, quiet: int, pod: PodHandle, words: bytes, names: Sequence[str]) -> None:
        """Note what a process of a Pod takes up."""
        for process in pod.processes(words):
            figures = {name: value for name, value in taken_up(process).items() if name in names}
            whose = f"{pod.name} {process}"
            self.events.append(Sample(at=time.time(), quiet=quiet, whose=whose, figures=figures))

    # --- afterwards --------------------------------------------------------------------------------------------

    def collect(self, told: Sequence[Told], answers: Path, audit_log: Path) -> None:
        """Add what was right when, what was answered, and what was written."""
        for each in told:
            target = f"{each.host}{each.path}"
            self.events.append(Right(at=each.at, target=target, answers=each.answers, revoked=each.because))
        with answers.open() as lines:
            self.events += [_answer(line.rstrip("\n").split("\t")) for line in lines]
        with audit_log.open() as lines:
            self.events += audit.writes(lines, ACCOUNT)


def _answer(columns: Sequence[str]) -> Answer:
    began, ended, connection, host, path, said = columns
    return Answer(at=int(ended) / 1e9, began=int(began) / 1e9, connection=connection, target=f"{host}{path}", said=said)


def taken_up(process: int) -> Mapping[str, float]:
    """Return what the kernel says of a process."""
    folder = Path(f"/proc/{process}")
    rows = dict(line.split(":", 1) for line in (folder / "status").read_text().splitlines())
    return {
        "resident bytes": float(rows["VmRSS"].split()[0]) * 1024,
        "descriptors": float(sum(1 for _ in (folder / "fd").iterdir())),
        "threads": float(rows["Threads"]),
    }


def cpu_seconds(process: int) -> float:
    """Return the seconds of CPU that a process has used.

    https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
    """
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
