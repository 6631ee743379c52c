from dataclasses import replace

import pytest

from gatewayd.ir.environment import DEFAULT_ENVIRONMENT, HERE, Environment
from gatewayd.ir.infrastructure import object_name
from gatewayd.ir.outcome import Address
from gatewayd.store import Delta
from gatewayd.translator.gateways.addresses import Addresses, addresses
from tests.unit.translator.manifests import CLASS, GATEWAY, GW, scratch

LOCAL = Delta(kind=Environment, key=HERE, obj=replace(DEFAULT_ENVIRONMENT, address="127.0.0.1", standalone=True))
LOOPBACK = Address(type="IPAddress", value="127.0.0.1", routability=None)


def asking(*wanted: str) -> str:
    return f"{GATEWAY}  addresses: [{', '.join(wanted)}]\n"


def standalone(*wanted: str) -> Addresses:
    return addresses(scratch(CLASS, asking(*wanted), LOCAL), GW)


def in_a_cluster(service: str, *wanted: str) -> Addresses:
    return addresses(scratch(CLASS, asking(*wanted), service), GW)


def service(kind: str = "LoadBalancer", more: str = "", ingress: str = "") -> str:
    return f"""
        kind: Service
        metadata: {{name: {object_name(*GW)}, namespace: shop}}
        spec: {{type: {kind}, clusterIP: 10.96.0.9, ports: [{{port: 80}}]{more}}}
        status: {{loadBalancer: {{ingress: [{ingress}]}}}}
    """


def missing(found: Addresses) -> tuple[str, str]:
    assert found.missing is not None
    assert (found.missing.type, found.missing.status) == ("Programmed", False)
    return found.missing.reason, found.missing.message


def test_standalone_it_is_the_address_that_listeners_bind() -> None:
    assert standalone() == Addresses(assigned=(LOOPBACK,), refused=None, missing=None, requested=None)


@pytest.mark.parametrize("wanted", ["{type: IPAddress, value: 127.0.0.1}", "{type: IPAddress}"])
def test_asking_for_it_gives_it(wanted: str) -> None:
    assert standalone(wanted) == Addresses(assigned=(LOOPBACK,), refused=None, missing=None, requested=None)


def test_an_address_that_is_not_there_cannot_be_used_and_the_others_stay() -> None:
    found = standalone("{type: IPAddress, value: 192.0.2.9}")
    assert found.assigned == (LOOPBACK,)
    assert found.refused is None
    reason, message = missing(found)
    assert reason == "AddressNotUsable"
    assert message == "spec.addresses[0].value: 192.0.2.9 has not been assigned; assigned: 127.0.0.1"


def test_other_types_are_not_supported() -> None:
    found = standalone("{type: IPAddress}", "{type: Hostname, value: a.example}")
    assert found.missing is None
    assert found.refused is not None
    assert (found.refused.type, found.refused.reason) == ("Accepted", "UnsupportedAddress")
    assert found.refused.message == "spec.addresses[1].type: Hostname is not supported; allowed: IPAddress"


def test_in_a_cluster_they_are_those_of_the_gateways_service() -> None:
    found = in_a_cluster(service(ingress="{ip: 198.51.100.2}, {hostname: lb.example}, {ip: 198.51.100.1}"))
    assert [(each.type, each.value) for each in found.assigned] == [
        ("IPAddress", "198.51.100.1"),
        ("IPAddress", "198.51.100.2"),
        ("Hostname", "lb.example"),
    ]
    assert found.missing is None


def test_what_has_been_assigned_is_shown_in_order() -> None:
    balanced = service(ingress="{ip: 198.51.100.2}, {hostname: lb.example}, {ip: 198.51.100.3}, {ip: 198.51.100.1}")
    _, message = missing(in_a_cluster(balanced, "{type: IPAddress, value: 192.0.2.9}"))
    assert message.endswith("assigned: 198.51.100.1, 198.51.100.2, 198.51.100.3, lb.example")


def test_a_service_inside_the_cluster_has_its_own_address() -> None:
    assert [each.value for each in in_a_cluster(service("ClusterIP")).assigned] == ["10.96.0.9"]


def test_external_addresses_count() -> None:
    found = in_a_cluster(service(more=", externalIPs: [203.0.113.5]", ingress="{ip: 198.51.100.1}"))
    assert [each.value for each in found.assigned] == ["198.51.100.1", "203.0.113.5"]


def test_as_long_as_there_is_none_the_gateway_is_not_programmed() -> None:
    found = in_a_cluster(service())
    assert found.assigned == ()
    assert missing(found)[0] == "AddressNotAssigned"


def test_of_several_only_those_that_were_asked_for() -> None:
    ingress = "{ip: 198.51.100.1}, {ip: 198.51.100.2}"
    found = in_a_cluster(service(ingress=ingress), "{type: IPAddress, value: 198.51.100.2}")
    assert [each.value for each in found.assigned] == ["198.51.100.2"]
    assert found.missing is None


def routable(*wanted: str, kind: str = "LoadBalancer") -> Addresses:
    return in_a_cluster(service(kind, ingress="{ip: 198.51.100.1}"), *wanted)


def told(found: Addresses) -> list[tuple[str, str | None]]:
    return [(each.value, each.routability) for each in found.assigned]


def test_an_address_of_the_cluster_is_that_of_the_service() -> None:
    found = routable("{routability: Cluster}")
    assert told(found) == [("10.96.0.9", "Cluster")]
    assert (found.refused, found.missing) == (None, None)
    assert found.requested is not None
    assert (found.requested.status, found.requested.reason) == (True, "AddressesAssigned")


def test_one_inside_and_one_outside() -> None:
    assert told(routable("{routability: ''}", "{routability: Cluster}")) == [
        ("10.96.0.9", "Cluster"),
        ("198.51.100.1", ""),
    ]


def test_what_cannot_be_had_is_named() -> None:
    found = routable("{routability: Cluster, value: 10.96.0.77}", "{}")
    assert told(found) == [("198.51.100.1", "")]
    assert found.missing is None
    assert found.requested is not None
    assert (found.requested.status, found.requested.reason) == (False, "PartiallyAssigned")
    assert found.requested.message == (
        "spec.addresses[0]: no address of the cluster's own 10.96.0.77 has been assigned"
    )


def test_nothing_can_be_had() -> None:
    found = routable("{routability: example.com/wan}")
    assert found.assigned == ()
    reason, message = missing(found)
    assert reason == "AddressNotAssigned"
    assert message == "spec.addresses[0].routability: example.com/wan is not known here; allowed: Cluster"
    assert found.requested is not None
    assert found.requested.reason == "NotAssigned"
    assert missing(standalone("{routability: Cluster}"))[0] == "AddressNotAssigned"
