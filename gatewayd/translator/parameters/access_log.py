"""The key accessLog: `off`, `on`, or a map that chooses.

    fields: [usual, query]   # names; `usual` stands for all that a line has unless somebody chooses
    minStatus: 400           # answers from this status on, and connections that failed
    minDuration: 500ms       # beside those, what took at least so long

In: YAML as read. Out: what is logged, None for nothing; or what is wrong.
"""

import re
from collections.abc import Callable, Mapping
from typing import Final

from gatewayd.api.durations import milliseconds
from gatewayd.ir.access_log import EVERYTHING, FIELDS, USUAL, USUAL_FIELDS, Logged, chosen_fields
from gatewayd.translator.parameters.envoy_flags import shown
from gatewayd.translator.parameters.readers import Wrong

_DURATION: Final = re.compile(r"([0-9]{1,5}(h|m|s|ms)){1,4}")
_STATUSES: Final = range(100, 600)


def read_access_log(value: object) -> Logged | Wrong | None:
    """Return what is logged, None for nothing, or what is wrong with the value."""
    if isinstance(value, bool):
        # "on" and "off" in YAML.
        return EVERYTHING if value else None
    if not isinstance(value, dict) or not value.keys() <= _READERS.keys():
        return Wrong(why=f"not understood; on, off, or a map of {', '.join(_READERS)} is allowed")
    read = {name: _READERS[name](each) for name, each in value.items()}
    for name, each in read.items():
        if isinstance(each, Wrong):
            return Wrong(why=f"{name}: {each.why}")
    return _logged(read)


def _logged(read: Mapping[str, object]) -> Logged:
    fields, status, least = (read.get(name) for name in _READERS)
    return Logged(
        fields=fields if isinstance(fields, tuple) else USUAL_FIELDS,
        least_status=status if isinstance(status, int) else 0,
        least_milliseconds=least if isinstance(least, int) else 0,
    )


def _fields(value: object) -> tuple[str, ...] | Wrong:
    if not isinstance(value, list) or not value:
        return Wrong(why=f"not understood; a list of {USUAL} and names is allowed")
    for name in value:
        if not isinstance(name, str) or (name != USUAL and name not in FIELDS):
            what = shown(name) if isinstance(name, str) else "what is no string"
            return Wrong(why=f"{what} is not known; allowed: {', '.join((USUAL, *FIELDS))}")
    return chosen_fields(value)


def _status(value: object) -> int | Wrong:
    if type(value) is int and value in _STATUSES:
        return value
    return Wrong(why=f"not a whole number from {_STATUSES[0]} to {_STATUSES[-1]}")


def _duration(value: object) -> int | Wrong:
    if isinstance(value, str) and _DURATION.fullmatch(value):
        return milliseconds(value)
    return Wrong(why="no duration; allowed are such as 500ms, 2s or 1m30s")


_READERS: Final[Mapping[str, Callable[[object], object]]] = {
    "fields": _fields,
    "minStatus": _status,
    "minDuration": _duration,
}
