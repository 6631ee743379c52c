"""What a run answers beside its status: chains, names of objects, what becomes of a request, what proxies shall have.

In: the reconciler and what proxies report. Out: answers, made when they are asked for; nothing is kept for them.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final

from gatewayd.api.meta import ObjectKey
from gatewayd.explain.request import Sent
from gatewayd.explain.shape import traces_json
from gatewayd.explain.steps import Knowledge, Report
from gatewayd.explain.trace import Passed, Taken, Translated, traces
from gatewayd.explain.why import names_of, why
from gatewayd.explain.words import trace_lines
from gatewayd.introspection.explanation import Explanation
from gatewayd.introspection.messages import RunChain
from gatewayd.introspection.published import PublishedResource, ResourceChoice, chosen, published
from gatewayd.ir.fleet import FleetKey
from gatewayd.manifests.folder import PlaceOf
from gatewayd.reconciler import Reconciler
from gatewayd.xds.resource import Resource

_AT_ONCE: Final = 100
"""Resources that are made values of in one go."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunAnswers:
    """One run, which `where` names; `place_of` tells where objects stand in its files."""

    reconciler: Reconciler
    report: Report
    place_of: PlaceOf
    where: str

    def why(self, kind: str, key: ObjectKey) -> RunChain:
        """Return the chain of an object; raises UnknownKindError."""
        known = Knowledge(engine=self.reconciler.store.engine, report=self.report, place_of=self.place_of)
        return RunChain(steps=why(known, kind, key), where=self.where)

    def names(self, begun: str) -> tuple[str, ...]:
        """Return what a name of an object may go on as."""
        return names_of(self.reconciler.store.engine, begun)

    def explain(self, sent: Sent, port: int | None) -> Explanation:
        """Return what becomes of a request at each port that it may come to."""
        at_ports = traces(Translated.of(self.reconciler.store.engine, self.reconciler.configs), sent, port)
        return Explanation(
            lines=tuple(line for trace in at_ports for line in trace_lines(trace, self.place_of)),
            shape=traces_json(sent, at_ports),
            is_taken=any(isinstance(trace.end, Taken | Passed) for trace in at_ports),
            where=self.where,
        )

    async def config(self, choice: ResourceChoice) -> AsyncIterator[tuple[PublishedResource, ...]]:
        """Yield the resources that are wanted, as they are when this begins, some at a time."""
        wanted = tuple(chosen(self.reconciler.snapshots, choice))
        for first in range(0, len(wanted), _AT_ONCE):
            some = wanted[first : first + _AT_ONCE]
            # A table of thousands of routes is the work of a second, which others shall not wait for.
            yield await asyncio.to_thread(_told, some, choice)


def _told(
    resources: tuple[tuple[FleetKey, str, Resource], ...], choice: ResourceChoice
) -> tuple[PublishedResource, ...]:
    return tuple(published(fleet, short, resource, choice) for fleet, short, resource in resources)
