"""Whatever matches share a host: they stand in the order that the Gateway API gives, compared word by word."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cmp_to_key
from itertools import pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from gatewayd.api.meta import ObjectKey
from gatewayd.ir.http import VirtualHost
from gatewayd.translator.proxies.virtualhosts import HostKey, TableKey, virtual_host
from tests.property.objects import one_of
from tests.unit.translator.manifests import CLASS, delta, scratch

HOST = "a.shop.example"
GATEWAY = {
    "apiVersion": "gateway.networking.k8s.io/v1",
    "kind": "Gateway",
    "metadata": {"name": "gw", "namespace": "shop"},
    "spec": {
        "gatewayClassName": "gatewayd",
        "listeners": [
            {"name": "http", "port": 80, "protocol": "HTTP", "allowedRoutes": {"namespaces": {"from": "All"}}}
        ],
    },
}
ENTRIES = [{"name": "x", "value": "1"}, {"name": "y", "value": "1"}]
NAMED = {"headers": one_of([], ENTRIES[:1], ENTRIES[1:], ENTRIES)}
HTTP_MATCH = st.fixed_dictionaries(
    {
        "path": one_of(
            *({"type": "Exact", "value": value} for value in ("/a", "/b", "/a/bc")),
            *({"type": "RegularExpression", "value": value} for value in ("/.*", "/[a-b]+")),
            *({"type": "PathPrefix", "value": value} for value in ("/a", "/b", "/a/bc")),
        )
    },
    optional={
        "method": one_of("GET", "POST"),
        "queryParams": one_of(ENTRIES[:1], ENTRIES),
        **NAMED,
    },
)
GRPC_MATCH = st.fixed_dictionaries(
    {
        "method": one_of(
            {"service": "s.Shop", "method": "Get"},
            {"service": "s.Shop", "method": "Remove"},
            {"service": "s.Cart", "method": "Get"},
            {"service": "s.S", "method": "RemoveAll"},
            {"service": "s.Shop"},
            {"service": "s.S"},
            {"method": "Get"},
            {"type": "RegularExpression", "service": "s.*", "method": "G.*"},
            {"type": "RegularExpression", "service": "s[.]S.*"},
        )
    },
    optional=NAMED,
)
# "-" sorts before "/", so that a namespace alone orders otherwise than "namespace/name" does.
KEYS = st.tuples(one_of("a", "a-b", "b"), one_of("w", "x", "x-y", "z"))


def routes_of(kind: str, match: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.builds(
        lambda key, created, hostnames, rules: {
            "apiVersion": "gateway.networking.k8s.io/v1",
            "kind": kind,
            "metadata": {"namespace": key[0], "name": key[1], "creationTimestamp": created},
            "spec": {
                "parentRefs": [{"name": "gw", "namespace": "shop"}],
                "hostnames": hostnames,
                "rules": [{"matches": matches} for matches in rules],
            },
        },
        KEYS,
        one_of(*(f"2026-01-0{day}T00:00:00Z" for day in (1, 2, 3))),
        one_of([], ["*.example"], ["*.shop.example"], [HOST], ["*.example", HOST]),
        st.lists(st.lists(match, min_size=1, max_size=2), min_size=1, max_size=2),
    )


ROUTES = st.lists(
    st.one_of(routes_of("HTTPRoute", HTTP_MATCH), routes_of("GRPCRoute", GRPC_MATCH)),
    min_size=2,
    max_size=8,
    unique_by=lambda each: (each["kind"], each["metadata"]["namespace"], each["metadata"]["name"]),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A match of the model, as it is written."""

    route: dict[str, Any]
    rule: int
    number: int

    @property
    def written(self) -> dict[str, Any]:
        match: dict[str, Any] = self.route["spec"]["rules"][self.rule]["matches"][self.number]
        return match

    @property
    def name(self) -> str:
        meta = self.route["metadata"]
        return f"{meta['namespace']}/{meta['name']}"

    @property
    def place(self) -> tuple[str, str, int, int]:
        return self.route["kind"], self.name, self.rule, self.number


def matches_of(routes: Sequence[dict[str, Any]]) -> list[Match]:
    return [
        Match(route=route, rule=at, number=number)
        for route in routes
        for at, rule in enumerate(route["spec"]["rules"])
        for number in range(len(rule["matches"]))
    ]


# --- the model: https://gateway-api.sigs.k8s.io/reference/spec/#httprouterule and #grpcrouterule (matches) ------------


def hostname_length(match: Match) -> tuple[int, int]:
    """Return the characters of a hostname without a wildcard, then of any; of several that match, the best."""
    lengths = [(0 if "*" in each else len(each), len(each)) for each in match.route["spec"]["hostnames"]]
    return max(lengths, default=(0, 0))


def http_criteria(match: Match) -> list[int]:
    """Return what the spec lists for HTTPRoutes, in its order; regular expressions stand where we say they do."""
    written, path = match.written, match.written["path"]
    return [
        path["type"] == "Exact",
        path["type"] == "RegularExpression",
        len(path["value"]),
        "method" in written,
        len(written.get("headers", ())),
        len(written.get("queryParams", ())),
    ]


def grpc_criteria(match: Match) -> list[int]:
    """Return what the spec lists for GRPCRoutes, in its order."""
    written, method = match.written, match.written["method"]
    literal = method.get("type", "Exact") == "Exact"
    return [
        literal and "service" in method and "method" in method,
        not literal,
        len(method.get("service", "")),
        len(method.get("method", "")),
        len(written.get("headers", ())),
    ]


def earlier(one: Match, other: Match) -> int:
    """Return below 0 when the first of two goes first."""
    kinds = [match.route["kind"] for match in (one, other)]
    if kinds[0] != kinds[1]:
        return -1 if kinds[0] == "GRPCRoute" else 1
    criteria = http_criteria if kinds[0] == "HTTPRoute" else grpc_criteria
    for first, second in zip(
        (*hostname_length(one), *criteria(one)), (*hostname_length(other), *criteria(other)), strict=True
    ):
        if first != second:
            return -1 if first > second else 1
    created = [match.route["metadata"]["creationTimestamp"] for match in (one, other)]
    if created[0] != created[1]:
        return -1 if created[0] < created[1] else 1
    if one.name != other.name:
        return -1 if one.name < other.name else 1
    return -1 if (one.rule, one.number) < (other.rule, other.number) else 1


# ------------------------------------------------------------------------------------------------------------------


def host_of(routes: Sequence[dict[str, Any]]) -> VirtualHost:
    view = scratch(CLASS, *(delta(each) for each in (GATEWAY, *routes)))
    return virtual_host(view, HostKey(TableKey(ObjectKey("shop", "gw"), 80, ""), HOST))


@settings(max_examples=400)
@given(ROUTES)
def test_the_matches_of_a_host_stand_in_the_order_of_the_spec(routes: list[dict[str, Any]]) -> None:
    expected = sorted(matches_of(routes), key=cmp_to_key(earlier))
    assert all(earlier(other, one) > 0 for one, other in pairwise(expected))
    sources = [each.source for each in host_of(routes).routes]
    places = [(each.kind, f"{each.namespace}/{each.name}", each.rule, each.match) for each in sources]
    assert places == [match.place for match in expected]
