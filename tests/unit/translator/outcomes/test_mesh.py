import pytest

from gatewayd.ir.fleet import MESH_FLEET
from gatewayd.ir.outcome import FleetReport, MeshOutcome
from gatewayd.store import Delta
from gatewayd.translator.features import MESH_FEATURES
from gatewayd.translator.outcomes.gateways_and_routes import route_outcome
from gatewayd.translator.outcomes.mesh import mesh_outcome
from tests.unit.translator.manifests import SHOP, member, scratch
from tests.unit.translator.mesh.manifests import ECHO, MESH, route

XMESH = member("XMesh", "mesh")


def said(*sources: str | Delta) -> dict[str, tuple[bool, str]]:
    found = mesh_outcome(scratch(*sources), XMESH)
    assert isinstance(found, MeshOutcome)
    assert found.features == MESH_FEATURES
    return {each.type: (each.status, each.reason) for each in found.verdicts}


def report(connected: int, *listeners: str) -> Delta:
    value = FleetReport(connected=connected, acked_listeners=frozenset(listeners), rejections=())
    return Delta(kind=FleetReport, key=MESH_FLEET, obj=value)


def test_a_mesh_is_programmed_when_a_proxy_of_a_node_has_it() -> None:
    assert said(MESH) == {"Accepted": (True, "Accepted"), "Programmed": (False, "Pending")}
    assert said(MESH, report(1))["Programmed"] == (False, "Pending")
    assert said(MESH, report(1, "tcp-15001"))["Programmed"] == (True, "Programmed")


def test_there_are_no_parameters() -> None:
    asking = MESH.replace("controller}", "controller, parametersRef: {group: '', kind: ConfigMap, name: p}}")
    assert said(asking)["Accepted"] == (False, "InvalidParameters")


def test_of_another_controllers_mesh_nothing_is_said() -> None:
    assert mesh_outcome(scratch(MESH.replace("gatewayd.io", "other.example")), XMESH) is None


def test_what_gatewayd_fails_on_is_said() -> None:
    assert mesh_outcome.rescue is not None
    found = mesh_outcome.rescue(scratch(MESH), XMESH, ValueError("x"), None)
    assert (found.verdicts[0].status, found.verdicts[0].reason) == (False, "Invalid")


BOTH = """
kind: HTTPRoute
metadata: {name: r, namespace: shop}
spec:
  parentRefs: [{name: gw}, {group: "", kind: Service, name: echo, port: 80}]
  rules: [{backendRefs: [{name: till, namespace: bank, port: 80}]}]
"""
TILL = "{kind: Service, metadata: {name: till, namespace: bank}, spec: {ports: [{port: 80}]}}"


def test_a_gateway_needs_a_grant_where_a_service_needs_none() -> None:
    found = route_outcome(scratch(SHOP, MESH, ECHO, TILL, BOTH), member("HTTPRoute", "shop/r"))
    assert found is not None
    reasons = {each.ref.kind: [verdict.reason for verdict in each.verdicts] for each in found.parents}
    assert reasons["Gateway"] == ["Accepted", "RefNotPermitted"]
    assert reasons["Service"] == ["Accepted", "ResolvedRefs"]


@pytest.mark.parametrize("mesh", ["", MESH])
def test_a_gateways_routes_do_not_notice_a_mesh(mesh: str) -> None:
    found = route_outcome(scratch(SHOP, mesh, ECHO, TILL, BOTH), member("HTTPRoute", "shop/r"))
    assert found is not None
    assert len(found.parents) == (2 if mesh else 1)


def test_a_part_that_is_left_out_is_said() -> None:
    rules = """[
  {matches: [{path: {type: RegularExpression, value: '['}}], backendRefs: [{name: echo, port: 80}]},
  {backendRefs: [{name: echo, port: 80}]}]"""
    found = route_outcome(scratch(MESH, ECHO, route(rules=rules)), member("HTTPRoute", "shop/r"))
    assert found is not None
    assert [each.type for each in found.parents[0].verdicts] == ["Accepted", "ResolvedRefs", "PartiallyInvalid"]
