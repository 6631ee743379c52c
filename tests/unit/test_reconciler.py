"""The batch loop, stepped by hand: what is published, retired, told, and when."""

import asyncio
from collections.abc import Callable, Mapping

import pytest
from msgspec.structs import replace as replaced

from gatewayd.api.core import Secret
from gatewayd.api.gateway import Gateway
from gatewayd.api.gatewayclass import GatewayClass
from gatewayd.api.httproute import HTTPRoute
from gatewayd.api.meta import ObjectKey
from gatewayd.api.xmesh import XMesh
from gatewayd.incremental.view import Member, Output, Source, View, query
from gatewayd.ir.environment import HERE, Environment
from gatewayd.ir.fleet import MESH_FLEET, FleetKey, GatewayFleet
from gatewayd.ir.infrastructure import Infrastructure
from gatewayd.ir.outcome import FleetReport, GatewayClassOutcome, GatewayOutcome
from gatewayd.ir.proxy import ProxyConfig
from gatewayd.offline.translate import standalone_environment
from gatewayd.reconciler import Batch, Reconciler, fleet_delta
from gatewayd.store import Delta, Synced
from gatewayd.translator.contents import Content
from gatewayd.translator.infrastructure.gateway import INFRASTRUCTURE
from gatewayd.translator.outcomes.gateways_and_routes import OUTCOMES
from gatewayd.xds.build.snapshot_builder import SnapshotBuilder
from gatewayd.xds.resource import LISTENER, Snapshot
from tests.unit.translator import pem
from tests.unit.translator.manifests import CART, CLASS, GATEWAY, GW, SHOP, brief, deltas
from tests.unit.translator.mesh.manifests import MESH

LOCAL = Delta(kind=Environment, key=HERE, obj=standalone_environment("127.0.0.1", 0, None))
ROUTE = """
kind: HTTPRoute
metadata: {name: r, namespace: shop}
spec: {parentRefs: [{name: gw}], rules: [{backendRefs: [{name: cart, port: 80}]}]}
"""


class Fleet:
    """Remembers what it was given; `on_publish` happens inside of publish, as an acknowledgement may."""

    def __init__(self, on_publish: Callable[[Snapshot], None]) -> None:
        self.published: list[str] = []
        self.retired: list[str] = []
        self._on_publish = on_publish

    def publish(self, snapshot: Snapshot, config: ProxyConfig) -> None:
        assert config.fleet == snapshot.fleet
        self.published.append(snapshot.fleet)
        self._on_publish(snapshot)

    def retire(self, fleet: FleetKey) -> None:
        self.retired.append(fleet)


class World:
    """A reconciler with a fleet and the batches that it told of."""

    def __init__(self, *awaited: type) -> None:
        self.fleet = Fleet(lambda _: None)
        self.batches: list[Batch] = []
        self.reconciler = Reconciler(publisher=self.fleet, on_batch=self.batches.append, awaited=awaited)
        self.reconciler.submit((LOCAL,))

    def step(self, *sources: str | Delta | Synced) -> Batch:
        for source in sources:
            self.reconciler.submit(deltas(source) if isinstance(source, str) else (source,))
        self.reconciler.step()
        return self.batches[-1]


def gone(kind: type, key: ObjectKey = GW) -> Delta:
    return Delta(kind=kind, key=key, obj=None)


def test_keys_of_gateways() -> None:
    report = FleetReport(connected=1, acked_listeners=frozenset(), rejections=())
    assert fleet_delta(GatewayFleet(namespace="shop", name="gw"), report) == Delta(
        kind=FleetReport, key=GatewayFleet(namespace=GW.namespace, name=GW.name), obj=report
    )


def test_a_gateway_is_published_and_told_of() -> None:
    world = World()
    batch = world.step(SHOP, ROUTE)
    assert world.fleet.published == [GatewayFleet(namespace="shop", name="gw")]
    assert [each.fleet for each in batch.published] == [GatewayFleet(namespace="shop", name="gw")]
    assert batch.changed_rows == 6
    assert batch.queries > 0
    assert {member.table.__name__ for member in batch.outcomes} == {"GatewayClass", "Gateway", "HTTPRoute"}


def test_what_changes_nothing_publishes_nothing_and_tells_nothing() -> None:
    world = World()
    world.step(SHOP, ROUTE)
    batch = world.step(SHOP, ROUTE)
    assert (batch.changed_rows, batch.published, dict(batch.outcomes)) == (0, (), {})
    batch = world.step("{kind: Service, metadata: {name: other, namespace: shop}, spec: {ports: [{port: 1}]}}")
    assert (batch.changed_rows, batch.published, dict(batch.outcomes)) == (1, (), {})
    assert world.fleet.published == [GatewayFleet(namespace="shop", name="gw")]


