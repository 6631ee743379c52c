import json
from collections.abc import Mapping
from typing import Any

from gatewayd.api.compact import _MOST, Pool, compact
from gatewayd.api.core import Secret
from gatewayd.api.decode import Decoded, decode_bytes
from gatewayd.api.kinds import KINDS
from gatewayd.api.meta import ObjectMeta
from tests.unit.api.documents import document

KIND = {kind.kind: kind for kind in KINDS}
BOOKKEEPING = {
    "uid": "u-1",
    "generation": 3,
    "creationTimestamp": "2026-11-01T08:00:00Z",
    "labels": {"kubernetes.io/service-name": "cart", "team": "red"},
    "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "{}"},
    "managedFields": [{"manager": "kubectl"}],
}


def stored(kind: str, **fields: object) -> Any:
    """Return an object as it comes from the API server, with all of its bookkeeping."""
    source = document(kind, **fields)
    source["metadata"] |= BOOKKEEPING
    found = decode_bytes(KIND[kind], json.dumps(source).encode())
    assert isinstance(found, Decoded), found
    return found.obj


def test_a_route_keeps_its_generation_and_its_age() -> None:
    kept = stored("HTTPRoute", spec={"parentRefs": [{"name": "gw"}]}).metadata
    assert (kept.generation, kept.creation_timestamp) == (3, "2026-11-01T08:00:00Z")
    assert (kept.labels, kept.annotations, kept.uid) == ({}, {}, "")


def test_a_gateway_keeps_its_uid_for_what_it_owns() -> None:
    listeners = [{"name": "http", "port": 80, "protocol": "HTTP"}]
    kept = stored("Gateway", spec={"gatewayClassName": "gatewayd", "listeners": listeners}).metadata
    assert (kept.uid, kept.generation, kept.labels) == ("u-1", 3, {})


def test_a_gateway_keeps_the_annotations_that_are_for_us() -> None:
    source = document(
        "Gateway", spec={"gatewayClassName": "a", "listeners": [{"name": "a", "port": 1, "protocol": "TCP"}]}
    )
    source["metadata"]["annotations"] = {"gatewayd.io/escaped-slashes": "keep", "other.example/a": "b"}
    found = decode_bytes(KIND["Gateway"], json.dumps(source).encode())
    assert isinstance(found, Decoded), found

    assert found.obj.metadata.annotations == {"gatewayd.io/escaped-slashes": "keep"}


def test_a_namespace_keeps_the_labels_that_routes_are_selected_by() -> None:
    kept = stored("Namespace").metadata
    assert kept.labels == BOOKKEEPING["labels"]
    assert kept.annotations == {}


def service(
    cluster_ip: str,
    *,
    name: str = "cart",
    annotations: Mapping[str, str] | None = None,
    cluster_ips: tuple[str, ...] = (),
    **labels: str,
) -> Any:
    """Return a Service as it comes from the API server."""
    addresses = {"clusterIP": cluster_ip, "clusterIPs": cluster_ips or [cluster_ip]}
    spec = {"ports": [{"port": 80}], "selector": {"app": "cart"}, **addresses}
    source = document("Service", spec=spec)
    source["metadata"] |= {"name": name, "labels": labels, "annotations": dict(annotations or {})}
    found = decode_bytes(KIND["Service"], json.dumps(source).encode())
    assert isinstance(found, Decoded), found
    return found.obj


def test_a_service_keeps_its_ports_and_whether_it_is_headless() -> None:
    kept = service("192.0.2.1")
    assert kept.metadata == ObjectMeta(name=kept.metadata.name, namespace=kept.metadata.namespace)
    assert kept.spec.selector == {}
    assert kept.spec.ports[0].port == 80
    assert kept.spec.ports is service("192.0.2.2").spec.ports
    assert service("None").spec.cluster_ip == "None"


def test_a_service_keeps_the_addresses_that_pods_call_it_by() -> None:
    kept = service("192.0.2.1").spec
    assert (kept.cluster_ip, kept.cluster_ips) == ("192.0.2.1", ())
    both = service("192.0.2.1", cluster_ips=("192.0.2.1", "2001:db8::1")).spec
    assert (both.cluster_ip, both.cluster_ips) == ("192.0.2.1", ("192.0.2.1", "2001:db8::1"))


def test_a_service_that_we_made_is_known_for_ours() -> None:
    ours = {"app.kubernetes.io/managed-by": "gatewayd"}
    assert service("192.0.2.1", **ours, team="red").metadata.labels == ours
    assert service("192.0.2.1", **{"app.kubernetes.io/managed-by": "Helm"}).metadata.labels == {}


def test_a_service_that_we_made_keeps_what_we_wrote_on_it() -> None:
    written = {"gatewayd.io/routes-per-host": "80", "team": "red"}
    ours = service("192.0.2.1", annotations=written, **{"app.kubernetes.io/managed-by": "gatewayd"})
    assert ours.metadata.annotations == {"gatewayd.io/routes-per-host": "80"}
    assert service("192.0.2.1", annotations=written).metadata.annotations == {}


