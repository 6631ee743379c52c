"""Where a backend may be: the one table of addresses and host names that no proxy is sent to.

In a cluster a proxy is shared, and stands where its tenants do not: beside its own admin interface, on a node, within
reach of what a cloud tells its machines. Whoever may write an EndpointSlice or an XBackend must not get there by it
(CVE-2021-25740 is the kind). Alone on a machine, loopback is where backends are.
What a good name resolves to is Envoy's to see: that is for a NetworkPolicy to forbid.

https://www.iana.org/assignments/iana-ipv4-special-registry/ and iana-ipv6-special-registry
"""

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final, NamedTuple

LOOPBACK: Final = "loopback"
METADATA: Final = "where a cloud answers its machines"

_FORBIDDEN: Final = tuple(
    (IPv4Network(network) if ":" not in network else IPv6Network(network), what)
    for network, what in (
        ("127.0.0.0/8", LOOPBACK),
        ("::1/128", LOOPBACK),
        ("0.0.0.0/8", "unspecified"),
        ("::/128", "unspecified"),
        ("100.100.100.200/32", METADATA),
        ("168.63.129.16/32", METADATA),
        ("192.0.0.192/32", METADATA),
        ("169.254.0.0/16", "link-local"),
        ("fe80::/10", "link-local"),
        ("fd00:ec2::/32", METADATA),
        ("fd20:ce::254/128", METADATA),
        ("224.0.0.0/4", "multicast"),
        ("ff00::/8", "multicast"),
        ("255.255.255.255/32", "broadcast"),
        ("240.0.0.0/4", "reserved"),
        # Where it leads is a router's own choice.
        ("64:ff9b:1::/48", "of a local translation to IPv4"),
    )
)
"""First come, first served: what stands above says more."""

_UNICAST: Final = (IPv6Network("2000::/3"), IPv6Network("fc00::/7"))
"""All that is given to hosts of IPv6; the rest carries an IPv4 address, is in the table above, or is reserved."""


def _last(address: int) -> Iterator[int]:
    yield address & 0xFFFFFFFF


def _after_prefix(address: int) -> Iterator[int]:
    yield address >> 80 & 0xFFFFFFFF


def _teredo(address: int) -> Iterator[int]:
    """Yield the server, and the client behind it, which is written inverted (RFC 4380, 4)."""
    yield address >> 64 & 0xFFFFFFFF
    yield ~address & 0xFFFFFFFF


_CARRIERS: Final[tuple[tuple[IPv6Network, Callable[[int], Iterator[int]]], ...]] = (
    (IPv6Network("::ffff:0:0/96"), _last),  # v4-mapped
    (IPv6Network("::ffff:0:0:0/96"), _last),  # v4-translated (RFC 2765)
    (IPv6Network("64:ff9b::/96"), _last),  # NAT64 (RFC 6052)
    (IPv6Network("::/96"), _last),  # v4-compatible
    (IPv6Network("2002::/16"), _after_prefix),  # 6to4
    (IPv6Network("2001::/32"), _teredo),
)
"""Networks of IPv6 whose addresses stand for one of IPv4, or two."""


@lru_cache(maxsize=8192)
def address_is(address: str) -> str:
    """Return what is wrong with an address: a name of the table, `LOOPBACK` among them; "" for a good one."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return "no IP address"
    return _kind(parsed)


def _kind(address: IPv4Address | IPv6Address) -> str:
    if isinstance(address, IPv6Address) and address.scope_id is not None:
        return "link-local"
    known = next((what for network, what in _FORBIDDEN if address in network), "")
    if known or isinstance(address, IPv4Address):
        return known
    for network, carried in _CARRIERS:
        if address in network:
            return next(filter(None, (_kind(IPv4Address(each)) for each in carried(int(address)))), "")
    return "" if any(address in network for network in _UNICAST) else "reserved"


def address_problem(address: str, *, loopback: bool) -> str | None:
    """Return why no proxy is sent to an address, as `<what is wrong>; <what is allowed>`; None when it may be."""
    kind = address_is(address)
    if not kind or (loopback and kind == LOOPBACK):
        return None
    if kind == "no IP address":
        return f'"{address}" is no IP address; one of a host is allowed'
    return f"{address} is {kind}; addresses of other hosts are allowed"


# --- names -----------------------------------------------------------------------------------------------------

_THIS_MACHINE: Final = frozenset(
    {"localhost", "localdomain", "localhost4", "localhost6", "localdomain4", "localdomain6", "ip6-localhost"}
)
"""Last labels that files of hosts and resolvers (RFC 6761, 6.3) give to the machine itself."""

_METADATA_NAMES: Final = frozenset(
    {
        "metadata.google.internal",
        "metadata.azure.internal",
        "instance-data.ec2.internal",
        "metadata.tencentyun.com",
        "metadata.platformequinix.com",
    }
)
_NUMBER: Final = re.compile(r"[0-9]+|0x[0-9a-f]*")


class _Problem(NamedTuple):
    """What is wrong with a name; `shared_only`: only where the proxy is shared, in a cluster."""

    what: str
    shared_only: bool


def hostname_problem(hostname: str, *, loopback: bool) -> str | None:
    """Return why no proxy is sent to a host name, as `<what is wrong>; <what is allowed>`; None when it may be.

    `loopback`: gatewayd is alone on a machine, and names are that machine's to resolve.
    """
    if loopback:
        problem = _address_in(hostname)
        return None if problem is None or problem.shared_only else f'"{hostname}" {problem.what}; a DNS name is allowed'
    problem = _address_in(hostname) or _name_problem(_labels(hostname))
    return None if problem is None else f'"{hostname}" {problem.what}; a DNS name of a host elsewhere is allowed'


def _labels(hostname: str) -> list[str]:
    return hostname.lower().rstrip(".").split(".")


def _address_in(hostname: str) -> _Problem | None:
    """Return what is wrong with a name that a resolver would read as an address, in any of their spellings.

    No top-level domain is a number, so a name that ends in one is an address or nothing:
    https://url.spec.whatwg.org/#ends-in-a-number-checker
    """
    bare = hostname.strip("[]")
    kind = address_is(bare)
    if kind != "no IP address":
        return _Problem(f"is an address ({kind})" if kind else "is an address", kind in ("", LOOPBACK))
    if not hostname.isascii() or ":" in hostname or not all(_labels(hostname)):
        return _Problem("is no host name", shared_only=False)
    if _NUMBER.fullmatch(_labels(hostname)[-1]):
        return _Problem("is an address in another spelling", shared_only=False)
    return None


def _name_problem(labels: list[str]) -> _Problem | None:
    if labels[-1] in _THIS_MACHINE:
        return _Problem("is the proxy's own machine", shared_only=True)
    if ".".join(labels) in _METADATA_NAMES:
        return _Problem(f"is {METADATA}", shared_only=False)
    if len(labels) == 1:
        return _Problem("has no dot, so that it is a name within the cluster", shared_only=False)
    if "svc" in labels[1:] or labels[2:3] == ["pod"] or labels[-2:] == ["cluster", "local"]:
        return _Problem("is a name within the cluster", shared_only=False)
    return None