def test_of_several_events_for_a_row_the_last_one_counts() -> None:
    world = World()
    world.step(SHOP, ROUTE, gone(HTTPRoute, ObjectKey("shop", "r")))
    assert world.reconciler.outcomes.keys() == {
        Member(deltas(CLASS)[0].kind, ObjectKey("", "gatewayd")),
        Member(Gateway, GW),
    }


def test_a_gateway_that_is_gone_is_retired_once() -> None:
    world = World()
    world.step(SHOP)
    batch = world.step(gone(Gateway))
    assert (batch.retired, world.fleet.retired) == (
        (GatewayFleet(namespace="shop", name="gw"),),
        [GatewayFleet(namespace="shop", name="gw")],
    )
    used = {member.table: outcome for member, outcome in batch.outcomes.items()}
    assert used.keys() == {Gateway, GatewayClass}
    assert used[Gateway] is None
    assert isinstance(used[GatewayClass], GatewayClassOutcome)
    assert not used[GatewayClass].in_use
    assert (world.reconciler.snapshots, world.reconciler.configs) == ({}, {})
    assert world.step(CART).retired == ()


def test_a_gateway_whose_class_is_gone_is_retired_and_comes_back_with_it() -> None:
    world = World()
    world.step(SHOP)
    (class_,) = deltas(CLASS)
    assert world.step(Delta(kind=class_.kind, key=class_.key, obj=None)).retired == (
        GatewayFleet(namespace="shop", name="gw"),
    )
    assert [each.fleet for each in world.step(CLASS).published] == [GatewayFleet(namespace="shop", name="gw")]


def test_the_report_on_a_gateway_goes_with_it() -> None:
    world = World()
    acked = FleetReport(connected=1, acked_listeners=frozenset({"tcp-80"}), rejections=())
    world.step(SHOP, fleet_delta(GatewayFleet(namespace="shop", name="gw"), acked))
    world.step(gone(Gateway))
    said = world.step(GATEWAY).outcomes[Member(Gateway, GW)]
    assert isinstance(said, GatewayOutcome)
    assert brief(said.verdicts)["Programmed"] == "!Pending"


def test_nothing_leaves_before_every_awaited_kind_has_synced() -> None:
    world = World(HTTPRoute, Gateway)
    world.reconciler.submit((*deltas(SHOP), Synced(kind=Gateway)))
    world.reconciler.step()
    assert (world.fleet.published, world.batches) == ([], [])
    world.step(ROUTE, Synced(kind=HTTPRoute))
    assert world.fleet.published == [GatewayFleet(namespace="shop", name="gw")]
    assert len(world.batches) == 1


def test_an_acknowledgement_of_what_the_batch_published_is_part_of_the_batch() -> None:
    world = World()

    def acknowledge(snapshot: Snapshot) -> None:
        report = FleetReport(connected=1, acked_listeners=frozenset({"tcp-80"}), rejections=())
        world.reconciler.submit((fleet_delta(snapshot.fleet, report),))

    world.fleet._on_publish = acknowledge
    said = world.step(SHOP).outcomes[Member(Gateway, GW)]
    assert isinstance(said, GatewayOutcome)
    assert brief(said.verdicts)["Programmed"] == "Programmed"
    assert len(world.batches) == 1


def test_the_same_snapshot_of_another_generation_is_told_of_and_sends_nothing() -> None:
    world = World()
    world.step(SHOP)
    [found] = world.reconciler.configs.values()
    row = world.reconciler.store.engine.get(Gateway, GW)
    assert row is not None
    later = replaced(row, metadata=replaced(row.metadata, generation=row.metadata.generation + 1))
    batch = world.step(Delta(kind=Gateway, key=GW, obj=later))
    assert batch.published == ()
    assert len(world.fleet.published) == 2
    [now] = world.reconciler.configs.values()
    assert [each.generation for each in now.declared_by] == [each.generation + 1 for each in found.declared_by]
    world.step(Delta(kind=Gateway, key=GW, obj=replaced(later, spec=row.spec)))
    assert len(world.fleet.published) == 2


def failing(_builder: SnapshotBuilder, _config: ProxyConfig) -> Snapshot:
    raise ValueError("a bug")


def test_a_snapshot_that_fails_leaves_the_last_one(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()
    world.step(SHOP)
    before = world.reconciler.snapshots[GatewayFleet(namespace="shop", name="gw")]
    with monkeypatch.context() as broken:
        broken.setattr(SnapshotBuilder, "build", failing)
        batch = world.step(ROUTE)
        assert (batch.published, batch.failures) == ((), 1)
    assert world.reconciler.snapshots[GatewayFleet(namespace="shop", name="gw")] is before
    (published,) = world.step(GATEWAY.replace("port: 80", "port: 81")).published
    assert "tcp-81" in published.of(LISTENER)


def test_a_gateway_whose_snapshot_never_came_to_be_can_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SnapshotBuilder, "build", failing)
    world = World()
    assert world.step(SHOP).published == ()
    assert world.step(gone(Gateway)).retired == ()
    assert world.fleet.retired == []


