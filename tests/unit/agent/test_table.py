import json
import subprocess
from dataclasses import replace
from typing import Any

import pytest

from conformance.harness.node_network import lacking
from gatewayd.agent.table import NodeTable, alive, difference, not_alive, removed, whole
from gatewayd.ir.mesh import NodeRedirect

WHY = lacking()
PRODUCER = NodeRedirect(proxy_port=15001, callers="", address="10.96.0.10", port=80)
OTHER = NodeRedirect(proxy_port=15001, callers="", address="10.96.0.11", port=8080)
CONSUMER = NodeRedirect(proxy_port=15897, callers="blog", address="10.96.0.10", port=80)
OF_IPV6 = NodeRedirect(proxy_port=15001, callers="", address="fd00::10", port=80)
EMPTY = NodeTable(addresses=("10.0.0.1",), redirects=frozenset(), callers=frozenset(), fails_open=True)
FULL = replace(
    EMPTY,
    redirects=frozenset({PRODUCER, CONSUMER}),
    callers=frozenset({("10.244.0.6", 15897), ("10.244.0.7", 15897)}),
)


def elements(commands: Any) -> list[tuple[str, str, Any]]:
    """Return what is added to sets and taken from them: the verb, the set, the element."""
    found = []
    for command in commands:
        [(verb, what)] = command.items()
        if "element" in what:
            found.append((verb, what["element"]["name"], what["element"]["elem"][0]))
    return found


def others(commands: Any) -> list[tuple[str, str, str]]:
    """Return what else is made and taken away: the verb, what it is, its name; of a rule that of its chain."""
    found = []
    for command in commands:
        [(verb, of)] = command.items()
        [(what, fields)] = of.items()
        if what != "element":
            found.append((verb, what, fields.get("name") or fields["chain"]))
    return found


def test_a_table_is_made_in_one_transaction_whatever_there_was() -> None:
    head = [next(iter(each)) for each in whole(FULL, alive=True)[:3]]
    assert head == ["add", "delete", "add"]
    assert elements(whole(FULL, alive=True)) == [
        ("add", "kept", [15001, {"goto": {"target": "kept-15001"}}]),
        ("add", "kept", [15897, {"goto": {"target": "kept-15897"}}]),
        ("add", "to-15001-ip", {"concat": ["10.96.0.10", 80]}),
        ("add", "to-15897-ip", {"concat": ["10.96.0.10", 80]}),
        ("add", "callers-ip", ["10.244.0.6", {"jump": {"target": "from-15897"}}]),
        ("add", "callers-ip", ["10.244.0.7", {"jump": {"target": "from-15897"}}]),
        ("add", "alive", "tcp"),
    ]
    assert ("add", "alive", "tcp") not in elements(whole(FULL, alive=False))


def test_elements_and_ports_come_in_order_whatever_sets_make_of_them() -> None:
    redirects = [
        replace(CONSUMER, proxy_port=15880 + 7 * at, address=f"10.96.0.{at}", callers=f"n{at}") for at in range(1, 9)
    ]
    callers = [(f"10.244.0.{at}", 15880 + 7 * at) for at in range(1, 9)]
    several = replace(EMPTY, redirects=frozenset(redirects), callers=frozenset(callers))
    assert several.consumer_ports == tuple(15880 + 7 * at for at in range(1, 9))
    added = elements(whole(several, alive=False))
    assert [element["concat"][0] for _, name, element in added if name.startswith("to-")] == [
        f"10.96.0.{at}" for at in range(1, 9)
    ]
    assert [element[0] for _, name, element in added if name == "kept"] == [15001, *several.consumer_ports]
    assert [element[0] for _, name, element in added if name == "callers-ip"] == [address for address, _ in callers]


@pytest.mark.parametrize("caller", [("fd00::6", 15897), ("10.244.0.6", 15001), ("10.244.0.6", 15898)])
def test_who_is_called_from_a_family_or_by_a_port_that_is_not_there_is_left_out(caller: tuple[str, int]) -> None:
    """A port that is nobody's has no chain, and an element that leads to none makes the kernel refuse all of them."""
    more = replace(FULL, callers=FULL.callers | {caller})
    assert elements(whole(more, alive=True)) == elements(whole(FULL, alive=True))


