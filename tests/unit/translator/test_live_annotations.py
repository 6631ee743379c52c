import pytest

from gatewayd.api.ingress import Ingress
from gatewayd.incremental.view import View
from gatewayd.translator.live_annotations import (
    EXPRESSION_HOSTS,
    AnnotationMode,
    BroughtTo,
    CanaryHost,
    GatewayHost,
    annotation_mode,
    canary_paths,
    first_to_bring,
    host_traits,
    live_annotations,
    unread_annotations,
    who_brings,
)
from tests.unit.translator.ingress_manifests import SERVED, annotated_class, ingress, noted, paths
from tests.unit.translator.manifests import GW, deltas, member, scratch

WEB = member("Ingress", "shop/web")
RULE = f"rules: [{{host: a.example, {paths('Prefix /a')}}}]"


def told(view: View) -> str | None:
    row = view.get(Ingress, WEB.key)
    assert row is not None
    return unread_annotations(view, row)


@pytest.mark.parametrize(
    ("text", "mode"),
    [("strict", AnnotationMode.STRICT), ("lenient", AnnotationMode.LENIENT), ("tier9", AnnotationMode.STRICT)],
)
def test_the_class_says_how_annotations_count(text: str, mode: AnnotationMode) -> None:
    view = scratch(annotated_class(text), ingress(RULE, meta=noted(use_regex="true")))
    assert annotation_mode(view, "web") is mode
    assert live_annotations(view, WEB) is not None
    told_of_class = told(view)
    assert (told_of_class is None) == (text != "tier9")


def test_what_is_neither_is_told_with_what_is_allowed() -> None:
    view = scratch(annotated_class("tier9"), ingress(RULE))
    assert told(view) == (
        'IngressClass "web" metadata.annotations["gatewayd.io/nginx-annotations"]: "tier9" is not known, and counts as'
        " strict; allowed: strict, lenient"
    )


def test_without_the_class_they_do_not_count_and_that_is_told() -> None:
    view = scratch(SERVED, ingress(RULE, meta=noted(a="1", b="1", c="1", d="1")))
    assert annotation_mode(view, "web") is None
    assert live_annotations(view, WEB) is None
    found = told(view)
    assert found is not None
    assert found.startswith("metadata.annotations: nginx.ingress.kubernetes.io/a, ")
    assert "/c and 1 more: of another controller, and not read" in found
    assert told(scratch(SERVED, ingress(RULE))) is None


def test_a_class_of_another_controller_reads_nothing() -> None:
    other = annotated_class().replace("gatewayd.io/ingress-controller", "k8s.io/ingress-nginx")
    assert annotation_mode(scratch(other, ingress(RULE)), "web") is None


def test_what_an_ingress_brings_to_its_hosts() -> None:
    spec = f"{RULE}, tls: [{{hosts: [a.example], secretName: a}}]"
    here = (GatewayHost(GW, "a.example"),)
    found = host_traits(scratch(annotated_class(), ingress(spec, meta=noted(rewrite_target="/x"))), WEB)
    assert (found.expressions, found.certified) == (here, here)
    plain = host_traits(scratch(annotated_class(), ingress(spec, meta=noted(rewrite_target="/a"))), WEB)
    assert (plain.expressions, plain.certified) == ((), here)
    for none in (
        scratch(SERVED, ingress(spec, meta=noted(rewrite_target="/x"))),
        scratch(annotated_class(), ingress(spec, meta=noted(rewrite_target="/x", canary="true"))),
    ):
        assert host_traits(none, WEB)[:3] == ((), (), ())


def made(second: int) -> str:
    return f"creationTimestamp: '2026-01-01T00:00:0{second}Z'"


def test_paths_of_the_oldest_canary_come_first_whatever_it_is_called() -> None:
    weighed = noted(canary="true", canary_weight="10")
    of_old = f"rules: [{{host: a.example, {paths('Prefix /y', 'Prefix /x')}}}]"
    view = scratch(
        annotated_class(),
        ingress(RULE, name="aa", meta=f"{weighed}, {made(2)}"),
        ingress(of_old, name="zz", meta=f"{weighed}, {made(1)}"),
        ingress(RULE, name="elsewhere", namespace="bank", meta=f"{weighed}, {made(0)}"),
    )
    found = canary_paths(view, CanaryHost(GW, "shop", "a.example"))
    assert [each.path for each in found] == ["/y", "/x", "/a"]


AT = BroughtTo(EXPRESSION_HOSTS, GatewayHost(GW, "a.example"))


def with_expressions() -> View:
    """Return the expressions of two namespaces at one host; the names say nothing of who was first."""
    expressions = noted(use_regex="true")
    return scratch(
        annotated_class(),
        ingress(RULE, name="aa", meta=f"{expressions}, {made(5)}"),
        ingress(RULE, name="zz", meta=f"{expressions}, {made(3)}"),
        ingress(RULE, name="mm", namespace="bank", meta=f"{expressions}, {made(4)}"),
        ingress(RULE, name="own", namespace="team", meta=made(6)),
    )


def test_of_each_namespace_the_oldest_ingress_brings_something_to_a_host() -> None:
    found = [(created[-2:-1], str(key)) for created, key in first_to_bring(with_expressions(), AT)]
    assert found == [("3", "shop/zz"), ("4", "bank/mm")]


@pytest.mark.parametrize(
    ("namespace", "second", "who"),
    [
        ("team", 6, "shop/zz"),
        ("team", 4, "shop/zz"),
        ("team", 3, None),
        ("team", 2, None),
        ("shop", 2, "shop/zz"),
        ("bank", 4, "shop/zz"),
        ("bank", 3, "bank/mm"),
    ],
)
def test_an_ingress_changes_those_of_its_namespace_and_of_others_the_younger(
    namespace: str, second: int, who: str | None
) -> None:
    (row,) = deltas(ingress(RULE, name="asks", namespace=namespace, meta=made(second)))
    assert isinstance(row.obj, Ingress)
    found = who_brings(with_expressions(), EXPRESSION_HOSTS, AT.at, row.obj)
    assert (found and str(found)) == who
