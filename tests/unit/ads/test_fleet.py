"""The streams of a Gateway together."""

from dataclasses import replace

from envoy.service.discovery.v3 import discovery_pb2 as discovery

from gatewayd.ads.fleet import Fleet, Stream
from gatewayd.ads.policy_acks import NEW_SECONDS
from gatewayd.ads.sharing.response_encoder import Cost, Mode
from gatewayd.ir.fleet import GatewayFleet
from gatewayd.ir.outcome import NO_FLEET, FleetReport, RefusedSecret, Rejection, StandingRefusal
from gatewayd.xds.resource import CLUSTER, LISTENER, SECRET, Snapshot, resource, snapshot

GATEWAY = GatewayFleet(namespace="ns", name="gw")
UNKNOWN = GatewayFleet(namespace="x", name="y")


def published(**bodies: str) -> Snapshot:
    return snapshot(GATEWAY, [resource(LISTENER, name, body.encode()) for name, body in bodies.items()])


class Rig:
    """A fleet, its reports, and streams that answer by hand."""

    def __init__(self) -> None:
        self.reports: list[tuple[str, FleetReport]] = []
        self.answers: list[str] = []
        self.woken = 0
        self.converged: list[str] = []
        self.types: list[tuple[str, str]] = []
        self.fleet = Fleet(
            lambda gateway, report: self.reports.append((gateway, report)),
            self.answers.append,
            on_push=lambda _, url: self.types.append(("push", url)),
            on_nack=lambda _, url: self.types.append(("nack", url)),
            on_converged=self.converged.append,
        )

    def wake(self) -> None:
        self.woken += 1

    def join(self, gateway: GatewayFleet = GATEWAY, **has: str) -> Stream:
        member = self.fleet.join(gateway, Mode.DELTA, since=1.0, wake=self.wake)
        request = discovery.DeltaDiscoveryRequest(type_url=LISTENER)
        request.initial_resource_versions.update(has)
        self.fleet.on_request(member, request)
        return member

    def read(self, member: Stream) -> int:
        return len(self.fleet.responses_to_send(member, 0.0))

    def answer(self, member: Stream, error: str = "") -> None:
        nonce = member.session.ledgers[LISTENER].sent_nonce
        request = discovery.DeltaDiscoveryRequest(type_url=LISTENER, response_nonce=nonce)
        if error:
            request.error_detail.message = error
        self.fleet.on_request(member, request)

    def take(self, member: Stream) -> None:
        self.read(member)
        self.answer(member)

    @property
    def last(self) -> FleetReport:
        return self.reports[-1][1]


def report(
    connected: int, *listeners: str, rejections: tuple[Rejection, ...] = (), standing: tuple[StandingRefusal, ...] = ()
) -> FleetReport:
    acked = frozenset(listeners)
    return FleetReport(connected=connected, acked_listeners=acked, rejections=rejections, standing=standing)


NO = "Error adding/updating listener(s) a: no\n"


def standing(proxies: int, of: int, message: str = NO) -> tuple[StandingRefusal, ...]:
    return (StandingRefusal(type_url=LISTENER, name="a", message=message, proxies=proxies, of=of),)


def test_the_next_stream_of_a_client_is_told_what_the_last_one_left_open() -> None:
    rig, first = Rig(), published(a="1")
    request = discovery.DeltaDiscoveryRequest(type_url=LISTENER)
    request.node.id = "proxy"
    request.initial_resource_versions.update(a=first.of(LISTENER)["a"].version)
    rig.fleet.publish(first)
    member = rig.fleet.join(GATEWAY, Mode.DELTA, since=1.0, wake=rig.wake)
    rig.fleet.on_request(member, request)
    assert rig.read(member) == 0
    rig.fleet.publish(published(a="2"))
    assert rig.read(member) == 1
    rig.fleet.leave(member)
    rig.fleet.publish(first)
    # It names the version that there is, and may have the one that nobody knows what became of.
    member = rig.fleet.join(GATEWAY, Mode.DELTA, since=1.0, wake=rig.wake)
    rig.fleet.on_request(member, request)
    assert rig.read(member) == 1


