from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from gatewayd.api.gateway import GATEWAY_NAME_LABEL
from gatewayd.infra.objects import CONFIG_HASH_ANNOTATION, labels, objects, selector
from gatewayd.ir.infrastructure import Autoscaled, External, Fixed, GatewayServicePort, Infrastructure
from tests.unit.infra.gateways import EDGE, FILES, with_parameters


def made(infrastructure: Infrastructure, files: Mapping[str, str] = FILES) -> dict[str, Any]:
    return {each["kind"]: each for each in objects(infrastructure, files)}


def template(infrastructure: Infrastructure, files: Mapping[str, str] = FILES) -> dict[str, Any]:
    return made(infrastructure, files)["Deployment"]["spec"]["template"]  # type: ignore[no-any-return]


def test_a_gateway_gets_these_objects() -> None:
    kinds = [each["kind"] for each in objects(EDGE, FILES)]
    assert kinds == ["ServiceAccount", "NetworkPolicy", "ConfigMap", "Deployment", "Service", "PodDisruptionBudget"]


def test_all_have_one_name_and_belong_to_the_gateway() -> None:
    for each in objects(EDGE, FILES):
        metadata = each["metadata"]
        assert (metadata["namespace"], metadata["name"]) == ("infra", EDGE.object_name)
        assert metadata["ownerReferences"] == [
            {
                "apiVersion": "gateway.networking.k8s.io/v1",
                "kind": "Gateway",
                "name": "edge",
                "uid": "0b5c",
                "controller": True,
                "blockOwnerDeletion": False,
            }
        ]


def test_all_and_the_pods_carry_the_users_labels_and_annotations() -> None:
    for each in (*objects(EDGE, FILES), template(EDGE)):
        assert each["metadata"]["labels"] == {
            "team": "edge",
            "app.kubernetes.io/managed-by": "gatewayd",
            "app.kubernetes.io/name": "envoy",
            GATEWAY_NAME_LABEL: "edge",
        }
        assert each["metadata"]["annotations"]["note"] == "mind the gap"


def test_a_user_does_not_get_between_us_and_our_pods() -> None:
    mischief = replace(
        EDGE,
        labels=((GATEWAY_NAME_LABEL, "other"), ("app.kubernetes.io/managed-by", "me")),
        annotations=((CONFIG_HASH_ANNOTATION, "0"),),
    )
    assert labels(mischief).items() >= selector(EDGE).items()
    assert template(mischief)["metadata"]["annotations"][CONFIG_HASH_ANNOTATION] != "0"


def test_a_user_may_say_that_prometheus_looks_elsewhere() -> None:
    annotations = template(replace(EDGE, annotations=(("prometheus.io/scrape", "false"),)))["metadata"]["annotations"]
    assert annotations["prometheus.io/scrape"] == "false"


def test_the_selector_never_changes() -> None:
    others = (
        replace(EDGE, labels=(), annotations=(), ports=(), addresses=("192.0.2.1",)),
        with_parameters(scaling=Fixed(replicas=9)),
    )
    for each in others:
        assert made(each)["Deployment"]["spec"]["selector"] == made(EDGE)["Deployment"]["spec"]["selector"]


def test_a_name_that_is_too_long_for_a_label_is_shortened_the_same_everywhere() -> None:
    long = replace(EDGE, name="g" * 253)
    found = made(long)
    label = found["Service"]["spec"]["selector"][GATEWAY_NAME_LABEL]
    assert len(label) <= 63
    assert found["Deployment"]["spec"]["template"]["metadata"]["labels"][GATEWAY_NAME_LABEL] == label
    assert len(found["Service"]["metadata"]["name"]) <= 63
    assert found["Service"]["metadata"]["ownerReferences"][0]["name"] == "g" * 253


@pytest.mark.parametrize(("workload", "strategy"), [("Deployment", "strategy"), ("DaemonSet", "updateStrategy")])
def test_in_the_network_of_nodes_a_new_proxy_waits_for_the_old_one(workload: str, strategy: str) -> None:
    found = made(with_parameters(host_network=True, workload=workload))
    assert found[workload]["spec"][strategy]["rollingUpdate"] == {"maxSurge": 0, "maxUnavailable": 1}


