"""Inheritance of policies of clients against the same few lines: 4 levels, each with a section or none."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from gatewayd.incremental.engine import Engine
from gatewayd.incremental.view import View
from gatewayd.ir.client_settings import STANDARD_CLIENTS
from gatewayd.ir.proxy import StreamListener
from gatewayd.store import Delta
from gatewayd.translator.declarations import INDEXES, OUTPUTS
from gatewayd.translator.gateways.listeners import PortKey
from gatewayd.translator.proxies.client_settings import clients_effective
from gatewayd.translator.proxies.filter_chains import port
from tests.property.test_policies import AT, START, Written, from_scratch, model
from tests.unit.policies import policy, target
from tests.unit.translator.manifests import GW, delta

LEVELS = (
    target("GatewayClass", "gatewayd"),
    target("Gateway", "gw"),
    target("ListenerSet", "more"),
    target("ListenerSet", "more", "web"),
)
LEAST = 20
WRITTEN = st.lists(
    st.sampled_from([None, "default", "override", "disabled"]), min_size=len(LEVELS), max_size=len(LEVELS)
)


def document(level: int, what: str) -> dict[str, Any]:
    section = {"mode": "Disabled"} if what == "disabled" else {"maxCount": LEAST + level}
    strategy = {"default" if what == "disabled" else what: {"headers": section}}
    return policy("ClientPolicy", f"level-{level}", LEVELS[level], **strategy)


def rows(written: Written) -> dict[int, Delta]:
    return {level: delta(document(level, what)) for level, what in enumerate(written) if what is not None}


def judge(view: View, written: Written) -> None:
    expected = model(written, adds_up=False)
    in_force = [each.policy.name for each in clients_effective(view, AT).of("headers")]
    assert in_force == [f"level-{each}" for each in expected]
    found = port(view, PortKey(GW, "tcp", 8080))
    assert isinstance(found, StreamListener)
    # What is in force is what proxies get.
    counts = {chain.clients.headers.count for chain in found.chains}
    assert counts == {LEAST + expected[0] if expected else STANDARD_CLIENTS.headers.count}


@given(written=WRITTEN)
def test_what_is_in_force_is_what_the_model_says(written: Written) -> None:
    judge(from_scratch(*START, *rows(written).values()), written)


@given(steps=st.lists(WRITTEN, min_size=1, max_size=4))
def test_changes_lead_to_the_same(steps: list[Written]) -> None:
    engine = Engine(INDEXES, OUTPUTS)
    for each in START:
        engine.put(each.kind, each.key, each.obj)
    before: dict[int, Delta] = {}
    for written in steps:
        after = rows(written)
        for level in before.keys() - after.keys():
            engine.put(before[level].kind, before[level].key, None)
        for each in after.values():
            engine.put(each.kind, each.key, each.obj)
        engine.settle()
        judge(engine, written)
        before = after
