"""BackendPolicy: how the proxies of a Gateway speak to an upstream.

In: a Gateway and an upstream. Out: settings, the same value for all upstreams that have the same policies, and who
takes over. Nothing here closes a backend: what cannot be had is left out, and said on the policy.
The chain is class, Gateway, namespace of the backend, backend, port:
https://gateway-api.sigs.k8s.io/geps/gep-713/#hierarchical-inheritance
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final, NamedTuple

from gatewayd.api.backendpolicy import BackendPolicy, FailoverSection, FailoverTarget
from gatewayd.api.core import Service
from gatewayd.api.gateway import Gateway
from gatewayd.api.meta import ObjectKey
from gatewayd.incremental.view import View, query, rescued_query
from gatewayd.ir.backend import Protocol, Upstream
from gatewayd.ir.backend_settings import STANDARD, AskGRPC, BackendSettings
from gatewayd.translator.policies.attach import PORTED, UPSTREAM_KINDS
from gatewayd.translator.policies.backend_sections import backend_settings
from gatewayd.translator.policies.backendtls import port_name
from gatewayd.translator.policies.effective import (
    CLASS_KIND,
    INHERITED,
    NAMESPACE_KIND,
    NOTHING,
    Chain,
    ChainKey,
    Effective,
    ScopedTarget,
    any_inherited,
    effective,
)
from gatewayd.translator.policies.kinds import InheritedPolicy, by_strategy
from gatewayd.translator.protocols import GATEWAY_KIND


class ServedPort(NamedTuple):
    """A port of a Service."""

    service: ObjectKey
    port: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Governed:
    """How a backend is spoken to, and whose turn it is when it fails."""

    settings: BackendSettings
    failover: tuple[ServedPort, ...]


UNGOVERNED_BACKEND: Final = Governed(settings=STANDARD, failover=())


def governed_backend(view: View, gateway: ObjectKey, upstream: Upstream) -> Governed:
    """Return what policies say of an upstream of a Gateway. Datagrams have no connection to say something of."""
    if not any_inherited(view, BackendPolicy) or upstream.protocol is Protocol.UDP:
        return UNGOVERNED_BACKEND
    governed = governed_by(view, _chain(view, gateway, upstream))
    return governed if answers(governed.settings, upstream.protocol) else _unasked(governed)


def answers(settings: BackendSettings, protocol: Protocol) -> bool:
    """Return whether endpoints that are spoken to so can be asked how they are: gRPC needs HTTP/2."""
    active = settings.active_health
    return active is None or protocol is Protocol.HTTP2 or not isinstance(active.ask, AskGRPC)


@lru_cache(maxsize=64)
def _unasked(governed: Governed) -> Governed:
    return replace(governed, settings=replace(governed.settings, active_health=None))


def backend_effective(view: View, gateway: ObjectKey, upstream: Upstream) -> Effective:
    """Return which sections are in force for an upstream of a Gateway, and whose they are."""
    if not any_inherited(view, BackendPolicy) or upstream.protocol is Protocol.UDP:
        return NOTHING
    return effective(view, ChainKey(BackendPolicy, _chain(view, gateway, upstream)))


def _chain(view: View, gateway: ObjectKey, upstream: Upstream) -> Chain:
    own = ScopedTarget(UPSTREAM_KINDS[upstream.kind], ObjectKey(upstream.namespace, upstream.name), "")
    chain = above_backends(view, (gateway, upstream.namespace))
    # Most backends have none of their own, and share what is above them.
    if not view.group(INHERITED, own):
        return chain
    name = port_name(view, upstream) if own.kind in PORTED else ""
    return (*chain, own, *((own._replace(section=name),) if name else ()))


@query
def above_backends(view: View, at: tuple[ObjectKey, str]) -> Chain:
    """Return what policies for the backends of a namespace may be for, as a Gateway leads there; the widest first."""
    gateway, namespace = at
    row = view.get(Gateway, gateway)
    return (
        ScopedTarget(CLASS_KIND, ObjectKey("", row.spec.gateway_class_name if row is not None else ""), ""),
        ScopedTarget(GATEWAY_KIND, gateway, ""),
        ScopedTarget(NAMESPACE_KIND, ObjectKey("", namespace), ""),
    )


def _as_before(_view: View, _chain: Chain, _error: Exception, before: Governed | None) -> Governed:
    """Leave a backend as it was: none is closed because gatewayd fails on a policy."""
    return before or UNGOVERNED_BACKEND


@rescued_query(_as_before)
def governed_by(view: View, chain: Chain) -> Governed:
    """Return what the policies for a chain of targets come to."""
    sections = effective(view, ChainKey(BackendPolicy, chain))
    if sections == NOTHING:
        return UNGOVERNED_BACKEND
    return Governed(settings=backend_settings(sections), failover=tuple(_failover(view, sections)))


def _failover(view: View, sections: Effective) -> Iterator[ServedPort]:
    for ruled in sections.of("failover"):
        for target in ruled.value.services if isinstance(ruled.value, FailoverSection) else ():
            if not _missing(view, ruled.policy.namespace, target):
                yield ServedPort(ObjectKey(ruled.policy.namespace, target.name), target.port)


def _missing(view: View, namespace: str, target: FailoverTarget) -> str:
    """Return why nobody can take over there, "" when somebody can."""
    key = ObjectKey(namespace, target.name)
    row = view.get(Service, key)
    if row is None:
        return f'Service "{key}" does not exist'
    if row.spec.type == "ExternalName":
        return f'Service "{key}" is of type ExternalName; one with endpoints is allowed'
    ports = [each.port for each in row.spec.ports if each.protocol == "TCP"]
    known = ", ".join(f"{each}/TCP" for each in ports) or "none"
    return "" if target.port in ports else f'Service "{key}" has no port {target.port} (TCP); ports: {known}'


def backend_problems(view: View, row: InheritedPolicy) -> Iterator[str]:
    """Yield what of a BackendPolicy cannot be had, with its path."""
    if not isinstance(row, BackendPolicy):
        return
    for strategy, given in by_strategy(row):
        failover = given.failover.services if given.failover is not None else ()
        for at, target in enumerate(failover):
            problem = _missing(view, row.metadata.namespace, target)
            if problem:
                yield f"spec.{strategy}.failover.services[{at}]: {problem}"
