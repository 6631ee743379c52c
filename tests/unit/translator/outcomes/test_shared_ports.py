from gatewayd.api.clientpolicy import ClientPolicy
from gatewayd.api.meta import ObjectKey
from gatewayd.translator.outcomes.shared_ports import NOBODY_ELSE, SharedPorts, shared_ports
from tests.unit.policies import target
from tests.unit.translator.manifests import GW
from tests.unit.translator.proxies.test_client_settings import counted, view_of


def told(name: str) -> SharedPorts:
    first = counted("first", target("Gateway", "gw", "a"), 20)
    view = view_of(first, counted("second", target("Gateway", "gw", "b"), 30))
    row = view.get(ClientPolicy, ObjectKey("shop", name))
    assert row is not None
    return shared_ports(view, row, (GW,))


def test_who_is_left_out_is_told_who_counts() -> None:
    found = told("second")
    assert found.remark == ""
    assert found.lost is not None
    assert found.lost.reason == "Conflicted"
    assert found.lost.message == (
        "headers: left out for listener b, which shares port 80 with listener a; one port has one value, and that of a"
        ' counts (ClientPolicy "shop/first")'
    )


def test_who_counts_is_told_for_whom_as_well() -> None:
    found = told("first")
    assert found.lost is None
    assert 'headers counts for listener b too, which shares port 80, and not that of ClientPolicy "shop/second"' in (
        found.remark
    )


def test_a_policy_of_all_listeners_shares_with_nobody() -> None:
    view = view_of(counted("all", target("Gateway", "gw"), 20))
    row = view.get(ClientPolicy, ObjectKey("shop", "all"))
    assert row is not None
    assert shared_ports(view, row, (GW,)) == NOBODY_ELSE
