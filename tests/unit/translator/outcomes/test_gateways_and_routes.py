"""What is said about Gateways, ListenerSets and routes, in the conditions of the Gateway API."""

from dataclasses import replace

import pytest

from gatewayd.incremental.scratch import Scratch
from gatewayd.ir.environment import DEFAULT_ENVIRONMENT, HERE, Environment
from gatewayd.ir.fleet import GatewayFleet
from gatewayd.ir.outcome import NO_FLEET, FleetReport, GatewayOutcome, ListenerOutcome, Rejection, RouteOutcome, Vouched
from gatewayd.store import Delta
from gatewayd.translator.outcomes.gateways_and_routes import gateway_outcome, listenerset_outcome, route_outcome
from tests.unit.translator import pem
from tests.unit.translator.manifests import CART, CLASS, GATEWAY, GW, brief, member, message, scratch

HERE_ITSELF = Delta(kind=Environment, key=HERE, obj=replace(DEFAULT_ENVIRONMENT, standalone=True))
HTTP = "{name: http, port: 80, protocol: HTTP}"
HTTPS = "{name: https, port: 443, protocol: HTTPS, tls: {certificateRefs: [{name: cert}]}}"
ODD = "{name: odd, port: 99, protocol: e.io/x}"
GOOD = {"Accepted": "Accepted", "Programmed": "Programmed"}


def gateway(*entries: str, more: str = "") -> str:
    return f"""
        kind: Gateway
        metadata: {{name: gw, namespace: shop, uid: gw-uid, generation: 7}}
        spec:
          gatewayClassName: gatewayd
          {more}
          listeners: [{", ".join(entries)}]
    """


def fleet(*acked: str, connected: int = 1, rejections: tuple[Rejection, ...] = ()) -> Delta:
    report = FleetReport(connected=connected, acked_listeners=frozenset(acked), rejections=rejections)
    return Delta(kind=FleetReport, key=GatewayFleet(namespace=GW.namespace, name=GW.name), obj=report)


ALL_ACKED = fleet("tcp-80", "tcp-443")


def view_of(*sources: str | Delta) -> Scratch:
    return scratch(CLASS, CART, HERE_ITSELF, *sources)


def said(*sources: str | Delta) -> GatewayOutcome:
    found = gateway_outcome(view_of(*sources), member("Gateway", "shop/gw"))
    assert found is not None
    return found


def listener(outcome: GatewayOutcome, name: str) -> ListenerOutcome:
    (found,) = (each for each in outcome.listeners if each.name == name)
    return found


def test_a_gateway_that_a_proxy_serves() -> None:
    found = said(gateway(HTTP), ALL_ACKED)
    assert found.generation == 7
    assert brief(found.verdicts) == GOOD
    assert brief(found.listeners[0].verdicts) == {**GOOD, "ResolvedRefs": "ResolvedRefs", "Conflicted": "!NoConflicts"}
    assert [(each.type, each.value) for each in found.addresses] == [("IPAddress", "0.0.0.0")]
    assert found.listeners[0].kinds == (
        ("gateway.networking.k8s.io", "HTTPRoute"),
        ("gateway.networking.k8s.io", "GRPCRoute"),
    )


def test_gateways_of_others_are_not_spoken_of() -> None:
    assert gateway_outcome(scratch(GATEWAY), member("Gateway", "shop/gw")) is None
    assert gateway_outcome(scratch(CLASS), member("Gateway", "shop/gw")) is None


@pytest.mark.parametrize(
    ("report", "reason", "shown"),
    [
        (
            Delta(kind=FleetReport, key=GatewayFleet(namespace=GW.namespace, name=GW.name), obj=None),
            "!Pending",
            "no proxy is connected yet",
        ),
        (
            Delta(kind=FleetReport, key=GatewayFleet(namespace=GW.namespace, name=GW.name), obj=NO_FLEET),
            "!Pending",
            "no proxy is connected yet",
        ),
        (fleet(), "!Pending", "the proxy has not acknowledged it yet"),
        (fleet("tcp-443"), "!Pending", "the proxy has not acknowledged it yet"),
        (fleet("tcp-80"), "Programmed", "a connected proxy has acknowledged it"),
    ],
)
def test_programmed_is_what_a_proxy_has_acknowledged(report: Delta, reason: str, shown: str) -> None:
    found = said(gateway(HTTP), report)
    assert brief(found.verdicts)["Programmed"] == reason
    assert brief(found.listeners[0].verdicts)["Programmed"] == reason
    assert message(found.verdicts, "Programmed") == shown


