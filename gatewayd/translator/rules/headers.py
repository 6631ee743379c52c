"""Header modifiers -> HeaderChanges, but for what nobody may change.

https://gateway-api.sigs.k8s.io/reference/spec/#httpheaderfilter
"""

import re
from collections.abc import Iterator
from enum import Enum, auto

from gatewayd.api.filters import HeaderModifier
from gatewayd.api.names import shown
from gatewayd.api.routepolicy import HeaderFrom, PolicyHeaderModifier
from gatewayd.ir.filters import CopiedHeader, Header, HeaderChanges, RequestValue
from gatewayd.ir.reserved import HOST, reserved
from gatewayd.translator.problems import Unsupported

_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+\-.^_`|~]+")
_HOST_VALUE = re.compile(r"(?:[A-Za-z0-9._~-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?")


class Side(Enum):
    """Which message a header modifier changes."""

    REQUEST = auto()
    RESPONSE = auto()


def modified(path: str, modifier: HeaderModifier, side: Side) -> HeaderChanges | Unsupported:
    """Return the changes; what one of them may not change refuses all of them."""
    wrong = next((f"{path}.{field}: {why}" for field, why in _unchangeable(modifier, side) if why), None)
    if wrong is not None:
        return Unsupported(wrong)
    return HeaderChanges(
        set=tuple(Header(name=each.name, value=each.value) for each in modifier.set),
        add=tuple(Header(name=each.name, value=each.value) for each in modifier.add),
        remove=modifier.remove,
        copied=tuple(map(_copied, modifier.set_from)) if isinstance(modifier, PolicyHeaderModifier) else (),
    )


def _copied(written: HeaderFrom) -> CopiedHeader:
    source = written.header if written.property is None else RequestValue(written.property)
    return CopiedHeader(name=written.name, source=source or "")


def _unchangeable(modifier: HeaderModifier, side: Side) -> Iterator[tuple[str, str]]:
    """Yield each field with what is wrong with it, "" for nothing."""
    for at, header in enumerate(modifier.set):
        if side is Side.REQUEST and header.name.lower() == HOST:
            yield f"set[{at}].value", _no_host(header.value)
        else:
            yield f"set[{at}].name", _no_change(header.name)
    if isinstance(modifier, PolicyHeaderModifier):
        yield from ((f"setFrom[{at}].name", _no_change(each.name)) for at, each in enumerate(modifier.set_from))
    yield from ((f"add[{at}].name", _no_change(header.name)) for at, header in enumerate(modifier.add))
    yield from ((f"remove[{at}]", _no_change(name)) for at, name in enumerate(modifier.remove))


def _no_change(name: str) -> str:
    if why := reserved(name):
        return f"header {shown(name)} {why}; headers of the message itself are allowed"
    if name.lower() == HOST:
        return f"header {shown(name)} says which host is asked; set in a RequestHeaderModifier is allowed"
    # The CRD leaves the names in `remove` open; Envoy refuses what is no header name, and with it the whole table.
    return "" if _HEADER_NAME.fullmatch(name) else f"{name[:80]!r} is not a header name"


def _no_host(value: str) -> str:
    return (
        "" if _HOST_VALUE.fullmatch(value) else f"{shown(value)} is no host; a name or an address is allowed, and :port"
    )
