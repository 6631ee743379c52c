"""A request whose Host is none gets a 400 before anything is done for it.

It takes a filter: Envoy itself looks at single characters, and leaves out whatever stands behind the last colon when it
looks for the virtual host. The one that answers with a status of choice, at the cost of one look at one header, is the
filter that injects faults; it injects this one.
"""

from typing import Any

from envoy.config.accesslog.v3 import accesslog_pb2
from envoy.config.core.v3 import base_pb2
from envoy.config.route.v3 import route_components_pb2
from envoy.extensions.filters.http.fault.v3 import fault_pb2
from envoy.extensions.filters.network.http_connection_manager.v3 import http_connection_manager_pb2 as pb
from envoy.type.matcher.v3 import regex_pb2, string_pb2
from envoy.type.v3 import percent_pb2

from gatewayd.ir.edge import AUTHORITY
from gatewayd.xds.encoding import packed

NAME = "authority"
STATUS = 400

_INJECTED = "FI"
_ALWAYS = percent_pb2.FractionalPercent(numerator=100)


def authority_filter() -> Any:
    """Return the filter that lets a request pass if its Host is one."""
    is_one = string_pb2.StringMatcher(safe_regex=regex_pb2.RegexMatcher(regex=AUTHORITY))
    fault = fault_pb2.HTTPFault(
        headers=[route_components_pb2.HeaderMatcher(name=":authority", string_match=is_one, invert_match=True)],
        abort=fault_pb2.FaultAbort(http_status=STATUS, percentage=_ALWAYS),
    )
    return pb.HttpFilter(name=NAME, typed_config=packed(fault))


_WORDS = {STATUS: "Bad Request", 413: "Payload Too Large"}
"""What Envoy itself says with these statuses, which it injects here and for bodies that are too long."""


def _injected(status: int) -> Any:
    """Return what holds for an answer that was injected; a policy may inject other ones."""
    injected = accesslog_pb2.ResponseFlagFilter(flags=[_INJECTED])
    equal = accesslog_pb2.ComparisonFilter(
        op=accesslog_pb2.ComparisonFilter.EQ,
        value=base_pb2.RuntimeUInt32(default_value=status, runtime_key=f"gatewayd.injected.{status}"),
    )
    filters = [
        accesslog_pb2.AccessLogFilter(response_flag_filter=injected),
        accesslog_pb2.AccessLogFilter(status_code_filter=accesslog_pb2.StatusCodeFilter(comparison=equal)),
    ]
    return accesslog_pb2.AccessLogFilter(and_filter=accesslog_pb2.AndFilter(filters=filters))


REFUSAL = pb.LocalReplyConfig(
    mappers=[
        pb.ResponseMapper(filter=_injected(status), body=base_pb2.DataSource(inline_string=words))
        for status, words in _WORDS.items()
    ]
)
"""The words of such answers: those of Envoy's others with the same status."""
