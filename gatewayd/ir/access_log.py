"""What proxies write down of requests and connections: one JSON object a line."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

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
class Logged:
    """What is written down: `fields` in FIELDS, of everything that has one of two things, or of all where both are 0.

    `least_status` is the lowest status of an answer, `least_milliseconds` the shortest time that it took. A connection
    that is passed on has no status: in its place counts whether something went wrong.
    """

    fields: tuple[str, ...]
    least_status: int
    least_milliseconds: int


EVERYTHING: Final = Logged(fields=USUAL_FIELDS, least_status=0, least_milliseconds=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessLog:
    """The log of a Gateway ("namespace/name"): `file` in the folder that Envoy runs in, "" for standard output."""

    gateway: str
    file: str
    logged: Logged
