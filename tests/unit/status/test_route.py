import pytest

from gatewayd.ir.outcome import Reference
from gatewayd.status.route import reference, route_status
from tests.unit.status.shorthand import GROUP, NO, US, parent, route


def test_one_entry_for_each_parent() -> None:
    found = route_status(route(parent("a"), parent("b", NO), generation=4), US)
    assert [(each["parentRef"]["name"], each["controllerName"]) for each in found["parents"]] == [("a", US), ("b", US)]
    assert [each["conditions"][0]["status"] for each in found["parents"]] == ["True", "False"]
    assert {each["conditions"][0]["observedGeneration"] for each in found["parents"]} == {4}


@pytest.mark.parametrize(
    ("namespace", "section", "port", "more"),
    [
        (None, None, None, {}),
        ("infra", None, None, {"namespace": "infra"}),
        (None, "http", 80, {"sectionName": "http", "port": 80}),
    ],
)
def test_a_reference_is_written_as_the_user_did(
    namespace: str | None, section: str | None, port: int | None, more: dict[str, object]
) -> None:
    ref = Reference(group=GROUP, kind="Gateway", namespace=namespace, name="gw", section=section, port=port)
    assert reference(ref) == {"group": GROUP, "kind": "Gateway", "name": "gw", **more}


def test_the_core_group_is_written_too() -> None:
    ref = Reference(group="", kind="Service", namespace=None, name="s", section=None, port=None)
    assert reference(ref) == {"group": "", "kind": "Service", "name": "s"}
