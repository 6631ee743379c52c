import re

import pytest
import re2

from gatewayd.convert.fates import Fidelity
from tests.unit.convert.ingresses import converted, fates, ingress, rules


def canary(*paths: str, **annotations: str) -> str:
    return ingress("canary", *paths, canary="true", **annotations).replace("name: web", "name: new")


def shares(*texts: str) -> dict[str, list[str]]:
    """Return the backends of each rule of the older Ingress with their weights."""
    return {
        name: [f"{ref['name']} {ref.get('weight', 1)}" for ref in rule["backendRefs"]]
        for name, rule in rules(converted(ingress("shop", "/a"), *texts)).items()
    }


def test_a_weight_is_shared_on_the_path_that_both_have() -> None:
    done = converted(ingress("shop", "/a", "/b"), canary("/a", canary_weight="10"))
    backends = {name: [ref["name"] for ref in rule["backendRefs"]] for name, rule in rules(done).items()}
    assert backends == {"a": ["web", "new"], "b": ["web"]}
    assert shares(canary("/a", canary_weight="10")) == {"a": ["web 90", "new 10"]}


@pytest.mark.parametrize(
    ("weight", "total", "expected"),
    [("0", "100", ["web 1"]), ("100", "100", ["web 0", "new 100"]), ("1", "1000", ["web 999", "new 1"])],
)
def test_weights_at_the_edges(weight: str, total: str, expected: list[str]) -> None:
    assert shares(canary("/a", canary_weight=weight, canary_weight_total=total)) == {"a": expected}


def test_a_header_comes_before_a_cookie_and_the_weight() -> None:
    text = canary("/a", canary_by_header="env", canary_by_cookie="env", canary_weight="5")
    assert shares(text) == {
        "a-canary": ["new 1"],
        "a-stable": ["web 1"],
        "a-canary.2": ["new 1"],
        "a-stable.2": ["web 1"],
        "a": ["web 95", "new 5"],
    }


def test_a_header_does_not_lose_the_path() -> None:
    done = converted(ingress("shop", "/a"), canary("/a", canary_by_header="env", canary_by_header_value="canary"))
    assert rules(done)["a-canary"]["matches"] == [
        {
            "path": {"type": "PathPrefix", "value": "/a"},
            "headers": [{"type": "Exact", "name": "env", "value": "canary"}],
        }
    ]


def test_a_pattern_stands_anywhere_in_the_header() -> None:
    done = converted(ingress("shop", "/a"), canary("/a", canary_by_header="env", canary_by_header_pattern="b|c"))
    [match] = rules(done)["a-canary"]["matches"]
    [header] = match["headers"]
    assert [bool(re2.fullmatch(header["value"], text)) for text in ("abd", "xc", "d")] == [True, True, False]


def test_a_cookie_is_told_from_others() -> None:
    done = converted(ingress("shop", "/a"), canary("/a", canary_by_cookie="to.go"))
    [match] = rules(done)["a-canary"]["matches"]
    [header] = match["headers"]
    texts = ("to.go=always", "a=b; to.go=always; c=d", "not-to.go=always", "toxgo=always", "to.go=always-not")
    assert [bool(re.fullmatch(header["value"], text)) for text in texts] == [True, True, False, False, False]


@pytest.mark.parametrize(("text", "names"), [("True", {"a"}), ("false", {"a"}), ("yes", {"a"})])
def test_a_canary_is_one_by_its_value(text: str, names: set[str]) -> None:
    other = ingress("canary", "/a", canary=text, canary_weight="10").replace("name: web", "name: new")
    done = converted(ingress("a", "/a"), other)
    assert set(rules(done, "shop/a")) == names
    assert len(rules(done, "shop/a")["a"]["backendRefs"]) == (2 if text == "True" else 1)


def test_other_annotations_of_a_canary_had_no_effect() -> None:
    done = converted(ingress("shop", "/a"), canary("/a", canary_weight="10", auth_url="https://login.example"))
    assert fates(done) == {"canary": Fidelity.EXACT, "canary-weight": Fidelity.EXACT, "auth-url": Fidelity.EXACT}


def test_a_canary_of_no_path_had_no_effect() -> None:
    done = converted(ingress("shop", "/a"), canary("/b", canary_weight="10"))
    assert list(rules(done)) == ["a"]
    assert fates(done)["spec.rules[0].http.paths[0]"] is Fidelity.EXACT


def test_a_pattern_of_another_language_is_lost() -> None:
    done = converted(ingress("shop", "/a"), canary("/a", canary_by_header="env", canary_by_header_pattern="(?!a)"))
    assert fates(done)["canary-by-header-pattern"] is Fidelity.LOST
    assert list(rules(done)) == ["a-canary", "a-stable", "a"]
