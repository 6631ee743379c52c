"""Ports and endpoints of a ServiceImport, whose slices are those of several clusters."""

from gatewayd.api.meta import ObjectKey
from gatewayd.incremental.scratch import Scratch
from gatewayd.translator.backends.imports import (
    ImportedPort,
    clusters_of,
    imported_endpoints,
    imported_port,
    known_ports,
)
from tests.unit.translator.manifests import scratch

STORE = ObjectKey("shop", "store")
PORTS = "ports: [{name: web, port: 80, appProtocol: h2c}, {name: dns, port: 53, protocol: UDP}]"


def store(spec: str = PORTS, annotations: str = "") -> str:
    return f"""
    kind: ServiceImport
    metadata: {{name: store, namespace: shop, annotations: {{{annotations}}}}}
    spec: {{{spec}}}
    """


def piece(cluster: str, *addresses: str, labels: str = "", more: str = "") -> str:
    listed = ", ".join(f"{{addresses: ['{each}']{more}}}" for each in addresses)
    source = f"multicluster.kubernetes.io/source-cluster: {cluster}, " if cluster else ""
    return f"""
    kind: EndpointSlice
    metadata:
      name: store-{cluster or "x"}
      namespace: shop
      labels: {{{source}multicluster.kubernetes.io/service-name: store{labels}}}
    addressType: IPv4
    ports: [{{name: web, port: 8080}}]
    endpoints: [{listed}]
    """


def addresses(view: Scratch, port: int = 80) -> list[tuple[str, int]]:
    return [(each.address, each.port) for each in imported_endpoints(view, STORE, port, "TCP").endpoints]


def test_the_endpoints_of_all_clusters() -> None:
    view = scratch(store(), piece("east", "10.0.0.1", "10.0.0.2"), piece("west", "10.1.0.1"), piece("", "10.2.0.1"))
    assert addresses(view) == [("10.0.0.1", 8080), ("10.0.0.2", 8080), ("10.1.0.1", 8080), ("10.2.0.1", 8080)]
    assert list(clusters_of(view, STORE).items()) == [("", 1), ("east", 2), ("west", 1)]
    assert imported_port(view, STORE, 80, "TCP") == ImportedPort("web", "h2c")
    assert imported_port(view, STORE, 80, "UDP") is None
    assert known_ports(view, STORE) == "80/TCP, 53/UDP"


def test_an_address_of_two_slices_counts_once() -> None:
    assert addresses(scratch(store(), piece("east", "10.0.0.1"), piece("west", "10.0.0.1"))) == [("10.0.0.1", 8080)]


def test_slices_that_are_also_a_services_are_the_imports() -> None:
    both = piece("east", "10.0.0.1", labels=", kubernetes.io/service-name: derived")
    assert addresses(scratch(store(annotations="multicluster.kubernetes.io/derived-service: derived"), both)) == [
        ("10.0.0.1", 8080)
    ]


def test_without_slices_what_stands_for_it() -> None:
    derived = """
    kind: Service
    metadata: {name: derived, namespace: shop}
    spec: {ports: [{name: other, port: 80}]}
    ---
    kind: EndpointSlice
    metadata: {name: derived-1, namespace: shop, labels: {kubernetes.io/service-name: derived}}
    addressType: IPv4
    ports: [{name: other, port: 9090}]
    endpoints: [{addresses: [10.9.0.1]}]
    """
    named = "multicluster.kubernetes.io/derived-service: derived"
    assert addresses(scratch(store(annotations=named), derived)) == [("10.9.0.1", 9090)]
    assert addresses(scratch(store(annotations=named))) == []
    by_address = store(f"{PORTS}, ips: [10.0.0.9, 169.254.169.254]")
    assert addresses(scratch(by_address)) == [("10.0.0.9", 80)]
    assert addresses(scratch(store(f"{PORTS}, ips: [10.0.0.9, 10.0.0.1]"))) == [("10.0.0.1", 80), ("10.0.0.9", 80)]
    assert addresses(scratch(by_address), 81) == []
    assert addresses(scratch()) == []


def test_a_headless_one_has_the_ports_of_its_slices() -> None:
    view = scratch(store("type: Headless"), piece("east", "10.0.0.1"))
    assert imported_port(view, STORE, 8080, "TCP") == ImportedPort("web", "")
    assert imported_port(view, STORE, 80, "TCP") is None
    assert imported_port(view, STORE, None, "TCP") is None
    assert known_ports(view, STORE) == "8080/TCP"
    assert addresses(view, 8080) == [("10.0.0.1", 8080)]
    assert known_ports(scratch(), STORE) == "none"


def test_zones_count_as_they_do_for_a_service() -> None:
    view = scratch(store(f"{PORTS}, trafficDistribution: PreferSameZone"), piece("east", "10.0.0.1", more=", zone: a"))
    assert [each.zone for each in imported_endpoints(view, STORE, 80, "TCP").endpoints] == ["a"]


def test_where_nobody_may_be_reached_it_is_said() -> None:
    found = imported_endpoints(scratch(store(), piece("east", "169.254.169.254")), STORE, 80, "TCP")
    assert found.endpoints == ()
    assert found.closed.startswith("EndpointSlice shop/store-east endpoints[0].addresses[0]: left out")
