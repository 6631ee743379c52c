"""One stream of a client whose filters come as resources of their own, message by message."""

from envoy.config.core.v3 import extension_pb2

from gatewayd.ads.protocol.session import Answer
from gatewayd.ir.limits import GATE_SECONDS
from gatewayd.ir.policy import RateLimit, RateLimits
from gatewayd.xds.filters.discovered import DISCOVERED, filter_body
from gatewayd.xds.resource import CLUSTER, ENDPOINT, FILTER, LISTENER, ROUTE, TYPE_BY_URL, Resource, Snapshot, resource
from tests.unit.ads.protocol.test_session import Delta, changed, cluster, plain, world
from tests.unit.ads.test_session_sotw import Sotw

NAME = next(iter(DISCOVERED))
SOTW_NAMES = {CLUSTER: (), ENDPOINT: ("c",), LISTENER: (), FILTER: (NAME,), ROUTE: ("r",)}


def limiting(*policies: str, requests: int = 1) -> Resource:
    """Return the filter that a route asks by the name of a policy."""
    limit = RateLimit(requests=requests, unit_s=1, burst=1, per_client=False, headers=(), claims=(), is_late=False)
    return resource(FILTER, NAME, filter_body(NAME, [RateLimits(policy=each, limits=(limit,)) for each in policies]))


def limited(*policies: str, requests: int = 1) -> Snapshot:
    """Return a world whose route asks for the limits of these policies."""
    asked = plain(ROUTE, "r", f"to c, asks {policies}")
    return changed(world(), asked, limiting(*policies, requests=requests))


def has(client: Delta) -> set[str]:
    """Return the policies that the filter limits by, as it was sent last."""
    ledger = client.session.ledgers[FILTER]
    body = (ledger.flight.target if ledger.flight is not None else ledger.target)[NAME].body
    config = extension_pb2.TypedExtensionConfig.FromString(body).typed_config.value
    return {each.entries[0].value[:-2] for each in DISCOVERED[NAME].message.FromString(config).descriptors}


def in_sync(*policies: str) -> Delta:
    client = Delta()
    client.session.on_snapshot(limited(*policies))
    client.ask(CLUSTER)
    client.settle()
    client.ask(ENDPOINT, "c")
    client.ask(LISTENER)
    client.settle()
    client.ask(ROUTE, "r")
    client.ask(FILTER, NAME)
    client.settle()
    return client


def test_routes_wait_until_the_client_has_asked_for_the_filters_and_has_them() -> None:
    client = Delta()
    client.session.on_snapshot(limited("a"))
    client.ask(CLUSTER)
    client.settle()
    client.ask(ENDPOINT, "c")
    client.ask(LISTENER)
    client.settle()
    client.ask(ROUTE, "r")
    assert client.read() == []
    client.ask(FILTER, NAME)
    assert client.read() == [("ECDS", [NAME], [])]
    client.ack(FILTER)
    assert client.read() == [("RDS", ["r"], [])]


def test_a_client_that_asks_for_no_filters_gets_its_routes_in_the_end() -> None:
    client = Delta()
    client.session.on_snapshot(limited("a"))
    client.ask(ROUTE, "r")
    client.ask(CLUSTER)
    client.settle()
    client.ask(ENDPOINT, "c")
    client.settle()
    assert client.session.deadline == GATE_SECONDS
    assert client.read(now=GATE_SECONDS) == [("RDS", ["r"], [])]


def test_what_routes_ask_for_is_there_before_them_and_what_they_asked_for_until_they_have_gone() -> None:
    client = in_sync("a")
    client.session.on_snapshot(limited("b"))
    assert client.read() == [("ECDS", [NAME], [])]
    assert has(client) == {"a", "b"}
    client.ack(FILTER)
    assert client.read() == [("RDS", ["r"], [])]
    client.ack(ROUTE)
    assert client.session.may_have_to_say
    assert client.read() == [("ECDS", [NAME], [])]
    assert has(client) == {"b"}
    client.ack(FILTER)
    assert client.read() == []
    assert client.session.is_settled


def test_what_asks_for_nothing_else_is_sent_alone_and_once() -> None:
    client = in_sync("a")
    client.session.on_snapshot(changed(limited("a"), limiting("a", requests=2)))
    assert client.read() == [("ECDS", [NAME], [])]
    client.ack(FILTER)
    assert client.read() == []


def test_filters_wait_for_the_clusters_of_their_snapshot() -> None:
    client = in_sync("a")
    client.session.on_snapshot(changed(limited("b"), cluster("d"), plain(ENDPOINT, "d")))
    assert client.read() == [("CDS", ["d"], [])]
    client.ack(CLUSTER)
    client.ask(ENDPOINT, "d")
    assert client.read() == [("EDS", ["d"], [])]
    client.ack(ENDPOINT)
    assert client.read() == [("ECDS", [NAME], [])]


def test_what_a_refused_route_asks_for_stays_as_long_as_it_is_refused() -> None:
    client = in_sync("a")
    client.session.on_snapshot(limited("b"))
    assert client.read() == [("ECDS", [NAME], [])]
    client.ack(FILTER)
    assert client.read() == [("RDS", ["r"], [])]
    assert client.nack(ROUTE, "no") is Answer.NACK
    assert client.read() == []
    assert has(client) == {"a", "b"}
    client.session.on_snapshot(limited("c"))
    client.settle()
    assert has(client) == {"c"}


def test_a_refused_filter_holds_back_no_route() -> None:
    client = in_sync("a")
    client.session.on_snapshot(limited("b"))
    assert client.read() == [("ECDS", [NAME], [])]
    assert client.nack(FILTER, "no") is Answer.NACK
    assert client.read() == [("RDS", ["r"], [])]


def test_the_other_variant_of_the_protocol_has_the_same_order() -> None:
    client = Sotw()

    def settle() -> list[str]:
        said: list[str] = []
        while more := [short for short, _ in client.read()]:
            said += more
            for url, names in SOTW_NAMES.items():
                if TYPE_BY_URL[url].short in more:
                    client.say(url, *names)
        return said

    client.session.on_snapshot(limited("a"))
    for url, names in SOTW_NAMES.items():
        client.say(url, *names)
        settle()
    client.session.on_snapshot(limited("b"))
    assert settle() == ["ECDS", "RDS", "ECDS"]
    client.session.on_snapshot(limited())
    assert settle() == ["RDS", "ECDS"]
