"""Whose proxies: the fleet that a configuration is for, and the one text that stands for it outside of the process.

A fleet is the proxies of a Gateway, or those of the nodes, which all have one configuration. `fleet_key` reads the text
where it comes in (`node.cluster`, what other replicas report); `str` writes it where it leaves (bootstrap, metrics,
JSON, log).
"""

import re
from dataclasses import dataclass
from typing import Final, TypeAlias

_LABEL: Final = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
# A name as a whole has at most 253 characters; unlike a namespace's, its parts have no limit of their own.
_PART: Final = r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?"
NAMESPACE_PATTERN: Final = _LABEL
"""An RFC 1123 label, as a regular expression: https://kubernetes.io/docs/concepts/overview/working-with-objects/names/"""
NAME_PATTERN: Final = rf"(?=[^/]{{1,253}}(?:/|\Z)){_PART}(?:\.{_PART})*"
"""An RFC 1123 subdomain that ends with the text or before a slash, as a regular expression."""

_GATEWAY: Final = re.compile(rf"({NAMESPACE_PATTERN})/({NAME_PATTERN})")
# No namespace has a colon: no Gateway's text is a node's.
_NODE: Final = re.compile(rf"node:({NAME_PATTERN})")


class FleetKeyError(ValueError):
    """A text that names no fleet."""


class _OrderedByText:
    """A key that is sorted by its text, beside keys of the other kind."""

    __slots__ = ()

    def __lt__(self, other: "FleetKey") -> bool:
        return str(self) < str(other)


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayFleet(_OrderedByText):
    """The proxies of a Gateway."""

    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeFleet(_OrderedByText):
    """The proxies of the nodes, one on each; `name` is that of the mesh that they are."""

    name: str

    def __str__(self) -> str:
        return f"node:{self.name}"


FleetKey: TypeAlias = GatewayFleet | NodeFleet

MESH_FLEET: Final = NodeFleet(name="mesh")
"""The proxies of the nodes: there is one mesh."""


def fleet_key(text: str) -> FleetKey:
    """Read the text of a key. Raises FleetKeyError, which does not repeat the text: anybody may have written it."""
    gateway = _GATEWAY.fullmatch(text)
    if gateway is not None:
        return GatewayFleet(namespace=gateway[1], name=gateway[2])
    node = _NODE.fullmatch(text)
    if node is not None:
        return NodeFleet(name=node[1])
    raise FleetKeyError("no fleet; NAMESPACE/NAME of a Gateway or node:NAME of a node is allowed")
