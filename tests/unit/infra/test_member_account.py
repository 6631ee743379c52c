"""What a member grants is what is asked of it, in the namespaces that it offers."""

from gatewayd.api.kinds import BY_STRUCT
from gatewayd.infra.member_account import member_account
from gatewayd.members.book import READ

MADE = member_account("edge", ("shop",), READ)


def test_it_may_read_what_is_read_and_nothing_else() -> None:
    (role,) = [each for each in MADE if each["kind"] == "Role"]
    assert {(rule["apiGroups"][0], rule["resources"][0]) for rule in role["rules"]} == {
        (BY_STRUCT[kind].group, BY_STRUCT[kind].plural) for kind in READ
    }
    assert {tuple(rule["verbs"]) for rule in role["rules"]} == {("list", "watch")}
    assert "secrets" not in str(role)


def test_nothing_is_for_the_whole_cluster() -> None:
    assert not [each for each in MADE if each["kind"].startswith("Cluster")]
    (binding,) = [each for each in MADE if each["kind"] == "RoleBinding"]
    assert binding["metadata"]["namespace"] == "shop"
    assert binding["subjects"] == [{"kind": "ServiceAccount", "name": "gatewayd-member", "namespace": "edge"}]


def test_the_token_is_the_accounts() -> None:
    (secret,) = [each for each in MADE if each["kind"] == "Secret"]
    assert secret["type"] == "kubernetes.io/service-account-token"
    assert secret["metadata"]["annotations"] == {"kubernetes.io/service-account.name": "gatewayd-member"}