def test_in_the_network_of_nodes_nobody_pretends_that_a_policy_holds() -> None:
    kinds = made(with_parameters(host_network=True)).keys()
    assert kinds == {"ServiceAccount", "ConfigMap", "Deployment", "Service", "PodDisruptionBudget"}


def test_a_listener_that_comes_or_goes_restarts_no_proxy() -> None:
    more = (*EDGE.ports, GatewayServicePort(name="tcp-443", port=443, target=443, transport="TCP"))
    assert template(replace(EDGE, ports=more, addresses=("192.0.2.1",))) == template(EDGE)


def test_a_changed_bootstrap_rolls_the_pods() -> None:
    assert template(EDGE, {**FILES, "bootstrap.json": "{ }"}) != template(EDGE)
    assert template(EDGE, dict(reversed(FILES.items()))) == template(EDGE)
    assert template(EDGE, {"a": "bc"}) != template(EDGE, {"ab": "c"})


def test_the_config_map_holds_the_files() -> None:
    assert made(EDGE)["ConfigMap"]["data"] == FILES
    backwards = objects(EDGE, dict(reversed(FILES.items())))
    assert [list(each["data"]) for each in backwards if each["kind"] == "ConfigMap"] == [list(FILES)]


def test_the_service_account_is_good_for_nothing() -> None:
    assert made(EDGE)["ServiceAccount"]["automountServiceAccountToken"] is False


def test_the_service_has_the_ports_of_the_gateway() -> None:
    assert made(EDGE)["Service"]["spec"] == {
        "type": "LoadBalancer",
        "selector": selector(EDGE),
        "ports": [
            {"name": "tcp-80", "port": 80, "targetPort": 80, "protocol": "TCP"},
            {"name": "udp-53", "port": 53, "targetPort": 53, "protocol": "UDP"},
        ],
        "externalTrafficPolicy": "Cluster",
    }


def test_without_ports_there_is_no_service() -> None:
    assert "Service" not in made(replace(EDGE, ports=()))


def test_a_load_balancer_is_asked_for_the_first_address() -> None:
    spec = made(replace(EDGE, addresses=("192.0.2.1", "192.0.2.2")))["Service"]["spec"]
    assert spec["loadBalancerIP"] == "192.0.2.1"
    assert "externalIPs" not in spec


def test_nobody_takes_an_address_unasked() -> None:
    for service_type in ("LoadBalancer", "NodePort", "ClusterIP"):
        asking = replace(with_parameters(service_type=service_type), addresses=("192.0.2.1",))
        spec = made(asking)["Service"]["spec"]
        assert "externalIPs" not in spec
        assert ("loadBalancerIP" in spec) == (service_type == "LoadBalancer")


def test_a_cluster_ip_service_has_no_policy_for_traffic_from_outside() -> None:
    assert "externalTrafficPolicy" not in made(with_parameters(service_type="ClusterIP"))["Service"]["spec"]
    local = made(with_parameters(service_type="NodePort", external_traffic_policy="Local"))["Service"]["spec"]
    assert local["externalTrafficPolicy"] == "Local"


def test_a_deployment_never_has_fewer_proxies_than_asked_for() -> None:
    spec = made(with_parameters(scaling=Fixed(replicas=3)))["Deployment"]["spec"]
    assert spec["replicas"] == 3
    assert spec["strategy"] == {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}


def test_a_daemon_set_has_neither_replicas_nor_a_budget() -> None:
    found = made(with_parameters(workload="DaemonSet"))
    assert found.keys() == {"ServiceAccount", "NetworkPolicy", "ConfigMap", "DaemonSet", "Service"}
    assert "replicas" not in found["DaemonSet"]["spec"]
    assert found["DaemonSet"]["spec"]["updateStrategy"]["rollingUpdate"]["maxUnavailable"] == 0


