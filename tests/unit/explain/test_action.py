from gatewayd.explain.action import Direct, Forwarded, Happening, answered, happening
from gatewayd.explain.request import Request, Sent, received
from gatewayd.ir.filters import Header
from gatewayd.ir.http import CANNOT, DirectResponse
from tests.unit.example import SHOP, translated

RICH = (
    SHOP.replace(
        "    backendRefs:\n    - {name: cart, port: 80, weight: 3}\n    - {name: cart, port: 80, weight: 1}\n",
        """\
    timeouts: {request: 10s, backendRequest: 1s}
    retry: {codes: [503], attempts: 2}
    filters:
    - type: RequestHeaderModifier
      requestHeaderModifier: {set: [{name: a, value: "1"}], add: [{name: b, value: "2"}], remove: [c]}
    - type: ResponseHeaderModifier
      responseHeaderModifier: {set: [{name: d, value: "3"}]}
    - type: URLRewrite
      urlRewrite: {hostname: inner.example, path: {type: ReplacePrefixMatch, replacePrefixMatch: /c}}
    - {type: RequestMirror, requestMirror: {backendRef: {name: cart, port: 80}, percent: 10}}
    backendRefs:
    - {name: cart, port: 80, weight: 3}
    - {name: empty, port: 80, weight: 1}
    - {name: none, port: 80, weight: 1}
""",
    )
    + """---
apiVersion: v1
kind: Service
metadata: {name: empty}
spec: {ports: [{port: 80}]}
"""
)


def request() -> Request:
    found = received(Sent(scheme="http", method="GET", host="shop.example", target="/cart/1", headers=()))
    assert isinstance(found, Request)
    return found


def first_rule(text: str) -> Happening:
    """Return what the first rule of shop.example does with the request."""
    found = translated(text)
    assert found.manifests.problems == ()
    (config,) = found.reconciler.configs.values()
    host = next(each for each in config.route_tables[0].virtual_hosts if each.domain == "shop.example")
    route = next(each for each in host.routes if each.source.rule == 0)

    return happening(route, host.domain, request(), {each.upstream: each for each in config.clusters})


def test_what_cannot_be_done_is_unavailable_to_grpc_clients() -> None:
    called = Header(name="content-type", value="application/grpc")
    sent = received(Sent(scheme="http", method="POST", host="shop.example", target="/a.B/C", headers=(called,)))
    assert isinstance(sent, Request)
    assert (answered(CANNOT, request()), answered(CANNOT, sent)) == (500, 503)
    assert answered(DirectResponse(status=421), sent) == 421


def test_all_that_is_done_to_a_request_is_told() -> None:
    done = first_rule(RICH)

    assert isinstance(done, Forwarded)
    assert done.mirrors == ("Service default/cart:80 (10%)",)
    assert done.limits == (
        "ends after 10000 ms",
        "each try ends after 1000 ms",
        "up to 2 retries on 503 and failed connections",
    )
    good, empty, broken = done.shares
    assert (good.host, good.path, good.problem, good.part) == ("inner.example", "/c/1", "", 0.6)
    assert good.changes == (
        "set request header a: 1",
        "add request header b: 2",
        "remove request header c",
        "set response header d: 3",
    )
    assert empty.problem == "it has no ready endpoint; requests get a 503"
    assert (broken.backend, broken.problem) == (
        "invalid (BackendNotFound)",
        'Service "default/none" does not exist',
    )


def test_setting_the_host_header_is_a_rewrite_of_the_host() -> None:
    text = SHOP.replace(
        "    backendRefs:\n    - {name: cart, port: 80, weight: 3}\n",
        "    filters: [{type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: Host, value: h.example}]}}]\n"
        "    backendRefs:\n    - {name: cart, port: 80, weight: 3}\n",
    )
    found = translated(text)
    (config,) = found.reconciler.configs.values()
    host = next(each for each in config.route_tables[0].virtual_hosts if each.domain == "shop.example")

    done = happening(next(each for each in host.routes if each.source.rule == 0), host.domain, request(), {})

    assert isinstance(done, Forwarded)
    assert {each.host for each in done.shares} == {"h.example"}


def test_the_mirror_of_a_backend_is_told_with_it() -> None:
    mirror = "{type: RequestMirror, requestMirror: {backendRef: {name: cart, port: 80}}}"
    found = translated(SHOP.replace("weight: 3}", f"weight: 3, filters: [{mirror}]}}"))
    (config,) = found.reconciler.configs.values()
    host = next(each for each in config.route_tables[0].virtual_hosts if each.domain == "shop.example")
    route = next(each for each in host.routes if each.source.rule == 0)

    done = happening(route, host.domain, request(), {})

    assert isinstance(done, Forwarded)
    assert [each.changes for each in done.shares] == [("mirrored to Service default/cart:80 (100%)",), ()]


def test_what_policies_put_in_the_way_is_told() -> None:
    done = first_rule(
        SHOP
        + """---
apiVersion: gatewayd.io/v1alpha1
kind: RoutePolicy
metadata: {name: passage}
spec:
  targetRefs: [{group: "", kind: Namespace}]
  default:
    rateLimit:
      limits:
      - {requests: 5, unit: Minute, burst: 2, perClient: true, perHeaders: [X-User]}
      - {requests: 9, unit: Second}
"""
    )

    assert isinstance(done, Forwarded)
    assert done.shares[0].changes == (
        "at most 5 requests in 60 s for each client, each x-user (2 at once), else a 429",
        "at most 9 requests in 1 s (9 at once), else a 429",
    )


def test_where_all_is_aborted_who_may_come_in_is_told_all_the_same() -> None:
    rule = "    backendRefs:\n    - {name: cart, port: 80, weight: 3}\n"
    asked = "grpc: {}, backendRef: {name: cart, port: 80}"
    auth = f"    filters:\n    - {{type: ExternalAuth, externalAuth: {{protocol: GRPC, {asked}}}}}\n"
    assert rule in SHOP
    done = first_rule(
        SHOP.replace(rule, auth + rule, 1)
        + """---
apiVersion: gatewayd.io/v1alpha1
kind: RoutePolicy
metadata: {name: passage}
spec:
  targetRefs: [{group: "", kind: Namespace}]
  default: {fault: {abort: {status: 503}}}
"""
    )

    assert isinstance(done, Direct)
    assert (done.status, done.why) == (503, "a RoutePolicy has all requests aborted")
    assert any(each.startswith("only if Service default/cart:80 consents, else a 403") for each in done.changes)
