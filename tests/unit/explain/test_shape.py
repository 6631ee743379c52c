import json
from typing import Any

import pytest

from gatewayd.explain.request import Sent
from gatewayd.explain.shape import traces_json
from gatewayd.explain.trace import Translated, traces
from tests.unit.example import SHOP, translated


def shaped(target: str) -> dict[str, Any]:
    found = translated(SHOP)
    sent = Sent(scheme="http", method="GET", host="shop.example", target=target, headers=())
    configs = tuple(found.reconciler.configs.values())
    value = traces_json(sent, traces(Translated(engine=found.engine, configs=configs), sent, None))
    return dict(json.loads(json.dumps(value)))


def test_a_rule() -> None:
    value = shaped("/cart")

    assert value["request"] == {
        "scheme": "http", "method": "GET", "host": "shop.example", "target": "/cart", "headers": [],
    }  # fmt: skip
    (answer,) = value["answers"]
    assert answer["result"] == "rule"
    assert answer["rule"] == {
        "kind": "HTTPRoute",
        "namespace": "default",
        "name": "shop",
        "field": "spec.rules[0].matches[0]",
        "ruleName": None,
    }
    assert [each["part"] for each in answer["backends"]] == [0.75, 0.25]
    assert answer["others"] == [
        {
            "kind": "HTTPRoute",
            "route": "default/shop",
            "field": "spec.rules[1].matches[0]",
            "matches": False,
            "why": "path /cart is neither /old nor below it",
        }
    ]


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("/old", {"result": "rule", "status": 302, "location": "http://shop.example:8080/cart"}),
        ("/", {"result": "none", "status": 404, "why": "no rule matches"}),
        ("/a%2Fb", {"result": "answered", "status": 307, "location": "/a/b"}),
    ],
)
def test_other_ends(target: str, expected: dict[str, object]) -> None:
    (answer,) = shaped(target)["answers"]

    assert {key: answer[key] for key in expected} == expected
