from gatewayd.translator.parameters.chosen import chosen_parameters
from tests.unit.translator.manifests import GW, SHOP, scratch

NAMED = SHOP.replace(
    "listeners:", "infrastructure: {parametersRef: {group: '', kind: ConfigMap, name: own}}\n  listeners:", 1
)


def own(data: str) -> str:
    return f"kind: ConfigMap\nmetadata: {{name: own, namespace: shop}}\ndata: {data}\n"


def test_a_gateway_stands_on_the_defaults_of_its_class() -> None:
    found = chosen_parameters(scratch(NAMED, own("{concurrency: '2'}")), GW)
    assert found.refused is None
    assert (found.parameters.concurrency, found.parameters.workload) == (2, "Deployment")


def test_what_is_wrong_is_said_and_the_defaults_hold() -> None:
    found = chosen_parameters(scratch(NAMED, own("{concurrency: many}")), GW)
    assert found.parameters.concurrency == 0
    assert found.refused is not None
    assert "spec.infrastructure.parametersRef" in found.refused.message
    assert "data.concurrency" in found.refused.message
