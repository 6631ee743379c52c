"""KINDS: every kind that gatewayd reads, in one table.

Informers, RBAC manifests, decoding, goldens and the status writer iterate it; a new kind is a struct and a row here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from gatewayd.api.accesspolicy import AccessPolicy
from gatewayd.api.backendpolicy import BackendPolicy
from gatewayd.api.backendtlspolicy import BackendTLSPolicy
from gatewayd.api.clientpolicy import ClientPolicy
from gatewayd.api.clustertrustbundle import ClusterTrustBundle
from gatewayd.api.core import ConfigMap, Namespace, Secret, Service
from gatewayd.api.discovery import EndpointSlice
from gatewayd.api.envoy_gateway.objects import (
    ENVOY_GATEWAY_GROUP,
    ENVOY_GATEWAY_VERSION,
    BackendTrafficPolicy,
    ClientTrafficPolicy,
    EnvoyBackend,
    EnvoyExtensionPolicy,
    EnvoyProxy,
    EnvoyRouteFilter,
    ForeignObject,
    SecurityPolicy,
)
from gatewayd.api.gateway import Gateway
from gatewayd.api.gatewayclass import GatewayClass
from gatewayd.api.grpcroute import GRPCRoute
from gatewayd.api.httproute import HTTPRoute
from gatewayd.api.ingress import Ingress
from gatewayd.api.ingressclass import IngressClass
from gatewayd.api.listenerset import ListenerSet
from gatewayd.api.meta import GroupKind, KubernetesObject
from gatewayd.api.referencegrant import ReferenceGrant
from gatewayd.api.refs import EXPERIMENTAL_GROUP, GATEWAY_GROUP, INGRESS_GROUP
from gatewayd.api.reportpolicy import ReportPolicy
from gatewayd.api.routefilter import RouteFilter
from gatewayd.api.routepolicy import RoutePolicy
from gatewayd.api.serviceimport import MULTICLUSTER_GROUP, ServiceExport, ServiceImport
from gatewayd.api.tcproute import TCPRoute
from gatewayd.api.tlsroute import TLSRoute
from gatewayd.api.udproute import UDPRoute
from gatewayd.api.xbackend import XBackend
from gatewayd.api.xbackendtrafficpolicy import XBackendTrafficPolicy
from gatewayd.api.xmesh import XMesh
from gatewayd.api.xtelemetrypolicy import XTelemetryPolicy
from gatewayd.own_group import DOMAIN, VERSION


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind: how to ask the API server for it (`version` first), how to read it, and whether we write its status.

    `accepted_versions` are all the versions that the CRDs serve, which files may use. `protects`: where objects of the
    kind go missing, doors open; so they are not taken for gone because the kind itself is.
    `on_request`: it is read where that is asked for, and nowhere else.
    """

    group: str
    version: str
    plural: str
    kind: str
    namespaced: bool
    struct: type[KubernetesObject]
    accepted_versions: tuple[str, ...]
    statused: bool
    protects: bool = False
    on_request: bool = False

    @property
    def group_kind(self) -> GroupKind:
        """The kind without its version."""
        return GroupKind(self.group, self.kind)

    @property
    def api_version(self) -> str:
        """What stands in `apiVersion` when we ask for it: "v1" or "group/v1"."""
        return f"{self.group}/{self.version}" if self.group else self.version


def _core(plural: str, struct: type[KubernetesObject]) -> Kind:
    return Kind(
        group="",
        version="v1",
        plural=plural,
        kind=struct.__name__,
        namespaced=struct is not Namespace,
        struct=struct,
        accepted_versions=("v1",),
        statused=False,
    )


def _gateway(group: str, plural: str, struct: type[KubernetesObject], *versions: str) -> Kind:
    return Kind(
        group=group,
        version=versions[0],
        plural=plural,
        kind=struct.__name__,
        namespaced=struct not in (GatewayClass, XMesh),
        struct=struct,
        accepted_versions=versions,
        statused=struct is not ReferenceGrant,
    )


def _ingress(plural: str, struct: type[KubernetesObject], *, namespaced: bool) -> Kind:
    """Return a kind that every API server has; of a class there is no status."""
    return Kind(
        group=INGRESS_GROUP,
        version="v1",
        plural=plural,
        kind=struct.__name__,
        namespaced=namespaced,
        struct=struct,
        accepted_versions=("v1",),
        statused=namespaced,
    )


def _own(plural: str, struct: type[KubernetesObject], *, protects: bool) -> Kind:
    return Kind(
        group=DOMAIN,
        version=VERSION,
        plural=plural,
        kind=struct.__name__,
        namespaced=True,
        struct=struct,
        accepted_versions=(VERSION,),
        statused=struct is not RouteFilter,
        protects=protects,
    )


def _envoy_gateway(plural: str, struct: type[ForeignObject], *, protects: bool = False, kind: str = "") -> Kind:
    """Return a kind of theirs; a status is written of policies, and of what Gateways have as their parameters."""
    return Kind(
        group=ENVOY_GATEWAY_GROUP,
        version=ENVOY_GATEWAY_VERSION,
        plural=plural,
        kind=kind or struct.__name__,
        namespaced=True,
        struct=struct,
        accepted_versions=(ENVOY_GATEWAY_VERSION,),
        statused=not kind or struct is EnvoyProxy,
        protects=protects,
        on_request=True,
    )