def test_a_refusal_is_reported_in_envoys_own_words() -> None:
    refused = Rejection(type_url="x", names=("tcp-80",), message="port in use")
    found = said(gateway(HTTP, HTTPS), pem.good_secret("cert"), fleet("tcp-443", rejections=(refused,)))
    assert brief(listener(found, "http").verdicts)["Programmed"] == "!Invalid"
    assert message(listener(found, "http").verdicts, "Programmed") == "the proxy refused it: port in use"
    assert brief(listener(found, "https").verdicts)["Programmed"] == "Programmed"
    assert brief(found.verdicts)["Programmed"] == "Programmed"


def test_an_acknowledged_version_counts_although_another_proxy_refused_it() -> None:
    refused = Rejection(type_url="x", names=("tcp-80",), message="port in use")
    assert brief(said(gateway(HTTP), fleet("tcp-80", rejections=(refused,))).verdicts)["Programmed"] == "Programmed"


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        (Vouched(listeners=frozenset({"tcp-80"}), generations={"gw-uid": 7}), "Programmed"),
        (Vouched(listeners=frozenset({"tcp-80"}), generations={"gw-uid": 8}), "Programmed"),
        (Vouched(listeners=frozenset({"tcp-80"}), generations={"gw-uid": 6}), "!Pending"),
        (Vouched(listeners=frozenset({"tcp-80"}), generations={"another": 7}), "!Pending"),
        (Vouched(listeners=frozenset({"tcp-443"}), generations={"gw-uid": 7}), "!Pending"),
    ],
)
def test_a_replica_of_another_edition_vouches_for_its_proxies_by_generation(word: Vouched, reason: str) -> None:
    report = FleetReport(connected=1, acked_listeners=frozenset(), rejections=(), vouched=(word,))
    told = Delta(kind=FleetReport, key=GatewayFleet(namespace=GW.namespace, name=GW.name), obj=report)
    assert brief(said(gateway(HTTP), told).verdicts)["Programmed"] == reason


def test_moved_ports_are_looked_up_where_they_are() -> None:
    moved = Delta(
        kind=Environment, key=HERE, obj=replace(DEFAULT_ENVIRONMENT, standalone=True, unprivileged_offset=10_000)
    )
    assert brief(said(gateway(HTTP), moved, fleet("tcp-10080")).verdicts) == GOOD


def test_one_bad_listener_leaves_the_gateway_accepted_with_a_reason() -> None:
    found = said(gateway(HTTP, ODD), ALL_ACKED)
    assert brief(found.verdicts) == {"Accepted": "ListenersNotValid", "Programmed": "Programmed"}
    assert message(found.verdicts, "Accepted") == "listeners not valid: odd"
    assert brief(listener(found, "odd").verdicts)["Accepted"] == "!UnsupportedProtocol"
    assert brief(listener(found, "odd").verdicts)["Programmed"] == "!Invalid"
    assert listener(found, "odd").kinds == ()


def test_no_good_listener_leaves_nothing() -> None:
    found = said(gateway(ODD), ALL_ACKED)
    assert brief(found.verdicts) == {"Accepted": "!ListenersNotValid", "Programmed": "!Invalid"}


def test_a_listener_without_certificate_is_accepted_and_not_programmed() -> None:
    found = said(gateway(HTTP, HTTPS), ALL_ACKED)
    assert brief(found.verdicts) == GOOD
    assert brief(listener(found, "https").verdicts) == {
        "Accepted": "Accepted",
        "Programmed": "!Invalid",
        "ResolvedRefs": "!InvalidCertificateRef",
        "Conflicted": "!NoConflicts",
    }


