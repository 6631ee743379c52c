"""RULES: which rule applies to which struct, wherever in an object the struct stands.

A rule takes the struct and gives problems with paths below it; `broken_rules` walks an object and completes the paths.
The CEL text that each rule stands for is listed in tests/unit/api/cel_table.py, which is checked against the CRDs.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any, Final

from msgspec import Struct, inspect

from gatewayd.api.backendtlspolicy import BackendTLSPolicySpec, BackendTLSValidation, SubjectAltName
from gatewayd.api.core import ConfigMap, Secret, Service, ServiceSpec
from gatewayd.api.discovery import EndpointSlice
from gatewayd.api.examine import child
from gatewayd.api.filters import Fraction, HTTPExternalAuthFilter, RequestMirror
from gatewayd.api.gateway import FrontendValidation, GatewayAddress, GatewayInfrastructure, GatewaySpec
from gatewayd.api.grpcroute import GRPCBackendRef, GRPCMethodMatch, GRPCRouteFilter, GRPCRouteRule, GRPCRouteSpec
from gatewayd.api.httproute import (
    HTTPCORS,
    HTTPBackendRef,
    HTTPPathMatch,
    HTTPPathModifier,
    HTTPRouteFilter,
    HTTPRouteRule,
    HTTPRouteSpec,
    HTTPRouteTimeouts,
)
from gatewayd.api.ingress import (
    HTTPIngressPath,
    IngressBackend,
    IngressResource,
    IngressRule,
    IngressServiceBackend,
    IngressSpec,
    ServiceBackendPort,
)
from gatewayd.api.ingressclass import IngressClassParameters, IngressClassSpec
from gatewayd.api.listeners import Listener, ListenerRequestFilter, ListenerTLS
from gatewayd.api.listenerset import ListenerSetSpec
from gatewayd.api.meta import KubernetesObject, Problem, Problems
from gatewayd.api.refs import BackendObjectRef
from gatewayd.api.rules import core, filters, gateway, ingress, listeners, policies, refs, routes, telemetry
from gatewayd.api.rules.inherited import VALIDATIONS
from gatewayd.api.rules.lists import elements_unique
from gatewayd.api.sessionpersistence import SessionPersistence
from gatewayd.api.tcproute import TCPRouteSpec
from gatewayd.api.tlsroute import TLSRouteSpec
from gatewayd.api.udproute import UDPRouteSpec
from gatewayd.api.xbackend import EndpointSelector, ExternalHostname, XBackendPort, XBackendSpec, XBackendTLS
from gatewayd.api.xbackendtrafficpolicy import BudgetDetails, RequestRate
from gatewayd.api.xtelemetrypolicy import ParentBasedSampling, TelemetryAttribute, TracingConfig, XTelemetryPolicySpec

Rule = Callable[[Any], Problems]

_PARENTS: Final = (refs.parents_told_apart, refs.parents_unique, refs.rule_names_unique)
_FILTER: Final = (filters.member_of_type_given, filters.other_members_absent)

RULES: Final[Mapping[type[Struct], tuple[Rule, ...]]] = {
    BackendObjectRef: (refs.service_port_given, refs.xbackend_port_absent),
    HTTPRouteSpec: (*_PARENTS, routes.matches_in_total),
    GRPCRouteSpec: (*_PARENTS, routes.matches_in_total),
    TLSRouteSpec: _PARENTS,
    TCPRouteSpec: _PARENTS,
    UDPRouteSpec: _PARENTS,
    HTTPRouteRule: (
        filters.filters_not_repeated,
        filters.redirect_or_rewrite,
        routes.redirect_without_backends,
        routes.prefix_to_replace,
    ),
    HTTPBackendRef: (filters.filters_not_repeated, filters.redirect_or_rewrite),
    GRPCRouteRule: (filters.filters_not_repeated,),
    GRPCBackendRef: (filters.filters_not_repeated,),
    HTTPRouteFilter: _FILTER,
    GRPCRouteFilter: _FILTER,
    ListenerRequestFilter: _FILTER,
    RequestMirror: (filters.percent_or_fraction,),
    Fraction: (filters.fraction_at_most_one,),
    HTTPExternalAuthFilter: (filters.protocol_config_given, filters.other_protocol_config_absent),
    HTTPCORS: (filters.cors_wildcard_alone,),
    HTTPPathModifier: (filters.replacement_given, filters.other_replacement_absent),
    HTTPPathMatch: (routes.path_absolute, routes.path_normal, routes.path_characters),
    HTTPRouteTimeouts: (routes.timeouts_ordered,),
    GRPCMethodMatch: (routes.grpc_match_not_empty, routes.grpc_service_formed, routes.grpc_method_formed),
    Listener: (
        listeners.tls_only_where_spoken,
        listeners.https_terminates,
        listeners.tls_mode_given,
        listeners.hostname_only_where_known,
    ),
    ListenerTLS: (listeners.terminating_has_certificate,),
    ListenerSetSpec: (listeners.sockets_unique,),
    GatewaySpec: (
        listeners.sockets_unique,
        listeners.filters_only_for_http,
        gateway.ip_addresses_unique,
        gateway.hostname_addresses_unique,
    ),
    GatewayAddress: (gateway.ip_address_is_one, gateway.hostname_address_is_one, gateway.routability_known),
    GatewayInfrastructure: (
        gateway.label_keys_formed,
        gateway.label_prefixes_short,
        gateway.annotation_keys_formed,
        gateway.annotation_prefixes_short,
    ),
    FrontendValidation: (gateway.trust_bundle_without_namespace,),
    BackendTLSPolicySpec: (refs.targets_told_apart, refs.targets_unique),
    BackendTLSValidation: (policies.one_source_of_trust,),
    SubjectAltName: (policies.san_of_type_given, policies.other_san_absent),
    SessionPersistence: (
        policies.permanent_cookie_ends,
        policies.session_carrier_given,
        policies.other_session_carrier_absent,
    ),
    XBackendSpec: (
        policies.backend_of_type_given,
        policies.protocol_fits_tls,
        policies.sessions_need_endpoints,
    ),
    EndpointSelector: (policies.selector_keys_formed,),
    ExternalHostname: (policies.hostname_outside_cluster,),
    XBackendPort: (policies.port_given, policies.port_name_formed),
    XBackendTLS: (policies.client_certificate_by_mode, policies.validation_by_mode),
    BudgetDetails: (policies.budget_interval_bounded,),
    RequestRate: (policies.rate_interval_bounded,),
    XTelemetryPolicySpec: (telemetry.something_told,),
    TracingConfig: (
        telemetry.provider_where_enabled,
        telemetry.rate_where_enabled,
        telemetry.settings_where_enabled,
    ),
    ParentBasedSampling: (telemetry.rate_where_enabled,),
    TelemetryAttribute: (telemetry.source_of_type_given,),
    Service: (core.service_has_ports,),
    ServiceSpec: (
        core.service_ports_named,
        core.service_ports_unique,
        core.service_ports_lead_somewhere,
        core.selector_formed,
        core.external_name_given,
    ),
    Secret: (core.secret_data_readable,),
    ConfigMap: (core.config_data_readable,),
    EndpointSlice: (core.addresses_of_type, core.slice_ports_named, core.slice_values_formed),
    IngressSpec: (ingress.leads_somewhere, ingress.names_formed),
    IngressResource: (ingress.object_named,),
    IngressRule: (ingress.host_is_a_name,),
    HTTPIngressPath: (ingress.path_is_one,),
    IngressBackend: (ingress.backend_is_one,),
    ServiceBackendPort: (ingress.port_is_one,),
    IngressClassParameters: (ingress.parameters_scoped, ingress.object_named),
    IngressClassSpec: (ingress.controller_named,),
    IngressServiceBackend: (ingress.service_is_named,),
    **{struct: tuple(dict.fromkeys(each.rule for each in found)) for struct, found in VALIDATIONS.items()},
}

_TLS_NAMES: Final = (routes.server_names_given, routes.server_names_formed, routes.one_rule)

VERSION_RULES: Final[Mapping[tuple[type[Struct], str], tuple[Rule, ...]]] = {
    (TLSRouteSpec, "v1"): _TLS_NAMES,
    (TLSRouteSpec, "v1alpha3"): _TLS_NAMES,
    (TCPRouteSpec, "v1"): (routes.one_rule,),
    (UDPRouteSpec, "v1"): (routes.one_rule,),
}
"""What only documents of one version must keep to; the API server hands out all versions as v1."""


def broken_rules(obj: KubernetesObject, version: str) -> Iterator[Problem]:
    """Every problem that the rules find in an object written in a version, with paths from the object's root."""
    return _walk(obj, version, "")