def test_a_services_name_is_in_memory_once_however_many_came_between() -> None:
    name = "a-name-that-is-in-no-other-test"
    kept = service("192.0.2.1", name=name)
    for number in range(3 * _MOST):
        service("192.0.2.1", name=f"other-{number}")
    rules = [{"backendRefs": [{"name": name, "port": 80}]}]
    [ref] = stored("HTTPRoute", spec={"parentRefs": [{"name": "gw"}], "rules": rules}).spec.rules[0].backend_refs
    assert ref.name is kept.metadata.name


def test_a_slice_keeps_whose_it_is_and_where_its_endpoints_are() -> None:
    endpoint = {
        "addresses": ["192.0.2.1"],
        "conditions": {"ready": False, "serving": True},
        "nodeName": "node-1",
        "zone": "a",
        "hostname": "cart-1",
        "targetRef": {"kind": "Pod", "name": "cart-1"},
    }
    kept = stored("EndpointSlice", addressType="IPv4", endpoints=[endpoint], ports=[{"port": 8080}])
    assert kept.service_name == "cart"
    assert kept.metadata.labels == {"kubernetes.io/service-name": "cart"}
    [only] = kept.endpoints
    assert (only.addresses, only.conditions.ready, only.conditions.serving) == (("192.0.2.1",), False, True)
    assert (only.node_name, only.hostname, only.target_ref) == (None, None, None)
    assert only.zone == "a"


def test_a_pod_that_moves_to_another_node_is_no_change() -> None:
    one, other = (
        stored("EndpointSlice", addressType="IPv4", endpoints=[{"addresses": ["192.0.2.1"], "nodeName": node}])
        for node in ("a", "b")
    )
    assert one == other


def test_what_routes_have_in_common_is_in_memory_once() -> None:
    def route(host: str) -> Any:
        rules = [{"backendRefs": [{"name": host, "port": 80}]}]
        return stored("HTTPRoute", spec={"parentRefs": [{"name": "gw"}], "hostnames": [host], "rules": rules})

    one, other = route("a.example"), route("b.example")
    assert one.spec.parent_refs is other.spec.parent_refs
    assert one.metadata.namespace is other.metadata.namespace
    assert one.spec.rules[0].matches is other.spec.rules[0].matches
    assert one.spec.rules[0].backend_refs != other.spec.rules[0].backend_refs


def slice_of(count: int, zone: str = "a-zone") -> Any:
    """Return a slice of so many endpoints."""
    endpoints = [
        {"addresses": [f"198.18.{at // 250}.{at % 250}"], "conditions": {"ready": True}, "zone": zone}
        for at in range(count)
    ]
    return stored("EndpointSlice", addressType="IPv4", endpoints=endpoints, ports=[{"port": 8080}])


def test_what_endpoints_have_in_common_is_in_memory_once() -> None:
    one, other = slice_of(3), slice_of(2)
    kept = [*one.endpoints, *other.endpoints]
    assert len({id(each.conditions) for each in kept}) == 1
    assert len({id(each.zone) for each in kept}) == 1
    assert one.ports is other.ports


def test_a_slice_of_many_endpoints_takes_nobody_elses_place() -> None:
    def route() -> Any:
        return stored("HTTPRoute", spec={"parentRefs": [{"name": "gw-of-many-routes"}]})

    before = route()
    assert len(slice_of(1000).endpoints) == 1000
    assert route().spec.parent_refs is before.spec.parent_refs


def test_secrets_share_nothing() -> None:
    def secret() -> Secret:
        found: Secret = stored("Secret", data={"tls.key": "a2V5"})
        return found

    assert secret() == secret()
    assert secret().data is not secret().data
    assert secret().metadata.annotations == {}


def test_compact_again_changes_nothing() -> None:
    slice_ = stored("EndpointSlice", addressType="IPv4", endpoints=[{"addresses": ["192.0.2.1"]}])
    assert compact(slice_) == slice_


def test_a_pool_returns_the_one_that_came_first() -> None:
    pool, first = Pool(), ("a" * 20, "b" * 20)
    assert pool.shared(first) == first
    other = ("a" * 10 + "a" * 10, "b" * 20)
    assert pool.shared(other) is pool.shared(first)


def test_a_pool_leaves_long_text_and_numbers_as_they_are() -> None:
    pool = Pool()
    long = "x" * 100
    assert pool.shared(long) is long
    assert pool.shared(("x" * 99 + "x",)) == (long,)
    assert pool.shared((1, True)) == (1, True)
    assert pool.shared(True) is True
    assert pool.shared(None) is None


def test_dicts_are_copied_and_their_text_is_shared() -> None:
    pool, (first, second) = Pool(), (json.loads('{"key": "value"}') for _ in range(2))
    assert pool.shared(first)["key"] is pool.shared(second)["key"]
    assert pool.shared(second) == second


def test_a_pool_never_grows() -> None:
    pool = Pool()
    for number in range(3 * _MOST):
        pool.shared(f"name-{number}")
    assert len(pool._held) == _MOST


def test_a_pool_that_forgets_holds_nothing() -> None:
    pool = Pool()
    pool.shared(("a" * 20, "b" * 20))
    pool.forget()
    assert pool._held == {}
