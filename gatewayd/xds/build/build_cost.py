"""The account of one build: what it serialised, and the resources that it made."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

from gatewayd.xds.encoding import serialised
from gatewayd.xds.resource import Resource, TypeUrl, content_version

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildCost:
    """What a build had to do: the IR routes and virtual hosts that it serialised, the resources that it made."""

    routes: int
    virtual_hosts: int
    resources: int


class Held(NamedTuple):
    """A part of a ProxyConfig that could not be made into a message: what, and which."""

    what: str
    key: str
    error: Exception


class Work:
    """Counts during one build, and what was held back by it.

    `entries` keeps the bytes of routes that were serialised in this build, by the identity of the Route: one that
    stands in several virtual hosts is serialised once.
    """

    __slots__ = ("entries", "held", "resources", "routes", "virtual_hosts")

    def __init__(self) -> None:
        self.entries: dict[int, bytes] = {}
        self.held: list[Held] = []
        self.routes = 0
        self.virtual_hosts = 0
        self.resources = 0

    def cost(self) -> BuildCost:
        """Return the counts so far."""
        return BuildCost(routes=self.routes, virtual_hosts=self.virtual_hosts, resources=self.resources)

    def attempt(self, what: str, key: object, make: Callable[[], T], instead: Callable[[], T]) -> T:
        """Return what `make` returns, or when it raises what `instead` does: one part must not hold back the others.

        `key` is what the part is known by, as text.
        """
        try:
            return make()
        except Exception as error:  # noqa: BLE001 - the message library raises ValueError, TypeError, and what it likes
            self.held.append(Held(what, str(key), error))
            return instead()

    def resource(self, type_url: TypeUrl, name: str, message: Any, earlier: Resource | None) -> Resource:
        """Return the resource of a message: the earlier one when its content is the same."""
        return self.of_parts(type_url, name, (serialised(message), b""), earlier)

    def of_pieces(
        self,
        type_url: TypeUrl,
        name: str,
        pieces: tuple[tuple[bytes, ...], tuple[bytes, ...]],
        earlier: Resource | None,
    ) -> Resource:
        """Return the resource of a message in many pieces: the earlier one when all of them are the same.

        `pieces` are those of the content, and those that the version is the hash of.
        """
        content, hashed = pieces
        if earlier is not None and (earlier.name, earlier.own) == (name, content):
            return earlier
        self.resources += 1
        return Resource(type_url=type_url, name=name, version=content_version(*hashed), own=content, tail=b"")

    def of_parts(self, type_url: TypeUrl, name: str, parts: tuple[bytes, bytes], earlier: Resource | None) -> Resource:
        """Return the resource of a serialised message, in its two parts: the earlier one when its content is the same.

        A resource always has its parts from the same place, so equal content is equal parts.
        """
        own, tail = parts
        if earlier is not None and (earlier.name, earlier.own, earlier.tail) == (name, own, tail):
            return earlier
        self.resources += 1
        return Resource(type_url=type_url, name=name, version=content_version(own, tail), own=own, tail=tail)
