"""From ACKs of resources to the policies that proxies have: streams of a fleet with clusters, routes and listeners."""

from collections.abc import Iterable
from dataclasses import replace

import pytest
from envoy.service.discovery.v3 import discovery_pb2 as discovery

from gatewayd.ads.fleet import Fleet, Stream
from gatewayd.ads.sharing.response_encoder import Mode
from gatewayd.ir.carriers import Policies, PolicyCarrier, PolicyGeneration
from gatewayd.ir.fleet import GatewayFleet
from gatewayd.ir.outcome import FleetReport
from gatewayd.xds.resource import CLUSTER, LISTENER, ROUTE, Snapshot, TypeUrl, resource, snapshot

GATEWAY = GatewayFleet(namespace="ns", name="gw")
TYPES = (CLUSTER, ROUTE, LISTENER)


def made_of(generation: int = 1, **of_backends: int) -> Policies:
    backends = (PolicyGeneration(PolicyCarrier.BACKENDS, name, each) for name, each in of_backends.items())
    return (*backends, PolicyGeneration(PolicyCarrier.ROUTES, "access", generation))


def published(policies: Policies, *, route: str = "1", cluster: str = "1", listener: str = "1") -> Snapshot:
    bodies = {CLUSTER: cluster, ROUTE: route, LISTENER: listener}
    return replace(
        snapshot(GATEWAY, [resource(url, "r", body.encode()) for url, body in bodies.items()]), policies=policies
    )


class Rig:
    """A fleet and its reports."""

    def __init__(self) -> None:
        self.reports: list[FleetReport] = []
        self.now = 0.0
        self.fleet = Fleet(lambda _gateway, report: self.reports.append(report))

    @property
    def held(self) -> object:
        return self.reports[-1].policies

    def join(self, *, asks: Iterable[TypeUrl] = TYPES, has: Snapshot | None = None) -> Stream:
        member = self.fleet.join(GATEWAY, Mode.DELTA, since=1.0, wake=lambda: None)
        for url in asks:
            self.ask(member, url, has)
        return member

    def ask(self, member: Stream, url: TypeUrl, has: Snapshot | None = None) -> None:
        request = discovery.DeltaDiscoveryRequest(type_url=url)
        if url == ROUTE:
            request.resource_names_subscribe.append("r")
        if has is not None:
            request.initial_resource_versions.update({name: each.version for name, each in has.of(url).items()})
        self.fleet.on_request(member, request)

    def serve(self, member: Stream, refusing: TypeUrl | None = None, but: TypeUrl | None = None) -> None:
        """Answer for all that there is to say, but for one type."""
        while pushes := self.fleet.responses_to_send(member, self.now):
            for push in pushes:
                if push.type_url == but:
                    continue
                request = discovery.DeltaDiscoveryRequest(type_url=push.type_url, response_nonce=push.nonce)
                if push.type_url == refusing:
                    request.error_detail.message = "no such thing"
                self.fleet.on_request(member, request)


@pytest.fixture
def rig() -> Rig:
    return Rig()


def test_a_client_that_has_taken_everything_has_the_policies(rig: Rig) -> None:
    rig.fleet.publish(published(made_of(1, limits=4)))
    member = rig.join(asks=(CLUSTER, LISTENER))
    rig.serve(member)
    # Its listeners have not asked for their routes yet.
    assert rig.held is None
    rig.ask(member, ROUTE)
    assert rig.held is None
    rig.serve(member)
    assert rig.held == {"access": 1, "limits": 4}


def test_an_edit_of_something_else_changes_nothing_and_tells_nobody(rig: Rig) -> None:
    policies = made_of()
    rig.fleet.publish(published(policies))
    members = [rig.join(), rig.join()]
    for member in members:
        rig.serve(member)
    assert rig.held == {"access": 1}
    before = len(rig.reports)
    for edit in range(2, 10):
        rig.fleet.publish(published(policies, route=str(edit), cluster=str(edit)))
        for member in members:
            rig.serve(member)
    assert len(rig.reports) == before


def test_an_edited_policy_is_held_when_all_have_acknowledged_it_and_the_others_all_the_time(rig: Rig) -> None:
    rig.fleet.publish(published(made_of(1, limits=4)))
    members = [rig.join(), rig.join()]
    for member in members:
        rig.serve(member)
    before = len(rig.reports)
    rig.fleet.publish(published(made_of(2, limits=4), route="2"))
    for member in members:
        assert rig.held == {"access": 1, "limits": 4}
        rig.serve(member)
    assert rig.held == {"access": 2, "limits": 4}
    assert len(rig.reports) == before + 1


