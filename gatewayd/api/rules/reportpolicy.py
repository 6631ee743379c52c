"""Rules about ReportPolicy, each with the CEL text that its CRD has for it."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from msgspec import Struct

from gatewayd.api.meta import Problem, Problems
from gatewayd.api.reportpolicy import (
    SENT_BY_ALS,
    SENT_USUALLY,
    USUAL,
    AccessLogSection,
    LogSink,
    ReportPolicySpec,
    SamplingRate,
    SamplingSection,
)
from gatewayd.api.rules.cel import Validation

_OUTPUT: Final = "Output"
_ALS: Final = "ALS"


_KINDS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "accessLog": ("GatewayClass", "Gateway"),
        "sampling": ("ListenerSet", "Namespace", "HTTPRoute", "GRPCRoute"),
        "metrics": ("HTTPRoute", "GRPCRoute"),
    }
)
"""What each section may be for. A log is of all listeners of a Gateway, whose rate of sampling an XTelemetryPolicy has.
Metrics are of routes that somebody has named, so that there are no more of them than that."""


def kinds_of_sections(spec: ReportPolicySpec) -> Problems:
    """Check that each section is for what has such a thing (spec)."""
    for name, value in _given(spec):
        for at, ref in enumerate(spec.target_refs if value is not None else ()):
            if ref.kind not in _KINDS[name]:
                yield Problem(
                    path=f"targetRefs[{at}].kind", message=f"must be one of {', '.join(_KINDS[name])} for {name}"
                )


def log_of_all_listeners(spec: ReportPolicySpec) -> Problems:
    """Check that no log is for a part of a Gateway (spec)."""
    if dict(_given(spec))["accessLog"] is None:
        return
    for at, ref in enumerate(spec.target_refs):
        if ref.section_name is not None:
            yield Problem(path=f"targetRefs[{at}].sectionName", message="must not be set; a log is of all listeners")


def _given(spec: ReportPolicySpec) -> tuple[tuple[str, object], ...]:
    given = spec.default or spec.override
    return (
        ("accessLog", given and given.access_log),
        ("sampling", given and given.sampling),
        ("metrics", given and given.metrics),
    )


def rate_given(section: SamplingSection) -> Problems:
    """Check that there is a rate (spec.default.sampling)."""
    if section.rate is None and not section.is_disabled:
        yield Problem(path="rate", message="is required, unless mode is Disabled")


def rate_at_most_one(rate: SamplingRate) -> Problems:
    """Check that no more requests are sampled than there are (spec.default.sampling.rate)."""
    if rate.numerator > rate.denominator:
        yield Problem(path="numerator", message=f"must be at most the denominator, {rate.denominator}")


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
    asked = {*section.fields, *(SENT_USUALLY if USUAL in section.fields else ())}
    missing = [name for name in SENT_BY_ALS if name not in asked]
    for at, sink in enumerate(section.sinks):
        if sink.type == _ALS and missing:
            message = f"must not be ALS, which always sends {', '.join(SENT_BY_ALS)}, unless fields has them"
            yield Problem(path=f"sinks[{at}].type", message=message)


def _is_asked(name: str) -> str:
    itself = f"'{name}' in self.fields"
    return f"({itself} || '{USUAL}' in self.fields)" if name in SENT_USUALLY else itself


_ALL_ASKED: Final = " && ".join(map(_is_asked, SENT_BY_ALS))


def _has(name: str) -> str:
    return f"(has(self.default) && has(self.default.{name})) || (has(self.override) && has(self.override.{name}))"


def _of_kinds() -> str:
    return " && ".join(
        f"(!({_has(name)}) || self.targetRefs.all(a, a.kind in {list(kinds)}))" for name, kinds in _KINDS.items()
    )


SPEC: Final = (
    Validation(
        kinds_of_sections,
        _of_kinds(),
        "; ".join(f"{name} is for kinds {', '.join(kinds)}" for name, kinds in _KINDS.items()),
    ),
    Validation(
        log_of_all_listeners,
        f"!({_has('accessLog')}) || self.targetRefs.all(a, !has(a.sectionName))",
        "sectionName must not be set for accessLog",
    ),
)
PARTS: Final[Mapping[type[Struct], tuple[Validation, ...]]] = MappingProxyType(
    {
        LogSink: (
            Validation(
                server_where_sent,
                f"(self.type == '{_OUTPUT}') != has(self.backendRef)",
                f"backendRef is for all types but {_OUTPUT}, which need it",
            ),
        ),
        SamplingRate: (
            Validation(
                rate_at_most_one, "self.numerator <= self.denominator", "numerator must be at most the denominator"
            ),
        ),
    }
)
SECTIONS: Final[Mapping[type[Struct], tuple[Validation, ...]]] = MappingProxyType(
    {
        SamplingSection: (Validation(rate_given, "self.mode == 'Disabled' || has(self.rate)", "rate is required"),),
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
