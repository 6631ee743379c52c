from typing import Any

import pytest

from gatewayd.translator.policies.script_refs import scripts_of
from tests.unit.envoy_gateway import foreign
from tests.unit.policies import policy, target
from tests.unit.translator.manifests import delta

REF = {"type": "ValueRef", "valueRef": {"kind": "ConfigMap", "name": "code"}}


def named(document: dict[str, Any]) -> list[str]:
    return list(scripts_of(delta(document).obj))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("section", "names"),
    [({"inline": "x"}, []), ({"configMapRef": {"name": "code"}}, ["code"]), ({"mode": "Disabled"}, [])],
)
def test_of_ours(section: dict[str, Any], names: list[str]) -> None:
    at = target("Gateway", "gw")
    assert named(policy("RoutePolicy", "p", at, default={"lua": section})) == names
    assert named(policy("RoutePolicy", "p", at, default={"timeouts": {"request": "1s"}})) == []


@pytest.mark.parametrize(
    ("lua", "names"), [([], []), ([REF], ["code"]), ([{"inline": "x"}], []), ([REF, REF], []), ([{"frob": 1}], [])]
)
def test_of_theirs(lua: list[Any], names: list[str]) -> None:
    assert named(foreign("EnvoyExtensionPolicy", "p", target("Gateway", "gw"), lua=lua)) == names
