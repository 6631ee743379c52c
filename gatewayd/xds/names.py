"""Every resource name is made here.

In: keys of the IR. Out: names that Envoy knows a resource by. Invariant: two different keys never share a name, and a
name holds nothing that changes without the thing itself becoming another one (no index of a rule, no weight), so an
edit of a route seldom makes a cluster. "/" parts the elements: no Kubernetes name contains it.
"""

from collections.abc import Collection
from typing import assert_never

from gatewayd.ir.backend import Upstream
from gatewayd.ir.host_groups import group_number
from gatewayd.ir.http import HostGroup, RouteDiscovery, RouteTable, RouteTableKey
from gatewayd.ir.proxy import DatagramListener, Listener
from gatewayd.ir.tls import Certificate, SharedSecret, TrustBundle

NOWHERE = "invalid-backend"
"""A cluster that never exists: what an InvalidBackend's share is sent to."""


_TRUST = "trust/"

ANY = "*"
"""Stands for all the domains of a table that are no hosts."""


def cluster(upstream: Upstream) -> str:
    """Name the cluster of an upstream, which is its EDS name as well: no two clusters share endpoints (envoy#47302)."""
    return upstream.cluster_name


def object_of(cluster: str) -> tuple[str, str, str] | None:
    """Return the kind (in lower case), namespace and name of the object that `cluster` named a cluster after."""
    match cluster.split("/"):
        case [namespace, name, _port, _protocol]:
            return ("service", namespace, name)
        case [kind, namespace, name, _port, _protocol]:
            return (kind, namespace, name)
        case _:
            return None


def datagram_cluster(listener: DatagramListener) -> str:
    """Name the cluster that holds all backends of a UDP port: `udp_proxy` can name only one cluster."""
    return f"udp/{listener.port}"


def listener(of: Listener) -> str:
    """Name a listener; the fleet's reports use the same name."""
    return of.name


def route_table(key: RouteTableKey) -> str:
    """Name a RouteConfiguration."""
    return str(key)


def scope(key: RouteTableKey, within: str) -> str:
    """Name a scope of a table: that of an exact domain, or what `within_table` returns for a RouteConfiguration."""
    return f"{route_table(key)}:{within}"


def within_table(configuration: str) -> str:
    """Return which of the RouteConfigurations of its table one is: `*`, `#` and a group, or `=` and a host."""
    return configuration.rpartition(":")[2]


def is_found_by_scope(configuration: str) -> bool:
    """Return whether a RouteConfiguration is one of several of its table."""
    return ":" in configuration


def configuration(table: RouteTable, domain: str) -> str:
    """Name the RouteConfiguration that holds a domain of a table."""
    if table.discovery is RouteDiscovery.PER_LISTENER:
        return route_table(table.key)
    return scoped_configuration(table.key, domain, table.apart)


def scoped_configuration(key: RouteTableKey, domain: str, apart: Collection[int]) -> str:
    """Name the RouteConfiguration that holds a domain: its group's, its own where that is `apart`, the shared one."""
    if not is_exact(domain):
        return scope(key, ANY)
    number = group_number(domain)
    return scope(key, f"={domain}") if number in apart else str(HostGroup(table=key, number=number))


def is_exact(domain: str) -> bool:
    """Return whether a domain is one host."""
    return not domain.startswith(ANY)


def secret(of: Certificate | TrustBundle | SharedSecret) -> str:
    """Name the SDS secret of a certificate, of a trust bundle or of what proxies share with others."""
    match of:
        case Certificate():
            return f"certificate/{of.name}"
        case TrustBundle():
            # "!" is in no name of Kubernetes.
            return f"{_TRUST}{of.name}" if of.revoked is None else f"{_TRUST}{of.name}!{of.revoked.name}"
        case SharedSecret():
            return f"shared/{of.name}"
        case _:
            assert_never(of)


def is_trust(secret: str) -> bool:
    """Return whether `secret` named a trust bundle."""
    return secret.startswith(_TRUST)
