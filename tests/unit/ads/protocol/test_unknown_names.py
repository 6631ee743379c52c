"""What streams make us keep of names that nobody has: counted, bounded, forgiven."""

from collections.abc import Iterable, Iterator
from contextlib import suppress

import pytest
from envoy.service.discovery.v3 import discovery_pb2 as discovery

from gatewayd.ads.protocol.session import Session, Shared
from gatewayd.ads.protocol.subscription import ExhaustedError
from gatewayd.ads.sharing.response_encoder import Mode
from gatewayd.ir.fleet import GatewayFleet
from gatewayd.ir.limits import RESOURCES_AT_ONCE, STRANGE_BYTES, STRANGE_NAME
from gatewayd.xds.resource import CLUSTER, ENDPOINT, LISTENER, ROUTE, XDS_TYPES, Snapshot, TypeUrl, snapshot
from tests.unit.ads.protocol.test_session import Delta, plain, world

EXPLICIT = [row.url for row in XDS_TYPES if not row.wildcard]
WILD = [row.url for row in XDS_TYPES if row.wildcard]
TOO_MANY = STRANGE_BYTES // (STRANGE_NAME + 1_000)
"""Of long names."""


def names(count: int, start: int = 0) -> list[str]:
    return [f"stranger-{number}" for number in range(start, start + count)]


def long(count: int, start: int = 0) -> list[str]:
    return [name.ljust(1_000, "x") for name in names(count, start)]


def large(count: int) -> Snapshot:
    """Return clusters, endpoints and routes, as many of each."""
    return snapshot(
        GatewayFleet(namespace="ns", name="gw"),
        [plain(url, name) for url in (CLUSTER, ENDPOINT, ROUTE) for name in names(count)],
    )


def spent(client: Delta) -> int:
    return client.session._shared.strangers.spent


def follow(client: Delta, latest: Snapshot) -> None:
    client.session._shared.strangers.follow(latest)
    client.session.on_snapshot(latest)


@pytest.mark.parametrize("url", [row.url for row in XDS_TYPES])
def test_names_of_any_type_that_nobody_has_are_bounded(url: TypeUrl) -> None:
    client = Delta()
    follow(client, world())
    with pytest.raises(ExhaustedError, match="names that the Gateway does not have; 32 MiB of them are allowed"):
        client.ask(url, *long(TOO_MANY + 10))


@pytest.mark.parametrize("url", [row.url for row in XDS_TYPES])
def test_what_a_client_declares_is_bounded(url: TypeUrl) -> None:
    client = Delta()
    follow(client, world())
    with pytest.raises(ExhaustedError):
        client.ask(url, "*", has=dict.fromkeys(long(TOO_MANY), "v" * 500))


@pytest.mark.parametrize("url", [row.url for row in XDS_TYPES])
def test_the_other_variant_is_bounded_too(url: TypeUrl) -> None:
    session = Session(Mode.SOTW, Shared())
    session.on_snapshot(world())
    with pytest.raises(ExhaustedError):
        session.on_request(discovery.DiscoveryRequest(type_url=url, resource_names=long(TOO_MANY + 10)))


def asked_until_refused(asks: Iterable[int]) -> int:
    """Return how many names have been taken when one more request is refused."""
    taken = 0
    with suppress(ExhaustedError):
        for count in asks:
            taken += count
            assert taken < 10 * TOO_MANY
    return taken


def test_little_by_little_and_on_many_streams_is_as_much() -> None:
    shared = Shared()

    def asks() -> Iterator[int]:
        for number in range(10 * TOO_MANY):
            client = Delta(shared)
            client.session.on_snapshot(world())
            for place, url in enumerate(EXPLICIT):
                client.ask(url, *long(1_000, (3 * number + place) * 1_000))
                yield 1_000

    assert 0 < asked_until_refused(asks()) <= TOO_MANY


def test_asking_anew_while_nothing_is_taken_is_no_way_around() -> None:
    """Under a wildcard a name that is let go of is answered first."""
    client = Delta()
    client.session.on_snapshot(world())
    client.ask(CLUSTER, "*")

    def asks() -> Iterator[int]:
        for start in range(0, 20 * TOO_MANY, 1_000):
            client.ask(CLUSTER, *long(1_000, start), drop=tuple(long(1_000, start - 1_000)))
            client.session.responses_to_send(0.0)
            yield 1_000

    assert 0 < asked_until_refused(asks()) <= TOO_MANY


