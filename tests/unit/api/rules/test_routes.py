import pytest

from tests.unit.api.documents import Document, document, grpc_rule, http_rule, problems

AT = "spec.rules[0].matches[0].path.value"
L4 = {"backendRefs": [{"name": "db", "port": 5432}]}
PATHS = "letters, digits, %XX and any of -._~!$&'()*+,;=:@/ are allowed"
PREFIX = {"type": "URLRewrite", "urlRewrite": {"path": {"type": "ReplacePrefixMatch", "replacePrefixMatch": "/"}}}
REDIRECT = {
    "type": "RequestRedirect",
    "requestRedirect": {"path": {"type": "ReplacePrefixMatch", "replacePrefixMatch": "/"}},
}
EXACT = {"path": {"type": "Exact", "value": "/a"}}
ONE_MATCH = "replaces a path prefix; the rule must have exactly one match, of path type PathPrefix"


def path(value: str, kind: str = "PathPrefix") -> Document:
    return http_rule(matches=[{"path": {"type": kind, "value": value}}])


def method(**fields: str) -> Document:
    return grpc_rule(matches=[{"method": fields}])


def many_matches(kind: str, *counts: int) -> Document:
    return document(kind, spec={"rules": [{"matches": [{}] * count} for count in counts]})


def hostnames(*names: str, version: str = "v1") -> Document:
    return document("TLSRoute", version, spec={"hostnames": list(names), "rules": [L4]})


BROKEN = [
    (path("a"), [f"{AT}: must start with '/' for type PathPrefix"]),
    (
        path("", "Exact"),
        [f"{AT}: must start with '/' for type Exact", f'{AT}: "" is no path; {PATHS}'],
    ),
    *(
        (path(f"/a{part}b"), [f"{AT}: must not contain '{part}' for type PathPrefix"])
        for part in ("//", "/./", "/../", "%2f", "%2F")
    ),
    (
        path("/#"),
        [f"{AT}: must not contain '#' for type PathPrefix", f'{AT}: "/#" is no path; {PATHS}'],
    ),
    *((path(f"/a{end}"), [f"{AT}: must not end with '{end}' for type PathPrefix"]) for end in ("/..", "/.")),
    (path("/a b"), [f'{AT}: "/a b" is no path; {PATHS}']),
    (path("/%zz"), [f'{AT}: "/%zz" is no path; {PATHS}']),
    (path("/a\n"), [f'{AT}: "/a\\n" is no path; {PATHS}']),
    (
        http_rule(timeouts={"request": "1s", "backendRequest": "1s1ms"}),
        ["spec.rules[0].timeouts.backendRequest: 1s1ms is too long; request, 1s, is the most allowed"],
    ),
    (
        http_rule(
            filters=[{"type": "RequestRedirect", "requestRedirect": {}}], backendRefs=[{"name": "a", "port": 80}]
        ),
        ["spec.rules[0].backendRefs: must not be set beside a RequestRedirect filter"],
    ),
    (http_rule(matches=[EXACT], filters=[PREFIX]), [f"spec.rules[0].filters[0]: {ONE_MATCH}"]),
    (http_rule(matches=[], filters=[REDIRECT]), [f"spec.rules[0].filters[0]: {ONE_MATCH}"]),
    (
        http_rule(matches=[{}, {}], backendRefs=[{"name": "a", "port": 80, "filters": [PREFIX]}]),
        [f"spec.rules[0].backendRefs[0].filters[0]: {ONE_MATCH}"],
    ),
    (many_matches("HTTPRoute", 64, 64, 1), ["spec.rules: have 129 matches; at most 128 are allowed in all"]),
    (many_matches("GRPCRoute", 64, 64, 1), ["spec.rules: have 129 matches; at most 128 are allowed in all"]),
    (method(), ["spec.rules[0].matches[0].method: must have service, method or both"]),
    (
        method(service="a b"),
        ['spec.rules[0].matches[0].method.service: "a b" is not a gRPC service, such as shop.v1.Cart'],
    ),
    (method(method=""), ['spec.rules[0].matches[0].method.method: "" is not a gRPC method, such as GetItem']),
    (
        document("TLSRoute", spec={"rules": [L4]}),
        ["spec.hostnames: is required; only v1alpha2 allows a TLSRoute without"],
    ),
    (
        hostnames("192.0.2.7", version="v1alpha3"),
        ["spec.hostnames[0]: 192.0.2.7 is an IP address; a DNS name is allowed"],
    ),
    *(
        (
            document(kind, spec={"rules": [L4, L4]} | more),
            ["spec.rules: has 2 items; at most 1 is allowed, except at v1alpha2"],
        )
        for kind, more in (("TCPRoute", {}), ("UDPRoute", {}), ("TLSRoute", {"hostnames": ["a"]}))
    ),
]
KEPT = [
    path("/"),
    path("/a.b/..c/%2e"),
    path("[a-z", "RegularExpression"),
    path("", "RegularExpression"),
    http_rule(timeouts={"request": "0s", "backendRequest": "1h"}),
    http_rule(timeouts={"request": "1s", "backendRequest": "1000ms"}),
    http_rule(timeouts={"backendRequest": "1h"}),
    http_rule(filters=[PREFIX]),
    http_rule(filters=[REDIRECT]),
    many_matches("HTTPRoute", 64, 64),
    method(service=".Shop.v1.cart"),
    method(type="RegularExpression", method="[a b]"),
    hostnames("*.a.example", "b.example"),
    hostnames("192.0.2.7", version="v1alpha2"),
    document("TCPRoute", "v1alpha2", spec={"rules": [L4, L4]}),
]


@pytest.mark.parametrize(("source", "expected"), BROKEN)
def test_broken(source: Document, expected: list[str]) -> None:
    assert problems(source) == expected


@pytest.mark.parametrize("source", KEPT)
def test_kept(source: Document) -> None:
    assert problems(source) == []
