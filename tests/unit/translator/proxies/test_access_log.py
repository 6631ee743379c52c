from gatewayd.ir.access_log import FILE, AccessLog
from gatewayd.ir.environment import HERE, Environment
from gatewayd.ir.infrastructure import DEFAULT_PARAMETERS
from gatewayd.ir.proxy import StreamListener
from gatewayd.offline.translate import standalone_environment
from gatewayd.store import Delta
from gatewayd.translator.gateways.listeners import PortKey
from gatewayd.translator.proxies.access_log import access_log
from gatewayd.translator.proxies.filter_chains import port
from tests.unit.translator.manifests import CLASS, GW, scratch

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