def test_a_stream_without_a_snapshot_is_held() -> None:
    rig = Rig()
    member = rig.join()
    assert rig.read(member) == 0
    assert rig.reports == [(GATEWAY, report(1))]


def test_a_stream_knows_since_when_it_has_not_answered() -> None:
    rig = Rig()
    rig.fleet.publish(published(l="1"))
    member = rig.join()
    assert member.unanswered is None
    rig.fleet.responses_to_send(member, 5.0)
    rig.fleet.publish(published(l="2"))
    rig.fleet.responses_to_send(member, 7.0)
    assert member.unanswered == 5.0
    rig.answer(member)
    assert member.unanswered is None
    rig.fleet.responses_to_send(member, 9.0)
    assert member.unanswered == 9.0


def test_a_publish_wakes_the_streams_of_its_gateway_only() -> None:
    rig = Rig()
    rig.join()
    rig.join()
    rig.join(GatewayFleet(namespace="ns", name="other"))
    rig.fleet.publish(published(a="1"))
    assert rig.woken == 2
    rig.fleet.publish(published(a="1"))
    assert rig.woken == 2  # equal content


def test_one_ack_is_enough_and_is_reported_once() -> None:
    rig = Rig()
    rig.fleet.publish(published(a="1"))
    members = [rig.join(), rig.join()]
    for member in members:
        rig.take(member)
    assert [each for _, each in rig.reports] == [report(1), report(2), report(2, "a")]
    assert rig.answers == [GATEWAY, GATEWAY]
    assert rig.fleet.holders(GATEWAY, LISTENER, "a") == 2


def test_a_changed_listener_is_acked_anew() -> None:
    rig = Rig()
    rig.fleet.publish(published(a="1", b="1"))
    member = rig.join()
    rig.take(member)
    rig.fleet.publish(published(a="2", b="1"))
    assert rig.last == report(1, "b")
    rig.take(member)
    assert rig.last == report(1, "a", "b")


def test_going_back_before_anything_was_sent_is_acked_already() -> None:
    rig = Rig()
    rig.fleet.publish(published(a="1"))
    member = rig.join()
    rig.take(member)
    rig.fleet.publish(published(a="2"))
    rig.fleet.publish(published(a="1"))
    assert rig.last == report(1, "a")


def test_what_a_reconnecting_proxy_declares_counts_as_acked() -> None:
    rig = Rig()
    latest = published(a="1", b="1")
    rig.fleet.publish(latest)
    rig.join(a=latest.of(LISTENER)["a"].version, b="old")
    assert rig.last == report(1, "a")


def test_the_last_one_that_has_a_listener_takes_it_along() -> None:
    rig = Rig()
    rig.fleet.publish(published(a="1"))
    first, second = rig.join(), rig.join()
    rig.take(first)
    rig.take(second)
    rig.fleet.leave(first)
    assert rig.last == report(1, "a")
    rig.fleet.leave(second)
    assert rig.last == report(0)


def test_a_refusal_is_reported_until_its_content_changes() -> None:
    rig = Rig()
    rig.fleet.publish(published(a="1", b="1"))
    members = [rig.join(), rig.join()]
    for member in members:
        rig.read(member)
        rig.answer(member, NO)
    refusal = Rejection(type_url=LISTENER, names=("a",), message=NO)
    assert rig.last == report(2, rejections=(refusal,), standing=standing(2, 2))
    rig.take(members[0])
    assert rig.last == report(2, "b", rejections=(refusal,), standing=standing(2, 2))
    rig.fleet.leave(members[0])
    assert rig.last == report(1, rejections=(refusal,), standing=standing(1, 1))
    rig.fleet.publish(published(a="2", b="1"))
    assert rig.last == report(1, standing=standing(1, 1))


