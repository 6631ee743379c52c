from dataclasses import replace

import pytest
from msgspec.structs import replace as replace_field

from gatewayd.api.core import ServiceSpec
from gatewayd.api.discovery import EndpointSlice, SliceEndpoint
from gatewayd.api.meta import ObjectKey
from gatewayd.incremental.scratch import Scratch
from gatewayd.ir.backend import Discovered, Endpoint
from gatewayd.ir.environment import DEFAULT_ENVIRONMENT, HERE, Environment
from gatewayd.store import Delta
from gatewayd.translator.backends.endpoints import (
    ServicePortKey,
    discovered,
    endpoints,
    left_out,
    left_out_of,
    prefers_zone,
    service_port,
)
from tests.unit.translator.manifests import deltas, scratch

PORT = ServicePortKey(ObjectKey("shop", "cart"), "web", "TCP")
LOOPBACK = Delta(kind=Environment, key=HERE, obj=replace(DEFAULT_ENVIRONMENT, loopback_backends=True))


def pieces(*listed: str, name: str = "cart-1", ports: str = "{name: web, port: 8080}", family: str = "IPv4") -> str:
    return f"""
        kind: EndpointSlice
        metadata: {{name: {name}, namespace: shop, labels: {{kubernetes.io/service-name: cart}}}}
        addressType: {family}
        ports: [{ports}]
        endpoints: [{", ".join(listed)}]
    """


def one(address: str, conditions: str = "") -> str:
    return f"{{addresses: ['{address}'], conditions: {{{conditions}}}}}"


def found(*manifests: str | Delta) -> list[tuple[str, bool]]:
    return [(each.address, each.draining) for each in endpoints(scratch(*manifests), PORT)]


READY = one("10.0.0.1", "ready: true, serving: true, terminating: false")


@pytest.mark.parametrize(
    ("conditions", "outcome"),
    [
        ("", [False]),
        ("ready: true", [False]),
        ("ready: false", []),
        ("ready: false, serving: true, terminating: true", [True]),
        ("ready: false, serving: false, terminating: true", []),
        ("ready: false, serving: true, terminating: false", []),
        ("ready: false, terminating: true", []),
    ],
)
def test_beside_a_ready_endpoint(conditions: str, outcome: list[bool]) -> None:
    others = [drains for address, drains in found(pieces(READY, one("10.0.0.2", conditions))) if address != "10.0.0.1"]
    assert others == outcome


def test_where_nobody_is_ready_those_that_terminate_must_do() -> None:
    leaving = "ready: false, serving: true, terminating: true"
    assert found(pieces(one("10.0.0.1", leaving), one("10.0.0.2", leaving), one("10.0.0.3", "ready: false"))) == [
        ("10.0.0.1", False),
        ("10.0.0.2", False),
    ]


def test_endpoints_of_all_slices_sorted_and_each_once() -> None:
    view = scratch(pieces(one("10.0.0.3"), one("10.0.0.1")), pieces(one("10.0.0.2"), one("10.0.0.1"), name="cart-2"))
    assert endpoints(view, PORT) == tuple(
        Endpoint(address=f"10.0.0.{last}", port=8080, draining=False) for last in (1, 2, 3)
    )


def test_an_address_that_is_ready_in_one_slice_and_leaving_in_another_is_ready() -> None:
    leaving = one("10.0.0.1", "ready: false, serving: true, terminating: true")
    assert found(pieces(READY), pieces(leaving, name="cart-2")) == [("10.0.0.1", False)]


def test_the_first_address_of_an_endpoint_counts() -> None:
    assert found(pieces("{addresses: [10.0.0.1, 10.0.0.2]}")) == [("10.0.0.1", False)]


@pytest.mark.parametrize(
    "ports",
    ["{name: other, port: 8080}", "{port: 8080}", "{name: web, port: 8080, protocol: UDP}", "{name: web}"],
)
def test_only_the_port_with_the_name_and_transport_of_the_services(ports: str) -> None:
    assert found(pieces(READY, ports=ports)) == []


def test_slices_may_differ_in_their_port_numbers() -> None:
    view = scratch(pieces(one("10.0.0.1")), pieces(one("10.0.0.2"), name="c2", ports="{name: web, port: 9090}"))
    assert [(each.address, each.port) for each in endpoints(view, PORT)] == [("10.0.0.1", 8080), ("10.0.0.2", 9090)]


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.9.9.9",
        "169.254.169.254",
        "0.0.0.0",
        "224.0.0.1",
        "::1",
        "::ffff:127.0.0.1",
        "fe80::1",
        "::127.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b:1::a9fe:a9fe",
        "2002:7f00:1::",
        "fd00:ec2::254",
        "100.100.100.200",
        "255.255.255.255",
        "240.0.0.1",
    ],
)
def test_addresses_that_reach_the_proxy_itself_are_left_out(address: str) -> None:
    family = "IPv6" if ":" in address else "IPv4"
    assert found(pieces(READY), pieces(one(address), name="cart-2", family=family)) == [("10.0.0.1", False)]


