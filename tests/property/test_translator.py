"""Whatever the objects are and however they came: the same answers as from scratch, and nothing that Envoy refuses."""

from collections.abc import Iterable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from gatewayd.api.gateway import Gateway
from gatewayd.api.ingress import Ingress
from gatewayd.api.ingressclass import IngressClass
from gatewayd.api.meta import ObjectKey
from gatewayd.incremental.engine import Engine
from gatewayd.incremental.scratch import Scratch
from gatewayd.incremental.view import Member
from gatewayd.ir.fleet import FleetKey, GatewayFleet
from gatewayd.ir.proxy import ProxyConfig, StreamListener
from gatewayd.store import Delta
from gatewayd.translator.declarations import INDEXES, OUTPUTS
from gatewayd.translator.protocols import ROUTE_TABLES
from gatewayd.translator.proxies.proxy_config import PROXIES
from gatewayd.xds.build.snapshot_builder import SnapshotBuilder
from gatewayd.xds.resource import Snapshot
from tests.property.objects import EDIT, GATEWAYS, START, removal, worlds
from tests.property.wire import dangling

Rows = dict[type, dict[Any, Any]]
Values = dict[tuple[str, Member], Any]
WORLD = worlds()
BATCHES = st.lists(st.lists(EDIT, min_size=1, max_size=8), min_size=1, max_size=6)


class World:
    """An engine with the rows that it was given, and the last values of its outputs."""

    def __init__(self, edits: Iterable[Delta]) -> None:
        self.engine = Engine(INDEXES, OUTPUTS)
        self.rows: Rows = {}
        self.values: Values = {}
        self.builders: dict[FleetKey, SnapshotBuilder] = {}
        self.apply((*START, *edits))

    def apply(self, edits: Iterable[Delta]) -> None:
        for each in edits:
            self.engine.put(each.kind, each.key, each.obj)
            if each.obj is None:
                self.rows.get(each.kind, {}).pop(each.key, None)
            else:
                self.rows.setdefault(each.kind, {})[each.key] = each.obj
        self.engine.settle()
        for output in OUTPUTS:
            for change in self.engine.drain(output):
                self.values[output.name, change.member] = change.value
        assert self.engine.failures == []

    @property
    def said(self) -> Values:
        return {at: value for at, value in self.values.items() if value is not None}

    @property
    def configs(self) -> dict[FleetKey, ProxyConfig]:
        return {value.fleet: value for (name, _), value in self.said.items() if name == PROXIES.name}

    def snapshots(self) -> dict[FleetKey, Snapshot]:
        return {
            name: self.builders.setdefault(name, SnapshotBuilder()).build(each) for name, each in self.configs.items()
        }


def from_scratch(rows: Rows) -> Values:
    view = Scratch(rows)
    found = {
        (output.name, Member(source.table, key)): source.query(view, Member(source.table, key))
        for output in OUTPUTS
        for source in output.sources
        for key in rows.get(source.table, {})
    }
    return {at: value for at, value in found.items() if value is not None}


@settings(max_examples=80)
@given(WORLD, BATCHES)
def test_any_sequence_of_edits_ends_where_a_fresh_start_does(objects: list[Delta], batches: list[list[Delta]]) -> None:
    world = World(())
    for batch in (objects, *batches):
        world.apply(batch)
        assert world.said == from_scratch(world.rows)
        fresh = {name: SnapshotBuilder().build(config) for name, config in world.configs.items()}
        built = world.snapshots()
        assert {name: each.version for name, each in built.items()} == {
            name: each.version for name, each in fresh.items()
        }
        assert all(built[name].resources == fresh[name].resources for name in fresh)


@settings(max_examples=40)
@given(WORLD, st.randoms(use_true_random=False))
def test_the_order_of_arrival_does_not_matter(objects: list[Delta], shuffler: Any) -> None:
    one = World(objects)
    shuffled = list(objects)
    shuffler.shuffle(shuffled)
    other = World(())
    for each in shuffled:
        other.apply((each,))
    assert other.said == one.said


