"""Inheritance of policies of backends against the same few lines: 5 levels, each with a section or none."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from gatewayd.incremental.engine import Engine
from gatewayd.incremental.view import View
from gatewayd.ir.backend import Protocol, Upstream
from gatewayd.store import Delta
from gatewayd.translator.backends.backend_refs import GatewayUpstream, cluster
from gatewayd.translator.declarations import INDEXES, OUTPUTS
from gatewayd.translator.policies.backend import backend_effective
from tests.property.test_policies import START, Written, from_scratch, model
from tests.unit.policies import policy, target
from tests.unit.translator.manifests import GW, delta

LEVELS = (
    target("GatewayClass", "gatewayd"),
    target("Gateway", "gw"),
    target("Namespace"),
    target("Service", "cart"),
    target("Service", "cart", "web"),
)
CART = Upstream(kind="Service", namespace="shop", name="cart", port=80, protocol=Protocol.HTTP1)
WRITTEN = st.lists(
    st.sampled_from([None, "default", "override", "disabled"]), min_size=len(LEVELS), max_size=len(LEVELS)
)


def document(level: int, what: str) -> dict[str, Any]:
    section = {"mode": "Disabled"} if what == "disabled" else {"requests": level + 1}
    strategy = {"default" if what == "disabled" else what: {"limits": section}}
    return policy("BackendPolicy", f"level-{level}", LEVELS[level], **strategy)


def rows(written: Written) -> dict[int, Delta]:
    return {level: delta(document(level, what)) for level, what in enumerate(written) if what is not None}


def judge(view: View, written: Written) -> None:
    expected = model(written, adds_up=False)
    in_force = [each.policy.name for each in backend_effective(view, GW, CART).of("limits")]
    assert in_force == [f"level-{each}" for each in expected]
    # What is in force is what proxies get: a limit of nothing where nobody says something.
    assert cluster(view, GatewayUpstream(GW, CART)).settings.limits.requests == (expected[0] + 1 if expected else 0)


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
