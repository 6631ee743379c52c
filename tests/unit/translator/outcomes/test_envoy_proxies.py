from gatewayd.translator.outcomes.envoy_proxies import proxy_notes
from tests.unit.envoy_gateway import foreign
from tests.unit.translator.policies.test_envoy_proxy import KEY, REF, engine

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