def _walk(value: Struct, version: str, path: str) -> Iterator[Problem]:
    for rule in _rules_of(type(value), version):
        for problem in rule(value):
            yield Problem(path=child(path, problem.path) if problem.path else path, message=problem.message)
    for attribute, wire in _members(type(value)):
        member = getattr(value, attribute)
        if isinstance(member, Struct):
            yield from _walk(member, version, child(path, wire))
        elif member:
            below = child(path, wire)
            for index, element in enumerate(member):
                yield from _walk(element, version, f"{below}[{index}]")


@cache
def _members(struct: type[Struct]) -> tuple[tuple[str, str], ...]:
    """Name what may hold structs, as attribute and wire name; no rule is about the metadata."""
    info = inspect.type_info(struct)
    fields = info.fields if isinstance(info, inspect.StructType) else ()
    return tuple(
        (field.name, field.encode_name)
        for field in fields
        if field.encode_name != "metadata" and _holds_structs(field.type)
    )


def _holds_structs(kind: inspect.Type) -> bool:
    match kind:
        case inspect.StructType():
            return True
        case inspect.Metadata(type=inner) | inspect.VarTupleType(item_type=inner):
            return _holds_structs(inner)
        case inspect.UnionType(types=members):
            return any(_holds_structs(member) for member in members)
        case _:
            return False


@cache
def _rules_of(struct: type[Struct], version: str) -> tuple[Rule, ...]:
    inherited = (rule for ancestor in struct.__mro__ for rule in RULES.get(ancestor, ()))
    return (*inherited, *VERSION_RULES.get((struct, version), ()), elements_unique)
