from dataclasses import replace

import pytest

from gatewayd.ir.environment import DEFAULT_ENVIRONMENT, HERE, Environment
from gatewayd.ir.infrastructure import DEFAULT_PARAMETERS, Fixed, Infrastructure, Keep, object_name
from gatewayd.offline.translate import standalone_environment
from gatewayd.store import Delta
from gatewayd.translator.infrastructure.gateway import held_back, infrastructure
from gatewayd.translator.parameters.chosen import chosen_parameters
from tests.unit.translator.manifests import CLASS, GATEWAY, GW, member, scratch

FULL = """
kind: Gateway
metadata: {name: gw, namespace: shop, uid: u-1}
spec:
  gatewayClassName: gatewayd
  addresses: [{type: IPAddress, value: 198.51.100.7}, {type: IPAddress}]
  infrastructure: {labels: {b: "2", a: "1"}, annotations: {x.example/y: z, a.example/y: b}}
  listeners:
  - {name: http, port: 80, protocol: HTTP}
  - {name: more, port: 80, protocol: HTTP, hostname: a.example}
  - {name: dns, port: 80, protocol: UDP}
  - {name: odd, port: 99, protocol: e.io/x}
"""


def wanted(*sources: str | Delta) -> Infrastructure | None:
    found = infrastructure(scratch(CLASS, *sources), member("Gateway", "shop/gw"))
    assert not isinstance(found, Keep)
    return found


def kept(*sources: str | Delta) -> str:
    found = infrastructure(scratch(CLASS, *sources), member("Gateway", "shop/gw"))
    assert isinstance(found, Keep)
    assert (found.namespace, found.name) == ("shop", "gw")
    return found.reason


def test_what_a_gateway_needs() -> None:
    found = wanted(FULL)
    assert found is not None
    assert (found.namespace, found.name, found.uid) == ("shop", "gw", "u-1")
    assert [(each.name, each.port, each.target, each.transport) for each in found.ports] == [
        ("tcp-80", 80, 80, "TCP"),
        ("udp-80", 80, 80, "UDP"),
    ]
    assert found.labels == (("a", "1"), ("b", "2"))
    assert found.annotations == (("a.example/y", "b"), ("x.example/y", "z"))
    assert found.addresses == ("198.51.100.7",)
    assert found.parameters == DEFAULT_PARAMETERS


def test_its_proxies_listen_where_the_pods_of_the_cluster_do() -> None:
    assert wanted(FULL).listens_at == "0.0.0.0"
    here = replace(DEFAULT_ENVIRONMENT, address="::")
    assert wanted(FULL, Delta(kind=Environment, key=HERE, obj=here)).listens_at == "::"


def test_nothing_runs_for_gateways_of_others_or_without_a_cluster() -> None:
    assert infrastructure(scratch(GATEWAY), member("Gateway", "shop/gw")) is None
    assert wanted() is None
    assert wanted(GATEWAY, Delta(kind=Environment, key=HERE, obj=standalone_environment("127.0.0.1", 0, None))) is None


def test_what_runs_stays_when_no_listener_is_valid() -> None:
    assert kept(GATEWAY.replace("protocol: HTTP", "protocol: e.io/x")) == "spec.listeners: none is valid"


def pointing(ref: str) -> str:
    return f"{GATEWAY}  infrastructure: {{parametersRef: {ref}}}\n"


def refusal(*manifests: str) -> str:
    chosen = chosen_parameters(scratch(CLASS, *manifests), GW)
    assert chosen.refused is not None
    assert (chosen.refused.type, chosen.refused.reason) == ("Accepted", "InvalidParameters")
    assert chosen.refused.message.startswith("spec.infrastructure.parametersRef: ")
    return chosen.refused.message


CONFIGMAP = "{group: '', kind: ConfigMap, name: p}"


def test_parameters_stand_in_a_configmap() -> None:
    assert chosen_parameters(scratch(CLASS, GATEWAY), GW).parameters == DEFAULT_PARAMETERS
    empty = "{kind: ConfigMap, metadata: {name: p, namespace: shop}}"
    assert chosen_parameters(scratch(CLASS, pointing(CONFIGMAP), empty), GW).refused is None


def test_parameters_that_cannot_be_had_are_refused_and_what_runs_stays() -> None:
    assert 'ConfigMap "shop/p" does not exist' in refusal(pointing(CONFIGMAP))
    assert "kind x.example/Knobs is not supported; allowed: ConfigMap" in refusal(
        pointing("{group: x.example, kind: Knobs, name: k}")
    )
    nonsense = "{kind: ConfigMap, metadata: {name: p, namespace: shop}, data: {nonsense: x}}"
    assert "nonsense" in refusal(pointing(CONFIGMAP), nonsense)
    assert kept(pointing(CONFIGMAP), nonsense) == refusal(pointing(CONFIGMAP), nonsense)
    assert kept(pointing(CONFIGMAP)) == refusal(pointing(CONFIGMAP))


