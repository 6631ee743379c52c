"""`gatewayd check` and the API server judge the same documents: what one takes and the other refuses is a fault."""

from __future__ import annotations

import asyncio
import copy
import json
import random
import re
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Final, NamedTuple

from conformance.harness.kubeapi import Api, ApiError
from conformance.scenarios.builtin_kinds import GROUPS, good_documents, schema_of
from conformance.scenarios.drawn import Schema, document
from conformance.scenarios.scenario import Figure, none_of
from conformance.scenarios.slips import slip
from conformance.scenarios.world import SHOP, World
from gatewayd.api.kinds import KINDS, Kind
from gatewayd.manifests.read_once import parse

_DOCUMENTS, _FEW = 10_000, 500
_ATTEMPTS: Final = 40
_ASKING: Final = 16
"""Documents that the API server has before it at a time."""
_REFUSED: Final = frozenset({400, 422})
_STRICT: Final = "dryRun=All&fieldValidation=Strict&fieldManager=scenario"
"""https://kubernetes.io/docs/reference/using-api/api-concepts/#setting-the-field-validation-level"""
_CRDS: Final = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"


_ARGUED: Final = (
    ("ConfigMap", r"binaryData\[.*\]: must be a string, not a list"),
    ("Secret", r"data\[.*\]: must be a string, not a list"),
    ("EndpointSlice", r"ports\[\d+\]\.port: -?\d+ is too (large|small)"),
    ("Service", r'spec\.ports\[\d+\]\.protocol: must be one of "SCTP", "TCP", "UDP", not ""'),
)
"""What is refused in files alone: Go reads a list of numbers as bytes and "" as nothing, and asks of the ports of
EndpointSlices only that they are 32 bits. Nobody means any of it."""
_OF_THIS_MACHINE: Final = "may not be in the loopback range"
"""What is refused in a cluster alone: the backends of `gatewayd up` are on the machine of who runs it."""


class _Served(NamedTuple):
    """A kind in a version that the API server serves: where objects are made, and what they are like.

    `good` are documents to begin with; where there are none, they are drawn.
    """

    kind: Kind
    path: str
    schema: Schema
    good: tuple[Mapping[str, Any], ...] = ()


class _Judged(NamedTuple):
    """A document, what was done to it, and what both say is wrong with it: nothing, when it is good."""

    document: Mapping[str, Any]
    slips: tuple[str, ...]
    ours: tuple[str, ...]
    theirs: str

    @property
    def agrees(self) -> bool:
        """Whether both take it or both refuse it, or it is argued why not."""
        if bool(self.ours) == bool(self.theirs):
            return True
        return _OF_THIS_MACHINE in self.theirs if self.theirs else all(map(self._is_argued, self.ours))

    def _is_argued(self, problem: str) -> bool:
        return any(kind == self.document["kind"] and re.match(pattern, problem) for kind, pattern in _ARGUED)


async def _dryrun(world: World, count: int) -> tuple[Figure, ...]:
    """Draw documents over all kinds that are served, and have each judged twice."""
    await world.replicas("gatewayd", count=0, wait=False)
    served = [*await _of_crds(world.api), *await _built_in(world.api)]
    await world.until(lambda: _answers(world.api, served), "every kind is served")
    began = time.monotonic()
    judged = await _judged(world.api, list(_documents(served, count)))
    seconds = time.monotonic() - began
    differing = [each for each in judged if not each.agrees]
    _tell(world, differing)
    return (
        Figure(what="documents", value=len(judged), at_least=count),
        Figure(what="kinds", value=len({each.kind.kind for each in served}), at_least=26),
        Figure(what="versions of kinds", value=len(served), at_least=34),
        Figure(what="documents that the API server takes", value=_good(judged), at_least=count / 10),
        Figure(what="documents that it refuses", value=len(judged) - _good(judged), at_least=count / 10),
        none_of("documents that one takes and the other refuses", len(differing)),
        Figure(what="a document, both ways", value=seconds / len(judged) * 1000, unit="ms"),
    )


dryrun = partial(_dryrun, count=_DOCUMENTS)
dryrun_short = partial(_dryrun, count=_FEW)


def _good(judged: Sequence[_Judged]) -> int:
    return sum(not each.theirs for each in judged)


