"""A Difference as lines for people, and as the JSON of `gatewayd diff -o json`."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any, Final

from gatewayd.diff.compare import Difference, GatewayChange, ResourceChange, StatusChange, Way
from gatewayd.diff.fields import FieldChange
from gatewayd.xds.names import NOWHERE

_SIGNS: Final = {Way.ADDED: "+", Way.REMOVED: "-", Way.CHANGED: "~"}
_LONGEST: Final = 100
_WHOLE: Final = 2**31


def difference_lines(difference: Difference, *, whole: bool = False) -> Iterator[str]:
    """Yield what changes, Gateway by Gateway; lines begin with +, - or ~, those of drains with !.

    Values are cut after 100 characters unless they are to be `whole`.
    """
    longest = _WHOLE if whole else _LONGEST
    for gateway in difference.gateways:
        yield from gateway_lines(gateway, longest)
    for status in difference.statuses:
        yield f"{_SIGNS[status.way]} status of {status.object}"
        yield from (f"    {line}" for each in status.fields for line in _field_lines(each, longest))
    if not difference.gateways and not difference.statuses:
        yield "nothing changes"


def gateway_lines(change: GatewayChange, longest: int = _LONGEST) -> Iterator[str]:
    """Yield what changes in the Envoys of one Gateway."""
    yield f"{_SIGNS[change.way]} Gateway {change.fleet}"
    for resource in change.resources:
        yield f"  {_SIGNS[resource.way]} {resource.type} {resource.name}"
        yield from (f"      {line}" for each in resource.fields for line in _field_lines(each, longest))
        if resource.type == "LDS" and any(each.after == NOWHERE for each in resource.fields):
            yield f"  ! listener {resource.name}: connections find no backend any more and are closed"
    for drain in change.drains:
        which = "all connections" if drain.chain is None else f"connections of filter chain {drain.chain}"
        yield f"  ! listener {drain.listener}: {which} drain; {drain.why}"
    if change.way is Way.CHANGED and not change.drains:
        yield "  no connection drains"


def _field_lines(change: FieldChange, longest: int) -> Iterator[str]:
    if change.before is None:
        yield f"+ {change.path}: {_short(change.after, longest)}"
    elif change.after is None:
        yield f"- {change.path}: {_short(change.before, longest)}"
    else:
        yield f"~ {change.path}: {_short(change.before, longest)} -> {_short(change.after, longest)}"


def _short(value: Any, longest: int) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= longest else f"{text[: longest - 3]}..."


def difference_json(difference: Difference) -> dict[str, Any]:
    """Return the shape of `diff -o json`; values are not cut."""
    return {
        "gateways": [_gateway_json(each) for each in difference.gateways],
        "statuses": [_status_json(each) for each in difference.statuses],
    }


def _gateway_json(change: GatewayChange) -> dict[str, Any]:
    return {
        "gateway": str(change.fleet),
        "change": change.way.value,
        "resources": [_resource_json(each) for each in change.resources],
        "drains": [asdict(each) for each in change.drains],
    }


def _resource_json(change: ResourceChange) -> dict[str, Any]:
    fields = [asdict(each) for each in change.fields]
    return {"type": change.type, "name": change.name, "change": change.way.value, "fields": fields}


def _status_json(change: StatusChange) -> dict[str, Any]:
    fields = [asdict(each) for each in change.fields]
    return {"object": change.object, "change": change.way.value, "fields": fields}
