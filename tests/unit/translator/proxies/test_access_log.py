from gatewayd.ir.access_log import FILE, AccessLog, Collector, LogService
from gatewayd.ir.backend import Protocol, Upstream
from gatewayd.ir.environment import HERE, Environment
from gatewayd.ir.infrastructure import DEFAULT_PARAMETERS
from gatewayd.ir.proxy import StreamListener
from gatewayd.offline.translate import standalone_environment
from gatewayd.store import Delta
from gatewayd.translator.backends.backend_refs import GatewayUpstream
from gatewayd.translator.gateways.listeners import PortKey
from gatewayd.translator.proxies.access_log import access_log, log_servers, report_problems
from gatewayd.translator.proxies.filter_chains import port
from gatewayd.translator.proxies.upstreams import gateway_servers
from tests.unit.policies import policy, target
from tests.unit.translator.manifests import CLASS, GW, delta, member, scratch

GATEWAY = """
    kind: Gateway
    metadata: {name: gw, namespace: shop}
    spec:
      gatewayClassName: gatewayd
      listeners:
      - {name: a, port: 80, protocol: HTTP}
      - {name: b, port: 81, protocol: TCP}
      - {name: c, port: 82, protocol: TLS, tls: {mode: Passthrough}}
      - {name: d, port: 82, protocol: TLS, hostname: d.example, tls: {mode: Passthrough}}
      infrastructure: {parametersRef: {group: "", kind: ConfigMap, name: edge}}
"""


def parameters(text: str) -> str:
    return f"""
        kind: ConfigMap
        metadata: {{name: edge, namespace: shop}}
        data: {{accessLog: "{text}"}}
    """


def test_lines_go_to_standard_output_in_a_pod_and_to_a_file_elsewhere() -> None:
    assert DEFAULT_PARAMETERS.logged is not None
    in_a_pod = AccessLog(gateway="shop/gw", file="", logged=DEFAULT_PARAMETERS.logged)
    assert access_log(scratch(CLASS, GATEWAY, parameters("on")), GW) == in_a_pod
    here = Delta(kind=Environment, key=HERE, obj=standalone_environment("127.0.0.1", 0, None))
    found = access_log(scratch(here, CLASS, GATEWAY, parameters("on")), GW)
    assert found is not None
    assert found.file == FILE


def test_a_gateway_may_choose_none() -> None:
    assert access_log(scratch(CLASS, GATEWAY, parameters("off")), GW) is None


def test_what_cannot_be_read_leaves_what_the_class_says() -> None:
    view = scratch(CLASS, GATEWAY, parameters("maybe"))
    assert access_log(view, GW) == access_log(scratch(CLASS, GATEWAY, parameters("on")), GW)


def test_every_filter_chain_has_the_one_log() -> None:
    view = scratch(CLASS, GATEWAY, parameters("{minStatus: 500}"))
    log = access_log(view, GW)
    assert log is not None
    assert log.logged.least_status == 500
    listeners = [port(view, PortKey(GW, "tcp", number)) for number in (80, 81, 82)]
    chains = [chain for each in listeners if isinstance(each, StreamListener) for chain in each.chains]
    assert len(chains) == 4
    assert all(chain.log is log for chain in chains)


COLLECTOR = """
    kind: Service
    metadata: {name: collector, namespace: NAMESPACE}
    spec: {ports: [{name: otlp, port: 4317}]}
"""
OTLP = Collector(
    service=LogService.OTLP,
    upstream=Upstream(kind="Service", namespace="shop", name="collector", port=4317, protocol=Protocol.HTTP2),
)


def sent_to(*refs: dict[str, object]) -> Delta:
    sinks = [{"type": "OTLP", "backendRef": each} for each in refs]
    section = {"accessLog": {"sinks": sinks}}
    return delta(policy("ReportPolicy", "log", target("Gateway", "gw"), default=section))


HERE_REF = {"name": "collector", "port": 4317}
THERE_REF = {"name": "collector", "namespace": "infra", "port": 4317}


def test_a_policy_says_where_lines_go() -> None:
    view = scratch(CLASS, GATEWAY, COLLECTOR.replace("NAMESPACE", "shop"), sent_to(HERE_REF))
    log = access_log(view, GW)
    assert log is not None
    assert log.sinks == (OTLP,)
    assert log_servers(view, GW) == (OTLP.upstream,)
    assert GatewayUpstream(GW, OTLP.upstream) in gateway_servers(view, member("Gateway", "shop/gw"))


def test_what_cannot_be_had_is_left_out_and_nothing_takes_its_place() -> None:
    there = COLLECTOR.replace("NAMESPACE", "infra")
    assert access_log(scratch(CLASS, GATEWAY, there, sent_to(THERE_REF)), GW) is None
    view = scratch(CLASS, GATEWAY, there, COLLECTOR.replace("NAMESPACE", "shop"), sent_to(THERE_REF, HERE_REF))
    log = access_log(view, GW)
    assert log is not None
    assert log.sinks == (OTLP,)


def test_another_namespace_grants_it_to_the_kind() -> None:
    grant = """
        kind: ReferenceGrant
        metadata: {name: logs, namespace: infra}
        spec:
          from: [{group: gatewayd.io, kind: ReportPolicy, namespace: shop}]
          to: [{group: "", kind: Service}]
    """
    view = scratch(CLASS, GATEWAY, COLLECTOR.replace("NAMESPACE", "infra"), grant, sent_to(THERE_REF))
    assert [each.namespace for each in log_servers(view, GW)] == ["infra"]


def test_problems_have_the_path_of_the_policy() -> None:
    row = sent_to(HERE_REF, THERE_REF).obj
    view = scratch(COLLECTOR.replace("NAMESPACE", "shop"))
    (problem,) = report_problems(view, row)
    assert problem.startswith('spec.default.accessLog.sinks[1].backendRef: Service "infra/collector" is in another')