def test_a_budget_never_blocks_a_drain() -> None:
    for replicas in (1, 2, 5):
        spec = made(with_parameters(scaling=Fixed(replicas=replicas)))["PodDisruptionBudget"]["spec"]
        assert spec["maxUnavailable"] == 1
        assert "minAvailable" not in spec


def test_equal_input_gives_equal_output() -> None:
    assert objects(EDGE, FILES) == objects(EDGE, dict(FILES))


def test_what_is_withheld_reaches_no_pod_and_no_service_account() -> None:
    key, label = "eks.amazonaws.com/role-arn", "istio-injection"
    given = replace(EDGE, labels=((label, "x"),), annotations=((key, "y"), ("note", "z")), withheld=(key, label))
    for workload in ("Deployment", "DaemonSet"):
        found = made(replace(given, parameters=with_parameters(workload=workload).parameters))
        template = found[workload]["spec"]["template"]
        for guarded in (found["ServiceAccount"]["metadata"], found[workload]["metadata"], template["metadata"]):
            assert key not in guarded["annotations"]
            assert label not in guarded["labels"]
            assert guarded["annotations"]["note"] == "z"
        assert found["Service"]["metadata"]["annotations"][key] == "y"
        assert found["Service"]["metadata"]["labels"][label] == "x"


@pytest.mark.parametrize("scaling", [External(), Autoscaled(least=2, most=5, cpu=70)])
def test_replicas_that_are_somebody_elses_are_not_applied(scaling: External | Autoscaled) -> None:
    assert "replicas" not in made(with_parameters(scaling=scaling))["Deployment"]["spec"]


def test_an_autoscaler_is_made_where_it_is_asked_for() -> None:
    found = made(with_parameters(scaling=Autoscaled(least=2, most=5, cpu=70)))["HorizontalPodAutoscaler"]["spec"]
    assert found["scaleTargetRef"] == {"apiVersion": "apps/v1", "kind": "Deployment", "name": EDGE.object_name}
    assert (found["minReplicas"], found["maxReplicas"]) == (2, 5)
    assert found["metrics"][0]["resource"] == {
        "name": "cpu",
        "target": {"type": "Utilization", "averageUtilization": 70},
    }
    assert "HorizontalPodAutoscaler" not in made(with_parameters(scaling=External()))
    daemons = with_parameters(scaling=Autoscaled(least=2, most=5, cpu=70), workload="DaemonSet")
    assert "HorizontalPodAutoscaler" not in made(daemons)


def test_a_network_policy_is_made_unless_the_class_wants_none() -> None:
    found = made(EDGE)["NetworkPolicy"]
    assert found["spec"]["podSelector"] == {"matchLabels": selector(EDGE)}
    assert "NetworkPolicy" not in made(with_parameters(network_policy="None"))


def test_the_service_records_which_tables_are_discovered_per_host() -> None:
    [service] = [each for each in objects(replace(EDGE, per_host="80,443/https"), FILES) if each["kind"] == "Service"]
    assert service["metadata"]["annotations"]["gatewayd.io/routes-per-host"] == "80,443/https"
    [plain] = [each for each in objects(EDGE, FILES) if each["kind"] == "Service"]
    assert "gatewayd.io/routes-per-host" not in plain["metadata"]["annotations"]


def test_what_is_said_of_the_service_and_of_its_load_balancer() -> None:
    said = {
        "internal_traffic_policy": "Local",
        "ip_family_policy": "PreferDualStack",
        "load_balancer_class": "example.com/internal",
        "source_ranges": ("10.0.0.0/8",),
        "node_ports": False,
    }
    spec = made(with_parameters(**said))["Service"]["spec"]
    of_all = {"internalTrafficPolicy": "Local", "ipFamilyPolicy": "PreferDualStack"}
    of_balancers = {
        "loadBalancerClass": "example.com/internal",
        "loadBalancerSourceRanges": ["10.0.0.0/8"],
        "allocateLoadBalancerNodePorts": False,
    }
    assert spec.items() >= {**of_all, **of_balancers}.items()
    inside = made(with_parameters(service_type="ClusterIP", **said))["Service"]["spec"]
    assert inside.items() >= of_all.items()
    assert not inside.keys() & of_balancers.keys()
