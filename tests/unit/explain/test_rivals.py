import pytest

from gatewayd.explain.request import Sent
from gatewayd.explain.trace import Trace, Translated, traces
from gatewayd.ir.filters import Header
from tests.unit.example import SHOP, translated

BASE = SHOP.split("---\n")[0].replace(
    "{name: http, protocol: HTTP, port: 8080}",
    "{name: any, protocol: HTTP, port: 8080}\n"
    "  - {name: api, protocol: HTTP, port: 8080, hostname: api.example}\n"
    "  - {name: other, protocol: HTTP, port: 8081}",
)


def route(name: str, matches: str = "{}", *, hosts: str = "", parent: str = "name: web", created: str = "") -> str:
    return f"""---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {{name: {name}, creationTimestamp: '2026-01-0{created or 1}T00:00:00Z'}}
spec:
  parentRefs: [{{{parent}}}]
  hostnames: [{hosts}]
  rules: [{{matches: [{matches}]}}]
"""


def trace(*routes: str, target: str = "/a", host: str = "shop.example") -> Trace:
    found = translated(BASE + "".join(routes))
    assert found.manifests.problems == ()
    sent = Sent(scheme="http", method="GET", host=host, target=target, headers=())
    configs = tuple(found.reconciler.configs.values())
    return traces(Translated(engine=found.engine, configs=configs), sent, 8080)[0]


def whys(found: Trace) -> list[str]:
    return [each.why for each in found.rivals]


@pytest.mark.parametrize(
    ("winner", "loser", "why"),
    [
        (route("w", hosts="shop.example"), route("l"), "its hostname is more specific"),
        (route("w", hosts='"*.example"'), route("l"), "its hostname is more specific"),
        (
            route("w", "{path: {type: Exact, value: /a}}"),
            route("l", "{path: {value: /a}}"),
            "its kind of path goes first",
        ),
        (route("w", "{path: {value: /a}}"), route("l", "{path: {value: /}}"), "its path is longer"),
        (route("w", "{method: GET}"), route("l"), "it asks for a method"),
        (route("w", "{queryParams: [{name: q, value: '1'}]}"), route("l"), "it asks for more query parameters"),
        (route("w", created="1"), route("a", created="2"), "its route is older"),
        (route("a"), route("l"), "the name of its route sorts first"),
    ],
)
def test_precedence(winner: str, loser: str, why: str) -> None:
    found = trace(loser, winner, target="/a?q=1")

    (rival,) = found.rivals
    assert rival.matches
    assert why in rival.why


def test_the_place_in_a_route_decides_at_last() -> None:
    (rival,) = trace(route("r", "{path: {value: /a}}, {path: {value: /a}}")).rivals

    assert (
        rival.why
        == "would match, but HTTPRoute default/r rules[0].matches[0] goes first: it stands earlier in the route"
    )
    assert rival.field == "spec.rules[0].matches[1]"


def test_what_does_not_match_is_named() -> None:
    assert whys(trace(route("r", "{path: {value: /b}}"))) == ["path /a is neither /b nor below it"]


def test_another_host() -> None:
    assert whys(trace(route("r", hosts="a.example, b.example"))) == [
        "host shop.example is not one of its hostnames (a.example, b.example)"
    ]


def test_another_listener_has_the_host() -> None:
    found = trace(route("r", parent="name: web, sectionName: any"), host="api.example")

    assert whys(found) == [
        "host api.example belongs to listener api (api.example), and the route is attached to any only"
    ]


def test_another_port() -> None:
    assert whys(trace(route("r", parent="name: web, sectionName: other"))) == [
        "it is attached to listeners of port 8081 only"
    ]


def test_not_attached_at_all() -> None:
    (why,) = whys(trace(route("r", parent="name: web, sectionName: none")))

    known = "listeners: any :8080, api :8080, other :8081"
    assert why == f"spec.parentRefs[0]: Gateway 'web' has no listener with sectionName 'none'; {known}"


def test_routes_of_other_gateways_are_not_spoken_of() -> None:
    assert trace(route("r", parent="name: elsewhere")).rivals == ()


def grpc(name: str, matches: str, *, hosts: str = "", created: str = "1") -> str:
    return route(name, matches, hosts=hosts, created=created).replace("kind: HTTPRoute", "kind: GRPCRoute")


def called(*routes: str, content_type: str = "application/grpc", host: str = "a.example") -> Trace:
    found = translated(BASE + "".join(routes))
    assert found.manifests.problems == ()
    headers = (Header(name="content-type", value=content_type),)
    sent = Sent(scheme="http", method="POST", host=host, target="/shop.Cart/Add", headers=headers)
    configs = tuple(found.reconciler.configs.values())
    return traces(Translated(engine=found.engine, configs=configs), sent, 8080)[0]


def test_grpc_has_its_own_order() -> None:
    rules = "[{matches: [{method: {service: shop.Cart}}]}, {}]"
    found = called(grpc("g", "{}").replace("[{matches: [{}]}]", rules))

    assert whys(found) == ["would match, but GRPCRoute default/g rules[0].matches[0] goes first: its service is longer"]


def test_grpc_requests_are_offered_to_grpc_routes_first() -> None:
    """Whatever else would decide: hostname, match, age and name."""
    web = route("a", "{path: {type: Exact, value: /shop.Cart/Add}}", hosts="a.example", created="1")
    for hosts in ("", '"*.example"', "a.example"):
        rpc = grpc("z", "{}", hosts=hosts, created="2")
        (rival,) = called(web, rpc).rivals
        assert rival.why == (
            "would match, but GRPCRoute default/z rules[0].matches[0] goes first:"
            " gRPC requests are offered to GRPCRoutes first"
        )
        (rival,) = called(web, rpc, content_type="application/grpc-web").rivals
        assert rival.why == "content-type is not application/grpc"
