"""What proxies tell of requests as spans of traces, and of how many."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from gatewayd.ir.backend import Upstream
from gatewayd.ir.filters import Header

WHOLE: Final = 10_000
"""The parts that requests are counted in where some of them are sampled: finer than that Envoy does not."""

TRACE_HEADERS: Final = ("traceparent", "tracestate")
"""How a client says of which trace a request is, and whether it has sampled it: https://www.w3.org/TR/trace-context/"""

KNOWN_ATTRIBUTES: Final = (
    "client.address",
    "client.port",
    "http.request.body.size",
    "http.request.method",
    "http.response.body.size",
    "http.response.status_code",
    "http.route",
    "network.protocol.version",
    "rpc.grpc.status_code",
    "server.address",
    "server.port",
    "tls.protocol.version",
    "url.path",
    "url.query",
    "url.scheme",
    "user_agent.original",
)
"""What OpenTelemetry has names for and a proxy knows: https://opentelemetry.io/docs/specs/semconv/http/http-spans/"""


class ParentDecision(StrEnum):
    """What a client's own decision whether a request is sampled comes to."""

    KEPT = "kept"
    """It counts, of `kept` of WHOLE requests that have one; of the others some are sampled."""
    REPLACED = "replaced"
    """The request stays in the client's trace, and what clients have decided does not count."""
    FORGOTTEN = "forgotten"
    """A trace begins here: clients are strangers, who could have each of their requests sampled."""


class AttributeSource(StrEnum):
    """Where the value of an attribute is from."""

    HEADER = "header"
    LITERAL = "literal"
    KNOWN = "known"


@dataclass(frozen=True, slots=True, kw_only=True)
class SpanAttribute:
    """What a span says under a name. `value` is a header, the text itself, or one of KNOWN_ATTRIBUTES."""

    name: str
    source: AttributeSource
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tracing:
    """The traces of a Gateway ("namespace/name"), which are sent to a server by OTLP.

    `sampled` of WHOLE requests become traces, and `kept` of those that their clients sample, where that counts. `span`
    "": a span is called after the rule that took the request.
    """

    gateway: str
    upstream: Upstream
    headers: tuple[Header, ...]
    service: str
    span: str
    sampled: int
    kept: int
    parent: ParentDecision
    attributes: tuple[SpanAttribute, ...]
