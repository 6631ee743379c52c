"""Which listeners take a route, and the reasons in the order in which the spec ranks them."""

import pytest

from gatewayd.api.meta import ObjectKey
from gatewayd.translator.attachment import HostPair, ParentAttachment, attached_listeners, attachments
from gatewayd.translator.gateways.listeners import ListenerKey
from tests.unit.translator.manifests import CART, CLASS, GW, member, scratch

GATEWAY = """
kind: Gateway
metadata: {name: gw, namespace: shop}
spec:
  gatewayClassName: gatewayd
  allowedListeners: {namespaces: {from: All}}
  listeners:
  - {name: http, port: 80, protocol: HTTP, hostname: "*.example", allowedRoutes: {namespaces: {from: All}}}
  - {name: alt, port: 8080, protocol: HTTP, hostname: alt.example}
  - {name: grpc, port: 9000, protocol: HTTP, allowedRoutes: {kinds: [{kind: GRPCRoute}]}}
  - {name: bad, port: 9100, protocol: example.com/x}
  - {name: tcp, port: 9200, protocol: TCP}
"""
SET = """
kind: ListenerSet
metadata: {name: extra, namespace: blog}
spec:
  parentRef: {name: gw, namespace: shop}
  listeners: [{name: http, port: 7000, protocol: HTTP}]
"""


def route(parents: str, hostnames: str = "", namespace: str = "shop") -> str:
    return f"""
        kind: HTTPRoute
        metadata: {{name: r, namespace: {namespace}}}
        spec:
          parentRefs: [{parents}]
          hostnames: [{hostnames}]
          rules: [{{backendRefs: [{{name: cart, port: 80}}]}}]
    """


def attach(parents: str, hostnames: str = "", namespace: str = "shop") -> tuple[ParentAttachment, ...]:
    view = scratch(CLASS, GATEWAY, SET, CART, route(parents, hostnames, namespace))
    return attachments(view, member("HTTPRoute", f"{namespace}/r"))


def sections(parent: ParentAttachment) -> list[str]:
    return [each.listener.section for each in parent.attached]


def test_without_a_section_every_listener_that_fits() -> None:
    (found,) = attach("{name: gw}")
    assert found.verdict.reason == "Accepted"
    assert found.gateway == GW
    assert sections(found) == ["http", "alt"]


def test_the_reference_is_echoed_as_it_was_written() -> None:
    (found,) = attach("{name: gw, sectionName: http}")
    ref = found.ref
    assert (ref.group, ref.kind, ref.name) == ("gateway.networking.k8s.io", "Gateway", "gw")
    assert (ref.namespace, ref.section, ref.port) == (None, "http", None)
    (found,) = attach("{name: gw, namespace: shop, port: 80}")
    assert (found.ref.namespace, found.ref.section, found.ref.port) == ("shop", None, 80)


@pytest.mark.parametrize(
    ("parent", "reason", "taken"),
    [
        ("{name: gw, sectionName: http}", "Accepted", ["http"]),
        ("{name: gw, port: 8080}", "Accepted", ["alt"]),
        ("{name: gw, sectionName: alt, port: 8080}", "Accepted", ["alt"]),
        ("{name: gw, sectionName: nope}", "NoMatchingParent", []),
        ("{name: gw, port: 1}", "NoMatchingParent", []),
        ("{name: gw, sectionName: http, port: 8080}", "NoMatchingParent", []),
        ("{name: gw, sectionName: grpc}", "NotAllowedByListeners", []),
        ("{name: gw, sectionName: tcp}", "NotAllowedByListeners", []),
        ("{name: gw, sectionName: bad}", "NotAllowedByListeners", []),
    ],
)
def test_section_port_and_kind(parent: str, reason: str, taken: list[str]) -> None:
    (found,) = attach(parent)
    assert found.verdict.reason == reason
    assert found.verdict.status is (reason == "Accepted")
    assert sections(found) == taken


@pytest.mark.parametrize(
    ("parent", "hostname", "reason"),
    [
        # The first of several wrongs is the one that is said.
        ("{name: gw, namespace: shop, sectionName: nope}", "elsewhere.org", "NoMatchingParent"),
        ("{name: gw, namespace: shop, sectionName: alt}", "elsewhere.org", "NotAllowedByListeners"),
        ("{name: gw, namespace: shop, sectionName: http}", "elsewhere.org", "NoMatchingListenerHostname"),
        ("{name: gw, namespace: shop, sectionName: http}", "a.example", "Accepted"),
    ],
)
def test_the_precedence_of_reasons(parent: str, hostname: str, reason: str) -> None:
    (found,) = attach(parent, hostname, namespace="blog")
    assert found.verdict.reason == reason


@pytest.mark.parametrize(
    ("hostnames", "pairs"),
    [
        ("", [("*.example", "*")]),
        ("a.example", [("a.example", "a.example")]),
        ("'*.b.example', elsewhere.org", [("*.b.example", "*.b.example")]),
        ("'*.example', x.example", [("*.example", "*.example"), ("x.example", "x.example")]),
    ],
)
def test_what_a_route_and_a_listener_have_in_common(hostnames: str, pairs: list[tuple[str, str]]) -> None:
    (found,) = attach("{name: gw, sectionName: http}", hostnames)
    assert found.attached[0].hosts == tuple(HostPair(*each) for each in pairs)


