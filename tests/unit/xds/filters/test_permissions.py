"""The shape of the rules; tests/feature/test_policy_tokens.py asks Envoy."""

from gatewayd.ir.policy import NamedValues, Permission, Permissions, RequestCondition
from gatewayd.xds.filters.permissions import CONFIG, per_route


def condition(**parts: object) -> RequestCondition:
    return RequestCondition(**{"claims": (), "headers": (), "methods": (), "paths": (), **parts})  # type: ignore[arg-type]


def needed(*rules: Permission) -> list[str]:
    rbac = per_route(Permissions(rules=rules)).rbac.rules
    assert rbac.action == rbac.ALLOW
    (principal,) = rbac.policies["requests"].principals
    return [each.WhichOneof("identifier") for each in principal.and_ids.ids]


def test_what_stands_in_the_chain_has_no_rules() -> None:
    assert not CONFIG.HasField("rules")


def test_rules_add_up() -> None:
    get = Permission(allow=(condition(methods=("GET",)),), deny=())
    both = Permission(allow=(condition(methods=("GET",)),), deny=(condition(paths=("/a",)),))
    assert needed(get) == ["or_ids"]
    assert needed(get, both) == ["or_ids", "or_ids", "not_id"]
    assert needed(Permission(allow=(), deny=())) == ["any"]


def test_a_claim_is_a_text_or_an_element_of_a_list() -> None:
    allow = (condition(claims=(NamedValues(name="groups", values=("staff",)),)),)
    (principal,) = (
        per_route(Permissions(rules=(Permission(allow=allow, deny=()),))).rbac.rules.policies["requests"].principals
    )
    matcher = principal.and_ids.ids[0].or_ids.ids[0].and_ids.ids[0].or_ids.ids[0].metadata
    assert [each.key for each in matcher.path] == ["token", "groups"]
    kinds = [each.WhichOneof("match_pattern") for each in matcher.value.or_match.value_matchers]
    assert kinds == ["string_match", "list_match"]


def test_a_path_is_a_prefix_by_segments() -> None:
    allow = (condition(paths=("/a/", "/")),)
    (principal,) = (
        per_route(Permissions(rules=(Permission(allow=allow, deny=()),))).rbac.rules.policies["requests"].principals
    )
    paths = principal.and_ids.ids[0].or_ids.ids[0].and_ids.ids[0].or_ids.ids
    shown = [each.url_path.path.prefix or f"={each.url_path.path.exact}" for each in paths]
    assert shown == ["/a/", "=/a", "/"]
