from typing import Any

import pytest

from gatewayd.convert.conditions import PrefixForm
from gatewayd.convert.contour.conditions import contour_match
from gatewayd.convert.fates import Fate
from gatewayd.convert.fields import Fields
from gatewayd.convert.matching import written


def read(*conditions: dict[str, Any], form: PrefixForm = PrefixForm.PATH_PREFIX) -> tuple[dict[str, Any], list[Fate]]:
    fates: list[Fate] = []
    fields = Fields({"c": list(conditions)}, "", fates)
    done = contour_match(fields.many("c"), form)
    fields.end()
    return dict(written(done.match)[0]), fates


@pytest.mark.parametrize(
    ("conditions", "path"),
    [
        ([{"prefix": "/a"}, {"prefix": "/b"}], ("PathPrefix", "/a/b")),
        ([{"prefix": "/a/"}, {"prefix": "/b"}], ("PathPrefix", "/a/b")),
        ([{"prefix": "/a"}, {"exact": "/b"}], ("Exact", "/a/b")),
        ([{"prefix": "/a.b"}, {"regex": "/[0-9]+"}], ("RegularExpression", r"/a\.b/[0-9]+")),
    ],
)
def test_paths(conditions: list[dict[str, Any]], path: tuple[str, str]) -> None:
    assert tuple(read(*conditions)[0]["path"].values()) == path


def test_all_paths() -> None:
    assert read() == read({"prefix": "/"}) == ({}, [])


def test_prefixes_go_by_segments_but_where_they_keep_out() -> None:
    assert [fate.message for fate in read({"prefix": "/a/"})[1]] == [
        "PathPrefix, which goes by segments: /a is like it"
    ]
    assert read({"prefix": "/a"}, form=PrefixForm.LETTERS)[0]["path"]["value"] == "/a.*"


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ({"exact": "b"}, ("Exact", "b")),
        ({"exact": "b", "ignoreCase": True}, ("RegularExpression", "(?i)b")),
        ({"contains": "b."}, ("RegularExpression", r".*b\..*")),
        ({"regex": "b+"}, ("RegularExpression", "b+")),
        ({"present": True}, ("RegularExpression", ".*")),
    ],
)
def test_headers(header: dict[str, Any], value: tuple[str, str]) -> None:
    [found] = read({"header": {"name": "A", **header}})[0]["headers"]
    assert (found["name"], found["type"], found["value"]) == ("a", *value)


def test_query_parameters() -> None:
    [found] = read({"queryParameter": {"name": "A", "suffix": "b"}})[0]["queryParams"]
    assert (found["name"], found["value"]) == ("A", ".*b")


@pytest.mark.parametrize(
    ("conditions", "path"),
    [
        ([{"header": {"name": "a", "notexact": "b"}}], "c[0].header.notexact"),
        ([{"header": {"name": "a", "regex": "("}}], "c[0].header.regex"),
        ([{"regex": "/(?!a)"}], "c[0].regex"),
        ([{"header": {"name": "a", "exact": "b"}}, {"header": {"name": "a", "exact": "c"}}], "c[1].header"),
        ([{"header": {"name": "a", "nobody": 1}}], "c[0].header.nobody"),
    ],
)
def test_a_condition_that_cannot_be_had_has_protected(conditions: list[dict[str, Any]], path: str) -> None:
    assert path in [fate.path for fate in read(*conditions)[1]]
