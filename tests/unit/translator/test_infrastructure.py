from gatewayd.ir.environment import HERE, Environment
from gatewayd.ir.infrastructure import DEFAULT_PARAMETERS, Infrastructure, Keep
from gatewayd.offline import standalone_environment
from gatewayd.store import Delta
from gatewayd.translator.infrastructure import chosen_parameters, infrastructure
from tests.unit.translator.manifests import CLASS, GATEWAY, GW, member, scratch

FULL = """
kind: Gateway
metadata: {name: gw, namespace: shop, uid: u-1}
spec:
  gatewayClassName: gatewayd
  addresses: [{type: IPAddress, value: 198.51.100.7}, {type: IPAddress}]
  infrastructure: {labels: {b: "2", a: "1"}, annotations: {x.example/y: z}}
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
    assert found.annotations == (("x.example/y", "z"),)
    assert found.addresses == ("198.51.100.7",)
    assert found.parameters == DEFAULT_PARAMETERS


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
