"""What is kept object by object is what a walk of everything finds."""

from gatewayd.api.httproute import HTTPRoute
from gatewayd.api.meta import ObjectKey
from gatewayd.explain.findings import in_outcomes
from gatewayd.explain.live_findings import LiveFindings
from gatewayd.explain.parent_findings import without_effect
from gatewayd.ir.environment import DEFAULT_ENVIRONMENT
from gatewayd.manifests.admission import Identity
from gatewayd.manifests.documents import Place
from gatewayd.offline.translate import offline
from gatewayd.store import Delta
from gatewayd.translator.outcomes.overview import BOARD
from tests.unit.translator.manifests import SHOP, deltas

ROUTE = """
kind: HTTPRoute
metadata: {name: it, namespace: shop}
spec: {parentRefs: [{name: gw}], rules: [{backendRefs: [{name: cart, port: 80}]}]}
"""
BROKEN = ROUTE.replace("name: cart", "name: none")
NOWHERE = ROUTE.replace("name: gw", "name: elsewhere")
OTHERS = SHOP.replace("gatewayClassName: gatewayd", "gatewayClassName: other")
KEY = ObjectKey("shop", "it")


def nowhere(_identity: Identity) -> Place | None:
    return None


class World:
    """Objects that change, and findings kept beside them."""

    def __init__(self, *manifests: str) -> None:
        self.reconciler = offline(deltas(*manifests), DEFAULT_ENVIRONMENT)
        self.live = LiveFindings(self.reconciler.store.engine)
        self.live.concluded(self.reconciler.outcomes)
        self._describe()

    def change(self, *events: Delta) -> None:
        before = dict(self.reconciler.outcomes)
        self.reconciler.submit(events)
        self.reconciler.step()
        now = self.reconciler.outcomes
        self.live.concluded({at: now.get(at) for at in {**before, **now} if before.get(at) != now.get(at)})
        self._describe()

    def _describe(self) -> None:
        self.live.described(self.reconciler.store.engine.drain(BOARD))

    @property
    def reasons(self) -> list[tuple[str, str]]:
        """Return objects and reasons, after a comparison with a walk of everything."""
        engine, outcomes = self.reconciler.store.engine, self.reconciler.outcomes
        unserved = without_effect(engine, outcomes, frozenset(), nowhere)
        walked = [*in_outcomes(outcomes, nowhere), *(judged.finding for judged in unserved)]
        found = list(self.live.findings(nowhere))
        assert sorted(found, key=lambda each: each.order) == sorted(walked, key=lambda each: each.order)
        return sorted((each.object, each.reason) for each in found)


def test_findings_come_and_go_with_what_is_wrong() -> None:
    world = World(SHOP, ROUTE)
    assert world.reasons == []
    world.change(*deltas(BROKEN))
    assert world.reasons == [("HTTPRoute shop/it", "BackendNotFound")]
    world.change(*deltas(ROUTE))
    assert world.reasons == []


def test_what_concerns_nothing_of_ours_is_found_until_it_does() -> None:
    world = World(SHOP, NOWHERE)
    assert world.reasons == [("HTTPRoute shop/it", "ParentNotFound")]
    world.change(*deltas(OTHERS, ROUTE))
    assert world.reasons == [("Gateway shop/gw", "ClassNotServed"), ("HTTPRoute shop/it", "ParentNotServed")]
    world.change(*deltas(SHOP))
    assert world.reasons == []


def test_an_object_that_is_gone_is_not_complained_of() -> None:
    world = World(SHOP, BROKEN)
    world.change(Delta(kind=HTTPRoute, key=KEY, obj=None))
    assert world.reasons == []
    world.change(*deltas(NOWHERE))
    world.change(Delta(kind=HTTPRoute, key=KEY, obj=None))
    assert world.reasons == []


def test_a_finding_stands_where_the_object_stands_now() -> None:
    world = World(SHOP, BROKEN)
    place = Place(file="a.yaml", line=3, text="kind: HTTPRoute", text_line=3, root="")
    (first,) = world.live.findings(lambda _identity: place)
    (second,) = world.live.findings(lambda _identity: place.moved_to(9))
    assert (first.line, second.line) == (3, 9)
