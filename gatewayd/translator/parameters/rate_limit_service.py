"""The key rateLimitService: which port of which Service counts requests for all proxies.

    namespace: platform
    name: ratelimit
    port: 8081
    timeout: 50ms            # how long a request waits for its answer (100ms)

In: YAML as read. Out: the service, or what is wrong.
"""

import re
from collections.abc import Callable, Mapping
from typing import Final

from gatewayd.api.durations import milliseconds
from gatewayd.api.scalars import LABEL
from gatewayd.ir.global_limits import DEFAULT_TIMEOUT_MS, RateLimitService
from gatewayd.translator.parameters.envoy_flags import shown
from gatewayd.translator.parameters.readers import Wrong

_NAME: Final = re.compile(LABEL)
_LONGEST_NAME: Final = 63
_DURATION: Final = re.compile(r"([0-9]{1,5}(s|ms)){1,2}")
_TIMEOUTS: Final = range(1, 5001)
"""Milliseconds. A request that waits for longer is worse off than one that is not counted."""
_PORTS: Final = range(1, 65536)


def read_rate_limit_service(value: object) -> RateLimitService | Wrong:
    """Return the service, or what is wrong with the value."""
    if not isinstance(value, dict) or not value.keys() <= _READERS.keys():
        return Wrong(why=f"not understood; a map of {', '.join(_READERS)} is allowed")
    absent = [name for name in _REQUIRED if name not in value]
    if absent:
        return Wrong(why=f"{absent[0]}: missing; {', '.join(_REQUIRED)} are required")
    fields = {name: _READERS[name](each) for name, each in value.items()}
    for name, field in fields.items():
        if isinstance(field, Wrong):
            return Wrong(why=f"{name}: {field.why}")
    return _service(fields)


def _service(fields: Mapping[str, object]) -> RateLimitService:
    timeout = fields.get("timeout", DEFAULT_TIMEOUT_MS)
    return RateLimitService(
        namespace=str(fields["namespace"]),
        name=str(fields["name"]),
        port=fields["port"] if isinstance(fields["port"], int) else 0,
        timeout_ms=timeout if isinstance(timeout, int) else DEFAULT_TIMEOUT_MS,
    )


def _name(value: object) -> str | Wrong:
    if isinstance(value, str) and len(value) <= _LONGEST_NAME and _NAME.fullmatch(value):
        return value
    what = shown(value[:_LONGEST_NAME]) if isinstance(value, str) else "what is no string"
    return Wrong(why=f"{what} is no name; lower-case letters, digits and '-' are allowed")


def _port(value: object) -> int | Wrong:
    if type(value) is int and value in _PORTS:
        return value
    return Wrong(why=f"not a whole number from {_PORTS[0]} to {_PORTS[-1]}")


def _timeout(value: object) -> int | Wrong:
    if isinstance(value, str) and _DURATION.fullmatch(value) and milliseconds(value) in _TIMEOUTS:
        return milliseconds(value)
    return Wrong(why="no such duration; allowed are such as 50ms or 1s, up to 5s")


_REQUIRED: Final = ("namespace", "name", "port")
_READERS: Final[Mapping[str, Callable[[object], object]]] = {
    "namespace": _name,
    "name": _name,
    "port": _port,
    "timeout": _timeout,
}
