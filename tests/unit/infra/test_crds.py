"""The CRDs as a whole: that they are made of the structs, and are what is checked in."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from msgspec import inspect

from gatewayd.api.kinds import KINDS
from gatewayd.infra.crds import own_crds, schema
from gatewayd.own_group import DOMAIN
from tests.unit.api.test_inherited import PolicySection

ROOT = Path(__file__).parents[3]
CRDS = {each["spec"]["names"]["kind"]: each for each in own_crds()}


def root(kind: str) -> Any:
    return CRDS[kind]["spec"]["versions"][0]["schema"]["openAPIV3Schema"]


def schemas(found: Any) -> Iterator[Any]:
    yield found
    for each in found.get("properties", {}).values():
        yield from schemas(each)
    if "items" in found:
        yield from schemas(found["items"])


def test_there_is_one_for_each_kind_of_our_own_group() -> None:
    assert (
        set(CRDS)
        == {kind.kind for kind in KINDS if kind.group == DOMAIN}
        == {
            "AccessPolicy",
            "RoutePolicy",
            "ReportPolicy",
            "BackendPolicy",
            "ClientPolicy",
            "RouteFilter",
        }
    )
    for kind, each in CRDS.items():
        is_policy = kind != "RouteFilter"
        assert each["metadata"]["labels"] == ({"gateway.networking.k8s.io/policy": "Inherited"} if is_policy else {})
        assert each["metadata"]["name"] == f"{each['spec']['names']['plural']}.{DOMAIN}"
        (version,) = each["spec"]["versions"]
        assert version["subresources"] == {"status": {}}
        columns = [column["name"] for column in version["additionalPrinterColumns"]]
        assert columns[-2:] == (["Accepted", "Age"] if is_policy else ["Age"])


@pytest.mark.parametrize("kind", CRDS)
def test_schemas_are_structural_and_bounded(kind: str) -> None:
    """What the API server asks of a schema whose CEL rules shall be affordable: every list and text has a limit."""
    for found in schemas(root(kind)["properties"]["spec"]):
        assert "type" in found
        if found["type"] == "array":
            assert found["maxItems"] <= 256
        if found["type"] == "string":
            assert "enum" in found or "maxLength" in found or "{1,4}" in found["pattern"]


def test_limits_defaults_and_rules_come_from_the_structs() -> None:
    spec = root("RoutePolicy")["properties"]["spec"]
    assert spec["required"] == ["targetRefs"]
    assert spec["x-kubernetes-validations"][0]["rule"] == "has(self.default) != has(self.override)"
    retry = spec["properties"]["default"]["properties"]["retry"]
    assert retry["properties"]["attempts"] == {"type": "integer", "minimum": 0, "maximum": 10}
    assert retry["properties"]["mode"]["default"] == "Enabled"
    assert retry["properties"]["codes"]["x-kubernetes-list-type"] == "set"


def test_patterns_end_where_the_text_ends() -> None:
    for kind in CRDS:
        assert not [each for each in schemas(root(kind)) if "\\Z" in each.get("pattern", "")]


def test_no_rule_has_empty_parentheses() -> None:
    """As of a section without fields: an API server refuses the whole CRD."""
    for kind in CRDS:
        rules = [rule["rule"] for each in schemas(root(kind)) for rule in each.get("x-kubernetes-validations", ())]
        assert rules
        assert not [rule for rule in rules if " ()" in rule or rule.startswith("()")]


def test_a_type_that_no_crd_can_have_is_a_mistake() -> None:
    assert schema(inspect.type_info(PolicySection))["type"] == "object"
    with pytest.raises(KeyError):
        schema(inspect.type_info(complex))


def test_they_are_checked_in() -> None:
    for place in ("deploy/crds.yaml", "deploy/helm/gatewayd/crds/crds.yaml"):
        text = (ROOT / place).read_text(encoding="utf-8")
        assert list(yaml.safe_load_all(text)) == list(own_crds()), "run `python deploy/write.py`"