def test_a_refusal_stands_until_something_else_is_taken_in_its_place() -> None:
    rig = Rig()
    rig.fleet.publish(published(a="1"))
    good, bad = rig.join(), rig.join()
    rig.take(good)
    rig.read(bad)
    rig.answer(bad, NO)
    # The other one has not asked for everything yet, and counts for nothing before it has.
    assert (rig.last.standing, rig.last.fresh) == (standing(1, 1), 1)
    rig.fleet.sweep(0.0)
    rig.fleet.sweep(NEW_SECONDS)
    assert (rig.last.standing, rig.last.fresh) == (standing(1, 2), 0)

    rig.fleet.publish(published(a="2"))
    rig.read(bad)
    assert (rig.last.rejections, rig.last.standing) == ((), standing(1, 2))
    rig.answer(bad, "nor that")
    assert rig.last.standing == standing(1, 2, "nor that")

    rig.fleet.publish(published(a="3"))
    rig.take(bad)
    assert rig.last.standing == ()


def test_a_refusal_is_over_when_what_was_refused_is_published_no_more() -> None:
    for last in (published(b="1"), published(a="0")):
        rig = Rig()
        rig.fleet.publish(published(a="0"))
        stream = rig.join()
        rig.take(stream)
        rig.fleet.publish(published(a="1"))
        rig.read(stream)
        rig.answer(stream, NO)
        assert rig.last.standing == standing(1, 1)
        rig.fleet.publish(last)
        rig.read(stream)
        assert rig.last.standing == ()


def test_refusals_come_by_words_and_names_whichever_came_first() -> None:
    rig = Rig()
    rig.fleet.publish(published(a="1", m="1", z="1"))
    listed = "Error adding/updating listener(s) m: no\n"
    for culprit, words in (("z", "no"), ("a", "no"), ("m", listed)):
        member = rig.join()
        while rig.read(member):
            flight = member.session.ledgers[LISTENER].flight
            assert flight is not None
            rig.answer(member, words if culprit in flight.before else "")
    assert [(each.message, each.names) for each in rig.last.rejections] == [(listed, ("m",)), ("no", ("a", "z"))]


def test_a_gateway_that_is_gone_is_served_nothing() -> None:
    rig = Rig()
    rig.fleet.publish(published(a="1"))
    member = rig.join()
    rig.take(member)
    rig.fleet.retire(GATEWAY)
    (push,) = rig.fleet.responses_to_send(member, 0.0)
    assert list(discovery.DeltaDiscoveryResponse.FromString(push.data).removed_resources) == ["a"]
    rig.fleet.leave(member)
    assert rig.fleet.known() == ()
    assert rig.last == NO_FLEET


def test_a_gateway_without_streams_is_forgotten_at_once() -> None:
    rig = Rig()
    rig.fleet.publish(published(a="1"))
    assert rig.fleet.known() == (GATEWAY,)
    rig.fleet.retire(GATEWAY)
    rig.fleet.retire(GATEWAY)
    assert rig.fleet.known() == ()


def test_proxies_are_described_against_what_is_published() -> None:
    rig = Rig()
    rig.fleet.publish(published(a="1"))
    member = rig.join()
    rig.take(member)
    (state,) = rig.fleet.proxies(GATEWAY)
    assert (state.since, state.is_synced) == (1.0, True)
    rig.fleet.publish(published(a="2"))
    (state,) = rig.fleet.proxies(GATEWAY)
    assert not state.is_synced
    ((_, resources),) = rig.fleet.resources(GATEWAY)
    assert [each.name for each in resources] == ["a"]


def test_fleets_come_by_name_whichever_came_first() -> None:
    rig, last = Rig(), GatewayFleet(namespace="ns", name="zz")
    rig.fleet.publish(snapshot(last, []))
    rig.fleet.publish(published(a="1"))
    assert rig.fleet.known() == (GATEWAY, last)


def test_an_unknown_gateway_has_nothing() -> None:
    fleet = Rig().fleet
    assert (
        fleet.proxies(UNKNOWN),
        list(fleet.resources(UNKNOWN)),
        fleet.report(UNKNOWN),
    ) == ((), [], NO_FLEET)
    assert (fleet.holders(UNKNOWN, CLUSTER, "c"), fleet.cost(UNKNOWN)) == (0, Cost())


