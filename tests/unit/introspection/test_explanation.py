from gatewayd.explain.request import Sent
from gatewayd.introspection.explanation import (
    Explanation,
    explanation_asked,
    explanation_decoded,
    explanation_encoded,
    explanation_request,
)
from gatewayd.ir.filters import Header

SENT = Sent(
    scheme="https",
    method="POST",
    host="shop.example",
    target="/a?b=c",
    headers=(Header(name="env", value="canary"),),
    client="203.0.113.9",
)


def test_a_request_comes_through_as_it_was() -> None:
    assert explanation_asked(explanation_request(SENT, 443)) == (SENT, 443)
    assert explanation_asked(explanation_request(SENT, None)) == (SENT, None)


def test_an_explanation_comes_through_as_it_was() -> None:
    explanation = Explanation(lines=("a", "b"), shape={"answers": [1]}, is_taken=True, where="./gateway")

    assert explanation_decoded(explanation_encoded(explanation)) == explanation
