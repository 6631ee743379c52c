"""FEATURES: what of the Gateway API works, by the names that the conformance suite gives it.

One table, read by GatewayClass.status.supportedFeatures, docs/features.md and the conformance run.
https://gateway-api.sigs.k8s.io/reference/spec/#supportedfeature
"""

from typing import NamedTuple


class Feature(NamedTuple):
    """A feature and the feature test that shows it (path below tests/)."""

    name: str
    test: str


FEATURES: tuple[Feature, ...] = (
    Feature("Gateway", "feature/test_first_light.py"),
    Feature("GatewayPort8080", "feature/test_redirects.py"),
    Feature("GatewayHTTPListenerIsolation", "feature/test_hostnames.py"),
    Feature("GatewayHTTPSListenerDetectMisdirectedRequests", "feature/test_tls.py"),
    Feature("ReferenceGrant", "feature/test_namespaces.py"),
    Feature("GatewayRouteHostnameIntersectionPrecedence", "feature/test_hostnames.py"),
    Feature("HTTPRoute", "feature/test_first_light.py"),
    Feature("HTTPRouteDestinationPortMatching", "feature/test_attachment.py"),
    Feature("HTTPRouteParentRefPort", "feature/test_attachment.py"),
    Feature("HTTPRouteBackendRequestHeaderModification", "feature/test_headers.py"),
    Feature("HTTPRouteQueryParamMatching", "feature/test_matching.py"),
    Feature("HTTPRouteMethodMatching", "feature/test_matching.py"),
    Feature("HTTPRouteResponseHeaderModification", "feature/test_headers.py"),
    Feature("HTTPRoutePortRedirect", "feature/test_redirects.py"),
    Feature("HTTPRouteSchemeRedirect", "feature/test_redirects.py"),
    Feature("HTTPRoutePathRedirect", "feature/test_redirects.py"),
    Feature("HTTPRouteHostRewrite", "feature/test_rewrites.py"),
    Feature("HTTPRoutePathRewrite", "feature/test_rewrites.py"),
    Feature("HTTPRouteBackendURLRewrite", "feature/test_rewrites.py"),
    Feature("HTTPRouteRequestMirror", "feature/test_mirrors.py"),
    Feature("HTTPRouteRequestMultipleMirrors", "feature/test_mirrors.py"),
    Feature("HTTPRouteRequestPercentageMirror", "feature/test_mirrors.py"),
    Feature("HTTPRouteRequestTimeout", "feature/test_timeouts.py"),
    Feature("HTTPRouteBackendTimeout", "feature/test_timeouts.py"),
    Feature("HTTPRouteRetry", "feature/test_retries.py"),
    Feature("HTTPRouteRetryCodes", "feature/test_retries.py"),
    Feature("HTTPRouteRetryBackendTimeout", "feature/test_retries.py"),
    Feature("HTTPRouteRetryConnectionError", "feature/test_retries.py"),
    Feature("HTTPRouteBackendProtocolH2C", "feature/test_protocols.py"),
    Feature("HTTPRouteBackendProtocolWebSocket", "feature/test_protocols.py"),
    Feature("HTTPRouteNamedRouteRule", "feature/test_first_light.py"),
    Feature("HTTPRouteCORS", "feature/test_cors.py"),
    Feature("HTTPRoute303RedirectStatusCode", "feature/test_redirects.py"),
    Feature("HTTPRoute307RedirectStatusCode", "feature/test_redirects.py"),
    Feature("HTTPRoute308RedirectStatusCode", "feature/test_redirects.py"),
    Feature("GRPCRoute", "feature/test_grpc.py"),
    Feature("GRPCRouteNamedRouteRule", "feature/test_grpc.py"),
    Feature("GRPCRouteRequestHeaderModifier", "feature/test_grpc.py"),
)

SUPPORTED_FEATURES: tuple[str, ...] = tuple(sorted(feature.name for feature in FEATURES))
