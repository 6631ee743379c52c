import pytest

from gatewayd.api.meta import ObjectKey
from gatewayd.incremental.scratch import Scratch
from gatewayd.translator.listeners import (
    MergedListener,
    PortKey,
    SetKey,
    allowed_sets,
    listeners,
    port_listeners,
    set_is_allowed,
)
from tests.unit.translator.manifests import CLASS, GW, scratch

ALLOW_ALL = "{namespaces: {from: All}}"


def gateway(*entries: str, allowed: str = "{}") -> str:
    return f"""
        kind: Gateway
        metadata: {{name: gw, namespace: shop}}
        spec:
          gatewayClassName: gatewayd
          allowedListeners: {allowed}
          listeners: [{", ".join(entries)}]
    """


def listener_set(name: str, created: str, *entries: str, namespace: str = "shop") -> str:
    return f"""
        kind: ListenerSet
        metadata: {{name: {name}, namespace: {namespace}, creationTimestamp: "{created}"}}
        spec:
          parentRef: {{name: gw, namespace: shop}}
          listeners: [{", ".join(entries)}]
    """


def read(*manifests: str) -> dict[str, MergedListener]:
    return {each.key.section: each for each in listeners(scratch(CLASS, *manifests), GW)}


def reasons(*entries: str) -> dict[str, str]:
    """Return the reasons of the listeners that conflict."""
    return {name: each.conflict.reason for name, each in read(gateway(*entries)).items() if each.conflict.status}


HTTP = "{name: http, port: 80, protocol: HTTP}"
CERTIFIED = "tls: {certificateRefs: [{name: c}]}"
PASS = "tls: {mode: Passthrough}"


def test_a_good_listener() -> None:
    (each,) = read(gateway("{name: http, port: 80, protocol: HTTP, hostname: '*.example'}")).values()
    assert each.valid
    assert each.path == "spec.listeners[0]"
    assert each.hostname == "*.example"
    assert each.conflict.reason == "NoConflicts"
    assert each.kinds_verdict is None
    assert [kind.kind for kind in each.kinds] == ["HTTPRoute", "GRPCRoute"]


def test_a_gateway_of_another_class_has_none() -> None:
    assert listeners(scratch(gateway(HTTP)), GW) == ()


def test_an_unsupported_protocol_takes_no_kinds() -> None:
    (each,) = read(gateway("{name: l, port: 25, protocol: example.com/smtp}")).values()
    assert (each.accepted.status, each.accepted.reason) == (False, "UnsupportedProtocol")
    assert each.kinds == ()
    assert each.accepted.message.startswith("spec.listeners[0].protocol: example.com/smtp is not supported; ")


def test_filters_on_a_listener_are_refused() -> None:
    ref = "{group: g.example, kind: K, name: n}"
    entry = (
        f"{{name: l, port: 80, protocol: HTTP, filters: {{requests: [{{type: ExtensionRef, extensionRef: {ref}}}]}}}}"
    )
    (each,) = read(gateway(entry)).values()
    assert each.accepted.reason == "UnsupportedValue"


@pytest.mark.parametrize(
    ("asked", "taken", "said"),
    [
        ("{kind: HTTPRoute}", ["HTTPRoute"], None),
        ("{kind: GRPCRoute}, {kind: HTTPRoute}", ["GRPCRoute", "HTTPRoute"], None),
        ("{kind: HTTPRoute}, {kind: HTTPRoute}", ["HTTPRoute"], None),
        ("{kind: HTTPRoute}, {kind: TCPRoute}", ["HTTPRoute"], "InvalidRouteKinds"),
        ("{kind: NoSuchRoute}", [], "InvalidRouteKinds"),
        ("{group: other.example, kind: HTTPRoute}", [], "InvalidRouteKinds"),
    ],
)
def test_allowed_kinds(asked: str, taken: list[str], said: str | None) -> None:
    entry = f"{{name: l, port: 80, protocol: HTTP, allowedRoutes: {{kinds: [{asked}]}}}}"
    (each,) = read(gateway(entry)).values()
    assert [kind.kind for kind in each.kinds] == taken
    assert (each.kinds_verdict.reason if each.kinds_verdict else None) == said
    assert each.valid


@pytest.mark.parametrize(
    ("entries", "conflicts"),
    [
        ((HTTP, "{name: b, port: 80, protocol: HTTP, hostname: b.example}"), {}),
        ((HTTP, "{name: b, port: 81, protocol: HTTP}"), {}),
        ((HTTP, f"{{name: b, port: 80, protocol: HTTPS, {CERTIFIED}}}"), {"http", "b"}),
        ((HTTP, "{name: b, port: 80, protocol: TCP}"), {"http", "b"}),
        ((HTTP, "{name: b, port: 80, protocol: UDP}"), {}),
        (("{name: a, port: 1, protocol: TCP}", "{name: b, port: 2, protocol: TCP}"), {}),
    ],
)
def test_protocols_that_can_or_cannot_share_a_port(entries: tuple[str, ...], conflicts: set[str]) -> None:
    assert reasons(*entries) == dict.fromkeys(conflicts, "ProtocolConflict")


def test_https_and_tls_share_a_port_when_their_hostnames_differ() -> None:
    https = f"{{name: a, port: 443, protocol: HTTPS, hostname: a.example, {CERTIFIED}}}"
    tls = f"{{name: b, port: 443, protocol: TLS, hostname: b.example, {PASS}}}"
    assert reasons(https, tls) == {}
    same = reasons(https, tls.replace("b.example", "a.example"))
    assert same == {"a": "HostnameConflict", "b": "HostnameConflict"}