def test_infrastructure_is_told_of_in_a_cluster_only() -> None:
    world = World()
    assert world.step(SHOP).infrastructure == {}
    batch = world.step(Delta(kind=Environment, key=HERE, obj=None))
    (wanted,) = batch.infrastructure.values()
    assert isinstance(wanted, Infrastructure)
    assert (wanted.namespace, wanted.name) == ("shop", "gw")
    assert world.step(gone(Gateway)).infrastructure == {GW: None}


async def test_batches_run_as_events_arrive() -> None:
    world = World()
    running = asyncio.create_task(world.reconciler.run())
    world.reconciler.submit(deltas(SHOP))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert len(world.batches) == 1
    world.reconciler.submit(deltas(ROUTE))
    world.reconciler.submit(deltas(CART))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert [batch.changed_rows for batch in world.batches][1:] == [1]
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


def test_that_an_output_has_nothing_is_certain_only_where_its_query_answers() -> None:
    world = World()
    world.step(SHOP)
    ours, nobodys = Member(Gateway, GW), Member(Gateway, ObjectKey("shop", "nobody"))
    assert not world.reconciler.has_nothing(OUTCOMES, ours)
    assert world.reconciler.has_nothing(OUTCOMES, nobodys)
    assert world.reconciler.has_nothing(INFRASTRUCTURE, ours)  # there is no cluster
    failing = Output(name="failing", sources=(Source(table=Gateway, query=query(_fails)),))
    assert not world.reconciler.has_nothing(failing, ours)


def _fails(_view: View, _member: Member) -> object:
    raise ValueError("odd")


TLS = GATEWAY.replace(
    "protocol: HTTP}", "protocol: HTTPS, hostname: a.example, tls: {certificateRefs: [{name: cert}]}}"
).replace("port: 80", "port: 443")
CERT = Content("Secret", ObjectKey("shop", "cert"))


class Follower:
    """Remembers what it was told; the first time that something is wanted it brings it at once."""

    def __init__(self) -> None:
        self.told: list[tuple[dict[Member, frozenset[Content]], frozenset[str]]] = []
        self.bring: Callable[[], None] = lambda: None

    def want(self, changes: Mapping[Member, frozenset[Content]], waiting_for: frozenset[str]) -> None:
        self.told.append((dict(changes), waiting_for))
        if any(changes.values()):
            self.bring()


def test_a_follower_hears_what_is_referred_to_before_anything_is_published() -> None:
    follower, fleet = Follower(), Fleet(lambda _: None)
    reconciler = Reconciler(publisher=fleet, on_batch=lambda _: None, awaited=(Secret,), follower=follower)
    follower.bring = lambda: reconciler.submit((*deltas(pem.good_secret("cert")), Synced(kind=Secret)))
    reconciler.submit((LOCAL, *deltas(CLASS, TLS)))

    reconciler.step()

    wanted = [changes.get(Member(Gateway, GW)) for changes, _ in follower.told]
    assert wanted == [frozenset({CERT}), None]
    assert [waiting for _, waiting in follower.told] == [frozenset({"Secret"}), frozenset()]
    [snapshot] = reconciler.snapshots.values()
    assert snapshot.of(LISTENER).keys() == {"tcp-443"}
    reconciler.submit((gone(Gateway),))
    reconciler.step()
    assert follower.told[-1][0] == {Member(Gateway, GW): frozenset()}


ODD = """
kind: HTTPRoute
metadata: {name: odd, namespace: shop}
spec:
  parentRefs: [{name: gw}]
  rules: [{matches: [{path: {value: /odd}}], filters: [{type: RequestRedirect, requestRedirect: {port: 1}}]}]
"""


def test_what_no_message_can_hold_is_held_back_alone_and_counted() -> None:
    world = World()
    (row,) = deltas(ODD)
    assert isinstance(row.obj, HTTPRoute)
    rule = row.obj.spec.rules[0]
    assert rule.filters[0].request_redirect is not None
    wrong = replaced(rule.filters[0], request_redirect=replaced(rule.filters[0].request_redirect, port=2**40))
    spec = replaced(row.obj.spec, rules=(replaced(rule, filters=(wrong,)),))
    odd = Delta(kind=HTTPRoute, key=ObjectKey("shop", "odd"), obj=replaced(row.obj, spec=spec))
    batch = world.step(SHOP, ROUTE, odd)
    assert [each.fleet for each in batch.published] == [GatewayFleet(namespace="shop", name="gw")]
    # The route; in its place stands one that answers 500 and has the same match.
    assert batch.failures == 1
    assert world.step(ROUTE.replace("name: r,", "name: other,")).failures == 0
    assert world.step(gone(HTTPRoute, odd.key)).failures == 0


def test_the_mesh_is_a_fleet_like_another_one() -> None:
    world = World()
    world.step(MESH)
    assert world.fleet.published == [MESH_FLEET]
    world.step(gone(XMesh, ObjectKey("", "mesh")))
    assert world.fleet.retired == [MESH_FLEET]
