"""What is said of GatewayClasses, and of Gateways on account of theirs."""

import pytest

from gatewayd.ir.infrastructure import object_name
from gatewayd.translator.features import SUPPORTED_FEATURES
from gatewayd.translator.outcomes.gateways_and_routes import gateway_outcome, gatewayclass_outcome
from tests.unit.translator.manifests import CLASS, GATEWAY, brief, member, message, scratch

THEIRS = CLASS.replace("gatewayd.io/controller", "other.example/controller")
WITH_PARAMETERS = CLASS.replace("controller}", "controller, parametersRef: {group: x.example, kind: Knobs, name: k}}")


def test_what_is_said_of_our_class() -> None:
    outcome = gatewayclass_outcome(
        scratch(CLASS.replace("name: gatewayd", "name: gatewayd, generation: 4")), member("GatewayClass", "gatewayd")
    )
    assert outcome is not None
    assert outcome.generation == 4
    assert brief(outcome.verdicts) == {"Accepted": "Accepted", "SupportedVersion": "SupportedVersion"}
    assert outcome.features == SUPPORTED_FEATURES


def test_nothing_is_said_of_other_classes() -> None:
    assert gatewayclass_outcome(scratch(THEIRS), member("GatewayClass", "gatewayd")) is None
    assert gatewayclass_outcome(scratch(), member("GatewayClass", "gatewayd")) is None


def test_parameters_are_refused() -> None:
    outcome = gatewayclass_outcome(scratch(WITH_PARAMETERS), member("GatewayClass", "gatewayd"))
    assert outcome is not None
    assert brief(outcome.verdicts)["Accepted"] == "!InvalidParameters"
    assert message(outcome.verdicts, "Accepted").startswith("spec.parametersRef: ")


RUNNING = f"""
kind: Service
metadata: {{name: {object_name("shop", "gw")}, namespace: shop, labels: {{app.kubernetes.io/managed-by: gatewayd}}}}
spec: {{clusterIP: 10.96.0.9, ports: [{{port: 80}}]}}
"""


def test_a_class_that_is_gone_is_said_and_the_address_stays() -> None:
    outcome = gateway_outcome(scratch(GATEWAY, RUNNING), member("Gateway", "shop/gw"))
    assert outcome is not None
    assert brief(outcome.verdicts) == {"Accepted": "!Invalid", "Programmed": "!Invalid"}
    assert message(outcome.verdicts, "Accepted") == (
        'spec.gatewayClassName: GatewayClass "gatewayd" does not exist; what runs stays as it is'
    )
    assert [each.value for each in outcome.addresses] == ["10.96.0.9"]
    assert gateway_outcome(scratch(GATEWAY), member("Gateway", "shop/gw")) is None


def test_a_wrong_class_is_said_of_gateways_that_run_and_they_go_on() -> None:
    outcome = gateway_outcome(scratch(WITH_PARAMETERS, GATEWAY, RUNNING), member("Gateway", "shop/gw"))
    assert outcome is not None
    assert brief(outcome.verdicts)["Accepted"] == "Accepted"
    assert message(outcome.verdicts, "Accepted") == (
        'spec.gatewayClassName: GatewayClass "gatewayd": spec.parametersRef: kind x.example/Knobs is not supported; '
        "allowed: ConfigMap; what runs stays as it is"
    )


def test_what_reaches_no_pod_is_said() -> None:
    given = "  infrastructure: {annotations: {eks.amazonaws.com/role-arn: x, note: y}, labels: {istio-injection: z}}\n"
    outcome = gateway_outcome(scratch(CLASS, GATEWAY + given), member("Gateway", "shop/gw"))
    assert outcome is not None
    assert brief(outcome.verdicts)["Accepted"] == "Accepted"
    told = message(outcome.verdicts, "Accepted")
    assert told.startswith("spec.infrastructure: eks.amazonaws.com/role-arn, istio-injection would give pods more ")
    assert "allowedAnnotations" in told


@pytest.mark.parametrize(
    ("gateways", "in_use"),
    [((), False), ((GATEWAY,), True), ((GATEWAY.replace("ClassName: gatewayd", "ClassName: other"),), False)],
)
def test_a_class_is_in_use_while_gateways_name_it(gateways: tuple[str, ...], *, in_use: bool) -> None:
    outcome = gatewayclass_outcome(scratch(CLASS, *gateways), member("GatewayClass", "gatewayd"))
    assert outcome is not None
    assert outcome.in_use is in_use
