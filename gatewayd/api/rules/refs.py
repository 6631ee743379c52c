"""Rules about references to parents, backends and policy targets.

https://gateway-api.sigs.k8s.io/reference/spec/#parentreference
"""

from collections import Counter
from typing import Final

from gatewayd.api.backendtlspolicy import BackendTLSPolicySpec
from gatewayd.api.grpcroute import GRPCRouteRule, GRPCRouteSpec
from gatewayd.api.httproute import HTTPRouteRule, HTTPRouteSpec
from gatewayd.api.meta import GroupKind, Problem, Problems
from gatewayd.api.refs import EXPERIMENTAL_GROUP, BackendObjectRef, ParentRef, PolicyTargetRefWithSection
from gatewayd.api.tcproute import TCPRouteRule, TCPRouteSpec
from gatewayd.api.tlsroute import TLSRouteRule, TLSRouteSpec
from gatewayd.api.udproute import UDPRouteRule, UDPRouteSpec

_Rule = HTTPRouteRule | GRPCRouteRule | TLSRouteRule | TCPRouteRule | UDPRouteRule
RouteSpec = HTTPRouteSpec | GRPCRouteSpec | TLSRouteSpec | TCPRouteSpec | UDPRouteSpec

_SERVICE: Final = GroupKind("", "Service")
_XBACKEND: Final = GroupKind(EXPERIMENTAL_GROUP, "XBackend")


def service_port_given(ref: BackendObjectRef) -> Problems:
    """Check that a reference to a Service names a port (backendRefs, requestMirror, externalAuth)."""
    if ref.group_kind == _SERVICE and ref.port is None:
        yield Problem(path="port", message="is required for a Service")


def xbackend_port_absent(ref: BackendObjectRef) -> Problems:
    """Check that a reference to an XBackend does not name a port: the XBackend has one itself (the same places)."""
    if ref.group_kind == _XBACKEND and ref.port is not None:
        yield Problem(path="port", message="must not be set for an XBackend, which has its own")


def _parent(ref: ParentRef) -> tuple[str, ...]:
    return (ref.group, ref.kind, ref.namespace or "", ref.name)


def parents_told_apart(spec: RouteSpec) -> Problems:
    """Check that references to one parent all have a sectionName or none, and all a port or none (spec.parentRefs)."""
    first: dict[tuple[str, ...], tuple[int, ParentRef]] = {}
    for index, ref in enumerate(spec.parent_refs):
        before, other = first.setdefault(_parent(ref), (index, ref))
        if (ref.section_name is None, ref.port is None) != (other.section_name is None, other.port is None):
            yield Problem(
                path=f"parentRefs[{index}]",
                message=f"is the same parent as parentRefs[{before}]; both must name a sectionName or port, or neither",
            )


def parents_unique(spec: RouteSpec) -> Problems:
    """Check that no two references may be to the same section and port of one parent (spec.parentRefs)."""
    seen: dict[tuple[object, ...], int] = {}
    for index, ref in enumerate(spec.parent_refs):
        before = seen.setdefault((*_parent(ref), ref.section_name, ref.port), index)
        if before != index:
            yield Problem(
                path=f"parentRefs[{index}]",
                message=f"repeats parentRefs[{before}]; references to one parent must differ in sectionName or port",
            )


def rule_names_unique(spec: RouteSpec) -> Problems:
    """Check that rules with a name must have different ones (spec.rules)."""
    names = tuple(rule.name for rule in _rules(spec))
    counts = Counter(names)
    for index, name in enumerate(names):
        if name is not None and counts[name] > 1:
            yield Problem(path=f"rules[{index}].name", message=f"{name} is used twice; rule names must be unique")


def _rules(spec: RouteSpec) -> tuple[_Rule, ...]:
    return spec.rules


def _target(ref: PolicyTargetRefWithSection) -> tuple[str, ...]:
    return (ref.group, ref.kind, ref.name)


def targets_told_apart(spec: BackendTLSPolicySpec) -> Problems:
    """Check that references to one target all have a sectionName or none (spec.targetRefs)."""
    first: dict[tuple[str, ...], tuple[int, bool]] = {}
    for index, ref in enumerate(spec.target_refs):
        before, whole = first.setdefault(_target(ref), (index, ref.section_name is None))
        if whole != (ref.section_name is None):
            yield Problem(
                path=f"targetRefs[{index}]",
                message=f"is the same target as targetRefs[{before}]; both must name a sectionName, or neither",
            )


def targets_unique(spec: BackendTLSPolicySpec) -> Problems:
    """Check that no two references may be to the same section of one target (spec.targetRefs)."""
    seen: dict[tuple[object, ...], int] = {}
    for index, ref in enumerate(spec.target_refs):
        before = seen.setdefault((*_target(ref), ref.section_name), index)
        if before != index:
            yield Problem(
                path=f"targetRefs[{index}]",
                message=f"repeats targetRefs[{before}]; references to one target must differ in sectionName",
            )
