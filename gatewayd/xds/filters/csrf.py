"""SameOrigin -> Envoy's CSRF filter, which stands in the chain for no request until a route says for which.

https://www.envoyproxy.io/docs/envoy/v1.40.0/api-v3/extensions/filters/http/csrf/v3/csrf.proto
"""

from typing import Any, Final

from envoy.config.core.v3 import base_pb2
from envoy.extensions.filters.http.csrf.v3 import csrf_pb2
from envoy.type.matcher.v3 import string_pb2
from envoy.type.v3 import percent_pb2

from gatewayd.ir.policy import SameOrigin

NAME: Final = "csrf"
_ALL: Final = 100


def _of(percent: int) -> Any:
    share = percent_pb2.FractionalPercent(numerator=percent)
    return base_pb2.RuntimeFractionalPercent(default_value=share)


CONFIG: Final = csrf_pb2.CsrfPolicy(filter_enabled=_of(0))


def per_route(policy: SameOrigin) -> Any:
    """Return the configuration of one route."""
    return csrf_pb2.CsrfPolicy(filter_enabled=_of(_ALL), additional_origins=[_host(each) for each in policy.hosts])


def _host(host: str) -> Any:
    if host.startswith("*"):
        return string_pb2.StringMatcher(suffix=host[1:])
    return string_pb2.StringMatcher(exact=host)
