"""ServiceImport: a Service that several clusters offer together, as one of them sees it.

Its endpoints stand in EndpointSlices of the same namespace with the label `SERVICE_IMPORT_LABEL`.
https://multicluster.sigs.k8s.io/concepts/multicluster-services-api/, https://gateway-api.sigs.k8s.io/geps/gep-1748/
"""

from typing import Annotated, Final, Literal

from msgspec import Meta

from gatewayd.api.core import TransportProtocol
from gatewayd.api.meta import KubernetesObject, Shape
from gatewayd.api.scalars import PortNumber

MULTICLUSTER_GROUP: Final = "multicluster.x-k8s.io"
DERIVED_SERVICE: Final = "multicluster.kubernetes.io/derived-service"
"""The annotation by which some implementations name a Service of the namespace that stands for the import."""


class ServiceImportPort(Shape, frozen=True, kw_only=True):
    """One port of the Service, in all clusters that have it."""

    name: Annotated[str, Meta(max_length=63)] = ""
    protocol: TransportProtocol = "TCP"
    app_protocol: str | None = None
    port: PortNumber


class ServiceImportSpec(Shape, frozen=True, kw_only=True):
    """What is imported: its ports, which a headless one may leave out, and addresses that stand for all endpoints."""

    type: Literal["ClusterSetIP", "Headless"] = "ClusterSetIP"
    ports: tuple[ServiceImportPort, ...] = ()
    ips: Annotated[tuple[str, ...], Meta(max_length=2)] = ()
    traffic_distribution: str | None = None


class ServiceImport(KubernetesObject, frozen=True, kw_only=True):
    """A ServiceImport; gatewayd reads what the implementation of the multi-cluster API has written."""

    spec: ServiceImportSpec = ServiceImportSpec()


class ServiceExport(KubernetesObject, frozen=True, kw_only=True):
    """A ServiceExport of a member cluster: the Service of its name is offered to all clusters of the set."""
