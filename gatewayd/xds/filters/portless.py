"""A redirect that keeps the request's host without its port, where the host is not known beforehand.

Envoy's redirect keeps a port of the Host header or puts another one there; it cannot leave it away. So the host is cut
out of the header into metadata, by a filter in the place that a redirect does not need, since it has no backends; and
the Location is written anew from that and the path, which the redirect has changed by then.
https://gateway-api.sigs.k8s.io/reference/spec/#httprequestredirectfilter (port)
"""

from typing import Any

from envoy.config.core.v3 import base_pb2
from envoy.extensions.filters.http.header_to_metadata.v3 import header_to_metadata_pb2
from envoy.type.matcher.v3 import regex_pb2

from gatewayd.xds.encoding import packed
from gatewayd.xds.filters import auth

_FILTER = "envoy.filters.http.header_to_metadata"
_SPACE, _KEY = "gatewayd", "host"
_CONFIG = header_to_metadata_pb2.Config

_HOST = _CONFIG.Rule(
    header=":authority",
    on_header_present=_CONFIG.KeyValuePair(
        metadata_namespace=_SPACE,
        key=_KEY,
        regex_value_rewrite=regex_pb2.RegexMatchAndSubstitute(
            pattern=regex_pb2.RegexMatcher(regex="^(.*):[0-9]+$"), substitution="\\1"
        ),
    ),
    remove=False,
)
_CUTTING = packed(auth.taking_place(_FILTER, _CONFIG(request_rules=[_HOST])))


def portless_fields(fields: dict[str, Any], scheme: str | None) -> dict[str, Any]:
    """Return the fields of a Route that redirects, with those that take the port of the request's Host away.

    `fields` are the rule's own; None as `scheme` is the request's. Only for requests whose Host has a port.
    """
    written = f"{scheme or '%REQ(X-FORWARDED-PROTO)%'}://%DYNAMIC_METADATA({_SPACE}:{_KEY})%%REQ(:PATH)%"
    location = base_pb2.HeaderValueOption(
        header=base_pb2.HeaderValue(key="location", value=written),
        append_action=base_pb2.HeaderValueOption.OVERWRITE_IF_EXISTS,
    )
    return {
        **fields,
        "typed_per_filter_config": {**fields.get("typed_per_filter_config", {}), auth.SHARE_NAME: _CUTTING},
        # What the rule does with headers comes after, as it does for every other redirect.
        "response_headers_to_add": [location, *fields.get("response_headers_to_add", ())],
    }
