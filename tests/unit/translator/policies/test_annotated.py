from gatewayd.api.accesspolicy import AccessPolicy
from gatewayd.api.backendpolicy import BackendPolicy
from gatewayd.api.ingress import Ingress
from gatewayd.api.reportpolicy import ReportPolicy
from gatewayd.api.routepolicy import RoutePolicy
from gatewayd.translator.ingresses import INGRESS_KIND
from gatewayd.translator.policies.annotated import (
    NONE_ANNOTATED,
    AnnotatedPolicies,
    annotated,
    annotated_access,
    services,
)
from gatewayd.translator.policies.attach import SERVICE_KIND
from gatewayd.translator.policies.effective import ScopedTarget, TargetKey, annotated_targets, at_target
from tests.unit.translator.ingress_manifests import CART_PORT, SERVED, annotated_class, ingress, noted, paths
from tests.unit.translator.manifests import member, scratch

WEB = member("Ingress", "shop/web")
RULE = f"rules: [{{{paths('Prefix /')}}}], defaultBackend: {CART_PORT}"
NOTES = noted(
    denylist_source_range="10.0.0.1",
    proxy_body_size="1k",
    proxy_connect_timeout="5",
    auth_type="basic",
    auth_secret="u",
)
OWN = ScopedTarget(INGRESS_KIND, WEB.key, "")  # type: ignore[arg-type]


def found(meta: str = NOTES, of_class: str = annotated_class()) -> AnnotatedPolicies:
    return annotated(scratch(of_class, ingress(RULE, meta=meta)), WEB)


def test_sections_of_each_kind_with_the_annotation_they_come_of() -> None:
    sections = found()
    assert [each.name for each in sections.of(AccessPolicy)] == ["clients", "basic"]
    assert (
        sections.of(AccessPolicy)[0].path == 'metadata.annotations["nginx.ingress.kubernetes.io/denylist-source-range"]'
    )
    assert [each.name for each in sections.of(RoutePolicy)] == ["body"]
    assert [each.name for each in sections.of(BackendPolicy)] == ["connection"]
    assert sections.of(ReportPolicy) == ()
    assert sections.problems == ()


def test_none_where_the_class_does_not_ask_or_it_is_a_canary() -> None:
    assert found(of_class=SERVED) == NONE_ANNOTATED
    assert found(noted(canary="true", denylist_source_range="10.0.0.1")) == NONE_ANNOTATED


def test_what_they_are_for() -> None:
    view = scratch(annotated_class(), ingress(RULE, meta=NOTES))
    cart = ScopedTarget(SERVICE_KIND, WEB.key._replace(name="cart"), "")  # type: ignore[union-attr]
    assert annotated_targets(view, WEB) == (OWN, cart)
    [connection] = at_target(view, TargetKey(BackendPolicy, cart)).defaults
    assert (connection.section, connection.owner) == ("connection", "Ingress/shop/web")


def test_of_two_ingresses_the_older_says_what_counts_whatever_it_is_called() -> None:
    def asking(name: str, seconds: int) -> str:
        created = f"creationTimestamp: '2026-01-01T00:00:0{seconds}Z'"
        return ingress(RULE, name=name, meta=f"{noted(proxy_connect_timeout=str(seconds))}, {created}")

    view = scratch(annotated_class(), asking("a-younger", 2), asking("older", 1))
    cart = ScopedTarget(SERVICE_KIND, WEB.key._replace(name="cart"), "")  # type: ignore[union-attr]
    [connection] = at_target(view, TargetKey(BackendPolicy, cart)).defaults
    assert connection.owner == "Ingress/shop/older"


def test_a_policy_for_the_ingress_goes_first() -> None:
    policy = """
kind: AccessPolicy
metadata: {name: inside, namespace: shop}
spec:
  targetRefs: [{group: networking.k8s.io, kind: Ingress, name: web}]
  default: {clients: {allow: [{cidr: 10.0.0.0/8}]}}
"""
    view = scratch(annotated_class(), ingress(RULE, meta=NOTES), policy)
    defaults = at_target(view, TargetKey(AccessPolicy, OWN)).defaults
    assert {each.section: each.owner for each in defaults} == {"clients": "shop/inside", "basic": "Ingress/shop/web"}


def test_the_secrets_that_they_name_are_known_whatever_the_class() -> None:
    row = scratch(SERVED, ingress(RULE, meta=NOTES)).get(Ingress, WEB.key)
    assert row is not None
    given = annotated_access(row).spec.default
    assert given is not None
    assert given.basic is not None
    assert given.basic.secret_ref is not None
    assert given.basic.secret_ref.name == "u"
    assert list(services(row)) == ["cart"]
