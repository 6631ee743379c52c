"""FOREIGN_KINDS: the policies of Envoy Gateway that are taken, and the sections of ours that are made of each.

A further kind is its struct in `api`, a row in `api/kinds.py`, and a row here.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from gatewayd.api.accesspolicy import AccessPolicy
from gatewayd.api.backendpolicy import BackendPolicy
from gatewayd.api.clientpolicy import ClientPolicy
from gatewayd.api.envoy_gateway.clients import ClientTrafficPolicySpec
from gatewayd.api.envoy_gateway.extensions import EnvoyExtensionPolicySpec
from gatewayd.api.envoy_gateway.fields import TheirPolicySpec
from gatewayd.api.envoy_gateway.objects import (
    BackendTrafficPolicy,
    ClientTrafficPolicy,
    EnvoyExtensionPolicy,
    ForeignObject,
    SecurityPolicy,
)
from gatewayd.api.envoy_gateway.security import SecurityPolicySpec
from gatewayd.api.envoy_gateway.traffic import BackendTrafficPolicySpec
from gatewayd.api.kinds import BY_STRUCT
from gatewayd.api.reportpolicy import ReportPolicy
from gatewayd.api.routepolicy import RoutePolicy
from gatewayd.translator.envoy_gateway.backends import backends
from gatewayd.translator.envoy_gateway.clients import clients, what_protects
from gatewayd.translator.envoy_gateway.extensions import extensions, what_extensions_close
from gatewayd.translator.envoy_gateway.reports import reports
from gatewayd.translator.envoy_gateway.security import security
from gatewayd.translator.envoy_gateway.taken import TakenPolicy
from gatewayd.translator.envoy_gateway.traffic import traffic

Translate = Callable[[Mapping[str, Any], str], TakenPolicy]
"""Makes sections of a spec, for a policy of a namespace."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignKind:
    """A kind of theirs: what is known of its `spec`, what it may be for, and what makes sections of each kind of ours.

    `protecting`: kinds of ours of which what cannot be had closes what the policy is for, with 500s; of others it
    is left out.
    """

    table: type[ForeignObject]
    spec: type[TheirPolicySpec]
    targets: tuple[str, ...]
    translate: Mapping[type, Translate]
    protecting: frozenset[type]

    @property
    def name(self) -> str:
        """The kind as manifests call it."""
        return BY_STRUCT[self.table].kind


_OF_REQUESTS: Final = ("Gateway", "ListenerSet", "HTTPRoute", "GRPCRoute", "TCPRoute")

FOREIGN_KINDS: Final[Mapping[type, ForeignKind]] = MappingProxyType(
    {
        kind.table: kind
        for kind in (
            ForeignKind(
                table=SecurityPolicy,
                spec=SecurityPolicySpec,
                targets=_OF_REQUESTS,
                translate=MappingProxyType({AccessPolicy: security}),
                protecting=frozenset({AccessPolicy}),
            ),
            ForeignKind(
                table=BackendTrafficPolicy,
                spec=BackendTrafficPolicySpec,
                targets=("Gateway", "ListenerSet", "HTTPRoute", "GRPCRoute"),
                translate=MappingProxyType({RoutePolicy: traffic, BackendPolicy: backends, ReportPolicy: reports}),
                protecting=frozenset(),
            ),
            ForeignKind(
                table=ClientTrafficPolicy,
                spec=ClientTrafficPolicySpec,
                targets=("Gateway", "ListenerSet"),
                translate=MappingProxyType({ClientPolicy: clients, AccessPolicy: what_protects}),
                protecting=frozenset({AccessPolicy}),
            ),
            ForeignKind(
                table=EnvoyExtensionPolicy,
                spec=EnvoyExtensionPolicySpec,
                targets=("Gateway", "ListenerSet", "HTTPRoute", "GRPCRoute"),
                translate=MappingProxyType({RoutePolicy: extensions, AccessPolicy: what_extensions_close}),
                protecting=frozenset({AccessPolicy}),
            ),
        )
    }
)
"""By the struct of the kind."""

FOREIGN_OF: Final[Mapping[type, tuple[ForeignKind, ...]]] = MappingProxyType(
    {
        own: tuple(kind for kind in FOREIGN_KINDS.values() if own in kind.translate)
        for own in dict.fromkeys(own for kind in FOREIGN_KINDS.values() for own in kind.translate)
    }
)
"""The kinds of theirs that sections of a kind of ours are made of."""
