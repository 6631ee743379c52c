"""What an Envoy has, of what it says; what of it is private is not taken over."""

from collections.abc import Iterable
from typing import Any

from gatewayd.introspection.held import Deviation, HeldResource, address_text, deviations, held
from gatewayd.introspection.published import PublishedResource
from tests.unit.introspection.dumps import CANARY, dump


def published(resources: Iterable[HeldResource], **changes: Any) -> list[PublishedResource]:
    """Return what would be published if all of this were as it should be; `changes` by name are other versions."""
    return [
        PublishedResource(
            gateway="shop/gw",
            type=each.type,
            name=each.name,
            version=changes.get(each.type, each.version),
            content=each.content if each.type == "EDS" else None,
        )
        for each in resources
        if each.state == "active"
    ]


def test_what_came_by_xds_is_taken_over() -> None:
    assert [(each.type, each.name, each.version, each.state) for each in held(dump())] == [
        ("CDS", "shop/cart/80/http1", "c1", "active"),
        ("CDS", "shop/new/80/http1", "c2", "warming"),
        ("ECDS", "key", "f1", "active"),
        ("EDS", "shop/cart/80/http1", "", "active"),
        ("LDS", "tcp-443", "l1", "active"),
        ("RDS", "443", "r1", "active"),
        ("SDS", "shop/cert", "s1", "active"),
        ("SDS", "shop/login", "s2", "active"),
        ("SRDS", "443/a", "", "active"),
    ]


def test_nothing_private_is() -> None:
    assert CANARY in str(dump())
    assert CANARY not in str(held(dump()))


def test_of_a_secret_the_certificates_stay() -> None:
    (certificate,) = [each for each in held(dump()) if each.name == "shop/cert"]

    assert certificate.content["kind"] == "tls_certificate"
    assert "BEGIN CERTIFICATE" in certificate.content["certificates"]


def test_what_is_not_known_is_passed_over() -> None:
    assert held({}) == ()
    assert held({"configs": [{"@type": "type.googleapis.com/envoy.admin.v3.NewDump"}, {}]}) == ()


def test_nothing_differs() -> None:
    resources = [each for each in held(dump()) if each.state == "active"]

    assert deviations(resources, published(resources)) == ()


def test_another_version_and_what_is_missing_or_beyond() -> None:
    resources = held(dump())
    wanted = [each for each in published(resources, LDS="l2") if each.type != "ECDS"]
    new = PublishedResource(gateway="shop/gw", type="CDS", name="shop/new/80/http1", version="c2", content=None)
    gone = PublishedResource(gateway="shop/gw", type="RDS", name="80", version="r", content=None)

    assert deviations(resources, [*wanted, new, gone]) == (
        Deviation(type="CDS", name="shop/new/80/http1", says="is warming: something that it refers to has not come"),
        Deviation(type="ECDS", name="key", says="is there and not published any more"),
        Deviation(type="LDS", name="tcp-443", says="has version l1, published is l2"),
        Deviation(type="RDS", name="80", says="is missing"),
    )


def test_endpoints_are_compared_by_address() -> None:
    (endpoints,) = [each for each in held(dump()) if each.type == "EDS"]
    (wanted,) = published([endpoints])
    other = {"endpoints": [{"lb_endpoints": [{"endpoint": {"address": {"pipe": {"path": "/a"}}}}]}]}
    elsewhere = PublishedResource(gateway="", type="EDS", name=wanted.name, version="", content=other)

    assert deviations([endpoints], [wanted]) == ()
    (deviation,) = deviations([endpoints], [elsewhere])
    assert deviation.says == "has 10.0.0.1:8080 beyond and lacks /a"


def test_addresses_are_written_as_in_urls() -> None:
    assert address_text({"socket_address": {"address": "::1", "port_value": 80}}) == "[::1]:80"
    assert address_text({"pipe": {"path": "/run/envoy"}}) == "/run/envoy"
