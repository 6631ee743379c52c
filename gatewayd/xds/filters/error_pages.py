"""ErrorPages -> Envoy's custom_response filter, which stands in the chain without a page and leaves responses alone.

https://www.envoyproxy.io/docs/envoy/v1.40.0/api-v3/extensions/filters/http/custom_response/v3/custom_response.proto
"""

from typing import Any

from envoy.config.core.v3 import base_pb2
from envoy.extensions.filters.http.custom_response.v3 import custom_response_pb2
from envoy.extensions.http.custom_response.local_response_policy.v3 import local_response_policy_pb2
from envoy.type.matcher.v3 import status_code_input_pb2
from xds.core.v3 import extension_pb2
from xds.type.matcher.v3 import matcher_pb2

from gatewayd.ir.policy import ErrorPage, ErrorPages
from gatewayd.xds.encoding import packed

NAME = "page"
CONFIG = custom_response_pb2.CustomResponse()

_Matcher = matcher_pb2.Matcher


def per_route(pages: ErrorPages) -> Any:
    """Return the configuration of one route."""
    tree = _Matcher.MatcherTree(
        input=_extension("status", status_code_input_pb2.HttpResponseStatusCodeMatchInput()),
        exact_match_map=_Matcher.MatcherTree.MatchMap(
            map={str(page.status): _Matcher.OnMatch(action=_extension("page", _answer(page))) for page in pages.pages}
        ),
    )
    return custom_response_pb2.CustomResponse(custom_response_matcher=_Matcher(matcher_tree=tree))


def _answer(page: ErrorPage) -> Any:
    header = base_pb2.HeaderValue(key="content-type", value=page.content_type)
    overwriting = base_pb2.HeaderValueOption.OVERWRITE_IF_EXISTS_OR_ADD
    return local_response_policy_pb2.LocalResponsePolicy(
        body=base_pb2.DataSource(inline_string=page.body),
        response_headers_to_add=[base_pb2.HeaderValueOption(header=header, append_action=overwriting)],
    )


def _extension(name: str, config: Any) -> Any:
    return extension_pb2.TypedExtensionConfig(name=name, typed_config=packed(config))