KINDS: Final[tuple[Kind, ...]] = (
    _core("services", Service),
    _core("secrets", Secret),
    _core("configmaps", ConfigMap),
    _core("namespaces", Namespace),
    Kind(
        group="discovery.k8s.io",
        version="v1",
        plural="endpointslices",
        kind="EndpointSlice",
        namespaced=True,
        struct=EndpointSlice,
        accepted_versions=("v1",),
        statused=False,
    ),
    Kind(
        group=MULTICLUSTER_GROUP,
        # The older one, which all releases serve, and which has the same fields.
        version="v1alpha1",
        plural="serviceimports",
        kind="ServiceImport",
        namespaced=True,
        struct=ServiceImport,
        accepted_versions=("v1alpha1", "v1beta1"),
        statused=False,
    ),
    Kind(
        group="certificates.k8s.io",
        version="v1beta1",
        plural="clustertrustbundles",
        kind="ClusterTrustBundle",
        namespaced=False,
        struct=ClusterTrustBundle,
        accepted_versions=("v1beta1", "v1alpha1"),
        statused=False,
    ),
    _gateway(GATEWAY_GROUP, "gatewayclasses", GatewayClass, "v1", "v1beta1"),
    _gateway(GATEWAY_GROUP, "gateways", Gateway, "v1", "v1beta1"),
    _gateway(GATEWAY_GROUP, "listenersets", ListenerSet, "v1"),
    _gateway(GATEWAY_GROUP, "httproutes", HTTPRoute, "v1", "v1beta1"),
    _gateway(GATEWAY_GROUP, "grpcroutes", GRPCRoute, "v1"),
    _gateway(GATEWAY_GROUP, "tlsroutes", TLSRoute, "v1", "v1alpha3", "v1alpha2"),
    _gateway(GATEWAY_GROUP, "tcproutes", TCPRoute, "v1", "v1alpha2"),
    _gateway(GATEWAY_GROUP, "udproutes", UDPRoute, "v1", "v1alpha2"),
    _gateway(GATEWAY_GROUP, "referencegrants", ReferenceGrant, "v1", "v1beta1"),
    _gateway(GATEWAY_GROUP, "backendtlspolicies", BackendTLSPolicy, "v1", "v1alpha3"),
    _gateway(EXPERIMENTAL_GROUP, "xbackends", XBackend, "v1alpha1"),
    _gateway(EXPERIMENTAL_GROUP, "xbackendtrafficpolicies", XBackendTrafficPolicy, "v1alpha1"),
    _gateway(EXPERIMENTAL_GROUP, "xtelemetrypolicies", XTelemetryPolicy, "v1alpha1"),
    _gateway(EXPERIMENTAL_GROUP, "xmeshes", XMesh, "v1alpha1"),
    _ingress("ingresses", Ingress, namespaced=True),
    _ingress("ingressclasses", IngressClass, namespaced=False),
    _own("accesspolicies", AccessPolicy, protects=True),
    _own("routepolicies", RoutePolicy, protects=False),
    _own("reportpolicies", ReportPolicy, protects=False),
    _own("backendpolicies", BackendPolicy, protects=False),
    _own("clientpolicies", ClientPolicy, protects=False),
    _own("routefilters", RouteFilter, protects=False),
)

ENVOY_GATEWAY_KINDS: Final[tuple[Kind, ...]] = (
    _envoy_gateway("securitypolicies", SecurityPolicy, protects=True),
    _envoy_gateway("backendtrafficpolicies", BackendTrafficPolicy, protects=False),
    _envoy_gateway("clienttrafficpolicies", ClientTrafficPolicy, protects=True),
    _envoy_gateway("envoyextensionpolicies", EnvoyExtensionPolicy, protects=True),
    _envoy_gateway("envoyproxies", EnvoyProxy, kind="EnvoyProxy"),
    _envoy_gateway("backends", EnvoyBackend, kind="Backend"),
    _envoy_gateway("httproutefilters", EnvoyRouteFilter, kind="HTTPRouteFilter"),
)
"""Kinds of Envoy Gateway, which are read where that is asked for (`--envoy-gateway-kinds`); their CRDs are theirs."""

SERVICE_EXPORT: Final = Kind(
    group=MULTICLUSTER_GROUP,
    version="v1alpha1",
    plural="serviceexports",
    kind="ServiceExport",
    namespaced=True,
    struct=ServiceExport,
    accepted_versions=("v1alpha1", "v1beta1"),
    statused=False,
    on_request=True,
)
"""Read of member clusters, and of the folders that stand for them; never of the cluster that gatewayd runs in."""

_ALL: Final = (*KINDS, *ENVOY_GATEWAY_KINDS, SERVICE_EXPORT)
BY_GROUP_KIND: Final[Mapping[GroupKind, Kind]] = MappingProxyType({kind.group_kind: kind for kind in _ALL})
BY_STRUCT: Final[Mapping[type[KubernetesObject], Kind]] = MappingProxyType({kind.struct: kind for kind in _ALL})


def read_kinds(*, envoy_gateway: bool) -> tuple[Kind, ...]:
    """Return the kinds that are read: ours, and with `envoy_gateway` those of Envoy Gateway."""
    return (*KINDS, *ENVOY_GATEWAY_KINDS) if envoy_gateway else KINDS