def test_a_change_costs_what_it_changes() -> None:
    changed = replace(
        FULL, redirects=frozenset({OTHER, CONSUMER}), callers=frozenset({("10.244.0.7", 15897), ("10.244.0.8", 15897)})
    )
    assert elements(difference(FULL, changed)) == [
        ("delete", "to-15001-ip", {"concat": ["10.96.0.10", 80]}),
        ("delete", "callers-ip", "10.244.0.6"),
        ("add", "to-15001-ip", {"concat": ["10.96.0.11", 8080]}),
        ("add", "callers-ip", ["10.244.0.8", {"jump": {"target": "from-15897"}}]),
    ]
    assert difference(FULL, FULL) == ()


def test_a_namespace_with_routes_comes_and_goes_and_all_else_stays() -> None:
    come, gone = difference(EMPTY, FULL), difference(FULL, EMPTY)
    assert come is not None
    assert gone is not None
    assert elements(come) == [
        ("add", "kept", [15897, {"goto": {"target": "kept-15897"}}]),
        ("add", "to-15001-ip", {"concat": ["10.96.0.10", 80]}),
        ("add", "to-15897-ip", {"concat": ["10.96.0.10", 80]}),
        ("add", "callers-ip", ["10.244.0.6", {"jump": {"target": "from-15897"}}]),
        ("add", "callers-ip", ["10.244.0.7", {"jump": {"target": "from-15897"}}]),
    ]
    assert others(come) == [
        ("add", "set", "to-15897-ip"),
        ("add", "set", "left-15897-ip"),
        ("add", "chain", "from-15897"),
        ("add", "chain", "kept-15897"),
        ("add", "rule", "from-15897"),
        ("add", "rule", "kept-15897"),
    ]
    assert elements(gone)[-1] == ("delete", "kept", 15897)
    assert others(gone) == [
        ("delete", "chain", "from-15897"),
        ("delete", "chain", "kept-15897"),
        ("delete", "set", "to-15897-ip"),
        ("delete", "set", "left-15897-ip"),
    ]


def test_a_node_with_other_addresses_and_one_that_closes_take_other_rules() -> None:
    assert difference(EMPTY, replace(EMPTY, fails_open=False)) is None
    assert difference(EMPTY, replace(EMPTY, addresses=("10.0.0.2",))) is None


def test_addresses_of_a_family_that_the_node_has_not_are_left_as_they_are() -> None:
    assert elements(whole(replace(EMPTY, redirects=frozenset({OF_IPV6})), alive=False))[1:] == []
    both = replace(EMPTY, addresses=("10.0.0.1", "fd00::1"), redirects=frozenset({OF_IPV6}))
    assert elements(whole(both, alive=False))[1:] == [("add", "to-15001-ip6", {"concat": ["fd00::10", 80]})]


def test_the_switch_is_not_looked_at_where_pods_shall_not_get_by() -> None:
    def switch(table: NodeTable) -> Any:
        rules = [each["add"]["rule"] for each in whole(table, alive=False) if "rule" in each.get("add", {})]
        return next(each["expr"][0]["match"]["right"] for each in rules if each["chain"] == "prerouting")

    assert (switch(FULL), switch(replace(FULL, fails_open=False))) == ("@alive", "tcp")


@pytest.mark.skipif(bool(WHY), reason=WHY)
@pytest.mark.parametrize("addresses", [("10.0.0.1",), ("10.0.0.1", "fd00::1")])
def test_the_kernel_takes_every_transaction(addresses: tuple[str, ...]) -> None:
    full = replace(FULL, addresses=addresses, redirects=frozenset({PRODUCER, CONSUMER, OF_IPV6}))
    changed = replace(full, redirects=frozenset({OTHER, CONSUMER}), callers=frozenset({("10.244.0.8", 15897)}))
    steps = (
        whole(full, alive=True),
        difference(full, changed),
        difference(changed, replace(EMPTY, addresses=addresses)),
        difference(replace(EMPTY, addresses=addresses), full),
        alive(),
        not_alive(),
        whole(EMPTY, alive=False),
        removed(),
    )
    files = [json.dumps({"nftables": list(each or ())}) for each in steps]
    script = "\n".join(f"nft --json --file - <<'END' || exit 1\n{each}\nEND" for each in files)
    done = subprocess.run(("unshare", "--net", "sh", "-c", script), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