def test_of_indistinct_listeners_of_one_gateway_nobody_wins() -> None:
    https = f"{{name: a, port: 443, protocol: HTTPS, {CERTIFIED}}}"
    found = read(gateway(https, f"{{name: b, port: 443, protocol: TLS, {PASS}}}"))
    assert not found["a"].valid
    assert not found["b"].valid
    assert found["a"].accepted.reason == "HostnameConflict"
    assert found["a"].accepted.message == (
        "spec.listeners[0]: listener 'b' has port 443 with no hostname too; each must differ"
    )


def test_a_listener_that_is_wrong_in_itself_conflicts_with_nobody() -> None:
    found = read(gateway("{name: bad, port: 80, protocol: example.com/x}", HTTP))
    assert found["http"].valid
    assert found["bad"].conflict.reason == "NoConflicts"


def test_listener_sets_are_not_allowed_unless_the_gateway_says_so() -> None:
    view = scratch(CLASS, gateway(HTTP), listener_set("s", "", "{name: x, port: 81, protocol: HTTP}"))
    assert not set_is_allowed(view, ObjectKey("shop", "s"))
    assert [each.key.section for each in listeners(view, GW)] == ["http"]


@pytest.mark.parametrize(
    ("rule", "namespace", "allowed"),
    [
        ("All", "blog", True),
        ("Same", "shop", True),
        ("Same", "blog", False),
        ("None", "shop", False),
        ("Selector, selector: {matchLabels: {team: red}}", "blog", True),
        ("Selector, selector: {matchLabels: {team: blue}}", "blog", False),
    ],
)
def test_which_listener_sets_are_allowed(rule: str, namespace: str, *, allowed: bool) -> None:
    view = scratch(
        CLASS,
        gateway(HTTP, allowed=f"{{namespaces: {{from: {rule}}}}}"),
        listener_set("s", "", "{name: x, port: 81, protocol: HTTP}", namespace=namespace),
        "{kind: Namespace, metadata: {name: blog, labels: {team: red}}}",
    )
    assert set_is_allowed(view, ObjectKey(namespace, "s")) is allowed


def sets_in_order() -> Scratch:
    entry = "{name: l, port: 81, protocol: HTTP, hostname: %s}"
    return scratch(
        CLASS,
        gateway(HTTP, allowed=ALLOW_ALL),
        listener_set("young", "2026-01-02T00:00:00Z", entry % "a.example"),
        listener_set("b", "2026-01-01T00:00:00Z", entry % "a.example"),
        listener_set("a", "2026-01-01T00:00:00Z", entry % "b.example"),
    )


def test_sets_are_merged_oldest_first_then_by_name() -> None:
    assert allowed_sets(sets_in_order(), GW) == (
        SetKey("2026-01-01T00:00:00Z", ObjectKey("shop", "a")),
        SetKey("2026-01-01T00:00:00Z", ObjectKey("shop", "b")),
        SetKey("2026-01-02T00:00:00Z", ObjectKey("shop", "young")),
    )


def test_between_objects_the_earlier_wins_and_has_no_conflict() -> None:
    found = {each.key.name: each for each in listeners(sets_in_order(), GW)}
    assert found["b"].valid
    assert found["b"].conflict.reason == "NoConflicts"
    assert (found["young"].accepted.reason, found["young"].conflict.reason) == ("HostnameConflict", "HostnameConflict")


def test_the_gateways_own_listeners_go_before_all_sets() -> None:
    view = scratch(
        CLASS,
        gateway(HTTP, allowed=ALLOW_ALL),
        listener_set("s", "2020-01-01T00:00:00Z", "{name: l, port: 80, protocol: HTTP}"),
    )
    own, other = listeners(view, GW)
    assert own.valid
    assert other.accepted.reason == "HostnameConflict"


def test_a_listener_that_lost_wins_nothing_itself() -> None:
    tcp, http = "{name: l, port: 81, protocol: TCP}", "{name: l, port: 81, protocol: HTTP}"
    view = scratch(
        CLASS,
        gateway(HTTP, allowed=ALLOW_ALL),
        listener_set("a", "2026-01-01T00:00:00Z", tcp),
        listener_set("b", "2026-01-02T00:00:00Z", http),
        listener_set("c", "2026-01-03T00:00:00Z", http.replace("HTTP}", "HTTP, hostname: c.example}")),
    )
    found = {each.key.name: each.conflict.reason for each in listeners(view, GW)}
    assert found == {"gw": "NoConflicts", "a": "NoConflicts", "b": "ProtocolConflict", "c": "ProtocolConflict"}


def test_the_valid_listeners_of_a_port() -> None:
    view = scratch(
        CLASS, gateway(HTTP, "{name: udp, port: 80, protocol: UDP}", "{name: bad, port: 80, protocol: e.io/x}")
    )
    assert [each.key.section for each in port_listeners(view, PortKey(GW, "tcp", 80))] == ["http"]
    assert [each.key.section for each in port_listeners(view, PortKey(GW, "udp", 80))] == ["udp"]
    assert port_listeners(view, PortKey(GW, "tcp", 81)) == ()


def test_what_lost_to_an_earlier_object_takes_nobody_of_its_own_with_it() -> None:
    entries = ("{name: lost, port: 80, protocol: HTTP}", "{name: free, port: 80, protocol: HTTP, hostname: a.example}")
    view = scratch(CLASS, gateway(HTTP, allowed=ALLOW_ALL), listener_set("s", "2026-01-01T00:00:00Z", *entries))
    assert {each.key.section: each.valid for each in listeners(view, GW)} == {
        "http": True,
        "lost": False,
        "free": True,
    }
