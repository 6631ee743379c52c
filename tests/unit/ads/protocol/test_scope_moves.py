"""Scopes that shall lead elsewhere, move by move."""

from envoy.config.route.v3 import scoped_route_pb2

from gatewayd.ads.protocol.ledger import Ledger
from gatewayd.ads.protocol.scope_moves import ScopeMoves
from gatewayd.ads.sharing.comparisons import Versions, differing
from gatewayd.ads.sharing.name_sets import NamePool
from gatewayd.xds.resource import ROUTE, SCOPED_ROUTE, TYPE_BY_URL, Resource, resource


def scope(name: str, to: str) -> Resource:
    message = scoped_route_pb2.ScopedRouteConfiguration(name=name, route_configuration_name=to)
    return resource(SCOPED_ROUTE, name, message.SerializeToString())


def routes(name: str, body: str = "1") -> Resource:
    return resource(ROUTE, name, body.encode())


class Stream:
    """The two ledgers of a client that has everything of its first targets."""

    def __init__(self, *resources: Resource) -> None:
        self.ledgers = {url: Ledger(TYPE_BY_URL[url], NamePool(), Versions()) for url in (ROUTE, SCOPED_ROUTE)}
        self.moves = ScopeMoves(self.ledgers)
        self.ledgers[SCOPED_ROUTE].subscribe(self.ledgers[SCOPED_ROUTE].subscription.update((), ()))
        self.aim(*resources)
        self.ask(*(each.name for each in resources if each.type_url == ROUTE))
        for url in self.ledgers:
            self.take(url)

    def aim(self, *resources: Resource) -> None:
        for url, ledger in self.ledgers.items():
            target = {each.name: each for each in resources if each.type_url == url}
            ledger.retarget(target, differing(ledger.target, target))

    def ask(self, *names: str) -> None:
        self.ledgers[ROUTE].subscribe(self.ledgers[ROUTE].subscription.update(names, ()))

    def send(self, url: str) -> list[str]:
        ledger = self.ledgers[TYPE_BY_URL[url].url]
        waiting = self.moves.waiting()
        names = sorted(name for name in ledger.makes() if name not in waiting)
        ledger.depart("nonce", names)
        return names

    def take(self, url: str) -> list[str]:
        names = self.send(url)
        self.ledgers[TYPE_BY_URL[url].url].ack()
        return names

    def refuse(self) -> None:
        self.send(ROUTE)
        self.ledgers[ROUTE].nack("no")


TOGETHER = (scope("a", "g"), scope("b", "g"), scope("g", "g"), routes("g"))
APART = (*(scope(name, f"={name}") for name in "ab"), *(scope(f"={name}", f"={name}") for name in "ab"))


def apart(body: str = "1") -> tuple[Resource, ...]:
    return (*APART, routes("=a", body), routes("=b"))


def test_a_scope_moves_when_the_client_has_what_it_shall_lead_to() -> None:
    stream = Stream(*TOGETHER)
    stream.aim(*apart())
    assert stream.take(SCOPED_ROUTE) == ["=a", "=b"]
    assert stream.moves.waiting() == {"a", "b"}
    stream.ask("=a")
    stream.send(ROUTE)
    assert stream.moves.waiting() == {"a", "b"}
    stream.ledgers[ROUTE].ack()
    assert stream.moves.waiting() == {"b"}
    assert stream.take(SCOPED_ROUTE) == ["a"]


def test_a_scope_of_what_is_refused_stays_and_holds_up_nothing() -> None:
    stream = Stream(*TOGETHER)
    stream.aim(*apart("bad"))
    stream.take(SCOPED_ROUTE)
    stream.ask("=b")
    stream.take(ROUTE)
    stream.ask("=a")
    stream.refuse()
    assert stream.take(SCOPED_ROUTE) == ["b"]
    scopes = stream.ledgers[SCOPED_ROUTE]
    assert (scopes.has_makes(), scopes.refused["a"].message) == (False, "no")
    assert list(scopes.own_refusals()) == []  # Envoy has not seen it
    stream.aim(*apart("good"))
    assert stream.moves.waiting() == {"a"}
    stream.take(ROUTE)
    assert stream.take(SCOPED_ROUTE) == ["a"]
    assert scopes.refused == {}


def test_a_scope_that_stayed_goes_when_its_host_does() -> None:
    stream = Stream(*TOGETHER)
    stream.aim(*apart("bad"))
    stream.take(SCOPED_ROUTE)
    stream.ask("=a")
    stream.refuse()
    stream.moves.waiting()
    stream.aim(*(each for each in apart() if each.name not in ("a", "=a")))
    assert stream.moves.waiting() == {"b"}
    assert sorted(stream.ledgers[SCOPED_ROUTE].removals()) == ["=a", "a", "g"]
    assert stream.ledgers[SCOPED_ROUTE].refused == {}


def test_new_scopes_wait_for_nothing() -> None:
    stream = Stream(*TOGETHER)
    stream.aim(*TOGETHER, scope("c", "h"), scope("h", "h"), routes("h"))
    assert (stream.moves.waiting(), stream.take(SCOPED_ROUTE)) == (frozenset(), ["c", "h"])


def test_a_client_that_comes_back_with_scopes_of_before_is_no_other() -> None:
    stream = Stream(*TOGETHER)
    before = {name: item.version for name, item in stream.ledgers[SCOPED_ROUTE].target.items()}
    after = Stream()
    after.aim(*apart())
    scopes = after.ledgers[SCOPED_ROUTE]
    scopes.declare(before, {name: item.version for name, item in scopes.target.items()})
    assert after.moves.waiting() == {"a", "b"}


def test_a_scope_that_the_client_itself_refuses_is_not_sent_again() -> None:
    stream = Stream(*TOGETHER)
    stream.aim(*TOGETHER, scope("c", "g"))
    assert stream.send(SCOPED_ROUTE) == ["c"]
    scopes = stream.ledgers[SCOPED_ROUTE]
    scopes.nack("no such thing")
    assert stream.moves.waiting() == frozenset()
    assert (scopes.makes(), [name for name, _ in scopes.own_refusals()]) == ([], ["c"])


def test_a_scope_that_the_client_may_never_have_had_waits_for_nothing() -> None:
    stream = Stream(*TOGETHER)
    stream.aim(*TOGETHER, scope("c", "h"), scope("d", "h"), routes("h"))
    assert stream.send(SCOPED_ROUTE) == ["c", "d"]
    stream.ledgers[SCOPED_ROUTE].nack("one of them")
    assert stream.moves.waiting() == frozenset()