OURS = f"""
kind: Service
metadata: {{name: {object_name("shop", "gw")}, namespace: shop, labels: {{app.kubernetes.io/managed-by: gatewayd}}}}
spec: {{ports: [{{port: 80}}]}}
"""
REF = "{group: '', kind: ConfigMap, name: k, namespace: gatewayd-system}"
BOUND = CLASS.replace("controller}", f"controller, parametersRef: {REF}}}")


def of_class(data: str) -> str:
    return f"{{kind: ConfigMap, metadata: {{name: k, namespace: gatewayd-system}}, data: {data}}}"


def own(data: str) -> str:
    return f"{{kind: ConfigMap, metadata: {{name: p, namespace: shop}}, data: {data}}}"


def test_gateways_have_the_defaults_of_their_class() -> None:
    found = wanted(BOUND, of_class("{replicas: '3', nodeSelector: '{edge: \"1\"}'}"), GATEWAY)
    assert found is not None
    assert found.parameters == replace(DEFAULT_PARAMETERS, scaling=Fixed(replicas=3), node_selector=(("edge", "1"),))
    more = own("{nodeSelector: '{disk: ssd}'}")
    found = wanted(BOUND, of_class("{nodeSelector: '{edge: \"1\"}'}"), pointing(CONFIGMAP), more)
    assert found is not None
    assert found.parameters.node_selector == (("disk", "ssd"), ("edge", "1"))


def test_a_gateway_beyond_the_bounds_is_refused_and_what_runs_stays() -> None:
    world = (BOUND, of_class("{maxReplicas: '2'}"), pointing(CONFIGMAP), own("{replicas: '3'}"))
    assert refusal(*world) == (
        'spec.infrastructure.parametersRef: ConfigMap "shop/p": data.replicas: 3 is beyond what the GatewayClass '
        "allows; allowed: at most 2"
    )
    assert kept(*world) == refusal(*world)
    assert wanted(BOUND, of_class("{maxReplicas: '3'}"), *world[2:]) is not None


def test_without_a_cluster_nothing_is_beyond_bounds() -> None:
    here = Delta(kind=Environment, key=HERE, obj=standalone_environment("127.0.0.1", 0, None))
    view = scratch(CLASS, pointing(CONFIGMAP), own("{image: 'registry.example/envoy:1'}"), here)
    assert chosen_parameters(view, GW).refused is None


@pytest.mark.parametrize("data", ["{replicas: many}", "{nonsense: x}", "{maxReplicas: '0'}"])
def test_while_the_class_is_wrong_what_runs_stays_and_what_does_not_has_the_defaults(data: str) -> None:
    reason = kept(BOUND, of_class(data), GATEWAY, OURS)
    assert reason.startswith('spec.gatewayClassName: GatewayClass "gatewayd": spec.parametersRef: ConfigMap ')
    fresh = wanted(BOUND, of_class(data), GATEWAY)
    assert fresh is not None
    assert fresh.parameters == DEFAULT_PARAMETERS
    assert "data.replicas: 2 is beyond" in kept(BOUND, of_class(data), pointing(CONFIGMAP), own("{replicas: '2'}"))


def test_parameters_of_a_class_that_are_briefly_absent_take_nothing_away() -> None:
    assert "does not exist" in kept(BOUND, GATEWAY, OURS)
    chosen = scratch(BOUND, pointing(CONFIGMAP), own("{replicas: '2'}"), OURS)
    assert held_back(chosen, GW) == kept(BOUND, pointing(CONFIGMAP), own("{replicas: '2'}"), OURS)


def test_a_class_that_is_gone_takes_nothing_away() -> None:
    found = infrastructure(scratch(GATEWAY, OURS), member("Gateway", "shop/gw"))
    assert isinstance(found, Keep)
    assert found.reason == 'spec.gatewayClassName: GatewayClass "gatewayd" does not exist'
    theirs = CLASS.replace("gatewayd.io/controller", "other.example/controller")
    assert infrastructure(scratch(theirs, GATEWAY, OURS), member("Gateway", "shop/gw")) is None


def test_what_gives_an_identity_is_withheld_unless_the_class_allows_it() -> None:
    given = "  infrastructure: {annotations: {eks.amazonaws.com/role-arn: x, note: y}, labels: {istio-injection: z}}\n"
    found = wanted(GATEWAY + given)
    assert found is not None
    assert found.withheld == ("eks.amazonaws.com/role-arn", "istio-injection")
    found = wanted(BOUND, of_class("{allowedAnnotations: 'eks.amazonaws.com/* istio-injection'}"), GATEWAY + given)
    assert found is not None
    assert found.withheld == ()


def test_a_gateway_for_the_cluster_alone_is_not_shown_to_anybody_else() -> None:
    inside = FULL.replace("{type: IPAddress}", "{routability: Cluster}").replace(
        "value: 198.51.100.7", "value: 10.96.0.9, routability: Cluster"
    )
    found = wanted(inside)
    assert found is not None
    assert found.parameters.service_type == "ClusterIP"
    assert found.addresses == ()
    both = wanted(FULL.replace("{type: IPAddress}", "{routability: Cluster}"))
    assert both is not None
    assert both.parameters.service_type == "LoadBalancer"
    assert both.addresses == ("198.51.100.7",)
