"""Who may call a Service, against a model of a few lines: policies of both ends, with and without own routes."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from gatewayd.incremental.engine import Engine
from gatewayd.incremental.view import View
from gatewayd.ir.environment import HERE, Environment
from gatewayd.ir.policy import Permissions
from gatewayd.offline.translate import standalone_environment
from gatewayd.store import Delta
from gatewayd.translator.declarations import INDEXES, OUTPUTS
from gatewayd.translator.mesh.frontends import EVERYBODY, Frontend
from gatewayd.translator.mesh.parents import CLAIMS
from gatewayd.translator.mesh.tables import frontend_table
from tests.property.test_policies import from_scratch
from tests.unit.policies import policy, target
from tests.unit.translator.manifests import delta, deltas
from tests.unit.translator.mesh.manifests import ECHO, MESH, route

RULES = "[{name: first, backendRefs: [{name: echo, namespace: shop, port: 80}]}]"
START = (
    Delta(kind=Environment, key=HERE, obj=standalone_environment("127.0.0.1", 0, None)),
    *deltas(MESH, ECHO, route(rules=RULES)),
)
[CONSUMER] = deltas(route("own", namespace="blog", to="name: echo, namespace: shop", rules=RULES))
LEVELS = (
    ("shop", target("Namespace")),
    ("shop", target("HTTPRoute", "r")),
    ("shop", target("HTTPRoute", "r", "first")),
    ("blog", target("Namespace")),
    ("blog", target("HTTPRoute", "own")),
    ("blog", target("HTTPRoute", "own", "first")),
)
CALLERS = ("shop", "blog", "news", "unknown")


class Asked(NamedTuple):
    """What stands at a level: "default", "override" or "disabled", and who may call."""

    strategy: str
    callers: frozenset[str]


WHAT = st.builds(
    Asked,
    st.sampled_from(["default", "override", "disabled"]),
    st.frozensets(st.sampled_from(["shop", "blog", "news"]), min_size=1),
)
Written = Sequence[Asked | None]


class Drawn(NamedTuple):
    """What stands at each level, and whether the consumer has routes of its own."""

    written: Written
    has_own: bool


DRAWN = st.builds(Drawn, st.lists(st.none() | WHAT, min_size=6, max_size=6), st.booleans())


def in_force(levels: Written) -> list[Asked]:
    written = [each for each in levels if each is not None]
    defaults = [each for each in written if each.strategy != "override"]
    return [
        *(each for each in written if each.strategy == "override"),
        *(each for each in defaults[-1:] if each.strategy == "default"),
    ]


def model(drawn: Drawn, caller: str) -> bool:
    """Return whether a caller passes: of a consumer's own routes the producer's namespace and his own levels decide."""
    producers, consumers = drawn.written[:3], drawn.written[3:]
    is_own = caller == "blog" and drawn.has_own
    asked = [*in_force(producers[:1]), *in_force(consumers)] if is_own else in_force(producers)
    return all(caller in each.callers for each in asked)


def document(level: int, asked: Asked) -> dict[str, Any]:
    namespace, at = LEVELS[level]
    allow = {"authorization": {"allow": [{"namespaces": sorted(asked.callers)}]}}
    off = {"authorization": {"mode": "Disabled"}}
    strategy = {"default": off} if asked.strategy == "disabled" else {asked.strategy: allow}
    return policy("AccessPolicy", f"level-{level}", at, namespace=namespace, **strategy)


def rows(drawn: Drawn) -> dict[tuple[Any, Any], Delta]:
    written = (delta(document(level, each)) for level, each in enumerate(drawn.written) if each is not None)
    return {(each.kind, each.key): each for each in (*written, *((CONSUMER,) if drawn.has_own else ()))}


def passes(view: View, caller: str) -> bool:
    """Return whether a request passes where a node leads a pod of a namespace."""
    own = Frontend(caller, "10.96.0.10", 80)
    frontend = own if view.count(CLAIMS, own) else own._replace(view=EVERYBODY)
    [host] = frontend_table(view, frontend).virtual_hosts
    [found] = host.routes
    asked = [rule for each in found.filters if isinstance(each, Permissions) for rule in each.rules]
    return not any(each.holds_always for rule in asked for each in rule.deny)


@given(drawn=DRAWN)
def test_who_may_call_is_what_the_model_says(drawn: Drawn) -> None:
    view = from_scratch(*START, *rows(drawn).values())
    assert {each: passes(view, each) for each in CALLERS} == {each: model(drawn, each) for each in CALLERS}


@given(steps=st.lists(DRAWN, min_size=1, max_size=4))
def test_changes_lead_to_the_same(steps: list[Drawn]) -> None:
    engine = Engine(INDEXES, OUTPUTS)
    for each in START:
        engine.put(each.kind, each.key, each.obj)
    before: dict[tuple[Any, Any], Delta] = {}
    for drawn in steps:
        after = rows(drawn)
        for kind, key in before.keys() - after.keys():
            engine.put(kind, key, None)
        for each in after.values():
            engine.put(each.kind, each.key, each.obj)
        engine.settle()
        assert {each: passes(engine, each) for each in CALLERS} == {each: model(drawn, each) for each in CALLERS}
        before = after
