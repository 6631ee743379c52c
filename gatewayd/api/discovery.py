"""EndpointSlice: the addresses behind a Service.

https://kubernetes.io/docs/concepts/services-networking/endpoint-slices/
"""

from typing import Annotated, Literal

from msgspec import Meta

from gatewayd.api.core import TransportProtocol
from gatewayd.api.meta import KubernetesObject, Shape
from gatewayd.api.scalars import PortNumber

SERVICE_NAME_LABEL = "kubernetes.io/service-name"
SERVICE_IMPORT_LABEL = "multicluster.kubernetes.io/service-name"
SOURCE_CLUSTER_LABEL = "multicluster.kubernetes.io/source-cluster"
OWNER_LABELS = (SERVICE_NAME_LABEL, SERVICE_IMPORT_LABEL, SOURCE_CLUSTER_LABEL)
"""What a slice is of. https://multicluster.sigs.k8s.io/concepts/multicluster-services-api/"""


class EndpointConditions(Shape, frozen=True, kw_only=True):
    """An endpoint's state; None is "unknown", which consumers read as ready and as not terminating."""

    ready: bool | None = None
    serving: bool | None = None
    terminating: bool | None = None


class EndpointTarget(Shape, frozen=True, kw_only=True):
    """The object, usually a Pod, that the endpoint stands for."""

    kind: str = ""
    name: str = ""
    namespace: str = ""
    uid: str = ""


class ForZone(Shape, frozen=True, kw_only=True):
    """A zone whose clients an endpoint is meant for."""

    name: str


class EndpointHints(Shape, frozen=True, kw_only=True):
    """Whom an endpoint is meant for, as whoever wrote the slice has shared them out."""

    for_zones: Annotated[tuple[ForZone, ...], Meta(max_length=8)] = ()


class SliceEndpoint(Shape, frozen=True, kw_only=True):
    """One backend; its addresses are fungible, the first one is used."""

    addresses: Annotated[tuple[str, ...], Meta(min_length=1, max_length=100)]
    conditions: EndpointConditions = EndpointConditions()
    hostname: str | None = None
    node_name: str | None = None
    target_ref: EndpointTarget | None = None
    zone: str | None = None
    hints: EndpointHints | None = None

    @property
    def clients_zone(self) -> str:
        """The zone that it is meant for, else the one that it is in; "" where nobody says one.

        Several of them at a time no proxy could be told: then it is the one that it is in.
        """
        hinted = self.hints.for_zones if self.hints is not None else ()
        return hinted[0].name if len(hinted) == 1 else self.zone or ""


class EndpointPort(Shape, frozen=True, kw_only=True):
    """One port of every endpoint of the slice; `name` is the Service port's name."""

    name: str = ""
    protocol: TransportProtocol = "TCP"
    port: PortNumber | None = None
    app_protocol: str | None = None


class EndpointSlice(KubernetesObject, frozen=True, kw_only=True):
    """Up to 1,000 endpoints of one address family with the same ports."""

    address_type: Literal["IPv4", "IPv6", "FQDN"]
    endpoints: Annotated[tuple[SliceEndpoint, ...], Meta(max_length=1000)] = ()
    ports: Annotated[tuple[EndpointPort, ...], Meta(max_length=20000)] = ()

    @property
    def service_name(self) -> str:
        """The Service of the same namespace that this slice belongs to; "" for none."""
        return self.metadata.labels.get(SERVICE_NAME_LABEL, "")

    @property
    def import_name(self) -> str:
        """The ServiceImport of the same namespace that this slice belongs to; "" for none."""
        return self.metadata.labels.get(SERVICE_IMPORT_LABEL, "")

    @property
    def source_cluster(self) -> str:
        """The cluster that the endpoints of an imported slice are in."""
        return self.metadata.labels.get(SOURCE_CLUSTER_LABEL, "")