@pytest.mark.parametrize("url", WILD + EXPLICIT)
def test_what_is_in_flight_of_names_let_go_of_is_little(url: TypeUrl) -> None:
    client = Delta()
    client.session.on_snapshot(world())
    client.ask(url, *names(10_000))
    client.session.responses_to_send(0.0)
    flight = client.session.ledgers[url].flight
    assert flight is not None
    assert len(flight.before) <= RESOURCES_AT_ONCE + 1


@pytest.mark.parametrize("mode", Mode)
def test_names_that_the_snapshot_has_cost_nothing(mode: Mode) -> None:
    latest, shared = large(5_000), Shared()
    shared.strangers.follow(latest)
    session = Session(mode, shared)
    session.on_snapshot(latest)
    for url in (CLUSTER, ENDPOINT, ROUTE):
        if mode is Mode.DELTA:
            request = discovery.DeltaDiscoveryRequest(type_url=url, resource_names_subscribe=names(5_000))
            request.initial_resource_versions.update(dict.fromkeys(names(5_000), "of before"))
            session.on_request(request)
        else:
            session.on_request(discovery.DiscoveryRequest(type_url=url, resource_names=names(5_000)))
    assert shared.strangers.spent == 0


def back(shared: Shared, count: int, urls: Iterable[TypeUrl] = (CLUSTER, LISTENER, ENDPOINT, ROUTE)) -> Delta:
    """Return a client that comes back with what it has: clusters, listeners, endpoints and routes."""
    client = Delta(shared)
    for url in urls:
        explicit = names(count) if url in EXPLICIT else ()
        client.ask(url, *explicit, has=dict.fromkeys(names(count), "of before"))
    return client


def test_many_come_back_before_there_is_a_snapshot_and_owe_nothing_once_there_is() -> None:
    shared = Shared()
    clients = [back(shared, 5_000, (ENDPOINT, ROUTE)) for _ in range(5)]
    assert spent(clients[0]) > 0
    for client in clients:
        follow(client, large(5_000))
    assert spent(clients[0]) == 0


def test_who_comes_back_with_what_is_gone_owes_nothing_once_it_has_let_go() -> None:
    client = Delta()
    follow(client, world())
    client.ask(CLUSTER, has=dict.fromkeys(names(5_000), "of before"))
    client.ask(LISTENER, has=dict.fromkeys(names(100), "of before"))
    client.ask(ENDPOINT, *names(5_000), has=dict.fromkeys(names(5_000), "of before"))
    client.ask(ROUTE, *names(5_000), has=dict.fromkeys(names(5_000), "of before"))
    assert spent(client) > 0
    client.ask(ROUTE, "r", drop=tuple(names(5_000)))
    client.ask(ENDPOINT, "c", drop=tuple(names(5_000)))
    for _ in range(200):
        if not client.read():
            break
        for url in (CLUSTER, ENDPOINT, ROUTE, LISTENER):
            if client.session.ledgers[url].flight is not None:
                client.ack(url)
    assert spent(client) == 0


def test_fifty_thousand_routes_that_have_gone_are_not_too_many_for_one_client() -> None:
    client = Delta()
    follow(client, world())
    for url in (ENDPOINT, ROUTE):
        client.ask(url, *names(50_000))
    client.ask(CLUSTER, has=dict.fromkeys(names(50_000), "0123456789abcdef"))


def test_a_stream_that_ends_owes_nothing() -> None:
    shared = Shared()
    client = back(shared, 1_000)
    assert spent(client) > 0
    client.session.close()
    assert spent(client) == 0


def test_a_long_version_is_not_kept() -> None:
    client = Delta()
    follow(client, world())
    client.ask(CLUSTER, has={"c": "v" * 1_000_000})
    assert len(str(client.session.ledgers[CLUSTER].behind["c"])) < 100


def test_a_list_that_becomes_shorter_owes_less() -> None:
    shared = Shared()
    session = Session(Mode.SOTW, shared)
    session.on_snapshot(world())
    for wanted in (names(1_000), names(10), ["c"]):
        session.on_request(discovery.DiscoveryRequest(type_url=ENDPOINT, resource_names=wanted))
        assert shared.strangers.spent == sum(STRANGE_NAME + len(name) for name in wanted if name != "c")