def test_the_message_of_a_hostname_that_no_listener_has() -> None:
    (found,) = attach("{name: gw, sectionName: http}", "elsewhere.org")
    assert found.verdict.message == ("spec.hostnames: elsewhere.org match no listener's hostname; allowed: *.example")


def test_what_is_allowed_is_shown_in_order() -> None:
    listeners = "".join(
        f"  - {{name: {name}, port: {port}, protocol: HTTP, hostname: {name}.example}}\n"
        for port, name in enumerate(("zz", "mm", "cc", "aa"), 8000)
    )
    head, _, _ = GATEWAY.partition("  - ")
    view = scratch(CLASS, head + listeners, route("{name: gw}", "elsewhere.org"))
    (found,) = attachments(view, member("HTTPRoute", "shop/r"))
    assert found.verdict.message.endswith("; allowed: aa.example, cc.example, mm.example, zz.example")
    others = "".join(
        f"  - {{name: {name.lower()}, port: {port}, protocol: {name}}}\n"
        for port, name in enumerate(("UDP", "TCP"), 9000)
    )
    grpc = "  - {name: grpc, port: 9000, protocol: HTTP, allowedRoutes: {kinds: [{kind: GRPCRoute}]}}\n"
    view = scratch(CLASS, head + others + grpc, route("{name: gw}"))
    (found,) = attachments(view, member("HTTPRoute", "shop/r"))
    assert found.verdict.message.endswith("(allowedRoutes.kinds); allowed: GRPCRoute, TCPRoute, UDPRoute")


def test_messages_name_the_parent_ref() -> None:
    said = [each.verdict.message for each in attach("{name: gw, sectionName: nope}, {name: gw, sectionName: grpc}")]
    known = "listeners: http :80, alt :8080, grpc :9000, bad :9100, tcp :9200"
    assert said == [
        f"spec.parentRefs[0]: Gateway 'gw' has no listener with sectionName 'nope'; {known}",
        "spec.parentRefs[1]: no HTTPRoute is allowed by listener 'grpc' (allowedRoutes.kinds); allowed: GRPCRoute",
    ]


def test_another_namespace_is_let_in_only_where_the_listener_says_so() -> None:
    (found,) = attach("{name: gw, namespace: shop}", namespace="blog")
    assert sections(found) == ["http"]


def test_parents_that_are_not_ours_are_not_spoken_of() -> None:
    assert attach("{name: other}") == ()
    assert attach("{name: cart, group: '', kind: Service}") == ()
    assert attach("{name: nobody, kind: ListenerSet}") == ()


def test_parents_are_judged_one_by_one() -> None:
    found = attach("{name: gw, sectionName: nope}, {name: gw, sectionName: http}, {name: other}")
    assert [each.verdict.reason for each in found] == ["NoMatchingParent", "Accepted"]


def test_a_listener_set_is_a_parent_of_its_own() -> None:
    parent = "{kind: ListenerSet, name: extra}"
    (found,) = attach(parent, namespace="blog")
    assert found.gateway == GW
    assert [each.listener for each in found.attached] == [ListenerKey("ListenerSet", "blog", "extra", "http")]


def test_a_gateway_parent_never_means_a_listener_of_a_set() -> None:
    (found,) = attach("{name: gw, port: 7000}")
    assert found.verdict.reason == "NoMatchingParent"


def test_same_namespace_means_that_of_the_listener_set() -> None:
    (found,) = attach("{kind: ListenerSet, name: extra, namespace: blog}", namespace="shop")
    assert found.verdict.reason == "NotAllowedByListeners"


def test_kinds_without_hostnames_attach_by_port() -> None:
    view = scratch(
        CLASS,
        GATEWAY,
        "{kind: TCPRoute, metadata: {name: t, namespace: shop}, spec: {parentRefs: [{name: gw}],"
        " rules: [{backendRefs: [{name: cart, port: 80}]}]}}",
    )
    (found,) = attachments(view, member("TCPRoute", "shop/t"))
    assert [(each.listener.section, each.port.port, each.hosts) for each in found.attached] == [("tcp", 9200, ())]


def test_a_route_that_is_refused_for_itself_is_attached_nowhere() -> None:
    broken = route("{name: gw}").replace(
        "rules: [{", "rules: [{matches: [{path: {type: RegularExpression, value: '/('}}], "
    )
    (found,) = attachments(scratch(CLASS, GATEWAY, broken), member("HTTPRoute", "shop/r"))
    assert found.verdict.reason == "UnsupportedValue"
    assert found.attached == ()


def test_a_listener_counts_a_route_once_however_many_parent_refs_lead_to_it() -> None:
    view = scratch(CLASS, GATEWAY, route("{name: gw, port: 80}, {name: gw, namespace: shop, port: 80}"))
    found = attached_listeners(attachments(view, member("HTTPRoute", "shop/r")))
    assert found == (ListenerKey("Gateway", "shop", "gw", "http"),)


def test_a_route_that_is_gone_is_attached_nowhere() -> None:
    assert attachments(scratch(CLASS, GATEWAY), member("HTTPRoute", "shop/r")) == ()


def test_letters_of_hostnames_do_not_matter() -> None:
    (found,) = attach("{name: gw, sectionName: alt}", "alt.example")
    assert found.attached[0].port.gateway == ObjectKey("shop", "gw")
