from typing import Any

from gatewayd.api.envoy_gateway.objects import EnvoyProxy
from gatewayd.api.meta import ObjectKey
from gatewayd.incremental.engine import Engine
from gatewayd.incremental.view import Member
from gatewayd.ir.environment import DEFAULT_ENVIRONMENT
from gatewayd.offline.translate import offline
from gatewayd.translator.outcomes.envoy_proxies import envoy_proxy_outcome, proxy_notes
from tests.unit.envoy_gateway import foreign
from tests.unit.translator.manifests import delta, deltas
from tests.unit.translator.policies.test_envoy_proxy import CLASS, GATEWAY, KEY, OF_CLASS, REF, engine

LOST = {"backendRefs": [{"name": "nobody", "port": 4317}]}


def test_what_is_left_out_has_its_field() -> None:
    assert list(proxy_notes(engine("", ""), KEY)) == []
    telemetry = {
        "accessLog": {"settings": [{"type": "Route", "sinks": [{"type": "ALS", "als": LOST}]}]},
        "tracing": {"provider": LOST},
    }
    told = list(proxy_notes(engine("", REF, foreign("EnvoyProxy", "told", shutdown={}, telemetry=telemetry)), KEY))
    named = 'spec.infrastructure.parametersRef: EnvoyProxy "shop/told": '
    assert [each.removeprefix(named).partition(" ")[0] for each in told] == [
        "spec.shutdown:",
        "spec.telemetry.accessLog:",
        "spec.telemetry.tracing:",
    ]
    assert all("does not exist" in each for each in told[1:])


def said(view: Engine, namespace: str) -> list[tuple[Any, ...]]:
    outcome = envoy_proxy_outcome(view, Member(EnvoyProxy, ObjectKey(namespace, "told")))
    if outcome is None:
        return []
    return [
        (each.ref.kind, each.ref.namespace, each.ref.name, *((told.type, told.reason) for told in each.verdicts))
        for each in outcome.ancestors
    ]


def test_what_is_said_of_it_to_those_that_name_it() -> None:
    own, wide = foreign("EnvoyProxy", "told"), foreign("EnvoyProxy", "told", namespace="fleet", shutdown={})
    both = engine(OF_CLASS, REF, own, wide)
    assert said(both, "shop") == [("Gateway", "shop", "gw", ("Accepted", "Accepted"))]
    assert said(both, "fleet") == [("GatewayClass", None, "gatewayd", ("Accepted", "InvalidParameters"))]
    # Merged into that of the class, it has what is left out of both.
    merged = foreign("EnvoyProxy", "told", mergeType="StrategicMerge")
    assert said(engine(OF_CLASS, REF, merged, wide), "shop")[0][3] == ("Accepted", "InvalidParameters")


def test_those_that_name_it_come_by_kind_and_name_whichever_came_first() -> None:
    own = foreign("EnvoyProxy", "told", namespace="fleet")
    last = GATEWAY.replace("name: gw", "name: zz") % f"infrastructure: {{parametersRef: {REF}}}"
    first = last.replace("name: zz", "name: aa")
    class_first = CLASS % f", parametersRef: {OF_CLASS}"
    texts = f"{last}\n---\n{class_first}\n---\n{first}".replace("namespace: shop", "namespace: fleet")
    view = offline((*deltas(texts), delta(own)), DEFAULT_ENVIRONMENT).store.engine
    assert [told[:3] for told in said(view, "fleet")] == [
        ("Gateway", "fleet", "aa"),
        ("Gateway", "fleet", "zz"),
        ("GatewayClass", None, "gatewayd"),
    ]


def test_nothing_is_said_of_one_that_nobody_of_ours_names() -> None:
    own = foreign("EnvoyProxy", "told")
    assert said(engine("", "", own), "shop") == []
    assert said(engine("", REF), "shop") == []
    others = engine("", REF.replace("name: told", "name: other"), own)
    assert said(others, "shop") == []
