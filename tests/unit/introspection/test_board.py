from collections import Counter
from collections.abc import Callable

from gatewayd.introspection.live_board import LiveBoard
from gatewayd.introspection.rows import Board, ConditionMark
from gatewayd.ir.fleet import FleetKey
from gatewayd.ir.limits import MANY_DOMAINS
from gatewayd.ir.outcome import NO_FLEET, FleetReport, Rejection, StandingRefusal
from gatewayd.reconciler import fleet_delta
from gatewayd.translator.outcomes.overview import BOARD
from gatewayd.xds.resource import ROUTE, TypeUrl
from tests.unit.example import SHOP, translated

CONNECTED = FleetReport(connected=1, acked_listeners=frozenset({"tcp-8080"}), rejections=())


class Holding:
    """Who holds what."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()

    def __call__(self, fleet: FleetKey, type_url: TypeUrl) -> Callable[[str], int]:
        del fleet, type_url
        return self.counts.__getitem__


def seen(text: str, report: FleetReport = NO_FLEET, *, held: int = 0, is_backwards: bool = False) -> Board:
    found = translated(text).reconciler
    found.submit([fleet_delta(each, report) for each in found.configs])
    found.step()
    holding = Holding()
    live = LiveBoard(holding)
    live.described(found.store.engine.drain(BOARD))
    configs = list(found.configs.values())
    for config in reversed(configs) if is_backwards else configs:
        live.published(config, 1.0)
    holding.counts["8080"] = held
    for gateway in found.configs:
        live.reported(gateway, report, 1.0)
        live.answered(gateway, 1.009)
    return live.board(problems=(), notices=("hello",))


def test_before_any_proxy_is_there() -> None:
    found = seen(SHOP)

    (gateway,) = found.gateways
    assert (gateway.name, gateway.listeners, gateway.address) == ("default/web", ("http :8080",), "127.0.0.1")
    assert (gateway.accepted.mark, gateway.programmed.mark) == (ConditionMark.TRUE, ConditionMark.FALSE)
    (route,) = found.routes
    assert (route.kind, route.name, route.hostnames, route.parents) == (
        "HTTPRoute", "default/shop", ("shop.example",), ("default/web",),
    )  # fmt: skip
    assert str(route.programmed) == "no: Pending: no proxy is connected yet"
    assert route.acked is None
    assert found.notices == ("hello",)


def test_listeners_with_many_hosts_say_how_routes_come() -> None:
    route = SHOP[SHOP.index("kind: HTTPRoute") :]
    more = (route.replace("shop", f"shop{number}") for number in range(MANY_DOMAINS))

    (gateway,) = seen("\n---\napiVersion: gateway.networking.k8s.io/v1\n".join((SHOP, *more))).gateways

    assert gateway.listeners == ("http :8080 (routes per host)",)


def test_when_a_proxy_has_it() -> None:
    (route,) = seen(SHOP, CONNECTED, held=1).routes

    assert route.is_well
    assert str(route.acked) == "ACKed by 1/1 proxy in 9 ms"


def test_while_it_is_on_its_way_and_when_it_is_refused() -> None:
    rejection = Rejection(type_url=ROUTE, names=("8080",), message="bad")
    refused = FleetReport(connected=1, acked_listeners=frozenset(), rejections=(rejection,))

    assert str(seen(SHOP, CONNECTED).routes[0].programmed) == "no: Pending: not ACKed yet"
    assert str(seen(SHOP, refused).routes[0].programmed) == "no: Invalid: the proxy refused it: bad"


def test_a_route_of_two_gateways_says_the_same_whichever_was_heard_of_first() -> None:
    other = SHOP.partition("---\n")[0].replace("name: web", "name: zoo").replace("8080", "8081")
    both = f"{SHOP.replace('[{name: web}]', '[{name: web}, {name: zoo}]')}\n---\n{other}"
    rejection = Rejection(type_url=ROUTE, names=("8081",), message="bad")
    report = FleetReport(connected=1, acked_listeners=frozenset(), rejections=(rejection,))
    found, backwards = (seen(both, report, is_backwards=each).routes[0] for each in (False, True))
    assert found.parents == ("default/web", "default/zoo")
    assert str(found.programmed) == str(backwards.programmed) == "no: Pending: not ACKed yet"


def test_while_one_of_several_proxies_refuses_it() -> None:
    refusals = (StandingRefusal(type_url=ROUTE, name="8080", message="bad", proxies=1, of=2),)
    report = FleetReport(connected=2, acked_listeners=frozenset({"tcp-8080"}), rejections=(), standing=refusals)
    says = "RefusedByProxy: spec.rules: one of several proxies refuses the routes of port 8080"
    assert str(seen(SHOP, report, held=1).routes[0].programmed).startswith(f"no: {says}")


def test_a_route_that_is_not_accepted_is_not_waited_for() -> None:
    (route,) = seen(SHOP.replace("[{name: web}]", "[{name: web, sectionName: none}]"), CONNECTED).routes

    assert (route.accepted.mark, route.programmed.mark) == (ConditionMark.FALSE, ConditionMark.UNKNOWN)
    assert str(route.accepted).startswith("no: NoMatchingParent: spec.parentRefs[0]: ")


def test_a_route_of_nobody() -> None:
    (route,) = seen(SHOP.replace("[{name: web}]", "[{name: elsewhere}]")).routes

    assert str(route.accepted) == "-: no Gateway of gatewayd"
    assert route.parents == ()


def test_a_parent_is_shown_as_it_was_named() -> None:
    (route,) = seen(SHOP.replace("[{name: web}]", "[{name: web, sectionName: http, port: 8080}]")).routes

    assert route.parents == ("default/web/http:8080",)


def test_a_route_that_no_listener_serves() -> None:
    https = "{name: http, protocol: HTTPS, port: 8443, tls: {certificateRefs: [{name: none}]}}"
    (route,) = seen(SHOP.replace("{name: http, protocol: HTTP, port: 8080}", https), CONNECTED).routes

    assert str(route.programmed) == "no: Pending: no listener or no rule of it works"
