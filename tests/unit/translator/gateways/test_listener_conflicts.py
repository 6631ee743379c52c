"""Listeners judged against each other, and whose host it is."""

import pytest

from gatewayd.api.meta import ObjectKey
from gatewayd.incremental.scratch import Scratch
from gatewayd.translator.gateways.listener_conflicts import (
    listener_at,
    listeners,
    listeners_within,
    own_listeners,
    owner,
    port_listeners,
)
from gatewayd.translator.gateways.listeners import MergedListener, PortHostname, PortKey, set_is_allowed
from tests.unit.translator.gateways.test_listeners import ALLOW_ALL, HTTP, gateway, listener_set
from tests.unit.translator.manifests import CLASS, GW, member, scratch

CERTIFIED = "tls: {certificateRefs: [{name: c}]}"
PASS = "tls: {mode: Passthrough}"
PORT = PortKey(GW, "tcp", 80)


def read(*manifests: str) -> dict[str, MergedListener]:
    return {each.key.section: each for each in listeners(scratch(CLASS, *manifests), GW)}


def reasons(*entries: str) -> dict[str, str]:
    """Return the reasons of the listeners that conflict."""
    return {name: each.conflict.reason for name, each in read(gateway(*entries)).items() if each.conflict.status}


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


def sets_in_order() -> Scratch:
    entry = "{name: l, port: 81, protocol: HTTP, hostname: %s}"
    return scratch(
        CLASS,
        gateway(HTTP, allowed=ALLOW_ALL),
        listener_set("a-young", "2026-01-02T00:00:00Z", entry % "a.example"),
        listener_set("n", "2026-01-01T00:00:00Z", entry % "a.example"),
        listener_set("m", "2026-01-01T00:00:00Z", entry % "b.example"),
    )


def test_sets_are_merged_oldest_first_then_by_name() -> None:
    assert [each.key.name for each in listeners(sets_in_order(), GW)] == ["gw", "m", "n", "a-young"]


def test_sets_of_one_age_are_merged_by_namespace_and_name_as_one_text() -> None:
    entry = "{name: l, port: 81, protocol: HTTP}"
    sets = [
        listener_set("s", "2026-01-01T00:00:00Z", entry, namespace=namespace) for namespace in ("shop", "shop-2", "a")
    ]
    assert sorted(["shop/s", "shop-2/s", "a/s"]) == ["a/s", "shop-2/s", "shop/s"]
    found = listeners(scratch(CLASS, gateway(HTTP, allowed=ALLOW_ALL), *sets), GW)
    assert [each.key.namespace for each in found[1:]] == ["a", "shop-2", "shop"]
    assert [each.valid for each in found] == [True, True, False, False]


def test_between_objects_the_earlier_wins_and_has_no_conflict() -> None:
    found = {each.key.name: each for each in listeners(sets_in_order(), GW)}
    young = found["a-young"]
    assert found["n"].valid
    assert found["n"].conflict.reason == "NoConflicts"
    assert (young.accepted.reason, young.conflict.reason) == ("HostnameConflict", "HostnameConflict")


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


def test_a_gateway_of_another_class_has_none() -> None:
    assert listeners(scratch(gateway(HTTP)), GW) == ()


def test_an_object_has_its_own_listeners_as_all_others_have_made_them() -> None:
    view = sets_in_order()
    assert [each.valid for each in own_listeners(view, member("ListenerSet", "shop/n"))] == [True]
    assert [each.valid for each in own_listeners(view, member("ListenerSet", "shop/a-young"))] == [False]
    assert own_listeners(view, member("ListenerSet", "shop/none")) == ()


def test_a_set_of_the_gateways_own_name_is_another_object() -> None:
    twin = listener_set("gw", "", "{name: twin, port: 80, protocol: HTTP}")
    found = read(gateway(HTTP, allowed=ALLOW_ALL), twin)
    assert {name: each.valid for name, each in found.items()} == {"http": True, "twin": False}


def hostnamed(*hostnames: str) -> Scratch:
    entries = (
        f"{{name: l{at}, port: 80, protocol: HTTP, hostname: '{name}'}}" if name != "*" else HTTP
        for at, name in enumerate(hostnames)
    )
    return scratch(CLASS, gateway(*entries))


@pytest.mark.parametrize(
    ("domain", "hostname"),
    [
        ("a.b.example", "a.b.example"),
        ("b.b.example", "*.b.example"),
        ("x.a.b.example", "*.b.example"),
        ("*.a.b.example", "*.b.example"),
        ("b.example", "*.example"),
        ("example", "*"),
        ("*", "*"),
    ],
)
def test_the_owner_of_a_host_is_the_most_special_listener_that_covers_it(domain: str, hostname: str) -> None:
    found = owner(hostnamed("*", "*.example", "*.b.example", "a.b.example"), PORT, domain)
    assert found is not None
    assert found.hostname == hostname


def test_a_host_of_nobody() -> None:
    assert owner(hostnamed("a.example"), PORT, "b.example") is None
    assert owner(hostnamed("a.example"), PortKey(GW, "tcp", 81), "a.example") is None


def test_a_listener_is_found_by_its_very_hostname() -> None:
    view = hostnamed("*.example", "a.example")
    found = [listener_at(view, PortHostname(PORT, name)) for name in ("*.example", "a.example", "b.example", "*")]
    assert [each and each.hostname for each in found] == ["*.example", "a.example", None, None]


def test_the_listeners_within_a_wildcard() -> None:
    view = hostnamed("*", "*.example", "*.b.example", "a.b.example", "a.other")
    within = {
        name: [each.hostname for each in listeners_within(view, PortHostname(PORT, name))]
        for name in ("*", "*.example")
    }
    assert within == {
        "*": ["*", "*.b.example", "*.example", "a.b.example", "a.other"],
        "*.example": ["*.b.example", "a.b.example"],
    }
