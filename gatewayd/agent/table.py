"""The one table of a node's packet filter that is ours, as commands for `nft --json`: pure.

In: what shall be led where. Out: the commands of one transaction, for the whole table or for what differs.

    set alive         "tcp" while the Envoy is alive; goes by itself when nobody says so again
    set to-PORT-ip    addresses and ports of Services, of those that are led to a port of the proxy
    set left-PORT-ip  and those that were until a moment ago
    map callers-ip    pods of namespaces with routes of their own: first to the redirects of these
    chain from-PORT   the redirects of one such namespace
    chain steer       all redirects
    chain prerouting  before kube-proxy's: to `steer` while the Envoy is alive
    chain guard       the ports of the proxy are for connections that are led there, and for no others
    map kept          the ports of the proxy that there are: to the chains that end connections
    chain kept-PORT   ends those that are kept open for what is led to a port no more

A connection is led where it goes when it begins: the kernel keeps that for as long as it lasts. One that is kept open
past the last route for what it is for is ended, before the Envoy could answer that it knows no such route.

What a transaction does not touch is there for each packet. Of a table that is made anew a packet may see the rules of
before and the sets of afterwards, and be led by nobody: so namespaces come and go without that.
https://manpages.debian.org/bookworm/libnftables1/libnftables-json.5.en.html
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any, Final, NamedTuple, TypeAlias

from gatewayd.ir.mesh import FIRST_CONSUMER_PORT, LAST_CONSUMER_PORT, PRODUCER_PORT, NodeRedirect

FAMILY: Final = "inet"
TABLE: Final = "gatewayd"
ALIVE_SECONDS: Final = 15
"""How long pods are led to an Envoy that nobody has seen alive."""
_BEFORE_SERVICES: Final = -150
"""kube-proxy has its chains at -100, and of nat chains the first that leads a connection away does so for good."""
_INPUT: Final = 0

Command: TypeAlias = Mapping[str, Any]


class AddressFamily(NamedTuple):
    """A family of addresses: its name in rules, and the type of its addresses."""

    name: str
    address: str


_PROTOCOLS: Final = {"ip": "ipv4", "ip6": "ipv6"}
_FAMILIES: Final = {4: AddressFamily("ip", "ipv4_addr"), 6: AddressFamily("ip6", "ipv6_addr")}


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeTable:
    """What the table shall be.

    `addresses`: of the node, where the Envoy listens, at most one of a family. `callers`: addresses of pods, each with
    the port of the proxy for its namespace. `fails_open`: without an Envoy connections go where kube-proxy leads them;
    otherwise nowhere.
    """

    addresses: tuple[str, ...]
    redirects: frozenset[NodeRedirect]
    callers: frozenset[tuple[str, int]]
    fails_open: bool
    leaving: frozenset[NodeRedirect] = frozenset()

    @property
    def consumer_ports(self) -> tuple[int, ...]:
        """Return the ports of the proxy that are for one namespace, sorted."""
        return tuple(sorted({each.proxy_port for each in self.redirects | self.leaving if each.callers}))


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundTable:
    """What an agent before this one has left.

    `led`: a port of the proxy each, with the address and port of a Service whose connections are led there. `callers`:
    as of a NodeTable.
    """

    led: frozenset[tuple[int, str, int]]
    callers: frozenset[tuple[str, int]]

    def leads(self, redirect: NodeRedirect) -> bool:
        """Return whether connections are led as a redirect says; by it the callers of a port are not known."""
        return (redirect.proxy_port, redirect.address, redirect.port) in self.led


def whole(table: NodeTable, *, alive: bool) -> tuple[Command, ...]:
    """Return what makes the table anew, whatever there is of it."""
    return (
        _add("table", name=TABLE),
        {"delete": {"table": {"family": FAMILY, "name": TABLE}}},
        _add("table", name=TABLE),
        *_frame(table),
        *(command for port in (PRODUCER_PORT, *table.consumer_ports) for command in _port(table, port)),
        *_rules(table),
        *(_element("add", *each) for each in _elements(table)),
        *((_alive_element(),) if alive else ()),
    )


def difference(before: NodeTable, after: NodeTable) -> tuple[Command, ...] | None:
    """Return what makes one table of another; None where its rules are others, so that it has to be made anew."""
    if before == after:
        return ()
    if (before.addresses, before.fails_open) != (after.addresses, after.fails_open):
        return None
    old, new = dict.fromkeys(_elements(before)), dict.fromkeys(_elements(after))
    come = [port for port in after.consumer_ports if port not in before.consumer_ports]
    gone = [port for port in before.consumer_ports if port not in after.consumer_ports]
    return (
        *(command for port in come for command in _port(after, port)),
        *(_element("delete", *each) for each in old if each not in new),
        *(_element("add", *each) for each in new if each not in old),
        *(command for port in gone for command in _without_port(before, port)),
    )


def alive() -> tuple[Command, ...]:
    """Return what says that the Envoy is alive, for ALIVE_SECONDS from now."""
    return (*not_alive(), _alive_element())


def not_alive() -> tuple[Command, ...]:
    """Return what says that the Envoy is not alive."""
    return ({"flush": {"set": {"family": FAMILY, "table": TABLE, "name": "alive"}}},)


def removed() -> tuple[Command, ...]:
    """Return what takes the table away, whether or not there is one."""
    return (_add("table", name=TABLE), {"delete": {"table": {"family": FAMILY, "name": TABLE}}})


def found(listing: str) -> FoundTable:
    """Return what a table holds that `nft --json list table` has printed; raises ValueError for anything else."""
    try:
        items = json.loads(listing)["nftables"]
        maps = [item["map"] for item in items if item.get("map", {}).get("name", "").startswith("callers-")]
        called = [(address, verdict["jump"]["target"]) for each in maps for address, verdict in each.get("elem", ())]
        sets = [(_SET.fullmatch(item["set"]["name"]), item["set"].get("elem", ())) for item in items if "set" in item]
        led = [(int(name[1]), *each["concat"]) for name, elements in sets if name is not None for each in elements]
        return FoundTable(
            led=frozenset((port, str(address), int(to)) for port, address, to in led),
            callers=frozenset((address, int(port)) for address, chain in called for port in _CHAIN.findall(chain)),
        )
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError(f"no listing of a table: {error!r}") from error


def _add(what: str, **fields: Any) -> Command:
    head = {"family": FAMILY} if what == "table" else {"family": FAMILY, "table": TABLE}
    return {"add": {what: {**head, **fields}}}


def _delete(what: str, **fields: Any) -> Command:
    return {"delete": {what: {"family": FAMILY, "table": TABLE, **fields}}}


def _alive_element() -> Command:
    return _add("element", name="alive", elem=["tcp"])


def _families(table: NodeTable) -> Iterator[tuple[AddressFamily, str]]:
    for address in table.addresses:
        yield _FAMILIES[ip_address(address).version], address


def _set(proxy_port: int, family: AddressFamily) -> str:
    return f"to-{proxy_port}-{family.name}"


def _left_set(proxy_port: int, family: AddressFamily) -> str:
    return f"left-{proxy_port}-{family.name}"


_SET: Final = re.compile(r"to-(\d+)-ip6?")
_CHAIN: Final = re.compile(r"from-(\d+)")


def _chain(proxy_port: int) -> str:
    return f"from-{proxy_port}"


def _kept_chain(proxy_port: int) -> str:
    return f"kept-{proxy_port}"


def _frame(table: NodeTable) -> Iterator[Command]:
    """Yield what there is whatever ports there are."""
    yield _add("set", name="alive", type="inet_proto", flags=["timeout"], timeout=ALIVE_SECONDS)
    yield _add("map", name="kept", type="inet_service", map="verdict")
    for family, _ in _families(table):
        yield _add("map", name=f"callers-{family.name}", type=family.address, map="verdict")
    yield _add("chain", name="steer")
    yield _add("chain", name="prerouting", type="nat", hook="prerouting", prio=_BEFORE_SERVICES, policy="accept")
    yield _add("chain", name="guard", type="filter", hook="input", prio=_INPUT, policy="accept")


def _port(table: NodeTable, port: int) -> Iterator[Command]:
    """Yield the sets and the chains of a port of the proxy."""
    for family, _ in _families(table):
        for name in (_set(port, family), _left_set(port, family)):
            yield _add("set", name=name, type=[family.address, "inet_service"])
    for name in _chains(port):
        yield _add("chain", name=name)
    for family, address in _families(table):
        if port != PRODUCER_PORT:
            yield _rule(_chain(port), *_led(family, address, port))
        yield _rule(_kept_chain(port), *_ended(family, port))
    yield _add("element", name="kept", elem=[[port, {"goto": {"target": _kept_chain(port)}}]])


def _without_port(table: NodeTable, port: int) -> Iterator[Command]:
    """Yield what takes away what `_port` has made; nobody is led there by then."""
    yield _delete("element", name="kept", elem=[port])
    for name in _chains(port):
        yield _delete("chain", name=name)
    for family, _ in _families(table):
        for name in (_set(port, family), _left_set(port, family)):
            yield _delete("set", name=name)


def _chains(port: int) -> tuple[str, ...]:
    """Return the chains of a port: what everybody calls is led in `steer` itself."""
    return (_kept_chain(port),) if port == PRODUCER_PORT else (_chain(port), _kept_chain(port))


def _rules(table: NodeTable) -> Iterator[Command]:
    for family, address in _families(table):
        callers = {"key": _field(family.name, "saddr"), "data": f"@callers-{family.name}"}
        yield _rule("steer", {"vmap": callers})
        yield _rule("steer", *_led(family, address, PRODUCER_PORT))
    tcp = _equal({"meta": {"key": "l4proto"}}, "@alive" if table.fails_open else "tcp")
    yield _rule("prerouting", tcp, {"jump": {"target": "steer"}})
    # The node takes ports for its own connections from a range that may have these: what comes back is nobody's call.
    yield _rule("guard", _equal({"ct": {"key": "direction"}}, "reply"), {"accept": None})
    consumers = {"range": [FIRST_CONSUMER_PORT, LAST_CONSUMER_PORT]}
    undirected = {"match": {"op": "!", "left": {"ct": {"key": "status"}}, "right": "dnat"}}
    is_proxys = _equal(_field("tcp", "dport"), {"set": [PRODUCER_PORT, consumers]})
    yield _rule("guard", is_proxys, undirected, {"drop": None})
    yield _rule("guard", _DATA, {"vmap": {"key": _field("tcp", "dport"), "data": "@kept"}})
    # Of a port that there is no more.
    yield _rule("guard", _equal(_field("tcp", "dport"), consumers), _DATA, _RESET)


def _led(family: AddressFamily, address: str, port: int) -> tuple[Command, ...]:
    sent_to = {"concat": [_field(family.name, "daddr"), _field("tcp", "dport")]}
    return (
        _equal(sent_to, f"@{_set(port, family)}"),
        {"dnat": {"family": family.name, "addr": address, "port": port}},
    )


def _ended(family: AddressFamily, port: int) -> tuple[Command, ...]:
    """Return what ends a connection that was led to a port for what is led there no more, when its client sends data.

    Answers that are on their way still arrive: those are not the client's data.
    """
    was_for = {"concat": [_original(f"{family.name} daddr"), _original("proto-dst")]}
    is_of_it = _equal({"meta": {"key": "nfproto"}}, _PROTOCOLS[family.name])
    # That it is TCP is said again here, since by itself nft does not know in this chain which ports these are.
    is_tcp = _equal({"meta": {"key": "l4proto"}}, "tcp")
    return (is_of_it, is_tcp, *(_unequal(was_for, f"@{name(port, family)}") for name in (_set, _left_set)), _RESET)


def _original(key: str) -> Command:
    return {"ct": {"key": key, "dir": "original"}}


def _rule(chain: str, *expressions: Command) -> Command:
    return _add("rule", chain=chain, expr=list(expressions))


def _equal(left: Command, right: Any) -> Command:
    return {"match": {"op": "==", "left": left, "right": right}}


def _unequal(left: Command, right: Any) -> Command:
    return {"match": {"op": "!=", "left": left, "right": right}}


def _field(protocol: str, field: str) -> Command:
    return {"payload": {"protocol": protocol, "field": field}}


def _elements(table: NodeTable) -> Iterator[tuple[str, str, int, str]]:
    """Yield each element: the set, the address, the port, and the chain that a caller is led to, "" of no caller."""
    families = {ip_address(address).version for address in table.addresses}
    for name, redirects in ((_set, table.redirects), (_left_set, table.leaving - table.redirects)):
        for each in sorted(redirects):
            version = ip_address(each.address).version
            if version in families:
                yield name(each.proxy_port, _FAMILIES[version]), each.address, each.port, ""
    for address, port in sorted(table.callers):
        version = ip_address(address).version
        if version in families and port in table.consumer_ports:
            yield f"callers-{_FAMILIES[version].name}", address, 0, _chain(port)


def _element(verb: str, name: str, address: str, port: int, chain: str) -> Command:
    if not chain:
        value: Any = {"concat": [address, port]}
    elif verb == "add":
        value = [address, {"jump": {"target": chain}}]
    else:
        value = address
    return {verb: {"element": {"family": FAMILY, "table": TABLE, "name": name, "elem": [value]}}}


_DATA: Final = _equal({"&": [_field("tcp", "flags"), "psh"]}, "psh")
_RESET: Final[Command] = {"reject": {"type": "tcp reset"}}
