"""Rules of each kind of route. ROUTE_KINDS is the table: a new kind is a module here and a row."""

from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any

from gatewayd.api.grpcroute import GRPCRoute
from gatewayd.api.httproute import HTTPRoute
from gatewayd.api.ingress import Ingress
from gatewayd.api.tcproute import TCPRoute
from gatewayd.api.tlsroute import TLSRoute
from gatewayd.api.udproute import UDPRoute
from gatewayd.incremental.view import Member, Table, View, rescued_query
from gatewayd.ir.backend import Protocol
from gatewayd.translator import verdicts
from gatewayd.translator.rescues import blame
from gatewayd.translator.rules import grpc, http, ingress_annotations, l4
from gatewayd.translator.rules.rule_set import NO_RULES, RuleSet

ROUTE_KINDS: Mapping[Table, Callable[[View, Any], RuleSet]] = MappingProxyType(
    {
        HTTPRoute: http.rules,
        GRPCRoute: grpc.rules,
        TLSRoute: l4.rules(TLSRoute, Protocol.TCP),
        TCPRoute: l4.rules(TCPRoute, Protocol.TCP),
        UDPRoute: l4.rules(UDPRoute, Protocol.UDP),
        Ingress: ingress_annotations.rules,
    }
)


SERVICE_ROUTE_KINDS: Mapping[Table, Callable[[View, Any], RuleSet]] = MappingProxyType(
    {HTTPRoute: partial(http.rules, of_service=True), GRPCRoute: partial(grpc.rules, of_service=True)}
)
"""Those that may have a Service as their parent, and their rules then."""


def _stumbled(_view: View, _member: Member, error: Exception, before: RuleSet | None) -> RuleSet:
    """Keep what the route last said, and say on it that gatewayd could not read it now."""
    message = blame("spec", error)
    if before is None or before.refusal is not None:
        return NO_RULES._replace(refusal=verdicts.invalid(message))
    return before._replace(partial=verdicts.rules_fell_back(message))


@rescued_query(_stumbled)
def rules(view: View, member: Member) -> RuleSet:
    """Return what the rules of a route say, whatever it is attached to."""
    row = view.get(member.table, member.key)
    return NO_RULES if row is None else ROUTE_KINDS[member.table](view, row)


@rescued_query(_stumbled)
def service_rules(view: View, member: Member) -> RuleSet:
    """Return what the rules of a route say where its parent is a Service."""
    row = view.get(member.table, member.key)
    return NO_RULES if row is None else SERVICE_ROUTE_KINDS[member.table](view, row)
