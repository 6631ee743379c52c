"""The chart with its default values is the plain manifest, less the Namespace and the CRDs (tests/unit/infra).

Templates use one form of expression, `{{ toJson .A.b }}`, which is replaced here by the value's JSON (of what is on or
off it may be one of two literals), one made of a value (`MARK`), and one condition around a whole object.
`tests/upstream/test_helm.py` asks Helm itself, and both renderings must agree.
"""

import json
import re
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

from gatewayd.own_group import manager

ROOT = Path(__file__).parents[3]
CHART = ROOT / "deploy" / "helm" / "gatewayd"
NAMESPACE = "gatewayd-system"
CONDITION = re.compile(r"\{\{- if \.([A-Za-z.]+) \}\}\n(.*)\{\{- end \}\}\n", re.DOTALL)
RELEASE_LABELS = ("app.kubernetes.io/instance", "app.kubernetes.io/managed-by", "app.kubernetes.io/version")
LITERAL = r"\"\w*\"|\w+|\(list(?: \"\w+\")*\)"
EXPRESSION = re.compile(rf"\{{\{{ toJson (?:\.([A-Za-z.]+)|\(ternary ({LITERAL}) ({LITERAL}) \.([A-Za-z.]+)\)) \}}\}}")
MARK = (
    '{{ toJson (ternary "gatewayd" (printf "gatewayd.%s" (replace "/" "_" .Values.controllerName)) '
    '(eq .Values.controllerName "gatewayd.io/controller")) }}'
)

Object = dict[str, Any]


