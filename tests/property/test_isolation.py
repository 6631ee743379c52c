"""One team's trouble is not another's: whatever fails for the objects of a namespace, those of the other go on."""

from collections.abc import Callable, Mapping
from io import StringIO
from typing import Any

import pytest

from gatewayd.api.gateway import Gateway
from gatewayd.api.listenerset import ListenerSet
from gatewayd.api.meta import ObjectKey
from gatewayd.incremental.view import Index, Member
from gatewayd.ir.fleet import FleetKey, GatewayFleet
from gatewayd.ir.outcome import Outcome
from gatewayd.ir.proxy import ProxyConfig, StreamListener
from gatewayd.reconciler import Batch, Reconciler
from gatewayd.store import Delta
from gatewayd.telemetry import logs
from gatewayd.translator.contents import Content
from gatewayd.xds.resource import ROUTE, Snapshot
from tests.property.tenants import TEAMS, FaultyEngine, Site, declared, is_of, named, shared, team
from tests.property.wire import dangling
from tests.unit.translator import pem
from tests.unit.translator.manifests import deltas

GW = ObjectKey("infra", "gw")


class Fleet:
    def publish(self, snapshot: Snapshot, config: ProxyConfig) -> None:
        """Send it to nobody."""

    def retire(self, fleet: FleetKey) -> None:
        """Take it from nobody."""


class Follower:
    def want(self, changes: Mapping[Member, frozenset[Content]], waiting_for: frozenset[str]) -> None:
        """Read nothing: all of it is there."""


class World:
    """Both teams on one Gateway, under a reconciler whose engine can be made to fail."""

    def __init__(self, site: Site | None, victim: str, more: tuple[Delta, ...] = ()) -> None:
        self.batches: list[Batch] = []
        self.reconciler = Reconciler(publisher=Fleet(), on_batch=self.batches.append, awaited=(), follower=Follower())
        self.engine = FaultyEngine()
        self.reconciler.store.engine = self.engine
        self.arm(site, victim)
        self.step(*shared(), *(each for name in TEAMS for each in team(name, 1)), *more)

    def arm(self, site: Site | None, victim: str) -> None:
        self.engine.site, self.engine.victim = site, victim

    def step(self, *events: Delta) -> Batch:
        self.reconciler.submit(events)
        self.reconciler.step()
        return self.batches[-1]

    @property
    def config(self) -> ProxyConfig:
        return self.reconciler.configs[GatewayFleet(namespace="infra", name="gw")]

    @property
    def snapshot(self) -> Snapshot:
        return self.reconciler.snapshots[GatewayFleet(namespace="infra", name="gw")]

    def outcomes(self, name: str) -> Mapping[Member, Outcome]:
        """Return what is said of the objects of a team."""
        return {at: each for at, each in self.reconciler.outcomes.items() if at.key.namespace == name}  # type: ignore[attr-defined]

    def served(self, name: str) -> dict[str, Any]:
        """Return what the shared proxies do that is of a team."""
        config = self.config
        hosts = {(table.key, host.domain): host for table in config.route_tables for host in table.virtual_hosts}
        return {
            # What another team's listener answers under this one's name is that team's: 421, or nothing.
            "hosts": {
                at: host
                for at, host in hosts.items()
                if is_of(at[1], name) and at[0].listener.partition("/")[0] in ("", name)
            },
            "shared hosts": {
                at: routes
                for at, host in hosts.items()
                if (routes := tuple(route for route in host.routes if route.source.namespace == name))
            },
            "clusters": [each for each in config.clusters if each.upstream.namespace == name],
            "chains": [
                chain
                for each in config.listeners
                if isinstance(each, StreamListener)
                for chain in each.chains
                if is_of(chain.name, name) or is_of(chain.server_names, name)
            ],
        }


@pytest.fixture(autouse=True)
def quiet() -> None:
    """Write none of the failures that are made on purpose: there are thousands."""
    logs.configure("critical", logs.JsonLines(stream=StringIO()))


HEALTHY = World(None, "")
NOBODYS = {
    "index accounts_over_quota",
    "index classes_by_controller",
    "index crowded_ports",
    "index default_gateways",
    "index default_ingress_classes",
    "index gateways_by_class",
    "index fleets_by_held_policy",
    "index fleets_by_what_they_refuse",
    "index gateways_in_the_network_of_nodes",
    "index policies_of_mesh",
    "index gateways_by_refused_secret",
    "index routes_over_quota",
    "index policies_that_ask_servers",
    "index policies_that_tell_of_routes",
    "index shared_secrets_by_gateway",
    "index route_policies_that_may_close",
    "query any_asking",
    "query any_closing",
    "query any_identity",
    "query any_inherited",
    "query any_telling",
    "query class_envoy_proxy",
    "query class_gateway",
    "query class_is_ours",
    "query class_parameters",
    "query gatewayclass_outcome",
    "query is_code_allowed",
    "query fetched_key_sets",
    "query proxy_refusals",
    "query shared_secret",
    "query annotation_mode",
    "query asks_for_annotations",
    "index meshes_by_controller",
    "query mesh_is_on",
    "query serves",
    "query mesh_is_ours",
    "query mesh_outcome",
    "query mesh_proxy",
    "query ipv6_views",
    "query view_ports",
}
"""Sites that nothing of one team comes by: they concern classes, meshes, Gateways as a whole, routes that are too many,
whether there is any policy at all, or what is named by its content."""
UNASKED = {
    "has_infrastructure",
    "selecting",
    "left_out",
    "gateway_overview",
    "route_overview",
    "key_set_targets",
    "limit_domain",
    "foreign_limit_domain",
    "declaring",
    "_hosts_by_part",
    "_upstreams_by_name",
    "_frontends_by_name",
    "_parted",
    "_part_members",
    "host_part",
    "route_candidates",
}
"""Queries that no output asks here: the first one of Gateways whose class is wrong, the next ones for people, then for
who fetches keys, for who counts, where proxies refuse something, and where replicas of two editions run. The last ones
are of hosts that dozens of routes name: what fails there fails for `virtual_host`."""
SITES = [*sorted(HEALTHY.engine.sites, key=named)]


