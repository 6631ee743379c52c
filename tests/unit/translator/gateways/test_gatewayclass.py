from dataclasses import replace

from gatewayd.ir.environment import DEFAULT_ENVIRONMENT, HERE, Environment
from gatewayd.ir.infrastructure import object_name
from gatewayd.offline.translate import standalone_environment
from gatewayd.store import Delta
from gatewayd.translator.gateways.gatewayclass import class_is_missing, class_is_ours, gateway_is_ours
from tests.unit.translator.manifests import CLASS, GATEWAY, GW, scratch

THEIRS = CLASS.replace("gatewayd.io/controller", "other.example/controller")


def test_a_class_is_ours_by_its_controller_name() -> None:
    assert class_is_ours(scratch(CLASS), "gatewayd")
    assert not class_is_ours(scratch(THEIRS), "gatewayd")
    assert not class_is_ours(scratch(), "gatewayd")


def test_the_environment_can_name_another_controller() -> None:
    row = Delta(kind=Environment, key=HERE, obj=replace(DEFAULT_ENVIRONMENT, controller="other.example/controller"))
    assert class_is_ours(scratch(THEIRS, row), "gatewayd")
    assert not class_is_ours(scratch(CLASS, row), "gatewayd")


def test_a_gateway_is_ours_by_its_class() -> None:
    assert gateway_is_ours(scratch(CLASS, GATEWAY), GW)
    assert not gateway_is_ours(scratch(THEIRS, GATEWAY), GW)
    assert not gateway_is_ours(scratch(GATEWAY), GW)
    assert not gateway_is_ours(scratch(CLASS), GW)


OURS = f"""
kind: Service
metadata: {{name: {object_name("shop", "gw")}, namespace: shop, labels: {{app.kubernetes.io/managed-by: gatewayd}}}}
spec: {{ports: [{{port: 80}}]}}
"""
SOMEBODYS = OURS.replace("managed-by: gatewayd", "managed-by: somebody")


def test_a_gateway_whose_class_is_gone_is_ours_for_as_long_as_its_proxies_are_there() -> None:
    assert gateway_is_ours(scratch(GATEWAY, OURS), GW)
    assert class_is_missing(scratch(GATEWAY, OURS), GW)
    assert not gateway_is_ours(scratch(GATEWAY, SOMEBODYS), GW)
    assert not gateway_is_ours(scratch(OURS), GW)
    assert not class_is_missing(scratch(CLASS, GATEWAY, OURS), GW)


def test_a_gateway_leaves_when_it_names_a_class_of_another_controller_that_is_there() -> None:
    assert not gateway_is_ours(scratch(THEIRS, GATEWAY, OURS), GW)
    assert not class_is_missing(scratch(THEIRS, GATEWAY, OURS), GW)


def test_without_a_cluster_a_class_that_is_gone_is_gone() -> None:
    here = Delta(kind=Environment, key=HERE, obj=standalone_environment("127.0.0.1", 0, None))
    assert not gateway_is_ours(scratch(GATEWAY, OURS, here), GW)
