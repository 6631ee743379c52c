"""Rate limits that a service counts for all proxies, as a Route carries them and as the service has to know them."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from gatewayd.ir.backend import Upstream

DEFAULT_TIMEOUT_MS: Final = 100
"""How long a request waits for the service when nobody says: one round trip within a cluster takes less than 5 ms."""


class LimitUnit(StrEnum):
    """The time in which so many requests are let through."""

    SECOND = "second"
    MINUTE = "minute"
    HOUR = "hour"
    DAY = "day"


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLimitService:
    """Which port of which Service counts, as parameters name it, and for how long a request waits for its answer."""

    namespace: str
    name: str
    port: int
    timeout_ms: int = DEFAULT_TIMEOUT_MS


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedLimit:
    """Lets `requests` pass in a unit of time, at all proxies that ask the same service.

    Each combination of what it is for has as many: the client's address if `per_client`, the values of `headers`, in
    lower case, of `claims` of the token, and each route if `per_route`; a request without one of them does not count.
    A request counts `cost`, and when it is done as much as `cost_header` of its response says ("" for none).
    `is_shadow`: none is refused.
    """

    name: str
    requests: int
    unit: LimitUnit
    per_client: bool
    headers: tuple[str, ...]
    claims: tuple[str, ...]
    per_route: bool
    cost: int
    cost_header: str
    is_shadow: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedLimits:
    """Answer 429 to a request for which `service` says that one of the limits is reached.

    `domain` is the namespace and name of the policy (and its kind if it is none of ours), below which the service
    counts; `route` is what a limit per route is for. `fails_open`: requests go on while the service does not answer.
    `tells_clients`: by x-ratelimit headers.
    """

    domain: str
    limits: tuple[SharedLimit, ...]
    route: str
    service: Upstream
    timeout_ms: int
    fails_open: bool
    tells_clients: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitDomain:
    """What a rate limit service has to know of one policy: `name` is the `domain` of its SharedLimits."""

    name: str
    limits: tuple[SharedLimit, ...]
