import pytest

from gatewayd.ir.fleet import GatewayFleet
from gatewayd.xds.resource import (
    CLUSTER,
    LISTENER,
    SECRET,
    TYPE_BY_URL,
    XDS_TYPES,
    Resource,
    content_version,
    resource,
    snapshot,
)

A, B = resource(CLUSTER, "a", b"1"), resource(CLUSTER, "b", b"2")


def test_versions_are_hashes_of_the_content() -> None:
    assert A.version == content_version(b"1") != B.version
    assert len(A.version) == 16


def test_a_resource_shows_no_content() -> None:
    assert repr(resource(SECRET, "key", b"PRIVATE")).startswith("Resource(SDS key ")
    assert "PRIVATE" not in repr(resource(SECRET, "key", b"PRIVATE"))


def test_a_resource_is_what_its_content_is_however_it_is_kept() -> None:
    parts = Resource(type_url=CLUSTER, name="a", version=content_version(b"12"), own=b"1", tail=b"2")
    whole = resource(CLUSTER, "a", b"12")
    assert (parts.body, parts.size) == (whole.body, whole.size) == (b"12", 2)
    assert parts == whole


def test_a_snapshot_does_not_depend_on_the_order_of_its_making() -> None:
    one, other = (
        snapshot(GatewayFleet(namespace="shop", name="edge"), (A, B)),
        snapshot(GatewayFleet(namespace="shop", name="edge"), (B, A)),
    )
    assert one.version == other.version != snapshot(GatewayFleet(namespace="shop", name="edge"), (A,)).version
    assert list(one.of(CLUSTER)) == list(other.of(CLUSTER)) == ["a", "b"]
    assert dict(one.of(LISTENER)) == {}


def test_a_name_stands_for_one_resource() -> None:
    with pytest.raises(ValueError, match="two resources"):
        snapshot(GatewayFleet(namespace="shop", name="edge"), (A, resource(CLUSTER, "a", b"3")))


def test_what_refers_to_another_type_comes_after_it() -> None:
    phases = {row.short: row.phase for row in XDS_TYPES}
    assert phases["CDS"] < phases["EDS"] == phases["SDS"] < phases["ECDS"] < phases["RDS"] < phases["LDS"]
    assert set(TYPE_BY_URL) == {row.url for row in XDS_TYPES}
