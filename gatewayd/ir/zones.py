"""Where a proxy runs, as its bootstrap says it: a part that is alike whether it stands there or is added to it.

Kubernetes knows the zone of a pod when the pod has its node, so that it is no part of what all pods have in common.
"""

from typing import Any, Final

JSON = dict[str, Any]

ITSELF: Final = "gatewayd-itself"
"""The static cluster that a proxy looks for its own zone in."""


def in_zone(zone: str) -> JSON:
    """Return what the bootstrap of an Envoy in a zone has beyond others, for `--config-yaml`, which adds to the file.

    Envoy compares zones with those of its own fleet, a cluster that must be there from the start. Whoever wants to know
    how many proxies each zone has names them all there; here each one stands for itself.
    https://www.envoyproxy.io/docs/envoy/v1.40.0/intro/arch_overview/upstream/load_balancing/zone_aware
    """
    locality = {"zone": zone}
    itself = {"endpoint": {"address": {"pipe": {"path": "/nobody-connects"}}}}
    assignment = {"cluster_name": ITSELF, "endpoints": [{"locality": locality, "lb_endpoints": [itself]}]}
    return {
        "node": {"locality": locality},
        "cluster_manager": {"local_cluster_name": ITSELF},
        "static_resources": {"clusters": [{"name": ITSELF, "type": "STATIC", "load_assignment": assignment}]},
    }
