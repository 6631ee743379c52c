"""Service, Secret, ConfigMap and Namespace of the core group, as far as gatewayd reads them.

The API server has validated what comes from it; for files the limits here are the ones whose breach would reach Envoy.
https://kubernetes.io/docs/reference/kubernetes-api/
"""

from typing import Annotated, Literal

from msgspec import Meta, field

from gatewayd.api.meta import KubernetesObject, Shape
from gatewayd.api.scalars import PortNumber

IPFamily = Literal["IPv4", "IPv6", ""]
TransportProtocol = Literal["TCP", "UDP", "SCTP"]


class ServicePort(Shape, frozen=True, kw_only=True):
    """One port; `target_port` is a port of the pods (number) or a named container port (text)."""

    name: Annotated[str, Meta(max_length=63)] = ""
    port: PortNumber
    protocol: TransportProtocol = "TCP"
    target_port: int | str | None = None
    node_port: int = 0
    app_protocol: str | None = None


class ServiceSpec(Shape, frozen=True, kw_only=True):
    """What a Service selects and exposes; `cluster_ip` is "None" for a headless one."""

    type: Literal["ClusterIP", "NodePort", "LoadBalancer", "ExternalName"] = "ClusterIP"
    ports: tuple[ServicePort, ...] = ()
    selector: dict[str, str] = field(default_factory=dict)
    cluster_ip: str = field(default="", name="clusterIP")
    cluster_ips: tuple[str, ...] = field(default=(), name="clusterIPs")
    external_ips: tuple[str, ...] = field(default=(), name="externalIPs")
    external_name: str = ""
    ip_families: tuple[IPFamily, ...] = ()
    load_balancer_class: str | None = None
    publish_not_ready_addresses: bool = False
    traffic_distribution: str | None = None


class LoadBalancerIngress(Shape, frozen=True, kw_only=True):
    """One address under which a load balancer serves."""

    ip: str = ""
    hostname: str = ""


class LoadBalancerStatus(Shape, frozen=True, kw_only=True):
    """The addresses that a load balancer has assigned."""

    ingress: tuple[LoadBalancerIngress, ...] = ()


class ServiceStatus(Shape, frozen=True, kw_only=True):
    """What the load balancer's controller reports."""

    load_balancer: LoadBalancerStatus = LoadBalancerStatus()


class Service(KubernetesObject, frozen=True, kw_only=True):
    """A Service; its status is read because Gateways publish the addresses of their own Service."""

    spec: ServiceSpec = ServiceSpec()
    status: ServiceStatus = ServiceStatus()


class Secret(KubernetesObject, frozen=True, kw_only=True):
    """A Secret; `data` is base64 text per key. `string_data` is empty after decoding, merged into `data`."""

    type: str = "Opaque"
    data: dict[str, str] = field(default_factory=dict)
    string_data: dict[str, str] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"Secret({str(self.metadata.key)!r}, data=<redacted>)"


class ConfigMap(KubernetesObject, frozen=True, kw_only=True):
    """A ConfigMap; `data` is text, `binary_data` base64 text."""

    data: dict[str, str] = field(default_factory=dict)
    binary_data: dict[str, str] = field(default_factory=dict)


class Namespace(KubernetesObject, frozen=True, kw_only=True):
    """A Namespace; only its labels matter (route and listener selectors)."""
