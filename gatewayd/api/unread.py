"""Fields that the API server knows and gatewayd does not read, by the struct that stands for the object around them.

The Gateway API's own kinds have none: every field of their CRDs is in a struct. What stands here is valid,
whatever it holds. https://kubernetes.io/docs/reference/kubernetes-api/
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from gatewayd.api.clustertrustbundle import ClusterTrustBundle
from gatewayd.api.core import ConfigMap, Namespace, Secret, ServiceSpec
from gatewayd.api.discovery import EndpointHints, EndpointTarget, SliceEndpoint
from gatewayd.api.meta import ObjectMeta
from gatewayd.api.serviceimport import ServiceImport, ServiceImportSpec

UNREAD: Final[Mapping[type, frozenset[str]]] = MappingProxyType({
    ObjectMeta: frozenset({
        "generateName", "selfLink", "resourceVersion", "deletionGracePeriodSeconds", "ownerReferences", "finalizers",
        "managedFields",
    }),
    ServiceSpec: frozenset({
        "sessionAffinity", "sessionAffinityConfig", "externalTrafficPolicy", "internalTrafficPolicy", "ipFamilyPolicy",
        "loadBalancerIP", "loadBalancerSourceRanges", "healthCheckNodePort", "allocateLoadBalancerNodePorts",
    }),
    Secret: frozenset({"immutable"}),
    ConfigMap: frozenset({"immutable"}),
    Namespace: frozenset({"spec"}),
    SliceEndpoint: frozenset({"deprecatedTopology"}),
    EndpointHints: frozenset({"forNodes"}),
    EndpointTarget: frozenset({"apiVersion", "resourceVersion", "fieldPath"}),
    ClusterTrustBundle: frozenset(),
    ServiceImport: frozenset(),
    ServiceImportSpec: frozenset({
        "sessionAffinity", "sessionAffinityConfig", "ipFamilies", "internalTrafficPolicy",
    }),
})  # fmt: skip

CORE_KINDS: Final = frozenset({
    "Binding", "ComponentStatus", "ConfigMap", "Endpoints", "Event", "LimitRange", "Namespace", "Node",
    "PersistentVolume", "PersistentVolumeClaim", "Pod", "PodTemplate", "ReplicationController", "ResourceQuota",
    "Secret", "Service", "ServiceAccount",
})  # fmt: skip
"""The kinds of `v1`: https://kubernetes.io/docs/reference/using-api/api-concepts/."""
