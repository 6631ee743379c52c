from typing import Any

import pytest

from gatewayd.api.luasection import LONGEST_SCRIPT, LuaSection, ScriptRef
from gatewayd.ir.limits import LONGEST_PARAMETER
from tests.unit.api.documents import accepted, problems
from tests.unit.policies import policy, target


def document(**given: Any) -> dict[str, Any]:
    return policy("RoutePolicy", "x", target("Gateway", "edge"), default={"lua": given})


def test_a_script_and_where_one_stands() -> None:
    assert accepted(document(inline="x")).spec.default.lua == LuaSection(inline="x")
    ref = ScriptRef(name="code", key="a.lua")
    assert accepted(document(configMapRef={"name": "code", "key": "a.lua"})).spec.default.lua.config_map_ref == ref


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ({"inline": ""}, "inline"),
        ({"inline": "x" * (LONGEST_SCRIPT + 1)}, "inline"),
        ({"configMapRef": {}}, "configMapRef"),
        ({"configMapRef": {"name": "a", "key": ""}}, "configMapRef.key"),
        ({"inline": "x", "name": "a"}, "name"),
    ],
)
def test_what_is_refused(given: dict[str, Any], path: str) -> None:
    assert any(each.startswith("spec.default.lua") and path in each for each in problems(document(**given)))


def test_a_script_of_a_configmap_that_is_too_long_is_seen_to_be() -> None:
    assert LONGEST_SCRIPT < LONGEST_PARAMETER
