import pytest

from gatewayd.convert.fates import Fidelity
from gatewayd.translator.nginx.annotations import AnnotationEffect, NginxAnnotations

PREFIX = "nginx.ingress.kubernetes.io/"


def written(**values: str) -> NginxAnnotations:
    return NginxAnnotations(namespace="shop", values=values)


def test_annotations_of_others_are_not_read() -> None:
    read = NginxAnnotations.of("shop", {f"{PREFIX}app-root": "/a", "cert-manager.io/issuer": "b"})
    assert read.values == {"app-root": "/a"}


@pytest.mark.parametrize(
    ("text", "meant"), [("true", True), ("True", True), ("1", True), ("false", False), ("F", False)]
)
def test_a_boolean_is_what_go_takes_for_one(text: str, *, meant: bool) -> None:
    assert written(a=text).boolean("a", default=not meant) is meant


def test_what_is_no_boolean_is_the_default() -> None:
    assert [written(a="yes").boolean("a", default=default) for default in (True, False)] == [True, False]


def test_numbers_and_lists() -> None:
    assert (written(a=" 60 ").integer("a"), written(a="60s").integer("a")) == (60, None)
    assert written(a="x, ,y").words("a") == ("x", "y")


def test_a_fate_names_the_annotation() -> None:
    fate = written().fate("app-root", Fidelity.LOST, "no")
    assert fate.path == f'metadata.annotations["{PREFIX}app-root"]'


def test_what_an_annotation_was_not_taken_for_is_exact() -> None:
    assert written().ignored("a", "a path").fidelity is Fidelity.EXACT


def test_effects_add_up_section_by_section() -> None:
    one = AnnotationEffect(access={"clients": {"allow": [1]}}, filters=({"type": "CORS"},))
    other = AnnotationEffect(access={"clients": {"deny": [2]}, "basic": {}}, passage={"body": {}})
    both = one + other
    assert both.access == {"clients": {"allow": [1], "deny": [2]}, "basic": {}}
    assert (len(both.filters), both.passage) == (1, {"body": {}})
