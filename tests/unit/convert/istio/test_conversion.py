from gatewayd.convert.fates import Fidelity
from tests.unit.convert.ingresses import converted, fates, ingress, objects
from tests.unit.convert.istio_objects import gateway, istio, virtual_service


def test_istio_beside_ingress_at_one_gateway() -> None:
    done = converted(ingress("old", host="old.example"), gateway(), virtual_service())
    assert list(objects(done, "Gateway")) == ["infra/edge"]
    assert list(objects(done, "HTTPRoute")) == ["shop/old", "shop/shop"]
    assert not done.is_lossy


def test_what_keeps_clients_out_and_is_not_read_closes_all() -> None:
    policy = istio("AuthorizationPolicy", "all", {"action": "DENY"}).replace("networking.istio.io", "security.istio.io")
    done = converted(gateway(), virtual_service(), policy)
    assert fates(done)["spec"] is Fidelity.LOST
    assert [each["spec"] for each in objects(done, "RouteFilter").values()] == [{"directResponse": {"status": 403}}]
    assert objects(converted(gateway(), virtual_service(), policy, open_all=True), "RouteFilter") == {}


def test_other_kinds_are_lost() -> None:
    assert fates(converted(istio("EnvoyFilter", "a", {})))["spec"] is Fidelity.LOST


def test_all_versions_are_read() -> None:
    old = virtual_service().replace("istio.io/v1", "istio.io/v1alpha3")
    assert list(objects(converted(gateway(), old), "HTTPRoute")) == ["shop/shop"]


def closed(kind: str, name: str, spec: dict[str, object]) -> bool:
    """Return whether routes answer 403 beside an object that is told."""
    done = converted(gateway(), virtual_service(), istio(kind, name, spec).replace("networking.", "extensions."))
    assert "spec" in fates(done)
    return bool(objects(done, "RouteFilter"))


def test_what_may_be_a_protection_closes_all_too() -> None:
    assert closed("WasmPlugin", "a", {"phase": "AUTHN"})
    assert closed(
        "EnvoyFilter", "a", {"configPatches": [{"patch": {"value": {"name": "envoy.filters.http.ext_authz"}}}]}
    )
    assert not closed("EnvoyFilter", "a", {"configPatches": [{"patch": {"value": {"name": "envoy.filters.http.tap"}}}]})


def test_what_holds_inside_of_the_mesh_is_told() -> None:
    done = converted(istio("PeerAuthentication", "a", {}).replace("networking.", "security."))
    assert fates(done) == {"spec": Fidelity.MANUAL}
