"""What proxies may tell, for the tests that draw objects."""

from collections.abc import Iterable

from gatewayd.ir.fleet import GatewayFleet
from gatewayd.ir.outcome import FleetReport, RefusedSecret, Rejection, StandingRefusal
from gatewayd.ir.tls import Certificate, TrustBundle
from gatewayd.store import Delta

STANDING = tuple(
    StandingRefusal(type_url=f"t.{kind}", name=name, message="no", proxies=1, of=2)
    for kind, name in (
        ("RouteConfiguration", "80"),
        ("RouteConfiguration", "443/https"),
        ("RouteConfiguration", "80:=a.example"),
        ("ScopedRouteConfiguration", "80:*"),
        ("Cluster", "shop/cart/80/http1"),
        ("ClusterLoadAssignment", "blog/cart/80/http1"),
    )
)
"""Of resources that objects of one sort or another lead to."""


def report(
    gateway: str,
    acked: Iterable[str],
    refused: Iterable[str],
    standing: Iterable[StandingRefusal],
    secrets: Iterable[Certificate | TrustBundle],
) -> Delta:
    """Return what the proxies of a Gateway in the namespace shop tell."""
    told = FleetReport(
        connected=1,
        acked_listeners=frozenset(acked),
        rejections=tuple(Rejection(type_url="t", names=(name,), message="no") for name in refused),
        standing=tuple(sorted(standing)),
        refused_secrets=tuple(sorted(RefusedSecret(version=each.version, message="no") for each in secrets)),
    )
    return Delta(kind=FleetReport, key=GatewayFleet(namespace="shop", name=gateway), obj=told)