def test_every_query_and_index_is_tried() -> None:
    """A new query that no object of these teams needs has no place to fail here: give them one that does."""
    tried = {each for each in SITES if not isinstance(each, str)}
    assert {each.name for each in declared()} - {each.name for each in tried} == UNASKED
    assert {each.name for each in HEALTHY.engine._filed} - {
        each.name for each in tried if isinstance(each, Index)
    } == set()


def test_the_teams_are_served_and_much_is_theirs() -> None:
    for name in TEAMS:
        served = HEALTHY.served(name)
        assert all(served.values()), served
        assert len(HEALTHY.outcomes(name)) == 37
    assert dangling(HEALTHY.snapshot) == set()
    assert HEALTHY.engine.failures == []


def assert_alike(one: Mapping[str, Any], other: Mapping[str, Any]) -> None:
    """Say where the two differ."""
    for name, values in other.items():
        found = one[name]
        if isinstance(values, dict):
            assert found.keys() == values.keys()
            for key, value in values.items():
                assert found[key] == value, (name, key)
        else:
            assert found == values, name


@pytest.mark.parametrize("site", SITES, ids=named)
def test_what_fails_for_one_team_holds_back_no_edit_of_the_other(site: Site) -> None:
    healthy = World(None, "")
    healthy.step(*team("ann", 2))
    world = World(None, "")
    world.arm(site, "bob")
    world.step(*team("bob", 2))
    batch = world.step(*team("ann", 2))
    assert [each.fleet for each in batch.published if each.fleet == GatewayFleet(namespace="infra", name="gw")]
    assert_alike(world.served("ann"), healthy.served("ann"))
    assert world.outcomes("ann") == healthy.outcomes("ann")
    assert {at.table.__name__ for at in batch.outcomes if is_of(at.key, "ann")} == {
        at.table.__name__ for at in healthy.batches[-1].outcomes if is_of(at.key, "ann")
    }
    assert b"/edit2-ann" in b"".join(each.body for each in world.snapshot.of(ROUTE).values())
    # When the trouble is over nothing is left of it. What raises here for no reason that a query reads is asked anew
    # only where everything that asked for it has gone.
    world.arm(None, "")
    for each in (world, healthy):
        each.step(*(Delta(kind=one.kind, key=one.key, obj=None) for one in team("bob", 1)))
        each.step(*team("bob", 3))
    assert world.snapshot.version == healthy.snapshot.version
    assert world.reconciler.outcomes == healthy.reconciler.outcomes


@pytest.mark.parametrize("site", SITES, ids=named)
def test_what_fails_for_one_team_takes_nothing_from_the_other_after_a_restart(site: Site) -> None:
    world = World(site, "bob")
    assert_alike(world.served("ann"), HEALTHY.served("ann"))
    assert world.outcomes("ann") == HEALTHY.outcomes("ann")
    assert world.reconciler.outcomes[Member(Gateway, GW)].verdicts[0].status  # type: ignore[union-attr]
    # A listener that waits for a table that never comes holds back its whole port.
    assert {name for kind, name in dangling(world.snapshot) if kind == ROUTE} == set()


@pytest.mark.parametrize("site", SITES, ids=named)
def test_what_fails_is_told(site: Site) -> None:
    world = World(site, "bob")
    assert (world.batches[-1].failures > 0) == (world.engine.raised > 0) == (named(site) not in NOBODYS)


@pytest.mark.parametrize("strange", [pem.of_version_seven, pem.on_unknown_curve], ids=["version", "curve"])
def test_certificates_that_nobody_can_read_are_their_owners_trouble(strange: Callable[[bytes], bytes]) -> None:
    bad = strange(pem.certificate_of(pem.ec_key(), "*.bob.example"))
    spoiled = deltas(
        pem.secret("cert", bad, pem.pem_of(pem.ec_key()), "bob"),
        pem.bundle("roots", bad, "bob"),
        pem.cluster_bundle("bob-roots", bad),
    )
    running = World(None, "")
    running.step(*spoiled)
    running.step(*team("ann", 2))
    fresh = World(None, "", more=(*spoiled, *team("ann", 2)))
    healthy = World(None, "")
    healthy.step(*team("ann", 2))
    for world in (running, fresh):
        assert_alike(world.served("ann"), healthy.served("ann"))
        assert world.outcomes("ann") == healthy.outcomes("ann")
        assert world.engine.failures == []
        assert world.batches[-1].failures == 0
        said = world.outcomes("bob")[Member(ListenerSet, ObjectKey("bob", "more"))]
        (reason,) = (each.reason for each in said.listeners[0].verdicts if each.type == "ResolvedRefs")  # type: ignore[union-attr]
        # A key on an unknown curve can be read, and is no key for the certificate.
        assert reason == "InvalidCertificateRef"
