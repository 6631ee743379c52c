import json
from typing import Any

import pytest

from gatewayd.infra import layout
from gatewayd.infra.drain import GRACE_SECONDS
from gatewayd.infra.pod import envoy_readiness, pod_spec
from gatewayd.ir.infrastructure import DEFAULT_PARAMETERS, Resources, Toleration
from gatewayd.ir.zones import in_zone
from tests.unit.infra.gateways import with_parameters


def spec(**changes: object) -> dict[str, Any]:
    parameters = with_parameters(**changes).parameters
    return pod_spec(parameters, object_name="edge-1", secret="edge-1-xds", selector={"app": "envoy"})


def envoy(**changes: object) -> dict[str, Any]:
    return spec(**changes)["containers"][0]  # type: ignore[no-any-return]


def test_envoy_starts_from_its_config_map_under_its_pods_name() -> None:
    assert envoy()["args"] == [
        "--config-path",
        "/etc/gatewayd/bootstrap.json",
        "--config-yaml",
        json.dumps(in_zone("$(POD_ZONE)"), sort_keys=True),
        "--service-node",
        "$(POD_NAME)",
        "--disable-hot-restart",
        "--drain-time-s",
        "60",
        "--drain-strategy",
        "immediate",
        "--log-level",
        "warning",
        "--file-flush-interval-msec",
        "1000",
    ]
    assert {each["name"]: each["valueFrom"]["fieldRef"]["fieldPath"] for each in envoy()["env"]} == {
        "POD_NAME": "metadata.name",
        "POD_NAMESPACE": "metadata.namespace",
        "POD_ZONE": "metadata.labels['topology.kubernetes.io/zone']",
    }


def test_a_zone_that_a_user_names_is_that_of_all_pods() -> None:
    arguments = envoy(extra_args=("--service-zone", "eu-1a"))["args"]
    assert json.loads(arguments[arguments.index("--config-yaml") + 1]) == in_zone("eu-1a")
    assert arguments[-2:] == ["--service-zone", "eu-1a"]


def test_parameters_reach_the_container() -> None:
    found = envoy(
        image="example.com/envoy:1",
        concurrency=2,
        extra_args=("--component-log-level", "upstream:debug"),
        resources=Resources(requests=(("cpu", "1"),), limits=()),
    )
    assert found["image"] == "example.com/envoy:1"
    assert found["args"][-4:] == ["--concurrency", "2", "--component-log-level", "upstream:debug"]
    assert found["resources"] == {"requests": {"cpu": "1"}}
    assert "resources" not in envoy(resources=Resources(requests=(), limits=()))


def test_no_flag_is_given_twice() -> None:
    arguments = envoy(extra_args=("--log-level", "debug"))["args"]
    assert arguments[-2:] == ["--log-level", "debug"]
    assert arguments.count("--log-level") == 1


def test_nodes_are_selected_only_when_asked_for() -> None:
    assert spec(node_selector=(("disk", "fast"),))["nodeSelector"] == {"disk": "fast"}
    assert "nodeSelector" not in spec()


@pytest.mark.parametrize("workload", ["Deployment", "DaemonSet"])
def test_the_restricted_pod_security_standard_admits_it(workload: str) -> None:
    found = spec(workload=workload)
    security = found["securityContext"]
    assert security["runAsNonRoot"] is True
    assert security["runAsUser"] != 0
    assert security["seccompProfile"] == {"type": "RuntimeDefault"}
    # A safe sysctl, which the standard names.
    assert security["sysctls"] == [{"name": "net.ipv4.ip_unprivileged_port_start", "value": "0"}]
    for container in found["containers"]:
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
    assert not {"hostNetwork", "hostPID", "hostIPC"} & found.keys()
    assert [volume.keys() - {"name"} for volume in found["volumes"]] == [{"configMap"}, {"secret"}, {"emptyDir"}]


def test_in_the_network_of_a_node_it_sets_nothing_of_the_nodes_and_stays_nobody() -> None:
    found = spec(host_network=True)
    assert (found["hostNetwork"], found["dnsPolicy"]) == (True, "ClusterFirstWithHostNet")
    assert "sysctls" not in found["securityContext"]
    assert found["securityContext"]["runAsNonRoot"] is True
    assert found["containers"] == spec()["containers"], "its port of probes is what a node has one of"


def test_a_proxy_has_no_token_of_the_api_server() -> None:
    assert spec()["automountServiceAccountToken"] is False
    assert spec()["enableServiceLinks"] is False


def test_keys_are_readable_by_the_proxys_group_alone() -> None:
    secret = spec()["volumes"][1]["secret"]
    assert secret == {"secretName": "edge-1-xds", "defaultMode": 0o440}
    assert spec()["securityContext"]["fsGroup"] == spec()["securityContext"]["runAsGroup"]


def test_config_and_certificates_are_mounted_read_only_where_the_bootstrap_looks() -> None:
    mounts = {each["name"]: (each["mountPath"], each.get("readOnly")) for each in envoy()["volumeMounts"]}
    assert mounts == {
        "config": (layout.CONFIG_FOLDER, True),
        "certificates": (layout.CERTIFICATES_FOLDER, True),
        "admin": (layout.ADMIN_FOLDER, None),
    }


def test_a_waiting_proxy_is_not_ready_and_is_not_killed() -> None:
    assert envoy()["readinessProbe"]["httpGet"] == {"path": "/ready", "port": layout.PROBES_PORT}
    assert "livenessProbe" not in envoy()


def test_a_proxy_that_ends_drains_first() -> None:
    command = envoy()["lifecycle"]["preStop"]["exec"]["command"]
    assert command[:2] == ["bash", "-c"]
    assert layout.ADMIN_SOCKET in command[2]
    assert spec()["terminationGracePeriodSeconds"] == GRACE_SECONDS


def test_pods_of_a_deployment_keep_apart() -> None:
    keys = [each["topologyKey"] for each in spec()["topologySpreadConstraints"]]
    assert keys == ["topology.kubernetes.io/zone", "kubernetes.io/hostname"]
    assert "topologySpreadConstraints" not in spec(workload="DaemonSet")


def test_the_default_image_has_the_shell_that_the_hook_needs() -> None:
    assert "distroless" not in DEFAULT_PARAMETERS.image


def test_where_pods_run_and_beside_what() -> None:
    taint = Toleration(key="edge", operator="Equal", value="yes", effect="NoExecute", seconds=0)
    affinity = {"nodeAffinity": {"a": 1}}
    found = spec(tolerations=(taint,), affinity=json.dumps(affinity), priority_class="edge")
    written = {"key": "edge", "operator": "Equal", "value": "yes", "effect": "NoExecute", "tolerationSeconds": 0}
    assert (found["tolerations"], found["affinity"]) == ([written], affinity)
    assert found["priorityClassName"] == "edge"
    assert not spec().keys() & {"tolerations", "affinity", "priorityClassName"}


def test_an_envoy_that_does_not_answer_for_ten_seconds_has_no_new_connections() -> None:
    probe = envoy_readiness(19001)
    assert probe["httpGet"] == {"path": "/ready", "port": 19001}
    assert probe["periodSeconds"] * probe["failureThreshold"] == 10
    assert probe["timeoutSeconds"] <= probe["periodSeconds"]
