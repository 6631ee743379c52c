from gatewayd.api.meta import ObjectKey
from gatewayd.explain.mesh_trace import Call, CallTrace, NotLed, call_traces
from gatewayd.explain.request import Sent
from gatewayd.explain.trace import Taken, Trace, Translated, Untaken
from gatewayd.explain.words import call_lines
from gatewayd.ir.environment import DEFAULT_ENVIRONMENT
from gatewayd.ir.filters import Header
from gatewayd.offline.translate import offline
from tests.unit.translator.manifests import CART, deltas
from tests.unit.translator.mesh.manifests import CONSUMER, ECHO, MESH, callers, policy, route

TWO = """[
  {matches: [{path: {value: /a}, headers: [{name: x-request-id, value: mine}]}],
   backendRefs: [{name: cart, namespace: shop, port: 80}]},
  {matches: [{path: {value: /a}}], backendRefs: [{name: cart, namespace: shop, port: 80}]}]"""
PRODUCER = route(to="name: echo, port: 80", rules=TWO)
WORLD = (MESH, ECHO, CART, PRODUCER, CONSUMER)


def call(namespace: str = "shop", port: int | None = 80, name: str = "echo") -> Call:
    return Call(namespace=namespace, service=ObjectKey("shop", name), port=port)


def traced(
    call: Call, *manifests: str, target: str = "/a", headers: tuple[Header, ...] = ()
) -> tuple[CallTrace, ...] | NotLed:
    translated = offline(deltas(*manifests), DEFAULT_ENVIRONMENT)
    sent = Sent(scheme="http", method="GET", host="any_thing", target=target, headers=headers)
    return call_traces(Translated.of(translated.store.engine, translated.configs), sent, call)


def end_of(found: tuple[CallTrace, ...] | NotLed) -> Trace:
    assert not isinstance(found, NotLed)
    [each] = found
    assert isinstance(each.end, Trace)
    return each.end


def test_the_rule_that_gets_it_and_why_the_others_do_not() -> None:
    trace = end_of(traced(call(), *WORLD, target="/x/../a"))
    assert isinstance(trace.end, Taken)
    assert trace.end.rule.rule == 1
    [rival] = trace.rivals
    assert (rival.matches, "x-request-id" in rival.why) == (False, True)


def test_services_believe_each_others_headers() -> None:
    trace = end_of(traced(call(), *WORLD, headers=(Header(name="X-Request-Id", value="mine"),)))
    assert isinstance(trace.end, Taken)
    assert trace.end.rule.rule == 0
    [rival] = trace.rivals
    assert (rival.matches, rival.why) == (True, "another rule goes before it")


def test_callers_with_routes_of_their_own_have_no_others() -> None:
    trace = end_of(traced(call("blog"), *WORLD, target="/else"))
    assert isinstance(trace.end, Taken)
    assert (trace.end.rule.namespace, trace.rivals) == ("blog", ())
    assert end_of(traced(call("other"), *WORLD, target="/else")).end == Untaken(status=404, why="no rule matches")


def test_what_no_route_is_for_goes_on_as_it_is() -> None:
    found = traced(call(port=None), *WORLD)
    assert not isinstance(found, NotLed)
    assert [(each.port, isinstance(each.end, NotLed)) for each in found] == [(80, False), (7070, True), (6379, True)]


NAMED = callers("[{namespaces: [far], methods: [GET]}]", "kind: Namespace")


def test_what_policies_say_of_whom() -> None:
    for namespace, view, words in (
        ("far", "far", "only if an AccessPolicy's authorization lets it pass, else a 403"),
        ("blog", "blog", "for nobody: no condition of an AccessPolicy's authorization is for these callers"),
        ("news", "", "for nobody: no condition of an AccessPolicy's authorization is for these callers"),
    ):
        [found] = traced(call(namespace), *WORLD, NAMED)
        assert isinstance(found, CallTrace)
        assert found.frontend.view == view
        lines = list(call_lines(call(namespace), (found,), lambda _: None))
        assert any("under spec.default.authorization" in each and "AccessPolicy shop/p" in each for each in lines)
        assert any(words in each for each in lines)


def test_what_cannot_be_had_is_told() -> None:
    keys = policy("AccessPolicy", "default: {apiKeys: {secretRefs: [{name: keys}]}}", "kind: Namespace")
    limits = "default: {globalLimits: {limits: [{name: all, requests: 1, unit: Hour}]}}"
    lost = policy("RoutePolicy", limits, "kind: Namespace")
    for manifest, words in (
        (keys, "cannot be honoured: proxies of nodes get no Secrets; allowed for a Service: jwt; requests get a 500"),
        (
            lost,
            "cannot be honoured: nobody counts for the proxies of nodes; allowed for a Service: rateLimit; left out",
        ),
    ):
        trace = end_of(traced(call(), *WORLD, manifest))
        assert isinstance(trace.end, Taken)
        [section] = trace.end.policies
        assert words in str(section)


def test_why_nothing_is_led_away() -> None:
    headless = ECHO.replace("10.96.0.10", "None")
    for who, manifests, why in (
        (call(), WORLD[1:], "no mesh"),
        (call(name="nobody"), WORLD, "does not exist"),
        (call(port=81), WORLD, "has no port 81"),
        (call(), (MESH, headless), "no cluster IP"),
    ):
        found = traced(who, *manifests)
        assert isinstance(found, NotLed)
        assert why in found.why


def test_the_words() -> None:
    lines = list(call_lines(call("blog", None), traced(call("blog", None), *WORLD), lambda _: None))
    whole = "from namespace blog to Service shop/echo"
    assert lines[0] == f"{whole}, port 80 (10.96.0.10:80), by routes for callers of namespace 'blog':"
    assert "  no route is for it, and the connection goes to the Service as if there were no mesh" in lines
    gone = traced(call(name="nobody"), *WORLD)
    assert list(call_lines(call(name="nobody"), gone, lambda _: None)) == [
        'from namespace shop to Service shop/nobody: Service "shop/nobody" does not exist'
    ]
