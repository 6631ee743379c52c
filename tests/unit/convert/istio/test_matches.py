from typing import Any

import pytest

from gatewayd.convert.fates import Fate
from gatewayd.convert.fields import Fields
from gatewayd.convert.istio.matches import istio_match
from gatewayd.convert.matching import written
from tests.unit.convert.ingresses import converted, objects, rules
from tests.unit.convert.istio_objects import gateway, rule, virtual_service


def read(match: dict[str, Any], *, by_letters: bool = False) -> tuple[dict[str, Any], list[Fate]]:
    fates: list[Fate] = []
    fields = Fields(match, "match", fates)
    done = istio_match(fields, by_letters=by_letters)
    fields.end()
    [alone] = written(done.match)
    return dict(alone), fates


@pytest.mark.parametrize(
    ("uri", "path"),
    [
        ({"exact": "/a"}, {"type": "Exact", "value": "/a"}),
        ({"prefix": "/a"}, {"type": "PathPrefix", "value": "/a"}),
        ({"prefix": "/a/"}, {"type": "PathPrefix", "value": "/a"}),
        ({"regex": "/a/[0-9]+"}, {"type": "RegularExpression", "value": "/a/[0-9]+"}),
    ],
)
def test_paths(uri: dict[str, str], path: dict[str, str]) -> None:
    assert read({"uri": uri})[0] == {"path": path}


@pytest.mark.parametrize("uri", [{"prefix": "/"}, {"regex": ".*"}, {"regex": "/.*"}])
def test_all_paths(uri: dict[str, str]) -> None:
    assert read({"uri": uri}) == ({}, [])


def test_prefixes_go_by_segments_and_that_is_told() -> None:
    [fate] = read({"uri": {"prefix": "/a"}})[1]
    assert (fate.path, fate.message) == ("match.uri.prefix", "PathPrefix, which goes by segments: /ax is not like it")


def test_prefixes_of_who_keeps_out_go_by_letters() -> None:
    assert read({"uri": {"prefix": "/a.b"}}, by_letters=True)[0]["path"]["value"] == r"/a\.b.*"


@pytest.mark.parametrize(
    ("uri", "pattern"), [({"prefix": "/a"}, "(?i)/a.*"), ({"exact": "/a"}, "(?i)/a"), ({"regex": "/a+"}, "/a+")]
)
def test_paths_without_regard_to_case(uri: dict[str, str], pattern: str) -> None:
    assert read({"uri": uri, "ignoreUriCase": True})[0]["path"]["value"] == pattern


def test_headers_parameters_and_hosts() -> None:
    done, _ = read({
        "headers": {"X-Env": {"exact": "a"}, "who": {"prefix": "o."}, "any": {}, "none": {"exact": ""}},
        "queryParams": {"Q": {"regex": "a|b"}},
        "authority": {"exact": "a.example"},
    })  # fmt: skip
    assert {each["name"]: (each["type"], each["value"]) for each in done["headers"]} == {
        "x-env": ("Exact", "a"),
        "who": ("RegularExpression", r"o\..*"),
        "any": ("RegularExpression", ".*"),
        "none": ("RegularExpression", "^$"),
        "host": ("Exact", "a.example"),
    }
    assert done["queryParams"] == [{"type": "RegularExpression", "name": "Q", "value": "a|b"}]


def test_methods() -> None:
    def methods(how: dict[str, str]) -> tuple[str, ...]:
        return istio_match(Fields({"method": how}, "", []), by_letters=False).match.methods

    assert (methods({"exact": "GET"}), methods({"regex": "GET|POST"})) == (("GET",), ("GET", "POST"))


@pytest.mark.parametrize(
    ("match", "path"),
    [
        ({"withoutHeaders": {"a": {}}}, "match.withoutHeaders"),
        ({"sourceLabels": {"a": "b"}}, "match.sourceLabels"),
        ({"scheme": {"exact": "https"}}, "match.scheme"),
        ({"method": {"regex": "G.*"}}, "match.method"),
        ({"uri": {"regex": "/(?!a)"}}, "match.uri.regex"),
        ({"headers": {"a": {"regex": "("}}}, "match.headers.a.regex"),
        ({"nobody": 1}, "match.nobody"),
        ({"headers": {"a": {"present": True}}}, "match.headers.a.present"),
    ],
)
def test_a_condition_that_cannot_be_had_has_protected(match: dict[str, Any], path: str) -> None:
    assert [fate.path for fate in read(match)[1] if fate.opens] == [path]


def test_a_header_of_no_name_closes_and_that_of_the_host_is_one() -> None:
    closed = converted(gateway(), virtual_service(rule(headers={":path": {"exact": "/a"}}), rule()))
    assert [each["spec"] for each in objects(closed, "RouteFilter").values()] == [{"directResponse": {"status": 403}}]
    named = converted(gateway(), virtual_service(rule(headers={":authority": {"exact": "a.example"}}), rule()))
    [match] = rules(named)["root"]["matches"]
    assert [each["name"].lower() for each in match["headers"]] == ["host"]
