"""Policies and filters of Envoy Gateway in; the same as objects of our group, and what becomes of each field, out.

What they come to is what `--envoy-gateway-kinds` serves, from the same tables. What is for something that has lost a
protection is closed by an AccessPolicy that denies all addresses, unless it is asked for otherwise.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final, NamedTuple

import msgspec

from gatewayd.api.accesspolicy import AccessPolicy
from gatewayd.api.backendpolicy import BackendPolicy
from gatewayd.api.clientpolicy import ClientPolicy
from gatewayd.api.envoy_gateway.objects import ENVOY_GATEWAY_GROUP, EnvoyRouteFilter, ForeignObject
from gatewayd.api.kinds import BY_STRUCT
from gatewayd.api.reportpolicy import ReportPolicy
from gatewayd.api.routepolicy import RoutePolicy
from gatewayd.convert.draft import JSON, Draft, Drafted, DraftObject
from gatewayd.convert.envoy_gateway.selected import with_selected
from gatewayd.convert.fates import Fate, Fidelity, Item
from gatewayd.convert.source import NoSource, SourceObject, read
from gatewayd.own_group import API_VERSION, DOMAIN
from gatewayd.translator.envoy_gateway.kinds import FOREIGN_KINDS, ForeignKind
from gatewayd.translator.envoy_gateway.route_filters import route_filter
from gatewayd.translator.envoy_gateway.taken import TakenPolicy, Telling
from gatewayd.translator.envoy_gateway.targets import written_targets

GROUP: Final = ENVOY_GATEWAY_GROUP
_BY_NAME: Final[Mapping[str, ForeignKind]] = MappingProxyType({kind.name: kind for kind in FOREIGN_KINDS.values()})
_FILTER: Final = BY_STRUCT[EnvoyRouteFilter].kind
_TARGETS: Final[Mapping[type, tuple[str, ...]]] = MappingProxyType({
    AccessPolicy: ("Gateway", "ListenerSet", "HTTPRoute", "GRPCRoute", "TCPRoute"),
    RoutePolicy: ("Gateway", "ListenerSet", "HTTPRoute", "GRPCRoute"),
    BackendPolicy: ("Gateway",),
    ClientPolicy: ("Gateway", "ListenerSet"),
    ReportPolicy: ("Gateway",),
})  # fmt: skip
"""What each kind of ours can be for, of what theirs can be for."""
_SUFFIXES: Final[Mapping[tuple[str, type], str]] = MappingProxyType({
    ("ClientTrafficPolicy", AccessPolicy): "-clients",
    ("EnvoyExtensionPolicy", AccessPolicy): "-extensions",
    ("EnvoyExtensionPolicy", RoutePolicy): "-extensions",
})  # fmt: skip
"""What tells policies of ours apart that theirs of one name would share."""
_NOBODY: Final = {"clients": {"deny": [{"cidr": "0.0.0.0/0"}, {"cidr": "::/0"}]}}
_UNREAD: Final = {
    "Backend": "an XBackend takes its place, in the rules that lead to it as well",
    "EnvoyProxy": "the GatewayClass's parameters, ReportPolicies and ClientPolicies say what it has said",
}
_MERGED: Final = "policies of ours are put together section by section, whatever is said"

_INHERITED: Final = "sections that it does not have are those of a policy above; theirs counts as a whole"


class _TheirPolicy(NamedTuple):
    source: SourceObject
    kind: ForeignKind
    row: ForeignObject


def envoy_gateway_draft(sources: Sequence[SourceObject], *, open_all: bool) -> Drafted:
    """Convert all policies and filters of Envoy Gateway among the sources."""
    written: list[DraftObject] = []
    items: list[Item] = []
    for source in (each for each in sources if each.group == GROUP):
        fates: list[Fate] = []
        written.extend(_objects(with_selected(source, sources, fates), fates, open_all=open_all))
        items.extend(Item.of(source, fate) for fate in fates)
    return Drafted(Draft(objects=tuple(written)), tuple(items))


def _objects(source: SourceObject, fates: list[Fate], *, open_all: bool) -> Iterator[DraftObject]:
    kind = _BY_NAME.get(source.kind)
    struct = EnvoyRouteFilter if source.kind == _FILTER else kind.table if kind is not None else None
    row = read(source, struct) if struct is not None else None
    if row is None:
        message = _UNREAD.get(source.kind, "nothing takes its place")
        protects = source.kind not in _UNREAD
        fates.append(Fate(path="spec", fidelity=Fidelity.LOST, message=message, protects=protects))
    elif isinstance(row, NoSource):
        fates.extend(
            Fate(path=each.path, fidelity=Fidelity.LOST, message=each.message, protects=True) for each in row.problems
        )
    elif kind is None:
        yield from _filter(source, row, fates)
    else:
        yield from _policies(_TheirPolicy(source, kind, row), fates, open_all=open_all)


def _filter(source: SourceObject, row: ForeignObject, fates: list[Fate]) -> Iterator[DraftObject]:
    """Yield a RouteFilter; of one that cannot be had none, so that rules that name it answer 500."""
    telling = Telling(namespace=source.key.namespace)
    spec = _plain(route_filter(row.spec, telling))
    _tell(telling.result(()), fates, protects=False)
    if telling.refused:
        return
    todo = f"name it in the rules: `extensionRef: {{group: {DOMAIN}, kind: RouteFilter, name: {source.key.name}}}`"
    fates.append(Fate(path="metadata.name", fidelity=Fidelity.MANUAL, message=todo))
    yield _draft(source, "RouteFilter", source.key.name, spec)


def _policies(of: _TheirPolicy, fates: list[Fate], *, open_all: bool) -> Iterator[DraftObject]:
    """Yield the policies that one of theirs comes to."""
    refs = [each.ref for each in written_targets(of.row, of.kind.targets)]
    if "mergeType" in of.row.spec:
        fates.append(Fate(path="spec.mergeType", fidelity=Fidelity.APPROXIMATE, message=_MERGED))
    if any(each.kind not in ("Gateway", "ListenerSet") for each in refs):
        fates.append(Fate(path="spec", fidelity=Fidelity.APPROXIMATE, message=_INHERITED))
    if not refs and any(fate.path == "spec.targetSelectors" for fate in fates):
        return
    if not refs:
        message = "it names nothing that it is for; what it has protected is open until an AccessPolicy names it"
        fates.append(Fate(path="spec.targetRefs", fidelity=Fidelity.LOST, message=message, protects=True))
        return
    for own, translate in of.kind.translate.items():
        taken = translate(of.row.spec, of.source.key.namespace)
        protects = own in of.kind.protecting
        _tell(taken, fates, protects=protects)
        is_closed = protects and bool(taken.refused) and not open_all
        sections = _NOBODY if is_closed else {_wire(each.name): _plain(each.value) for each in taken.sections}
        targets = [each for each in refs if each.kind in _TARGETS[own]]
        name = BY_STRUCT[own].kind
        if sections and len(targets) < len(refs):
            message = f"a {name} is for {' or '.join(_TARGETS[own])}; what it says of the others is left out"
            fates.append(Fate(path="spec.targetRefs", fidelity=Fidelity.LOST, message=message))
        if not (sections and targets):
            continue
        fates.extend(
            Fate(path=each.path, fidelity=Fidelity.EXACT, message=f"{name} {_wire(each.name)}")
            for each in (() if is_closed else taken.sections)
        )
        yield _draft(
            of.source,
            name,
            f"{of.source.key.name}{_SUFFIXES.get((of.source.kind, own), '')}",
            {"targetRefs": [_plain(each) for each in targets], "default": sections},
        )


def _tell(taken: TakenPolicy, fates: list[Fate], *, protects: bool) -> None:
    for problem in taken.refused:
        closed = "; what it is for answers 403, unless --allow-unprotected" if protects else ""
        message = f"{problem.message}{closed}"
        fates.append(Fate(path=problem.path, fidelity=Fidelity.LOST, message=message, protects=protects))
    fates.extend(Fate(path=each.path, fidelity=Fidelity.APPROXIMATE, message=each.message) for each in taken.differs)


def _plain(value: object) -> JSON:
    """Return a struct as it is written, without what it has by default."""
    plain: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(value))
    return plain


def _wire(attribute: str) -> str:
    return re.sub("_([a-z])", lambda letter: letter[1].upper(), attribute)


def _draft(source: SourceObject, kind: str, name: str, spec: JSON) -> DraftObject:
    return DraftObject(
        api_version=API_VERSION,
        kind=kind,
        namespace=source.key.namespace,
        name=name,
        spec=spec,
        origins=(source.name,),
    )
