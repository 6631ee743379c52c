"""Which first requests declare just what a set of resources is."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from envoy.service.discovery.v3 import discovery_pb2

from gatewayd.ads.sharing.comparisons import Versions
from gatewayd.ads.sharing.declared_versions import DeclaredVersions
from gatewayd.xds.resource import ROUTE, Resource, Resources, resource


def target(*names: str) -> Resources:
    made: Mapping[str, Resource] = {name: resource(ROUTE, name, name.encode()) for name in names}
    return MappingProxyType(made)


def request(resources: Resources, **fields: Any) -> discovery_pb2.DeltaDiscoveryRequest:
    versions = {name: item.version for name, item in reversed(tuple(resources.items()))}
    return discovery_pb2.DeltaDiscoveryRequest(
        **{"type_url": ROUTE, "initial_resource_versions": versions, **fields},
    )


class Declared(DeclaredVersions):
    def __init__(self) -> None:
        self.versions = Versions()
        super().__init__(self.versions)

    def are_all(self, resources: Resources, message: discovery_pb2.DeltaDiscoveryRequest) -> bool:
        """Tell whether it gives the very versions of the resources; they are equal exactly then."""
        known, said = self.versions(resources), self(resources, message)
        assert said == message.initial_resource_versions
        assert (said is known) is (said == known)
        return said is known


def test_in_whatever_order() -> None:
    assert Declared().are_all(target("a", "b"), request(target("a", "b")))


def test_whatever_else_the_request_says() -> None:
    it, both = Declared(), target("a", "b")
    first = request(both, node={"id": "n"}, resource_names_subscribe=["b", "a"])
    second = request(both, resource_names_unsubscribe=["c"], response_nonce="1")

    assert (it.are_all(both, first), it.are_all(both, second), it.are_all(both, first)) == (True, True, True)


def test_not_with_a_name_more_or_less() -> None:
    it, both = Declared(), target("a", "b")

    assert not it.are_all(both, request(target("a")))
    assert not it.are_all(both, request(target("a", "b", "c")))
    assert not it.are_all(both, request(target("a", "c")))


def test_not_with_another_version() -> None:
    other = request(target("a", "b"))
    other.initial_resource_versions["a"] = "0"

    assert not Declared().are_all(target("a", "b"), other)


def test_what_nobody_asks_about_is_forgotten() -> None:
    it, both = Declared(), target("a", "b")
    it.are_all(both, request(both))
    it.sweep()
    it.sweep()

    assert it.are_all(both, request(both))