def test_what_is_no_address_is_left_out_should_the_api_server_let_it_through() -> None:
    (good,) = deltas(pieces(READY))
    assert isinstance(good.obj, EndpointSlice)
    strange = replace_field(good.obj, endpoints=(SliceEndpoint(addresses=("nonsense",)), *good.obj.endpoints))
    assert found(Delta(kind=EndpointSlice, key=good.key, obj=strange)) == [("10.0.0.1", False)]


def test_standalone_backends_live_on_the_machine_itself() -> None:
    assert found(pieces(one("127.0.0.1"), one("169.254.169.254")), LOOPBACK) == [("127.0.0.1", False)]


def numbers(service: str, ports: str, *more: str, name: str = "web") -> list[int]:
    spec = f"kind: Service\nmetadata: {{name: cart, namespace: shop}}\nspec: {{ports: [{service}]}}"
    view = scratch(spec, pieces(READY, ports=ports), *more)
    return [each.port for each in endpoints(view, PORT._replace(port_name=name))]


@pytest.mark.parametrize(
    ("service", "ports"),
    [
        ("{name: web, port: 80, targetPort: 8080}", "{name: old, port: 8080}"),
        ("{name: web, port: 80, targetPort: 8080}", "{port: 8080}"),
        ("{name: web, port: 80, targetPort: http}", "{name: old, port: 8080}"),
        ("{name: web, port: 80}", "{name: old, port: 8080}"),
        ("{name: m, port: 81, targetPort: 9090}, {name: web, port: 80, targetPort: 8080}", "{port: 8080}"),
        ("{name: web, port: 80, targetPort: a}, {name: m, port: 81, targetPort: b}", "{port: 8080}"),
        (
            "{name: m, port: 81, targetPort: b}, {name: web, port: 80, targetPort: a}",
            "{name: m, port: 9}, {port: 8080}",
        ),
        (
            "{name: m, port: 81, targetPort: b}, {name: web, port: 80, targetPort: a}",
            "{name: c, port: 9}, {name: d, port: 8080}",
        ),
        (
            "{name: web, port: 80, targetPort: 8080}, {name: u, port: 53, protocol: UDP, targetPort: 8080}",
            "{name: old, port: 8080}",
        ),
    ],
)
def test_a_port_that_has_another_name_in_its_slices_is_still_that_port(service: str, ports: str) -> None:
    assert numbers(service, ports) == [8080]


@pytest.mark.parametrize(
    ("service", "ports"),
    [
        # The pods' port is another one.
        ("{name: web, port: 80, targetPort: 8081}", "{name: old, port: 8080}"),
        # The name is another port's.
        ("{name: web, port: 80, targetPort: 8080}, {name: m, port: 81, targetPort: 8080}", "{name: m, port: 8080}"),
        # Nobody can tell which it was.
        ("{name: web, port: 80, targetPort: a}", "{name: c, port: 8080}, {name: d, port: 9090}"),
        ("{name: m, port: 81, targetPort: b}, {name: web, port: 80, targetPort: a}", "{port: 8080}"),
        ("{name: web, port: 80, targetPort: 8080}", "{name: old, port: 8080, protocol: UDP}"),
        ("{name: web, port: 80, targetPort: 8080}", "{name: web}"),
    ],
)
def test_what_may_be_another_port_is_not_taken_for_it(service: str, ports: str) -> None:
    assert numbers(service, ports) == []


def test_slices_take_the_new_name_one_after_another() -> None:
    later = pieces(one("10.0.0.2"), name="cart-2", ports="{name: web, port: 8080}")
    service = "{name: web, port: 80, targetPort: 8080}"
    assert numbers(service, "{name: old, port: 8080}", later) == [8080, 8080]


def test_two_ports_of_the_pods_that_are_one_are_renamed_both() -> None:
    service = "{name: web, port: 80, targetPort: 8080}, {name: also, port: 81, targetPort: 8080}"
    ports = "{name: a, port: 8080}, {name: b, port: 8080}"
    assert numbers(service, ports) == numbers(service, ports, name="also") == [8080]


