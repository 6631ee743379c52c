"""Rules about ClientPolicy, each with the CEL text that its CRD has for it."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from msgspec import Struct
from msgspec.structs import fields

from gatewayd.api.clientpolicy import (
    ClientAddressSection,
    ClientConnectionsSection,
    ClientPolicySpec,
    ClientTimeoutsSection,
    ClientTLSSection,
)
from gatewayd.api.durations import milliseconds
from gatewayd.api.meta import Problem, Problems
from gatewayd.api.rules.cel import Validation, holds_some

_KINDS: Final = ("GatewayClass", "Gateway", "ListenerSet")
_LASTING: Final[Mapping[type[Struct], tuple[str, ...]]] = MappingProxyType(
    {
        ClientTimeoutsSection: ("tls_handshake", "request_headers", "stream_idle", "idle"),
        ClientConnectionsSection: ("max_age",),
    }
)
"""Durations of which none would let clients hold on to a proxy for ever, or end every connection at once."""


def clients_last(value: Struct) -> Problems:
    """Check that what has to last lasts (spec.default.timeouts, spec.default.connections)."""
    for each in fields(type(value)):
        written = getattr(value, each.name) if each.name in _LASTING[type(value)] else None
        if written is not None and not milliseconds(written):
            yield Problem(path=each.encode_name, message="must be longer than 0s")


def one_trust(section: ClientAddressSection) -> Problems:
    """Check that proxies in front are either counted or named (spec.default.clientAddress)."""
    if not section.is_disabled and (section.trusted_hops is None) == (not section.trusted_ranges):
        yield Problem(path="", message="must have one of trustedHops, trustedRanges")


def versions_in_order(section: ClientTLSSection) -> Problems:
    """Check that there is a version to agree on (spec.default.tls)."""
    if section.min_version and section.max_version and section.min_version > section.max_version:
        yield Problem(path="minVersion", message=f"must not be above maxVersion, {section.max_version}")


def way_in_targets(spec: ClientPolicySpec) -> Problems:
    """Check that a policy of clients is for what has listeners: no route is chosen yet (spec)."""
    for at, ref in enumerate(spec.target_refs):
        if ref.kind not in _KINDS:
            yield Problem(path=f"targetRefs[{at}].kind", message=f"must be one of {', '.join(_KINDS)}")


def _lasting(struct: type[Struct]) -> Validation:
    names = [each.encode_name for each in fields(struct) if each.name in _LASTING[struct]]
    cel = " && ".join(f"(!has(self.{name}) || duration(self.{name}) > duration('0s'))" for name in names)
    return Validation(clients_last, cel, f"{', '.join(names)} must be longer than 0s")


SPEC: Final = (
    Validation(
        way_in_targets,
        f"self.targetRefs.all(a, a.kind in {list(_KINDS)})",
        f"targetRefs must be of kinds {', '.join(_KINDS)}",
    ),
)
SECTIONS: Final[Mapping[type[Struct], tuple[Validation, ...]]] = MappingProxyType(
    {
        ClientAddressSection: (
            Validation(
                one_trust,
                f"self.mode == 'Disabled' || has(self.trustedHops) != {holds_some('trustedRanges')}",
                "must have one of trustedHops, trustedRanges",
            ),
        ),
        ClientTLSSection: (
            Validation(
                versions_in_order,
                "!has(self.minVersion) || !has(self.maxVersion) || self.minVersion <= self.maxVersion",
                "minVersion must not be above maxVersion",
            ),
        ),
        **{struct: (_lasting(struct),) for struct in _LASTING},
    }
)
