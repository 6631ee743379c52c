"""All that is to be known of manifests, in the order of their files: what `gatewayd check` tells.

In: manifests and the reconciler that has translated them. Out: a `Report`. Each of its parts is judged elsewhere; here
they are gathered, what was meant is suggested, and what follows from another fault is folded into that one.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from gatewayd.api.kinds import BY_GROUP_KIND
from gatewayd.api.meta import ObjectKey
from gatewayd.explain.findings import Finding, in_files, in_outcomes, in_slices, unattached
from gatewayd.explain.folding import folded, missing_object
from gatewayd.explain.foreign_objects import TakenObject, astray, taken_objects
from gatewayd.explain.parent_findings import alike, without_effect
from gatewayd.explain.traffic_findings import Served, in_traffic
from gatewayd.explain.unread_objects import Others, in_unread, others
from gatewayd.incremental.engine import Engine
from gatewayd.manifests.read_once import Manifests
from gatewayd.reconciler import Reconciler

_TABLES = {kind.kind: kind.struct for kind in BY_GROUP_KIND.values()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Findings sorted by place; how many `objects` there are in how many `files`, and how many of them are not read.

    `taken`: what becomes of each object of Envoy Gateway's kinds.
    """

    findings: tuple[Finding, ...]
    objects: int
    files: int
    others: tuple[Others, ...]
    taken: tuple[TakenObject, ...] = ()


def report(manifests: Manifests, reconciler: Reconciler) -> Report:
    """Return what is to be known of manifests."""
    causes: dict[Finding, str] = {}
    listed = tuple(sorted(_all(manifests, reconciler, causes), key=lambda each: each.order))
    documents = manifests.folder.documents
    return Report(
        findings=folded(dict.fromkeys(listed), causes),
        objects=sum(documents.values()),
        files=len(documents),
        others=others(manifests.ignored, listed),
        taken=taken_objects(reconciler.store.engine),
    )


def _all(manifests: Manifests, reconciler: Reconciler, causes: dict[Finding, str]) -> Iterator[Finding]:
    """Yield all findings, and note for each that follows from an object's fault which one that is."""
    engine, outcomes, place_of = reconciler.store.engine, reconciler.outcomes, manifests.folder.place_of
    refused = frozenset(problem.object for problem in manifests.problems if problem.object)
    yield from in_files(manifests.problems, manifests.notes)
    for found in (*in_outcomes(outcomes, place_of), *unattached(engine, outcomes, place_of)):
        told = _suggested(engine, found)
        cause = missing_object(told.message)
        if cause is not None and cause in refused:
            causes[told] = cause
        yield told
    for judged in without_effect(engine, outcomes, refused, place_of):
        if judged.cause:
            causes[judged.finding] = judged.cause
        yield judged.finding
    yield from astray(engine, outcomes, place_of)
    yield from in_slices(engine, place_of)
    configs = tuple(config for _, config in sorted(reconciler.configs.items()))
    yield from in_traffic(Served(engine, configs, place_of))
    yield from in_unread(manifests.ignored, outcomes, configs)


def _suggested(engine: Engine, finding: Finding) -> Finding:
    """Name what was meant where an object does not exist."""
    missing = missing_object(finding.message)
    if missing is None:
        return finding
    kind, _, written = missing.partition(" ")
    namespace, _, name = written.rpartition("/")
    table = _TABLES.get(kind)
    if table is None:
        return finding
    key = ObjectKey(namespace, name)
    meant = alike(key, sorted(each for each, _ in engine.rows(table)))
    return finding if meant is None else replace(finding, message=f'{finding.message}; did you mean "{meant}"?')
