from gatewayd.api.meta import ObjectKey
from gatewayd.incremental.engine import Engine
from gatewayd.ir.environment import DEFAULT_ENVIRONMENT
from gatewayd.offline.translate import offline
from gatewayd.translator.policies.envoy_proxy import class_problems, envoy_proxy
from tests.unit.envoy_gateway import foreign
from tests.unit.translator.manifests import delta, deltas

REF = "{group: gateway.envoyproxy.io, kind: EnvoyProxy, name: told}"
CLASS = "{kind: GatewayClass, metadata: {name: gatewayd}, spec: {controllerName: gatewayd.io/controller%s}}"
GATEWAY = """
kind: Gateway
metadata: {name: gw, namespace: shop}
spec:
  gatewayClassName: gatewayd
  %s
  listeners: [{name: http, port: 80, protocol: HTTP}]
"""
QUIET = {"telemetry": {"accessLog": {"disable": True}}}


def engine(of_class: str, of_gateway: str, *documents: dict[str, object]) -> Engine:
    named = f", parametersRef: {of_class}" if of_class else ""
    own = f"infrastructure: {{parametersRef: {of_gateway}}}" if of_gateway else ""
    texts = f"{CLASS % named}\n---\n{GATEWAY % own}"
    return offline((*deltas(texts), *map(delta, documents)), DEFAULT_ENVIRONMENT).store.engine


KEY = ObjectKey("shop", "gw")
OF_CLASS = REF.replace("}", ", namespace: fleet}")


def test_without_one() -> None:
    assert envoy_proxy(engine("", ""), KEY) is None
    assert envoy_proxy(engine(OF_CLASS, REF), KEY) is None
    assert class_problems(engine("", ""), "gatewayd") == ()


def test_that_of_the_class_then_that_of_the_gateway() -> None:
    wide = foreign("EnvoyProxy", "told", namespace="fleet", concurrency=2, **QUIET)
    found = envoy_proxy(engine(OF_CLASS, "", wide), KEY)
    assert found is not None
    assert (found.key, found.path) == (ObjectKey("fleet", "told"), "spec.parametersRef")
    assert found.taken.access_log is not None
    own = envoy_proxy(engine(OF_CLASS, REF, wide, foreign("EnvoyProxy", "told")), KEY)
    assert own is not None
    assert (own.key, own.taken.access_log) == (KEY._replace(name="told"), None)
    merged = envoy_proxy(engine(OF_CLASS, REF, wide, foreign("EnvoyProxy", "told", mergeType="JSONMerge")), KEY)
    assert merged is not None
    assert merged.taken.access_log is not None


def test_what_a_class_is_told() -> None:
    wide = foreign("EnvoyProxy", "told", namespace="fleet", concurrency=2)
    [problem] = class_problems(engine(OF_CLASS, "", wide), "gatewayd")
    assert problem.startswith('spec.parametersRef: EnvoyProxy "fleet/told": spec.concurrency: allowed: ')
