from gatewayd.api.gateway import Gateway
from gatewayd.api.meta import ObjectKey
from gatewayd.incremental.view import Member
from gatewayd.ir.fleet import GatewayFleet
from gatewayd.ir.outcome import GatewayOutcome
from gatewayd.offline.translate import offline, standalone_environment
from gatewayd.own_group import CONTROLLER
from gatewayd.translator.attachment import attachments
from gatewayd.xds.resource import LISTENER
from tests.unit.translator.manifests import SHOP, brief, deltas, member

ROUTE = """
kind: HTTPRoute
metadata: {name: r, namespace: shop}
spec: {parentRefs: [{name: gw}], rules: [{backendRefs: [{name: cart, port: 80}]}]}
"""
HERE = standalone_environment("127.0.0.1", 0, None)


def test_objects_in_statuses_and_snapshots_out() -> None:
    found = offline(deltas(SHOP, ROUTE), HERE)
    assert set(found.snapshots) == set(found.configs) == {GatewayFleet(namespace="shop", name="gw")}
    assert list(found.snapshots[GatewayFleet(namespace="shop", name="gw")].of(LISTENER)) == ["tcp-80"]
    said = found.outcomes[Member(Gateway, ObjectKey("shop", "gw"))]
    assert isinstance(said, GatewayOutcome)
    assert brief(said.verdicts) == {"Accepted": "Accepted", "Programmed": "!Pending"}
    assert [each.attached for each in said.listeners] == [1]


def test_the_engine_answers_questions_afterwards() -> None:
    found = offline(deltas(SHOP, ROUTE), HERE)
    (parent,) = attachments(found.store.engine, member("HTTPRoute", "shop/r"))
    assert parent.verdict.status


def test_nothing_in_nothing_out() -> None:
    found = offline((), HERE)
    assert (found.snapshots, found.outcomes) == ({}, {})


def test_the_environment_of_a_run_without_a_cluster() -> None:
    made = standalone_environment("127.0.0.1", 10_000, None)
    assert (made.controller, made.address, made.unprivileged_offset) == (CONTROLLER, "127.0.0.1", 10_000)
    assert made.standalone
    assert made.loopback_backends
    assert made.external_names
