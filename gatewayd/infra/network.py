"""NetworkPolicies: who may connect to the control plane and to proxies, and where proxies may not.

What a cluster's network does with them is its own; where it knows none, they do nothing. Probes need no rule: a pod's
own node always reaches it. https://kubernetes.io/docs/concepts/services-networking/network-policies/
"""

from collections.abc import Mapping
from typing import Any, Final

from gatewayd.api.gateway import MANAGED_BY
from gatewayd.infra import layout
from gatewayd.ir.infrastructure import Infrastructure
from gatewayd.own_group import own

JSON = dict[str, Any]

METRICS_LABEL: Final = (own("metrics"), "allowed")
"""The label of the namespaces that metrics are shown to."""

COUNTING_LABEL: Final = (own("rate-limit-service"), "allowed")
"""The label of the pods of rate limit services, wherever they are: they may ask for the limits of all policies."""

METADATA_ADDRESSES: Final = ("100.100.100.200/32", "169.254.169.254/32", "169.254.170.2/32", "169.254.170.23/32")
"""Where clouds tell a machine, and who asks from it, its credentials. Not all of 169.254/16: DNS caches are there.

A name that a backend gives may lead here whenever it is asked for, and Envoy cannot look at what it leads to.
"""
METADATA_ADDRESSES_V6: Final = ("fd00:ec2::23/128", "fd00:ec2::254/128")

_METRICS_READERS: Final[JSON] = {"namespaceSelector": {"matchLabels": dict([METRICS_LABEL])}}
_ANYWHERE_BUT_METADATA: Final[tuple[JSON, ...]] = (
    # For networks where blocks of addresses speak of what is outside of the cluster alone.
    {"namespaceSelector": {}},
    {"ipBlock": {"cidr": "0.0.0.0/0", "except": list(METADATA_ADDRESSES)}},
    {"ipBlock": {"cidr": "::/0", "except": list(METADATA_ADDRESSES_V6)}},
)


def proxy_policy(infrastructure: Infrastructure, selector: Mapping[str, str]) -> JSON:
    """Return the spec for a Gateway's proxies: traffic from everywhere, metrics for some; out to all but metadata."""
    traffic = [{"port": each.target, "protocol": each.transport} for each in infrastructure.ports]
    probes = [{"port": layout.PROBES_PORT, "protocol": "TCP"}]
    return {
        "podSelector": {"matchLabels": dict(selector)},
        "policyTypes": ["Ingress", "Egress"],
        "ingress": [{"ports": traffic}, {"ports": probes, "from": [_METRICS_READERS]}],
        "egress": [{"to": list(_ANYWHERE_BUT_METADATA)}],
    }


def control_plane_policy(selector: Mapping[str, str], manager: str) -> JSON:
    """Return the spec for the control plane: ADS for the proxies of `manager`, wherever they are, metrics for some.

    Nothing is said of where it may connect: that is the API server, whose address nobody knows beforehand.
    """
    proxies = {"namespaceSelector": {}, "podSelector": {"matchLabels": {MANAGED_BY: manager}}}
    counting = {"namespaceSelector": {}, "podSelector": {"matchLabels": dict([COUNTING_LABEL])}}
    return {
        "podSelector": {"matchLabels": dict(selector)},
        "policyTypes": ["Ingress"],
        "ingress": [
            {"ports": [{"port": layout.XDS_PORT, "protocol": "TCP"}], "from": [proxies]},
            {"ports": [{"port": layout.LIMITS_PORT, "protocol": "TCP"}], "from": [counting]},
            {"ports": [{"port": layout.METRICS_PORT, "protocol": "TCP"}], "from": [_METRICS_READERS]},
        ],
    }
