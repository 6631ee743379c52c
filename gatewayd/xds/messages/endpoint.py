"""Endpoints -> ClusterLoadAssignment.

Invariant: an endpoint that drains gets no new sessions while another one is there; when all drain, all are used, as
kube-proxy does (https://kubernetes.io/docs/concepts/services-networking/endpoint-slices/#serving).
"""

from typing import Any

from envoy.config.core.v3 import address_pb2, base_pb2, health_check_pb2
from envoy.config.endpoint.v3 import endpoint_components_pb2, endpoint_pb2

from gatewayd.ir.backend import Cluster, Discovered, Endpoint
from gatewayd.xds import names


def load_assignment(cluster: Cluster, discovered: Discovered) -> Any:
    """Return the endpoints of a cluster; none of them is a valid answer, and then requests get a 503."""
    groups = discovered.groups
    asked_at = checked_port(cluster)
    spared = not all(endpoint.draining for group in groups for endpoint in group)
    localities = [
        endpoint_components_pb2.LocalityLbEndpoints(
            locality=base_pb2.Locality(zone=zone) if zone else None, lb_endpoints=members, priority=priority
        )
        for priority, group in enumerate(groups)
        if group or len(groups) > 1
        for zone, members in _by_zone(group, asked_at, spared=spared)
    ]
    return endpoint_pb2.ClusterLoadAssignment(cluster_name=names.cluster(cluster.upstream), endpoints=localities)


def checked_port(cluster: Cluster) -> int:
    """Return the port at which the endpoints of a cluster are asked how they are, 0 for their own.

    A field of health checks has that name, and Envoy does not look at it.
    https://www.envoyproxy.io/docs/envoy/v1.40.0/api-v3/config/endpoint/v3/endpoint_components.proto (HealthCheckConfig)
    """
    active = cluster.settings.active_health
    return active.port if active is not None else 0


def _by_zone(group: tuple[Endpoint, ...], asked_at: int, *, spared: bool) -> list[tuple[str, list[Any]]]:
    """Return the members of a group by zone; of a group without any, no members of no zone."""
    members = _members(group, asked_at, spared=spared)
    zones = sorted({endpoint.zone for endpoint in group})
    if len(zones) < 2:
        return [(zones[0] if zones else "", members)]
    return [
        (zone, [member for endpoint, member in zip(group, members, strict=True) if endpoint.zone == zone])
        for zone in zones
    ]


def lb_endpoints(endpoints: tuple[Endpoint, ...]) -> list[Any]:
    """Return the members of the only group, in their order."""
    return _members(endpoints, 0, spared=not all(endpoint.draining for endpoint in endpoints))


def _members(endpoints: tuple[Endpoint, ...], asked_at: int, *, spared: bool) -> list[Any]:
    """Return the members of a group; `asked_at` is the port for checks, 0 for their own.

    `spared`: those that drain are, since somebody is there who does not.
    """
    return [
        lb_endpoint(
            endpoint.address,
            endpoint.port,
            health_check_pb2.DRAINING if endpoint.draining and spared else health_check_pb2.UNKNOWN,
            asked_at,
        )
        for endpoint in endpoints
    ]


def lb_endpoint(address: str, port: int, health: int, asked_at: int = 0) -> Any:
    """Return one member: an IP address, or for a cluster that resolves them a host name."""
    socket = address_pb2.SocketAddress(address=address, port_value=port)
    check = endpoint_components_pb2.Endpoint.HealthCheckConfig(port_value=asked_at) if asked_at else None
    return endpoint_components_pb2.LbEndpoint(
        endpoint=endpoint_components_pb2.Endpoint(
            address=address_pb2.Address(socket_address=socket), health_check_config=check
        ),
        health_status=health,
    )