def test_https_without_tls_is_accepted_and_says_what_it_lacks() -> None:
    found = said(gateway(HTTP, "{name: https, port: 443, protocol: HTTPS}"), ALL_ACKED)
    assert brief(found.verdicts) == GOOD
    assert message(listener(found, "https").verdicts, "ResolvedRefs") == (
        "spec.listeners[1].tls: must be given for this protocol"
    )


INSECURE = "tls: {frontend: {default: {validation: {mode: AllowInsecureFallback, caCertificateRefs: [%s]}}}}"
INSECURE_CA = INSECURE % "{group: '', kind: ConfigMap, name: ca}"
CA = pem.bundle("ca", pem.certificate_of(pem.ec_key(5), "ca.example"))


@pytest.mark.parametrize(
    ("entries", "is_said"),
    [
        ((HTTPS,), True),
        ((ODD, HTTPS, HTTP), True),
        ((ODD, HTTP), False),
        ((ODD,), False),
        ((HTTPS, "{name: tcp, port: 443, protocol: TCP}"), False),
        ((HTTP, "{name: https, port: 443, protocol: HTTPS}"), False),
    ],
    ids=["serves", "beside an unknown protocol", "no HTTPS", "unknown alone", "not valid", "no certificate"],
)
def test_clients_without_a_certificate_are_told_of_where_a_valid_listener_lets_them_in(
    entries: tuple[str, ...], *, is_said: bool
) -> None:
    found = said(gateway(*entries, more=INSECURE_CA), pem.good_secret("cert"), CA, ALL_ACKED)
    assert ("InsecureFrontendValidationMode" in brief(found.verdicts)) is is_said


def test_routes_count_at_a_listener_that_is_not_programmed() -> None:
    assert listener(said(gateway(HTTPS), route()), "https").attached == 1


def test_a_client_ca_that_cannot_be_had_refuses_the_listener() -> None:
    ca = "{group: '', kind: ConfigMap, name: nobody}"
    rule = f"tls: {{frontend: {{default: {{validation: {{caCertificateRefs: [{ca}]}}}}}}}}"
    found = said(gateway(HTTP, HTTPS, more=rule), pem.good_secret("cert"), ALL_ACKED)
    assert brief(listener(found, "https").verdicts) == {
        "Accepted": "!NoValidCACertificate",
        "Programmed": "!Invalid",
        "ResolvedRefs": "!InvalidCACertificateRef",
        "Conflicted": "!NoConflicts",
    }
    assert brief(listener(found, "http").verdicts)["Programmed"] == "Programmed"
    assert brief(found.verdicts)["Accepted"] == "ListenersNotValid"


def test_a_listener_of_unknown_kinds() -> None:
    found = said(gateway("{name: l, port: 80, protocol: HTTP, allowedRoutes: {kinds: [{kind: Odd}]}}"), ALL_ACKED)
    assert brief(found.listeners[0].verdicts)["ResolvedRefs"] == "!InvalidRouteKinds"
    assert brief(found.listeners[0].verdicts)["Accepted"] == "Accepted"
    assert found.listeners[0].kinds == ()


def test_a_listener_whose_filter_leads_nowhere_is_accepted() -> None:
    auth = "{type: ExternalAuth, externalAuth: {protocol: GRPC, backendRef: {name: nobody, port: 80}, grpc: {}}}"
    found = said(gateway(f"{{name: l, port: 80, protocol: HTTP, filters: {{requests: [{auth}]}}}}"), ALL_ACKED)
    assert brief(found.listeners[0].verdicts)["ResolvedRefs"] == "!InvalidListenerFilterRef"
    assert brief(found.listeners[0].verdicts)["Accepted"] == "Accepted"


