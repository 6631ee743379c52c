import pytest

from gatewayd.api.httproute import HTTPHeaderMatch
from gatewayd.translator.nginx.annotations import ANY_NAME, AnnotationEffect
from gatewayd.translator.nginx.readable import effect_problem, filter_problem, problem_of

HEADERS = {"type": "RequestHeaderModifier", "requestHeaderModifier": {"set": [{"name": "x", "value": "a"}]}}
BAD = {"type": "RequestHeaderModifier", "requestHeaderModifier": {"set": [{"name": "x", "value": "a\nb"}]}}


def test_what_would_be_taken_has_no_problem() -> None:
    effect = AnnotationEffect(
        filters=(HEADERS,),
        more={"sessionPersistence": {"type": "Cookie"}},
        access={"clients": {"allow": [{"cidr": "10.0.0.0/8"}]}},
        passage={"timeouts": {"streamIdle": "70s"}},
        backend={"connection": {"connectTimeout": "2s"}},
        tls_name=ANY_NAME,
    )
    assert effect_problem(effect) == ""
    assert effect_problem(AnnotationEffect()) == ""


@pytest.mark.parametrize(
    ("effect", "path"),
    [
        (AnnotationEffect(filters=(HEADERS, BAD)), "requestHeaderModifier.set[0].value"),
        (AnnotationEffect(more={"sessionPersistence": {"absoluteTimeout": "277777777h"}}), "absoluteTimeout"),
        (AnnotationEffect(access={"clients": {"allow": [{"cidr": "inside"}]}}), "clients.allow[0].cidr"),
        (AnnotationEffect(passage={"body": {"maxBytes": 10**12}}), "body.maxBytes"),
        (AnnotationEffect(backend={"connection": {"connectTimeout": "long"}}), "connection.connectTimeout"),
        (AnnotationEffect(tls_name="a b"), "a b is no name of a certificate"),
    ],
)
def test_the_first_part_that_nobody_would_take_is_told(effect: AnnotationEffect, path: str) -> None:
    assert effect_problem(effect).startswith(path)


def test_a_value_is_read_as_what_it_will_be() -> None:
    assert filter_problem(HEADERS) == ""
    assert problem_of({"name": "a b", "value": "x"}, HTTPHeaderMatch).startswith("name: ")
