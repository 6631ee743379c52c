"""`loadBalancerSourceRanges`: who reaches the Service of a Gateway through its load balancer.

https://kubernetes.io/docs/reference/kubernetes-api/service-resources/service-v1/#ServiceSpec
"""

from collections.abc import Iterable
from ipaddress import ip_network
from typing import Final

from gatewayd.translator.parameters.readers import Wrong

MOST_RANGES: Final = 128


def read_ranges(read: object) -> tuple[str, ...] | Wrong:
    """Return address ranges as the API server takes them, in the order in which they are written."""
    if not isinstance(read, list) or not 1 <= len(read) <= MOST_RANGES:
        return Wrong(why=f"not understood; a list of 1 to {MOST_RANGES} ranges such as 10.0.0.0/8 is allowed")
    ranges = []
    for at, each in enumerate(read):
        try:
            ranges.append(str(ip_network(each if isinstance(each, str) and "/" in each else "")))
        except ValueError:
            return Wrong(why=f"[{at}]: is no address range; such as 10.0.0.0/8 or 2001:db8::/32 are allowed")
    return tuple(dict.fromkeys(ranges))


def outside(ranges: Iterable[str], of_class: tuple[str, ...]) -> tuple[str, ...]:
    """Return the ranges that let in more than those of the class do; a class without any lets everybody in."""
    allowed = [ip_network(each) for each in of_class]
    return tuple(
        each
        for each in ranges
        if allowed
        and not any(
            one.version == (own := ip_network(each)).version and own.subnet_of(one)  # type: ignore[arg-type]
            for one in allowed
        )
    )
