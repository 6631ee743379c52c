from dataclasses import replace

import pytest

from gatewayd.ir.environment import HERE, Environment
from gatewayd.store import Delta
from gatewayd.translator.features import SUPPORTED_FEATURES
from gatewayd.translator.gatewayclass import (
    DEFAULT_ENVIRONMENT,
    class_is_ours,
    environment,
    gateway_is_ours,
    gatewayclass_outcome,
)
from tests.unit.translator.manifests import CLASS, GATEWAY, GW, brief, member, message, scratch

THEIRS = CLASS.replace("gatewayd.io/controller", "other.example/controller")
WITH_PARAMETERS = CLASS.replace("controller}", "controller, parametersRef: {group: x.example, kind: Knobs, name: k}}")


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


def test_what_is_said_of_our_class() -> None:
    outcome = gatewayclass_outcome(
        scratch(CLASS.replace("name: gatewayd", "name: gatewayd, generation: 4")), member("GatewayClass", "gatewayd")
    )
    assert outcome is not None
    assert outcome.generation == 4
    assert brief(outcome.verdicts) == {"Accepted": "Accepted", "SupportedVersion": "SupportedVersion"}
    assert outcome.features == SUPPORTED_FEATURES
    assert not outcome.in_use


@pytest.mark.parametrize(
    ("gateway", "in_use"),
    [(GATEWAY, True), (GATEWAY.replace("gatewayClassName: gatewayd", "gatewayClassName: other"), False)],
)
def test_a_class_is_in_use_while_gateways_name_it(gateway: str, *, in_use: bool) -> None:
    outcome = gatewayclass_outcome(scratch(CLASS, gateway), member("GatewayClass", "gatewayd"))
    assert outcome is not None
    assert outcome.in_use is in_use


def test_nothing_is_said_of_other_classes() -> None:
    assert gatewayclass_outcome(scratch(THEIRS), member("GatewayClass", "gatewayd")) is None
    assert gatewayclass_outcome(scratch(), member("GatewayClass", "gatewayd")) is None


def test_parameters_are_refused() -> None:
    outcome = gatewayclass_outcome(scratch(WITH_PARAMETERS), member("GatewayClass", "gatewayd"))
    assert outcome is not None
    assert brief(outcome.verdicts)["Accepted"] == "!InvalidParameters"
    assert message(outcome.verdicts, "Accepted").startswith("spec.parametersRef: ")


def test_without_a_row_the_environment_is_that_of_a_cluster() -> None:
    assert environment(scratch()) == DEFAULT_ENVIRONMENT
    assert not DEFAULT_ENVIRONMENT.loopback_backends
