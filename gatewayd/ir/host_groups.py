"""Which hosts of a large route table share a RouteConfiguration, and how a group of them is named.

In: a domain. Out: the number of its group: a hash of the domain alone, which is the same in all replicas and versions.
"""

from hashlib import blake2b
from typing import NamedTuple

from gatewayd.ir.http import HostGroup, RouteTableKey
from gatewayd.ir.limits import HOST_GROUPS


def group_number(domain: str) -> int:
    """Return the number of the group that an exact domain belongs to."""
    return int.from_bytes(blake2b(domain.encode(), digest_size=8).digest(), "big") % HOST_GROUPS


def read_table(text: str) -> RouteTableKey | None:
    """Return the table that a text names, None when it names none."""
    port, _, listener = text.partition("/")
    return RouteTableKey(port=int(port), listener=listener) if _is_number(port, "65535") else None


def read_group(text: str) -> HostGroup | None:
    """Return the group that a text names, None when it names none."""
    before, mark, number = text.rpartition(":#")
    table = read_table(before)
    if not mark or table is None or not _is_number(number, str(HOST_GROUPS - 1)) or int(number) >= HOST_GROUPS:
        return None
    return HostGroup(table=table, number=int(number))


class TablePart(NamedTuple):
    """What a RouteConfiguration or a scope holds of a route table: `part` is one of those that `parts_of` names."""

    table: RouteTableKey
    part: str


def parts_of(domain: str) -> tuple[str, ...]:
    """Return the parts of a table that hold a domain of it: "" is the whole, "*" all that is no host."""
    if domain.startswith("*"):
        return "", "*"
    return "", f"#{group_number(domain)}", f"={domain}", domain


def read_part(text: str) -> TablePart | None:
    """Return what the RouteConfiguration, or the scope, of this name holds; None when that names no table."""
    before, _, part = text.rpartition(":")
    table = read_table(before or part)
    return None if table is None else TablePart(table, part if before else "")


def _is_number(text: str, longest: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= len(longest)
