"""Rules about ReportPolicy, each with the CEL text that its CRD has for it."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from msgspec import Struct

from gatewayd.api.meta import Problem, Problems
from gatewayd.api.reportpolicy import SENT_BY_ALS, AccessLogSection, LogSink
from gatewayd.api.rules.cel import Validation

_OUTPUT: Final = "Output"
_ALS: Final = "ALS"


def server_where_sent(sink: LogSink) -> Problems:
    """Check that what is sent is sent to somebody (spec.default.accessLog.sinks[])."""
    if (sink.type == _OUTPUT) != (sink.backend_ref is None):
        wanted = "must not be set" if sink.type == _OUTPUT else "is required"
        yield Problem(path="backendRef", message=f"{wanted} for type {sink.type}")


def sinks_differ(section: AccessLogSection) -> Problems:
    """Check that no line goes to the same place twice (spec.default.accessLog)."""
    for at, sink in enumerate(section.sinks):
        before = section.sinks.index(sink)
        if before != at:
            yield Problem(path=f"sinks[{at}]", message=f"repeats sinks[{before}]; sinks must be unique")


def als_is_asked_for_all(section: AccessLogSection) -> Problems:
    """Check that what ALS always sends of users has been asked for (spec.default.accessLog)."""
    missing = [name for name in SENT_BY_ALS if name not in section.fields]
    for at, sink in enumerate(section.sinks):
        if sink.type == _ALS and missing:
            message = f"must not be ALS, which always sends {', '.join(SENT_BY_ALS)}, unless fields has them"
            yield Problem(path=f"sinks[{at}].type", message=message)


_ALL_ASKED: Final = " && ".join(f"'{name}' in self.fields" for name in SENT_BY_ALS)

PARTS: Final[Mapping[type[Struct], tuple[Validation, ...]]] = MappingProxyType(
    {
        LogSink: (
            Validation(
                server_where_sent,
                f"(self.type == '{_OUTPUT}') != has(self.backendRef)",
                f"backendRef is for all types but {_OUTPUT}, which need it",
            ),
        ),
    }
)
SECTIONS: Final[Mapping[type[Struct], tuple[Validation, ...]]] = MappingProxyType(
    {
        AccessLogSection: (
            Validation(
                sinks_differ,
                "!has(self.sinks) || self.sinks.all(a, self.sinks.exists_one(b, a == b))",
                "sinks must be unique",
            ),
            Validation(
                als_is_asked_for_all,
                f"!has(self.sinks) || !self.sinks.exists(a, a.type == '{_ALS}') || (has(self.fields) && {_ALL_ASKED})",
                f"a sink of type ALS always sends {', '.join(SENT_BY_ALS)}: fields must have them",
            ),
        ),
    }
)