def test_a_generation_that_changes_no_byte_is_held_without_an_answer(rig: Rig) -> None:
    rig.fleet.publish(published(made_of(1)))
    member = rig.join()
    rig.serve(member)
    rig.fleet.publish(published(made_of(2)))
    assert rig.fleet.responses_to_send(member, 0.0) == ()
    assert rig.held == {"access": 2}


def test_edits_that_come_faster_than_answers_do_not_keep_a_policy_from_being_held(rig: Rig) -> None:
    rig.fleet.publish(published(made_of(1)))
    member = rig.join()
    rig.serve(member)
    second = made_of(2)
    rig.fleet.publish(published(second, route="2"))
    for edit in range(3, 10):
        [push] = rig.fleet.responses_to_send(member, 0.0)
        rig.fleet.publish(published(second, route=str(edit)))
        request = discovery.DeltaDiscoveryRequest(type_url=push.type_url, response_nonce=push.nonce)
        rig.fleet.on_request(member, request)
        assert rig.held == {"access": 2}


def test_who_refuses_routes_goes_on_with_the_policies_of_before_and_has_those_of_backends(rig: Rig) -> None:
    rig.fleet.publish(published(made_of(1, limits=1)))
    member = rig.join()
    rig.serve(member)
    rig.fleet.publish(published(made_of(2, limits=2), route="2", cluster="2"))
    rig.serve(member, refusing=ROUTE)
    assert rig.held == {"access": 1, "limits": 2}
    # What is not published as it was refused is no more refused.
    rig.fleet.publish(published(made_of(2, limits=2), route="3", cluster="2"))
    rig.serve(member)
    assert rig.held == {"access": 2, "limits": 2}


def test_a_client_that_is_slow_holds_back_what_is_new(rig: Rig) -> None:
    rig.fleet.publish(published(made_of(1)))
    quick, slow = rig.join(), rig.join()
    for member in (quick, slow):
        rig.serve(member)
    rig.fleet.publish(published(made_of(2), route="2"))
    rig.serve(quick)
    rig.fleet.responses_to_send(slow, 0.0)
    assert rig.held == {"access": 1}
    rig.fleet.leave(slow)
    assert rig.held == {"access": 2}


def test_a_proxy_that_rolls_takes_nothing_back(rig: Rig) -> None:
    """The new one is not asked before it has everything; the old one leaves then."""
    rig.fleet.publish(published(made_of(1)))
    old = rig.join()
    rig.serve(old)
    new = rig.join(asks=(CLUSTER, LISTENER))
    rig.serve(new)
    rig.fleet.sweep(1.0)
    rig.ask(new, ROUTE)
    rig.serve(new)
    rig.fleet.leave(old)
    assert [each.policies for each in rig.reports if each.policies is not None] == [{"access": 1}] * 3


def test_a_proxy_that_comes_back_is_believed_when_it_has_declared_all_of_it(rig: Rig) -> None:
    latest = published(made_of(1))
    rig.fleet.publish(latest)
    member = rig.join(asks=(), has=latest)
    for at, url in enumerate(TYPES):
        assert rig.held is None, at
        rig.ask(member, url, latest)
    rig.serve(member)
    assert rig.held == {"access": 1}


def test_a_proxy_that_never_gets_there_counts_in_the_end(rig: Rig) -> None:
    rig.fleet.publish(published(made_of(1)))
    rig.serve(rig.join())
    rig.serve(rig.join(), refusing=ROUTE)
    for now in (1.0, 15.0):
        rig.fleet.sweep(now)
        assert rig.held == {"access": 1}
    rig.fleet.sweep(16.0)
    assert rig.held == {}


def test_a_listener_that_is_refused_keeps_no_policy_of_others_from_being_held(rig: Rig) -> None:
    rig.fleet.publish(published(made_of(1)))
    member = rig.join(asks=(CLUSTER, LISTENER))
    rig.serve(member, refusing=LISTENER)
    assert rig.held is None
    rig.ask(member, ROUTE)
    rig.serve(member)
    assert member.taken.routes == made_of(1)
    assert member.taken.listeners is None
    # It has not had everything, and counts after a while.
    rig.fleet.sweep(1.0)
    rig.fleet.sweep(20.0)
    assert rig.held == {"access": 1}