def test_https_listeners_that_cover_the_same_hosts_are_warned_of() -> None:
    wild = HTTPS.replace("https, port", "wild, port").replace("HTTPS,", "HTTPS, hostname: '*.example',")
    other = HTTPS.replace("https, port", "other, port").replace("HTTPS,", "HTTPS, hostname: a.org,")
    exact = HTTPS.replace("https, port", "exact, port").replace("HTTPS,", "HTTPS, hostname: a.example,")
    found = said(gateway(wild, other, exact), pem.good_secret("cert"))
    overlaps = {
        each.name: [v.message for v in each.verdicts if v.type == "OverlappingTLSConfig"] for each in found.listeners
    }
    assert overlaps == {"wild": ["overlaps with listener exact"], "other": [], "exact": ["overlaps with listener wild"]}


def test_an_address_that_is_not_there() -> None:
    found = said(gateway(HTTP, more="addresses: [{type: IPAddress, value: 192.0.2.9}]"), ALL_ACKED)
    assert brief(found.verdicts) == {"Accepted": "Accepted", "Programmed": "!AddressNotUsable"}


def test_a_type_of_address_that_is_not_supported() -> None:
    found = said(gateway(HTTP, more="addresses: [{type: Hostname, value: a.example}]"), ALL_ACKED)
    assert brief(found.verdicts) == {"Accepted": "!UnsupportedAddress", "Programmed": "!Invalid"}


def test_parameters_of_a_kind_that_nobody_knows() -> None:
    more = "infrastructure: {parametersRef: {group: x.example, kind: Knobs, name: k}}"
    found = said(gateway(HTTP, more=more), ALL_ACKED)
    assert brief(found.verdicts)["Accepted"] == "!InvalidParameters"


# --- ListenerSets ----------------------------------------------------------------------------------------------


def listener_set(*entries: str, namespace: str = "shop") -> str:
    return f"""
        kind: ListenerSet
        metadata: {{name: more, namespace: {namespace}, generation: 3}}
        spec: {{parentRef: {{name: gw, namespace: shop}}, listeners: [{", ".join(entries)}]}}
    """


SAME = "allowedListeners: {namespaces: {from: Same}}"
EXTRA = "{name: extra, port: 8080, protocol: HTTP}"


def test_a_listener_set_that_is_served() -> None:
    view = view_of(gateway(HTTP, more=SAME), listener_set(EXTRA), fleet("tcp-80", "tcp-8080"))
    found = listenerset_outcome(view, member("ListenerSet", "shop/more"))
    assert found is not None
    assert found.generation == 3
    assert brief(found.verdicts) == GOOD
    assert [each.name for each in found.listeners] == ["extra"]
    outer = gateway_outcome(view, member("Gateway", "shop/gw"))
    assert outer is not None
    assert outer.attached_sets == 1
    assert [each.name for each in outer.listeners] == ["http"]


def test_a_listener_set_that_is_not_allowed() -> None:
    view = view_of(gateway(HTTP, more=SAME), listener_set(EXTRA, namespace="blog"))
    found = listenerset_outcome(view, member("ListenerSet", "blog/more"))
    assert found is not None
    assert brief(found.verdicts) == {"Accepted": "!NotAllowed", "Programmed": "!NotAllowed"}
    assert found.listeners == ()
    outer = gateway_outcome(view, member("Gateway", "shop/gw"))
    assert outer is not None
    assert outer.attached_sets == 0


def test_a_listener_set_that_lost_all_its_listeners_is_not_counted() -> None:
    view = view_of(gateway(HTTP, more=SAME), listener_set(HTTP), ALL_ACKED)
    found = listenerset_outcome(view, member("ListenerSet", "shop/more"))
    assert found is not None
    assert brief(found.verdicts) == {"Accepted": "!ListenersNotValid", "Programmed": "!ListenersNotValid"}
    assert brief(found.listeners[0].verdicts) == {
        "Accepted": "!HostnameConflict",
        "Programmed": "!HostnameConflict",
        "ResolvedRefs": "ResolvedRefs",
        "Conflicted": "HostnameConflict",
    }
    outer = gateway_outcome(view, member("Gateway", "shop/gw"))
    assert outer is not None
    assert outer.attached_sets == 0


