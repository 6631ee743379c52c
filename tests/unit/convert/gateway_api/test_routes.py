from typing import Any

import pytest

from gatewayd.convert.fates import Fidelity
from tests.unit.convert.ingresses import converted, fates, objects
from tests.unit.convert.old_api import gateway, route

TO = [{"serviceName": "web", "port": 80}]


def rule(written: dict[str, Any]) -> Any:
    [found] = objects(converted(gateway(), route({"forwardTo": TO, **written})), "HTTPRoute").values()
    return found["spec"]["rules"][0]


def test_where_requests_go() -> None:
    refs = [
        {"serviceName": "a", "port": 80, "weight": 90},
        {"backendRef": {"group": "x.example", "kind": "K", "name": "b"}},
    ]
    assert rule({"forwardTo": refs})["backendRefs"] == [
        {"name": "a", "port": 80, "weight": 90},
        {"group": "x.example", "kind": "K", "name": "b"},
    ]
    assert rule({"forwardTo": [{"backend": {"serviceName": "a", "servicePort": 81}}]})["backendRefs"] == [
        {"name": "a", "port": 81}
    ]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Prefix", "PathPrefix"),
        ("Exact", "Exact"),
        ("ImplementationSpecific", "PathPrefix"),
        ("PathPrefix", "PathPrefix"),
    ],
)
def test_types_of_paths(old: str, new: str) -> None:
    assert rule({"matches": [{"path": {"type": old, "value": "/a"}}]})["matches"] == [
        {"path": {"type": new, "value": "/a"}}
    ]


def test_a_map_of_values_is_a_list_of_matches() -> None:
    match = {
        "headers": {"type": "RegularExpression", "values": {"env": "c.*", "x": "y"}},
        "queryParams": {"values": {"a": "b"}},
    }
    assert rule({"matches": [match]})["matches"] == [
        {
            "headers": [
                {"type": "RegularExpression", "name": "env", "value": "c.*"},
                {"type": "RegularExpression", "name": "x", "value": "y"},
            ],
            "queryParams": [{"type": "Exact", "name": "a", "value": "b"}],
        }
    ]


def test_maps_of_headers_are_lists() -> None:
    modifier = {"type": "RequestHeaderModifier", "requestHeaderModifier": {"set": {"a": "b"}, "remove": ["c"]}}
    assert rule({"filters": [modifier]})["filters"] == [
        {
            "type": "RequestHeaderModifier",
            "requestHeaderModifier": {"set": [{"name": "a", "value": "b"}], "remove": ["c"]},
        }
    ]


def test_a_mirror_of_a_service() -> None:
    mirror = {"type": "RequestMirror", "requestMirror": {"serviceName": "copy", "port": 80}}
    assert rule({"filters": [mirror]})["filters"] == [
        {"type": "RequestMirror", "requestMirror": {"backendRef": {"name": "copy", "port": 80}}}
    ]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ({"type": "Absolute", "substitution": "/b"}, {"type": "ReplaceFullPath", "replaceFullPath": "/b"}),
        (
            {"type": "ReplacePrefixMatch", "substitution": "/b"},
            {"type": "ReplacePrefixMatch", "replacePrefixMatch": "/b"},
        ),
    ],
)
def test_substitutions(old: Any, new: Any) -> None:
    match = [{"path": {"type": "Prefix", "value": "/a"}}]
    filters = [{"type": "URLRewrite", "urlRewrite": {"path": old}}]
    assert rule({"matches": match, "filters": filters})["filters"] == [
        {"type": "URLRewrite", "urlRewrite": {"path": new}}
    ]


def test_a_filter_of_another_implementation_stays_and_is_told() -> None:
    ref = {"group": "x.example", "kind": "Auth", "name": "a"}
    done = converted(gateway(), route({"forwardTo": TO, "filters": [{"type": "ExtensionRef", "extensionRef": ref}]}))
    assert fates(done)["spec.rules[0].filters[0]"] is Fidelity.LOST


def test_what_nobody_reads_is_lost() -> None:
    done = converted(gateway(), route({"forwardTo": TO, "matches": [{"extensionRef": {"name": "a"}}], "auth": 1}))
    told = fates(done)
    assert (told["spec.rules[0].matches[0].extensionRef"], told["spec.rules[0].auth"]) == (Fidelity.LOST,) * 2


@pytest.mark.parametrize(
    "match",
    [
        {"path": {"value": "/a"}, "extensionRef": {"name": "a"}},
        {"path": "/a"},
        {"headers": "a: b"},
        "/a",
    ],
)
def test_a_match_that_would_be_for_more_requests_is_not_written(match: Any) -> None:
    other = {"path": {"value": "/b"}}
    alone, beside = {"forwardTo": TO, "matches": [match]}, {"forwardTo": TO, "matches": [match, other]}
    done = converted(gateway(), route(alone, beside))
    [written] = objects(done, "HTTPRoute")["shop/shop"]["spec"]["rules"]
    assert written["matches"] == [other]
    assert fates(done)["spec.rules[0]"] is Fidelity.LOST


def test_a_match_of_everything_stays() -> None:
    assert rule({"matches": [{}]})["matches"] == [{}]


def test_headers_that_stand_by_themselves() -> None:
    assert rule({"matches": [{"headers": {"env": "canary"}}]})["matches"] == [
        {"headers": [{"type": "Exact", "name": "env", "value": "canary"}]}
    ]


@pytest.mark.parametrize("field", ["matches", "filters", "forwardTo", "backendRefs"])
def test_what_is_no_list_is_told(field: str) -> None:
    done = converted(gateway(), route({"forwardTo": TO, field: {"a": "b"}}))
    assert fates(done)[f"spec.rules[0].{field}"] is Fidelity.LOST