def _tell(world: World, differing: Sequence[_Judged]) -> None:
    """Keep what differs, and print the first of each sort."""
    rows = [each._asdict() for each in differing]
    (world.folder / "differing.json").write_text(json.dumps(rows, indent=1))
    sorts = Counter((each.document["kind"], (each.theirs or each.ours[0]).partition(":")[0]) for each in differing)
    for (kind, what), times in sorts.most_common(40):
        print(f"  {times} x {kind} {what}")


async def _of_crds(api: Api) -> list[_Served]:
    crds = (await api.get(_CRDS))["items"]
    schemas = {
        (crd["spec"]["group"], crd["spec"]["names"]["kind"], version["name"]): version["schema"]["openAPIV3Schema"]
        for crd in crds
        for version in crd["spec"]["versions"]
        if version["served"]
    }
    return [
        _Served(kind, _path(kind), schemas[kind.group, kind.kind, kind.version])
        for kind in _in_each_version()
        if (kind.group, kind.kind, kind.version) in schemas
    ]


async def _answers(api: Api, served: Sequence[_Served]) -> bool:
    """Say whether all kinds can be listed: the API server takes a while until it serves those that are new."""
    try:
        await asyncio.gather(*(api.get(f"{each.path}?limit=1") for each in served))
    except ApiError:
        return False
    return True


async def _built_in(api: Api) -> list[_Served]:
    kinds = [kind for kind in _in_each_version() if kind.group in GROUPS]
    openapi = {root: await api.get(f"/openapi/v3{root}") for root in dict.fromkeys(map(_root, kinds))}
    return [
        _Served(kind, _path(kind), schema_of(kind, openapi[_root(kind)]), good_documents(kind.kind)) for kind in kinds
    ]


def _in_each_version() -> Iterator[Kind]:
    """Yield all kinds, in each of the versions that their CRDs serve."""
    for kind in KINDS:
        for version in kind.accepted_versions:
            yield replace(kind, version=version)


def _root(kind: Kind) -> str:
    return f"/apis/{kind.api_version}" if kind.group else f"/api/{kind.api_version}"


def _path(kind: Kind) -> str:
    root = _root(kind)
    return f"{root}/namespaces/{SHOP}/{kind.plural}" if kind.namespaced else f"{root}/{kind.plural}"


def _documents(served: Sequence[_Served], count: int) -> Iterator[tuple[_Served, Mapping[str, Any], tuple[str, ...]]]:
    """Draw documents, the kinds in turn, most of them good ones with up to three slips."""
    for number in range(count):
        chance = random.Random(number)  # noqa: S311 - chance that is the same every time
        one = served[number % len(served)]
        drawn = _drawn(one, chance)
        slips = tuple(slip(drawn, one.schema, chance) for _ in range(chance.choice((0, 1, 1, 1, 2, 3))))
        yield one, drawn, slips


def _drawn(one: _Served, chance: random.Random) -> dict[str, Any]:
    """Draw a document; mostly again until it is good, since a slip in a bad one changes nothing."""
    head = {
        "apiVersion": one.kind.api_version,
        "kind": one.kind.kind,
        "metadata": {"name": "drawn", **({"namespace": SHOP} if one.kind.namespaced else {})},
    }
    if one.good:
        return {**head, **copy.deepcopy(dict(chance.choice(one.good)))}
    for _ in range(chance.choice((1, _ATTEMPTS, _ATTEMPTS))):
        drawn = document(one.schema, head, chance)
        if not _ours(drawn):
            break
    return drawn


async def _judged(api: Api, documents: Sequence[tuple[_Served, Mapping[str, Any], tuple[str, ...]]]) -> list[_Judged]:
    waiting = iter(documents)
    judged: list[_Judged] = []

    async def judge() -> None:
        for one, drawn, slips in waiting:
            theirs = await _theirs(api, one, drawn)
            judged.append(_Judged(drawn, slips, _ours(drawn), theirs))

    async with asyncio.TaskGroup() as tasks:
        for _ in range(_ASKING):
            tasks.create_task(judge())
    return judged


def _ours(document: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what `gatewayd check` calls an error in a file with this document alone."""
    read = parse({"drawn.json": json.dumps(document).encode()})
    return tuple(problem.message for problem in read.problems)


async def _theirs(api: Api, one: _Served, document: Mapping[str, Any]) -> str:
    """Return why the API server refuses to make the object."""
    try:
        await api.create(f"{one.path}?{_STRICT}", dict(document))
    except ApiError as error:
        if error.status not in _REFUSED:
            raise
        return str(error)
    return ""
