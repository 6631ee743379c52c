import json
from typing import Any

import pytest
import yaml

from gatewayd.ir.infrastructure import Toleration
from gatewayd.translator.parameters.placement import read_affinity, read_priority_class, read_tolerations
from gatewayd.translator.parameters.readers import Wrong


def test_tolerations() -> None:
    read = [
        {"key": "edge", "value": "yes", "effect": "NoSchedule"},
        {"operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 5},
    ]
    assert read_tolerations(read) == (
        Toleration(key="edge", operator="Equal", value="yes", effect="NoSchedule", seconds=None),
        Toleration(key="", operator="Exists", value="", effect="NoExecute", seconds=5),
    )
    assert read_tolerations([]) == ()


@pytest.mark.parametrize(
    ("read", "why"),
    [
        ({}, "a list of at most 32"),
        ([{}] * 33, "a list of at most 32"),
        (["a"], "[0]: not understood"),
        ([{"keys": "a"}], "[0]: not understood"),
        ([{"key": True}], "[0]: has a value that is no string"),
        ([{"key": "a", "operator": "In"}], "[0].operator: not known"),
        ([{"key": "a", "effect": "NoRun"}], "[0].effect: not known"),
        ([{"key": "a", "operator": "Exists", "value": "b"}], "[0].value: must not be set"),
        ([{"value": "b"}], "[0].key: must be set"),
        ([{"key": "a", "effect": "NoExecute", "tolerationSeconds": "5"}], "[0].tolerationSeconds: is no whole number"),
        ([{"key": "a", "tolerationSeconds": 5}], "[0].tolerationSeconds: goes with"),
    ],
)
def test_what_the_api_server_would_refuse(read: Any, why: str) -> None:
    wrong = read_tolerations(read)
    assert isinstance(wrong, Wrong)
    assert why in wrong.why


def test_an_affinity_is_json() -> None:
    read = {"podAntiAffinity": {"b": [1]}, "nodeAffinity": {}}
    found = read_affinity(read)
    assert isinstance(found, str)
    assert json.loads(found) == read


LAUGHS = (
    "nodeAffinity: {"
    + ", ".join(
        [
            "a0: &a0 [x, x, x, x, x, x, x, x, x]",
            *(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 9)),
        ]
    )
    + "}"
)


@pytest.mark.parametrize(
    "text",
    ["[]", "{other: {}}", "{nodeAffinity: 1}", "{nodeAffinity: {a: 2020-01-01}}", LAUGHS, "nodeAffinity: &a {b: *a}"],
)
def test_what_is_no_affinity(text: str) -> None:
    assert isinstance(read_affinity(yaml.load(text, Loader=yaml.CSafeLoader)), Wrong)


def test_a_priority_class_is_named() -> None:
    assert read_priority_class("system-cluster-critical") == "system-cluster-critical"
    for text in ("", "Edge", "a_b", "a" * 254):
        assert read_priority_class(text) == Wrong(
            why=f'"{text[:60]}" is no name of a PriorityClass; allowed: such as system-cluster-critical'
        )
