from dataclasses import replace
from typing import Any

import pytest

from gatewayd.api.gateway import MANAGED_BY
from gatewayd.api.kinds import KINDS
from gatewayd.infra import layout
from gatewayd.infra.installation import Installation, installation
from gatewayd.ir.http import RouteDiscovery
from gatewayd.own_group import CONTROLLER, manager
from gatewayd.settings import read

CHOSEN = Installation(
    namespace="gateways",
    image="example.com/gatewayd:1",
    replicas=3,
    log_level="debug",
    route_discovery=None,
    is_monitored=False,
)
MADE: dict[str, Any] = {each["kind"]: each for each in installation(CHOSEN)}
POD: dict[str, Any] = MADE["Deployment"]["spec"]["template"]["spec"]
CONTAINER: dict[str, Any] = POD["containers"][0]
CLUSTER_WIDE = {"Namespace", "ClusterRole", "ClusterRoleBinding", "GatewayClass"}


def test_these_objects_are_installed() -> None:
    assert list(MADE) == [
        "Namespace",
        "ServiceAccount",
        "ClusterRole",
        "ClusterRoleBinding",
        "Role",
        "RoleBinding",
        "Service",
        "NetworkPolicy",
        "Deployment",
        "PodDisruptionBudget",
        "GatewayClass",
    ]


def test_all_that_can_be_is_in_the_namespace() -> None:
    for kind, each in MADE.items():
        assert each["metadata"].get("namespace") == (None if kind in CLUSTER_WIDE else "gateways")
    assert MADE["Namespace"]["metadata"]["name"] == "gateways"


def test_roles_are_bound_to_the_pods_account() -> None:
    for kind in ("ClusterRole", "Role"):
        binding = MADE[f"{kind}Binding"]
        assert binding["roleRef"]["kind"] == kind
        assert binding["roleRef"]["name"] == MADE[kind]["metadata"]["name"]
        assert binding["subjects"] == [{"kind": "ServiceAccount", "name": "gatewayd", "namespace": "gateways"}]
    assert POD["serviceAccountName"] == MADE["ServiceAccount"]["metadata"]["name"]


def test_what_was_chosen_is_there() -> None:
    assert MADE["Deployment"]["spec"]["replicas"] == 3
    assert CONTAINER["image"] == "example.com/gatewayd:1"
    assert {"name": "GATEWAYD_LOG_LEVEL", "value": "debug"} in CONTAINER["env"]


@pytest.mark.parametrize("chosen", [None, *RouteDiscovery])
def test_the_control_plane_reads_the_route_discovery_that_was_chosen(chosen: RouteDiscovery | None) -> None:
    made = {each["kind"]: each for each in installation(replace(CHOSEN, route_discovery=chosen))}
    variables = made["Deployment"]["spec"]["template"]["spec"]["containers"][0]["env"]
    assert read({each["name"]: each["value"] for each in variables if "value" in each}).route_discovery is chosen
    assert ("GATEWAYD_ROUTE_DISCOVERY" in {each["name"] for each in variables}) is (chosen is not None)


def test_the_class_is_ours() -> None:
    assert MADE["GatewayClass"]["metadata"]["name"] == "gatewayd"
    assert MADE["GatewayClass"]["spec"]["controllerName"] == CONTROLLER
    kind = next(each for each in KINDS if each.kind == "GatewayClass")
    assert MADE["GatewayClass"]["apiVersion"] == kind.api_version


def test_a_second_installation_has_names_of_its_own() -> None:
    chosen = replace(
        CHOSEN,
        namespace="red",
        controller="red.example/gatewayd",
        gateway_classes=("red", "redder"),
        gateway_namespaces="team=red",
    )
    made = {each["kind"]: each for each in installation(chosen)}
    for kind in CLUSTER_WIDE - {"Namespace"}:
        assert made[kind]["metadata"]["name"] == "gatewayd-red"
        assert MADE[kind]["metadata"]["name"] == "gatewayd"
    assert made["ClusterRoleBinding"]["roleRef"]["name"] == "gatewayd-red"
    assert made["GatewayClass"]["spec"]["controllerName"] == "red.example/gatewayd"
    variables = made["Deployment"]["spec"]["template"]["spec"]["containers"][0]["env"]
    assert {
        ("GATEWAYD_CONTROLLER_NAME", "red.example/gatewayd"),
        ("GATEWAYD_GATEWAY_CLASSES", "red,redder"),
        ("GATEWAYD_GATEWAY_NAMESPACES", "team=red"),
    } <= {(each["name"], each.get("value")) for each in variables}
    [proxies, *_] = made["NetworkPolicy"]["spec"]["ingress"]
    assert proxies["from"][0]["podSelector"]["matchLabels"] == {MANAGED_BY: manager("red.example/gatewayd")}


