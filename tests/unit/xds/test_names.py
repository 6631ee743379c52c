from dataclasses import replace

from gatewayd.ir.backend import Protocol
from gatewayd.ir.http import RouteTableKey
from gatewayd.ir.l4 import L4Refuse
from gatewayd.ir.proxy import DatagramListener
from gatewayd.ir.tls import Certificate, PrivateBytes, TrustBundle
from gatewayd.xds import names
from tests.unit.xds.shorthand import http_listener, upstream


def test_a_cluster_is_named_by_everything_that_its_upstream_is() -> None:
    assert names.cluster(upstream("cart")) == "shop/cart/80/http1"
    others = (
        upstream("cart", protocol=Protocol.HTTP2),
        upstream("cart", port=81),
        upstream("cart", kind="XBackend"),
        upstream("cars"),
        replace(upstream("cart"), namespace="service"),
    )
    assert len({names.cluster(each) for each in (upstream("cart"), *others)}) == 6


def test_a_namespace_is_not_taken_for_a_kind() -> None:
    of_kind = {names.cluster(upstream("80", kind="XBackend")).count("/"), names.cluster(upstream("80")).count("/")}
    assert len(of_kind) == 2


def test_nowhere_is_no_name_of_an_upstream() -> None:
    assert "/" not in names.NOWHERE


def test_listeners_and_their_clusters() -> None:
    datagram = DatagramListener(port=53, action=L4Refuse())
    assert names.listener(http_listener()) == "tcp-80"
    assert names.listener(datagram) == "udp-53"
    assert names.datagram_cluster(datagram) == "udp/53"


def test_route_tables() -> None:
    assert names.route_table(RouteTableKey(port=80, listener="")) == "80"
    assert names.route_table(RouteTableKey(port=443, listener="shop/set/one")) == "443/shop/set/one"


def test_a_certificate_and_a_bundle_of_one_name_are_two_secrets() -> None:
    certificate = Certificate(name="shop/tls", chain=b"", key=PrivateBytes(b""))
    bundle = TrustBundle(name="shop/tls", certificates=b"")
    assert {names.secret(certificate), names.secret(bundle)} == {"certificate/shop/tls", "trust/shop/tls"}


def test_the_object_of_a_cluster_is_found_by_its_name() -> None:
    for each in (upstream("cart"), upstream("cart", protocol=Protocol.HTTP2), upstream("cart", kind="XBackend")):
        assert names.object_of(names.cluster(each)) == (each.kind.lower(), each.namespace, each.name)
    assert names.object_of(names.datagram_cluster(DatagramListener(port=53, action=L4Refuse()))) is None
    assert names.object_of(names.NOWHERE) is None
