"""What proxies write down of requests and connections, and where it goes: one JSON object a line, or to a collector."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from gatewayd.ir.backend import Upstream

USUAL_FIELDS: Final = (
    "time",
    "client",
    "method",
    "host",
    "path",
    "protocol",
    "status",
    "grpc_status",
    "flags",
    "details",
    "failure",
    "duration_ms",
    "upstream_ms",
    "bytes_in",
    "bytes_out",
    "route",
    "cluster",
    "upstream",
    "gateway",
    "listener",
    "port",
    "server_name",
    "request_id",
)
"""What a line has unless somebody chooses. Nothing that users type into pages: no query, no header but the host."""

OTHER_FIELDS: Final = ("query", "user_agent", "referer", "rule_name", "attempts", "tls_version", "closed_by")
"""What a line has only where it is asked for."""

FIELDS: Final = (*USUAL_FIELDS, *OTHER_FIELDS)

USUAL: Final = "usual"
"""The name that stands for all of USUAL_FIELDS where somebody chooses."""


def chosen_fields(names: Iterable[str]) -> tuple[str, ...]:
    """Return the fields that names, USUAL among them, stand for: each once, in their order."""
    fields = (field for name in names for field in (USUAL_FIELDS if name == USUAL else (name,)))
    return tuple(dict.fromkeys(fields))


FILE: Final = "access.log"
"""Without a cluster: the file in the private folder that an Envoy runs in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedHeader:
    """A header that a request has, with one of `values`; empty: with any."""

    name: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Logged:
    """What is written down: `fields` in FIELDS, of everything that has one of three things, or of all without any.

    `least_status` is the lowest status of an answer, `least_milliseconds` the shortest time that it took, and `headers`
    are those of which a request has one; 0 and empty ask for nothing. A connection that is passed on has no status and
    no header: in the place of the status counts whether something went wrong.
    """

    fields: tuple[str, ...]
    least_status: int
    least_milliseconds: int
    headers: tuple[LoggedHeader, ...] = ()


EVERYTHING: Final = Logged(fields=USUAL_FIELDS, least_status=0, least_milliseconds=0)


class LogService(StrEnum):
    """What is spoken to a server that collects logs."""

    OTLP = "OTLP"
    ALS = "ALS"


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnOutput:
    """The standard output of a proxy, or its file."""


OWN_OUTPUT: Final = OwnOutput()


@dataclass(frozen=True, slots=True, kw_only=True)
class Collector:
    """A server that lines are sent to."""

    service: LogService
    upstream: Upstream


Sink = OwnOutput | Collector


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessLog:
    """The log of a Gateway ("namespace/name"): `file` in the folder that Envoy runs in, "" for standard output.

    `sinks` are where it goes; the file counts for a proxy's own output alone.
    """

    gateway: str
    file: str
    logged: Logged
    sinks: tuple[Sink, ...] = (OWN_OUTPUT,)
