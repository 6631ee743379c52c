"""ExternalAuth -> Envoy's ext_authz filter, which a route brings along whole.

A route may override only a part of an ext_authz filter that stands in the chain, not which headers are sent. So what
stands there is a composite filter, which does nothing but take the place of the filter that the route names.
Rules: https://gateway-api.sigs.k8s.io/geps/gep-1494/
"""

from collections.abc import Iterable
from typing import Any, assert_never

from envoy.config.common.mutation_rules.v3 import mutation_rules_pb2
from envoy.config.core.v3 import config_source_pb2, grpc_service_pb2, http_uri_pb2
from envoy.extensions.common.matching.v3 import extension_matcher_pb2
from envoy.extensions.filters.http.composite.v3 import composite_pb2
from envoy.extensions.filters.http.ext_authz.v3 import ext_authz_pb2
from envoy.extensions.filters.http.header_mutation.v3 import header_mutation_pb2
from envoy.type.matcher.v3 import regex_pb2, string_pb2
from google.protobuf import wrappers_pb2
from xds.core.v3 import extension_pb2
from xds.type.matcher.v3 import matcher_pb2

from gatewayd.ir import reserved
from gatewayd.ir.filters import ExternalAuth, GRPCCheck, HTTPCheck, PolicyCheck
from gatewayd.ir.limits import AUTHORIZATION_SECONDS
from gatewayd.xds import names
from gatewayd.xds.encoding import extension, packed, seconds
from gatewayd.xds.filters import scope

NAME = "auth"
SHARE_NAME = "share"
"""For what a backend of a rule asks, which comes after what the rule asks; and for that where a policy asks before."""

THEIRS = ("x-envoy-auth-", "x-ext-authz-")
"""How names of headers begin by which Envoy and authorisation servers tell what came of a check."""

_FILTER = "envoy.filters.http.ext_authz"
_NOTHING = matcher_pb2.Matcher()


def composite(name: str) -> Any:
    """Return a filter that does nothing until a route says which filters shall take its place."""
    return extension_matcher_pb2.ExtensionWithMatcher(
        extension_config=extension(name, composite_pb2.Composite()), xds_matcher=_NOTHING
    )


CONFIG = composite(NAME)
SHARE_CONFIG = composite(SHARE_NAME)

MUTATION_RULES = mutation_rules_pb2.HeaderMutationRules(
    disallow_system=wrappers_pb2.BoolValue(value=True),
    disallow_expression=regex_pb2.RegexMatcher(regex=reserved.EXPRESSION),
)
"""What a server answers may not lead the request elsewhere, nor say where its body ends."""
_ALL = string_pb2.ListStringMatcher(patterns=[string_pb2.StringMatcher(safe_regex=regex_pb2.RegexMatcher(regex=".*"))])


def auth_per_route(auth: ExternalAuth) -> Any:
    """Return the configuration of one route, or of one backend of it."""
    return in_place(ext_authz(auth), auth, auth.says)


def policy_check(check: PolicyCheck) -> Any:
    """Return the configuration of one route for what a policy asks."""
    config = ext_authz(check.auth)
    config.failure_mode_allow = check.fails_open
    return in_place(config, check.auth, check.auth.says)


def in_place(config: Any, auth: ExternalAuth, says: Iterable[str]) -> Any:
    """Return the configuration of a `composite` whose place an ext_authz filter takes, `made` of `auth`.

    Before it is asked, the headers that it `says` are taken away from the client, who could forge them otherwise
    whenever the server lets a request through and leaves them out.
    """
    filters = [extension("envoy.filters.http.header_mutation", _forgetting(auth, says)), extension(_FILTER, config)]
    chain = composite_pb2.FilterChainConfiguration(typed_config=filters)
    return always(_FILTER, composite_pb2.ExecuteFilterAction(filter_chain=chain))


