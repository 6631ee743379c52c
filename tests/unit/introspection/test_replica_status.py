"""What a control-plane pod says of itself: Gateways and routes as they are when it is asked."""

from collections.abc import Iterator

import pytest

from gatewayd.ads.fleet import Fleet
from gatewayd.api.meta import ObjectKey
from gatewayd.introspection.replica_status import Insight
from gatewayd.ir.environment import DEFAULT_ENVIRONMENT
from gatewayd.ir.fleet import GatewayFleet
from gatewayd.ir.outcome import NO_FLEET, FleetReport
from gatewayd.offline.translate import offline
from gatewayd.reconciler import Reconciler, fleet_delta
from tests.unit.translator.manifests import SHOP, deltas

ROUTE = """
kind: HTTPRoute
metadata: {name: it, namespace: shop}
spec: {parentRefs: [{name: gw}], rules: [{backendRefs: [{name: cart, port: 80}]}]}
"""


def insight() -> tuple[Insight, Reconciler]:
    reconciler = offline(deltas(SHOP, ROUTE), DEFAULT_ENVIRONMENT)
    fleet = Fleet(on_report=lambda _gateway, _report: None)
    return Insight(reconciler=reconciler, fleet=fleet, where="here", notices=lambda: ("a notice",)), reconciler


async def test_status_has_gateways_and_routes() -> None:
    status = await insight()[0].status()
    assert [row.name for row in status.board.gateways] == ["shop/gw"]
    assert [row.name for row in status.board.routes] == ["shop/it"]
    assert [each.gateway for each in status.snapshots] == ["shop/gw"]
    assert (status.folder, status.board.notices, status.proxies) == ("here", ("a notice",), ())


async def test_many_who_ask_at_once_share_a_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    made, _ = insight()
    begun: list[None] = []
    steps = made._steps

    def counted() -> Iterator[None]:
        begun.append(None)
        return steps()

    monkeypatch.setattr(made, "_steps", counted)
    first = made.catching_up()
    next(first)
    waiting = [made.catching_up() for _ in range(10)]
    assert all(next(each, "done") is None for each in waiting)  # for one that begins after they asked
    assert [*first, *(each for one in waiting for each in one)]
    assert len(begun) == 2


def test_who_gives_up_halfway_leaves_the_next_one_to_begin_anew() -> None:
    made, _ = insight()
    first = made.catching_up()
    next(first)
    waiting = made.catching_up()
    next(waiting)
    first.close()
    list(waiting)
    assert [row.name for row in made.board().routes] == ["shop/it"]


def test_reports_are_those_of_all_replicas() -> None:
    made, reconciler = insight()
    assert made.report(GatewayFleet(namespace="shop", name="gw")) == NO_FLEET
    elsewhere = FleetReport(connected=3, acked_listeners=frozenset({"tcp-80"}), rejections=())
    reconciler.submit((fleet_delta(GatewayFleet(namespace="shop", name="gw"), elsewhere),))
    reconciler.step()
    assert made.report(GatewayFleet(namespace="shop", name="gw")) == elsewhere
    chain = made.answers.why("httproute", ObjectKey("shop", "it"))
    assert "3 connected" in "".join(step.says for step in chain.steps)
    assert (chain.where, {step.place for step in chain.steps}) == ("here", {""})
