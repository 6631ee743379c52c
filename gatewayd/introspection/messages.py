"""Status <-> GetStatusResponse of protos/gatewayd/v1/introspection.proto.

Invariant: a value that went through a message is equal to what it was.
"""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, Final, NamedTuple, TypeVar

from gatewayd.access_log.entry import RuleName
from gatewayd.explain.steps import Mark, Step, Words
from gatewayd.introspection.places import RulePlace
from gatewayd.introspection.rows import Acked, Condition, ConditionMark, GatewayRow, RouteRow, whole_board
from gatewayd.introspection.status import GatewayVersion, ProxyRow, Refused, Status, TypeRow
from gatewayd.manifests.documents import FileProblem
from gatewayd.rpc import introspection_pb2 as pb

SERVICE = "gatewayd.v1.Introspection"
GET_STATUS = "GetStatus"
GET_WHY = "GetWhy"
GET_PLACES = "GetPlaces"
SET_LOG_LEVEL = "SetLogLevel"
OPEN_PAGE = "OpenPage"

T = TypeVar("T")

_PIECE: Final = 100
"""Rows that are encoded in one go."""

_TO_MARK = {
    ConditionMark.UNKNOWN: pb.Condition.UNKNOWN,
    ConditionMark.TRUE: pb.Condition.TRUE,
    ConditionMark.FALSE: pb.Condition.FALSE,
}
_FROM_MARK = {number: mark for mark, number in _TO_MARK.items()}
_TO_STEP = {Mark.INFO: pb.Step.INFO, Mark.GOOD: pb.Step.GOOD, Mark.BAD: pb.Step.BAD}
_FROM_STEP = {number: mark for mark, number in _TO_STEP.items()}
_OF_OLDER = Words("step", "said by an older replica, which does not know what in it users wrote")


class RunChain(NamedTuple):
    """What a run says of an object; `where` names the run: its folder, or the replica."""

    steps: tuple[Step, ...]
    where: str


def request() -> bytes:
    """Return a serialised GetStatusRequest."""
    return bytes(pb.GetStatusRequest().SerializeToString())


def why_request(kind: str, namespace: str, name: str) -> bytes:
    """Return a serialised GetWhyRequest."""
    return bytes(pb.GetWhyRequest(kind=kind, namespace=namespace, name=name).SerializeToString())


def why_asked(data: bytes) -> tuple[str, str, str]:
    """Read a serialised GetWhyRequest: kind, namespace, name."""
    message = pb.GetWhyRequest.FromString(data)
    return message.kind, message.namespace, message.name


def level_request(level: str) -> bytes:
    """Return a serialised SetLogLevelRequest; "" only asks."""
    return bytes(pb.SetLogLevelRequest(level=level).SerializeToString())


def level_asked(data: bytes) -> str:
    """Read a serialised SetLogLevelRequest."""
    return str(pb.SetLogLevelRequest.FromString(data).level)


def level_encoded(level: str) -> bytes:
    """Return a serialised SetLogLevelResponse."""
    return bytes(pb.SetLogLevelResponse(level=level).SerializeToString())


def level_decoded(data: bytes) -> str:
    """Read a serialised SetLogLevelResponse."""
    return str(pb.SetLogLevelResponse.FromString(data).level)


def page_request() -> bytes:
    """Return a serialised OpenPageRequest."""
    return bytes(pb.OpenPageRequest().SerializeToString())


def page_encoded(address: str) -> bytes:
    """Return a serialised OpenPageResponse; "" where there is no page."""
    return bytes(pb.OpenPageResponse(address=address).SerializeToString())


def page_decoded(data: bytes) -> str:
    """Read a serialised OpenPageResponse."""
    return str(pb.OpenPageResponse.FromString(data).address)


def places_request(rules: Iterable[RuleName]) -> bytes:
    """Return a serialised GetPlacesRequest."""
    asked = [pb.Rule(kind=each.kind, namespace=each.namespace, name=each.name, rule=each.rule) for each in rules]
    return bytes(pb.GetPlacesRequest(rules=asked).SerializeToString())


def places_asked(data: bytes) -> tuple[RuleName, ...]:
    """Read a serialised GetPlacesRequest."""
    return tuple(
        RuleName(each.kind, each.namespace, each.name, each.rule if each.HasField("rule") else None)
        for each in pb.GetPlacesRequest.FromString(data).rules
    )


def places_encoded(places: Iterable[RulePlace]) -> bytes:
    """Return a serialised GetPlacesResponse."""
    found = [pb.RulePlace(file=each.file, line=each.line) for each in places]
    return bytes(pb.GetPlacesResponse(places=found).SerializeToString())


def places_decoded(data: bytes) -> tuple[RulePlace, ...]:
    """Read a serialised GetPlacesResponse."""
    return tuple(RulePlace(each.file, each.line) for each in pb.GetPlacesResponse.FromString(data).places)


def why_encoded(chain: RunChain) -> bytes:
    """Return a serialised GetWhyResponse."""
    return bytes(pb.GetWhyResponse(steps=map(_step_encoded, chain.steps), where=chain.where).SerializeToString())


def _step_encoded(step: Step) -> pb.Step:
    subject, says = step.for_others
    return pb.Step(
        depth=step.depth,
        mark=_TO_STEP[step.mark],
        subject=step.subject,
        says=step.says,
        place=step.place,
        withheld=pb.Step.Words(subject=subject, says=says),
    )


def why_decoded(data: bytes) -> RunChain:
    """Read a serialised GetWhyResponse."""
    message = pb.GetWhyResponse.FromString(data)
    return RunChain(steps=tuple(map(_step_decoded, message.steps)), where=message.where)