def test_a_thousand_streams_cost_one_encoding() -> None:
    rig = Rig()
    rig.fleet.publish(published(a="1"))
    members = [rig.join() for _ in range(1000)]
    for member in members:
        rig.take(member)
    rig.fleet.publish(published(a="2"))
    for member in members:
        rig.take(member)
    cost = rig.fleet.cost(GATEWAY)
    assert (cost.responses, cost.entries) == (2, 2)
    assert len(rig.reports) == 1000 + 1 + 2


def test_what_streams_share_is_kept_for_as_long_as_others_come_for_it() -> None:
    rig = Rig()
    rig.fleet.publish(published(a="1"))
    for _ in range(3):
        rig.take(rig.join())
        rig.fleet.sweep(0.0)
    assert rig.fleet.cost(GATEWAY).responses == 1
    rig.fleet.sweep(0.0)
    rig.take(rig.join())
    assert rig.fleet.cost(GATEWAY).responses == 2


ODD = RefusedSecret(version=resource(SECRET, "certificate/odd", b"odd").version, message="Failed to load")


def with_secret(body: str | None = "odd", *, listener: str = "1") -> Snapshot:
    found = [resource(LISTENER, "a", listener.encode())]
    return snapshot(GATEWAY, [*found, *([] if body is None else [resource(SECRET, "certificate/odd", body.encode())])])


def refusing(rig: Rig, fleet: Fleet) -> Stream:
    """Return a stream that refuses the Secret."""
    member = fleet.join(GATEWAY, Mode.DELTA, since=1.0, wake=rig.wake)
    fleet.on_request(
        member, discovery.DeltaDiscoveryRequest(type_url=SECRET, resource_names_subscribe=["certificate/odd"])
    )
    rig.read(member)
    nonce = member.session.ledgers[SECRET].sent_nonce
    request = discovery.DeltaDiscoveryRequest(type_url=SECRET, response_nonce=nonce)
    request.error_detail.message = ODD.message
    fleet.on_request(member, request)
    return member


def test_a_refused_secret_is_remembered_when_it_is_no_longer_published_and_its_stream_has_gone() -> None:
    rig = Rig()
    rig.fleet.publish(with_secret())
    member = refusing(rig, rig.fleet)
    assert rig.last.rejections == (Rejection(type_url=SECRET, names=("certificate/odd",), message=ODD.message),)
    assert rig.last.refused_secrets == (ODD,)
    rig.fleet.publish(with_secret(None))
    assert (rig.last.rejections, rig.last.refused_secrets) == ((), (ODD,))
    rig.fleet.leave(member)
    assert rig.last == replace(report(0), refused_secrets=(ODD,))
    rig.fleet.publish(with_secret("other"))
    assert rig.fleet.report(GATEWAY).refused_secrets == (ODD,)


def test_it_is_remembered_where_nothing_else_is_published_and_forgotten_with_its_gateway() -> None:
    rig = Rig()
    rig.fleet.publish(snapshot(GATEWAY, [resource(SECRET, "certificate/odd", b"odd")]))
    member = refusing(rig, rig.fleet)
    rig.fleet.publish(snapshot(GATEWAY, []))
    rig.fleet.leave(member)
    assert rig.fleet.report(GATEWAY).refused_secrets == (ODD,)
    rig.fleet.retire(GATEWAY)
    assert rig.fleet.known() == ()
    assert rig.last == NO_FLEET


def test_what_other_replicas_tell_is_told_on() -> None:
    rig = Rig()
    rig.fleet.remember(GATEWAY, (ODD,))
    assert rig.reports == []  # of a Gateway that is not known nothing is kept
    rig.fleet.publish(with_secret(None))
    for _ in range(2):
        rig.fleet.remember(GATEWAY, (ODD,))
    assert [found.refused_secrets for _, found in rig.reports] == [(ODD,)]
