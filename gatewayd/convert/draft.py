"""What is to be written, before it is cut into objects: rules with all that belongs to them, and who carries them.

Sources lead to a `Draft`; `gatewayd/convert/objects.py` makes objects of it, within the limits of the Gateway API.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from gatewayd.api.refs import GATEWAY_GROUP
from gatewayd.convert.fates import Item

JSON = Mapping[str, Any]
GATEWAY_API: Final = f"{GATEWAY_GROUP}/v1"


class HTTPS(NamedTuple):
    """The listener for HTTPS of a hostname, "" for any, in a ListenerSet of a namespace."""

    namespace: str
    hostname: str


class StreamPort(NamedTuple):
    """The listener of a port whose connections are led on: `mode` is that of its TLS, "" for TCP.

    `hostname` "" is any, and `port` 0 the one for HTTPS that all share.
    """

    namespace: str
    hostname: str
    port: int
    mode: str

    @property
    def section(self) -> str:
        """What the listener is called."""
        return f"tls-{self.port or 'https'}-{host_word(self.hostname)}" if self.mode else f"tcp-{self.port}"


def host_word(hostname: str) -> str:
    """Return the part of a name that stands for a hostname, "" for any."""
    return hostname.replace("*", "any").replace(".", "-") or "all-hosts"


def path_word(path: str) -> str:
    """Return what a rule is called: the words of its path."""
    return re.sub(r"[^a-z0-9]+", "-", path.lower()).strip("-")[:40].strip("-") or "root"


class PlainHTTP(NamedTuple):
    """The listener for HTTP of the Gateway, which all hostnames share."""


Carrier = HTTPS | PlainHTTP


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftRule:
    """A rule of an HTTPRoute, with what policies and a RouteFilter of its own have to do for it.

    `title` is what it is called by, as far as that is possible. `more` are further fields of the rule; `access` and
    `passage` the sections of its AccessPolicy and RoutePolicy; `own_filter` the spec of its RouteFilter.
    """

    title: str
    matches: tuple[JSON, ...]
    filters: tuple[JSON, ...] = ()
    backends: tuple[JSON, ...] = ()
    more: JSON = field(default_factory=dict)
    access: JSON = field(default_factory=dict)
    passage: JSON = field(default_factory=dict)
    own_filter: JSON = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftRoute:
    """An HTTPRoute of any number of rules; `origins` are the objects that it was converted from."""

    namespace: str
    name: str
    hostnames: tuple[str, ...]
    carriers: tuple[Carrier, ...]
    rules: tuple[DraftRule, ...]
    origins: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftStream:
    """A TLSRoute for these hostnames, or a TCPRoute where there are none, at listeners for streams."""

    namespace: str
    name: str
    hostnames: tuple[str, ...]
    at: tuple[StreamPort, ...]
    backends: tuple[JSON, ...]
    origins: tuple[str, ...]

    @property
    def kind(self) -> str:
        """The kind of the route."""
        return "TLSRoute" if self.hostnames else "TCPRoute"


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftListener:
    """A listener for HTTPS, or streams, with Secrets of its own namespace.

    `shared`: routes of other namespaces attach to it.
    """

    at: HTTPS | StreamPort
    secrets: tuple[str, ...]
    shared: bool
    origins: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftObject:
    """An object that is written as it is."""

    api_version: str
    kind: str
    namespace: str
    name: str
    spec: JSON
    origins: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """All that is to be written."""

    routes: tuple[DraftRoute, ...] = ()
    streams: tuple[DraftStream, ...] = ()
    listeners: tuple[DraftListener, ...] = ()
    objects: tuple[DraftObject, ...] = ()


def together(drafts: Iterable[Draft]) -> Draft:
    """Return all drafts as one: of two listeners for the same host the first counts."""
    each_of = tuple(drafts)
    listeners = {each.at: each for draft in reversed(each_of) for each in draft.listeners}
    return Draft(
        routes=tuple(route for draft in each_of for route in draft.routes),
        streams=tuple(stream for draft in each_of for stream in draft.streams),
        listeners=tuple(listeners.values()),
        objects=tuple(each for draft in each_of for each in draft.objects),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayTarget:
    """Which Gateway serves what is converted."""

    namespace: str
    name: str
    class_name: str
    http_port: int
    https_port: int


class Drafted(NamedTuple):
    """What is to be written, and what became of each field."""

    draft: Draft
    items: tuple[Item, ...]