def test_a_listener_set_with_one_good_entry() -> None:
    view = view_of(gateway(HTTP, more=SAME), listener_set(EXTRA, ODD), fleet("tcp-8080"))
    found = listenerset_outcome(view, member("ListenerSet", "shop/more"))
    assert found is not None
    assert [(each.type, each.status) for each in found.verdicts] == [("Accepted", True), ("Programmed", True)]


def test_a_listener_set_without_a_certificate_has_nothing_to_offer() -> None:
    view = view_of(gateway(HTTP, more=SAME), listener_set(HTTPS), fleet("tcp-80", "tcp-443"))
    found = listenerset_outcome(view, member("ListenerSet", "shop/more"))
    assert found is not None
    assert brief(found.verdicts) == {"Accepted": "!ListenersNotValid", "Programmed": "!ListenersNotValid"}
    assert brief(found.listeners[0].verdicts)["ResolvedRefs"] == "!InvalidCertificateRef"
    assert brief(found.listeners[0].verdicts)["Accepted"] == "Accepted"


def test_listener_sets_of_other_gateways_are_not_spoken_of() -> None:
    assert listenerset_outcome(scratch(CLASS, listener_set(EXTRA)), member("ListenerSet", "shop/more")) is None


# --- routes ----------------------------------------------------------------------------------------------------


def route(parents: str = "{name: gw}", rule: str = "{backendRefs: [{name: cart, port: 80}]}") -> str:
    return f"""
        kind: HTTPRoute
        metadata: {{name: r, namespace: shop, generation: 9}}
        spec: {{parentRefs: [{parents}], rules: [{rule}]}}
    """


def told(*sources: str | Delta) -> RouteOutcome | None:
    return route_outcome(view_of(gateway(HTTP), *sources), member("HTTPRoute", "shop/r"))


def test_a_route_that_is_served() -> None:
    found = told(route())
    assert found is not None
    assert found.generation == 9
    assert [brief(each.verdicts) for each in found.parents] == [
        {"Accepted": "Accepted", "ResolvedRefs": "ResolvedRefs"}
    ]


def test_one_entry_for_each_parent_of_ours() -> None:
    found = told(route("{name: gw, sectionName: http}, {name: gw, sectionName: nope}, {name: other}"))
    assert found is not None
    assert [(each.ref.section, brief(each.verdicts)["Accepted"]) for each in found.parents] == [
        ("http", "Accepted"),
        ("nope", "!NoMatchingParent"),
    ]


def test_a_broken_reference_leaves_the_route_accepted() -> None:
    found = told(route(rule="{backendRefs: [{name: nobody, port: 80}]}"))
    assert found is not None
    assert brief(found.parents[0].verdicts) == {"Accepted": "Accepted", "ResolvedRefs": "!BackendNotFound"}


def test_references_of_a_detached_route_are_resolved_all_the_same() -> None:
    found = told(route("{name: gw, sectionName: nope}"))
    assert found is not None
    assert brief(found.parents[0].verdicts) == {"Accepted": "!NoMatchingParent", "ResolvedRefs": "ResolvedRefs"}


def test_a_route_whose_rules_work_in_part() -> None:
    bad = "{matches: [{path: {type: RegularExpression, value: '/('}}]}"
    found = told(route(rule=f"{bad}, {{backendRefs: [{{name: cart, port: 80}}]}}"))
    assert found is not None
    assert brief(found.parents[0].verdicts) == {
        "Accepted": "Accepted",
        "ResolvedRefs": "ResolvedRefs",
        "PartiallyInvalid": "UnsupportedValue",
    }


def test_a_route_without_parents_of_ours_is_not_spoken_of() -> None:
    assert told(route("{name: other}")) is None
    assert told() is None


def test_attached_routes_are_the_accepted_ones() -> None:
    routes = [
        route().replace("name: r,", "name: a,"),
        route("{name: gw, sectionName: nope}").replace("name: r,", "name: b,"),
        route(rule="{backendRefs: [{name: nobody, port: 80}]}").replace("name: r,", "name: c,"),
    ]
    assert said(gateway(HTTP), *routes).listeners[0].attached == 2