def test_the_service_leads_to_the_pods() -> None:
    service = MADE["Service"]["spec"]
    labels = MADE["Deployment"]["spec"]["template"]["metadata"]["labels"]
    assert service["selector"].items() <= labels.items()
    named = {each["name"]: each["containerPort"] for each in CONTAINER["ports"]}
    assert {each["port"]: named[each["targetPort"]] for each in service["ports"]} == {
        layout.XDS_PORT: layout.XDS_PORT,
        layout.LIMITS_PORT: layout.LIMITS_PORT,
        layout.METRICS_PORT: layout.METRICS_PORT,
    }


def test_the_restricted_pod_security_standard_admits_it() -> None:
    assert MADE["Namespace"]["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    assert POD["securityContext"]["runAsNonRoot"] is True
    assert POD["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert CONTAINER["securityContext"]["readOnlyRootFilesystem"] is True
    assert CONTAINER["securityContext"]["capabilities"] == {"drop": ["ALL"]}


def test_probes_ask_the_health_port() -> None:
    ports = {each["name"]: each["containerPort"] for each in CONTAINER["ports"]}
    assert CONTAINER["readinessProbe"]["httpGet"] == {"path": "/readyz", "port": "health"}
    assert CONTAINER["livenessProbe"]["httpGet"] == {"path": "/healthz", "port": "health"}
    # How long they wait: the first listing of a large cluster, then a loop that is busy.
    waits = {each: CONTAINER[f"{each}Probe"] for each in ("startup", "liveness")}
    assert {each: of["periodSeconds"] * of["failureThreshold"] for each, of in waits.items()} == {
        "startup": 600,
        "liveness": 60,
    }
    assert ports["health"] == layout.HEALTH_PORT


def test_one_replica_at_a_time_may_be_away() -> None:
    assert MADE["PodDisruptionBudget"]["spec"]["maxUnavailable"] == 1
    assert MADE["Deployment"]["spec"]["strategy"]["rollingUpdate"] == {"maxSurge": 1, "maxUnavailable": 0}


def test_nothing_that_is_installed_looks_like_what_is_made_for_a_gateway() -> None:
    assert all("app.kubernetes.io/managed-by" not in each["metadata"]["labels"] for each in MADE.values())


def test_nodes_have_proxies_when_that_is_asked_for() -> None:
    chosen = replace(CHOSEN, node_bootstrap="{}")
    made = {(each["kind"], each["metadata"]["name"]): each for each in installation(chosen)}
    assert len(made) == len(MADE) + 6
    assert made["DaemonSet", layout.NODE]["metadata"]["namespace"] == "gateways"
    # Pods in the network of their node are admitted nowhere else.
    labels = made["Namespace", "gateways"]["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "privileged"
    container = made["Deployment", "gatewayd"]["spec"]["template"]["spec"]["containers"][0]
    assert {"name": "GATEWAYD_MESH", "value": "true"} in container["env"]


def test_both_ends_are_told_whose_addresses_backends_see() -> None:
    told = {"name": "GATEWAYD_KEEP_SOURCE", "value": "true"}
    for bootstrap, expected in (("{}", {"gatewayd", "agent"}), (None, set())):
        made = installation(replace(CHOSEN, node_bootstrap=bootstrap, keeps_source=True))
        pods = [each["spec"]["template"]["spec"] for each in made if each["kind"] in ("Deployment", "DaemonSet")]
        containers = [each for pod in pods for each in pod["containers"]]
        assert {each["name"] for each in containers if told in each["env"]} == expected
