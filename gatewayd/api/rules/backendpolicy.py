"""Rules about BackendPolicy, each with the CEL text that its CRD has for it."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from msgspec import Struct
from msgspec.structs import fields

from gatewayd.api.backendpolicy import (
    ActiveHealthSection,
    ConnectionSection,
    DNSSection,
    FailoverSection,
    HashSource,
    HTTP2Keepalive,
    LoadBalancingSection,
    PassiveHealthSection,
    TCPKeepalive,
)
from gatewayd.api.durations import milliseconds
from gatewayd.api.meta import Problem, Problems
from gatewayd.api.rules.cel import Validation, has_each, holds_some

_CHECKS: Final = ("http", "grpc", "tcp")
_HASHING: Final = ("RingHash", "Maglev")
_GRADUAL: Final = ("LeastRequest", "RoundRobin")

_LASTING: Final[Mapping[type[Struct], tuple[str, ...]]] = MappingProxyType(
    {
        ConnectionSection: ("connect_timeout", "idle_timeout"),
        TCPKeepalive: ("idle", "interval"),
        HTTP2Keepalive: ("interval", "timeout"),
        ActiveHealthSection: ("interval", "timeout"),
        PassiveHealthSection: ("interval", "base_ejection"),
        LoadBalancingSection: ("slow_start",),
        DNSSection: ("refresh",),
    }
)
"""Durations of which none means nothing: Envoy refuses a cluster for it."""


def durations_last(value: Struct) -> Problems:
    """Check that what has to last lasts (spec.default.connection.connectTimeout and others)."""
    for each in fields(type(value)):
        written = getattr(value, each.name) if each.name in _LASTING[type(value)] else None
        if written is not None and not milliseconds(written):
            yield Problem(path=each.encode_name, message="must be longer than 0s")


def one_check(section: ActiveHealthSection) -> Problems:
    """Check that there is one way to ask an endpoint (spec.default.activeHealth)."""
    ways = [name for name in _CHECKS if getattr(section, name) is not None]
    if not ways and not section.is_disabled:
        yield Problem(path="", message=f"must have one of {', '.join(_CHECKS)}")
    for name in ways[1:]:
        yield Problem(path=name, message=f"must not be set together with {ways[0]}")


def hashed_on_something(section: LoadBalancingSection) -> Problems:
    """Check that hashing, and nothing else, says on what (spec.default.loadBalancing)."""
    hashes = section.type in _HASHING
    if hashes and not section.hash_on:
        yield Problem(path="hashOn", message=f"must not be empty for type {section.type}")
    if section.hash_on and not hashes:
        yield Problem(path="hashOn", message=f"must not be set for other types than {', '.join(_HASHING)}")


def slow_where_gradual(section: LoadBalancingSection) -> Problems:
    """Check that a slow start is asked of what can have one (spec.default.loadBalancing)."""
    if section.slow_start is not None and (section.type or _GRADUAL[0]) not in _GRADUAL:
        yield Problem(path="slowStart", message=f"must not be set for other types than {', '.join(_GRADUAL)}")


def source_named(source: HashSource) -> Problems:
    """Check that all but an address has a name, and that only a cookie ends (spec.default.loadBalancing.hashOn[])."""
    if (source.type == "Address") != (source.name is None):
        wanted = "must not be set" if source.type == "Address" else "is required"
        yield Problem(path="name", message=f"{wanted} for type {source.type}")
    if source.ttl is not None and source.type != "Cookie":
        yield Problem(path="ttl", message=f"must not be set for type {source.type}")


def somewhere_to_go(section: FailoverSection) -> Problems:
    """Check that there is a Service (spec.default.failover)."""
    if not section.services and not section.is_disabled:
        yield Problem(path="services", message="must not be empty")


def _lasting(struct: type[Struct]) -> Validation:
    names = [each.encode_name for each in fields(struct) if each.name in _LASTING[struct]]
    cel = " && ".join(f"(!has(self.{name}) || duration(self.{name}) > duration('0s'))" for name in names)
    return Validation(durations_last, cel, f"{', '.join(names)} must be longer than 0s")


def _ways() -> Validation:
    counted = f"[{', '.join(f'has(self.{name})' for name in _CHECKS)}].filter(a, a).size()"
    none = f"self.mode == 'Disabled' ? !({has_each('self', _CHECKS, ' || ')}) : {counted} == 1"
    return Validation(one_check, none, f"exactly one of {', '.join(_CHECKS)} must be set")


_HASHES: Final = f"(has(self.type) && self.type in {list(_HASHING)})"
_HAS_HASH: Final = holds_some("hashOn")

_ROWS: Final[tuple[tuple[type[Struct], Validation], ...]] = (
    (ActiveHealthSection, _ways()),
    (
        LoadBalancingSection,
        Validation(
            hashed_on_something,
            f"{_HASHES} == {_HAS_HASH}",
            f"hashOn is for types {', '.join(_HASHING)}, which need it",
        ),
    ),
    (
        LoadBalancingSection,
        Validation(
            slow_where_gradual,
            f"!has(self.slowStart) || !has(self.type) || self.type in {list(_GRADUAL)}",
            f"slowStart is for types {', '.join(_GRADUAL)}",
        ),
    ),
    (
        HashSource,
        Validation(
            source_named,
            "(self.type == 'Address') != has(self.name) && (!has(self.ttl) || self.type == 'Cookie')",
            "name is for all types but Address, which need it; ttl is for type Cookie",
        ),
    ),
    (
        FailoverSection,
        Validation(
            somewhere_to_go, f"self.mode == 'Disabled' || {holds_some('services')}", "services must not be empty"
        ),
    ),
    *((struct, _lasting(struct)) for struct in _LASTING),
)


def rows_of(struct: type[Struct]) -> tuple[Validation, ...]:
    """Return the rules about a struct of BackendPolicy, beside those that all sections have."""
    return tuple(validation for of, validation in _ROWS if of is struct)


PARTS: Final[Mapping[type[Struct], tuple[Validation, ...]]] = MappingProxyType(
    {struct: rows_of(struct) for struct in (HashSource, TCPKeepalive, HTTP2Keepalive)}
)
SECTIONS: Final[Mapping[type[Struct], tuple[Validation, ...]]] = MappingProxyType(
    {struct: rows_of(struct) for struct, _ in _ROWS if struct not in PARTS}
)
