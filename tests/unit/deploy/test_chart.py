"""The chart with its default values is the plain manifest, less the Namespace and the CRDs (tests/unit/infra).

Templates use one form of expression, `{{ toJson .A.b }}`, which is replaced here by the value's JSON. Where Helm is
installed it renders them as well, and both renderings must agree.
"""

import json
import re
import shutil
import subprocess
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[3]
CHART = ROOT / "deploy" / "helm" / "gatewayd"
NAMESPACE = "gatewayd-system"
EXPRESSION = re.compile(r"\{\{ toJson \.([A-Za-z.]+) \}\}")
HELM = shutil.which("helm")

Object = dict[str, Any]


def read(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def rendered(values: Object) -> list[Object]:
    known = {"Values": values, "Release": {"Namespace": NAMESPACE}}

    def looked_up(match: re.Match[str]) -> str:
        found: Any = known
        for name in match[1].split("."):
            found = found[name]
        return json.dumps(found)

    texts = [path.read_text(encoding="utf-8") for path in sorted((CHART / "templates").iterdir())]
    return [yaml.safe_load(EXPRESSION.sub(looked_up, text)) for text in texts]


def by_kind(objects: Iterable[Object]) -> dict[str, Object]:
    return {each["kind"]: without_empty(each) for each in objects}


def without_empty(value: Any) -> Any:
    """Return a value less what the chart's defaults leave empty, which is taken for absent."""
    if isinstance(value, dict):
        kept = {name: without_empty(each) for name, each in value.items()}
        return {name: each for name, each in kept.items() if each not in ({}, [])}
    if isinstance(value, list):
        return [without_empty(each) for each in value if not is_empty_variable(each)]
    return value


def is_empty_variable(value: Any) -> bool:
    return isinstance(value, dict) and value.keys() == {"name", "value"} and value["value"] == ""


def plain() -> dict[str, Object]:
    """Return the plain manifest, with what Helm users expect to be able to set said aloud."""
    documents = yaml.safe_load_all((ROOT / "deploy" / "gatewayd.yaml").read_text(encoding="utf-8"))
    objects = by_kind(each for each in documents if each["kind"] not in ("Namespace", "CustomResourceDefinition"))
    objects["Deployment"]["spec"]["template"]["spec"]["containers"][0]["imagePullPolicy"] = "IfNotPresent"
    return objects


def test_the_chart_is_the_plain_manifest() -> None:
    assert by_kind(rendered(read(CHART / "values.yaml"))) == plain()


def test_nothing_else_than_that_form_of_expression_is_used() -> None:
    for path in (CHART / "templates").iterdir():
        assert "{{" not in EXPRESSION.sub("", path.read_text(encoding="utf-8"))


def test_every_value_is_used_and_every_used_value_is_there() -> None:
    texts = "".join(path.read_text(encoding="utf-8") for path in (CHART / "templates").iterdir())
    used = {name.split(".")[1] for name in EXPRESSION.findall(texts) if name.startswith("Values.")}
    assert used == read(CHART / "values.yaml").keys()


def test_values_reach_the_objects() -> None:
    values = read(CHART / "values.yaml") | {
        "image": 'odd"name:1 # & <x>',
        "replicas": 4,
        "tolerations": [{"key": "edge", "operator": "Exists"}],
        "resources": {"limits": {"memory": "1Gi"}},
        "routeDiscovery": "host",
    }
    deployment = by_kind(rendered(values))["Deployment"]["spec"]
    pod = deployment["template"]["spec"]
    assert deployment["replicas"] == 4
    assert pod["containers"][0]["image"] == 'odd"name:1 # & <x>'
    assert pod["containers"][0]["resources"] == {"limits": {"memory": "1Gi"}}
    assert {"name": "GATEWAYD_ROUTE_DISCOVERY", "value": "host"} in pod["containers"][0]["env"]
    assert pod["tolerations"] == [{"key": "edge", "operator": "Exists"}]


def test_versions_are_the_projects() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    chart = read(CHART / "Chart.yaml")
    assert (chart["version"], chart["appVersion"]) == (version, version)
    assert read(CHART / "values.yaml")["image"] == f"gatewayd:{version}"


@pytest.mark.skipif(HELM is None, reason="helm is not installed; the check above stands for it")
def test_helm_agrees() -> None:
    command = ["helm", "template", "gatewayd", CHART, "--namespace", NAMESPACE, "--kube-version", "1.33.0"]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert by_kind(each for each in yaml.safe_load_all(printed) if each) == plain()
