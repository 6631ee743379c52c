"""What a policy of Envoy Gateway is for: read leniently, so that what it protects is known whatever else is wrong."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec

from gatewayd.api.envoy_gateway.fields import TheirTargetRef
from gatewayd.api.envoy_gateway.objects import ForeignObject
from gatewayd.api.refs import GATEWAY_GROUP


class WrittenTarget(NamedTuple):
    """A target as a policy names it, and the path of the field that does."""

    path: str
    ref: TheirTargetRef


def written_targets(row: ForeignObject, kinds: tuple[str, ...]) -> Iterator[WrittenTarget]:
    """Yield the targets of a policy that can be read, and are of kinds that it can be for."""
    for path, written in _written(row.spec):
        ref = _read(written)
        if ref is not None and ref.group == GATEWAY_GROUP and ref.kind in kinds:
            yield WrittenTarget(path, ref)


def target_problems(row: ForeignObject, kinds: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Yield the paths of targets that a policy cannot be for, and why."""
    for path, written in _written(row.spec):
        ref = _read(written)
        if ref is not None and (ref.group != GATEWAY_GROUP or ref.kind not in kinds):
            yield f"{path}.kind", f"must be one of {', '.join(kinds)} of {GATEWAY_GROUP}"


def _written(spec: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    one, several = spec.get("targetRef"), spec.get("targetRefs")
    if one is not None:
        yield "spec.targetRef", one
    for at, each in enumerate(several if isinstance(several, list) else ()):
        yield f"spec.targetRefs[{at}]", each


def _read(written: Any) -> TheirTargetRef | None:
    try:
        return msgspec.convert(written, TheirTargetRef)
    except (msgspec.ValidationError, TypeError):
        return None