@settings(max_examples=80)
@given(WORLD)
def test_every_reference_in_a_snapshot_leads_somewhere(objects: list[Delta]) -> None:
    world = World(objects)
    for name, snapshot in world.snapshots().items():
        assert dangling(snapshot) == set(), name


@settings(max_examples=80)
@given(WORLD)
def test_nothing_is_there_twice_that_envoy_takes_once(objects: list[Delta]) -> None:
    for config in World(objects).configs.values():
        for listener in config.listeners:
            if isinstance(listener, StreamListener):
                claimed = [name for chain in listener.chains for name in chain.server_names or ("",)]
                assert len(set(claimed)) == len(claimed)
                assert len({chain.name for chain in listener.chains}) == len(listener.chains)
        for table in config.route_tables:
            domains = [host.domain for host in table.virtual_hosts]
            assert domains == sorted(set(domains))
        keys = [table.key for table in config.route_tables]
        assert keys == sorted(set(keys))
        upstreams = [cluster.upstream for cluster in config.clusters]
        assert upstreams == sorted(set(upstreams))
        assert len({listener.name for listener in config.listeners}) == len(config.listeners)


def reaches(route: Delta, objects: list[Delta]) -> set[str]:
    """Return the names of the Gateways that a route names, directly, by a ListenerSet or by the class of an Ingress."""
    if isinstance(route.obj, Ingress):
        classes = (each.obj.spec.parameters for each in objects if isinstance(each.obj, IngressClass))
        return {each.name for each in classes if each is not None}
    refs = route.obj.spec.parent_refs  # type: ignore[union-attr]
    return {name for name in GATEWAYS for ref in refs if ref.kind == "ListenerSet" or ref.name == name}


@settings(max_examples=40)
@given(WORLD)
def test_dropping_a_route_changes_no_gateway_that_it_does_not_name(objects: list[Delta]) -> None:
    world = World(objects)
    for each in objects:
        if each.kind in ROUTE_TABLES:
            before = world.configs
            world.apply((removal(each),))
            for name in set(GATEWAYS) - reaches(each, objects):
                fleet = GatewayFleet(namespace="shop", name=name)
                assert world.configs.get(fleet) is before.get(fleet)


@settings(max_examples=40)
@given(WORLD, st.sampled_from(GATEWAYS))
def test_dropping_a_gateway_changes_no_other(objects: list[Delta], dropped: str) -> None:
    world = World(objects)
    before = world.configs
    world.apply((Delta(kind=Gateway, key=ObjectKey("shop", dropped), obj=None),))
    kept = {name: config for name, config in before.items() if name != GatewayFleet(namespace="shop", name=dropped)}
    assert world.configs == kept


@settings(max_examples=40)
@given(WORLD)
def test_nothing_is_kept_when_all_is_gone(objects: list[Delta]) -> None:
    world = World(objects)
    world.apply(tuple(removal(each) for each in (*START, *objects)))
    assert world.said == {}
    engine = world.engine
    assert {table.__name__: rows for table, rows in engine._inputs.items() if rows} == {}
    assert {query.name: list(nodes) for query, nodes in engine._nodes.items() if nodes} == {}
    assert (engine._collections, engine._buckets, engine._groups) == ({}, {}, {})


def test_the_objects_of_these_tests_are_served_at_all() -> None:
    """Guard against generators that make nothing but objects that have nothing to do with each other."""
    seen = {"routes": 0, "clusters": 0, "chains": 0}

    @settings(max_examples=100, deadline=None, database=None, derandomize=True)
    @given(WORLD)
    def count(objects: list[Delta]) -> None:
        for config in World(objects).configs.values():
            seen["routes"] += sum(len(host.routes) for table in config.route_tables for host in table.virtual_hosts)
            seen["clusters"] += len(config.clusters)
            seen["chains"] += sum(len(each.chains) for each in config.listeners if isinstance(each, StreamListener))

    count()
    assert min(seen.values()) > 100, seen