def _forgetting(auth: ExternalAuth, names: Iterable[str]) -> Any:
    """Return the filter that takes headers away, and with them all that Envoy and authorisation servers call theirs.

    But for those of a kind that the server is to be sent.
    """
    mutation = mutation_rules_pb2.HeaderMutation
    sent = tuple(name.lower() for name in auth.check.headers)
    gone = [mutation(remove=name) for name in names]
    theirs = [
        mutation(remove_on_match=mutation.RemoveOnMatch(key_matcher=string_pb2.StringMatcher(prefix=prefix)))
        for prefix in THEIRS
        if not any(name.startswith(prefix) for name in sent)
    ]
    return header_mutation_pb2.HeaderMutation(
        mutations=header_mutation_pb2.Mutations(request_mutations=[*gone, *theirs])
    )


def taking_place(name: str, of: Any) -> Any:
    """Return the configuration of a `composite` whose place a filter of Envoy takes, which is called `name` there."""
    return always(name, composite_pb2.ExecuteFilterAction(typed_config=extension(name, of)))


def always(name: str, execute: Any) -> Any:
    """Return the configuration of a `composite` whose place is taken, whatever the request is."""
    action = extension_pb2.TypedExtensionConfig(name=name.rpartition(".")[2], typed_config=packed(execute))
    always = matcher_pb2.Matcher(on_no_match=matcher_pb2.Matcher.OnMatch(action=action))
    return extension_matcher_pb2.ExtensionWithMatcherPerRoute(xds_matcher=always)


def ext_authz(auth: ExternalAuth) -> Any:
    """Return the filter. It fails closed: whatever goes wrong, the request is refused with a 403."""
    body = None
    if auth.body_bytes:
        body = ext_authz_pb2.BufferSettings(max_request_bytes=auth.body_bytes)
    return ext_authz_pb2.ExtAuthz(
        **_asked(auth),
        transport_api_version=config_source_pb2.V3,
        failure_mode_allow=False,
        with_request_body=body,
        allowed_headers=_exactly(auth.check.headers) if auth.check.headers else None,
        disallowed_headers=_withheld(auth.check),
        decoder_header_mutation_rules=MUTATION_RULES,
    )


def _withheld(check: GRPCCheck | HTTPCheck) -> Any:
    """Return what no server is sent, even if the route names it. To a server asked by gRPC, headers are mere data."""
    patterns = [string_pb2.StringMatcher(exact=scope.HEADER)]
    if isinstance(check, HTTPCheck):
        patterns.append(string_pb2.StringMatcher(safe_regex=regex_pb2.RegexMatcher(regex=reserved.OF_CONNECTION)))
    return string_pb2.ListStringMatcher(patterns=patterns)


def _asked(auth: ExternalAuth) -> dict[str, Any]:
    cluster = names.cluster(auth.upstream)
    check = auth.check
    match check:
        case GRPCCheck():
            grpc = grpc_service_pb2.GrpcService.EnvoyGrpc(cluster_name=cluster)
            service = grpc_service_pb2.GrpcService(envoy_grpc=grpc, timeout=seconds(AUTHORIZATION_SECONDS))
            return {"grpc_service": service}
        case HTTPCheck():
            uri = http_uri_pb2.HttpUri(uri="http://auth/", cluster=cluster, timeout=seconds(AUTHORIZATION_SECONDS))
            copied = _exactly(check.response_headers) if check.response_headers else _ALL
            answer = ext_authz_pb2.AuthorizationResponse(allowed_upstream_headers=copied)
            service = ext_authz_pb2.HttpService(
                server_uri=uri, path_prefix=check.path_prefix, authorization_response=answer
            )
            return {"http_service": service}
        case _:
            assert_never(check)


def _exactly(headers: tuple[str, ...]) -> Any:
    return string_pb2.ListStringMatcher(
        patterns=[string_pb2.StringMatcher(exact=name, ignore_case=True) for name in headers]
    )
