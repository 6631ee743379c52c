"""What Helm itself makes of the chart; the unit tests read its templates in their own way."""

import json
import subprocess
from typing import Any

import pytest
import yaml

from conformance.build import built
from tests.unit.deploy.test_chart import CHART, NAMESPACE, by_kind, plain, read, rendered

EVERYTHING = {
    "monitoring": {"enabled": True, "interval": "7s"},
    "priorityClassName": "system-cluster-critical",
    "tolerations": [{"key": "edge", "operator": "Exists"}],
    "envFrom": [{"configMapRef": {"name": 'odd"name'}}],
    "podAnnotations": {"team": "edge & more"},
    "serviceAccountAnnotations": {"role": "arn:x:y"},
}


def helm(*arguments: str, values: dict[str, Any] | None = None) -> subprocess.CompletedProcess[str]:
    command = [str(built("helm")), *arguments, "--namespace", NAMESPACE, "--values", "-"]
    return subprocess.run(command, check=False, capture_output=True, text=True, input=json.dumps(values or {}))


def template(values: dict[str, Any] | None = None) -> list[Any]:
    done = helm("template", "gatewayd", str(CHART), "--kube-version", "1.33.0", values=values)
    assert done.returncode == 0, done.stderr
    return [each for each in yaml.safe_load_all(done.stdout) if each]


def test_helm_agrees() -> None:
    assert by_kind(template()) == plain()


def test_helm_agrees_about_values_of_every_kind() -> None:
    expected: dict[str, Any] = read(CHART / "values.yaml")
    for name, value in EVERYTHING.items():  # Helm merges mappings
        expected[name] = {**expected[name], **value} if isinstance(value, dict) else value
    assert by_kind(template(EVERYTHING)) == by_kind(rendered(expected))


def test_objects_are_labelled_by_release() -> None:
    for item in template(EVERYTHING):
        labels = item["metadata"]["labels"]
        assert labels["app.kubernetes.io/instance"] == "gatewayd"
        assert labels["app.kubernetes.io/managed-by"] == "Helm"


def test_the_chart_has_no_fault() -> None:
    done = helm("lint", str(CHART), "--strict", values=EVERYTHING)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"replicas": "two"}, "at '/replicas': got string, want integer"),
        ({"replica": 3}, "additional properties 'replica' not allowed"),
        ({"logLevel": "loud"}, "at '/logLevel': value must be one of"),
        ({"monitoring": {"enabled": "yes"}}, "at '/monitoring/enabled'"),
    ],
)
def test_a_wrong_value_is_refused_by_its_name(values: dict[str, Any], told: str) -> None:
    done = helm("template", "gatewayd", str(CHART), values=values)
    assert done.returncode != 0
    assert told in done.stderr
