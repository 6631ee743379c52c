"""What `gatewayd why` says of the member clusters behind a ServiceImport: each by its name."""

from collections.abc import Iterator, Mapping
from typing import Final

from gatewayd.api.meta import ObjectKey
from gatewayd.api.serviceimport import ServiceImport
from gatewayd.explain.steps import Mark, Step
from gatewayd.incremental.view import View
from gatewayd.ir.backend import Upstream
from gatewayd.ir.members import Standing
from gatewayd.translator.backends.endpoints import prefers_zone
from gatewayd.translator.backends.members import ClusterShare, ImportPortKey, cluster_shares

_WORDS: Final[Mapping[Standing, tuple[Mark, str]]] = {
    Standing.CURRENT: (Mark.GOOD, ""),
    Standing.KEPT: (Mark.INFO, "; as it said them last, it has not been listed or cannot be reached"),
    Standing.STALE: (Mark.BAD, "; as it said them last, it has not been heard of for long"),
    Standing.LEAVING: (Mark.INFO, "; it is removed, and has no new requests"),
}


def member_steps(view: View, upstream: Upstream) -> Iterator[Step]:
    """Yield what each member offers for a port of an import, and what of it is left out."""
    key = ObjectKey(upstream.namespace, upstream.name)
    row = view.get(ServiceImport, key)
    if row is None:
        return
    at = ImportPortKey(key, upstream.port, upstream.protocol.transport, prefers_zone(row.spec))
    for share in cluster_shares(view, at):
        yield _share(share)
        for problem in share.left_out:
            yield Step(depth=4, mark=Mark.BAD, subject="left out", says=problem)


def _share(share: ClusterShare) -> Step:
    mark, words = _WORDS[share.standing]
    count = f"{share.ready} endpoint{'' if share.ready == 1 else 's'} ready"
    turn = ", when those that are nearer are not healthy" if share.group else ""
    return Step(
        depth=3,
        mark=mark if share.ready or mark is not Mark.GOOD else Mark.BAD,
        subject=f"cluster {share.cluster}",
        says=f"{count}{turn}{words}",
    )