def read(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def rendered(values: Object) -> list[Object]:
    release = {"Name": "gatewayd", "Namespace": NAMESPACE, "Service": "Helm"}
    known = {"Values": values, "Release": release, "Chart": {"AppVersion": "1"}}

    def looked_up(path: str) -> Any:
        value: Any = known
        for name in path.split("."):
            value = value[name]
        return value

    def written(match: re.Match[str]) -> Any:
        return looked_up(match[1]) if match[1] else literal(match[2] if looked_up(match[4]) else match[3])

    objects = []
    for text in templates().values():
        marked = text.replace(MARK, json.dumps(manager(values["controllerName"])))
        kept = CONDITION.sub(lambda match: match[2] if looked_up(match[1]) else "", marked)
        objects.append(yaml.safe_load(EXPRESSION.sub(lambda match: json.dumps(written(match)), kept)))
    return [each for each in objects if each is not None]


def literal(text: str) -> Any:
    listed = re.fullmatch(r"\(list(.*)\)", text)
    return listed[1].replace('"', "").split() if listed else json.loads(text)


def templates() -> dict[str, str]:
    return {path.name: path.read_text(encoding="utf-8") for path in sorted((CHART / "templates").glob("*.yaml"))}


def by_kind(objects: Iterable[Object]) -> dict[str, Object]:
    return {each["kind"]: without_empty(less_release_labels(each)) for each in objects}


def less_release_labels(item: Object) -> Object:
    labels = {key: value for key, value in item["metadata"]["labels"].items() if key not in RELEASE_LABELS}
    return item | {"metadata": item["metadata"] | {"labels": labels}}


def without_empty(value: Any) -> Any:
    """Return a value less what the chart's defaults leave empty, which is taken for absent."""
    if isinstance(value, dict):
        kept = {name: without_empty(each) for name, each in value.items()}
        return {name: each for name, each in kept.items() if each not in ({}, [], "")}
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
    for name, text in templates().items():
        assert "{{" not in EXPRESSION.sub("", CONDITION.sub(r"\2", text.replace(MARK, ""))), name


def test_every_value_is_used_and_every_used_value_is_there() -> None:
    texts = templates().values()
    names = [
        name
        for text in texts
        for name in (
            *(each[0] or each[3] for each in EXPRESSION.findall(text)),
            *(each[0] for each in CONDITION.findall(text)),
        )
    ]
    used = {name.removeprefix("Values.") for name in names if name.startswith("Values.")}
    values = read(CHART / "values.yaml")
    parts = {
        f"{name}.{part}"
        for name in ("podDisruptionBudget", "networkPolicy", "monitoring", "mesh")
        for part in values[name]
    }
    assert {name.split(".")[0] for name in used} == values.keys()
    assert parts <= used


def test_the_schema_knows_every_value() -> None:
    schema = json.loads((CHART / "values.schema.json").read_text(encoding="utf-8"))
    assert schema["properties"].keys() - {"global"} == read(CHART / "values.yaml").keys()  # `global` is Helm's own
    assert not schema["additionalProperties"]


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


def test_a_second_release_has_a_name_a_mark_and_a_class_of_its_own() -> None:
    values = {"controllerName": "red.example/gatewayd", "gatewayClasses": "red", "gatewayNamespaces": "team=red"}
    objects = by_kind(rendered(read(CHART / "values.yaml") | values | {"gatewayClassName": "red"}))
    assert objects["GatewayClass"]["spec"]["controllerName"] == "red.example/gatewayd"
    [proxies, *_] = objects["NetworkPolicy"]["spec"]["ingress"]
    assert proxies["from"][0]["podSelector"] == {
        "matchLabels": {"app.kubernetes.io/managed-by": "gatewayd.red.example_gatewayd"}
    }
    variables = objects["Deployment"]["spec"]["template"]["spec"]["containers"][0]["env"]
    said = {each["name"]: each.get("value") for each in variables}
    assert said["GATEWAYD_CONTROLLER_NAME"] == "red.example/gatewayd"
    assert (said["GATEWAYD_GATEWAY_CLASSES"], said["GATEWAYD_GATEWAY_NAMESPACES"]) == ("red", "team=red")


def test_versions_are_the_projects() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    chart = read(CHART / "Chart.yaml")
    assert (chart["version"], chart["appVersion"]) == (version, version)
    assert read(CHART / "values.yaml")["image"] == f"gatewayd:{version}"


def test_what_is_turned_off_is_not_there_and_monitors_are_there_when_asked() -> None:
    values = read(CHART / "values.yaml")
    off = by_kind(rendered(values | {"gatewayClassName": "", "networkPolicy": {"enabled": False}}))
    assert not {"GatewayClass", "NetworkPolicy", "ServiceMonitor"} & off.keys()
    watched = by_kind(rendered(values | {"monitoring": {"enabled": True, "interval": "7s"}}))
    assert watched["ServiceMonitor"]["spec"]["endpoints"] == [{"port": "metrics", "interval": "7s"}]
    assert watched["PodMonitor"]["spec"]["podMetricsEndpoints"][0]["interval"] == "7s"
    assert watched["PrometheusRule"]["metadata"]["namespace"] == NAMESPACE


def test_nodes_have_proxies_when_that_is_asked_for() -> None:
    values = read(CHART / "values.yaml")
    mesh = {
        "enabled": True,
        "failClosed": True,
        "keepSource": False,
        "nodeSelector": {"edge": "no"},
        "priorityClassName": "high",
    }
    on = {(each["kind"], each["metadata"]["name"]): each for each in rendered(values | {"mesh": mesh})}
    off = {(each["kind"], each["metadata"]["name"]) for each in rendered(values)}
    added = on.keys() - off
    assert {name for _, name in added} == {"gatewayd-node"}
    pod = on["DaemonSet", "gatewayd-node"]["spec"]["template"]["spec"]
    [agent] = [each for each in pod["containers"] if each["name"] == "agent"]
    assert (pod["nodeSelector"], pod["priorityClassName"]) == ({"edge": "no"}, "high")
    assert agent["image"] == values["image"]
    assert {"name": "GATEWAYD_FAIL_CLOSED", "value": "true"} in agent["env"]
    control_plane = on["Deployment", "gatewayd"]["spec"]["template"]["spec"]["containers"][0]
    assert {"name": "GATEWAYD_MESH", "value": "true"} in control_plane["env"]


def test_proxies_of_nodes_have_a_capability_where_they_keep_the_addresses_of_pods() -> None:
    values = read(CHART / "values.yaml")
    security = {}
    for kept in (False, True):
        mesh = {**values["mesh"], "enabled": True, "keepSource": kept}
        objects = {
            each["kind"]: each for each in rendered(values | {"mesh": mesh}) if "gatewayd" in each["metadata"]["name"]
        }
        pods = {kind: objects[kind]["spec"]["template"]["spec"]["containers"] for kind in ("DaemonSet", "Deployment")}
        containers = {each["name"]: each for each in (*pods["DaemonSet"], *pods["Deployment"])}
        asked = {"name": "GATEWAYD_KEEP_SOURCE", "value": "true" if kept else ""}
        assert asked in containers["agent"]["env"]
        assert asked in containers["gatewayd"]["env"]
        security[kept] = containers["envoy"]["securityContext"]
    assert security[False]["capabilities"] == {"drop": ["ALL"], "add": []}
    assert (security[False]["runAsUser"], security[False]["runAsNonRoot"]) == (65532, True)
    assert security[True]["capabilities"] == {"drop": ["ALL"], "add": ["NET_RAW"]}
    assert (security[True]["runAsUser"], security[True]["runAsNonRoot"]) == (0, False)
