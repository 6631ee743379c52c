import pytest

from gatewayd.api.ingress import Ingress
from gatewayd.incremental.view import View
from gatewayd.translator.live_annotations import (
    AnnotationMode,
    GatewayHost,
    annotation_mode,
    host_traits,
    live_annotations,
    unread_annotations,
)
from tests.unit.translator.ingress_manifests import SERVED, annotated_class, ingress, noted, paths
from tests.unit.translator.manifests import GW, member, scratch

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
