from datetime import UTC, datetime, timedelta

from gatewayd.api.meta import ObjectKey
from gatewayd.explain.findings import (
    finding,
    in_files,
    in_outcomes,
    in_rejections,
    in_slices,
    unattached,
)
from gatewayd.explain.parent_findings import without_effect
from gatewayd.ir.conditions import Severity
from gatewayd.ir.fleet import GatewayFleet
from gatewayd.ir.outcome import Rejection
from gatewayd.manifests.admission import Identity
from gatewayd.manifests.documents import FileProblem
from gatewayd.offline.translation import Translation
from gatewayd.xds.resource import CLUSTER, LISTENER, SECRET
from tests.unit.example import FILE, SHOP, translated
from tests.unit.translator import pem

AGO = datetime(2020, 1, 1, tzinfo=UTC)
BROKEN = SHOP.replace("{name: cart, port: 80, weight: 3}", "{name: none, port: 80}")


def said(found: Translation) -> list[tuple[int, str, str, str]]:
    outcomes, place_of = found.reconciler.outcomes, found.manifests.folder.place_of
    return [(each.line, each.severity.value, each.object, each.reason) for each in in_outcomes(outcomes, place_of)]


def test_nothing_is_said_of_what_works() -> None:
    assert said(translated(SHOP)) == []


def test_a_reference_that_leads_nowhere_stands_at_its_line() -> None:
    assert said(translated(BROKEN)) == [(19, "error", "HTTPRoute default/shop", "BackendNotFound")]


def test_a_condition_of_several_parents_is_said_once() -> None:
    both = BROKEN.replace("[{name: web}]", "[{name: web, sectionName: http}, {name: web, sectionName: b}]").replace(
        "port: 8080}", "port: 8080}\n  - {name: b, protocol: HTTP, port: 8081}"
    )

    assert [reason for *_, reason in said(translated(both))] == ["BackendNotFound"]


def test_a_listener_is_complained_of_and_its_gateway_not_again() -> None:
    text = SHOP.replace(
        "{name: http, protocol: HTTP, port: 8080}", "{name: odd, protocol: example.com/odd, port: 8080}"
    )

    assert [each for each in said(translated(text)) if each[2] == "Gateway default/web"] == [
        (7, "error", "Gateway default/web", "UnsupportedProtocol")
    ]


def test_partial_validity_is_a_warning() -> None:
    text = SHOP.replace("/cart}\n    backendRefs", "'/c('}\n    backendRefs").replace(
        "PathPrefix, value: '", "RegularExpression, value: '"
    )

    assert (18, "warning") not in said(translated(text))
    assert [each[1] for each in said(translated(text))] == ["warning"]


def test_endpoints_that_are_left_out_are_warnings_at_their_line() -> None:
    found = translated(SHOP.replace('"127.0.0.1"', '"169.254.169.254"'))

    told = list(in_slices(found.engine, found.manifests.folder.place_of))

    assert [(each.severity, each.object.partition(" ")[0]) for each in told] == [(Severity.WARNING, "EndpointSlice")]
    assert all(each.line for each in told)
    assert set(told) <= set(found.findings)


def test_a_certificate_that_has_ended_is_a_warning_at_its_listener() -> None:
    chain = pem.certificate_of(pem.ec_key(), begins=AGO, ends=AGO + timedelta(days=1))
    secret = pem.secret("cert", chain, pem.pem_of(pem.ec_key()), "default").replace("\n        ", "\n")
    text = SHOP.replace(
        "{name: http, protocol: HTTP, port: 8080}",
        "{name: https, protocol: HTTPS, port: 8443, hostname: shop.example, tls: {certificateRefs: [{name: cert}]}}",
    )
    found = translated(f"{text}---\napiVersion: v1\n{secret}")

    assert said(found) == [(7, "warning", "Gateway default/web", "CertificateWarning")]
    assert "ended at 2020-01-02T00:00:00Z" in found.findings[0].message


def test_what_concerns_nothing_of_ours_is_a_warning() -> None:
    text = SHOP.replace("gatewayClassName: gatewayd", "gatewayClassName: other")
    found = translated(text)

    place_of = found.manifests.folder.place_of
    judged = without_effect(found.engine, found.reconciler.outcomes, frozenset(), place_of)
    told = [each.finding for each in judged]

    assert [(each.line, each.object, each.severity) for each in told] == [
        (5, "Gateway default/web", Severity.WARNING),
        (13, "HTTPRoute default/shop", Severity.WARNING),
    ]


def test_problems_of_files_are_errors_and_what_is_not_read_is_a_warning() -> None:
    problem = FileProblem(file="a", line=1, message="bad")
    ignored = FileProblem(file="b", line=2, message="not read")

    assert [(each.file, each.severity) for each in in_files([problem], [ignored])] == [
        ("a", Severity.ERROR),
        ("b", Severity.WARNING),
    ]


def test_a_refused_resource_is_on_the_object_that_it_was_made_from() -> None:
    place_of = translated(SHOP).manifests.folder.place_of
    rejections = (
        Rejection(type_url=CLUSTER, names=("default/cart/80/http1",), message="no"),
        Rejection(type_url=LISTENER, names=("tcp-8080",), message="no"),
        Rejection(type_url=SECRET, names=("certificate/default/tls",), message="no"),
    )

    told = list(in_rejections(GatewayFleet(namespace="default", name="web"), rejections, place_of))

    assert [(each.object, each.line, each.reason) for each in told] == [
        ("Service default/cart", 27, "Rejected"),
        ("Gateway default/web", 1, "Rejected"),
        ("Secret default/tls", 0, "Rejected"),
    ]
    assert told[0].message == "Envoy refused Cluster default/cart/80/http1: no"


def test_a_message_without_a_field_stands_at_the_object() -> None:
    identity = Identity("HTTPRoute", ObjectKey("default", "shop"))
    place = translated(SHOP).manifests.folder.place_of(identity)

    assert finding(identity, place, Severity.ERROR, "", "it does not work").line == 9
    assert finding(identity, place, Severity.ERROR, "", "spec.hostnames: it does not work").line == 14
    assert finding(identity, None, Severity.ERROR, "", "spec.hostnames: it does not work").file == ""
    assert place is not None
    assert place.file == FILE


def policy(*targets: str) -> str:
    listed = ", ".join(f'{{group: "", kind: Service, {each}}}' for each in targets)
    return f"""---
apiVersion: gateway.networking.k8s.io/v1
kind: BackendTLSPolicy
metadata: {{name: p}}
spec: {{targetRefs: [{listed}], validation: {{hostname: a.example, wellKnownCACertificates: System}}}}
"""


def test_a_policy_for_what_is_not_there_is_an_error_whoever_uses_it() -> None:
    for target in ("name: cart, sectionName: nope", "name: nobody"):
        found = translated(SHOP + policy(target))
        told = [each for each in found.findings if each.object == "BackendTLSPolicy default/p"]
        assert [(each.severity, each.reason) for each in told] == [(Severity.ERROR, "TargetNotFound")]
        assert all(each.line for each in told)


def test_what_a_status_says_is_not_said_twice() -> None:
    found = translated(SHOP + policy("name: cart, sectionName: nope"))
    assert list(unattached(found.engine, found.reconciler.outcomes, found.manifests.folder.place_of)) == []