def _step_decoded(step: pb.Step) -> Step:
    withheld = Words(step.withheld.subject, step.withheld.says) if step.HasField("withheld") else _OF_OLDER
    return Step(
        depth=step.depth,
        mark=_FROM_STEP[step.mark],
        subject=step.subject,
        says=step.says,
        place=step.place,
        withheld=None if withheld == (step.subject, step.says) else withheld,
    )


def encoded(status: Status) -> bytes:
    """Return a serialised GetStatusResponse."""
    return b"".join(pieces(status))


def pieces(status: Status) -> Iterator[bytes]:
    """Yield the same piece by piece, each the work of about a millisecond: messages that follow one another are merged.

    https://protobuf.dev/programming-guides/encoding/#last-one-wins
    """
    versions = {each.gateway: each.version for each in status.snapshots}
    rest = pb.GetStatusResponse(
        problems=[pb.Problem(file=each.file, line=each.line, message=each.text) for each in status.board.problems],
        notices=status.board.notices,
        folder=status.folder,
        version=status.version,
    )
    yield bytes(rest.SerializeToString())
    for gateways in _batched(status.board.gateways):
        message = pb.GetStatusResponse(gateways=[_gateway(row, versions.get(row.name, "")) for row in gateways])
        yield bytes(message.SerializeToString())
    for routes in _batched(status.board.routes):
        yield bytes(pb.GetStatusResponse(routes=map(_route, routes)).SerializeToString())
    for proxies in _batched(status.proxies):
        yield bytes(pb.GetStatusResponse(proxies=map(_proxy, proxies)).SerializeToString())


def decoded(data: bytes) -> Status:
    """Read a serialised GetStatusResponse; raises google.protobuf's DecodeError."""
    message = pb.GetStatusResponse.FromString(data)
    found = [GatewayVersion(gateway=each.name, version=each.version) for each in message.gateways if each.version]
    return Status(
        board=whole_board(
            gateways=tuple(_gateway_row(each) for each in message.gateways),
            routes=tuple(_route_row(each) for each in message.routes),
            problems=tuple(
                FileProblem(file=each.file, line=each.line, message=each.message) for each in message.problems
            ),
            notices=tuple(message.notices),
        ),
        proxies=tuple(_proxy_row(each) for each in message.proxies),
        snapshots=tuple(found),
        folder=message.folder,
        version=message.version,
    )


def _batched(rows: Iterable[T]) -> Iterator[tuple[T, ...]]:
    left = iter(rows)
    while batch := tuple(islice(left, _PIECE)):
        yield batch


def _gateway(row: GatewayRow, version: str) -> Any:
    return pb.Gateway(
        name=row.name,
        listeners=row.listeners,
        address=row.address,
        accepted=_condition(row.accepted),
        programmed=_condition(row.programmed),
        acked_at=row.acked_at,
        version=version,
    )


def _gateway_row(message: Any) -> GatewayRow:
    return GatewayRow(
        name=message.name,
        listeners=tuple(message.listeners),
        address=message.address,
        accepted=_condition_of(message.accepted),
        programmed=_condition_of(message.programmed),
        acked_at=message.acked_at,
    )


def _route(row: RouteRow) -> Any:
    acked = row.acked
    return pb.Route(
        kind=row.kind,
        name=row.name,
        hostnames=row.hostnames,
        parents=row.parents,
        accepted=_condition(row.accepted),
        resolved_refs=_condition(row.resolved_refs),
        programmed=_condition(row.programmed),
        acked=pb.Acked(proxies=acked.proxies, of=acked.of, milliseconds=acked.milliseconds) if acked else None,
    )


def _route_row(message: Any) -> RouteRow:
    acked = message.acked if message.HasField("acked") else None
    return RouteRow(
        kind=message.kind,
        name=message.name,
        hostnames=tuple(message.hostnames),
        parents=tuple(message.parents),
        accepted=_condition_of(message.accepted),
        resolved_refs=_condition_of(message.resolved_refs),
        programmed=_condition_of(message.programmed),
        acked=Acked(proxies=acked.proxies, of=acked.of, milliseconds=acked.milliseconds) if acked else None,
    )


def _condition(condition: Condition) -> Any:
    return pb.Condition(mark=_TO_MARK[condition.mark], reason=condition.reason)


def _condition_of(message: Any) -> Condition:
    # A mark that a later version adds is not known here.
    return Condition(mark=_FROM_MARK.get(message.mark, ConditionMark.UNKNOWN), reason=message.reason)


def _proxy(row: ProxyRow) -> Any:
    return pb.Proxy(
        gateway=row.gateway,
        node=row.node,
        envoy_version=row.envoy_version,
        connected_since=row.connected_since,
        protocol=row.protocol,
        synced=row.synced,
        types=[
            pb.TypeState(
                type=each.type,
                resources=each.resources,
                pending=each.pending,
                rejections=[pb.Rejection(names=found.names, message=found.message) for found in each.rejections],
            )
            for each in row.types
        ],
    )


def _proxy_row(message: Any) -> ProxyRow:
    return ProxyRow(
        gateway=message.gateway,
        node=message.node,
        envoy_version=message.envoy_version,
        connected_since=message.connected_since,
        protocol=message.protocol,
        synced=message.synced,
        types=tuple(
            TypeRow(
                type=each.type,
                resources=each.resources,
                pending=tuple(each.pending),
                rejections=tuple(Refused(names=tuple(found.names), message=found.message) for found in each.rejections),
            )
            for each in message.types
        ),
    )
