"""Single cases; tests/property/test_envoy_gateway.py compares all of them with a model."""

from typing import Any

import msgspec
import pytest

from gatewayd.api.accesspolicy import Clients
from gatewayd.api.envoy_gateway.security import SecurityAuthorization
from gatewayd.translator.envoy_gateway.authorization import authorization
from gatewayd.translator.envoy_gateway.taken import Telling
from tests.unit.envoy_gateway import plain

OFFICE, HOME = "10.0.0.0/8", "192.168.0.0/16"


def taken(*rules: dict[str, Any], default: str | None = None, providers: tuple[str, ...] = ()) -> Any:
    """Return the sections as plain values, and what is refused."""
    written = {"rules": list(rules), **({"defaultAction": default} if default else {})}
    telling = Telling(namespace="shop")
    found = list(authorization(msgspec.convert(written, SecurityAuthorization), providers, telling))
    sections = {each.name: plain(each.value) for each in found}
    return sections, [str(each) for each in telling.refused]


def rule(action: str, *cidrs: str, headers: dict[str, str] | None = None, **operation: Any) -> dict[str, Any]:
    named = [{"name": name, "values": [value]} for name, value in (headers or {}).items()]
    principal = {**({"clientCIDRs": list(cidrs)} if cidrs else {}), **({"headers": named} if named else {})}
    return {
        "action": action,
        **({"principal": principal} if principal else {}),
        **({"operation": operation} if operation else {}),
    }


def ranges(*cidrs: str) -> list[dict[str, str]]:
    return [{"cidr": each} for each in cidrs]


def test_what_ingress2gateway_writes_for_a_list_of_those_who_may() -> None:
    assert taken(rule("Allow", OFFICE, HOME), default="Deny") == ({"clients": {"allow": ranges(OFFICE, HOME)}}, [])


def test_and_of_those_who_may_not() -> None:
    assert taken(rule("Deny", OFFICE), default="Allow") == ({"clients": {"deny": ranges(OFFICE)}}, [])
    both = taken(rule("Deny", HOME), rule("Allow", OFFICE))
    assert both == ({"clients": {"allow": ranges(OFFICE), "deny": ranges(HOME)}}, [])


@pytest.mark.parametrize("rules", [(), (rule("Deny", OFFICE),), (rule("Deny"), rule("Allow", OFFICE))])
def test_where_nobody_is_let_in_nobody_is(rules: tuple[dict[str, Any], ...]) -> None:
    found, refused = taken(*rules)
    assert refused == []
    assert found == {"clients": {"deny": ranges("0.0.0.0/0", "::/0")}}
    assert Clients()  # an empty one lets everybody in


@pytest.mark.parametrize("rules", [(), (rule("Allow", OFFICE),), (rule("Allow"), rule("Deny", OFFICE))])
def test_where_everybody_is_let_in_there_is_no_section(rules: tuple[dict[str, Any], ...]) -> None:
    assert taken(*rules, default="Allow") == ({}, [])


def test_an_address_within_a_range_stands_for_the_range() -> None:
    assert taken(rule("Allow", "10.1.2.3/8"))[0] == {"clients": {"allow": ranges(OFFICE)}}
    [wrong] = taken(rule("Allow", "nonsense"))[1]
    assert wrong.startswith('spec.authorization.rules[0].principal.clientCIDRs[0]: "nonsense" is no address range; ')


def test_headers_methods_and_paths_become_conditions() -> None:
    found, refused = taken(
        rule("Deny", path={"value": "/admin"}), rule("Allow", headers={"X-Team": "a"}, methods=["GET"])
    )
    assert refused == []
    assert found == {
        "authorization": {
            "allow": [{"headers": [{"name": "X-Team", "values": ["a"]}], "methods": ["GET"]}],
            "deny": [{"paths": ["/admin"]}],
        }
    }


def test_addresses_and_conditions_that_all_rules_have_go_together() -> None:
    found, refused = taken(rule("Allow", OFFICE, methods=["GET"]), rule("Allow", OFFICE, methods=["PUT"]))
    assert refused == []
    assert found == {
        "clients": {"allow": ranges(OFFICE)},
        "authorization": {"allow": [{"methods": ["GET"]}, {"methods": ["PUT"]}]},
    }
    found, refused = taken(rule("Allow", OFFICE, methods=["GET"]), rule("Allow", HOME, methods=["GET"]))
    assert refused == []
    assert found == {"clients": {"allow": ranges(OFFICE, HOME)}, "authorization": {"allow": [{"methods": ["GET"]}]}}


@pytest.mark.parametrize(
    ("rules", "default", "at"),
    [
        ((rule("Allow", OFFICE), rule("Allow", methods=["GET"])), "Deny", "spec.authorization.rules"),
        ((rule("Deny", OFFICE, methods=["GET"]),), "Allow", "spec.authorization.rules[0].principal"),
        ((rule("Allow", OFFICE), rule("Deny", HOME)), "Allow", "spec.authorization.rules[1]"),
        (
            (rule("Allow", OFFICE), rule("Deny", HOME), rule("Allow", "172.16.0.0/12")),
            "Deny",
            "spec.authorization.rules[1]",
        ),
    ],
)
def test_what_cannot_be_said_is_refused_with_its_path(rules: Any, default: str, at: str) -> None:
    _, refused = taken(*rules, default=default)
    assert [each.partition(": ")[0] for each in refused] == [at]


def claims(provider: str = "corp", **names: list[str]) -> dict[str, Any]:
    given = [{"name": name.replace("_", "."), "values": values} for name, values in names.items()]
    return {"action": "Allow", "principal": {"jwt": {"provider": provider, "claims": given}}}


def test_claims_of_the_only_provider_count() -> None:
    found, refused = taken(claims(groups=["shop", "admin"]), providers=("corp",))
    assert refused == []
    assert found == {"authorization": {"allow": [{"claims": [{"name": "groups", "values": ["shop", "admin"]}]}]}}


@pytest.mark.parametrize(
    ("written", "providers", "at"),
    [
        (claims(groups=["a"]), ("corp", "other"), ".provider"),
        (claims(groups=["a"]), (), ".provider"),
        (claims(), ("corp",), ""),
        (claims(a_b=["a"]), ("corp",), ".claims[0].name"),
    ],
)
def test_claims_that_cannot_be_told_apart_are_refused(written: Any, providers: tuple[str, ...], at: str) -> None:
    _, refused = taken(written, providers=providers)
    assert [each.partition(": ")[0] for each in refused] == [f"spec.authorization.rules[0].principal.jwt{at}"]


def test_all_addresses_are_no_condition() -> None:
    everybody = {"principal": {"clientCIDRs": ["::/0", "0.0.0.0/0"]}}
    denied = {"action": "Deny", **everybody, "operation": {"path": {"value": "/private"}}}
    telling = Telling(namespace="shop")
    written = msgspec.convert({"defaultAction": "Allow", "rules": [denied]}, SecurityAuthorization)
    [section] = authorization(written, (), telling)
    assert section.name == "authorization"
    assert not telling.refused