def left(*manifests: str | Delta, piece: str = "cart-1") -> tuple[str, ...]:
    return left_out(scratch(*manifests), ObjectKey("shop", piece))


def test_what_is_left_out_is_said_by_its_field() -> None:
    assert left(pieces(READY, one("127.0.0.1"))) == (
        "endpoints[1].addresses[0]: left out, 127.0.0.1 is loopback; addresses of other hosts are allowed",
    )
    assert left(pieces(READY, one("127.0.0.1")), LOOPBACK) == ()
    assert left(pieces(one("host.example"), family="FQDN")) == (
        "addressType: FQDN is not supported, its endpoints are left out; allowed: IPv4, IPv6",
    )


def test_of_slices_that_are_nobodys_or_gone_nothing_is_said() -> None:
    nobodys = pieces(one("127.0.0.1")).replace(", labels: {kubernetes.io/service-name: cart}", "")
    assert left(nobodys) == ()
    assert left() == ()


def test_what_is_left_out_of_a_service_is_said_with_its_slice() -> None:
    view = scratch(pieces(READY), pieces(one("::1"), name="cart-2", family="IPv6"))
    (said,) = left_out_of(view, PORT.service)
    assert said.startswith("EndpointSlice shop/cart-2 endpoints[0].addresses[0]: left out, ::1 is loopback; ")


def test_names_are_not_addresses() -> None:
    assert found(pieces(one("host.example"), family="FQDN")) == []


def test_a_service_without_slices_has_no_endpoints() -> None:
    view: Scratch = scratch()
    assert endpoints(view, PORT) == ()


def test_slices_of_other_services_do_not_count() -> None:
    assert found(pieces(READY).replace("service-name: cart", "service-name: other")) == []
    assert found(pieces(READY).replace("namespace: shop", "namespace: blog")) == []


NEAR = PORT._replace(by_zone=True)


def in_zones(*listed: tuple[str, str], key: ServicePortKey = NEAR) -> list[str]:
    endpoints_of_slice = [f"{{addresses: ['10.0.0.{at}'], {more}}}" for at, (_, more) in enumerate(listed, 1)]
    return [each.zone for each in endpoints(scratch(pieces(*endpoints_of_slice)), key)]


def test_zones_are_told_where_they_make_a_difference() -> None:
    two = (("a", "zone: a"), ("b", "zone: b"))
    assert in_zones(*two) == ["a", "b"]
    assert in_zones(*two, key=PORT) == ["", ""]
    assert in_zones(*two, ("", "conditions: {ready: true}")) == ["", "", ""]


def test_a_hint_goes_before_the_place() -> None:
    assert in_zones(("b", "zone: a, hints: {forZones: [{name: b}]}")) == ["b"]
    assert in_zones(("a", "zone: a, hints: {forZones: [{name: b}, {name: c}]}")) == ["a"]
    assert in_zones(("a", "zone: a, hints: {}")) == ["a"]


@pytest.mark.parametrize(
    ("wish", "prefers"),
    [("PreferClose", True), ("PreferSameZone", True), ("PreferSameNode", True), ("Spread", False), (None, False)],
)
def test_who_prefers_a_zone(wish: str | None, *, prefers: bool) -> None:
    assert prefers_zone(ServiceSpec(traffic_distribution=wish)) is prefers


def test_who_has_no_endpoints_is_told_why() -> None:
    good = discovered(scratch(pieces(READY, one("127.0.0.1"))), PORT)
    assert ([each.address for each in good.endpoints], good.closed) == (["10.0.0.1"], "")
    view = scratch(pieces(one("127.0.0.1")))
    [why] = left_out_of(view, PORT.service)
    assert discovered(view, PORT) == Discovered(endpoints=(), closed=why)
    assert discovered(scratch(), PORT) == Discovered(endpoints=())


def test_a_port_of_a_service_by_its_number() -> None:
    service = """
        kind: Service
        metadata: {name: cart, namespace: shop}
        spec:
          trafficDistribution: PreferClose
          ports: [{name: web, port: 80}, {name: dns, port: 80, protocol: UDP}]
    """
    view = scratch(service)
    assert service_port(view, PORT.service, 80, "TCP") == PORT._replace(by_zone=True)
    assert service_port(view, PORT.service, 80, "UDP") == ServicePortKey(PORT.service, "dns", "UDP", by_zone=True)
    assert service_port(view, PORT.service, 81, "TCP") == ServicePortKey(PORT.service, "", "TCP", by_zone=True)
    assert service_port(scratch(), PORT.service, 80, "TCP") == ServicePortKey(PORT.service, "", "TCP")
