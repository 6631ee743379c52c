import json
from typing import Any

import pytest

from gatewayd.infra import layout
from gatewayd.infra.node_proxies import NodeProxies, node_proxies
from gatewayd.ir.infrastructure import ENVOY_IMAGE
from gatewayd.ir.mesh import NODE_PROBES_PORT

CONTROL_PLANE = {"app.kubernetes.io/name": "gatewayd"}


def made(*, fails_closed: bool = False, keeps_source: bool = False) -> dict[str, Any]:
    chosen = NodeProxies(
        namespace="gateways",
        image="gatewayd:1",
        log_level="debug",
        bootstrap="{}",
        fails_closed=fails_closed,
        keeps_source=keeps_source,
    )
    return {each["kind"]: each for each in node_proxies(chosen, CONTROL_PLANE)}


MADE = made()
POD: dict[str, Any] = MADE["DaemonSet"]["spec"]["template"]["spec"]
CONTAINERS: dict[str, Any] = {each["name"]: each for each in POD["containers"]}


def test_all_have_one_name_and_those_that_can_be_are_in_the_namespace() -> None:
    assert list(MADE) == [
        "ServiceAccount",
        "ClusterRole",
        "ClusterRoleBinding",
        "ConfigMap",
        "NetworkPolicy",
        "DaemonSet",
    ]
    for kind, each in MADE.items():
        assert each["metadata"]["name"] == layout.NODE
        assert each["metadata"].get("namespace") == (None if kind.startswith("ClusterRole") else "gateways")


def test_the_envoy_is_envoys_and_the_agent_ours() -> None:
    assert {name: each["image"] for name, each in CONTAINERS.items()} == {"envoy": ENVOY_IMAGE, "agent": "gatewayd:1"}


def test_the_envoy_has_no_capability_and_the_agent_one() -> None:
    envoy, agent = (CONTAINERS[name]["securityContext"] for name in ("envoy", "agent"))
    assert envoy["capabilities"] == {"drop": ["ALL"]}
    assert envoy["runAsNonRoot"] is True
    assert agent["capabilities"] == {"drop": ["ALL"], "add": ["NET_ADMIN"]}
    for each in (envoy, agent):
        assert each["readOnlyRootFilesystem"] is True
        assert each["allowPrivilegeEscalation"] is False


def test_an_envoy_that_uses_the_addresses_of_pods_has_the_capability_for_it_and_no_other() -> None:
    pod = made(keeps_source=True)["DaemonSet"]["spec"]["template"]["spec"]
    containers = {each["name"]: each for each in pod["containers"]}
    security = containers["envoy"]["securityContext"]
    assert security["capabilities"] == {"drop": ["ALL"], "add": ["NET_RAW"]}
    assert (security["readOnlyRootFilesystem"], security["allowPrivilegeEscalation"]) == (True, False)
    # Root alone is given capabilities, and the image's entrypoint would have root become somebody else.
    assert (security["runAsUser"], security["runAsNonRoot"]) == (0, False)
    assert {"name": "ENVOY_UID", "value": "0"} in containers["envoy"]["env"]
    assert {"name": "GATEWAYD_KEEP_SOURCE", "value": "true"} in containers["agent"]["env"]
    assert containers["agent"] | {"env": []} == CONTAINERS["agent"] | {"env": []}


def test_the_envoy_can_read_no_credential() -> None:
    assert POD["automountServiceAccountToken"] is False
    volumes = {each["name"]: each for each in POD["volumes"]}
    secret = {name for name, each in volumes.items() if "secret" in each or "projected" in each}
    mounted = {name: {each["name"] for each in container["volumeMounts"]} for name, container in CONTAINERS.items()}
    assert secret
    assert not secret & mounted["envoy"]
    assert secret <= mounted["agent"]
    assert volumes["certificates"]["secret"]["secretName"] == layout.NODE_SECRET
    # As long as one that the API server mounts by itself, which it takes for such a one and renews.
    [token] = [each for each in volumes["account"]["projected"]["sources"] if "serviceAccountToken" in each]
    assert token["serviceAccountToken"]["expirationSeconds"] == 3607


def test_both_meet_at_a_socket_of_their_own() -> None:
    folders = {
        name: {each["name"]: each["mountPath"] for each in container["volumeMounts"]}
        for name, container in CONTAINERS.items()
    }
    assert folders["envoy"]["sockets"] == folders["agent"]["sockets"] == layout.ADMIN_FOLDER
    assert layout.NODE_SOCKET.startswith(f"{layout.ADMIN_FOLDER}/")


def test_the_agent_may_list_pods_and_nothing_else() -> None:
    assert MADE["ClusterRole"]["rules"] == [{"apiGroups": [""], "resources": ["pods"], "verbs": ["list", "watch"]}]
    assert MADE["ClusterRoleBinding"]["subjects"][0]["name"] == POD["serviceAccountName"]


def test_nodes_may_ask_the_control_plane_and_only_that() -> None:
    spec = MADE["NetworkPolicy"]["spec"]
    assert spec["podSelector"]["matchLabels"] == CONTROL_PLANE
    assert spec["ingress"] == [{"ports": [{"port": layout.XDS_PORT, "protocol": "TCP"}]}]


def test_it_runs_in_the_network_of_each_node() -> None:
    assert POD["hostNetwork"] is True
    assert POD["dnsPolicy"] == "ClusterFirstWithHostNet"
    assert POD["tolerations"] == [{"operator": "Exists"}]
    ports = {each["name"]: each["containerPort"] for each in CONTAINERS["envoy"]["ports"]}
    probe = CONTAINERS["envoy"]["readinessProbe"]["httpGet"]
    assert (probe["port"], probe["host"]) == ("probes", "127.0.0.1")
    assert ports == {"probes": NODE_PROBES_PORT}


@pytest.mark.parametrize(("fails_closed", "value"), [(False, ""), (True, "true")])
def test_what_becomes_of_pods_without_an_envoy_is_chosen(*, fails_closed: bool, value: str) -> None:
    pod = made(fails_closed=fails_closed)["DaemonSet"]["spec"]["template"]["spec"]
    [agent] = [each for each in pod["containers"] if each["name"] == "agent"]
    assert {"name": "GATEWAYD_FAIL_CLOSED", "value": value} in agent["env"]


def test_it_can_be_written_as_json() -> None:
    assert json.loads(json.dumps(MADE)) == MADE
