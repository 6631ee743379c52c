from typing import Any

import pytest

from gatewayd.diff.fields import field_changes


def changes(before: Any, after: Any) -> list[tuple[str, Any, Any]]:
    return [(each.path, each.before, each.after) for each in field_changes(before, after)]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ({"a": 1}, {"a": 1}, []),
        ({"a": 1}, {"a": 2}, [("a", 1, 2)]),
        ({"a": 1}, {"b": 2}, [("a", 1, None), ("b", None, 2)]),
        ({"a": {"b": 1}}, {"a": {"b": 2}}, [("a.b", 1, 2)]),
        ({"a": [1]}, {"a": [2]}, [("a[0]", 1, 2)]),
        ({"a": [1, 2]}, {"a": [2, 3]}, [("a[]", 1, None), ("a[]", None, 3)]),
        ({"a": [1, 2]}, {"a": [2, 1]}, [("a (order)", [1, 2], [2, 1])]),
        ({"a": []}, {"a": [{"x": 1}]}, [("a[]", None, {"x": 1})]),
        ({"a": 1}, {"a": [1]}, [("a", 1, [1])]),
    ],
)
def test_values(before: Any, after: Any, expected: list[tuple[str, Any, Any]]) -> None:
    assert changes(before, after) == expected


def test_elements_are_paired_by_name() -> None:
    before = {"routes": [{"name": "a", "x": 1}, {"name": "b", "x": 1}]}
    after = {"routes": [{"name": "c", "x": 1}, {"name": "a", "x": 2}, {"name": "b", "x": 1}]}

    assert changes(before, after) == [("routes[a].x", 1, 2), ("routes[c]", None, {"name": "c", "x": 1})]


def test_elements_of_one_name_are_counted() -> None:
    before = {"routes": [{"name": "a", "x": 1}, {"name": "a", "x": 2}]}
    after = {"routes": [{"name": "a", "x": 1}, {"name": "a", "x": 3}]}

    assert changes(before, after) == [("routes[a #2].x", 2, 3)]


def test_a_change_of_order_is_a_change() -> None:
    before, after = [{"name": "a"}, {"name": "b"}], [{"name": "b"}, {"name": "a"}]

    assert changes({"routes": before}, {"routes": after}) == [("routes (order)", ["a", "b"], ["b", "a"])]


def test_entries_of_statuses_are_paired_by_what_they_refer_to() -> None:
    def parent(section: str, value: int) -> dict[str, Any]:
        return {"parentRef": {"name": "web", "sectionName": section}, "value": value}

    before, after = [parent("a", 1), parent("b", 1)], [parent("a", 1), parent("b", 2)]

    assert changes({"parents": before}, {"parents": after}) == [("parents[web/b].value", 1, 2)]
